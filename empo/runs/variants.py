"""What a study is: a question, and variants of a training that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from empo.core.errors import InputError
from empo.runs.measures import Measure, yardstick

LONG = 100_000
"""Environment steps of each seed on a target of which a study says nothing."""


@dataclass(frozen=True)
class Variant:
    """One way to train, for all seeds."""

    name: str
    """What the table calls it."""
    algorithm: str = "ppo"
    """Its algorithm."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """By name, what replaces settings of the preset, or of a world's theory."""
    group: str = ""
    """It is compared with the first variant of the same group."""
    times: float = 1.0
    """The weights of all goals of a game are multiplied by this."""

    @property
    def label(self) -> str:
        """Its name, and its group if it has one."""
        return f"{self.group}: {self.name}" if self.group else self.name


@dataclass(frozen=True)
class Study:
    """Variants of a training that are compared with the first of them, or of their group."""

    question: str
    """What is asked, in a line."""
    steps: Mapping[str, int]
    """The targets, and for how many environment steps each seed is trained on them."""
    variants: tuple[Variant, ...]
    """What is trained; the first is what the others are compared with."""
    varied: str = "variant"
    """Heading of the variants' names."""
    along: str = ""
    """The setting, a number, against which results are drawn, if there is one."""
    more: tuple[Measure, ...] = ()
    """What is measured beside what is usual for the target."""
    without: tuple[str, ...] = ()
    """Usual measures that not all variants have, by name."""

    def __post_init__(self) -> None:
        names = [variant.label for variant in self.variants]
        if len(names) < 2 or len({*names}) < len(names):
            raise InputError(f"study: found variants {names} (wanted two or more, named apart)")
        if not self.steps:
            raise InputError("study: found no targets (wanted at least one)")

    @property
    def targets(self) -> tuple[str, ...]:
        """Those that are trained on if none is chosen."""
        return tuple(self.steps)

    def measures(self, target: str) -> tuple[Measure, ...]:
        """By what its runs on that target are compared, the most telling first."""
        usual = yardstick(target).measures
        return (*(m for m in usual if m.name not in self.without), *self.more)
