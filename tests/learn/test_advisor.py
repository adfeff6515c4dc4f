"""Advice on trainings of which it is known what was wrong, and on those where nothing was."""

from __future__ import annotations

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.learn.advisor import (
    Traces,
    advise,
    all_plateau,
    not_settled,
    q_r_oscillates,
    u_r_lags,
    v_h_e_unstable,
)
from empo.learn.ladders import TOO_SLOW, UNSTABLE
from tests.learn import curves

KEYS = range(5)
NAMES = ("v_h_e", "x_h", "q_r")
SMALL = dict.fromkeys(NAMES, 0.01)
BIG = dict.fromkeys(NAMES, 0.4)


def healthy(key, **other):
    """A training in which all falls, with noise, to where it should be."""
    falls = np.exp(-5 * curves.share())
    seeds = iter(range(10_000 + 10 * key, 10_000 + 10 * key + 10))
    loss = {name: 0.5 * falls * curves.noise(next(seeds), 0.2) for name in NAMES}
    traces = Traces(
        q_r_loss=loss["q_r"],
        u_r_error=0.3 * falls * curves.noise(next(seeds), 0.2),
        q_r_change=0.2 * falls * curves.noise(next(seeds), 0.2),
        v_h_e_change=0.1 * falls * curves.noise(next(seeds), 0.2),
        v_h_e_loss=loss["v_h_e"],
        policy_change=0.2 * falls * curves.noise(next(seeds), 0.2),
        losses=loss,
        residual=SMALL,
        beta_r=10.0,
    )
    return traces._replace(**other)


# Q_r's loss oscillates.


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", curves.SWINGING)
def test_B25_where_q_rs_loss_oscillates_lr_q_r_is_to_be_lowered(name, key):
    (advice,) = advise(healthy(key, q_r_loss=curves.SWINGING[name](key)))
    assert (advice.setting, advice.direction) == ("lr_q_r", "lower")
    assert "oscillates" in advice.symptom


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", curves.QUIET)
def test_B25_q_rs_loss_may_fall_rise_drift_and_be_noisy(name, key):
    assert q_r_oscillates(healthy(key, q_r_loss=curves.QUIET[name](key))) is None


# U_r lags behind Q_r.


def lagging(key, shift, **how):
    change, error = curves.followed(key, shift, **how)
    return healthy(key, q_r_change=0.1 * change, u_r_error=0.3 * error)


def smoothed(key):
    """Q_r moves more and less, and the error of U_r decays slowly after each movement."""
    change = curves.drift(key, 0.8, 0.3)
    error = np.zeros(curves.N)
    for t in range(1, curves.N):
        error[t] = 0.7 * error[t - 1] + 0.3 * change[t]
    return healthy(key, q_r_change=0.1 * change, u_r_error=0.1 * error * curves.noise(key + 9, 0.1))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "traces",
    [
        lambda key: lagging(key, 0),
        lambda key: lagging(key, 2),
        lambda key: lagging(key, 5, decay=0.0),
        lambda key: lagging(key, 1, size_of_noise=0.1, decay=1.0),
        smoothed,
    ],
)
def test_B25_where_u_rs_error_follows_q_r_the_pathways_rates_are_to_be_raised(traces, key):
    (advice,) = advise(traces(key))
    assert (advice.setting, advice.direction) == ("lr_v_h_e, lr_x_h, lr_u_r", "raise")
    assert advice.symptom == "U_r lags behind Q_r"


def test_B25_the_sentence_says_how_long_after():
    assert "grows when Q_r moves" in u_r_lags(lagging(0, 0)).evidence
    assert "grows 1 point after Q_r moves" in u_r_lags(lagging(0, 1)).evidence
    assert "grows 4 points after Q_r moves" in u_r_lags(lagging(0, 4)).evidence


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", curves.QUIET)
def test_B25_an_error_of_u_r_that_has_nothing_to_do_with_q_r_is_no_lag(name, key):
    error = curves.QUIET[name](key)
    assert u_r_lags(healthy(key, u_r_error=error)) is None
    moves = curves.drift(key + 500, 0.5, 0.5)
    assert u_r_lags(healthy(key, u_r_error=error, q_r_change=moves)) is None


@pytest.mark.parametrize("key", KEYS)
def test_B25_that_q_r_follows_u_r_or_that_the_error_is_small_is_no_lag(key):
    first, second = curves.followed(key, 3)
    assert u_r_lags(healthy(key, q_r_change=second, u_r_error=first)) is None
    small = 0.04 * first / first.max()
    assert u_r_lags(healthy(key, q_r_change=second, u_r_error=small)) is None


