"""Where compiled programs are kept; in processes of their own, as the setting is for good."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KEEP = """
import jax, jax.numpy as jnp
from empo.core.cache import keep_compiled_programs
if {first!r}:
    jax.config.update("jax_compilation_cache_dir", {first!r})
keep_compiled_programs()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
print(jax.config.values["jax_compilation_cache_dir"])
jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((3, 3))).block_until_ready()
"""


def keep(first: str = "", **environment: object) -> str:
    """The folder chosen by a new process that then compiles a program."""
    known = {"PATH": os.environ["PATH"], "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", KEEP.format(first=first)],
        env=known | {key: str(value) for key, value in environment.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def n_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_programs_are_kept_in_the_users_cache_folder(tmp_path):
    assert keep(HOME=tmp_path / "home", XDG_CACHE_HOME=tmp_path / "x") == str(tmp_path / "x/empo")
    assert n_files(tmp_path / "x" / "empo") > 0
    assert keep(HOME=tmp_path / "home") == str(tmp_path / "home/.cache/empo")
    assert n_files(tmp_path / "home" / ".cache" / "empo") > 0


def test_a_folder_set_before_stays(tmp_path):
    mine = str(tmp_path / "mine")
    assert keep(mine, HOME=tmp_path) == mine
    assert keep(HOME=tmp_path, JAX_COMPILATION_CACHE_DIR=mine) == mine
    assert not (tmp_path / ".cache").exists()


def test_a_home_that_cannot_be_written_to_does_no_harm(tmp_path):
    (tmp_path / "file").write_text("")
    assert keep(HOME=tmp_path / "file") == "None"


def test_it_can_be_turned_off(tmp_path):
    keep(HOME=tmp_path, JAX_ENABLE_COMPILATION_CACHE="false")
    assert n_files(tmp_path) == 0
