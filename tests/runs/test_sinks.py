"""metrics.jsonl and event files: what is written, that resuming changes nothing, full disks."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from empo.core.errors import InputError
from empo.runs.sinks import MetricsFile, Sinks, plain


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def events(folder: Path) -> list[Event]:
    """All events of a folder, read by the format: length, its checksum, data, its checksum."""
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            (size,) = struct.unpack("<Q", data[:8])
            found.append(Event.FromString(data[12 : 12 + size]))
            data = data[16 + size :]
    return found


def scalars(folder: Path) -> list[tuple[int, str, float]]:
    return [(e.step, v.tag, v.simple_value) for e in events(folder) for v in e.summary.value]


def train(sinks: Sinks, steps: range) -> None:
    for step in steps:
        sinks.write(step, 0, "train", {"entropy": np.float32(1 / step)})
        sinks.write(step, 0, "evaluate", {"return_mean": 2.0 * step, "returns": np.arange(2)})


def test_rows_and_scalars_are_what_was_written(tmp_path):
    with Sinks(tmp_path) as sinks:
        sinks.write(64, 0, "train", {"entropy": jnp.float32(0.5), "episodes": jnp.int32(3)})
        sinks.write(64, 0, "evaluate", {"return_mean": 1.5, "returns": [1, 2.0]})
    assert rows(tmp_path) == [
        {"step": 64, "seed": 0, "kind": "train", "entropy": 0.5, "episodes": 3},
        {"step": 64, "seed": 0, "kind": "evaluate", "return_mean": 1.5, "returns": [1, 2.0]},
    ]
    assert scalars(tmp_path) == [
        (64, "train/entropy", 0.5),
        (64, "train/episodes", 3.0),
        (64, "evaluate/return_mean", 1.5),
    ]


def test_seeds_have_event_files_of_their_own_and_the_metrics_in_common(tmp_path):
    with Sinks(tmp_path) as sinks:
        for seed in (4, 5, 4):
            sinks.write(1, seed, "train", {"kl": seed / 8})
    assert [row["seed"] for row in rows(tmp_path)] == [4, 5, 4]
    assert scalars(tmp_path) == 2 * [(1, "train/kl", 0.5)]
    assert scalars(tmp_path / "seed-5") == [(1, "train/kl", 0.625)]


def test_a_resumed_file_has_the_bytes_of_one_never_interrupted(tmp_path):
    with Sinks(tmp_path / "whole") as sinks:
        train(sinks, range(1, 10))
    with Sinks(tmp_path / "cut") as sinks:
        train(sinks, range(1, 5))
        position = sinks.position()
        train(sinks, range(5, 7))  # after the checkpoint, and lost
    with (tmp_path / "cut" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 7, "se')  # the crash
    with Sinks(tmp_path / "cut", position=position, purge_step=5) as sinks:
        train(sinks, range(5, 10))
    whole, cut = (tmp_path / name / "metrics.jsonl" for name in ("whole", "cut"))
    assert whole.read_bytes() == cut.read_bytes()


def test_resuming_purges_later_events_of_earlier_files(tmp_path):
    with Sinks(tmp_path) as sinks:
        train(sinks, range(1, 7))
        position = sinks.position()
    with Sinks(tmp_path, position=position, purge_step=5) as sinks:
        train(sinks, range(5, 7))
    assert len(list(tmp_path.glob("events.out*"))) == 2
    starts = [e.step for e in events(tmp_path) if e.session_log.status == SessionLog.START]
    assert starts == [5]
    # TensorBoard drops what came before the start and has its step or a later one.
    assert [step for step, tag, _ in scalars(tmp_path) if tag == "train/entropy"][-2:] == [5, 6]


def test_a_new_run_leaves_nothing_of_an_earlier_one(tmp_path):
    for seeds in ((0, 1), (2,)):
        with Sinks(tmp_path) as sinks:
            for seed in seeds:
                sinks.write(1, seed, "train", {"kl": 1.0})
    assert [row["seed"] for row in rows(tmp_path)] == [2]
    assert scalars(tmp_path) == [(1, "train/kl", 1.0)]
    assert scalars(tmp_path / "seed-1") == []


def test_what_is_not_finite_is_null_and_no_scalar(tmp_path):
    with Sinks(tmp_path) as sinks:
        sinks.write(1, 0, "train", {"kl": float("nan"), "loss": np.float32(-np.inf)})
    assert rows(tmp_path) == [{"step": 1, "seed": 0, "kind": "train", "kl": None, "loss": None}]
    assert scalars(tmp_path) == []


def test_numbers_of_32_bits_need_few_digits_and_survive():
    assert plain(np.float32(0.1)) == 0.1
    assert plain(jnp.float32(1e-7)) == 1e-7
    for number in np.random.default_rng(0).normal(size=200).astype(np.float32):
        assert np.float32(plain(number)) == number


@pytest.mark.parametrize(("value", "wanted"), [(True, 1), (np.int64(3), 3), (0.1, 0.1), ([], [])])
def test_numbers_become_plain(value, wanted):
    assert plain(value) == wanted


@pytest.mark.parametrize("value", ["0.3", None, 1j, {"a": 1}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InputError, match="wanted a number"):
        plain(value)


def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.symlink_to("/dev/full")
    file = MetricsFile(path)
    file.write({"step": 1})
    with pytest.raises(InputError, match=r"metrics.jsonl: cannot be written: No space left"):
        file.close()


def test_a_full_disk_is_told_of_events_too(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("/dev/null")
    with Sinks(tmp_path) as sinks, open("/dev/full", "wb", buffering=0) as full:
        sinks.write(1, 0, "train", {"kl": 1.0})
        writer = sinks._events[0]._file._py_recordio_writer
        disk, writer._writer = writer._writer, full
        with pytest.raises(InputError, match=r"events cannot be written: No space left"):
            sinks.write(2, 0, "train", {"kl": 1.0})
        writer._writer = disk


def test_a_file_that_is_too_short_for_its_checkpoint_is_refused(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("{}\n")
    with pytest.raises(InputError, match="has 3 bytes, the checkpoint was written after 10"):
        MetricsFile(path, 10)


def test_a_missing_file_cannot_be_resumed(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        MetricsFile(tmp_path / "metrics.jsonl", 10)
