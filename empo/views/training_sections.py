"""The sections of a training run's report, in the order in which they stand on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from empo.runs.checkup import Checkup
from empo.runs.health import HEALTH, Finding, Quantity, findings
from empo.runs.history import History
from empo.runs.stats import over_seeds
from empo.views.charts import compact, span
from empo.views.learning import health_chart, returns_chart, run_curve
from empo.views.markup import in_two_widths, inlined, section, table, tiles
from empo.views.svg import to_svg

VIDEO = "policy.mp4"


@dataclass(frozen=True)
class Told:
    """All that a training run's folder holds for the page."""

    folder: Path
    config: Mapping[str, Any]
    report: Mapping[str, Any] | None
    """None while the run goes on."""
    history: History
    checkup: Checkup | None

    @property
    def job(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.config["job"]

    @property
    def title(self) -> str:
        """The algorithm and the target."""
        return f"{self.job['algorithm'].upper()} on {self.job['target']}"


def overview(told: Told) -> str:
    """Title and key numbers."""
    report, job = told.report, told.job
    seeds = "one seed" if job["n_seeds"] == 1 else f"{job['n_seeds']} seeds side by side"
    about = f"Trained by trial and error for {job['n_steps']:,} steps of the environment, {seeds}."
    state = "" if report else '<p class="note"><b>This run is not finished.</b></p>'
    return (
        f'<header><p class="kicker">empo · a policy, learned</p><h1>{escape(told.title)}</h1>'
        f'<p class="lead">{escape(about)}</p>{state}</header>'
        f"{tiles(_facts(report) if report else _facts_so_far(told))}"
    )


def learning(told: Told) -> str:
    """The learning curve, and what it shows in a sentence."""
    if told.history.returns() is None and told.history.curve("train", "episode_return") is None:
        return section("How it learned", '<p class="note">There is nothing to show yet.</p>')
    return section(
        "How it learned",
        f"<p>{escape(_course(told.history))}</p>",
        in_two_widths(lambda width: run_curve(told.history, width)),
        '<p class="note">A return is the sum of the rewards of an episode, not discounted. An '
        "evaluation plays fresh episodes with the action that the policy thinks best; while "
        "training it explores. With several seeds the line is their interquartile mean (the best "
        "and the worst quarter are left out), and the band would hold it in 95 of 100 repetitions, "
        "as far as resampling the seeds can tell.</p>",
    )


def watching(told: Told) -> str:
    """The film of the policy, if there is one."""
    path = told.folder / VIDEO
    if not path.exists():
        return ""
    label = escape(f"Film of {told.title}", quote=True)
    return section(
        "What it does",
        f'<video controls loop muted playsinline src="{inlined(path, "video/mp4")}" '
        f'aria-label="{label}"></video>',
        '<p class="note">How an episode of the best policy begins, without exploring.</p>',
    )


def beginning(told: Told) -> str:
    """Returns before the first update and after the last, and those of random actions."""
    first, last = (told.history.episode_returns(when) for when in ("first", "last"))
    found = {
        "random actions": [np.array(told.checkup.random)] if told.checkup else [],
        "before training": first,
        "last evaluation": [] if all(map(np.array_equal, first, last)) else last,
    }
    groups = {name: np.concatenate(parts) for name, parts in found.items() if parts}
    groups = {name: returns for name, returns in groups.items() if len(returns)}
    if not groups:
        return ""
    rows = [
        [name, str(len(returns)), *map(compact, _five(returns)), compact(float(returns.mean()))]
        for name, returns in groups.items()
    ]
    heads = ["", "episodes", "least", "quarter", "median", "3 quarters", "most", "mean"]
    return section(
        "Where it began, and where it ended",
        '<p class="note">Before the first update a policy should do about as well as chance. If '
        "all returns are the same then, there is nothing to learn from by chance; if it is far "
        "worse, it may be stuck on one action.</p>",
        in_two_widths(lambda width: returns_chart(groups, width)),
        table(heads, rows, range(1, len(heads))),
    )


def health(told: Told) -> str:
    """The diagnostics: a chart each, what it means, and what is found in this run."""
    found = findings(told.history)
    cards = []
    for quantity in HEALTH:
        chart = health_chart(told.history, quantity)
        if chart is not None:
            said = [found[name] for name in quantity.names if name in found]
            cards.append(_card(quantity, to_svg(chart), said))
    if not cards:
        return ""
    suspects = sum(finding.suspect for finding in found.values())
    opening = (
        "None of them looks suspicious here."
        if not suspects
        else f"{suspects} of them should be looked into: marked with ⚠."
    )
    return section(
        "Is the training healthy?",
        f'<p class="note">The numbers that go wrong first, medians over the seeds. {opening} '
        "A warning is a reason to look, not a verdict.</p>",
        f'<div class="pair">{"".join(cards)}</div>',
    )


def larger_batch(told: Told) -> str:
    """What a larger batch changes, if `empo debug` has measured it."""
    heading = "What a larger batch would change"
    checkup = told.checkup
    if checkup is None or not checkup.batches:
        command = f"empo debug {told.folder}"
        return section(
            heading,
            f'<p class="note">Not measured yet: <code>{escape(command)}</code> compares updates '
            "from batches of two sizes.</p>",
        )
    networks = list(checkup.batches[0].alike)
    heads = ["batch", "steps of data", *(f"cosine, {name}" for name in networks), "KL of an update"]
    rows = [
        [
            f"× {batch.factor}",
            f"{batch.size:,}",
            *(f"{batch.alike[name]:.2f}" for name in networks),
            "" if batch.kl is None else f"{batch.kl:.2g}",
        ]
        for batch in checkup.batches
    ]
    return section(
        heading,
        '<p class="note">The same networks were updated from independent data. The cosine between '
        "two such updates is 1 if they agree and 0 if chance alone decides where they point; a "
        "larger batch helps where it rises much.</p>",
        _found(checkup.findings()["batch"]),
        table(heads, rows, range(1, len(heads))),
    )


def settings(told: Told) -> str:
    """Every setting, and the versions of what computed."""
    return section("Settings", settings_columns(told.config)) + (
        "<footer>Interquartile means and bootstrap intervals as in Agarwal et al., “Deep "
        "Reinforcement Learning at the Edge of the Statistical Precipice” (2021). "
        "Made by empo.</footer>"
    )


def settings_columns(config: Mapping[str, Any]) -> str:
    """All settings of a training run and its versions, in columns."""
    rows = [[name, value] for name, value in _flat(config["job"])]
    versions = [[name, str(value)] for name, value in config.get("versions", {}).items()]
    half = (len(rows) + 1) // 2
    heads = ["setting", "value"]
    parts = [table(heads, part, [1]) for part in (rows[:half], rows[half:]) if part]
    parts.append(table(["software", "version"], versions, [1]) if versions else "")
    columns = "".join(f"<div>{part}</div>" for part in parts if part)
    return f'<div class="columns">{columns}</div>'


def duration(seconds: float) -> str:
    """A time in words: 3.2 s, 4 min 10 s, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _facts(report: Mapping[str, Any]) -> dict[str, str]:
    facts = {"Return of the best policy": compact(report["eval_return_iqm"])}
    if interval := span(report.get("eval_return_low"), report.get("eval_return_high")):
        facts["95% interval"] = interval
    if report.get("eval_return_worst_seed") is not None and report["n_seeds"] > 1:
        facts["Worst seed"] = compact(report["eval_return_worst_seed"])
    return facts | {
        "Steps of each seed": compact(report["steps"]),
        "Time": duration(report["seconds"]),
        "of which compiling": duration(report["compile_seconds"]),
        "Steps per second": compact(report["steps_per_second"]),
    }


def _facts_so_far(told: Told) -> dict[str, str]:
    judged = told.history.returns()
    if judged is None:
        return {"Steps": "0"}
    middle = over_seeds(judged.values[:, -1:]).centre
    return {"Return so far": compact(float(middle[0])), "Steps": compact(int(judged.steps[-1]))}


def _course(history: History) -> str:
    """From where to where the return went."""
    judged = history.returns()
    if judged is None:
        return "The policy has not been judged yet; this is what it gained while exploring."
    middle = over_seeds(judged.values).centre
    if len(judged.steps) == 1:
        return f"Before training, the policy has a return of {compact(float(middle[0]))}."
    best = int(np.argmax(middle))
    ends = (
        f"Return went from {compact(float(middle[0]))} to {compact(float(middle[-1]))} in "
        f"{compact(int(judged.steps[-1]))} steps"
    )
    when = f"{compact(int(judged.steps[best]))} steps"
    if best == len(middle) - 1:
        return f"{ends}, the best of all evaluations."
    if middle[best] == middle[-1]:
        return f"{ends}, the best of all evaluations, and was first as high at {when}."
    return f"{ends}; it was best, {compact(float(middle[best]))}, at {when}."


def _card(quantity: Quantity, svg: str, found: Iterable[Finding]) -> str:
    return (
        f"<div><h3>{escape(quantity.title)}</h3>{''.join(map(_found, found))}<figure>{svg}</figure>"
        f'<p class="note">{escape(quantity.meaning)}</p></div>'
    )


def _found(finding: Finding) -> str:
    mark = "⚠ " if finding.suspect else ""
    return f"<p>{mark}{escape(finding.said)}</p>"


def _five(returns: np.ndarray) -> list[float]:
    return np.quantile(returns, [0, 0.25, 0.5, 0.75, 1]).tolist()


def _flat(record: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """All settings, also those of the groups within; no two have the same name."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, "none" if value is None else str(value)
