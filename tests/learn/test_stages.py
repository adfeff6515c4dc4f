"""The warm-up as a table: stages, beta_r and learning rates, against the document's numbers."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.learn.settings import QUANTITIES, Kinds, Rates, RobotSettings, Slow, WarmUp
from empo.learn.stages import FULL, NAMES, PHASE_1, RAMP, decay, moment, ramp, stage_table
from empo.rl.algorithm import Replay

ALL = Kinds(u_r="network", v_r="network")
PUBLISHED = RobotSettings(prior="computed", kinds=ALL)
"""All networks on, and Phase 1 given: the settings that the document's durations are for."""
SHORT = WarmUp(6, 5, 4, 3, 2, 1, beta_r_rampup_steps=8)


def course(settings, n_updates):
    """The moments of all updates, one after the other along the first axis."""
    stages = stage_table(settings, n_updates)
    at = jax.jit(jax.vmap(lambda n_done: moment(stages, settings, n_done)))
    return jax.tree.map(np.asarray, at(jnp.arange(n_updates)))


def changes(of_stage):
    return [int(n) for n in np.flatnonzero(np.diff(of_stage)) + 1]


def lengths(settings, n_updates):
    stages = stage_table(settings, n_updates)
    return dict(zip(NAMES, (stages.end - stages.begin).tolist(), strict=True))


def test_B09_with_all_networks_the_stages_change_after_1000_to_7000_updates():
    assert changes(course(PUBLISHED, 9_000).stage) == [1000, 2000, 3000, 4000, 5000, 7000]


def test_B09_phase_1_comes_before_all_others_where_the_prior_is_learned():
    settings = RobotSettings(kinds=ALL)
    before = settings.warm_up.warmup_q_h_m_steps
    found = changes(course(settings, 9_000 + before).stage)
    assert found == [before + n for n in (0, 1000, 2000, 3000, 4000, 5000, 7000)]


def test_B09_the_rows_follow_one_another_without_a_gap():
    stages = stage_table(RobotSettings(), 20_000)
    assert stages.begin[0] == 0
    assert stages.end[-1] == 20_000
    np.testing.assert_array_equal(stages.begin[1:], stages.end[:-1])


@pytest.mark.parametrize("absent", ["x_h", "u_r", "v_r"])
def test_B09_what_is_computed_directly_has_a_stage_of_length_0(absent):
    kinds = {"u_r": "network", "v_r": "network", absent: "direct"}
    settings = RobotSettings(prior="computed", kinds=Kinds(**kinds))
    assert lengths(settings, 9_000) == {
        "phase-1": 0,
        **{name: 1000 * (name != absent) for name in ("v_h_e", "x_h", "u_r", "q_r", "v_r")},
        "ramp": 2000,
        "full": 3000,
    }
    assert NAMES.index(absent) not in course(settings, 9_000).stage


@pytest.mark.parametrize("prior", ["computed", "shortest-path"])
def test_B09_a_prior_that_is_given_needs_no_phase_1(prior):
    assert lengths(RobotSettings(prior=prior), 9_000)["phase-1"] == 0


def test_B09_a_stage_that_is_set_to_0_updates_is_left_out():
    settings = RobotSettings(prior="computed", kinds=ALL, warm_up=WarmUp(warmup_x_h_steps=0))
    assert changes(course(settings, 9_000).stage) == [1000, 2000, 3000, 4000, 6000]


def test_B09_without_any_warm_up_all_is_learned_with_all_of_beta_from_the_first_update():
    none = WarmUp(0, 0, 0, 0, 0, 0, beta_r_rampup_steps=0)
    found = course(RobotSettings(prior="computed", kinds=ALL, warm_up=none), 5)
    assert (found.stage == FULL).all()
    assert (found.beta_share == 1).all()


ACTIVE = (
    ("phase-1", "q_h_m", 6),
    ("v_h_e", "v_h_e", 5),
    ("x_h", "v_h_e x_h", 4),
    ("u_r", "v_h_e x_h u_r", 3),
    ("q_r", "v_h_e x_h u_r q_r", 2),
    ("v_r", "v_h_e x_h u_r q_r v_r", 1),
    ("ramp", "v_h_e x_h u_r q_r v_r", 8),
    ("full", "v_h_e x_h u_r q_r v_r", 11),
)
"""Stage, what is learned in it, and its updates of 40 in all, after `SHORT`."""


