"""Arrays on disk: a safetensors file and a JSON manifest with its checksum.

Files appear under their names only when complete: each is written under a temporary name, flushed
to the disk and then moved, the manifest last. Nothing read is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from empo.core.errors import InputError


def write_arrays(
    folder: Path, name: str, arrays: Mapping[str, np.ndarray], manifest: Mapping[str, Any]
) -> None:
    """Write folder/name.safetensors and folder/name.json.

    Raises `InputError` if the disk refuses; what stood there before is intact then.
    """
    tensors = folder / f"{name}.safetensors"
    ordered = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    write_file(tensors, lambda path: save_file(ordered, path))
    record = {**manifest, "sha256": _checksum(tensors)}
    write_text(folder / f"{name}.json", json.dumps(record, indent=1, allow_nan=False))


def read_arrays(folder: Path, name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the manifest. Raises `InputError` if either is missing or damaged."""
    manifest_path, tensors = folder / f"{name}.json", folder / f"{name}.safetensors"
    manifest = read_json(manifest_path)
    if not isinstance(wanted := manifest.get("sha256"), str):
        raise InputError(f"{manifest_path}: holds no checksum (sha256)")
    try:
        found = _checksum(tensors)
        if found != wanted:
            raise InputError(
                f"{tensors}: is damaged: its checksum is {found[:12]}..., "
                f"the manifest says {wanted[:12]}..."
            )
        return load_file(tensors), manifest
    except OSError as error:
        raise InputError(f"{tensors}: cannot be read: {error.strerror}") from error
    except SafetensorError as error:
        raise InputError(f"{tensors}: is damaged: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises `InputError` if there is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is damaged: {error}") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}: holds a {type(record).__name__}, an object is wanted")
    return record


def write_text(path: Path, text: str) -> None:
    """Write a text file so that it is either complete or as it was."""
    write_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file that then takes the name `path`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be written: {reason}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
