"""Arrays on disk: a safetensors file and a JSON manifest.

Files appear under their names only when complete: each is written under a temporary name, flushed
to the disk and then moved, the manifest last. The manifest holds checksums of the arrays and of
itself. Nothing read is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from empo.core.errors import InputError

_TENSORS_SUM = "sha256"
_OWN_SUM = "sha256_of_the_rest"


def write_arrays(
    folder: Path, name: str, arrays: Mapping[str, np.ndarray], manifest: Mapping[str, Any]
) -> None:
    """Write folder/name.safetensors and folder/name.json.

    Raises `InputError` if the disk refuses; what stood there before is intact then.
    """
    ordered = {key: np.asarray(array, order="C") for key, array in arrays.items()}
    record = dict(manifest)

    def write_tensors(path: Path) -> None:
        path.touch()
        readers = path.stat().st_mode
        save_file(ordered, path)
        path.chmod(readers)  # safetensors leaves its files to their owner alone
        record[_TENSORS_SUM] = _checksum(path)

    def write_record(path: Path) -> None:
        record[_OWN_SUM] = _own_checksum(record)
        path.write_text(json.dumps(record, indent=1, allow_nan=False), encoding="utf-8")

    _write_together(
        {folder / f"{name}.safetensors": write_tensors, folder / f"{name}.json": write_record}
    )


def read_arrays(folder: Path, name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the manifest. Raises `InputError` if either is missing or damaged."""
    manifest_path, tensors = folder / f"{name}.json", folder / f"{name}.safetensors"
    manifest = read_json(manifest_path)
    for key in (_TENSORS_SUM, _OWN_SUM):
        if not isinstance(manifest.get(key), str):
            raise InputError(f"{manifest_path}: holds no checksum ({key})")
    _compare(manifest_path, _own_checksum(manifest), manifest.pop(_OWN_SUM))
    try:
        _compare(tensors, _checksum(tensors), manifest[_TENSORS_SUM])
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
    _write_together({path: write})


def _write_together(writers: Mapping[Path, Callable[[Path], object]]) -> None:
    """Fill a temporary file for each path in turn; only when all are complete, rename them."""
    temporaries = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in writers}
    path = next(iter(writers))
    try:
        for path, write in writers.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write(temporaries[path])
            with temporaries[path].open("rb") as file:
                os.fsync(file.fileno())
        for path, temporary in temporaries.items():
            temporary.replace(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be written: {reason}") from error
    finally:
        for temporary in temporaries.values():
            with suppress(OSError):
                temporary.unlink()


def _compare(path: Path, found: str, wanted: str) -> None:
    if found != wanted:
        raise InputError(
            f"{path}: is damaged: its checksum is {found[:12]}..., "
            f"the manifest says {wanted[:12]}..."
        )


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_checksum(record: Mapping[str, Any]) -> str:
    """Of all that a manifest says, whatever the white space between."""
    rest = {key: value for key, value in record.items() if key != _OWN_SUM}
    return hashlib.sha256(json.dumps(rest).encode()).hexdigest()
