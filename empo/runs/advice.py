"""From the metrics of a robot's training to advice: what the advisor asks for, as it was logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from empo.learn.advisor import LARGE, Advice, Traces, advise
from empo.learn.judging import JudgedRobots
from empo.learn.ladders import TWICE, Change
from empo.learn.settings import RobotSettings
from empo.learn.signals import Trace
from empo.learn.stages import FULL
from empo.runs.history import History
from empo.runs.training import Session
from empo.theory import Theory

NOTHING = np.zeros(0)
LONGER_PHASE_1 = Change("a longer Phase 1", ("warmup_q_h_m_steps",), TWICE)


def advice_on(session: Session, verdict: JudgedRobots) -> tuple[str, ...]:
    """What to change, a sentence each; nothing if the training of every seed has settled."""
    setup, history = session.job.setup, session.history()
    assert setup.theory is not None
    counted: dict[tuple[str, Change], list[Advice]] = {}
    for number, seed in enumerate(session.job.seeds):
        residual = implied_errors(verdict.found[number].residuals, setup.theory)
        traces = traces_of(history, seed, setup.algorithm.evaluators, setup.theory, residual)
        for advice in (*_on_phase_1(residual), *advise(traces)):
            counted.setdefault((advice.symptom, advice.change), []).append(advice)
    return tuple(
        _of_how_many(len(found), session.job.n_seeds) + found[0].sentence
        for found in counted.values()
    )


def implied_errors(residual: Mapping[str, float], theory: Theory) -> dict[str, float]:
    """How wrong quantities may be whose equations are missed by so much.

    An equation that looks one step ahead passes its error on to all steps before: there are as
    many as count, 1 / (1 - gamma) or, if it is shorter, the horizon.
    """
    ahead = {"q_r": theory.gamma_r, "v_r": theory.gamma_r}
    ahead |= {"v_h_e": theory.gamma_h, "q_h_m": theory.gamma_h}
    end = float("inf") if theory.horizon is None else theory.horizon
    steps = {name: min(1 / (1 - gamma), end) for name, gamma in ahead.items()}
    return {name: found * steps.get(name, 1.0) for name, found in residual.items()}


def traces_of(
    history: History,
    seed: int,
    settings: RobotSettings,
    theory: Theory,
    residual: Mapping[str, float],
) -> Traces:
    """What the metrics say of one seed's last stage, in the advisor's units."""
    rows = _last_stage(history, seed)

    def trace(name: str) -> Trace:
        found = [row.get(name) for row in rows]
        return NOTHING if None in found else np.array(found, float)

    def squared(name: str) -> Trace:
        """Networks minimise half of the squared error; for V_h^e it is a cross-entropy."""
        halved = getattr(settings.kinds, name) == "network" and name != "v_h_e"
        return trace(f"{name}_loss") * (2.0 if halved else 1.0)

    def change(name: str) -> Trace:
        return _in_100_updates(trace(f"{name}_lag"), settings.slow.of(name))

    learned = [name for name in settings.learned() if name != "q_h_m"]
    links = [theory.xi * theory.eta * np.sqrt(squared("x_h"))] * ("x_h" in learned)
    links += [np.sqrt(squared("u_r"))] * ("u_r" in learned)
    return Traces(
        q_r_loss=squared("q_r"),
        u_r_error=np.sum(links, axis=0) if links else NOTHING,
        q_r_change=change("q_r"),
        v_h_e_change=change("v_h_e"),
        v_h_e_loss=squared("v_h_e"),
        policy_change=trace("policy_change"),
        losses={name: squared(name) for name in learned},
        residual={name: residual[name] for name in learned},
        beta_r=theory.beta_r,
    )


def _last_stage(history: History, seed: int) -> list[dict[str, Any]]:
    """Rows of updates that all belong to it, in order."""
    numbers = history.numbers["train"]
    stage = numbers.get("stage", {})
    steps = sorted(step for (step, of), at in stage.items() if of == seed and at == FULL)
    return [{name: found.get((step, seed)) for name, found in numbers.items()} for step in steps]


def _in_100_updates(lag: Trace, pace: float) -> Trace:
    """How fast a quantity moves, from how far its lagging copy is behind.

    What moves steadily is on average half an interval ahead of a copy, and 1/tau updates ahead of
    Polyak's. A copy made at every update is not behind, and tells nothing.
    """
    if pace == 1:
        return NOTHING
    return lag * 100 * (pace if pace < 1 else 2 / pace)


def _on_phase_1(residual: Mapping[str, float]) -> tuple[Advice, ...]:
    found = residual.get("q_h_m", 0.0)
    if found <= LARGE:
        return ()
    evidence = f"At the end q_h_m may be wrong by {found:.2g}."
    return (Advice("Phase 1 has not settled", "it was too short", evidence, LONGER_PHASE_1),)


def _of_how_many(n_found: int, n_seeds: int) -> str:
    return "" if n_seeds == 1 else f"In {n_found} of {n_seeds} seeds: "
