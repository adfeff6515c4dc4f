"""The command line as a whole: help, version, exit codes, quick start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from empo.cli import COMMANDS


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "empo.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command_in_80_columns(empo_main, arguments):
    done = empo_main(*arguments)
    assert (done.code, done.err) == (0, "")
    assert all(f"  {name} " in done.out for name in COMMANDS)
    assert max(map(len, done.out.splitlines())) <= 96


def test_version(empo_main):
    done = empo_main("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("empo 0.")


@pytest.mark.parametrize(("word", "hint"), [("slove", "'solve'"), ("xyz", "wanted one of solve")])
def test_an_unknown_command_is_one_line(empo_main, word, hint):
    done = empo_main(word)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert hint in done.err


@pytest.mark.parametrize("name", ["solve", "check", "worlds", "view"])
def test_help_of_a_command_teaches(empo_main, name):
    done = empo_main(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"\n  empo {name}" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_help_needs_nothing_heavy():
    heavy = "{'jax', 'numpy', 'tyro', 'rich', 'matplotlib', 'yaml'}"
    code = f"""
import sys
from empo.cli import main
assert main(["--help"]) == main(["--version"]) == 0
assert main(["nonsense"]) == 2
sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("Error")) == (0, 0), done.stderr


def test_no_reader_of_the_output_is_no_drama():
    done = subprocess.run(
        f"{sys.executable} -m empo.cli --help | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_a_full_disk_behind_the_output_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "empo.cli", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "empo: cannot write the output: No space left on device\n"


HEEDING = """\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import empo.cli.__main__
"""
"""The command, also where what runs in the background is told not to heed interrupts."""


def test_an_interrupt_ends_the_work_quietly(tmp_path):
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDING, "solve", "key-door", "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if out.exists():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert said.endswith("empo: interrupted\n")
    assert list(out.iterdir()) == []
