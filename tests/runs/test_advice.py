"""From logged metrics to the advisor's traces: units, stages and seeds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from empo.learn.judging import Found, JudgedRobots
from empo.learn.settings import Kinds, RobotSettings, Slow
from empo.learn.stages import FULL
from empo.runs.advice import advice_on, implied_errors, traces_of
from empo.runs.history import history_of
from empo.runs.setup import Setup
from empo.theory import Theory

SETTINGS = RobotSettings()
THEORY = Theory(beta_r=7.0, xi=2.0, eta=1.5)
RESIDUAL = {"q_h_m": 1e-4, "v_h_e": 1e-4, "x_h": 0.02, "q_r": 3e-4}


def rows(n_points=60, stage=FULL, *, seed=0, **columns):
    """Rows of training with made-up metrics; `columns` replace some of them."""
    metrics = {
        "q_r_loss": 0.5e-4,
        "x_h_loss": 0.5e-4,
        "v_h_e_loss": 0.3,
        "q_r_lag": 0.01,
        "v_h_e_lag": 0.02,
        "policy_change": 0.001,
    }
    metrics = {name: np.broadcast_to(x, n_points) for name, x in (metrics | columns).items()}
    for step in range(n_points):
        row = {name: float(x[step]) for name, x in metrics.items()}
        yield {"step": step, "seed": seed, "kind": "train", "stage": float(stage), **row}


def traces(found, settings=SETTINGS, seed=0):
    return traces_of(history_of(found), seed, settings, THEORY, RESIDUAL)


def test_losses_of_networks_are_halves_of_squared_errors():
    told = traces(rows())
    np.testing.assert_allclose(told.q_r_loss, 1e-4)
    np.testing.assert_allclose(told.v_h_e_loss, 0.3)
    assert told.losses.keys() == {"v_h_e", "x_h", "q_r"}
    assert told.beta_r == 7.0
    assert told.residual == {name: RESIDUAL[name] for name in ("v_h_e", "x_h", "q_r")}


def test_losses_of_tables_are_squared_errors():
    tables = replace(SETTINGS, kinds=Kinds(q_r="table"))
    np.testing.assert_allclose(traces(rows(), tables).q_r_loss, 0.5e-4)


def test_the_error_of_u_r_is_that_of_its_links():
    # U_r = -(X ** -2) ** 1.5: an error of 1% in X is one of 3% in U_r.
    np.testing.assert_allclose(traces(rows()).u_r_error, 0.03)
    both = replace(SETTINGS, kinds=Kinds(u_r="network"))
    found = traces_of(history_of(rows(u_r_loss=2e-4)), 0, both, THEORY, {**RESIDUAL, "u_r": 0.0})
    np.testing.assert_allclose(found.u_r_error, 0.03 + 0.02)
    direct = replace(SETTINGS, kinds=Kinds(x_h="direct"))
    assert len(traces(rows(), direct).u_r_error) == 0


@pytest.mark.parametrize(
    ("pace", "in_100"),
    # Half of 50 updates behind on average; 1 / 0.02 = 50 updates behind; never behind.
    [(50, 0.01 * 100 / 25), (0.02, 0.01 * 100 / 50), (1, None)],
)
def test_lags_are_changes_in_100_updates(pace, in_100):
    told = traces(rows(), replace(SETTINGS, slow=Slow(slow_q_r=pace))).q_r_change
    assert len(told) == (0 if in_100 is None else 60)
    np.testing.assert_allclose(told, in_100 or 0)


def test_only_rows_wholly_in_the_last_stage_count_and_only_of_one_seed():
    earlier = rows(30, stage=FULL - 0.5, q_r_loss=9.0)
    later = [{**row, "step": row["step"] + 30} for row in rows(60)]
    other = rows(90, seed=1, q_r_loss=5.0)
    told = traces([*earlier, *later, *other])
    assert len(told.q_r_loss) == 60
    np.testing.assert_allclose(told.q_r_loss, 1e-4)


def test_what_was_not_logged_is_an_empty_trace():
    found = [{k: v for k, v in row.items() if k != "policy_change"} for row in rows()]
    assert len(traces(found).policy_change) == 0


def session(found, n_seeds=1):
    setup = Setup(SETTINGS, theory=THEORY)
    job = SimpleNamespace(setup=setup, seeds=tuple(range(n_seeds)), n_seeds=n_seeds)
    return SimpleNamespace(job=job, history=lambda: history_of(found))


def verdict(*residuals):
    return JudgedRobots(tuple(Found(None, residual) for residual in residuals), 100)


def test_a_settled_training_gets_no_advice():
    assert advice_on(session([*rows()]), verdict(RESIDUAL)) == ()


def test_advice_says_in_how_many_seeds():
    swing = 0.01 * (1 + 0.5 * np.sin(np.arange(60) * 2 * np.pi / 6))
    found = [*rows(q_r_loss=swing), *rows(seed=1)]
    (told,) = advice_on(session(found, 2), verdict(RESIDUAL, RESIDUAL))
    assert told.startswith("In 1 of 2 seeds: The loss of Q_r oscillates.")
    assert "lr_q_r" in told


def test_a_prior_that_was_learned_too_briefly_is_told():
    (told,) = advice_on(session([*rows()]), verdict({**RESIDUAL, "q_h_m": 0.2}))
    assert told.startswith("Phase 1 has not settled.")
    assert "raise warmup_q_h_m_steps" in told


def test_a_residual_counts_for_every_step_that_it_is_passed_on():
    endless = Theory(gamma_h=0.9, gamma_r=0.95)
    missed = {"q_r": 0.01, "v_h_e": 0.02, "x_h": 0.03}
    wanted = {"q_r": 0.01 * 20, "v_h_e": 0.02 * 10, "x_h": 0.03}
    assert implied_errors(missed, endless) == pytest.approx(wanted)
    short = Theory(gamma_h=0.9, gamma_r=0.95, horizon=5)
    wanted = {"q_r": 0.01 * 5, "v_h_e": 0.02 * 5, "x_h": 0.03}
    assert implied_errors(missed, short) == pytest.approx(wanted)
