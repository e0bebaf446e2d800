# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/09_layers.ipynb
"""Networks: a chain of layers whose parameters are one vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from bpkit.activations import leaky_relu, leaky_relu_vjp, relu, relu_vjp, sigmoid, sigmoid_vjp, tanh, tanh_vjp
from bpkit.layers import Affine, Layer, Loss, _generator, _Owner, _Views, _write
from bpkit.losses import bce_logits, bce_logits_vjp, cross_entropy_logits, cross_entropy_logits_vjp, mse, mse_vjp
from bpkit.validation import Array, as_floats, check_whole

__all__ = ["Sequential", "dense_network"]


def _check_layer(name: str, layer: Any, kind: type[Layer], example: str) -> None:
    is_loss = isinstance(layer, Loss)
    if not isinstance(layer, kind) or is_loss != (kind is Loss):
        where = "; a Loss is passed as loss=..." if is_loss else ""
        if isinstance(layer, (list, tuple)):
            where = "; unpack a list of them: Sequential(*layers)"
        raise TypeError(f"{name} is {layer!r:.60}, wanted {example}{where}")
    if layer.in_network:
        raise ValueError(f"{name} ({layer.name}) is in a network already, wanted a layer of its own: a layer remembers one call only")


def _check_layers(layers: tuple[Any, ...], loss: Any) -> None:
    if not layers:
        raise ValueError("layers is empty, wanted at least one layer")
    for i, layer in enumerate(layers):
        _check_layer(f"layers[{i}]", layer, Layer, "a Layer, as in Layer(relu, relu_vjp)")
        if any(layer is other for other in layers[:i]):
            raise ValueError(
                f"layers[{i}] ({layer.name}) is there twice, wanted a layer of its own for each place: a layer remembers one call only"
            )
    if loss is not None:
        _check_layer("loss", loss, Loss, "a Loss, as in Loss(mse, mse_vjp)")


def _forward(layers: Sequence[Layer], *inputs: Any) -> Any:
    # Through the layers; an error says in which of them it happened.
    for layer in layers:
        try:
            inputs = (layer.forward(*inputs),)
        except (ValueError, TypeError) as error:
            error.args = (f"{layer.name}: {error}",)
            raise
    return inputs[0]


def _backward(layers: Sequence[Layer], dY: Any) -> None:
    # Back through the layers; nobody needs the gradient for the data.
    for layer in reversed(layers):
        can_omit = layer.parameters_vjp is not layer.f_vjp
        omit = {"for_data": True} if can_omit and layer is layers[0] else {}
        try:
            dY = layer.backward(dY, **omit)
        except (ValueError, TypeError) as error:
            error.args = (f"{layer.name}: {error}",)
            raise


def _trial(layers: tuple[Layer, ...]) -> list[str]:
    # A row of zeros walks through the layers and meets those that do not fit.
    row, shapes = None, []
    dtypes = [value.dtype for layer in layers for value in layer.parameters.values()]
    for layer in layers:
        if row is None and layer.input_shape is not None:
            row = np.zeros((1, *layer.input_shape), dtypes[0] if dtypes else float)
        if row is not None:
            row = _forward([layer], row)
            layer.forget()
        sizes = ["..."] if row is None else map(str, row.shape[1:])
        shapes.append(f"({', '.join(['n', *sizes])})")
    return shapes


def _refuse_stale(layers: Sequence[Layer]) -> None:
    # Each layer must remember the array that the next one took as its input.
    for layer in layers:
        if layer.output is None:
            layer.backward(None)  # says so
    for layer, after in pairwise(layers):
        if after.inputs[0] is not layer.output:
            raise RuntimeError(
                f"{layer.name} and {after.name} remember different forward passes, wanted a complete forward pass just before backward"
            )


def _flat(layers: tuple[Layer, ...]) -> Array:
    # All parameters in one vector: layer after layer, W before its b.
    named = {f"{layer.name}.{name}": value for layer in layers for name, value in layer.parameters.items()}
    arrays = as_floats(**named)
    return np.concatenate([array.ravel() for array in arrays]) if arrays else np.zeros(0)


def _views(vector: Array, layer: Layer, start: int) -> _Views:
    # The part of the vector that belongs to the layer, in the layer's shapes.
    views = {}
    for name, value in layer.parameters.items():
        stop = start + value.size
        views[name] = vector[start:stop].reshape(value.shape)
        start = stop
    return _Views(views)


def _add_views(named: dict[str, Array], layer: str, views: dict[str, Array]) -> None:
    for name, view in views.items():
        dict.__setitem__(named, f"{layer}.{name}", view)


def _count(layer: Layer) -> int:
    return sum(value.size for value in layer.parameters.values())


def _sample(theta: Array) -> bytes:
    # At most 1000 of the parameters: enough to notice that a step was taken.
    return theta[:: 1 + theta.size // 1000].tobytes()


class _Flat(_Owner):
    # Owns the two vectors, theta and g; the layers hold views into them.
    layers: tuple[Layer, ...]
    name, in_network = "the network", True

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers
        self._theta = _flat(layers)
        self._g = np.zeros_like(self._theta)
        self._bind()

    def _bind(self) -> None:
        start, self._parameters, self._gradients = 0, _Views(), _Views()
        for layer in self.layers:
            layer._gradients = _views(self._g, layer, start)
            layer._parameters = _views(self._theta, layer, start)
            start += _count(layer)
            _add_views(self.parameters, layer.name, layer.parameters)
            _add_views(self.gradients, layer.name, layer.gradients)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The copy of a view is no view, so a copied network makes its own.
        self.__dict__.update(state)
        self._bind()

    @property
    def theta(self) -> Array:
        """All parameters as one vector (p,); to set it is to write into it."""
        return self._theta

    @theta.setter
    def theta(self, values: Any) -> None:
        _write("theta", self._theta, values)

    @property
    def g(self) -> Array:
        """The gradient for theta (p,), filled by `backward`."""
        return self._g

    @g.setter
    def g(self, values: Any) -> None:
        _write("g", self._g, values)


class Sequential(_Flat):
    """A chain of layers, and a loss: all parameters are views into one vector.

    Parameters
    ----------
    *layers : Layer
        In the order of the forward pass. They get names with their position,
        from 1: 'affine1', 'relu2', 'affine3'. Their parameters move into `theta`.
    loss : Loss, optional
        Needed for `loss` and for `backward()`.

    Attributes
    ----------
    theta, g : (p,) ndarray
        All parameters, and the gradient for them. Write into theta to change
        the network: `network.theta -= 0.1 * network.g`.
    layers : tuple of Layer
        The layers.
    loss_layer : Loss or None
        The loss.
    parameters, gradients : dict of ndarray
        By name, such as 'affine1.W'; views into `theta` and `g`.

    Raises
    ------
    ValueError
        If layers do not fit (at once, where the sizes are known), or a layer is
        used twice.
    TypeError
        If an argument is no layer, or float32 meets float64.

    Notes
    -----
    Equations `def-layers-forward`, `eq-layers-backward`. What the layers
    remember is read on the way back, so one forward pass comes before each
    backward pass.

    Derived in :doc:`chapter 9 </chapters/09_layers>`, section :ref:`A network <sec-layers-network>`.
    """

    def __init__(self, *layers: Layer, loss: Loss | None = None) -> None:
        _check_layers(layers, loss)
        for position, layer in enumerate(layers, start=1):
            layer.name = f"{getattr(layer.f, '__name__', 'layer')}{position}"
        self._shapes = _trial(layers)
        self.loss_layer, self._seen = loss, b""
        super().__init__(layers)
        having = [i for i, layer in enumerate(layers) if layer.parameters]
        self._trained = layers[min(having, default=len(layers)) :]

    def _bind(self) -> None:
        super()._bind()
        loss = [] if self.loss_layer is None else [self.loss_layer]
        for layer in [*self.layers, *loss]:
            layer.in_network = True

    def __repr__(self) -> str:
        return f"<Sequential {', '.join(layer.name for layer in self.layers)}>"

    def __len__(self) -> int:
        return len(self.layers)

    def _with_loss(self) -> Loss:
        if self.loss_layer is None:
            raise RuntimeError("the network has no loss, wanted Sequential(..., loss=Loss(mse, mse_vjp))")
        return self.loss_layer

    def forward(self, X: Any) -> Any:
        """Return what the last layer makes of X, (n, d): the logits, as a rule."""
        self._seen = _sample(self._theta)
        return _forward(self.layers, X)

    def loss(self, X: Any, y: Any) -> Any:
        """Return the loss of the outputs for X against the targets y."""
        layer = self._with_loss()
        return _forward([layer], self.forward(X), y)

    def backward(self, dY: Any = None) -> Array:
        """Fill the gradients, overwriting the old ones, and return `g` itself.

        The way back begins at the loss, or, where it is given, with the gradient
        dY for the outputs. No gradient for the data is computed.

        What the layers remember must be unchanged: a step of theta since the
        forward pass is refused (at most 1000 entries are compared, so a change
        of a few may escape), but nobody checks X, y and the outputs.
        """
        layers = self._trained
        if dY is None:
            # dL/dL = 1, in the precision of the network
            layers, dY = (*layers, self._with_loss()), self._theta.dtype.type(1)
        _refuse_stale(layers)
        if _sample(self._theta) != self._seen:
            raise RuntimeError("theta has changed since the forward pass, wanted backward first, then the step")
        _backward(layers, dY)
        return self._g

    def loss_and_gradient(self, X: Any, y: Any) -> tuple[Any, Array]:
        """Return the loss and `g`, the network's own vector: copy it to keep it."""
        L = self.loss(X, y)
        return L, self.backward()

    def summary(self) -> None:
        """Print each layer with the shape of its output and its parameters."""
        rows = [("layer", "output", "parameters")]
        for layer, shape in zip(self.layers, self._shapes, strict=True):
            rows.append((layer.name, shape, f"{_count(layer):,}"))
        rows.append(("total", "", f"{self._theta.size:,}"))
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, shape, size in rows:
            print(f"{name:{wide[0]}}  {shape:{wide[1]}}  {size:>{wide[2]}}")