# V_h^e is unstable while pi_r changes rapidly.


def rapid(key, **other):
    return healthy(key, policy_change=0.2 * curves.noise(key + 77, 0.3), **other)


def pushed(key, shift):
    moving, loss = curves.followed(key, shift, decay=0.0)
    return healthy(key, policy_change=0.15 * moving, v_h_e_loss=0.01 * loss)


def changing(key):
    moving, change = curves.followed(key, 1, decay=0.0)
    return healthy(key, policy_change=0.15 * moving, v_h_e_change=0.01 * change)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "traces",
    [
        lambda key: rapid(key, v_h_e_loss=curves.SWINGING["waves of 5"](key)),
        lambda key: rapid(key, v_h_e_loss=curves.SWINGING["waves on a decay"](key)),
        lambda key: rapid(key, v_h_e_loss=curves.QUIET["a rise"](key)),
        lambda key: pushed(key, 0),
        lambda key: pushed(key, 2),
        changing,
    ],
)
def test_B25_where_v_h_e_is_unstable_and_pi_r_rapid_lr_q_r_is_to_be_lowered(traces, key):
    (advice,) = advise(traces(key))
    assert (advice.setting, advice.direction) == ("lr_q_r", "lower")
    assert advice.symptom == "V_h^e is unstable"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", [*curves.SWINGING, "a rise"])
def test_B25_where_pi_r_is_slow_it_is_not_what_makes_v_h_e_unstable(name, key):
    loss = {**curves.SWINGING, **curves.QUIET}[name](key)
    slow = 0.03 * curves.noise(key + 77, 0.3)
    assert v_h_e_unstable(healthy(key, v_h_e_loss=loss, policy_change=slow)) is None


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", [name for name in curves.QUIET if name != "a rise"])
def test_B25_v_h_e_may_be_stable_while_pi_r_is_rapid(name, key):
    assert v_h_e_unstable(rapid(key, v_h_e_loss=curves.QUIET[name](key))) is None


@pytest.mark.parametrize("key", KEYS)
def test_B25_errors_of_v_h_e_below_1_percent_are_not_unstable(key):
    loss = curves.SWINGING["waves of 5"](key)
    assert v_h_e_unstable(rapid(key, v_h_e_loss=loss * 1e-4 / loss.max())) is None


# All losses plateau.


def flat(key, names=NAMES, fall=0.0, size=0.1):
    level = np.exp(-fall * curves.share())
    return {name: 0.2 * level * curves.noise(key + i, size) for i, name in enumerate(names)}


def early(key):
    first = 1 + 9 * np.exp(-30 * curves.share())
    return {name: loss * first for name, loss in flat(key).items()}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("losses", [flat, early, lambda key: flat(key, size=0.0)])
def test_B25_where_all_losses_stay_up_all_rates_are_to_be_raised(losses, key):
    (advice,) = advise(healthy(key, losses=losses(key), residual=BIG))
    assert advice.setting == "lr_v_h_e, lr_x_h, lr_u_r, lr_q_r, lr_v_r"
    assert advice.direction == "raise"
    assert advice.symptom == "All losses stopped falling early"


@pytest.mark.parametrize("key", KEYS)
def test_B25_no_plateau_where_residuals_are_small_or_one_of_them(key):
    assert all_plateau(healthy(key, losses=flat(key), residual=SMALL)) is None
    one = {**BIG, "x_h": 0.02}
    assert all_plateau(healthy(key, losses=flat(key), residual=one)) is None


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "still",
    ["a noisy decay", "a steep decay", "a decay as 1/t", "a fall of the learning rate", "a rise"],
)
def test_B25_no_plateau_where_one_loss_still_changes(still, key):
    losses = {**flat(key), "x_h": curves.QUIET[still](key)}
    assert all_plateau(healthy(key, losses=losses, residual=BIG)) is None


def test_B25_no_plateau_of_what_has_no_residual():
    assert all_plateau(healthy(0, losses=flat(0), residual={"q_r": 0.4})) is None


