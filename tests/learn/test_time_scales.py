"""Two time scales: what the fast side learns is true of the robot that the slow side is now."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from bench.games import RICH
from empo.learn.prior import Learned
from empo.learn.problem import problem_of
from empo.learn.q_robot import present
from empo.learn.quantities import quantities
from empo.learn.settings import Kinds, Rates, RobotSettings, Slow, WarmUp
from empo.nets import NetSettings
from empo.rl.algorithm import Replay
from empo.worlds.packing import pack
from tests.brute_force import Game, Judge, solve
from tests.brute_force.solve import moves_of
from tests.learn.filled import exact_values, places_of
from tests.learn.updating import algorithm_of, steps_at

pytestmark = pytest.mark.slow

RATIOS = (1, 10, 100, 1000)
"""Of the evaluators' rate, at which tables are set to their targets, to that of Q_r."""
N_LOOKS = 20
"""At each of which Q_r has moved by about 1/e of a step that is not slowed down."""
OPPOSED = 20.0
"""Times as much as the actions really differ they seem to at first, and the wrong way round."""
TABLES = Kinds("table", "table", "table", "table", "table", "direct")
PEOPLE = ("ann", "bob")


@functools.cache
def solution():
    return empo.solve(RICH)


@functools.cache
def people():
    """Where each action of the robot leads, for each human and goal, by the independent judge."""
    by = Judge(Game(RICH))
    (found,) = solve(RICH)
    return by, {state: moves_of(by, state, found[state]["pi_h"]) for state in found}


def beside(robot):
    """V_h^e and U_r of each state beside a robot that acts so for ever: linear equations."""
    by, moves = people()
    names, gamma_h = [*moves], by.game.theory["gamma_h"]
    v_h_e = {name: {human: {} for human in PEOPLE} for name in names}
    for human in PEOPLE:
        for goal in by.game.goals(human):
            led = np.array(
                [
                    [
                        sum(robot[s][a] * to.get(t, 0.0) for a, to in moves[s][human, goal].items())
                        for t in names
                    ]
                    for s in names
                ]
            )
            member = np.array([float(s in by.game.members(human, goal)) for s in names])
            left = np.ones(len(names)) if by.game.repeat(human, goal) else 1 - member
            value = np.linalg.solve(np.eye(len(names)) - gamma_h * led * left, led @ member)
            for name, number in zip(names, value, strict=True):
                v_h_e[name][human][goal] = float(number)
    x_h = {s: {h: by.x_h(s, h, v_h_e[s][h]) for h in PEOPLE} for s in names}
    return v_h_e, {s: by.u_r(x_h[s]) for s in names}