_ACTIVATIONS = {
    "sigmoid": (sigmoid, sigmoid_vjp),
    "tanh": (tanh, tanh_vjp),
    "relu": (relu, relu_vjp),
    "leaky_relu": (leaky_relu, leaky_relu_vjp),
}
_LOSSES = {
    "mse": (mse, mse_vjp),
    "bce": (bce_logits, bce_logits_vjp),
    "cross_entropy": (cross_entropy_logits, cross_entropy_logits_vjp),
}


def _choose(name: str, value: Any, known: dict[str, tuple[Any, Any]]) -> tuple[Any, Any]:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} is {value!r:.60}, wanted one of {', '.join(known)}")
    return known[value]


def _check_sizes(sizes: Any) -> list[int]:
    sizes = sizes.tolist() if isinstance(sizes, np.ndarray) else sizes
    if not isinstance(sizes, Sequence) or isinstance(sizes, str) or len(sizes) < 2:
        raise ValueError(f"sizes is {sizes!r:.60}, wanted two integers or more: the inputs, the hidden layers, the outputs")
    return [check_whole(f"sizes[{i}]", size, 1) for i, size in enumerate(sizes)]


def dense_network(
    sizes: Sequence[int],
    activation: str = "relu",
    loss: str = "cross_entropy",
    seed: Any = 0,
    dtype: Any = np.float64,
) -> Sequential:
    """Return affine layers with activations between them, and a loss.

    Parameters
    ----------
    sizes : sequence of int
        The number of inputs, of units in each hidden layer, and of outputs.
    activation : {'relu', 'sigmoid', 'tanh', 'leaky_relu'}
        After each affine layer but the last, whose outputs are logits.
    loss : {'cross_entropy', 'bce', 'mse'}
        The loss.
    seed : int or Generator
        Where all weights are drawn from, layer after layer, see `Affine`.
    dtype : float64 or float32
        The precision of the parameters.

    Returns
    -------
    Sequential
        Named affine1, relu2, affine3 and so on.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what it should be.

    Notes
    -----
    Derived in :doc:`chapter 9 </chapters/09_layers>`, section :ref:`A network <sec-layers-network>`.
    """
    f, f_vjp = _choose("activation", activation, _ACTIVATIONS)
    last = Loss(*_choose("loss", loss, _LOSSES))
    rng = _generator(seed)
    layers: list[Layer] = []
    for d, h in pairwise(_check_sizes(sizes)):
        layers += [Affine(d, h, rng, dtype), Layer(f, f_vjp)]
    return Sequential(*layers[:-1], loss=last)
