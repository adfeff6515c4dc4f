"""Files that must be refused, each with words that its refusal has to contain.

`CASES` maps a name to the content of a file and those words.
"""

from tests.worlds.malformed.games import GAMES
from tests.worlds.malformed.heavy import HEAVY
from tests.worlds.malformed.maps import MAPS
from tests.worlds.malformed.texts import TEXTS

CASES: dict[str, tuple[bytes, str]] = {**TEXTS, **GAMES, **MAPS, **HEAVY}

__all__ = ["CASES", "GAMES", "HEAVY", "MAPS", "TEXTS"]
