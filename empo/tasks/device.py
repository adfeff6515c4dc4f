"""Training on a device task: gathering, learning and judging as pure functions of a `Run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import ActionSpace, Discrete
from empo.core.types import Array, Float, Int
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay
from empo.rl.data import Steps, flat
from empo.rl.replay import Buffer, add, empty, sample
from empo.tasks.episodes import Episode, Stepped, begin, move, renewed
from empo.tasks.task import Task
from empo.tasks.trainer import warmup_rounds

Act = Callable[..., Acted]
"""act(observation, memory, key=), for ONE environment."""


class Run(NamedTuple):
    """All there is to a run in progress: with it, every later number is determined."""

    learner: Any
    episodes: Episode
    memory: Any
    replay: Buffer | tuple[()]
    key: Array
    n_steps: Int[Array, ""]
    """Environment steps so far."""


class Ended(NamedTuple):
    """The episodes that ended during some steps: how many, and sums over them."""

    number: Float[Array, ""]
    total: Float[Array, ""]
    length: Float[Array, ""]


def start(algorithm: Algorithm, task: Task, *, key: Array) -> Run:
    """Fresh networks and episodes; a replay buffer is warmed up with random actions."""
    key, key_init, key_reset = jax.random.split(key, 3)
    plan = algorithm.gather
    episodes = jax.vmap(lambda k: begin(task, key=k))(jax.random.split(key_reset, plan.n_envs))
    memory = repeated(algorithm.fresh_memory, plan.n_envs)
    run = Run(algorithm.init(key=key_init), episodes, memory, (), key, jnp.int32(0))
    if not isinstance(plan, Replay):
        return run
    random = random_actor(task.action)

    def one_round(run: Run) -> tuple[Run, Steps]:
        key, key_gather = jax.random.split(run.key)
        return gather(algorithm, task, random, run._replace(key=key), key=key_gather)[:2]

    rows = jax.eval_shape(lambda run: flat(one_round(run)[1]), run)
    row = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), rows)
    run = run._replace(replay=empty(row, plan.capacity))
    return jax.lax.fori_loop(
        0,
        warmup_rounds(plan),
        lambda _, run: remember(*one_round(run)),
        run,
    )


def iterate(algorithm: Algorithm, task: Task, run: Run) -> tuple[Run, Metrics, Ended]:
    """Gather data once and learn from it."""

    def act(observation: Any, memory: Any, *, key: Array) -> Acted:
        return algorithm.act(run.learner, observation, memory, key=key)

    key, key_gather, key_update = jax.random.split(run.key, 3)
    run, data, ended = gather(algorithm, task, act, run._replace(key=key), key=key_gather)
    if isinstance(algorithm.gather, Replay):
        run = remember(run, data)
        learner, metrics = relearn(algorithm, run.learner, run.replay, key=key_update)
    else:
        learner, metrics = algorithm.update(run.learner, data, key=key_update)
    return run._replace(learner=learner), metrics, ended


def gather(
    algorithm: Algorithm, task: Task, act: Act, run: Run, *, key: Array
) -> tuple[Run, Steps, Ended]:
    """`n_steps` steps in each environment."""
    plan = algorithm.gather
    forgotten = repeated(algorithm.fresh_memory, plan.n_envs)

    def step(
        carry: tuple[Episode, Any], chance: tuple[Array, Array, Episode]
    ) -> tuple[tuple[Episode, Any], tuple[Steps, Ended]]:
        episodes, memory = carry
        keys_act, keys_step, fresh = chance
        observation = jax.vmap(task.observe)(episodes.state)
        acted = jax.vmap(lambda o, m, k: act(o, m, key=k))(observation, memory, keys_act)
        episodes, stepped = jax.vmap(lambda e, a, k: move(task, e, a, key=k))(
            episodes, acted.action, keys_step
        )
        episodes = jax.vmap(renewed)(episodes, fresh, stepped)
        memory = jax.tree.map(
            lambda new, old: jax.vmap(jnp.where)(stepped.boundary, new, old),
            forgotten,
            acted.memory,
        )
        return (episodes, memory), (_row(observation, acted, stepped, plan.gamma), _ended(stepped))

    # What chance brings is drawn beforehand, all at once: that is far cheaper than step by step.
    keys_act, keys_step, keys_reset = jax.random.split(key, (3, plan.n_steps, plan.n_envs))
    fresh = jax.vmap(jax.vmap(lambda k: begin(task, key=k)))(keys_reset)
    (episodes, memory), (data, ended) = jax.lax.scan(
        step, (run.episodes, run.memory), (keys_act, keys_step, fresh)
    )
    n_steps = run.n_steps + plan.steps_per_update
    run = run._replace(episodes=episodes, memory=memory, n_steps=n_steps)
    return run, data, jax.tree.map(jnp.sum, ended)


def remember(run: Run, data: Steps) -> Run:
    """Put steps into the replay buffer."""
    assert isinstance(run.replay, Buffer)
    return run._replace(replay=add(run.replay, flat(data)))


def relearn(algorithm: Algorithm, learner: Any, replay: Any, *, key: Array) -> tuple[Any, Metrics]:
    """A round of gradient steps, each on a sample of its own; metrics are means over the round."""
    plan = algorithm.gather
    assert isinstance(plan, Replay)

    def step(learner: Any, key: Array) -> tuple[Any, Metrics]:
        key_sample, key_update = jax.random.split(key)
        batch = sample(replay, plan.batch_size, key=key_sample)
        return algorithm.update(learner, batch, key=key_update)

    learner, metrics = jax.lax.scan(step, learner, jax.random.split(key, plan.n_updates))
    return learner, jax.tree.map(jnp.mean, metrics)


def play(
    algorithm: Algorithm, task: Task, learner: Any, n_episodes: int, *, key: Array
) -> tuple[Float[Array, " episode"], Int[Array, " episode"]]:
    """The undiscounted returns and the lengths of fresh episodes, played without exploring."""

    def one(key: Array) -> tuple[Float[Array, ""], Int[Array, ""]]:
        def step(carry: tuple[Episode, Any]) -> tuple[Episode, Stepped]:
            episode, _ = carry
            action = algorithm.best(learner, task.observe(episode.state))
            # Where a task leaves nothing to chance, this key is never made.
            key_step = jax.random.fold_in(key, episode.age)
            return move(task, episode, action, key=key_step)

        first = step((begin(task, key=key), None))
        last = jax.lax.while_loop(lambda carry: ~carry[1].boundary, step, first)[1]
        return last.total, last.length

    return jax.vmap(one)(jax.random.split(key, n_episodes))


def random_actor(action: ActionSpace) -> Act:
    """Uniform actions; components without bounds are drawn from [-1, 1]."""

    def act(observation: Any, memory: Any, *, key: Array) -> Acted:
        if isinstance(action, Discrete):
            return Acted(
                jax.random.randint(key, (), 0, action.n), -jnp.log(float(action.n)), memory
            )
        low, high = jnp.array(_finite(action.low, -1.0)), jnp.array(_finite(action.high, 1.0))
        drawn = jax.random.uniform(key, low.shape, minval=low, maxval=high)
        return Acted(drawn, -jnp.sum(jnp.log(high - low)), memory)

    return act


def _finite(bounds: tuple[float, ...], otherwise: float) -> tuple[float, ...]:
    return tuple(b if abs(b) < float("inf") else otherwise for b in bounds)


def _row(observation: Any, acted: Acted, stepped: Stepped, gamma: float) -> Steps:
    return Steps(
        observation,
        acted.action,
        acted.log_prob,
        stepped.reward,
        jnp.where(stepped.terminated, 0.0, gamma),
        stepped.boundary,
        stepped.next_observation,
    )


def _ended(stepped: Stepped) -> Ended:
    over = stepped.boundary.astype(jnp.float32)
    return Ended(jnp.sum(over), jnp.sum(over * stepped.total), jnp.sum(over * stepped.length))


def repeated(memory: Any, n_envs: int) -> Any:
    """The same memory for each of several environments."""
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (n_envs, *jnp.shape(x))), memory)
