"""The ten situations that ship as game files: what follows in each, and how far it holds.

The conclusions are the paper's; the sweeps vary the shipped files through the same loader.
"""

from __future__ import annotations

import copy
import itertools
import math
from typing import Any

import numpy as np
import pytest

import empo
from empo.worlds.document import read_document

File = dict[str, Any]


def shipped(name: str) -> File:
    """The content of a shipped file, to be varied."""
    return copy.deepcopy(read_document(empo.shipped()[name]).data)


def chosen(solution: empo.Solution, state: str) -> set[str]:
    """The actions that the robot takes; with beta_r = inf, its best ones."""
    return {action for action, prob in solution.policy(state).items() if prob > 0}


def path(solution: empo.Solution, state: str) -> list[str]:
    """The actions that a decided robot takes, in a world without chance."""
    world, actions = solution.world, []
    while True:
        [(action, _)] = [(a, p) for a, p in solution.policy(state).items() if p > 0]
        vector = world.find_state(state)
        number = list(solution.policy(state)).index(action)
        next_, _ = world.model.outcomes(vector, np.int32(number), np.zeros(1, np.int32))
        if world.state_name(np.asarray(next_[0])) == state:
            return actions
        state = world.state_name(np.asarray(next_[0]))
        actions.append(action)


def test_every_situation_ships_with_words_and_without_mistakes():
    names = "commitment menu confirmation norm norm-commit split boxes expectations pill"
    for name in [*names.split(), "pause-destroy", "two-state"]:
        report = empo.check(name)
        assert report.errors == ()
        assert report.world is not None
        assert report.world.name == name
        assert len(report.world.description) > 100
        assert all("cannot be reached; it is in" in warning for warning in report.warnings)


def test_commitment_the_robot_promises_and_either_promise_is_as_good():
    solution = empo.solve("commitment")
    assert solution.policy("start") == pytest.approx(
        {"do_A": 0, "do_B": 0, "promise": 0.5, "promise_reverse": 0.5, "wait": 0}
    )
    q_r = solution.at("start")["q_r"]
    assert q_r["promise"] == pytest.approx(q_r["promise_reverse"], rel=1e-12)
    assert min(q_r, key=q_r.__getitem__) == "wait"


@pytest.mark.parametrize("zeta", [1.5, 2.0, 3.0])
def test_commitment_who_cannot_count_on_the_buttons_presses_at_random(zeta):
    solution = empo.solve("commitment", zeta=zeta, gamma_h=1 - 1e-9)
    pressing = solution.at("waited")["pi_h"]["person"]["A"]
    assert pressing == pytest.approx({"press_1": 1 / 3, "press_2": 1 / 3, "nothing": 1 / 3})
    assert solution.power("waited")["person"] == pytest.approx(2 ** (1 - zeta), rel=1e-7)


def menus(most: int) -> File:
    """The menu world with menus of up to that many dishes."""
    dishes = range(1, most + 1)
    states: File = {
        "kitchen": {
            "robot": [f"offer_{k}" for k in dishes],
            "next": [{"robot": f"offer_{k}", "to": f"menu_{k}"} for k in dishes],
        }
    }
    for k in dishes:
        takes = range(1, k + 1)
        states[f"menu_{k}"] = {
            "humans": {"guest": [f"take_{i}" for i in takes]},
            "next": [{"guest": f"take_{i}", "to": f"served_{i}"} for i in takes],
        }
    states |= {f"served_{i}": {} for i in dishes}
    goals = {f"dish_{i}": [f"served_{i}"] for i in dishes}
    return shipped("menu") | {"humans": {"guest": {"goals": goals}}, "states": states}


def test_menu_six_dishes_are_best_for_a_guest_of_beta_two():
    assert menus(10) == shipped("menu"), "the sweep below is about the shipped world"
    solution = empo.solve("menu")
    assert chosen(solution, "kitchen") == {"offer_6"}
    probability = math.e**2 / (math.e**2 + 5)
    assert solution.power("menu_6")["guest"] == pytest.approx(6 * probability**2)


def test_menu_grows_with_rationality_and_shrinks_with_the_wish_for_reliability():
    world = empo.load(menus(25))
    for beta_h, zeta in itertools.product([1.0, 2.0, 2.5, 3.0], [1.5, 2.0, 3.0, 4.0]):
        best = (math.exp(beta_h) - 1) / (zeta - 1)
        if best < 25:
            solution = empo.solve(world, beta_h=beta_h, zeta=zeta)
            assert chosen(solution, "kitchen") == {f"offer_{round(best)}"}, (beta_h, zeta)
    assert chosen(empo.solve(world, beta_h=3.0), "kitchen") == {"offer_19"}


