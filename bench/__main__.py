"""Run the benchmarks named, or all; each in its own process, so that none profits from another."""

from __future__ import annotations

import subprocess
import sys

SOLVING = ("sweep", "bush_small", "bush_large", "endless", "bush_longest")
LEARNING = ("returns", "ppo", "sac", "trpo", "a2c", "cold_start", "seeds", "workers")
ROBOT = ("learner", "coupled")
NAMES = (*SOLVING, *LEARNING, *ROBOT)


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    if unknown := [name for name in wanted if name not in NAMES]:
        print(f"no such benchmark: {', '.join(unknown)} (there are: {', '.join(NAMES)})")
        return 2
    for name in wanted:
        failed = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
        if failed:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
