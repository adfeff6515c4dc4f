"""The same game under new names in a new order: nothing but names and order may change."""

from __future__ import annotations

import random
from typing import Any

from tests.strategies import HUMAN_ACTIONS, ROBOT_ACTIONS, File


class Relabelling:
    """New names in a new order for states, humans, goals and actions."""

    def __init__(self, file: File, seed: int) -> None:
        self.random = random.Random(seed)
        goals = {goal for human in file["humans"].values() for goal in human["goals"]}
        self.new = {word: word for word in ("robot", "to", "*", "pass")}
        for prefix, names in (
            ("x", file["states"]),
            ("h", file["humans"]),
            ("goal", goals),
            ("act", [*ROBOT_ACTIONS, *HUMAN_ACTIONS]),
        ):
            names = sorted(names)
            numbers = self.random.sample(range(len(names)), len(names))
            self.new |= {name: f"{prefix}{k}" for name, k in zip(names, numbers, strict=True)}

    def words(self, value: Any) -> Any:
        """The same structure with all its words renamed and all mappings and lists reordered."""
        if isinstance(value, str):
            return self.new[value]
        if isinstance(value, dict):
            items = list(value.items())
            self.random.shuffle(items)
            return {self.new[key]: self.words(item) for key, item in items}
        if isinstance(value, list):
            return [self.words(item) for item in self.random.sample(value, len(value))]
        return value

    def renamed(self, value: Any) -> Any:
        """A result under the new names; only `pass` where nothing else is legal keeps its own."""
        if not isinstance(value, dict):
            return value
        return {self.new.get(key, key): self.renamed(item) for key, item in value.items()}

    def file(self, file: File) -> File:
        new = {"name": "relabelled", "theory": file["theory"]}
        new["initial"] = self.words(file["initial"])
        new["states"] = {
            self.new[name]: self.state(state) for name, state in self.shuffled(file["states"])
        }
        new["humans"] = {
            self.new[name]: {key: self.entry(key, value) for key, value in human.items()}
            for name, human in self.shuffled(file["humans"])
        }
        return new

    def shuffled(self, mapping: File) -> list[tuple[str, Any]]:
        return self.random.sample(list(mapping.items()), len(mapping))

    def state(self, state: File) -> File:
        new = {key: self.words(value) for key, value in state.items() if key != "next"}
        if "next" in state:
            new["next"] = [self.words(rule) for rule in state["next"]]
        return new

    def entry(self, key: str, value: Any) -> Any:
        if key != "goals":
            return self.words(value)
        return {
            self.new[goal]: {k: self.words(v) for k, v in of.items()}
            if isinstance(of, dict)
            else self.words(of)
            for goal, of in self.shuffled(value)
        }
