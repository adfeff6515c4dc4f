"""A world without end: 1,000,000 states, 25 joint actions, 10 goals, gamma 0.95; both phases."""

from __future__ import annotations

import empo
from bench import maps
from bench.report import peak_gib, row, title
from empo.worlds.expand import joint_actions


def main() -> None:
    solution = empo.solve(maps.open_room(side=32, n_goals=10))
    game, effort = solution.game, solution.effort
    n_joint = len(joint_actions(game.world.model)[0])
    title(f"Open room 32x32: {game.n_states:,} states, {n_joint} joint actions, 10 goals, no end")
    rate = game.n_transitions / effort.enumerate_seconds / 1e6
    row("transitions", f"{game.n_transitions:,}")
    row("found in", f"{effort.enumerate_seconds:.1f} s", f"{rate:.1f} million per second")
    row("both phases solved in", f"{effort.seconds:.0f} s", f"{effort.sweeps} sweeps")
    row("seconds per sweep", f"{effort.seconds / effort.sweeps:.2f} s")
    row("largest residual of any equation", f"{effort.residual:.1e}")
    row("peak memory", f"{peak_gib():.2f} GiB")


if __name__ == "__main__":
    main()
