"""Studies of robots that learn by actor-critic: the open questions of the document on PPO and A3C.

All worlds are solved exactly. People act as the exact solution has them, networks are small, and
an update of the actor comes with four of the evaluators, so that a robot without an actor makes as
many of those from as many steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from empo.runs.measures import DIVERGENCE, EFFECTIVE_SHARE, SPREAD, START_VALUE, STEPS_NEEDED
from empo.runs.robot_studies import COMMON, N_ENVS, SEEN_FIRST
from empo.runs.variants import Study, Variant

UPDATES = 5_000
"""Of V_h^e, X_h and Q_r."""
WORLDS = ("bush-corridor", "bush-line", "boxes", "pause-destroy")
"""One that never ends, one with a horizon, and two games."""
GAMES = ("boxes", "norm", "commitment", "confirmation")
"""Worlds whose power can be multiplied; few states are decisive."""
SETTING: Mapping[str, Any] = {
    **COMMON,
    "beta_r": 5.0,
    "gamma_r": 0.9,
    "shortest_episode": 8,
    "longest_episode": 128,
    "n_evaluations": 10,
}
"""Of all variants; games on their own would have an infinite beta_r."""
SOON_OVER: Mapping[str, Any] = {"episode_steps": 4, "shortest_episode": 4, "longest_episode": 16}
"""Of games that are decided at once."""
ACTOR: Mapping[str, Any] = {
    **{name: value for name, value in SETTING.items() if name not in ("warmup", "batch_size")},
    "places_drawn": SETTING["batch_size"],
    "n_steps": 4,
}
FROM_REPLAY: Mapping[str, Any] = {**ACTOR, "n_steps": 1, "batch_size": 64, "warmup": 640}
RETURNS: Mapping[str, Any] = {"reward": "u_r", "epsilon_h": 0.0, "goal_steps": 1}
"""The actor is after returns of U_r as they are."""
FINELY: Mapping[str, Any] = {"n_evaluations": 40}


def _q(name: str, group: str = "", times: float = 1.0, **settings: Any) -> Variant:
    return Variant(name, "q", {**SETTING, **settings}, group, times)


def _actor(
    name: str, algorithm: str = "ppo", group: str = "", times: float = 1.0, **settings: Any
) -> Variant:
    base = FROM_REPLAY if algorithm == "sac" else ACTOR
    return Variant(name, algorithm, {**base, **settings}, group, times)


def _steps(worlds: Iterable[str], n_updates: int = UPDATES) -> Mapping[str, int]:
    """Environment steps: as many as updates of the evaluators, in each parallel world."""
    return dict.fromkeys(worlds, N_ENVS * n_updates + SEEN_FIRST)


ALGORITHMS = ("reinforce", "a2c", "a3c", "impala", "npg", "trpo", "ppo", "sac")


def _scales() -> Iterable[Variant]:
    ways: Mapping[str, Mapping[str, Any]] = {
        "power law, paid in logarithms": {},
        "softmax, paid in logarithms": {"head": "softmax"},
        "power law, paid U_r": {**RETURNS, "entropy_coef": 0.1},
        "softmax, paid U_r": {**RETURNS, "entropy_coef": 0.1, "head": "softmax"},
    }
    for times in (1.0, 0.3, 0.1):
        group = f"goals x {times:g}"
        yield _q("no actor", group, times, **SOON_OVER)
        for name, settings in ways.items():
            yield _actor(name, "ppo", group, times, **SOON_OVER, **settings)


ACTOR_STUDIES: Mapping[str, Study] = {
    "algorithms": Study(
        "Which algorithm comes nearest to the exact policy?",
        _steps(WORLDS),
        (_q("q (no actor)"), *(_actor(name, name) for name in ALGORITHMS)),
        "algorithm",
        more=(START_VALUE, SPREAD, DIVERGENCE),
    ),
    "scale-invariance": Study(
        "What is lost if the robot's policy changes with the scale of power?",
        _steps(GAMES),
        tuple(_scales()),
        "policy",
        more=(DIVERGENCE,),
    ),
    "offpolicy": Study(
        "May PPO learn from rollouts of the past, if it weighs them?",
        _steps(WORLDS),
        tuple(
            _actor(name, remembered=n, n_minibatches=1)
            for name, n in (("the last", 1), ("the last 1,000", 1_000), ("the last 10,000", 10_000))
        ),
        "rollouts",
        more=(START_VALUE, EFFECTIVE_SHARE),
    ),
    "dependency": Study(
        "Is it their dependence on each other that makes learning unstable?",
        _steps(WORLDS),
        (
            _q("all learned"),
            _q("V_h^e given", given="v_h_e"),
            _q("pi_r given", given="pi_r"),
        ),
        "what is learned",
        more=(SPREAD,),
        without=("tracking error",),
    ),
    "samples": Study(
        "How many steps does it take until V_r is within 5% and the policy within a tenth of the "
        "uniform one's distance?",
        _steps(WORLDS, 2 * UPDATES),
        (_q("q (no actor)", **FINELY), _actor("ppo", **FINELY), _actor("a2c", "a2c", **FINELY)),
        "algorithm",
        more=(STEPS_NEEDED,),
    ),
    "epochs": Study(
        "Does PPO need fewer steps if it goes over its rollouts more often?",
        _steps(WORLDS),
        tuple(_actor(f"{n}", n_epochs=n, **FINELY) for n in (1, 4, 10)),
        "epochs",
        more=(STEPS_NEEDED,),
    ),
    "vtrace": Study(
        "Is V-trace a middle ground between learning from the present and from the past?",
        _steps(WORLDS),
        (
            _actor("no lag", "impala", lag=0),
            _actor("a lag of 10", "impala", lag=10),
            _actor("a lag of 100", "impala", lag=100),
            _actor("1,000 rollouts remembered", "impala", lag=0, remembered=1_000),
            _actor("1,000 remembered, A2C does not weigh", "a2c", remembered=1_000),
        ),
        "data",
    ),
    "escalation": Study(
        "If learning is unstable or needs too many steps: do lambda targets, entropy, bounds on "
        "Q_r's changes or PPO help, one after the other?",
        _steps(WORLDS),
        (
            _q("as it is", v_r="network", **FINELY),
            _q("lambda targets", v_r="network", target_lambda=0.9, **FINELY),
            _q("and entropy", v_r="network", target_lambda=0.9, entropy_q_r=0.01, **FINELY),
            _q(
                "and bounded changes",
                v_r="network",
                target_lambda=0.9,
                entropy_q_r=0.01,
                clip_q_r=0.1,
                **FINELY,
            ),
            _actor("PPO", **FINELY),
        ),
        "rung",
        more=(STEPS_NEEDED,),
    ),
    "entropy-vs-beta": Study(
        "Can an entropy bonus stand in for beta_r, or add to it?",
        _steps(WORLDS),
        (
            _actor("beta_r"),
            _actor("beta_r and entropy", entropy_coef=0.5),
            _actor("neither", **RETURNS),
            _actor("entropy", **RETURNS, entropy_coef=0.1),
        ),
        "what keeps the policy soft",
        more=(DIVERGENCE,),
    ),
}
"""By name: S0's questions 1 to 5 of section 7, 5.1, its ladder 6.2, epochs, and all algorithms."""
