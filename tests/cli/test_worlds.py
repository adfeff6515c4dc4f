"""`empo worlds`."""

from __future__ import annotations

import json

from empo.worlds import check, load, shipped


def test_a_line_for_each_in_80_columns(empo_main):
    done = empo_main("worlds")
    assert (done.code, done.err) == (0, "")
    heading, *lines = done.out.splitlines()
    assert heading.split()[:3] == ["name", "kind", "states"]
    assert [line.split()[0] for line in lines] == list(shipped())
    assert max(map(len, lines)) <= 80


def test_games_are_counted_and_grids_bounded(empo_main):
    rows = {line.split()[0]: line.split() for line in empo_main("worlds").out.splitlines()}
    assert rows["commitment"][1:3] == ["game", "9"]
    assert rows["key-door"][1] == "grid"
    assert rows["key-door"][2].startswith("<")
    assert rows["bush-3x3"][1] == "bushworld"


def test_json_has_the_whole_story(empo_main):
    done = empo_main("worlds", "--json")
    found = json.loads(done.out)
    assert found.keys() == shipped().keys()
    assert found["commitment"]["most_states"] == 9
    for name, record in found.items():
        world = load(record["file"])
        assert world.description == record["description"] != ""
        assert list(world.humans) == record["humans"]
        assert check(record["file"]).errors == (), name


def test_arguments_are_refused(empo_main):
    assert empo_main("worlds", "key-door").code == 2
