"""Checkpoints: a pytree of arrays as safetensors, and JSON that says what it is.

What is read back must have the very tensors, shapes and types of the pytree that is wanted;
anything else is an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from empo.core.errors import InputError
from empo.core.keys import is_key, plain
from empo.core.store import read_arrays, write_arrays
from empo.tasks.trainer import tensor_name

KEPT = 3
"""The last checkpoints that are kept; older ones go when a new one is complete."""

_NAME = re.compile(r"step-(\d{12})\.json")


def save(folder: Path, n_steps: int, tree: Any, manifest: Mapping[str, Any]) -> None:
    """Write a checkpoint after `n_steps`, then remove those that are too old.

    Raises `InputError` if the disk refuses; earlier checkpoints are intact then.
    """
    write_tree(folder, _stem(n_steps), tree, manifest)
    for old in saved_steps(folder)[:-KEPT]:
        # The manifest goes first: tensors without one are no checkpoint.
        (folder / f"{_stem(old)}.json").unlink(missing_ok=True)
        (folder / f"{_stem(old)}.safetensors").unlink(missing_ok=True)


def load_last(
    folder: Path, like_of: Callable[[Mapping[str, Any]], Any]
) -> tuple[Any, dict[str, Any]]:
    """The newest checkpoint and its manifest, by which `like_of` says what pytree it must be.

    Raises `InputError` if there is none or it is damaged; an older one is never taken silently.
    """
    steps = saved_steps(folder)
    if not steps:
        raise InputError(f"{folder}: holds no checkpoint")
    try:
        return _read(folder, _stem(steps[-1]), like_of)
    except InputError as error:
        if len(steps) == 1:
            raise
        older = f"{folder / _stem(steps[-2])}.json"
        raise InputError(
            f"{error} (an older checkpoint stands in {older}; "
            f"remove {_stem(steps[-1])}.json to go on from there)"
        ) from error


def saved_steps(folder: Path) -> list[int]:
    """Of all checkpoints there, after how many steps they were made, in order."""
    names = (_NAME.fullmatch(path.name) for path in folder.glob("step-*.json"))
    return sorted(int(match[1]) for match in names if match)


def write_tree(folder: Path, name: str, tree: Any, manifest: Mapping[str, Any]) -> None:
    """Write a pytree of arrays; random keys are saved as the numbers that they are."""
    leaves = {tensor_name(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}
    arrays = {key: np.asarray(plain(leaf)) for key, leaf in leaves.items()}
    write_arrays(folder, name, arrays, manifest)


def read_tree(folder: Path, name: str, like: Any) -> tuple[Any, dict[str, Any]]:
    """A pytree with the structure, shapes and types of `like`, and its manifest."""
    return _read(folder, name, lambda _: like)


def _read(
    folder: Path, name: str, like_of: Callable[[Mapping[str, Any]], Any]
) -> tuple[Any, dict[str, Any]]:
    arrays, manifest = read_arrays(folder, name)
    like = like_of(manifest)
    places, structure = jax.tree_util.tree_flatten_with_path(like)
    wanted = {tensor_name(path): leaf for path, leaf in places}
    problems = [f"tensor {key!r} is missing" for key in wanted if key not in arrays]
    problems += [f"tensor {key!r} is not wanted" for key in arrays if key not in wanted]
    for key in wanted.keys() & arrays.keys():
        found, right = _kind(arrays[key]), _kind(plain(wanted[key]))
        if found != right:
            problems.append(f"tensor {key!r} is {found} (wanted {right})")
    if problems:
        raise InputError([f"{folder / name}.safetensors: {problem}" for problem in problems])
    leaves = [_as(arrays[key], leaf) for key, leaf in wanted.items()]
    return jax.tree_util.tree_unflatten(structure, leaves), manifest


def _stem(n_steps: int) -> str:
    return f"step-{n_steps:012d}"


def _as(array: np.ndarray, leaf: Any) -> Any:
    if is_key(leaf):
        return jax.random.wrap_key_data(jax.numpy.asarray(array))
    # The host's own numbers may be wider than the device takes.
    narrow = jax.dtypes.canonicalize_dtype(array.dtype) == array.dtype
    return jax.numpy.asarray(array) if narrow else array


def _kind(array: Any) -> str:
    return f"{np.dtype(array.dtype).name}{list(array.shape)}"
