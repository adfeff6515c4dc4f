"""The ladders, and what settings are after a rung."""

from __future__ import annotations

import pytest

from empo.learn.ladders import TOO_SLOW, UNSTABLE, Change, take
from empo.learn.settings import Rates, RobotSettings, Slow, WarmUp

DEFAULT = RobotSettings()
FIVE = ("v_h_e", "x_h", "u_r", "q_r", "v_r")


def test_B23_the_rungs_for_what_is_unstable_in_the_documents_order():
    longer, gentler, slower, rarer = UNSTABLE
    assert take(longer, DEFAULT) == RobotSettings(warm_up=WarmUp(5000, *[2000] * 5))
    assert take(gentler, DEFAULT) == RobotSettings(warm_up=WarmUp(beta_r_rampup_steps=4000))
    found = take(slower, DEFAULT)
    assert 5 <= DEFAULT.rates.lr_q_r / found.rates.lr_q_r <= 10
    assert found == RobotSettings(rates=Rates(lr_q_r=found.rates.lr_q_r))
    assert take(rarer, DEFAULT) == RobotSettings(slow=Slow(slow_q_r=200))


def test_B24_the_rungs_for_what_is_too_slow_in_the_documents_order():
    all_faster, pathway, shorter = TOO_SLOW
    found, old = take(all_faster, DEFAULT).rates, DEFAULT.rates
    assert [found.of(q) / old.of(q) for q in FIVE] == pytest.approx([3] * 5)
    assert found.lr_q_h_m == old.lr_q_h_m
    found = take(pathway, DEFAULT).rates
    assert [found.of(q) / old.of(q) for q in FIVE] == pytest.approx([3, 3, 3, 1, 1])
    assert take(shorter, DEFAULT) == RobotSettings(warm_up=WarmUp(5000, *[500] * 5))


def test_B24_speeding_all_up_keeps_the_ratios():
    settings = RobotSettings(rates=Rates(lr_v_h_e=1e-3, lr_x_h=1e-3, lr_q_r=2e-5))
    found = take(TOO_SLOW[0], settings).rates
    assert found.lr_v_h_e / found.lr_q_r == pytest.approx(50)


@pytest.mark.parametrize("change", UNSTABLE + TOO_SLOW, ids=lambda change: change.said)
def test_B23_B24_every_rung_changes_every_setting_it_names_and_no_other(change):
    def flat(settings):
        return {**vars(settings.rates), **vars(settings.slow), **vars(settings.warm_up)}

    old, new = flat(DEFAULT), flat(take(change, DEFAULT))
    assert {name for name in old if old[name] != new[name]} == set(change.settings)
    for name in change.settings:
        assert (new[name] > old[name]) == (change.direction == "raise")
        assert type(new[name]) is type(old[name])


def test_climbing_all_rungs_one_after_the_other():
    settings = DEFAULT
    for change in UNSTABLE:
        settings = take(change, settings)
    assert settings.warm_up == WarmUp(5000, *[2000] * 5, beta_r_rampup_steps=4000)
    assert settings.slow.slow_q_r == 200
    assert settings.rates.lr_q_r == pytest.approx(2e-5)


def test_a_stage_that_is_left_out_stays_out_and_one_of_1_update_stays():
    settings = RobotSettings(warm_up=WarmUp(warmup_x_h_steps=0, warmup_q_r_steps=1))
    longer, shorter = take(UNSTABLE[0], settings), take(TOO_SLOW[2], settings)
    assert (longer.warm_up.warmup_x_h_steps, shorter.warm_up.warmup_x_h_steps) == (0, 0)
    assert (longer.warm_up.warmup_q_r_steps, shorter.warm_up.warmup_q_r_steps) == (2, 1)


def test_a_longer_interval_is_a_smaller_tau():
    settings = RobotSettings(slow=Slow(slow_q_r=0.01))
    assert take(UNSTABLE[3], settings).slow.slow_q_r == pytest.approx(0.005)


def test_a_factor_says_which_way():
    assert Change("more", ("lr_q_r",), 2.0).direction == "raise"
    assert Change("less", ("lr_q_r",), 0.5).direction == "lower"