# Has it settled?


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("beta_r", "moves", "far", "change"),
    [
        (0.5, True, False, TOO_SLOW[0]),
        (1.0, False, True, TOO_SLOW[0]),
        (3.0, True, False, UNSTABLE[0]),
        (3.0, False, True, TOO_SLOW[0]),
        (5.0, True, True, UNSTABLE[2]),
        (10.0, True, False, UNSTABLE[2]),
        (10.0, False, True, TOO_SLOW[1]),
    ],
)
def test_B18_what_to_do_if_it_has_not_settled_depends_on_beta(key, beta_r, moves, far, change):
    moving = (0.03 if moves else 0.003) * curves.noise(key, 0.2)
    residual = {**SMALL, "q_r": 0.3 if far else 0.01}
    (advice,) = advise(healthy(key, policy_change=moving, residual=residual, beta_r=beta_r))
    assert advice.symptom == "The training has not settled"
    assert advice.change == change
    assert ("pi_r still changes" in advice.evidence) == moves
    assert ("q_r may be wrong by 0.3" in advice.evidence) == far
    assert f"beta_r = {beta_r:g}" in advice.evidence


def test_B18_a_policy_that_stands_at_the_end_has_settled_whatever_it_did_before():
    moving = np.where(curves.share() < 0.85, 0.03, 0.005)
    assert not_settled(healthy(0, policy_change=moving)) is None
    assert not_settled(healthy(0, policy_change=moving[::-1])) is not None


# All together.


@pytest.mark.parametrize("key", range(30))
def test_B25_a_healthy_training_gets_no_advice(key):
    assert advise(healthy(key)) == ()


def test_nothing_measured_no_advice():
    assert advise(Traces()) == ()


def test_few_points_no_advice():
    long = healthy(0, q_r_loss=curves.SWINGING["to and fro"](0), losses=flat(0), residual=SMALL)
    cut = {name: trace[:9] for name, trace in long._asdict().items() if np.ndim(trace) == 1}
    losses = {name: loss[:9] for name, loss in long.losses.items()}
    assert advise(long._replace(**cut, losses=losses)) == ()


def test_zeros_get_no_advice():
    zeros = np.zeros(curves.N)
    traces = Traces(*[zeros] * 6, losses={"q_r": zeros}, residual={"q_r": 0.0}, beta_r=10.0)
    assert advise(traces) == ()


@pytest.mark.parametrize("key", KEYS)
def test_several_symptoms_are_told_one_after_the_other(key):
    change, error = curves.followed(key, 2)
    swing = curves.SWINGING["waves of 5"](key)
    traces = rapid(key, q_r_loss=swing, v_h_e_loss=swing, q_r_change=change, u_r_error=error)
    settings = [advice.setting for advice in advise(traces)]
    assert settings == ["lr_q_r", "lr_q_r", "lr_v_h_e, lr_x_h, lr_u_r"]


@pytest.mark.parametrize("key", KEYS)
def test_what_swings_is_not_to_be_sped_up(key):
    swing = curves.SWINGING["waves of 5"](key)
    traces = healthy(key, q_r_loss=swing, losses=flat(key), residual=BIG)
    assert all_plateau(traces) is not None
    assert not_settled(traces) is not None
    assert [advice.setting for advice in advise(traces)] == ["lr_q_r"]


def test_the_same_traces_get_the_same_advice():
    traces = healthy(3, q_r_loss=curves.SWINGING["waves of 5"](3))
    assert advise(traces) == advise(traces)


def test_a_sentence_has_the_symptom_the_numbers_and_what_to_change():
    times = np.exp(-0.5 * (-1.0) ** np.arange(curves.N))  # exp(0.5) = 1.65
    (advice,) = advise(healthy(0, q_r_loss=0.05 * times))
    assert advice.sentence == (
        "The loss of Q_r oscillates. It goes up and down by 65% about every 2 points. Perhaps "
        "Q_r changes too fast for what it is learned from; try a fifth, then a tenth, of Q_r's "
        "learning rate (lower lr_q_r)."
    )


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0])
def test_what_is_no_loss_is_refused(wrong):
    loss = np.ones(20)
    loss[7] = wrong
    with pytest.raises(InputError, match=r"q_r_loss: found .* at point 7 \(wanted numbers"):
        advise(Traces(q_r_loss=loss))
    with pytest.raises(InputError, match=r"loss of x_h: found .* at point 7"):
        advise(Traces(losses={"x_h": loss}))


@pytest.mark.parametrize("wrong", [np.nan, -1.0])
def test_what_is_no_residual_is_refused(wrong):
    with pytest.raises(InputError, match=r"residual of q_r: found .* \(wanted a number from 0 on"):
        advise(Traces(residual={"q_r": wrong}))


def test_traces_to_compare_have_to_be_equally_long():
    with pytest.raises(InputError, match=r"q_r_change, u_r_error: found \[20, 30\] points"):
        advise(Traces(q_r_change=np.ones(20), u_r_error=np.ones(30)))
