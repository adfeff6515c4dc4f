"""What an agent may do: nonsense is refused."""

from __future__ import annotations

import pytest

from empo.core.errors import InputError
from empo.core.spaces import Box, Discrete


def test_spaces_are_values():
    assert Discrete(2) == Discrete(2)
    assert hash(Box((-1.0,), (1.0,))) == hash(Box((-1.0,), (1.0,)))


def test_bounds_may_be_infinite():
    assert Box((-float("inf"), 0.0), (float("inf"), 1.0)).high[1] == 1.0


def test_no_action_at_all_is_refused():
    with pytest.raises(InputError, match=r"^action space: found 0 actions \(wanted at least 1\)$"):
        Discrete(0)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ((), ()),
        ((0.0, 0.0), (1.0,)),
        ((1.0,), (1.0,)),
        ((1.0,), (-1.0,)),
        ((float("nan"),), (1.0,)),
    ],
)
def test_bounds_that_leave_no_room_are_refused(low, high):
    with pytest.raises(InputError, match=r"^action space: found bounds "):
        Box(low, high)
