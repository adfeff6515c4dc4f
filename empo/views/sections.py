"""The sections of the report, in the order in which they stand on the page."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from empo.solver import Solution
from empo.views.animate import GIF, VIDEO
from empo.views.drawing import Drawing, Group
from empo.views.markup import figure, inlined, meter, section, symbol, table, tiles
from empo.views.plots import action_bars, action_map, power_over_time
from empo.views.power_map import cell_values, power_map, scale_bar
from empo.views.ranking import equation_rows, ranked_states, theory_rows
from empo.views.stage import Stage
from empo.views.story import Story
from empo.views.svg import to_svg

_MOST_GOALS = 12
_MOST_MAPS = 6


def overview(solution: Solution) -> str:
    """Title, description and key numbers."""
    world, game, effort = solution.world, solution.game, solution.effort
    horizon = "without an end" if game.horizon is None else f"over {game.horizon} steps"
    people = ", ".join(
        f"{name} ({len(goals)} possible goal{'s' * (len(goals) != 1)})"
        for name, goals in zip(world.humans, world.goals, strict=True)
    )
    facts = {
        "States": f"{game.n_states:,}",
        "Transitions": f"{game.n_transitions:,}",
        "Enumerated in": f"{effort.enumerate_seconds:.2f} s",
        "Solved in": f"{effort.seconds:.2f} s",
        "Sweeps": f"{effort.sweeps:,}",
    }
    if effort.residuals:
        facts["Residual"] = f"{effort.residual:.1e}"
        facts["Lipschitz"] = "none" if effort.lipschitz is None else f"{effort.lipschitz:.3f}"
    if effort.n_phase1_solutions is not None:
        facts["Solutions of (1)–(3)"] = str(effort.n_phase1_solutions)
    about = f'<p class="lead">{escape(world.description)}</p>' if world.description else ""
    who = f"Solved exactly, {horizon}. Humans: {people}."
    return (
        f'<header><p class="kicker">empo · human power, computed exactly</p>'
        f"<h1>{escape(world.name)}</h1>{about}"
        f'<p class="note">{escape(who)}</p></header>'
        f"{tiles(facts)}"
    )


def happenings(story: Story, stage: Stage, film: str) -> str:
    """The rollout to step through, with power over time below."""
    lines = [[_headline(story, step), *_spoken(story, step)] for step in range(story.n_steps + 1)]
    groups = tuple(
        Group(shapes, name="step on" if step == 0 else "step")
        for step, shapes in enumerate(stage.steps)
    )
    picture = Drawing(
        stage.width,
        stage.height,
        (*stage.background, *groups),
        f"{story.path.world.name}, step by step",
        f"At first: {stage.descriptions[0]}",
    )
    numbered = list(enumerate(story.events, 1))
    marks = [(float(event.time + 1), str(number)) for number, event in numbered]
    chart = power_over_time(story.path.w_h, story.u_r, story.path.world.humans, marks)
    goals = ", ".join(
        f"{name}'s goal is {names[goal]}"
        for name, names, goal in zip(
            story.path.world.humans, story.path.world.goals, story.path.goals, strict=True
        )
    )
    buttons = "".join(
        f'<li><button type="button" data-step="{event.time + 1}"><b>{number}</b> '
        f"{escape(event.what)}</button></li>"
        for number, event in numbered
    )
    kind = "scene" if story.scenes is not None else "graph"
    view = f'<div id="stepper">{figure(picture, css_class=kind, share="thing")}</div>'
    marks_list = f'<ol class="events">{buttons}</ol>' if buttons else ""
    first = f"<b>{escape(lines[0][0])}</b>"
    first += "".join(f"<span>{escape(line)}</span>" for line in lines[0][1:])
    side = (
        f'<div><p id="say" class="say" aria-live="polite">{first}</p>'
        f"{_controls(story.n_steps)}{marks_list}</div>"
    )
    beside = " beside" if stage.width < 2.2 * stage.height else ""
    return section(
        "What happens",
        f'<p class="note">The robot takes its most probable action; people act as equation (2) '
        f"says. Here {escape(goals)}, which the robot does not know.</p>",
        f'<div class="stage{beside}">{view}{side}</div>',
        f'<figure><div class="scroll">{to_svg(chart)}</div></figure>' if story.n_steps else "",
        film,
        f'<script type="application/json" id="told">{_json(lines)}</script>',
    )


def films(folder: Path, story: Story) -> str:
    """The animation as video and GIF, inlined."""
    name = escape(story.path.world.name)
    video, gif = inlined(folder / VIDEO, "video/mp4"), inlined(folder / GIF, "image/gif")
    return (
        '<details class="films"><summary>The same as a film</summary>'
        f'<p><video controls loop muted playsinline src="{video}" aria-label="Film of {name}">'
        "</video></p>"
        f'<p class="note">Also as <a download="{name}.gif" href="{gif}">GIF</a> and '
        f'<a download="{name}.mp4" href="{video}">MP4</a>.</p></details>'
    )


def choices(story: Story) -> str:
    """The robot's action probabilities at the moments that matter."""
    cards = []
    for step in story.moments():
        if step >= story.n_valued:
            continue
        policy = story.policy(step)
        coming = [event.what for event in story.events if event.time == step]
        heading = f"Step {step}" + (f", just before {_listed(coming)}" if coming else "")
        heading = "At the start" if step == 0 else heading
        bars = figure(action_bars(policy, f"{heading}: action probabilities"), css_class="bars")
        if story.scenes is not None:
            picture = action_map(story.scenes[step], policy, f"{heading}: the robot's choice")
            map_ = figure(picture, story.powers(step), "scene", heading)
        else:
            name = story.path.world.state_name(story.path.states[step])
            map_ = f'<h3>{escape(name)}</h3><p class="note">{escape(story.powers(step))}</p>'
        cards.append(f"<div>{map_}{bars}</div>")
    return section(
        "What the robot chooses",
        '<p class="note">Probabilities π<sub>r</sub> of equation (5). Arrows are as long as the '
        "action is probable; a ring stands for staying.</p>"
        if story.scenes is not None
        else '<p class="note">Probabilities π<sub>r</sub> of equation (5).</p>',
        f'<div class="pair">{"".join(cards)}</div>',
    )