class Learning:
    """Tables of all quantities but V_r, the evaluators' set to their targets at every update."""

    def __init__(self, ratio):
        rates = Rates(0.0, 1.0, 1.0, 1.0, lr_q_r=1 / ratio, law="constant")
        settings = RobotSettings(
            kinds=TABLES,
            rates=rates,
            slow=Slow(*(1,) * 6),
            warm_up=WarmUp(*(0,) * 7),
            gather=Replay(batch_size=4),
            n_places=4,
        )
        self.problem = problem_of(solution().world, solution().theory)
        self.quantities = quantities(self.problem, settings, NetSettings(), Learned())
        self.places = places_of(solution())
        self.exact = exact_values(solution())
        self.names = [solution().world.state_name(s) for s in np.asarray(self.places.state)]
        self.legal = np.asarray(jax.vmap(self.problem.model.situation)(self.places.state).legal_r)
        self.row = pack(np.asarray(self.places.state, np.int64), self.problem.cardinalities)
        n_updates = N_LOOKS * ratio + 1
        self.algorithm = algorithm_of(self.problem, settings, self.quantities, n_updates)
        self._ratio = ratio

    def start(self):
        """Tables of a robot that prefers what it should not, and all else as it is beside that."""
        learner = self.algorithm.init(key=jax.random.key(0))
        log_q_r = np.log(np.where(self.legal, self.exact["q_r"], 1.0))
        mean = log_q_r.sum(axis=1, keepdims=True) / self.legal.sum(axis=1, keepdims=True)
        contrary = np.where(self.legal, mean - OPPOSED * (log_q_r - mean), 0.0)
        held = {"q_h_m": self.exact["q_h_m"], "q_r": contrary}
        learner = self._with(learner, held)
        v_h_e, u_r = beside(self.robot(learner))
        by = people()[0]
        rows = [(v_h_e[name], u_r[name], name) for name in self.names]
        held["v_h_e"] = np.array([padded(v, by, self.exact["v_h_e"].shape[1:]) for v, _, _ in rows])
        held["x_h"] = np.log([[by.x_h(name, h, v[h]) for h in PEOPLE] for v, _, name in rows])
        held["u_r"] = np.log([-u for _, u, _ in rows])
        return self._with(learner, held)

    def course(self):
        """The learner at the beginning, and whenever Q_r has moved on by about as much again."""
        data = steps_at(self.places, len(PEOPLE))

        def update(learner, key):
            return self.algorithm.update(learner, data, key=key)[0], None

        @jax.jit
        def spell(learner, key):
            return jax.lax.scan(update, learner, jax.random.split(key, self._ratio))[0]

        found = [self.start()]
        for key in jax.random.split(jax.random.key(1), N_LOOKS):
            found.append(spell(found[-1], key))
        return found

    def robot(self, learner):
        """Its probabilities by state and action."""
        beta_r = jnp.float32(self.problem.parameters.beta_r)
        weights = present(learner)
        policy = jax.vmap(lambda p: self.quantities.pi_r(self.problem, weights, p, beta_r))
        told = {}
        for name, legal, row in zip(self.names, self.legal, policy(self.places), strict=True):
            own = people()[0].game.robot_actions(name)
            told[name] = dict(zip(own, np.asarray(row, np.float64)[legal], strict=True))
        return told

    def error(self, learner):
        """How far log(-U_r) is at worst from that beside the robot as it is now."""
        _, u_r = beside(self.robot(learner))
        held = np.asarray(learner.kept["u_r"].now)[self.row]
        return max(abs(x - np.log(-u_r[s])) for s, x in zip(self.names, held, strict=True))

    def _with(self, learner, held):
        kept = dict(learner.kept)
        for name, value in held.items():
            rows = kept[name].now.at[self.row].set(np.asarray(value, np.float32))
            kept[name] = kept[name]._replace(now=rows, slow=rows)
        return learner._replace(kept=kept)


def padded(v_h_e, by, shape):
    """An array of a state's V_h^e by human and goal."""
    found = np.zeros(shape)
    for h, human in enumerate(PEOPLE):
        for g, goal in enumerate(by.game.goals(human)):
            found[h, g] = v_h_e[human][goal]
    return found


def distance(one, other):
    """The largest total variation distance of two robots."""
    return max(0.5 * sum(abs(one[s][a] - other[s][a]) for a in one[s]) for s in one)


@functools.cache
def followed(ratio):
    """How far the robot moves, and the worst error of U_r at any look on its way."""
    learning = Learning(ratio)
    course = learning.course()
    moved = distance(learning.robot(course[0]), learning.robot(course[-1]))
    return moved, max(map(learning.error, course[1:])), learning.error(course[0])


def test_the_judge_of_this_test_agrees_with_the_exact_solution():
    learning = Learning(1)
    _, u_r = beside({s: solution().policy(solution().world.find_state(s)) for s in learning.names})
    np.testing.assert_allclose([-u_r[s] for s in learning.names], learning.exact["u_r"], rtol=1e-9)


@pytest.mark.parametrize("ratio", RATIOS)
def test_B02_q_r_moves_and_begins_with_evaluators_that_are_right(ratio):
    moved, _, at_first = followed(ratio)
    assert moved > 0.2
    assert at_first < 1e-5


def test_B02_the_faster_the_evaluators_the_truer_is_u_r_of_the_robot_of_the_moment():
    errors = [followed(ratio)[1] for ratio in RATIOS]
    assert np.all(np.diff(errors) < 0)
    assert errors[-1] < 0.01
    # Behind what moves steadily by a distance that is proportional to its speed: at a constant
    # ratio of rates an error remains, and only as the ratio grows for ever does it go to 0.
    np.testing.assert_allclose(errors[-2] / errors[-1], 10, rtol=0.3)
