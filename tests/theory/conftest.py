"""The equations are tested in 64 bits, as the solver uses them."""

from __future__ import annotations

import jax
import pytest


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield
