"""The order of computation, and layers cut into chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.worlds.layering import acyclic_levels, by_outcomes, chunk_size, to_layer


def levels_of(*successors: list[int]) -> list[int] | None:
    """Levels from each state's successors under one joint action."""
    width = max(map(len, successors))
    rows = [[*own, *(own[:1] * (width - len(own)))] for own in successors]
    found = acyclic_levels(np.array(rows, np.int32)[:, None])
    return None if found is None else found.tolist()


def test_levels_by_hand():
    #  0 -> 1, 3;  1 -> 2;  2 and 3 stay for ever.
    assert levels_of([1, 3], [2], [2], [3]) == [2, 1, 0, 0]
    assert levels_of([0]) == [0]
    assert levels_of([1], [2], [3], [3]) == [3, 2, 1, 0]


@pytest.mark.parametrize(
    "successors",
    [
        ([1], [0]),
        ([0, 1], [1]),  # may stay, may go
        ([1], [2], [0]),
        ([1], [2, 3], [1], [3]),
        ([0], [0, 2], [1]),
    ],
)
def test_cycles_have_no_levels(successors):
    assert levels_of(*successors) is None


def test_every_joint_action_counts():
    # Action 0 leads on, action 1 stays: a cycle of length 1.
    assert acyclic_levels(np.array([[[1], [0]], [[1], [1]]], np.int32)) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(0, 10**6))
def test_a_level_is_one_more_than_the_highest_behind_it(n, seed):
    rng = np.random.default_rng(seed)
    number = rng.permutation(n)  # state -> its place in a hidden order; successors come later in it
    at = np.argsort(number)
    next_states = np.empty((n, 2, 2), np.int32)
    for s in range(n):
        stays = number[s] == n - 1 or rng.random() < 0.2
        next_states[s] = s if stays else at[rng.integers(number[s] + 1, n, (2, 2))]
    found = acyclic_levels(next_states)
    assert found is not None
    for s in range(n):
        behind = set(next_states[s].ravel().tolist()) - {s}
        assert found[s] == (1 + max(found[list(behind)]) if behind else 0)


def test_states_with_few_outcomes_come_first_and_keep_their_order():
    # States 0 and 3 have up to 2 outcomes, 1 and 4 one, 2 three.
    prob = np.zeros((5, 2, 3))
    prob[:, :, 0] = 1
    prob[0, 1, :2] = prob[3, 0, :2] = 0.5
    prob[2, 1] = 1 / 3
    assert by_outcomes(prob).tolist() == [1, 4, 0, 3, 2]


def random_tables(n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Where 2 joint actions lead; outcomes stand in front, as the search leaves them."""
    rng = np.random.default_rng(0)
    next_states = rng.integers(0, n, (n, 2, k)).astype(np.int32)
    prob = np.where(np.arange(k) <= rng.integers(0, k, (n, 2, 1)), rng.random((n, 2, k)), 0.0)
    return next_states, prob


@pytest.mark.parametrize("n", [1, 7, 8, 9, 24])
def test_a_layer_holds_all_rows_in_chunks_of_one_size(n):
    codes, (next_states, prob) = np.arange(n) * 3, random_tables(n, 4)
    layer = to_layer(codes, next_states, prob, 8)
    assert layer.n_states == n
    assert [len(chunk.codes) for chunk in layer.chunks] == [8] * -(-n // 8)
    padded = [*range(n), *[n - 1] * (-n % 8)]
    for i, chunk in enumerate(layer.chunks):
        rows = padded[8 * i : 8 * i + 8]
        kept = np.count_nonzero(prob[rows], axis=2).max()
        assert chunk.prob is not None
        assert chunk.prob.flags.c_contiguous
        assert chunk.next.flags.c_contiguous
        np.testing.assert_array_equal(chunk.codes, codes[rows])
        np.testing.assert_array_equal(chunk.next, np.moveaxis(next_states[rows, :, :kept], 0, 2))
        np.testing.assert_array_equal(chunk.prob, np.moveaxis(prob[rows, :, :kept], 0, 2))


def test_chunks_without_chance_need_no_probabilities():
    next_states, prob = random_tables(16, 3)
    prob[:8] = [1, 0, 0]
    layer = to_layer(np.arange(16), next_states, prob, 8)
    assert [chunk.prob is None for chunk in layer.chunks] == [True, False]
    assert layer.chunks[0].next.shape == (2, 1, 8)
    layer = to_layer(np.arange(16), next_states[..., :1], None, 8)
    assert [chunk.prob for chunk in layer.chunks] == [None, None]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 300_000), min_size=1, max_size=6))
def test_chunks_are_few_and_have_little_padding(sizes):
    size = chunk_size([np.empty(n, bool) for n in sizes])
    assert size & (size - 1) == 0
    assert 8 <= size <= 8192
    largest = max(sizes)
    assert size <= max(8, 2 * largest), "the largest layer is at least half full"
    assert largest <= 8 * size or size == 8192, "a few chunks, unless the layer is very large"
