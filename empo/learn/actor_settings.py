"""Settings of robots whose policy is learned explicitly, by an actor-critic algorithm of `rl`."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import Any, Literal, get_args

from empo.core.errors import InputError
from empo.learn.actor_nets import Head
from empo.learn.settings import (
    Exploration,
    HumanPrior,
    Kinds,
    LossSpace,
    Pace,
    Rates,
    RobotSettings,
    Shaping,
    Slow,
    WarmUp,
)
from empo.rl.algorithm import Replay, Rollout, at_least, within

Reward = Literal["power", "relative", "u_r"]


@dataclass(frozen=True)
class ActorSettings:
    """How a robot's explicit policy, and what judges it, are learned side by side."""

    actor: Any
    """Settings of the actor's algorithm."""
    reward: Reward = "power"
    """What the actor is paid, see docs/actors.md: power and relative lead to equation (5)."""
    head: Head = "power-law"
    """pi proportional to f^-beta_r with f learned, or softmax."""
    reward_lambda: float = 0.95
    """Of the generalised advantages that the reward `relative` is made of."""
    frozen_for: int = 1
    """Updates of the actor from one to the next that those who judge it take notice of."""
    evaluator_updates: int = 4
    """Updates of V_h^e, X_h, Q_r and the rest for one of the actor."""
    places_drawn: int = 1024
    """Remembered states drawn for each of them..."""
    n_places: int = 256
    """...of which so many are learned from: different ones, as far as there are any."""
    places_remembered: int = 100_000
    """States remembered."""
    remembered: int = 1
    """Rollouts of which the actor learns from one drawn at random: 1 is the last, on-policy."""
    prior: HumanPrior = "learned"
    """How humans act: as learned in Phase 1, as the exact solver computes, or straight ahead."""
    shaping: Shaping = "none"
    """Q_h^m begins small everywhere, or (on grids) with a potential that falls with distance."""
    loss_space: LossSpace = "log"
    """Where X_h, U_r, Q_r, V_r are compared with targets."""
    exact: str = "auto"
    """Whence the solution to judge by: auto (solved if small), never, or a folder of empo solve."""
    kinds: Kinds = field(default_factory=Kinds)
    """What each quantity is."""
    rates: Rates = field(default_factory=Rates)
    """Learning rates."""
    slow: Slow = field(default_factory=Slow)
    """Lagging copies."""
    warm_up: WarmUp = field(default_factory=WarmUp)
    """Stages; the actor learns from the ramp on."""
    pace: Pace = field(default_factory=Pace)
    """Episodes."""
    exploration: Exploration = field(default_factory=lambda: Exploration(epsilon_r=0.0))
    """Looking elsewhere; the robot acts by its policy alone."""

    def __post_init__(self) -> None:
        for name, known in (("reward", get_args(Reward)), ("head", get_args(Head))):
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name}: found {getattr(self, name)!r} (wanted one of {', '.join(known)})"
                )
        within("reward_lambda", self.reward_lambda, 0.0, 1.0)
        for name in ("frozen_for", "evaluator_updates", "remembered"):
            at_least(name, getattr(self, name), 1)
        if self.exploration.epsilon_r or self.exploration.bonus != "none":
            raise InputError(
                "epsilon_r, bonus: found exploration besides the policy's own (wanted 0 and none: "
                "an actor learns from what its policy does)"
            )
        if self.reward != "power" and (self.exploration.epsilon_h or self.pace.goal_steps > 1):
            raise InputError(
                f"reward: found {self.reward} with humans who explore or keep their goals (wanted "
                f"epsilon_h 0 and goal_steps 1: returns are to be those of equation (9))"
            )
        if self.reward == "relative" and not isinstance(self.gather, Rollout):
            raise InputError(
                "reward: found relative with an algorithm that learns from a replay buffer (wanted "
                "power: advantages are sums along trajectories)"
            )
        if self.remembered > 1 and not isinstance(self.gather, Rollout):
            raise InputError(
                "remembered: found rollouts for an algorithm that has a replay buffer (wanted 1)"
            )
        self.evaluators  # noqa: B018 - raises for what is wrong there

    @property
    def gather(self) -> Rollout | Replay:
        """How the actor gathers data."""
        actor = getattr(self.actor, "worker", self.actor)
        return getattr(actor, "rollout", None) or actor.replay

    @property
    def evaluators(self) -> RobotSettings:
        """The settings of those who judge."""
        in_a_round = self.gather.n_updates if isinstance(self.gather, Replay) else 1
        gather = Replay(
            n_envs=self.gather.n_envs,
            n_steps=self.gather.n_steps,
            n_updates=self.evaluator_updates * in_a_round,
            batch_size=self.places_drawn,
            capacity=self.places_remembered,
        )
        return RobotSettings(
            self.prior,
            shaping=self.shaping,
            loss_space=self.loss_space,
            exact=self.exact,
            kinds=self.kinds,
            rates=self.rates,
            slow=self.slow,
            warm_up=self.warm_up,
            pace=self.pace,
            gather=gather,
            n_places=self.n_places,
            exploration=self.exploration,
        )


def settings_for(kind: type[Any]) -> type[Any]:
    """`ActorSettings` whose `actor` is of that kind: so they are read from files and flags."""
    actor = (("actor", kind, field(default_factory=kind)),)
    return make_dataclass(f"{kind.__name__}Robot", actor, bases=(ActorSettings,), frozen=True)