def reach(story: Story) -> str:
    """Where each person can go from here: at the start, and where total power is largest."""
    steps = sorted({0, story.best})
    parts = []
    has_maps = False
    for human, name in enumerate(story.path.world.humans[:_MOST_MAPS]):
        maps = []
        for step in steps:
            values = cell_values(story.solution, human, story.path.states[step], story.time(step))
            if story.scenes is None or not values:
                continue
            when = "at the start" if step == 0 else f"at step {step}, where U is largest"
            title = f"{name} {when}"
            map_ = power_map(story.scenes[step], values, f"Where {name} can go, {when}")
            maps.append(figure(map_, f"{story.powers(step)}", "scene", title))
        has_maps = has_maps or bool(maps)
        parts.append(
            f'<div class="pair">{"".join(maps)}</div>' if maps else _goal_table(story, human)
        )
    if not any(parts):
        return ""
    note = (
        '<p class="note">Each cell shows V<sub>h</sub><sup>e</sup> of equation (6): how well this '
        "person would do if they wanted to be there, with the robot acting as it does. 1 is at "
        "once and for sure; later or less sure is less.</p>"
        if has_maps
        else '<p class="note">V<sub>h</sub><sup>e</sup> of equation (6): how well a person would '
        "do on each possible goal, with the robot acting as it does.</p>"
    )
    scale = f'<div class="scale">{to_svg(scale_bar())}</div>' if has_maps else ""
    heading = "Where each person can go from here" if has_maps else "What each person can attain"
    return section(heading, note, *parts, scale)


