"""All settings of learning a robot, in groups, with the defaults of the seeds' document."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from empo.core.errors import InputError
from empo.rl.algorithm import Replay, at_least, within

Kind = Literal["network", "table", "direct"]
Law = Literal["constant", "inverse-sqrt", "inverse-time"]
Expectation = Literal["exact", "sampled"]
LossSpace = Literal["log", "linear"]
Ramp = Literal["sigmoid", "linear"]
Bonus = Literal["none", "count", "distillation"]
HumanPrior = Literal["learned", "computed", "shortest-path"]
Shaping = Literal["none", "distance"]
ClipSpace = Literal["log", "linear"]
Given = Literal["nothing", "v_h_e", "pi_r"]

QUANTITIES = ("q_h_m", "v_h_e", "x_h", "u_r", "q_r", "v_r")
"""What can be learned, in the order of the warm-up; the order of every array over quantities."""


def _one_of(name: str, found: Any, known: tuple[str, ...]) -> None:
    if found not in known:
        raise InputError(f"{name}: found {found!r} (wanted one of {', '.join(known)})")


@dataclass(frozen=True)
class Kinds:
    """What each quantity is: a network, a table, or computed directly from the others."""

    q_h_m: Kind = "network"
    """Network or table; used where the prior is learned."""
    v_h_e: Kind = "network"
    """Network or table."""
    x_h: Kind = "network"
    """Network, table, or direct: equation (7) of V_h^e."""
    u_r: Kind = "direct"
    """Network, table, or direct: equation (8) of X_h."""
    q_r: Kind = "network"
    """Network or table, of log(-Q_r)."""
    v_r: Kind = "direct"
    """Network, table, or direct: equation (9) of U_r and Q_r."""

    def __post_init__(self) -> None:
        for name in QUANTITIES:
            known = get_args(Kind) if name in ("x_h", "u_r", "v_r") else ("network", "table")
            _one_of(f"kind of {name}", getattr(self, name), known)


@dataclass(frozen=True)
class Rates:
    """Learning rates: step sizes of Adam for networks, shares of the way for tables."""

    lr_q_h_m: float = 1e-3
    """Of Q_h^m."""
    lr_v_h_e: float = 1e-4
    """Of V_h^e."""
    lr_x_h: float = 1e-4
    """Of X_h."""
    lr_u_r: float = 1e-4
    """Of U_r."""
    lr_q_r: float = 1e-4
    """Of Q_r."""
    lr_v_r: float = 1e-4
    """Of V_r."""
    law: Law = "inverse-time"
    """How rates fall in the last stage: not at all, as 1/sqrt(t), or as 1/t."""
    decay_from: float = 0.7
    """Share of the last stage (and of learning the prior) during which rates stay constant."""
    final_rate: float = 0.01
    """Share of each rate that is left at the end."""

    def __post_init__(self) -> None:
        for name in QUANTITIES:
            at_least(f"lr_{name}", getattr(self, f"lr_{name}"), 0.0)
        _one_of("law", self.law, get_args(Law))
        within("decay_from", self.decay_from, 0.0, 1.0)
        if not 0 < self.final_rate <= 1:
            raise InputError(f"final_rate: found {self.final_rate} (wanted in (0, 1])")

    def of(self, quantity: str) -> float:
        """The rate of a quantity."""
        return getattr(self, f"lr_{quantity}")


@dataclass(frozen=True)
class Slow:
    """How each quantity's lagging copy, which targets are computed from, follows it.

    A number >= 1: copied after every so many updates. Below 1: Polyak's tau, at every update.
    """

    slow_q_h_m: float = 100
    """Of Q_h^m."""
    slow_v_h_e: float = 100
    """Of V_h^e."""
    slow_x_h: float = 100
    """Of X_h."""
    slow_u_r: float = 100
    """Of U_r."""
    slow_q_r: float = 100
    """Of Q_r."""
    slow_v_r: float = 100
    """Of V_r."""

    def __post_init__(self) -> None:
        for name in QUANTITIES:
            found = self.of(name)
            if not (0 < found < 1 or (found >= 1 and found == int(found))):
                raise InputError(
                    f"slow_{name}: found {found} (wanted a whole number of updates, or tau in "
                    f"(0, 1))"
                )

    def of(self, quantity: str) -> float:
        """The number of a quantity."""
        return getattr(self, f"slow_{quantity}")


@dataclass(frozen=True)
class WarmUp:
    """The stages that come before full training, in updates; 0 leaves a stage out."""

    warmup_q_h_m_steps: int = 5_000
    """Phase 1 alone, where the prior is learned."""
    warmup_v_h_e_steps: int = 1_000
    """Stage 0: V_h^e of a robot that acts uniformly."""
    warmup_x_h_steps: int = 1_000
    """Stage 1: X_h, too."""
    warmup_u_r_steps: int = 1_000
    """Stage 2: U_r, too."""
    warmup_q_r_steps: int = 1_000
    """Stage 3: Q_r, too."""
    warmup_v_r_steps: int = 1_000
    """Stage 4: V_r, too."""
    beta_r_rampup_steps: int = 2_000
    """Stage 5: beta_r rises from 0 to its value."""
    ramp: Ramp = "sigmoid"
    """Its way there."""
    clear_replay: bool = False
    """Forget, after the ramp, what was seen before its end."""
    robot_every: int = 1
    """Q_r and V_r make one update for so many of V_h^e, X_h and U_r."""
    prior_every: int = 0
    """After Phase 1 every so-many-th update is one of Q_h^m, where the robot goes now; 0: none."""

    def __post_init__(self) -> None:
        for name in (*(f"warmup_{q}_steps" for q in QUANTITIES), "beta_r_rampup_steps"):
            at_least(name, getattr(self, name), 0)
        _one_of("ramp", self.ramp, get_args(Ramp))
        at_least("robot_every", self.robot_every, 1)
        if self.prior_every == 1 or self.prior_every < 0:
            raise InputError(
                f"prior_every: found {self.prior_every} (wanted 0, or at least 2: others want "
                f"their turn)"
            )


@dataclass(frozen=True)
class Pace:
    """How long people and episodes go on."""

    episode_steps: int = 64
    """Steps of the episodes by which a robot is judged where the game never ends."""
    shortest_episode: int = 16
    """Such games begin anew after steps whose number is log-uniform between this..."""
    longest_episode: int = 1024
    """...and this: long ones get far, even while the robot acts at random."""
    goal_steps: int = 20
    """Steps after which people get new goals; 1: at every step."""

    def __post_init__(self) -> None:
        for name in ("episode_steps", "shortest_episode", "goal_steps"):
            at_least(name, getattr(self, name), 1)
        at_least("longest_episode", self.longest_episode, self.shortest_episode)


@dataclass(frozen=True)
class Exploration:
    """What is done besides what the policies say; it moves where one looks, not what one finds."""

    epsilon_r: float = 0.1
    """Share of the robot's actions that are uniform."""
    epsilon_h: float = 0.1
    """Share of the humans' actions that are uniform..."""
    epsilon_end: float = 1.0
    """...both times this at the end of training, falling in a straight line."""
    bonus: Bonus = "none"
    """Prefer robot actions that lead to what was seen rarely: by counts, or random distillation."""
    bonus_weight: float = 1.0
    """Of the bonus, in logits."""

    def __post_init__(self) -> None:
        for name in ("epsilon_r", "epsilon_h", "epsilon_end"):
            within(name, getattr(self, name), 0.0, 1.0)
        _one_of("bonus", self.bonus, get_args(Bonus))
        at_least("bonus_weight", self.bonus_weight, 0.0)