def test_B08_in_every_update_what_the_documents_stages_name_is_learned_and_nothing_else():
    found = course(RobotSettings(kinds=ALL, warm_up=SHORT), 40)
    n_done = 0
    for name, learned, length in ACTIVE:
        for _ in range(length):
            assert NAMES[found.stage[n_done]] == name
            moving = {q for q, moves in zip(QUANTITIES, found.moves[n_done], strict=True) if moves}
            assert moving == set(learned.split()), f"update {n_done}"
            n_done += 1
    assert n_done == 40


@pytest.mark.parametrize("absent", ["x_h", "u_r", "v_r"])
def test_B08_what_is_computed_directly_is_learned_in_no_stage(absent):
    kinds = Kinds(**{"u_r": "network", "v_r": "network", absent: "direct"})
    found = course(RobotSettings(kinds=kinds, warm_up=SHORT), 40)
    assert not found.moves[:, QUANTITIES.index(absent)].any()


def test_B08_the_prior_is_not_learned_any_more_after_phase_1():
    found = course(RobotSettings(warm_up=SHORT), 40)
    np.testing.assert_array_equal(found.moves[:, PHASE_1], np.arange(40) < 6)


def test_B12_beta_is_exactly_0_in_all_stages_before_the_ramp_and_in_its_first_update():
    found = course(RobotSettings(kinds=ALL, warm_up=SHORT), 40)
    np.testing.assert_array_equal(found.beta_share == 0, np.arange(40) <= 6 + 5 + 4 + 3 + 2 + 1)


@pytest.mark.parametrize("shape", ["sigmoid", "linear"])
@pytest.mark.parametrize("n_ramp", [1, 7, 2000])
def test_B10_beta_is_exactly_its_value_from_the_end_of_the_ramp_on(shape, n_ramp):
    warm_up = WarmUp(beta_r_rampup_steps=n_ramp, ramp=shape)
    end = 5000 + n_ramp
    share = course(RobotSettings(prior="computed", kinds=ALL, warm_up=warm_up), end + 50).beta_share
    assert (share[end:] == 1).all()
    assert (share[:end] < 1).all()
    assert np.float32(10.0) * share[end] == 10.0


def test_B11_the_sigmoids_values_at_the_quarters():
    # sigmoid(-3), (-1.5), (0), (1.5), (3) = .0474, .1824, .5, .8176, .9526; less .0474, over .9052.
    quarters = jnp.array([0.0, 0.25, 0.5, 0.75, 1.0])
    wanted = [0, 0.1491, 0.5, 0.8509, 1]
    found = jax.vmap(lambda share: ramp(share, "sigmoid"))(quarters)
    np.testing.assert_allclose(found, wanted, atol=5e-5)
    share = course(PUBLISHED, 9_000).beta_share[5000:7001:500]
    np.testing.assert_allclose(share, wanted, atol=5e-5)


def test_B11_the_line_is_the_share_itself():
    share = course(
        RobotSettings(prior="computed", kinds=ALL, warm_up=WarmUp(ramp="linear")), 9_000
    ).beta_share
    np.testing.assert_allclose(share[5000:7000], np.arange(2000) / 2000, atol=1e-6)


@pytest.mark.parametrize(("shape", "steepest"), [("sigmoid", 6 / 4 / 0.9052), ("linear", 1.0)])
def test_B11_beta_never_falls_and_nowhere_rises_by_more_than_its_slope(shape, steepest):
    # A sigmoid's slope is 1/4 at most; so the step from the last of the ramp to 1 is none.
    warm_up = WarmUp(ramp=shape)
    share = course(RobotSettings(prior="computed", kinds=ALL, warm_up=warm_up), 9_000).beta_share
    rises = np.diff(share)
    assert (rises >= 0).all()
    assert (rises[5000:7000] > 0).all()
    assert rises.max() <= steepest / 2000 * 1.001
    assert rises[6999] <= rises[5999] * 1.001


def rates_of(law, n_updates=9_000):
    settings = RobotSettings(prior="computed", kinds=ALL, rates=Rates(law=law))
    return course(settings, n_updates).rate[:, QUANTITIES.index("q_r")]


def left_of(law, t, length, start):
    """Shares of a rate that are left after each of t updates, 1% at the end."""
    one = jax.vmap(lambda t: decay(law, t, jnp.asarray(length, t.dtype), start, 0.01))
    return np.asarray(one(t), float)


