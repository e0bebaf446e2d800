"""The fast network and the fast Adam give the numbers of the readable ones, over sizes that Hypothesis chooses."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpkit as bp
from bpbook.bugs.mutate import imported, mutate, read_package
from bpbook.ladder import fast
from bpbook.ladder.report import RungError, distance

ROOT = Path(__file__).parent.parent
sizes = st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple)
choices = given(
    sizes=sizes,
    activation=st.sampled_from(fast.ACTIVATIONS),
    loss=st.sampled_from(fast.LOSSES),
    dtype=st.sampled_from([np.float32, np.float64]),
)


@settings(derandomize=True, deadline=None, max_examples=60)
@choices
def test_same_numbers_as_the_readable_network(sizes, activation, loss, dtype):
    fast.compare(bp, sizes, activation, loss, dtype)


@pytest.mark.parametrize("oracle", fast.ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracle(oracle):
    oracle(bp)


def test_the_comparison_sees_a_wrong_gradient():
    broken = mutate(read_package(ROOT), "fast._Plan.backward", "np.dot(self.ones, self.dZ, self.db)", "pass")
    with imported(broken) as wrong, pytest.raises(RungError, match=r"the gradient of affine1\.b is off"):
        fast.same_numbers(wrong)


@pytest.mark.parametrize("loss", fast.LOSSES)
def test_twenty_steps_end_where_the_readable_ones_end(loss):
    rng = np.random.default_rng(0)
    readable, quick = fast.pair(bp, (4, 6, 3), "tanh", loss, np.float32)
    quick.optimiser, adam = bp.FastAdam(), bp.Adam()
    for _ in range(20):
        X = rng.normal(size=(7, 4)).astype(np.float32)
        y = fast.targets(loss, 7, 3, rng, np.float32)
        L, g = readable.loss_and_gradient(X, y)
        adam.step(readable.theta, g)
        assert quick.step(X, y) == pytest.approx(L, rel=1e-5)
    assert distance(quick.theta, readable.theta) < 1e-5


def test_nothing_is_allocated_for_a_batch_length_that_came_before():
    _, quick = fast.pair(bp, (3, 4, 2))
    X, y = np.zeros((5, 3)), np.zeros((5, 2))
    quick.loss(X, y)
    plan = quick._plans[X.shape]
    quick.loss_and_gradient(X, y)
    assert quick._plans == {X.shape: plan}


def test_adam_is_that_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(1)
    for settings_ in ((1e-3, 0.9, 0.999, 1e-8), (0.05, 0.5, 0.9, 1e-4)):
        theta = rng.normal(size=9)
        parameter = torch.nn.Parameter(torch.tensor(theta))
        other = torch.optim.Adam([parameter], lr=settings_[0], betas=settings_[1:3], eps=settings_[3])
        optimisers = [(kind(*settings_), theta.copy()) for kind in (bp.Adam, bp.FastAdam)]
        for _ in range(15):
            g = rng.normal(size=9)
            parameter.grad = torch.tensor(g)
            other.step()
            for optimiser, values in optimisers:
                optimiser.step(values, g)
        for _, values in optimisers:
            assert distance(values, parameter.detach().numpy()) < 1e-12


def test_a_deep_copy_of_the_optimiser_goes_on_alone():
    theta, g = np.ones(3), np.array([1.0, -2.0, 0.5])
    first = bp.FastAdam()
    first.step(theta, g)
    second, other = copy.deepcopy(first), theta.copy()
    second.step(other, g)
    assert first.t == 1 and second.t == 2
    first.step(theta, g)
    assert np.array_equal(theta, other)
