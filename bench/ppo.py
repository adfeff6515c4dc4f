"""PPO on CartPole, steps per second on one core: 8 environments x 32 steps, 20 epochs, one batch.

Both networks have two layers of 64 tanh units. Tasks on the device are beside rejax's, Gymnasium's
CartPole-v1 is beside sbx and SB3.
"""

from __future__ import annotations

from bench.peers.contenders import empo, rejax, sb3
from bench.peers.contest import compete
from bench.peers.table import rates
from bench.report import title

N_ENVS, N_STEPS = 8, 32
PER_UPDATE = N_ENVS * N_STEPS
OURS = {
    "n_envs": N_ENVS,
    "n_steps": N_STEPS,
    "n_epochs": 20,
    "n_minibatches": 1,
    "gamma": 0.98,
    "lambda_": 0.8,
    "learning_rate": 1e-3,
    "anneal": 0.0,
    "hidden": (64, 64),
    "activation": "tanh",
}
SB3 = {
    "n_steps": N_STEPS,
    "batch_size": PER_UPDATE,
    "n_epochs": 20,
    "gamma": 0.98,
    "gae_lambda": 0.8,
    "ent_coef": 0.0,
    "learning_rate": 1e-3,
}
REJAX = {
    "env": "CartPole-v1",
    "num_envs": N_ENVS,
    "num_steps": N_STEPS,
    "num_epochs": 20,
    "num_minibatches": 1,
    "gamma": 0.98,
    "gae_lambda": 0.8,
    "ent_coef": 0.0,
    "learning_rate": 1e-3,
    "max_grad_norm": 0.5,
    "agent_kwargs": {"hidden_layer_sizes": (64, 64), "activation": "tanh"},
}
TURNS = 3


def main() -> None:
    on_device = [
        empo("task:cartpole", "ppo", OURS, updates=200, per_update=PER_UPDATE),
        rejax("PPO", REJAX, steps=200 * PER_UPDATE),
    ]
    on_gymnasium = [
        empo("gym:CartPole-v1", "ppo", OURS, updates=40, per_update=PER_UPDATE),
        *(
            sb3(library, "PPO", "CartPole-v1", SB3, n_envs=N_ENVS, steps=40 * PER_UPDATE)
            for library in ("sbx", "SB3")
        ),
    ]
    title("PPO, CartPole, 8 x 32 steps, 20 epochs, one minibatch of 256, 2 x 64 tanh: one core")
    for contenders in (on_device, on_gymnasium):
        rates(compete(contenders, [{}] * TURNS), contenders[0].name, "steps/s")


if __name__ == "__main__":
    main()