@pytest.mark.parametrize("law", ["constant", "inverse-sqrt", "inverse-time"])
def test_B13_rates_are_whole_until_70_percent_of_full_training(law):
    # Full training is 7000 ... 9000; 70% of it are over at 8400.
    found = rates_of(law)
    np.testing.assert_array_equal(found[:8400], np.float32(1e-4))
    assert found[8400] == pytest.approx(1e-4, rel=1e-3)
    assert (found[8401:] < 1e-4).all() == (law != "constant")


@pytest.mark.parametrize(("law", "power"), [("inverse-sqrt", 0.5), ("inverse-time", 1.0)])
def test_B13_rates_fall_without_a_jump_to_the_share_that_is_to_be_left(law, power):
    # (1 + c x)^-power has its steepest slope, c power, at the start; c = 0.01^(-1 / power) - 1.
    n = 200_000
    t = jnp.arange(n + 1.0)
    left = left_of(law, t, n, start=0.7)
    falls = left[:-1] - left[1:]
    assert (falls >= 0).all()
    assert falls.max() <= power * (0.01 ** (-1 / power) - 1) / (0.3 * n) * 1.01
    assert left[int(0.7 * n)] == 1
    assert left[-1] == pytest.approx(0.01, rel=1e-4)


def test_B13_constant_rates_stay():
    assert (rates_of("constant") == np.float32(1e-4)).all()


def test_B13_no_rates_fall_between_phase_1_and_full_training():
    settings = RobotSettings(kinds=ALL, warm_up=WarmUp(100, 100, 100, 100, 100, 100, 100))
    share = course(settings, 900).rate / np.array([settings.rates.of(q) for q in QUANTITIES])
    np.testing.assert_allclose(share[100:701], 1, rtol=1e-6)
    assert (share[99] < 0.03).all()
    assert (share[899] < 0.03).all()


@pytest.mark.parametrize(("law", "power"), [("inverse-sqrt", 0.5), ("inverse-time", 1.0)])
def test_B13_F27_of_the_two_laws_only_1_over_t_satisfies_robbins_and_monro(law, power):
    # Sums over (n, 4n] of a law t^-p: of rates they must not vanish, of their squares they must.
    # By the integral: sum t^-1 -> ln 4, of squares 3/(4n) -> 0; of t^-1/2 squares -> ln 4.
    with jax.enable_x64(True):
        rate = left_of(law, jnp.arange(1.0, 4_000_001.0), 1000, start=0.0)
    pieces = [slice(n, 4 * n) for n in (15_625, 62_500, 250_000, 1_000_000)]
    of_rates = np.array([rate[piece].sum() for piece in pieces])
    of_squares = np.array([(rate[piece] ** 2).sum() for piece in pieces])
    scale = 1000 / (0.01 ** (-1 / power) - 1)  # rate ~ (scale / t)^power
    if law == "inverse-time":
        np.testing.assert_allclose(of_rates, scale * np.log(4), rtol=1e-2)
        np.testing.assert_allclose(of_squares[1:] / of_squares[:-1], 1 / 4, rtol=1e-2)
    else:
        np.testing.assert_allclose(of_rates[1:] / of_rates[:-1], 2, rtol=1e-2)
        np.testing.assert_allclose(of_squares, scale * np.log(4), rtol=1e-2)


@pytest.mark.parametrize("frozen", QUANTITIES)
def test_B15_a_rate_of_0_is_0_at_every_update_and_leaves_the_others_as_they_are(frozen):
    warm_up = WarmUp(6, 5, 4, 3, 2, 1, 8)
    whole = course(RobotSettings(kinds=ALL, warm_up=warm_up), 60).rate
    rates = Rates(**{f"lr_{frozen}": 0.0})
    found = course(RobotSettings(kinds=ALL, warm_up=warm_up, rates=rates), 60).rate
    others = [q != frozen for q in QUANTITIES]
    assert (found[:, QUANTITIES.index(frozen)] == 0).all()
    np.testing.assert_array_equal(found[:, others], whole[:, others])


def test_B15_each_quantity_has_its_own_rate():
    rates = Rates(*(n * 1e-3 for n in range(1, 7)), law="constant")
    found = course(RobotSettings(kinds=ALL, warm_up=SHORT, rates=rates), 40).rate
    np.testing.assert_allclose(found[-1], [1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3], rtol=1e-6)


