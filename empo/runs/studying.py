"""Carrying a study out: each variant in a run folder of its own, so that it can be gone on with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.runs.measures import Finished, Measure, PerSeed, read_finished
from empo.runs.scaled import scaled_file
from empo.runs.setup import Job
from empo.runs.stats import Estimate, difference, over_seeds
from empo.runs.targets import world_of
from empo.runs.trained import job_of
from empo.runs.training import Progress, silent
from empo.runs.trials import check_free, train_once
from empo.runs.variants import LONG, Study, Variant
from empo.tasks.trainer import Diverged


@dataclass(frozen=True)
class Extent:
    """How much of a study is carried out."""

    targets: tuple[str, ...] = ()
    """What is trained on; those of the study if there are none."""
    seed: int = 0
    """The first seed."""
    n_seeds: int = 5
    """Independent runs of each variant, side by side."""
    steps: int | None = None
    """Environment steps of each seed; those of the study if not given."""


class Place(NamedTuple):
    """A variant's job and its folder."""

    variant: Variant
    target: str
    job: Job
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a variant."""

    variant: Variant
    target: str
    folder: Path
    run: Finished | None
    """None if it has diverged."""
    trouble: str = ""
    """How it has diverged."""


class Standing(NamedTuple):
    """A variant by one measure."""

    scores: PerSeed
    worst: float
    estimate: Estimate
    """Their interquartile mean."""
    beside_reference: Estimate | None
    """What it is more than that of the first variant of its group; None if that has diverged."""


def carry_out(
    study: Study,
    extent: Extent,
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress = silent,
) -> list[Outcome]:
    """Train what is not trained yet, variant by variant, and read the results.

    What was finished with the same job is left as it is, and what was interrupted goes on. Raises
    `InputError`, before anything is trained, if a folder holds a run of another job, unless it is
    to be overwritten.
    """
    places = plan(study, extent, out)
    _check(places, overwrite)
    outcomes = []
    for number, place in enumerate(places, 1):
        told = _naming(f"{number}/{len(places)}: {place.variant.label}, ", progress)
        trouble = _train(place, told)
        run = None if trouble else read_finished(place.job, place.folder)
        outcomes.append(Outcome(place.variant, place.target, place.folder, run, trouble))
    return outcomes


def plan(study: Study, extent: Extent, out: Path) -> list[Place]:
    """Every variant on every target. Raises `InputError` for settings that there are not."""
    places = []
    for target in extent.targets or study.targets:
        for variant in study.variants:
            job = job_of(
                _world_of_variant(variant, target, out),
                variant.algorithm,
                seed=extent.seed,
                n_seeds=extent.n_seeds,
                n_steps=study.steps.get(target, LONG) if extent.steps is None else extent.steps,
                settings=variant.settings,
            )
            folder = out / _spelled(target) / _spelled(variant.label)
            places.append(Place(variant, target, job, folder))
    return places


def _world_of_variant(variant: Variant, target: str, out: Path) -> str:
    if variant.times == 1:
        return target
    return scaled_file(world_of(target), variant.times, out / _spelled(target) / "worlds")


def standings(outcomes: Sequence[Outcome], measure: Measure) -> list[Standing | None]:
    """Where the variants on one target stand, each beside the first of its group."""
    scores = [None if one.run is None else measure.of(one.run) for one in outcomes]
    references = [scores[first] for first in firsts(outcomes)]
    return [
        None
        if own is None
        else Standing(
            own,
            measure.worst(own),
            over_seeds(own),
            None if first is None else difference(own, first),
        )
        for own, first in zip(scores, references, strict=True)
    ]


def firsts(outcomes: Sequence[Outcome]) -> list[int]:
    """For each outcome on one target, which is the first of its group."""
    groups = [outcome.variant.group for outcome in outcomes]
    return [groups.index(group) for group in groups]


def answer(measure: Measure, outcomes: Sequence[Outcome], found: Sequence[Standing | None]) -> str:
    """What a measure says on one target, in plain words."""
    said: dict[str, list[Variant]] = {
        "better": [],
        "worse": [],
        "not told apart": [],
        "diverged": [],
    }
    for number, (first, one) in enumerate(zip(firsts(outcomes), found, strict=True)):
        variant = outcomes[number].variant
        if one is None:
            said["diverged"].append(variant)
        elif first != number and one.beside_reference is not None:
            said[_verdict(measure, one.beside_reference)].append(variant)
    parts = [f"{what}: {_named(variants)}" for what, variants in said.items() if variants]
    return f"{measure.words[:1].upper()}{measure.words[1:]} – {'; '.join(parts)}."


def _named(variants: Sequence[Variant]) -> str:
    """Their names, each once, and in which of their groups."""
    groups: dict[str, list[str]] = {}
    for variant in variants:
        groups.setdefault(variant.name, []).append(variant.group)
    return ", ".join(
        name + (f" ({', '.join(filter(None, found))})" if any(found) else "")
        for name, found in groups.items()
    )


def _verdict(measure: Measure, more: Estimate) -> str:
    if not (more.low > 0 or more.high < 0):
        return "not told apart"
    return "better" if (more.high < 0) == (measure.better == "low") else "worse"


def by_target(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes on each target, in order."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.target, []).append(outcome)
    return groups


def records(study: Study, outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """All that was measured, as JSON can hold it."""
    found = []
    for target, group in by_target(outcomes).items():
        measured = {m.name: standings(group, m) for m in study.measures(target)}
        for number, outcome in enumerate(group):
            found.append(
                {
                    "variant": outcome.variant.name,
                    "group": outcome.variant.group or None,
                    "target": outcome.target,
                    "folder": str(outcome.folder),
                    "trouble": outcome.trouble or None,
                    **_effort(outcome.run),
                    **{
                        name.replace(" ", "_"): _numbers(column[number])
                        for name, column in measured.items()
                    },
                }
            )
    return found


def _effort(run: Finished | None) -> dict[str, Any]:
    if run is None:
        return {"seeds": None, "steps": None, "seconds": None}
    return {
        "seeds": list(run.job.seeds),
        "steps": run.report["steps"],
        "seconds": run.report["seconds"],
    }


def _check(places: Sequence[Place], overwrite: bool) -> None:
    """Nothing is trained before all folders are known to be free, or of this very study."""
    problems = []
    for place in places:
        try:
            check_free(place.job, place.folder, overwrite=overwrite)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)


def _train(place: Place, progress: Progress) -> str:
    """Train it, or go on with it, unless it is finished; and how it has diverged, if it has."""
    try:
        train_once(place.job, place.folder, progress)
    except Diverged as error:
        return str(error)
    return ""


def _naming(name: str, progress: Progress) -> Progress:
    def told(what: str, fraction: float | None, detail: str) -> None:
        progress(name + what[:1].lower() + what[1:], fraction, detail)

    return told


def _spelled(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text.lower()).strip(".-")


def _numbers(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    more = standing.beside_reference
    return {
        "per_seed": standing.scores.tolist(),
        "worst_seed": standing.worst,
        **_bounds("iqm", standing.estimate),
        **(_bounds("difference", more) if more else {}),
    }


def _bounds(name: str, estimate: Estimate) -> dict[str, float | None]:
    ends = {"": estimate.centre, "_low": estimate.low, "_high": estimate.high}
    return {
        name + end: float(number) if np.isfinite(number) else None for end, number in ends.items()
    }
