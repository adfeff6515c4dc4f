"""Games that are measured, and that tests learn and solve."""

from __future__ import annotations

from typing import Any

RICH: dict[str, Any] = {
    "name": "rich",
    "initial": {"s0": 0.5, "s1": 0.5},
    "theory": {"gamma_h": 0.9, "gamma_r": 0.8, "beta_h": 4, "beta_r": 3, "xi": 0.7, "zeta": 1.5},
    "humans": {
        "ann": {
            "goals": {"A": {"states": ["s2"], "weight": 2}, "B": ["s1", "s3"]},
            "nu": 0.3,
            "habit": {"s0": {"go": 0.8, "wait": 0.2}},
            "beliefs": {"s0": {"bob": {"go": 0.9, "wait": 0.1}}},
        },
        "bob": {
            "goals": {"pay": {"states": ["s1"], "repeat": True}},
            "beta": 0.5,
            "habit_for": {"pay": {"s1": {"wait": 1.0}}},
            "nu": {"s1": 0.5},
        },
    },
    "states": {
        "s0": {
            "robot": ["left", "right", "hold"],
            "humans": {"ann": ["go", "wait"], "bob": ["go", "wait"]},
            "next": [
                {"robot": "left", "ann": "go", "to": {"s1": 0.7, "s2": 0.3}},
                {"robot": "right", "bob": "go", "to": {"s2": 0.5, "s3": 0.5}},
                {"ann": "wait", "bob": "wait", "to": "s0"},
                {"to": {"s0": 0.25, "s3": 0.75}},
            ],
        },
        "s1": {
            "robot": ["left", "hold"],
            "humans": {"bob": ["go", "wait"]},
            "power": {"ann": 0.5},
            "next": [
                {"robot": "left", "bob": "go", "to": {"s0": 0.9, "s2": 0.1}},
                {"robot": "left", "to": {"s1": 0.4, "s0": 0.6}},
                {"to": {"s1": 0.5, "s0": 0.5}},
            ],
        },
        "s2": {
            "robot": ["left", "right"],
            "power": {"bob": 0.3},
            "next": [{"robot": "left", "to": {"s0": 0.4, "s1": 0.6}}, {"to": "s3"}],
        },
        "s3": {"power": {"bob": 1}, "humans": {"ann": ["go", "wait"]}, "next": [
            {"ann": "go", "to": {"s0": 0.5, "s3": 0.5}}, {"to": "s3"}]},
    },
}  # fmt: skip
"""Chance, two people, weights, beliefs, habits, power, a goal that pays again and again."""

HASTY: dict[str, Any] = {
    **RICH,
    "name": "hasty",
    "theory": {**RICH["theory"], "gamma_h": 0.6, "gamma_r": 0.6},
}
"""Where little counts but the next steps, a decisive robot turns back and forth."""