def test_confirmation_patient_people_are_asked_more_often():
    world = empo.load("confirmation")
    n_times = []
    for gamma_h in [0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 0.999, 0.9999]:
        [action] = chosen(empo.solve(world, gamma_h=gamma_h), "start")
        n_times.append(int(action.removeprefix("hear_")))
    assert n_times[:5] == [1] * 5, "gamma_h <= 0.9: once"
    assert n_times == sorted(n_times)
    assert n_times[-1] > 2


def test_confirmation_power_by_hand():
    # Order, then one confirmation. From the order, in two steps: right with 0.81, wrong with 0.01,
    # back to the order with 0.18. V = 0.81 g + 0.18 g^2 V, for the goal pays 1 at the second step.
    power = empo.solve("confirmation").power("ask_2")["person"]
    value = 0.81 * 0.99 / (1 - 0.18 * 0.99**2)
    assert power == pytest.approx(2 * value**2)


def test_norm_the_robot_goes_where_people_expect_each_other():
    solution = empo.solve("norm")
    assert chosen(solution, "corridor") == {"right"}
    for human in ("ann", "bob"):
        right = solution.at("corridor")["pi_h"][human]["arrive"]["right"]
        assert right == pytest.approx(1 / (1 + math.exp(-2)))  # beta (0.475 - 0.275) = 2


def test_norm_commit_the_robot_promises_the_habitual_side():
    assert chosen(empo.solve("norm-commit"), "before") == {"promise_right"}


def test_norm_commit_without_a_habit_either_promise_is_as_good():
    file = shipped("norm-commit")
    file["humans"]["person"]["nu"] = 0
    solution = empo.solve(file)
    assert solution.policy("before") == pytest.approx(
        {"promise_left": 0.5, "promise_right": 0.5, "keep_open": 0}
    )


def shares(power_of_units: Any) -> File:
    """Ten units between two people, of which m give 2 ** power_of_units(m)."""
    file = shipped("split")
    for m in range(11):
        power = {"ann": 2 ** power_of_units(m), "bob": 2 ** power_of_units(10 - m)}
        file["states"][f"share_{m}_{10 - m}"]["power"] = power
    return file


def test_split_equally_where_each_unit_doubles_power():
    assert shares(lambda m: m) == shipped("split"), "the cases below are about the shipped world"
    for xi in (0.5, 1.0, 2.0):
        assert chosen(empo.solve("split", xi=xi), "start") == {"ann_5"}


def test_split_all_to_one_where_power_grows_faster_and_faster():
    solution = empo.solve(shares(lambda m: (m / 10) ** 2), eta=1.0)
    assert chosen(solution, "start") == {"ann_0", "ann_10"}


def test_split_depends_on_the_aversion_to_inequality_between_people():
    world = empo.load(shares(lambda m: (m / 10) ** 2 + 0.1 * math.log2(m / 10 + 0.01)))
    assert chosen(empo.solve(world, eta=1.0, xi=1.0), "start") == {"ann_2", "ann_8"}
    for xi in (2.0, 3.0, 5.0):
        assert chosen(empo.solve(world, eta=1.0, xi=xi), "start") == {"ann_5"}


def test_boxes_power_piles_up_with_the_robot_though_it_never_wants_any():
    solution = empo.solve("boxes")
    give = "give_readable"
    assert path(solution, "closed") == ["open", give, give, "open", give, give]
    for state in solution.to_dict()["states"].values():
        assert state["pi_r"].get("give_unreadable", 0) == 0


def test_expectations_the_robot_makes_people_believe_what_is_false():
    solution = empo.solve("expectations")
    assert chosen(solution, "before") == {"say_DD"}
    people = solution.at("believe_DD")["pi_h"]
    assert people["ann"]["own"] == people["bob"]["own"] == {"C": 1, "D": 0}
    # The goal, with probability 3/4, squared; and 1 for the rest of life.
    assert solution.power("believe_DD")["ann"] == pytest.approx(1 + 0.75**2)
    defecting = solution.at("believe_CC")["pi_h"]
    assert defecting["ann"]["own"] == defecting["bob"]["own"] == {"C": 0, "D": 1}


def pill(x: float, v: float, p: float) -> File:
    file = shipped("pill")
    file["states"]["without"]["power"]["person"] = x
    file["states"]["with"]["power"]["person"] = x + v
    file["humans"]["person"]["habit"]["with"] = {"take": p, "leave": 1 - p}
    return file


@pytest.mark.slow
def test_pill_is_given_exactly_when_it_is_worth_the_risk():
    assert pill(2, 2, 0.01) == shipped("pill"), "the sweep below is about the shipped world"
    assert chosen(empo.solve("pill"), "without") == {"give"}
    seen = set()
    for x, v, p, gamma_r in itertools.product(
        [1.5, 3, 10], [0.5, 2, 20], [0.001, 0.01, 0.05, 0.3], [0.5, 0.9]
    ):
        gain = (1 / x - 1 / (x + v)) / (1 - 1 / (x + v))
        risk = p * gamma_r / (1 - (1 - p) * gamma_r)
        solution = empo.solve(pill(x, v, p), gamma_r=gamma_r)
        wanted = "give" if gain > risk else "keep"
        assert chosen(solution, "without") == {wanted}, (x, v, p, gamma_r)
        assert chosen(solution, "with") == {"leave" if gain > risk else "withdraw"}
        seen.add(wanted)
    assert seen == {"give", "keep"}


