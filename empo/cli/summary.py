"""What `empo solve` prints for people: the world, the effort, what the robot most likely does."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from empo.core.errors import InputError
from empo.runs.events import Event, events
from empo.runs.rollout import Rollout, likely_path
from empo.solver import Solution
from empo.theory import Theory

WIDTH = 80
_MOST_STEPS = 30
_FIRST_STEPS = 24
_MOST_EVENTS = 8


def print_summary(solution: Solution) -> None:
    """Print it on standard output, at most 80 columns wide."""
    console = make_console()
    world = solution.world
    console.print(Text(world.name, style="bold"))
    about = textwrap.wrap(world.description, console.width - 2)
    for line in [*about, "", *effort_lines(solution), ""]:
        console.print(Text(f"  {line}".rstrip(), no_wrap=True, overflow="fold"))
    try:
        path = likely_path(solution)
    except InputError as error:  # what humans do was not kept
        console.print(Text(str(error)))
        return
    for block in path_blocks(path):
        console.print(block)
        console.print()


def make_console() -> Console:
    """Standard output, as wide as the terminal but at most 80 columns; text is never markup."""
    width = min(WIDTH, Console().width) if sys.stdout.isatty() else WIDTH
    return Console(width=width, markup=False, highlight=False, emoji=False)


def effort_lines(solution: Solution) -> list[str]:
    """Size, cost and quality of a solution."""
    game, effort = solution.game, solution.effort
    lines = [
        f"{game.n_states:,} states, {game.n_transitions:,} transitions, "
        f"found in {effort.enumerate_seconds:.2f} s",
        f"solved in {effort.seconds:.2f} s by {_method(solution)}",
    ]
    if game.order == "cyclic":
        estimate = "none" if effort.lipschitz is None else f"{effort.lipschitz:.3f}"
        lines.append(f"largest residual {effort.residual:.1e}, Lipschitz estimate {estimate}")
    if effort.leap_at is not None:
        lines.append(
            f"followed from beta_r = 0 up to {effort.leap_at:.4g}, where that solution ends; then "
            f"leapt to another"
        )
    if effort.n_phase1_solutions is not None:
        several = f"{effort.n_phase1_solutions} solutions" if effort.n_phase1_solutions > 1 else ""
        lines.append(f"equations (1)-(3) have {several or 'one solution'} as far as was searched")
    changed = [
        f"{name}={'inf' if value == float('inf') else value}"
        for name, value in asdict(solution.theory).items()
        if value != getattr(Theory(), name)
    ]
    if solution.prior != "computed":
        changed.append(f"prior={solution.prior}")
    lines.append(f"theory: {', '.join(changed) or 'all defaults'}")
    wide = WIDTH - 2  # they are printed with a margin
    return [part for line in lines for part in textwrap.wrap(line, wide, subsequent_indent="  ")]


def path_blocks(path: Rollout) -> list[Text | Table]:
    """A rollout: a heading, its steps, and people's power before and after what happened."""
    world = path.world
    goals = [names[goal] for names, goal in zip(world.goals, path.goals, strict=True)]
    aims = " and ".join(f"{h} heads for {g}" for h, g in zip(world.humans, goals, strict=True))
    start = f"while {aims}, from {world.state_name(path.states[0])}"
    heading = Text("What the robot most likely does\n", style="bold")
    heading.append("\n".join(textwrap.wrap(start, WIDTH)), style="not bold")
    # Without a picture of them, states have no parts: each step would be an event.
    happened = [] if world.scene(path.states[0]) is None else events(path)
    return [heading, _steps(path), _powers(path, happened)]


def _steps(path: Rollout) -> Table:
    world, humans = path.world, path.world.humans
    with_actions = len(humans) <= 3  # else there is no room
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column("step", justify="right")
    table.add_column("robot", max_width=24, overflow="fold")
    table.add_column("pi_r", justify="right", no_wrap=True)
    for name in humans if with_actions else ():
        table.add_column(Text(name), max_width=12, overflow="fold")
    table.add_column("leads to", ratio=1, overflow="fold")
    for name in humans:
        table.add_column(Text(f"W {name}"), justify="right", max_width=8, overflow="fold")
    for step in _shown(path.n_steps):
        if step is None:
            table.add_row("...")
            continue
        state, after = path.states[step], path.states[step + 1]
        chosen = enumerate(path.actions_h[step].tolist())
        acts = [Text(world.human_action(state, h, action)) for h, action in chosen]
        table.add_row(
            str(step + 1),
            Text(world.robot_action(state, int(path.actions_r[step]))),
            f"{path.prob_r[step]:.2f}",
            *(acts if with_actions else ()),
            Text(news(world.state_name(state), world.state_name(after))),
            *(_bits(w) for w in path.w_h[step + 1]),
        )
    return table


def _shown(n_steps: int) -> list[int | None]:
    """The steps to show, None for a gap."""
    if n_steps <= _MOST_STEPS:
        return list(range(n_steps))
    n_last = _MOST_STEPS - _FIRST_STEPS - 1
    return [*range(_FIRST_STEPS), None, *range(n_steps - n_last, n_steps)]


def _powers(path: Rollout, happened: list[Event]) -> Table:
    """Each human's power in bits at the start, before and after each event, and at the end."""
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column("step", justify="right")
    table.add_column("power of people, log2 X_h", overflow="fold")
    for name in path.world.humans:
        table.add_column(Text(name), justify="right", overflow="fold")
    table.add_row("", "at the start", *(_bits(w) for w in path.w_h[0]))
    for event in happened[:_MOST_EVENTS]:
        pairs = zip(path.w_h[event.time], path.w_h[event.time + 1], strict=True)
        moves = [f"{_bits(before)} → {_bits(after)}" for before, after in pairs]
        table.add_row(str(event.time + 1), Text(event.what), *moves)
    if len(happened) > _MOST_EVENTS:
        table.add_row("", f"and {len(happened) - _MOST_EVENTS} events more")
    ends = path.n_steps - int(path.n_steps > 0 and bool((path.x_h[-1] != path.x_h[-1]).all()))
    table.add_row(str(ends), "at the end", *(_bits(w) for w in path.w_h[ends]))
    return table


def _method(solution: Solution) -> str:
    if solution.game.order == "cyclic":
        return f"{solution.effort.sweeps:,} sweeps to a fixed point"
    if solution.game.order == "horizon":
        return f"one sweep backward over {solution.game.horizon} steps"
    return "one sweep backward, for no state can come back"


def news(before: str, after: str) -> str:
    """The parts of the state's name that changed; a dot where nothing did."""
    if before == after:
        return "·"
    old = before.split()
    return " ".join(part for part in after.split() if part not in old) or after


def _bits(w_h: float) -> str:
    return "end" if w_h != w_h else f"{w_h + 0.0:.2f}"