def test_B17_five_updates_of_the_evaluators_to_one_of_the_robot_in_every_stage():
    warm_up = WarmUp(0, 10, 20, 30, 40, 50, 60, robot_every=5)
    found = course(RobotSettings(prior="computed", kinds=ALL, warm_up=warm_up), 280)
    of = {q: found.moves[:, i] for i, q in enumerate(QUANTITIES)}
    for stage, length in (("q_r", 40), ("v_r", 50), ("ramp", 60), ("full", 70)):
        there = found.stage == NAMES.index(stage)
        assert there.sum() == length
        for evaluator in ("v_h_e", "x_h", "u_r"):
            assert of[evaluator][there].sum() == length
        for robot in ("q_r", "v_r") if stage != "q_r" else ("q_r",):
            np.testing.assert_array_equal(of[robot][there], np.arange(length) % 5 == 0)


@pytest.mark.parametrize("n_updates", [1, 6999, 7000])
def test_too_few_steps_are_refused_with_both_numbers(n_updates):
    settings = RobotSettings(prior="computed", kinds=ALL, gather=Replay(n_envs=4, n_steps=2))
    with pytest.raises(InputError) as refused:
        stage_table(settings, n_updates)
    said = str(refused.value)
    for number in (f"{8 * n_updates:,}", f"{n_updates:,} updates", "56,000", "7,000 updates"):
        assert number in said
    stage_table(settings, 7001)


def test_B22_the_documents_default_configuration_is_ours():
    rates, warm_up = Rates(), WarmUp()
    for quantity in ("v_h_e", "x_h", "u_r", "q_r", "v_r"):
        assert rates.of(quantity) == 1e-4
        assert getattr(warm_up, f"warmup_{quantity}_steps") == 1000
    assert warm_up.beta_r_rampup_steps == 2000
    assert warm_up.robot_every == 1


def test_B26_targets_lag_by_100_updates():
    assert [Slow().of(q) for q in QUANTITIES] == [100] * 6


def test_one_program_serves_all_stages():
    settings = RobotSettings(kinds=ALL, warm_up=SHORT)
    traced = []

    @functools.partial(jax.jit, static_argnames="settings")
    def at(stages, settings, n_done):
        traced.append(n_done)
        return moment(stages, settings, n_done)

    stages = stage_table(settings, 40)
    seen = {int(at(stages, settings, jnp.int32(n)).stage) for n in range(40)}
    assert seen == set(range(len(NAMES)))
    assert len(traced) == 1
    # Nor does it depend on how long the stages are.
    at(stage_table(settings, 90), settings, jnp.int32(3))
    assert len(traced) == 1


def test_after_the_last_update_all_stays_as_it_was_at_the_end():
    settings = RobotSettings(kinds=ALL, warm_up=SHORT)
    over = moment(stage_table(settings, 40), settings, jnp.int32(40))
    assert int(over.stage) == FULL
    assert float(over.done) == 1
    assert float(over.beta_share) == 1
    np.testing.assert_allclose(over.rate[1:], 1e-6, rtol=1e-5)


def test_the_ramp_is_the_one_stage_in_which_beta_moves():
    found = course(RobotSettings(kinds=ALL, warm_up=SHORT), 40)
    between = (found.beta_share > 0) & (found.beta_share < 1)
    assert (found.stage[between] == RAMP).all()
    assert between.sum() == 7


def test_an_unknown_kind_of_quantity_is_refused():
    with pytest.raises(InputError, match="kind of v_h_e: found 'direct'"):
        Kinds(v_h_e="direct")


def test_B09_phase_1_goes_on_where_that_is_asked_for():
    """Every fourth update of each later stage is one of Q_h^m, and of nothing else."""
    settings = RobotSettings(kinds=ALL, warm_up=WarmUp(6, 5, 4, 3, 2, 1, 8, prior_every=4))
    found = course(settings, 60)
    plain = course(RobotSettings(kinds=ALL, warm_up=WarmUp(6, 5, 4, 3, 2, 1, 8)), 60)
    begin = stage_table(settings, 60).begin
    for n in range(60):
        stage = found.stage[n]
        turn = (n - begin[stage]) % 4 == 3
        assert found.phase_1[n] == (stage == PHASE_1 or turn)
        if found.phase_1[n]:
            assert found.moves[n].tolist() == [True] + [False] * 5
        else:
            assert found.moves[n].tolist() == plain.moves[n].tolist()
    np.testing.assert_array_equal(plain.phase_1, plain.stage == PHASE_1)
    given = RobotSettings(prior="computed", kinds=ALL, warm_up=WarmUp(prior_every=4))
    assert not course(given, 8_000).phase_1.any()


@pytest.mark.parametrize("wrong", [1, -2])
def test_prior_every_leaves_a_turn_to_others(wrong):
    with pytest.raises(InputError, match="prior_every"):
        WarmUp(prior_every=wrong)