def _goal_table(story: Story, human: int) -> str:
    """V_h^e of a human's goals along the path's moments, for goals that are not cells."""
    world = story.path.world
    steps = [step for step in story.moments() if step < story.n_valued]
    found = [
        story.solution.at(story.path.states[step], story.time(step)).get("v_h_e") for step in steps
    ]
    if any(v_h_e is None for v_h_e in found):
        return ""
    name = world.humans[human]
    goals = world.goals[human][:_MOST_GOALS]
    heads = ["goal", *(_moment(story, step) for step in steps)]
    rows = [
        [goal, *(meter(v_h_e[name][goal], f"{v_h_e[name][goal]:.3f}") for v_h_e in found if v_h_e)]
        for goal in goals
    ]
    more = len(world.goals[human]) - len(goals)
    rest = f'<p class="note">and {more} more goals</p>' if more else ""
    return f"<h3>{escape(name)}</h3>{table(heads, rows)}{rest}"


def states(story: Story) -> str:
    """The states along the path, and those with the most and the least total power."""
    parts = []
    for heading, rows in ranked_states(story):
        heads = ["state", "robot, most probably"]
        heads += [f"W({name})" for name in story.path.world.humans] + [symbol("U_r"), symbol("V_r")]
        numbers = range(2, len(heads))
        parts.append(f"<h3>{escape(heading)}</h3>{table(heads, rows, numbers, mono=0)}")
    note = '<p class="note">W is power in bits, log<sub>2</sub> X<sub>h</sub>; U<sub>r</sub> and '
    note += "V<sub>r</sub> are those of equations (8) and (9).</p>"
    return section("States", note, *parts)


def settings(solution: Solution) -> str:
    """The theory's settings, and how exactly each equation holds."""
    return accuracy(solution, "Settings and accuracy") + (
        "<footer>Equations are numbered as in Heitzig &amp; Potham, “Model-Based Soft Maximization "
        "of Suitable Metrics of Long-Term Human Power” (arXiv 2508.00159). Made by empo.</footer>"
    )


def accuracy(solution: Solution, heading: str) -> str:
    """The same without the page's end."""
    left = table(["symbol", "meaning", "value"], theory_rows(solution), [2])
    rows = equation_rows(solution)
    right = (
        table(["equation", "quantity", "residual"], rows, [2])
        if rows
        else '<p class="note">One backward sweep computed each left side from its right side, so '
        "there is nothing to iterate and no residual.</p>"
    )
    body = (
        f'<div class="columns"><div><h3>Theory</h3>{left}</div>'
        f"<div><h3>How exactly the equations hold</h3>{right}</div></div>"
    )
    return section(heading, body)


def _moment(story: Story, step: int) -> str:
    """The state's name if it tells people something, else the number of the step."""
    if story.scenes is None:
        return story.path.world.state_name(story.path.states[step])
    return f"step {step}" if step else "start"


def _headline(story: Story, step: int) -> str:
    done = [event.what for event in story.events if event.time + 1 == step]
    return f"Step {step} of {story.n_steps}" + "".join(f" · {what}" for what in done)


def _spoken(story: Story, step: int) -> list[str]:
    return [story.caption(step), story.powers(step)]


def _controls(n_steps: int) -> str:
    if n_steps == 0:
        return ""
    return (
        '<div class="controls">'
        '<button type="button" id="play">▶ Play</button>'
        '<button type="button" data-move="-1" aria-label="One step back">‹</button>'
        '<button type="button" data-move="1" aria-label="One step on">›</button>'
        f'<input id="slider" type="range" min="0" max="{n_steps}" value="0" aria-label="Step">'
        "</div>"
    )


def _listed(words: list[str]) -> str:
    return " and ".join(words)


def _json(lines: list[list[str]]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(lines, ensure_ascii=False).replace("<", "\\u003c")
