"""Compiled programs are kept between runs, in the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import jax


def keep_compiled_programs() -> None:
    """Let JAX keep its compiled programs on disk, unless it has been told where already.

    The folder is $XDG_CACHE_HOME/empo, by default ~/.cache/empo. Setting the environment variable
    JAX_ENABLE_COMPILATION_CACHE=false turns this off.
    """
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "empo"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a home that cannot be written to costs time, not results
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
