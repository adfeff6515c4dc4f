"""Tasks by name."""

from __future__ import annotations

import pytest

from empo.core.errors import InputError
from empo.tasks.registry import device_task, names


def test_every_task_is_found_by_its_own_name():
    assert all(device_task(name).name == name for name in names())
    assert {"cartpole", "pendulum", "acrobot", "mountain-car", "probe-both", "cut-chain"} <= {
        *names()
    }


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"^task: found 'cartpol' \(did you mean cartpole\?\)$"):
        device_task("cartpol")


def test_an_unknown_name_is_answered_with_all():
    with pytest.raises(InputError, match=r"^task: found 'xyzzy' \(there are cartpole, pendulum, "):
        device_task("xyzzy")
