"""Well over a hundred bad files: each is refused in words that name the trouble, and quickly."""

from __future__ import annotations

import random
import re
import resource
import subprocess
import sys
import time

import pytest

from empo.core.errors import InputError
from empo.worlds import check, load, shipped
from tests.worlds.malformed import CASES
from tests.worlds.malformed.games import GOOD
from tests.worlds.malformed.maps import BUSH, GRID

SECONDS = 5.0
BYTES = 2**30


@pytest.mark.parametrize("name", CASES)
def test_refused_in_words_that_name_the_trouble(tmp_path, name):
    content, words = CASES[name]
    path = tmp_path / "world.yaml"
    path.write_bytes(content)
    begin = time.process_time()
    report = check(path)
    assert time.process_time() - begin < SECONDS
    assert any(words in line for line in report.errors), report.errors
    assert report.world is None
    assert all(line.startswith(str(path)) for line in report.errors)
    assert all("\n" not in line and len(line) < 1000 for line in report.errors)
    assert len(report.errors) <= 51


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("game", "grid"))])
def test_loading_raises_the_errors_that_check_lists(tmp_path, name):
    path = tmp_path / "world.yaml"
    path.write_bytes(CASES[name][0])
    with pytest.raises(InputError) as error:
        load(path)
    assert error.value.problems == check(path).errors


def test_the_files_they_were_made_from_are_good(tmp_path):
    for number, text in enumerate((GOOD, GRID, BUSH)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        assert check(path).errors == ()


def test_there_are_over_a_hundred_different_ones():
    assert len({content for content, _ in CASES.values()}) == len(CASES) > 150


def test_mangled_files_are_read_or_refused_and_nothing_else(tmp_path):
    random.seed(3)
    originals = [GOOD, GRID, BUSH, *(path.read_text() for path in shipped().values())]
    words = ["{}", "[]", "null", "-1", ".inf", "'*'", "robot", "[[1]]", "*a", "&a", "1e308", "text"]
    n_read = 0
    for _ in range(400):
        text = random.choice(originals)
        for _ in range(random.randint(1, 3)):
            found = list(re.finditer(r"[\w.*']+|\{[^{}]*\}|\[[^\[\]]*\]", text))
            place = random.choice(found)
            text = text[: place.start()] + random.choice(words) + text[place.end() :]
        path = tmp_path / "world.yaml"
        path.write_text(text)
        n_read += check(path).world is not None
    assert 0 < n_read < 400


@pytest.mark.slow
def test_none_takes_more_than_a_gigabyte_beyond_start_up(tmp_path):
    for number, (content, _) in enumerate(CASES.values()):
        (tmp_path / f"{number}.yaml").write_bytes(content)
    done = subprocess.run(
        [sys.executable, __file__, *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(CASES)


def refuse_within_limits(paths: list[str]) -> int:
    """Check files in this process, which gets `BYTES` more than it has now."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    limit = pages * resource.getpagesize() + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return sum(bool(check(path).errors) for path in paths)


if __name__ == "__main__":
    print(refuse_within_limits(sys.argv[1:]))
