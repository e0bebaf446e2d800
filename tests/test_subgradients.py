"""What chapter 5 says about other programs: which subgradient each of them takes at a tie."""

from __future__ import annotations

import numpy as np
import pytest

TIED = [2.0, 5.0, 5.0]


def test_autograd_shares_a_tie():
    import autograd.numpy as anp
    from autograd import grad

    assert grad(anp.max)(np.array(TIED)).tolist() == [0.0, 0.5, 0.5]
    assert grad(lambda z: anp.maximum(z, 0.0))(0.0) == 0.5


def test_pytorch_takes_one_of_them_or_shares():
    torch = pytest.importorskip("torch")

    def gradient(f, values):
        x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        f(x).backward()
        return x.grad.tolist()

    one = gradient(lambda x: x.max(dim=0).values, TIED)
    assert sorted(one) == [0.0, 0.0, 1.0] and one[0] == 0.0
    assert gradient(lambda x: x.amax(), TIED) == [0.0, 0.5, 0.5]
    assert gradient(torch.relu, 0.0) == 0.0
    assert abs(gradient(torch.nn.functional.leaky_relu, 0.0) - 0.01) < 1e-15