def buttons(x: float, q: float, p: float = 0.01) -> File:
    """The world of pause and destroy buttons: power x without the robot, destroyed with q."""
    file = shipped("pause-destroy")
    for state, power in {"paused": x + 1, "paused_both": x + 2, "destroyed": x}.items():
        file["states"][state]["power"]["person"] = power
    file["humans"]["person"]["habit"] = {
        "pause_button": {"pause": p, "go_on": 1 - p},
        "both_buttons": {"pause": p, "destroy": q, "go_on": 1 - p - q},
        "paused_both": {"destroy": q, "unpause": 1 - q},
    }
    return file


def best_buttons(x: float, q: float, p: float = 0.01, y: float = 100, gamma: float = 0.99) -> str:
    """The choice that is best when made at every step, by linear equations for its value.

    A choice has the same consequences in every state with an active robot: so the best one for
    ever is the best one now.
    """
    destroyed = -1 / x / (1 - gamma)
    none = -1 / y / (1 - gamma)
    # V = -1 / (y + 1) + gamma ((1 - p) V + p (-1 / (x + 1) + gamma V))
    pause = -(1 / (y + 1) + gamma * p / (x + 1)) / (1 - gamma * (1 - p) - gamma**2 * p)
    a = np.array(
        [[1 - gamma * (1 - p - q), -gamma * p], [-gamma * (1 - q), 1.0]]  # active, paused
    )
    lost = gamma * q * destroyed
    both = np.linalg.solve(a, [-1 / (y + 2) + lost, -1 / (x + 2) + lost])[0]
    values = {"enable_none": none, "enable_pause": pause, "enable_both": both}
    return max(values, key=values.__getitem__)


@pytest.mark.parametrize(
    ("x", "q", "wanted"),
    [
        pytest.param(2, 0.01, "enable_none", marks=pytest.mark.slow),
        (50, 0.01, "enable_pause"),
        (90, 0.01, "enable_pause"),
        (95, 0.01, "enable_pause"),
        (95, 0.0001, "enable_both"),
    ],
)
def test_pause_destroy_buttons_stay_only_where_the_robot_is_not_much_missed(x, q, wanted):
    assert buttons(2, 0.01) == shipped("pause-destroy")
    solution = empo.solve(buttons(x, q))
    for state in ("no_button", "pause_button", "both_buttons"):
        assert chosen(solution, state) == {wanted}


@pytest.mark.slow
def test_pause_destroy_regions_are_those_of_the_linear_equations():
    seen = set()
    for x, q in itertools.product([2, 10, 40, 60, 80, 97], [1e-4, 1e-3, 1e-2, 0.1]):
        wanted = best_buttons(x, q)
        assert chosen(empo.solve(buttons(x, q)), "no_button") == {wanted}, (x, q)
        seen.add(wanted)
    assert seen == {"enable_none", "enable_pause", "enable_both"}


def fixed_points(beta_h: float, gamma_h: float) -> list[float]:
    """All V with V = p (1 + gamma_h V), p the probability of staying: equations (1)-(3)."""
    v = np.linspace(0, 1 / (1 - gamma_h), 2_000_001)
    surplus = (1 + gamma_h * v) / (1 + np.exp(-beta_h * (1 + gamma_h * v))) - v
    crossings = np.flatnonzero(np.sign(surplus[1:]) != np.sign(surplus[:-1]))
    return [float(v[i : i + 2].mean()) for i in crossings]


@pytest.mark.slow
def test_two_state_expectations_hold_themselves_up():
    low, _, high = fixed_points(0.2, 0.99)
    solution = empo.solve("two-state", repeat=8)
    assert solution.at("here")["v_h_m"]["person"]["pay"] == pytest.approx(low, abs=1e-4)
    assert solution.effort.n_phase1_solutions in (2, 3), "the middle one is hard to meet"
    # The mean of B over both states: 1 + gamma_h V here, nothing away.
    both_ends = [(1 + 0.99 * low) / 2, (1 + 0.99 * high) / 2]
    assert solution.effort.phase1_range["person"] == pytest.approx(both_ends, abs=1e-4)


@pytest.mark.parametrize("beta_h", [0.05, 0.5])
def test_two_state_has_one_solution_outside_the_bifurcations(beta_h):
    [value] = fixed_points(beta_h, 0.99)
    solution = empo.solve("two-state", repeat=8, beta_h=beta_h)
    assert solution.at("here")["v_h_m"]["person"]["pay"] == pytest.approx(value, abs=1e-4)
    assert solution.effort.n_phase1_solutions == 1
