"""Running the command line inside the tests' own process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from empo.cli import main
from tests.runs.games import ferry


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def empo_main(capsys, monkeypatch, tmp_path):
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments) -> Done:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture
def ferry_file(tmp_path) -> Path:
    path = tmp_path / "ferry.yaml"
    path.write_text(yaml.safe_dump(ferry(), sort_keys=False))
    return path


@pytest.fixture
def undrawn(monkeypatch):
    """Solve without pictures, which take long."""
    monkeypatch.setattr("empo.cli.solve._draw", lambda folder, _: folder / "report.html")