@dataclass(frozen=True)
class Hybrids:
    """What is borrowed from actor-critic methods while the policy stays equation (5) of Q_r."""

    clip_q_r: float = math.inf
    """Most that Q_r changes in one update, at the states it learns from; inf: no bound."""
    clip_q_r_in: ClipSpace = "log"
    """That is a bound on the change of log(-Q_r), or of Q_r, which depends on its scale."""
    entropy_q_r: float = 0.0
    """Weight, in the loss of Q_r, of the entropy of the policy that it stands for."""
    target_lambda: float | None = None
    """Targets of V_h^e and V_r follow trajectories, with this lambda (1 if not set but steps)..."""
    target_steps: float | None = None
    """...for so many steps (inf if only lambda is set); both none: no trajectories."""
    sequence_steps: int = 16
    """Length of the trajectories drawn from memory."""
    target_ratio: float = 1.0
    """Weights of what was done are cut at this and divided by it: 1 is V-trace; more: less bias."""
    fresh_goals: float = 0.5
    """Share of human actions, along trajectories, for a goal drawn for that step alone."""

    def __post_init__(self) -> None:
        if not self.clip_q_r > 0:
            raise InputError(f"clip_q_r: found {self.clip_q_r} (wanted above 0; inf: no bound)")
        _one_of("clip_q_r_in", self.clip_q_r_in, get_args(ClipSpace))
        at_least("entropy_q_r", self.entropy_q_r, 0.0)
        if self.target_lambda is not None:
            within("target_lambda", self.target_lambda, 0.0, 1.0)
        n = self.target_steps
        if n is not None and not (n >= 1 and (math.isinf(n) or n == int(n))):
            raise InputError(f"target_steps: found {n} (wanted a whole number from 1 on, or inf)")
        at_least("sequence_steps", self.sequence_steps, 2)
        at_least("target_ratio", self.target_ratio, 1.0)
        within("fresh_goals", self.fresh_goals, 0.0, 1.0)

    @property
    def trajectories(self) -> bool:
        """Do targets follow trajectories?"""
        return self.target_lambda is not None or self.target_steps is not None

    @property
    def lambda_(self) -> float:
        """Lambda, 1 where only steps are given."""
        return 1.0 if self.target_lambda is None else self.target_lambda

    @property
    def n_steps(self) -> float:
        """Steps, inf where only lambda is given."""
        return math.inf if self.target_steps is None else self.target_steps


