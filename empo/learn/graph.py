"""Who depends on whom: the cycle Q_r -> pi_r -> V_h^e -> X_h -> U_r -> V_r -> Q_r, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

READS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "q_h_m": ("q_h_m",),
        "v_h_e": ("q_h_m", "q_r", "v_h_e"),
        "x_h": ("v_h_e",),
        "u_r": ("x_h",),
        "q_r": ("q_h_m", "v_r"),
        "v_r": ("u_r", "q_r"),
    }
)
"""The quantities that each one's target is computed from.

pi_r is no quantity of its own: it is read off Q_r by equation (5), and pi_h off Q_h^m by (2).
"""


def sources(quantity: str, learned: tuple[str, ...]) -> tuple[str, ...]:
    """The learned quantities that a target reads, those computed directly being seen through."""
    found: list[str] = []
    waiting = list(READS[quantity])
    while waiting:
        name = waiting.pop(0)
        if name in learned:
            found.append(name)
        elif name != quantity:
            waiting += [other for other in READS[name] if other not in found]
    return tuple(dict.fromkeys(found))
