"""The network with one hidden layer: messages word for word, small shapes, PyTorch, and a sample of the long runs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpkit as bp
from bpbook.ladder.two_layers import draw
from bpbook.long_runs import xor
from bpbook.results import load_results


def test_messages_name_the_layer():
    X, W1, b1, W2, b2 = draw(5, 2, 3, 1)
    for arguments, message in (
        ((X[0], W1, b1, W2, b2), "X has shape (2,), wanted (n, d): one row for each sample, at least one"),
        ((X, W1.T, b1, W2, b2), "W1 has shape (3, 2), wanted (2, 3): from the columns of X to the rows of W2"),
        ((X, W1, b1[:2], W2, b2), "b1 has shape (2,), wanted (3,): one bias for each hidden unit"),
        ((X, W1, b1, W2[:, 0], b2), "W2 has shape (3,), wanted (h, k): one column for each output, at least one"),
        ((X, W1, b1, W2, b1), "b2 has shape (3,), wanted (1,): one bias for each output"),
        ((X, W1.astype(np.float32), b1, W2, b2), "X is float64 and W1 is float32, wanted one precision"),
        ((X, W1, b1, W2, b2, "sigmoid"), "f is 'sigmoid', wanted a function"),
        ((X, W1, b1, W2, b2, lambda Z: Z.sum(axis=0)), "the result of f has shape (3,), wanted (5, 3): it works entry by entry on Z1"),
    ):
        with pytest.raises((ValueError, TypeError), match=re.escape(message)):
            bp.two_layer_forward(*arguments)


def test_messages_of_the_way_back():
    arguments = draw(5, 2, 3, 1)
    Z1, A1, Z2 = bp.two_layer_forward(*arguments)
    for values, f_vjp, message in (
        ((Z2[:, 0], Z1, A1, Z2), bp.sigmoid_vjp, "dZ2 has shape (5,), wanted (5, 1): the gradient has the shape of Z2"),
        (
            (Z2, Z1[:2], A1, Z2),
            bp.sigmoid_vjp,
            "Z1 has shape (2, 3), wanted (5, 3): two_layer_forward gives this shape",
        ),
        ((Z2, Z1, A1, Z2), lambda dA, A, Z: dA, "f_vjp returned ndarray, wanted a tuple with one gradient: (dZ1,)"),
        ((Z2, Z1, A1, Z2), bp.sigmoid, "takes 1 positional argument"),
    ):
        with pytest.raises((ValueError, TypeError), match=re.escape(message)):
            bp.two_layer_backward(*values, *arguments, f_vjp)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(sizes=st.tuples(*[st.integers(1, 4)] * 4), seed=st.integers(0, 2**16))
def test_small_shapes(sizes, seed):
    arguments, rng = draw(*sizes, seed=seed), np.random.default_rng(seed)
    values = bp.two_layer_forward(*arguments)
    dZ2 = rng.normal(size=values[2].shape)
    for place, gradient in enumerate(bp.two_layer_backward(dZ2, *values, *arguments), start=1):

        def total(array, place=place):
            return np.sum(dZ2 * bp.two_layer_forward(*arguments[:place], array, *arguments[place + 1 :])[2])

        assert bp.check_gradient(total, gradient, arguments[place], method="complex", tolerance=1e-13)


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is an optional extra")
    X, *parameters = draw(7, 3, 4, 2)
    y = np.random.default_rng(1).integers(0, 2, size=(7, 2)).astype(float)
    Z1, A1, Z2 = bp.two_layer_forward(X, *parameters)
    dZ2, _ = bp.bce_logits_vjp(1.0, bp.bce_logits(Z2, y), Z2, y)
    tensors = [torch.tensor(array, requires_grad=True) for array in parameters]
    logits = torch.sigmoid(torch.tensor(X) @ tensors[0] + tensors[1]) @ tensors[2] + tensors[3]
    torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(y)).backward()
    for ours, theirs in zip(bp.two_layer_backward(dZ2, Z1, A1, Z2, X, *parameters), tensors, strict=True):
        assert np.abs(ours - theirs.grad.numpy()).max() < 1e-13


@pytest.mark.parametrize(
    ("loss", "hidden", "scale", "seed"),
    [("cross-entropy", 2, 1.0, 0), ("cross-entropy", 8, 2.0, 3), ("squared error", 4, 1.0, 7), ("squared error", 8, 4.0, 13)],
)
def test_a_sample_of_the_long_runs_comes_out_again(loss, hidden, scale, seed):
    wanted = {"loss": loss, "hidden": hidden, "scale": scale}
    case = next(case for case in load_results("xor")["cases"] if wanted.items() <= case.items())
    found = xor.solve(loss, xor.start(seed, hidden, scale))
    then = case["solved"][seed]
    assert (found["solved"] is None) == (then is None)
    if then is None:
        assert found["right"] == case["stuck"][str(seed)]
    else:
        assert abs(found["solved"] - then) <= 1  # another processor may round the last bit in another way


def test_the_sample_would_notice_a_wrong_gradient(monkeypatch):
    right = bp.two_layer_backward
    monkeypatch.setattr(bp, "two_layer_backward", lambda *arguments: tuple(-gradient for gradient in right(*arguments)))
    with pytest.raises(AssertionError):
        test_a_sample_of_the_long_runs_comes_out_again("cross-entropy", 2, 1.0, 0)
