"""Grid and BushWorld files with one mistake each, and kinds that cannot be read."""

from __future__ import annotations

GRID = """\
kind: grid
name: good
map: |
  ########
  #h.D..k#
  #.##.B.#
  #r.....#
  ########
legend: {D: {thing: door, colour: yellow, state: locked}, k: {thing: key, colour: yellow}}
goals: cells
theory: {gamma_h: 0.9}
"""
BUSH = """\
kind: bushworld
B: 2
map: |
  Hu 01 02
  .  Ro 01
max_steps: 5
possible_goals: [[0, 0], [1, 0, 2, 1]]
"""

_GRIDS: dict[str, tuple[str, str, str]] = {
    "no map": ("map: |", "mop: |", "found no map"),
    "map a list": ("map: |\n", "map: [a]\nx: |\n", "map: found a list"),
    "map empty": ("map: |\n", "map: ''\nx: |\n", "map: found an empty map"),
    "uneven": ("#r.....#", "#r....#", "has 7 cells (wanted 8"),
    "unknown symbol": ("#r.....#", "#r..?..#", "unknown symbol '?'"),
    "no human": ("#h.D", "#..D", "humans"),
    "no robot": ("#r..", "#...", "robots"),
    "unknown key": ("goals: cells", "gaols: cells", "unknown key 'gaols' (did you mean 'goals'"),
    "thing unknown": ("thing: door", "thing: dor", "unknown thing 'dor' (did you mean 'door'"),
    "thing key": ("state: locked", "locked: true", "unknown key 'locked'"),
    "legend a list": ("legend: {D", "legend: [D]\nx: {D", "legend: found a list"),
    "legend long symbol": ("legend: {D:", "legend: {DD:", "wanted a single visible character"),
    "legend standard symbol": ("legend: {D:", "legend: {B: {thing: door}, D:", "already means"),
    "colour unknown": ("door, colour: yellow", "door, colour: yelow", "yelow"),
    "key without colour": ("{thing: key, colour: yellow}", "{thing: key}", "without a colour"),
    "goals a word": ("goals: cells", "goals: everywhere", "everywhere"),
    "goal off the map": ("goals: cells", "goals: [{cell: [9, 9]}]", "is not on the map"),
    "goal in a wall": ("goals: cells", "goals: [{cell: [0, 0]}]", "is in a wall"),
    "goal one number": ("goals: cells", "goals: [{cell: [1]}]", "goals[0]"),
    "goal key": ("goals: cells", "goals: [{sell: [1, 1]}]", "sell"),
    "goals empty": ("goals: cells", "goals: []", "goal"),
    "motion": ("goals: cells", "motion: flying", "motion"),
    "conflict": ("goals: cells", "conflict: war", "conflict"),
    "theory": ("gamma_h: 0.9", "gamma: 0.9", "unknown key 'gamma' (did you mean 'gamma_"),
    "not a theory": ("theory: {gamma_h: 0.9}", "theory: good", "theory: found the text 'good'"),
    "human unknown": ("goals: cells", "humans: {zoe: {beta: 5}}", "zoe"),
}
_BUSHES: dict[str, tuple[str, str, str]] = {
    "token": ("Hu 01 02", "Hu xx 02", "unknown symbol 'xx'"),
    "uneven": ("Hu 01 02", "Hu 01", "has 3 cells (wanted 2"),
    "no human": ("Hu 01 02", "00 01 02", "Hu"),
    "no robot": (".  Ro 01", ".  .. 01", "unknown symbol '..'"),
    "B zero": ("B: 2", "B: 0", "B: found the number 0"),
    "B half": ("B: 2", "B: 1.5", "B: found the number 1.5"),
    "steps": ("max_steps: 5", "max_steps: none", "max_steps: found the text 'none'"),
    "goals a word": ("possible_goals: [[0, 0], [1, 0, 2, 1]]", "possible_goals: all", "all"),
    "goal off the map": ("[[0, 0],", "[[7, 0],", "possible_goals[0]"),
    "goal twice": ("[[0, 0],", "[[0, 0], [0, 0],", "twice"),
    "unknown key": ("B: 2", "B: 2\nfil_density: 1", "unknown key 'fil_density' (did you mean"),
}


def _mutated(good: str, old: str, new: str) -> bytes:
    assert good.count(old) >= 1, f"{old!r} is not in the good file"
    return good.replace(old, new, 1).encode()


MAPS: dict[str, tuple[bytes, str]] = {
    **{
        f"grid: {name}": (_mutated(GRID, old, new), words)
        for name, (old, new, words) in _GRIDS.items()
    },
    **{
        f"bush: {name}": (_mutated(BUSH, old, new), words)
        for name, (old, new, words) in _BUSHES.items()
    },
    "multigrid": (b"map: |\n  We We We\n  We Ay We\nmax_steps: 3\n", "cannot be read yet"),
    "a map of nothing": (b"map:\n", "map: found nothing"),
}
