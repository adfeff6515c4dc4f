"""Arrays on disk: complete or not at all, and never read wrongly."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from empo.core import store
from empo.core.errors import InputError
from empo.core.store import read_arrays, read_json, write_arrays, write_file, write_text

ARRAYS = {
    "a": np.arange(60, dtype=np.float64).reshape(3, 4, 5) / 7,
    "b/flags": np.array([True, False, True]),
    "b/codes": np.array([2**62, -1, 0], np.int64),
    "empty": np.zeros((0, 3)),
    "number": np.array(2.5),
}
MANIFEST = {"format": 1, "world": "näme", "theory": {"gamma_r": 0.1, "beta_r": "inf"}, "none": None}


@pytest.fixture
def saved(tmp_path) -> Path:
    write_arrays(tmp_path, "values", ARRAYS, MANIFEST)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def same(found: dict[str, np.ndarray]) -> None:
    assert found.keys() == ARRAYS.keys()
    for key, array in ARRAYS.items():
        assert found[key].dtype == array.dtype
        assert found[key].shape == array.shape
        np.testing.assert_array_equal(found[key], array)


def test_what_is_written_can_be_read(saved):
    assert contents(saved).keys() == {"values.safetensors", "values.json"}
    arrays, manifest = read_arrays(saved, "values")
    same(arrays)
    assert {key: manifest[key] for key in MANIFEST} == MANIFEST


def test_arrays_of_any_layout_keep_their_values(tmp_path):
    grid = np.arange(12.0).reshape(3, 4)
    views = {"transposed": grid.T, "strided": grid[::2, ::-1], "fortran": np.asfortranarray(grid)}
    write_arrays(tmp_path, "x", views, {})
    for key, array in read_arrays(tmp_path, "x")[0].items():
        np.testing.assert_array_equal(array, views[key])


def test_folders_are_made_on_the_way(tmp_path):
    write_arrays(tmp_path / "new" / "deep", "x", ARRAYS, {})
    same(read_arrays(tmp_path / "new" / "deep", "x")[0])


@pytest.mark.parametrize("name", ["values.safetensors", "values.json"])
def test_no_byte_can_change_unnoticed(saved, name):
    path = saved / name
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    places = rng.choice(len(whole), min(200, len(whole)), replace=False).tolist()
    changes = [(place, int(bit)) for place in places for bit in (1 << rng.integers(0, 8), 0xFF)]
    noticed = 0
    for place, bits in changes:
        damaged = bytearray(whole)
        damaged[place] ^= bits
        path.write_bytes(bytes(damaged))
        try:
            arrays, manifest = read_arrays(saved, "values")
        except InputError:
            noticed += 1
            continue
        # Only white space between the manifest's entries may be another one.
        assert name == "values.json"
        assert chr(whole[place]).isspace()
        same(arrays)
        assert {key: manifest[key] for key in MANIFEST} == MANIFEST
    assert noticed >= (len(changes) if name == "values.safetensors" else 0.9 * len(changes))


@pytest.mark.parametrize("name", ["values.safetensors", "values.json"])
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 40, -1])
def test_a_file_cut_short_is_noticed(saved, name, kept):
    path = saved / name
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="is damaged"):
        read_arrays(saved, "values")


def test_a_file_with_more_at_its_end_is_noticed(saved):
    for name in ("values.safetensors", "values.json"):
        path = saved / name
        whole = path.read_bytes()
        path.write_bytes(whole + b"x")
        with pytest.raises(InputError, match=r"is damaged"):
            read_arrays(saved, "values")
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["values.safetensors", "values.json"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: cannot be read: No such file"):
        read_arrays(saved, "values")


@pytest.mark.parametrize("name", ["values.safetensors", "values.json"])
def test_files_of_two_savings_do_not_go_together(saved, tmp_path, name):
    other = tmp_path / "other"
    write_arrays(other, "values", ARRAYS | {"number": np.array(2.25)}, MANIFEST)
    (saved / name).write_bytes((other / name).read_bytes())
    with pytest.raises(InputError, match="checksum"):
        read_arrays(saved, "values")


@pytest.mark.parametrize("key", ["sha256", "sha256_of_the_rest"])
def test_a_manifest_without_a_checksum_is_refused(saved, key):
    path = saved / "values.json"
    record = json.loads(path.read_text())
    for value in (record.pop(key) and None, 7):
        path.write_text(json.dumps(record | {key: value}))
        with pytest.raises(InputError, match="holds no checksum"):
            read_arrays(saved, "values")


def forge(folder: Path, tensors: bytes) -> None:
    """Files whose checksums are right whatever the tensors are."""
    (folder / "values.safetensors").write_bytes(tensors)
    record = {"sha256": store._checksum(folder / "values.safetensors")}
    record["sha256_of_the_rest"] = store._own_checksum(record)
    (folder / "values.json").write_text(json.dumps(record))


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_nothing_read_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    forge(tmp_path, pickle.dumps(Bomb()))
    with pytest.raises(InputError, match="is damaged"):
        read_arrays(tmp_path, "values")
    np.save(tmp_path / "x.npy", np.array([Bomb()], object), allow_pickle=True)
    forge(tmp_path, (tmp_path / "x.npy").read_bytes())
    with pytest.raises(InputError, match="is damaged"):
        read_arrays(tmp_path, "values")
    assert not Path("exploded").exists()


@pytest.mark.parametrize(
    "tensors",
    [
        b"",
        b"\xff" * 8,
        (2**40).to_bytes(8, "little") + b"{}",
        b"\x02" + b"\0" * 7 + b"[]",
        json.dumps({"a": {"dtype": "F64", "shape": [2**50], "data_offsets": [0, 8]}}).encode(),
    ],
)
def test_tensors_that_are_none_are_refused(tmp_path, tensors):
    forge(tmp_path, tensors)
    with pytest.raises(InputError, match=r"values.safetensors: is damaged"):
        read_arrays(tmp_path, "values")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is damaged"),
        (b"[1, 2]", "holds a list, an object is wanted"),
        (b"7", "holds a int, an object is wanted"),
        (b"\xff{}", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is damaged"),
    ],
)
def test_what_is_no_json_object_is_refused(tmp_path, text, words):
    (tmp_path / "x.json").write_bytes(text)
    with pytest.raises(InputError, match=words):
        read_json(tmp_path / "x.json")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_json(tmp_path)


def fail_half_way(path: Path) -> None:
    path.write_bytes(b"half of")
    raise OSError(28, "No space left on device")


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "the old one")
    with pytest.raises(InputError, match=r"page.html: cannot be written: No space left on device"):
        write_file(path, fail_half_way)
    assert contents(tmp_path) == {"page.html": b"the old one"}


def test_any_other_failure_leaves_the_old_file_too(tmp_path):
    write_text(tmp_path / "page.html", "the old one")
    with pytest.raises(ZeroDivisionError):
        write_file(tmp_path / "page.html", lambda path: path.write_text("new") and 1 / 0)
    assert contents(tmp_path) == {"page.html": b"the old one"}


def test_a_manifest_that_cannot_be_written_leaves_old_arrays_and_manifest_together(
    saved, monkeypatch
):
    before = contents(saved)
    new = {key: array + 1 for key, array in ARRAYS.items() if key != "b/flags"}
    for wrong in ({"x": float("nan")}, {"x": object()}):
        with pytest.raises((ValueError, TypeError)):
            write_arrays(saved, "values", new, wrong)
        assert contents(saved) == before
    monkeypatch.setattr(Path, "write_text", lambda path, *_, **__: fail_half_way(path))
    with pytest.raises(InputError, match=r"values.json: cannot be written: No space left"):
        write_arrays(saved, "values", new, MANIFEST)
    assert contents(saved) == before


@pytest.mark.parametrize("place", ["file/below", "x" * 300, "/proc/empo-cannot-be-here"])
def test_where_nothing_can_be_written(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_arrays(tmp_path / place, "values", ARRAYS, MANIFEST)
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / place / "x.txt", "text")


def test_a_folder_of_that_name_is_not_replaced(tmp_path):
    (tmp_path / "values.json").mkdir()
    with pytest.raises(InputError, match=r"values.json: cannot be written: Is a directory"):
        write_text(tmp_path / "values.json", "text")
    assert contents_of_folders(tmp_path) == ["values.json"]


def contents_of_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


SMALL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from empo.core.store import write_arrays
from empo.core.errors import InputError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    write_arrays(Path(sys.argv[1]), "values", {"a": np.zeros(50)}, {"text": "x" * 3000})
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize(("limit", "name"), [(300, "values.safetensors"), (2000, "values.json")])
def test_a_disk_too_small_for_either_file_leaves_both_as_they_were(saved, limit, name):
    before = contents(saved)
    command = [sys.executable, "-c", SMALL_DISK, str(saved), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{name}: cannot be written" in done.stdout
    assert contents(saved) == before


def test_a_full_device_is_told(tmp_path):
    with pytest.raises(InputError, match=r"x.txt: cannot be written: No space left on device"):
        write_file(tmp_path / "x.txt", lambda _: write_to_full_device())
    assert contents(tmp_path) == {}


def write_to_full_device() -> None:
    with open("/dev/full", "w") as file:
        file.write("x")
