"""Making a Gymnasium environment, and what to say when it cannot be made or breaks down.

The code of environments is anybody's and may raise anything. So the functions around it, and no
others in this package, catch `Exception`, and turn it into one line that says where it happened.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import gymnasium
from gymnasium import error

from empo.core.errors import EmpoError, InputError
from empo.worlds.gym import register

OWN = "empo/"
"""With this begin the ids of worlds."""
_REMEDIES = {"mujoco": "pip install empo[mujoco]"}
"""What to do where a message about something missing has this word."""


class EnvironmentFailed(EmpoError):
    """The code of an environment raised an error, or gave numbers that are not finite."""


def make_env(env_id: str, **kwargs: Any) -> gymnasium.Env:
    """The environment `gymnasium.make` gives for this id and these keywords.

    Ids of other packages may name the module that registers them, as in `package:Name-v0`. Raises
    `InputError` if there is none, something it needs is missing, or a keyword is wrong.
    """
    if env_id.startswith(OWN):
        register()
    try:
        return gymnasium.make(env_id, disable_env_checker=True, **kwargs)
    except EmpoError as problem:
        raise InputError(f"{env_id}: {problem}") from problem
    except error.UnregisteredEnv as problem:
        raise InputError(_unknown(env_id)) from problem
    except (error.DependencyNotInstalled, ImportError) as problem:
        raise InputError(missing(env_id, problem)) from problem
    except (error.Error, TypeError) as problem:
        raise InputError(f"{env_id}: {one_line(problem)}") from problem
    except Exception as problem:
        raise EnvironmentFailed(f"{env_id} cannot be made: {told(problem)}") from problem


def missing(what: str, problem: BaseException) -> str:
    """What to install, by the message of an environment that needs it."""
    message = one_line(problem)
    for word, remedy in _REMEDIES.items():
        if word in message.lower() and isinstance(problem, error.DependencyNotInstalled):
            return f"{what}: {word} is not installed (remedy: {remedy})"
    return f"{what}: something it needs is not installed ({message})"


def told(problem: BaseException) -> str:
    """An error of an environment in one line, as in `ValueError: too hot`."""
    return f"{type(problem).__name__}: {one_line(problem)}"


def one_line(problem: BaseException) -> str:
    """The message, without line breaks."""
    return " ".join(str(problem).split()) or "no message"


def _unknown(env_id: str) -> str:
    near = get_close_matches(env_id, list(gymnasium.registry), n=3, cutoff=0.6)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else "wanted one like CartPole-v1, empo/key-door-v0 or, of another package, package:Name-v0"
    )
    return f"no Gymnasium environment is called {env_id!r} ({hint})"
