"""Game files with one mistake each: the good one with one piece of text replaced."""

from __future__ import annotations

GOOD = """\
name: good
description: a game without a mistake
initial: s0
theory: {gamma_h: 0.9, goal_aggregation: mean}
humans:
  ann:
    goals: {A: [s1], B: {states: [s2], weight: 2}}
    beta: 5
    nu: {s0: 0.5}
    habit: {s0: {go: 1}}
    habit_for: {A: {s0: {go: 0.5, wait: 0.5}}}
    beliefs: {s0: {bob: {up: 1}}}
  bob: {goals: {C: [s2]}}
states:
  s0:
    robot: [left, right]
    humans: {ann: [go, wait], bob: [up, down]}
    power: {ann: 2}
    next:
      - {robot: left, ann: go, to: s1}
      - {robot: right, to: {s1: 0.5, s2: 0.5}}
      - {to: s0}
  s1: {next: [{to: s2}]}
  s2: {}
"""

_MUTATIONS: dict[str, tuple[str, str, str]] = {
    # name: what is replaced, by what, words of the refusal
    "no name": ("name: good\n", "", "the key `name` is missing"),
    "name is a list": ("name: good", "name: [good]", "name: found a list (wanted a name)"),
    "name is empty": ("name: good", "name: ''", "name: found the text '' (wanted a name)"),
    "description is a list": ("a game without", "[a game]\n#", "description: found a list"),
    "unknown key": ("initial: s0", "initial: s0\nintial: s0", "unknown key 'intial' (did you mean"),
    "unknown kind": ("name: good", "name: good\nkind: gme", "kind: unknown kind 'gme' (did you"),
    "kind is a list": ("name: good", "name: good\nkind: [game]", "kind: unknown kind"),
    "no initial": ("initial: s0\n", "", "the key `initial` is missing"),
    "initial unknown": ("initial: s0", "initial: s7", ":3: initial: unknown state 's7'"),
    "initial null": ("initial: s0", "initial:", "initial: found nothing (wanted a name)"),
    "initial list": ("initial: s0", "initial: [s0]", "initial: found a list"),
    "initial half": ("initial: s0", "initial: {s0: 0.5}", "initial: the probabilities sum to 0.5"),
    "initial empty": ("initial: s0", "initial: {}", "initial: found no probabilities"),
    "theory is a list": ("theory: {", "theory: [1]\nx: {", "theory: found a list"),
    "theory key": ("gamma_h: 0.9", "gama_h: 0.9", "unknown key 'gama_h' (did you mean 'gamma_h'"),
    "theory word": ("gamma_h: 0.9", "gamma_h: high", "gamma_h: found the text 'high'"),
    "theory truth": ("gamma_h: 0.9", "gamma_h: true", "gamma_h: found true"),
    "theory nan": ("gamma_h: 0.9", "gamma_h: .nan", "gamma_h: found the number nan"),
    "aggregation": (
        "gregation: mean",
        "gregation: avg",
        "found the text 'avg' (wanted sum or",
    ),
    "horizon half": ("gamma_h: 0.9", "horizon: 2.5", "found the number 2.5 (wanted a whole number"),
    "horizon zero": ("gamma_h: 0.9", "horizon: 0", "found the number 0 (wanted a whole number"),
    "no humans": ("humans:\n  ann", "people:\n  ann", "the key `humans` is missing"),
    "humans empty": ("humans:\n  ann", "humans: {}\nx:\n  ann", "humans: there are no humans"),
    "humans a list": ("humans:\n  ann", "humans: [ann]\nx:\n  ann", "humans: found a list"),
    "human named robot": ("  bob: {goals", "  robot: {goals: {C: [s2]}}\n  bob: {goals", "'robot'"),
    "human named to": ("  bob: {goals", "  to: {goals: {C: [s2]}}\n  bob: {goals", "called 'to'"),
    "human is a word": ("bob: {goals: {C: [s2]}}", "bob: yes", "humans.bob: found the text 'yes'"),
    "human is nothing": ("bob: {goals: {C: [s2]}}", "bob:", "humans.bob: found nothing"),
    "human key": ("    beta: 5", "    betta: 5", "unknown key 'betta' (did you mean 'beta'?)"),
    "no goals": ("{goals: {C: [s2]}}", "{beta: 1}", "humans.bob: has no goals"),
    "goals empty": ("{goals: {C: [s2]}}", "{goals: {}}", "humans.bob: has no goals"),
    "goals a list": ("{goals: {C: [s2]}}", "{goals: [s2]}", "humans.bob.goals: found a list"),
    "goal empty": ("{C: [s2]}", "{C: []}", "humans.bob.goals.C: a goal without states"),
    "goal null": ("{C: [s2]}", "{C: }", "humans.bob.goals.C: a goal without states"),
    "goal a word": ("{C: [s2]}", "{C: s2}", "found the text 's2' (wanted a list of states"),
    "goal unknown state": ("{C: [s2]}", "{C: [s2, s3]}", "goals.C[1]: unknown state 's3'"),
    "goal nested": ("{C: [s2]}", "{C: [[s2]]}", "goals.C[0]: found a list (wanted a name)"),
    "goal key": ("weight: 2", "wait: 2", "unknown key 'wait' (did you mean 'weight'?)"),
    "goal without states": ("states: [s2], weight", "weight", "goals.B: a goal without states"),
    "weight zero": ("weight: 2", "weight: 0", "a weight of 0 (wanted more than 0)"),
    "weight negative": ("weight: 2", "weight: -1", "weight: found the number -1"),
    "weight infinite": ("weight: 2", "weight: .inf", "weight: found the number inf"),
    "weight a word": ("weight: 2", "weight: heavy", "weight: found the text 'heavy'"),
    "repeat a word": ("weight: 2", "repeat: yes", "repeat: found the text 'yes' (wanted true or"),
    "beta negative": ("beta: 5", "beta: -5", "beta: found the number -5"),
    "beta a word": ("beta: 5", "beta: inf", "beta: found the text 'inf' (wanted a number"),
    "beta a list": ("beta: 5", "beta: [5]", "beta: found a list (wanted a number"),
    "beta state": ("beta: 5", "beta: {s5: 5}", "beta.s5: unknown state 's5'"),
    "nu above 1": ("nu: {s0: 0.5}", "nu: {s0: 1.5}", "nu.s0: found the number 1.5"),
    "nu unknown state": ("nu: {s0: 0.5}", "nu: {x: 0.5}", "nu.x: unknown state 'x'"),
    "habit sum": ("habit: {s0: {go: 1}}", "habit: {s0: {go: 0.9}}", "probabilities sum to 0.9"),
    "habit action": (
        "{s0: {go: 1}}",
        "{s0: {gone: 1}}",
        "unknown action 'gone' (did you",
    ),
    "habit state": ("habit: {s0:", "habit: {s9:", "habit.s9: unknown state 's9'"),
    "habit a word": ("habit: {s0: {go: 1}}", "habit: {s0: go}", "habit.s0: found the text 'go'"),
    "habit a list": ("habit: {s0: {go: 1}}", "habit: [s0]", "habit: found a list"),
    "habit negative": ("{go: 1}}", "{go: 1.5, wait: -0.5}}", "wait: found the number -0.5"),
    "habit for goal": ("habit_for: {A:", "habit_for: {Z:", "habit_for.Z: unknown goal 'Z'"),
    "habit for state": ("habit_for: {A: {s0:", "habit_for: {A: {q:", "A.q: unknown state 'q'"),
    "belief human": ("beliefs: {s0: {bob:", "beliefs: {s0: {rob:", "unknown human 'rob'"),
    "belief oneself": ("beliefs: {s0: {bob:", "beliefs: {s0: {ann:", "a belief about oneself"),
    "belief action": ("{bob: {up: 1}}", "{bob: {go: 1}}", "unknown action 'go'"),
    "belief state": ("beliefs: {s0:", "beliefs: {s4:", "beliefs.s4: unknown state 's4'"),
    "belief sum": ("{bob: {up: 1}}", "{bob: {up: 0.1}}", "the probabilities sum to 0.1"),
    "no states": ("states:\n  s0", "places:\n  s0", "the key `states` is missing"),
    "states empty": ("states:\n  s0", "states: {}\nx:\n  s0", "states: there are no states"),
    "states a list": ("states:\n  s0", "states: [s0]\nx:\n  s0", "states: found a list"),
    "state a list": ("s2: {}", "s2: []", "states.s2: found a list"),
    "state a word": ("s2: {}", "s2: end", "states.s2: found the text 'end'"),
    "state key": ("power: {ann: 2}", "powr: {ann: 2}", "unknown key 'powr' (did you mean 'power'"),
    "state twice": ("s2: {}", "s2: {}\n  s1: {}", "the key 's1' stands here and in line 23"),
    "robot a word": ("robot: [left, right]", "robot: left", "robot: found the text 'left'"),
    "robot empty": ("robot: [left, right]", "robot: []", "robot: found an empty list"),
    "robot star": ("[left, right]", "[left, right, '*']", "cannot be called '*'"),
    "robot twice": ("[left, right]", "[left, right, left]", "'left' stands here twice"),
    "robot nothing": ("[left, right]", "[left, right, ]\n    x: [~", "not valid YAML"),
    "robot empty name": ("[left, right]", "[left, right, '']", "robot[2]: found the text ''"),
    "humans of a state": ("{ann: [go, wait],", "{amy: [go, wait],", "unknown human 'amy'"),
    "humans a word": ("bob: [up, down]", "bob: up", "humans.bob: found the text 'up'"),
    "power human": ("power: {ann: 2}", "power: {amy: 2}", "power.amy: unknown human 'amy'"),
    "power negative": ("power: {ann: 2}", "power: {ann: -2}", "power.ann: found the number -2"),
    "power a number": (
        "power: {ann: 2}",
        "power: 2",
        "power: found the number 2 (wanted a",
    ),
    "power infinite": ("power: {ann: 2}", "power: {ann: .inf}", "power.ann: found the number inf"),
    "actions to nowhere": ("s2: {}", "s2: {robot: [a]}", "lists actions, but `next` is missing"),
    "next null": ("s1: {next: [{to: s2}]}", "s1: {next: }", "s1.next: found nothing"),
    "next a word": (
        "s1: {next: [{to: s2}]}",
        "s1: {next: s2}",
        "found the text 's2' (wanted a",
    ),
    "next empty": ("s1: {next: [{to: s2}]}", "s1: {next: []}", "no rule matches robot = pass"),
    "rule a word": ("[{to: s2}]", "[s2]", "next[0]: found the text 's2' (wanted a mapping"),
    "rule without to": ("[{to: s2}]", "[{robot: pass}]", "the key `to` is missing"),
    "rule empty": ("[{to: s2}]", "[{}]", "the key `to` is missing"),
    "rule key": ("ann: go, to: s1", "amy: go, to: s1", "next[0].amy: unknown key 'amy'"),
    "rule action": (
        "robot: left,",
        "robot: lefty,",
        "unknown action 'lefty' (did you mean",
    ),
    "rule human action": ("ann: go, to", "ann: up, to", "next[0].ann: unknown action 'up'"),
    "rule no action": ("robot: left,", "robot: [],", "next[0].robot: found an empty list"),
    "rule a mapping": (
        "robot: left,",
        "robot: {left: 1},",
        "robot: found a mapping (wanted a",
    ),
    "rule null": ("robot: left,", "robot: ,", "next[0].robot: found nothing (wanted a name)"),
    "to unknown": ("to: s1}", "to: s11}", "to: unknown state 's11' (did you mean 's1'?)"),
    "to a list": ("[{to: s2}]", "[{to: [s2]}]", "to: found a list (wanted a name)"),
    "to empty": ("[{to: s2}]", "[{to: {}}]", "to: found no probabilities"),
    "to sum": ("s1: 0.5, s2: 0.5", "s1: 0.5, s2: 0.6", "the probabilities sum to 1.1 (wanted 1)"),
    "to almost": ("s1: 0.5, s2: 0.5", "s1: 0.5, s2: 0.500001", "sum to 1.000001 (wanted 1)"),
    "to negative": ("s1: 0.5, s2: 0.5", "s1: 1.5, s2: -0.5", "to.s2: found the number -0.5"),
    "to a word": ("s1: 0.5, s2: 0.5", "s1: 0.5, s2: half", "to.s2: found the text 'half'"),
    "to nan": ("s1: 0.5, s2: 0.5", "s1: .nan, s2: 0.5", "to.s1: found the number nan"),
    "to null": ("s1: 0.5, s2: 0.5", "s1: 0.5, s2: ", "to.s2: found nothing (wanted a number"),
    "to unknown in a mapping": ("s1: 0.5, s2: 0.5", "s1: 0.5, t: 0.5", "to.t: unknown state 't'"),
    "not all joint actions": (
        "      - {to: s0}\n",
        "",
        "no rule matches robot = left, ann = wait, bob = up and 1 more joint actions",
    ),
}


def _mutated(old: str, new: str) -> bytes:
    assert GOOD.count(old) >= 1, f"{old!r} is not in the good file"
    return GOOD.replace(old, new, 1).encode()


GAMES: dict[str, tuple[bytes, str]] = {
    f"game: {name}": (_mutated(old, new), words) for name, (old, new, words) in _MUTATIONS.items()
}
