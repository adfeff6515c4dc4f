"""The learner of all quantities: who moves when, who follows whom, and where it all leads."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.learn.estimators import Kept
from empo.learn.prior import Learned
from empo.learn.problem import Place, problem_of
from empo.learn.q_robot import followed, present
from empo.learn.quantities import quantities
from empo.learn.settings import QUANTITIES, Hybrids, Kinds, Rates, RobotSettings, Slow, WarmUp
from empo.learn.stages import NAMES
from empo.learn.task import Seen, drawn_goals
from empo.nets import NetSettings
from empo.worlds.expand import joint_actions
from tests.learn.filled import ALL_TABLES, exact_values, places_of, solution_of
from tests.learn.updating import after, algorithm_of, course, steps_at

NETWORKS = Kinds(*(6 * ["network"]))
WARM_UP = WarmUp(3, 3, 3, 3, 3, 3, beta_r_rampup_steps=3)
N_UPDATES = 24
"""All stages and three updates of full training."""
SETTINGS = RobotSettings(kinds=NETWORKS, warm_up=WARM_UP, rates=Rates(*(6 * [1e-2])))


def setup(name, settings, n_updates):
    solution = solution_of(name)
    problem = problem_of(solution.world, solution.theory)
    found = quantities(problem, settings, NetSettings(hidden=(8,)), Learned())
    data = steps_at(places_of(solution), problem.model.n_humans)
    return problem, found, algorithm_of(problem, settings, found, n_updates), data


@functools.cache
def courses(**changes):
    """The learner after each update, all stages through, of these settings."""
    settings = dataclasses.replace(SETTINGS, **changes)
    _, _, algorithm, data = setup("two-state", settings, N_UPDATES)
    learners, metrics = course(algorithm, data, N_UPDATES)
    return jax.tree.map(np.asarray, learners.kept), jax.tree.map(np.asarray, metrics)


def at(tree, update):
    """The arrays after so many updates."""
    return [x[update] for x in jax.tree.leaves(tree)]


def same(some, others):
    return [np.array_equal(x, y) for x, y in zip(some, others, strict=True)]


def moved(kept, name, update):
    """Did this update change anything of the quantity but its lagging copy?"""
    own = (kept[name].now, kept[name].moments)
    return not all(same(at(own, update + 1), at(own, update)))


def test_B08_in_each_stage_those_move_that_the_table_says_and_others_stay_bit_for_bit():
    kept, metrics = courses()
    wanted = {
        "phase-1": {"q_h_m"},
        "v_h_e": {"v_h_e"},
        "x_h": {"v_h_e", "x_h"},
        "u_r": {"v_h_e", "x_h", "u_r"},
        "q_r": {"v_h_e", "x_h", "u_r", "q_r"},
        "v_r": {"v_h_e", "x_h", "u_r", "q_r", "v_r"},
        "ramp": {"v_h_e", "x_h", "u_r", "q_r", "v_r"},
        "full": {"v_h_e", "x_h", "u_r", "q_r", "v_r"},
    }
    for update in range(N_UPDATES):
        stage = NAMES[int(metrics["stage"][update])]
        assert stage == NAMES[update // 3]
        assert {name for name in QUANTITIES if moved(kept, name, update)} == wanted[stage]


@pytest.mark.parametrize("frozen", ["v_h_e", "q_r"])
def test_B15_a_rate_of_0_freezes_that_network_only(frozen):
    kept, _ = courses(rates=dataclasses.replace(SETTINGS.rates, **{f"lr_{frozen}": 0.0}))
    for name in QUANTITIES:
        unchanged = same(at(kept[name].now, 0), at(kept[name].now, -1))
        assert all(unchanged) == (name == frozen)


def test_B15_each_network_has_moments_of_its_own():
    kept, _ = courses()
    counts = {name: int(kept[name].moments.count[-1]) for name in QUANTITIES}
    assert counts == {"q_h_m": 3, "v_h_e": 21, "x_h": 18, "u_r": 15, "q_r": 12, "v_r": 9}


def test_B17_robot_every_5_makes_5_updates_of_the_others_for_one_of_the_robot():
    warm_up = WarmUp(0, 0, 0, 0, 0, 0, beta_r_rampup_steps=0, robot_every=5)
    kept, _ = courses(warm_up=warm_up)
    turns = {name: [u for u in range(20) if moved(kept, name, u)] for name in ("v_h_e", "q_r")}
    assert turns == {"v_h_e": list(range(20)), "q_r": [0, 5, 10, 15]}


def test_B26_hard_copies_are_exact_at_multiples_and_still_in_between():
    kept, _ = courses(slow=Slow(1, 2, 3, 4, 5, 6))
    for pace, name in enumerate(QUANTITIES, start=1):
        for update in range(1, N_UPDATES + 1):
            copied = update % pace == 0
            wanted = at(kept[name].now, update) if copied else at(kept[name].slow, update - 1)
            assert all(same(at(kept[name].slow, update), wanted))


def test_B26_polyaks_copy_is_a_mean_with_falling_weights():
    # slow_n = (1 - tau)^n slow_0 + sum of tau (1 - tau)^(n - i) now_i.
    tau, history = 0.1, [3.0, -1.0, 4.0, 1.0, 5.0]
    kept = Kept(jnp.float32(0), {"w": jnp.full(2, 2.0)}, ())
    for count, now in enumerate(history, start=1):
        kept = followed(kept._replace(now={"w": jnp.full(2, now)}), tau, jnp.int32(count))
    wanted = 0.9**5 * 2 + sum(0.1 * 0.9 ** (5 - i) * x for i, x in enumerate(history, start=1))
    np.testing.assert_allclose(kept.slow["w"], wanted, rtol=1e-6)


BOUNDS = [("log", 0.003), pytest.param("linear", 0.003, marks=pytest.mark.slow)]


@pytest.mark.parametrize(("unit", "most"), BOUNDS, ids=["log", "linear"])
def test_A21_softly_clipped_q_r_moves_no_further_than_that_in_any_update(unit, most):
    _, found, _, data = setup("two-state", SETTINGS, N_UPDATES)
    factors = data.observation.place.state
    at_all = jax.vmap(found.estimators["q_r"].at, in_axes=(None, 0))

    def changes(hybrids):
        kept, metrics = courses(hybrids=hybrids)
        held = jax.vmap(lambda net: at_all(net, factors))(kept["q_r"].now)
        held = np.asarray(held, np.float64)
        return np.abs(np.diff(held if unit == "log" else np.exp(held), axis=0)), metrics

    free, _ = changes(Hybrids())
    bounded, metrics = changes(Hybrids(clip_q_r=most, clip_q_r_in=unit))
    assert free.max() > 2 * most
    assert most / 2.1 < bounded.max() <= most + 1e-6
    assert metrics["q_r_clipped"].max() > 0


def test_A20_A21_A23_what_only_matters_to_a_hybrid_that_is_off_changes_nothing_bit_for_bit():
    idle = Hybrids(clip_q_r_in="linear", sequence_steps=3, target_ratio=2.0, fresh_goals=0.1)
    for some, others in zip(courses(), courses(hybrids=idle), strict=True):
        jax.tree.map(np.testing.assert_array_equal, some, others)


@functools.cache
def player():
    """What the robot does in 20,000 plays of one state."""
    problem, _, algorithm, _ = setup("rich", SETTINGS, N_UPDATES)
    n = 20_000
    learner = algorithm.init(key=jax.random.key(1))
    state = jnp.asarray(solution_of("rich").game.world.initial[0])
    drawn = steps_at(jax.tree.map(lambda x: x[None], _place(state)), 2).observation

    def acts(learner, key):
        key_goals, key = jax.random.split(key)
        seen = jax.tree.map(lambda x: x[0], drawn)
        seen = Seen(seen.place, drawn_goals(problem, key=key_goals), seen.clock, seen.limit)
        return algorithm.act(learner, seen, (), key=key).action

    keys = jax.random.split(jax.random.key(3), n)
    play = jax.jit(lambda learner: jax.vmap(acts, in_axes=(None, 0))(learner, keys))
    a_r = joint_actions(problem.model)[0]
    return lambda learner: a_r[np.asarray(play(learner))], learner


@pytest.mark.parametrize("stage", ["v_h_e", "x_h", "u_r", "q_r", "v_r"])
def test_B12_in_stages_0_to_4_the_robot_acts_uniformly_whatever_q_r(stage):
    play, learner = player()
    learner = learner._replace(n_updates=jnp.int32(3 * NAMES.index(stage)))
    before = play(learner)
    counts = np.bincount(before, minlength=3)
    mean = len(before) / 3
    assert np.sum((counts - mean) ** 2 / mean) < 13.8  # p > 0.001, two degrees of freedom
    moved = jax.tree.map(lambda w: w + 1.0, learner.kept["q_r"].now)
    other = learner.kept["q_r"]._replace(now=moved)
    np.testing.assert_array_equal(
        play(learner._replace(kept={**learner.kept, "q_r": other})), before
    )


def _place(state):
    return Place(state.astype(jnp.int32), jnp.int32(0))


# Tables, updated in all places: where does it lead?

LIMITS = {
    "all tables": ALL_TABLES,
    "direct x_h": dataclasses.replace(ALL_TABLES, x_h="direct"),
    "direct u_r and v_r": dataclasses.replace(ALL_TABLES, u_r="direct", v_r="direct"),
    "all direct": dataclasses.replace(ALL_TABLES, x_h="direct", u_r="direct", v_r="direct"),
}


def limit(name, kinds, space="log"):
    """pi_r, V_r and V_h^e at all places after 600 updates with steps all the way."""
    settings = RobotSettings(
        kinds=kinds,
        loss_space=space,
        rates=Rates(*(6 * [1.0]), law="constant"),
        slow=Slow(*(6 * [1])),
        warm_up=WarmUp(200, 50, 2, 2, 50, 2, beta_r_rampup_steps=50),
    )
    problem, found, algorithm, data = setup(name, settings, 600)
    weights = present(after(algorithm, data, 600))
    beta_r = jnp.float32(problem.parameters.beta_r)
    at = jax.vmap(lambda p: found.at(problem, weights, p, beta_r))
    return jax.jit(at)(data.observation.place)


@pytest.mark.parametrize(
    "kinds",
    [
        k if k in ("all tables", "all direct") else pytest.param(k, marks=pytest.mark.slow)
        for k in LIMITS
    ],
)
def test_B14_A25_direct_or_in_tables_everything_ends_at_the_exact_solution(kinds):
    values, exact = limit("rich", LIMITS[kinds]), exact_values(solution_of("rich"))
    tv = 0.5 * np.abs(np.asarray(values.pi_r) - exact["pi_r"]).sum(axis=-1)
    assert tv.max() < 1e-3
    np.testing.assert_allclose(-values.v_r, exact["v_r"], rtol=1e-3)
    np.testing.assert_allclose(values.v_h_e, exact["v_h_e"], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "space"),
    [("bushes", "log"), pytest.param("rich-horizon", "linear", marks=pytest.mark.slow)],
)
def test_with_a_horizon_tables_end_at_the_exact_solution_too(name, space):
    values = limit(name, LIMITS["direct u_r and v_r"], space)
    exact = exact_values(solution_of(name))
    tv = 0.5 * np.abs(np.asarray(values.pi_r) - exact["pi_r"]).sum(axis=-1)
    assert tv.max() < 1e-3
    np.testing.assert_allclose(-values.v_r, exact["v_r"], rtol=1e-3)
