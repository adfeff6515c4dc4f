"""BushWorld 7x3 with 15 steps: some ten million time-expanded states."""

from bench.bush_large import main

if __name__ == "__main__":
    main(horizon=15)
