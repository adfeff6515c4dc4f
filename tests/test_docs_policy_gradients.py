"""The numbers behind docs/figures/gradient-variance.png and clipped-surrogate.png."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.rl import tabular

DOCS = Path(__file__).parents[1] / "docs"
sys.path.append(str(DOCS / "figures"))

import gradient_variance as gv  # noqa: E402
import policy_gradients  # noqa: E402

LENGTHS = (16, 32, 64)
N = 2000
GAMMAS = [0.5, 0.8, 0.9, 0.95, 0.98, 1.0]


def as_mdp(process, gamma=1.0):
    reward = np.broadcast_to(process.reward[:, :, None], process.prob.shape)
    return tabular.Mdp(process.prob, reward, gamma)


@pytest.fixture(scope="module")
def variances():
    return gv.by_steps(gv.QUICK, LENGTHS, N, seed=0)


@pytest.fixture(scope="module")
def discounted():
    return gv.by_discount(gv.SLOW, GAMMAS, n_steps=40, n=N, seed=0)


def test_E06_variance_grows_with_the_number_of_steps(variances):
    for found in variances.values():
        assert np.all(np.diff(found) > 0)


def test_E06_it_grows_like_the_third_power_and_with_v_as_baseline_like_the_second(variances):
    # A return of T steps is of size T, less V of size sqrt(T); T scores of random signs add up.
    powers = {name: gv.slope(LENGTHS, found) for name, found in variances.items()}
    assert powers["whole return"] == pytest.approx(3, abs=0.25)
    assert powers["rewards to go"] == pytest.approx(3, abs=0.25)
    assert powers["rewards to go less V"] == pytest.approx(2, abs=0.25)


def test_E06_rewards_to_go_have_less_and_a_baseline_much_less_at_every_length(variances):
    whole, to_go, less_value = (np.array(variances[name]) for name in gv.WEIGHTS)
    # The mean of (T - t)^2 over t is a third of T^2.
    np.testing.assert_allclose(to_go / whole, 1 / 3, atol=0.12)
    assert np.all(less_value < 0.3 * to_go)


def test_E07_a_smaller_discount_has_more_bias_and_less_variance(discounted):
    assert np.all(np.diff(discounted.bias) < 0)
    assert discounted.bias[0] > 0.8
    assert discounted.bias[-1] == 0
    for deviation in discounted.deviation.values():
        assert np.all(np.diff(deviation) > 0)
        assert deviation[-1] > 5 * deviation[0]


def test_E07_with_few_trajectories_a_discount_in_between_errs_least(discounted):
    for name in discounted.deviation:
        errors = discounted.error(name, 64)
        assert 0 < np.argmin(errors) < len(GAMMAS) - 1
        # With ever more of them variance is gone, and bias remains.
        assert np.argmin(discounted.error(name, 10**9)) == len(GAMMAS) - 1


def test_means_and_variances_are_those_over_all_trajectories():
    process, n_steps, gamma = gv.QUICK, 3, 0.8
    every = tabular.all_trajectories(as_mdp(process), process.pi, process.start, n_steps)
    paths = gv.Paths(every.states[:-1], every.actions, every.reward)
    drawn = gv.sampled(process, n_steps, 40_000, seed=1)
    for weight in (gv.to_go, gv.less_value):
        samples = gv.gradients(process, paths, weight(process, paths, gamma))
        mean, variance = tabular.mean_and_variance(samples, every.prob)
        np.testing.assert_allclose(
            mean, gv.expected_gradient(process, n_steps, gamma), rtol=0, atol=1e-6
        )
        sampled = gv.gradients(process, drawn, weight(process, drawn, gamma))
        assert gv.variance(sampled) == pytest.approx(variance, rel=0.03)


def test_without_a_discount_the_mean_is_the_gradient_that_is_differentiated():
    for process in (gv.QUICK, gv.SLOW):
        true = tabular.exact_gradient(as_mdp(process), process.pi, process.start, 12)
        found = gv.expected_gradient(process, 12, 1.0)
        np.testing.assert_allclose(found, true, rtol=1e-4, atol=1e-6)


def test_D20_the_drawn_surrogate_and_its_gradient_are_those_by_hand():
    # Below, within and above the range: r A if that is less, else the end of the range times A.
    ratio = np.array([0.5, 1.0, 1.5])
    better = policy_gradients.surrogate(ratio, 1.0)
    worse = policy_gradients.surrogate(ratio, -1.0)
    np.testing.assert_allclose(better, [[0.5, 1.0, 1.2], [1.0, 1.0, 0.0]], atol=1e-6)
    np.testing.assert_allclose(worse, [[-0.8, -1.0, -1.5], [0.0, -1.0, -1.0]], atol=1e-6)


@pytest.mark.parametrize(
    ("picture", "page"), [("clipped-surrogate", "ppo"), ("gradient-variance", "reinforce")]
)
def test_the_pictures_are_shown(picture, page):
    assert (DOCS / "figures" / f"{picture}.png").exists()
    assert f"(../figures/{picture}.png)" in (DOCS / "algorithms" / f"{page}.md").read_text("utf-8")