@dataclass(frozen=True)
class RobotSettings:
    """How the equations (1)-(9) are learned."""

    prior: HumanPrior = "learned"
    """How humans act: as learned in Phase 1, as the exact solver computes, or straight ahead."""
    expectation: Expectation = "exact"
    """Targets: expected over actions and next states, or of sampled ones."""
    shaping: Shaping = "none"
    """Q_h^m begins small everywhere, or (on grids) with a potential that falls with distance."""
    loss_space: LossSpace = "log"
    """Where X_h, U_r, Q_r, V_r are compared with targets: as logarithms (biased with samples)."""
    given: Given = "nothing"
    """What is not learned but given by the exact solution, to see what that does to the rest."""
    exact: str = "auto"
    """Whence the solution to judge by: auto (solved if small), never, or a folder of empo solve."""
    kinds: Kinds = Kinds()
    """What each quantity is."""
    rates: Rates = Rates()
    """Learning rates."""
    slow: Slow = Slow()
    """Lagging copies."""
    warm_up: WarmUp = WarmUp()
    """Stages."""
    pace: Pace = Pace()
    """Episodes."""
    gather: Replay = Replay(n_envs=256, batch_size=1024, warmup=2_560)
    """Worlds that are played, and the states seen there."""
    n_places: int = 256
    """Of each sample so many states are learned from: different ones, as far as there are any."""
    exploration: Exploration = Exploration()
    """Looking elsewhere."""
    hybrids: Hybrids = Hybrids()
    """Means of actor-critic methods."""

    def __post_init__(self) -> None:
        at_least("n_places", self.n_places, 1)
        if self.n_places > self.gather.batch_size:
            raise InputError(
                f"n_places: found {self.n_places} (wanted at most batch_size, which is "
                f"{self.gather.batch_size})"
            )
        _one_of("prior", self.prior, get_args(HumanPrior))
        _one_of("expectation", self.expectation, get_args(Expectation))
        _one_of("shaping", self.shaping, get_args(Shaping))
        _one_of("given", self.given, get_args(Given))
        _one_of("loss_space", self.loss_space, get_args(LossSpace))
        if self.hybrids.trajectories:
            self._check_trajectories()

    def _check_trajectories(self) -> None:
        if self.kinds.v_r == "direct":
            raise InputError(
                "v_r: found direct (wanted network or table: target_lambda and target_steps are "
                "for a V_r that is learned)"
            )
        if self.warm_up.clear_replay:
            raise InputError(
                "clear_replay: found yes (wanted no: trajectories of the past are weighed by how "
                "likely they are now)"
            )
        at_least("batch_size", self.gather.batch_size, self.hybrids.sequence_steps)
        n_rows = self.gather.capacity // self.gather.n_envs
        if n_rows < self.hybrids.sequence_steps:
            raise InputError(
                f"capacity: found {self.gather.capacity}, {n_rows} steps in each of "
                f"{self.gather.n_envs} worlds (wanted at least sequence_steps = "
                f"{self.hybrids.sequence_steps} in each)"
            )

    @property
    def evaluators(self) -> RobotSettings:
        """How Q_r and the rest are learned: an actor's settings hold these among others."""
        return self

    def learned(self) -> tuple[str, ...]:
        """The quantities that are a network or a table."""
        chosen = {name: getattr(self.kinds, name) != "direct" for name in QUANTITIES}
        chosen["q_h_m"] = self.prior == "learned"
        chosen["v_h_e"] &= self.given != "v_h_e"
        return tuple(name for name in QUANTITIES if chosen[name])
