"""Microseconds of empo's GAE and V-trace; settings as in `returns_data`."""

from __future__ import annotations

from protocol import answer, settings
from returns_data import LAMBDA, Data, data, timed

from empo.rl.returns import gae
from empo.rl.vtrace import VTrace, vtrace


def advantages(given: Data):
    *columns, _ = given
    return gae(*columns, given.discount == 0, LAMBDA)


def corrected(given: Data) -> VTrace:
    *columns, log_rho = given
    return vtrace(*columns, given.discount == 0, log_rho)


def targets(given: Data):
    return corrected(given).value_target


def main(told: dict) -> None:
    works = {"gae": advantages, "vtrace targets": targets, "vtrace": corrected}
    answer(**{name: timed(work, data(told), told["n_calls"]) for name, work in works.items()})


main(settings())
