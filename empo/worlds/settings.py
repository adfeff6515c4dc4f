"""The `theory:` section that every kind of world file may have: its keys and the types of values.

Ranges are not checked here but where the theory is put together, which stands beside the worlds
and knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from empo.worlds.document import Problems, describe

NUMBERS = ("gamma_h", "gamma_r", "beta_h", "nu_h", "beta_r", "zeta", "xi", "eta", "x_h_floor")
AGGREGATIONS = ("goal_aggregation", "human_aggregation")
THEORY_KEYS = (*NUMBERS, *AGGREGATIONS, "horizon")


def theory_settings(problems: Problems, data: Mapping[str, Any]) -> dict[str, Any]:
    """The section `theory` of a world file; adds what is wrong with it to the problems."""
    if data.get("theory") is None:
        return {}
    found = problems.mapping(("theory",), data["theory"], "setting: value")
    problems.keys(("theory",), found, THEORY_KEYS)
    settings: dict[str, Any] = {}
    for key in [key for key in found if key in THEORY_KEYS]:
        where, value = ("theory", key), found[key]
        if key in NUMBERS:
            settings[key] = problems.number(where, value)
        elif key == "horizon":
            settings[key] = value if value is None else problems.whole(where, value, 1)
        elif value in ("sum", "mean"):
            settings[key] = value
        else:
            problems.add(where, f"found {describe(value)}", "wanted sum or mean")
    return settings
