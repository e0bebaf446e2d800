# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/08_backpropagation_by_hand.ipynb
"""The network with one hidden layer, forward and backward by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpkit.activations import sigmoid, sigmoid_vjp
from bpkit.linear import affine, affine_vjp
from bpkit.validation import Array, as_floats, check_shape

__all__ = ["two_layer_backward", "two_layer_forward"]


def _check_two_layers(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> None:
    for name, value, wanted in (
        ("X", X, "(n, d): one row for each sample, at least one"),
        ("W1", W1, "(d, h): one column for each hidden unit, at least one"),
        ("W2", W2, "(h, k): one column for each output, at least one"),
    ):
        if len(value.shape) != 2 or 0 in value.shape:
            raise ValueError(f"{name} has shape {value.shape}, wanted {wanted}")
    d, (h, k) = X.shape[1], W2.shape
    check_shape("W1", W1, (d, h), "from the columns of X to the rows of W2")
    check_shape("b1", b1, (h,), "one bias for each hidden unit")
    check_shape("b2", b2, (k,), "one bias for each output")


def _entrywise(name: str, function: Any, *arguments: Any) -> Any:
    if not callable(function):
        raise TypeError(f"{name} is {function!r:.60}, wanted a function")
    Z1, answer = arguments[-1], function(*arguments)
    if name == "f_vjp":  # a vector-Jacobian product returns a tuple
        if not isinstance(answer, tuple) or len(answer) != 1:
            got = type(answer).__name__
            raise TypeError(f"{name} returned {got}, wanted a tuple with one gradient: (dZ1,)")
        (answer,) = answer
    result = f"the result of {name}"
    _, answer = as_floats(Z1=Z1, **{result: answer})
    check_shape(result, answer, Z1.shape, "it works entry by entry on Z1")
    return answer


def two_layer_forward(
    X: Array,
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    f: Callable[[Any], Any] = sigmoid,
) -> tuple[Any, Any, Any]:
    """Return Z1, A1 and Z2 of the network with one hidden layer.

    Parameters
    ----------
    X : (n, d) ndarray
        One sample in each row, float64 or float32.
    W1 : (d, h) ndarray
        Weights of the hidden layer: one column for each hidden unit.
    b1 : (h,) ndarray
        Biases of the hidden layer.
    W2 : (h, k) ndarray
        Weights of the output layer: one column for each output.
    b2 : (k,) ndarray
        Biases of the output layer.
    f : callable
        The activation of the hidden units, such as `sigmoid`.

    Returns
    -------
    tuple of ndarray
        Z1 (n, h), A1 = f(Z1) (n, h) and Z2 (n, k), in the dtype of the
        arguments. NaN and infinity are passed on.

    Raises
    ------
    ValueError
        If the shapes do not fit or the batch is empty.
    TypeError
        If an argument does not hold numbers, float32 meets float64, or f is
        not a function.

    Notes
    -----
    Equation `def-two-layers`.

    Derived in :doc:`chapter 8 </chapters/08_backpropagation_by_hand>`, section "Two functions".
    """
    X, W1, b1, W2, b2 = as_floats(X=X, W1=W1, b1=b1, W2=W2, b2=b2)
    _check_two_layers(X, W1, b1, W2, b2)
    Z1 = affine(X, W1, b1)
    A1 = _entrywise("f", f, Z1)
    Z2 = affine(A1, W2, b2)
    return Z1, A1, Z2


def _check_pass(dZ2: Array, Z1: Array, A1: Array, Z2: Array, n: int, h: int, k: int) -> None:
    why = "two_layer_forward gives this shape for these arguments"
    check_shape("Z1", Z1, (n, h), why)
    check_shape("A1", A1, (n, h), why)
    check_shape("Z2", Z2, (n, k), why)
    check_shape("dZ2", dZ2, (n, k), "the gradient has the shape of Z2")


def two_layer_backward(
    dZ2: Array,
    Z1: Array,
    A1: Array,
    Z2: Array,
    X: Array,
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    f_vjp: Callable[..., Any] = sigmoid_vjp,
) -> tuple[Any, Any, Any, Any]:
    """Return the gradients of all parameters, given dZ2, the one for Z2.

    Parameters
    ----------
    dZ2 : (n, k) ndarray
        Gradient of the loss for Z2.
    Z1, A1, Z2 : ndarray
        What `two_layer_forward` returned.
    X, W1, b1, W2, b2 : ndarray
        The arguments of `two_layer_forward`.
    f_vjp : callable
        The vector-Jacobian product of the activation: (dA1, A1, Z1) to (dZ1,).

    Returns
    -------
    tuple of ndarray
        dW1, db1, dW2, db2, with the shapes of W1, b1, W2, b2. There is no
        gradient for the data.

    Raises
    ------
    ValueError, TypeError
        As for `two_layer_forward`; also if Z1, A1, Z2 or dZ2 has not the shape
        of that pass, or f_vjp does not return a tuple with dZ1 alone.

    Notes
    -----
    Equations `eq-hand-delta-output`, `eq-hand-delta-hidden`,
    `eq-hand-weights`, `eq-hand-biases`.

    Derived in :doc:`chapter 8 </chapters/08_backpropagation_by_hand>`, section "Two functions".
    """
    dZ2, Z1, A1, Z2, X, W1, b1, W2, b2 = as_floats(dZ2=dZ2, Z1=Z1, A1=A1, Z2=Z2, X=X, W1=W1, b1=b1, W2=W2, b2=b2)
    _check_two_layers(X, W1, b1, W2, b2)
    _check_pass(dZ2, Z1, A1, Z2, X.shape[0], *W2.shape)
    dA1, dW2, db2 = affine_vjp(dZ2, Z2, A1, W2, b2)
    dZ1 = _entrywise("f_vjp", f_vjp, dA1, A1, Z1)
    _, dW1, db1 = affine_vjp(dZ1, Z1, X, W1, b1)
    return dW1, db1, dW2, db2
