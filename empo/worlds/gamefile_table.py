"""From what a game file says to the tables of its model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from empo.worlds.document import Problems
from empo.worlds.gamefile_humans import Human
from empo.worlds.gamefile_states import Choice, Names, Rules
from empo.worlds.table import TableModel, rounded

MAX_BYTES = 2**28
"""Of all tables together."""


def check_size(problems: Problems, names: Names, rules: Rules, people: Sequence[Human]) -> None:
    """Add a problem if the tables would not fit in `MAX_BYTES`."""
    n_goals = max((len(human.goals) for human in people), default=0)
    n_habits = sum(len(h.habit) + len(h.beliefs) for h in people)
    n_habits += sum(len(habit) for h in people for habit in h.habit_for.values())
    n_actions = max(len(own) for actions in names.actions for own in actions[1:])
    width = max(map(len, rules.rows), default=0)
    n_bytes = {
        "states x humans x goals": len(names.states) * len(people) * (5 * n_goals + 24),
        "states x humans x humans": len(names.states) * len(people) ** 2 * 4,
        "different outcomes x their width": len(rules.rows) * width * 12,
        "habits and beliefs x actions": (n_habits + n_actions) * n_actions * 8,
    }
    for what, n in n_bytes.items():
        if n > MAX_BYTES:
            found = f"{what} need {n / 2**20:,.0f} MiB of tables"
            problems.add((), found, f"wanted at most {MAX_BYTES >> 20} MiB")


def table_model(
    names: Names, rules: Rules, people: Sequence[Human], power: np.ndarray
) -> TableModel:
    """The tables of a game without mistakes."""
    n_actions = np.array([[len(own) for own in actions] for actions in names.actions], np.int32)
    n_states, n_goals = len(names.states), max(len(human.goals) for human in people)
    members = np.zeros((n_states, len(people), n_goals), bool)
    weight = np.zeros((len(people), n_goals))
    repeat = np.zeros((len(people), n_goals), bool)
    for h, human in enumerate(people):
        for g, goal in enumerate(human.goals):
            members[goal.states, h, g] = True
            weight[h, g], repeat[h, g] = goal.weight, goal.repeat
    choices: dict[Choice, int] = {}
    habit_of, belief_of = _choice_rows(choices, n_actions[:, 1:], people, n_goals)
    row_next, row_prob = _outcome_rows(list(rules.rows))
    return TableModel(
        n_r=rounded(n_actions[:, 0]),
        n_h=rounded(n_actions[:, 1:]),
        start=rounded(np.array(rules.start, np.int32)),
        row_of=rounded(np.concatenate(rules.row_of)),
        row_next=rounded(row_next),
        row_prob=rounded(row_prob),
        members=rounded(members),
        power=rounded(power),
        beta_h=rounded(np.stack([human.beta_h for human in people], axis=1)),
        nu_h=rounded(np.stack([human.nu_h for human in people], axis=1)),
        habit_of=rounded(habit_of),
        belief_of=rounded(belief_of),
        choices=rounded(_dense(list(choices), int(n_actions[:, 1:].max()))),
        weight=weight,
        repeat=repeat,
        n_actions_r=int(n_actions[:, 0].max()),
    )


def _choice_rows(
    choices: dict[Choice, int], n_h: np.ndarray, people: Sequence[Human], n_goals: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of habits (s, h, g) and beliefs (s, h, h): uniform unless the file says otherwise."""

    def row(choice: Choice) -> int:
        return choices.setdefault(choice, len(choices))

    uniform = np.zeros(int(n_h.max()) + 1, np.int32)
    for n in np.unique(n_h):
        uniform[n] = row(tuple((a, 1 / n) for a in range(n)))
    habit_of = np.repeat(uniform[n_h][:, :, None], n_goals, axis=2)
    belief_of = np.repeat(uniform[n_h][:, None, :], len(people), axis=1)
    for h, human in enumerate(people):
        for state, choice in human.habit.items():
            habit_of[state, h, :] = row(choice)
        for goal, habit in human.habit_for.items():
            for state, choice in habit.items():
                habit_of[state, h, goal] = row(choice)
        for (state, other), choice in human.beliefs.items():
            belief_of[state, h, other] = row(choice)
    return habit_of, belief_of


def _outcome_rows(rows: list[Choice]) -> tuple[np.ndarray, np.ndarray]:
    """Next states and probabilities (rows, k); padding repeats a state with probability 0."""
    width = max(map(len, rows))
    row_next = np.zeros((len(rows), width), np.int32)
    row_prob = np.zeros((len(rows), width))
    for number, row in enumerate(rows):
        row_next[number] = row[0][0]
        row_next[number, : len(row)], row_prob[number, : len(row)] = zip(*row, strict=True)
    return row_next, row_prob


def _dense(choices: list[Choice], n_actions: int) -> np.ndarray:
    """Distributions as rows over all actions."""
    table = np.zeros((len(choices), n_actions))
    for number, choice in enumerate(choices):
        for action, prob in choice:
            table[number, action] = prob
    return table
