# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/09_layers.ipynb
"""Layers: operations that own parameters and remember their last call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpkit.linear import affine, affine_parameters_vjp, affine_vjp
from bpkit.validation import Array, as_floats, check_shape, check_whole

__all__ = ["Affine", "Layer", "Loss"]


def _write(name: str, target: Array, values: Any) -> None:
    # In place, and never by broadcasting: target may be a view.
    if values is target:  # what `x -= ...` assigns in the end
        return
    if target.dtype.kind == "f":
        _, values = as_floats(**{name: target, f"the new {name}": values})
    check_shape(f"the new {name}", values, target.shape, "it is written in place")
    target[...] = values


def _check_found(name: str, found: Any, inputs: tuple[Any, ...]) -> None:
    if not isinstance(found, (tuple, list)) or len(found) < len(inputs):
        raise TypeError(
            f"f_vjp of {name} returned a value of type {type(found).__name__}, wanted "
            "a tuple with one gradient for each argument of f, as in (dX,)"
        )


def _store(gradients: dict[str, Array], found: tuple[Any, ...]) -> None:
    if len(found) != len(gradients):
        wanted = f"one for each of {', '.join(gradients)}"
        raise ValueError(f"f_vjp returned {len(found)} gradients after those of the inputs, wanted {len(gradients)}: {wanted}")
    for (name, target), gradient in zip(gradients.items(), found, strict=True):
        if getattr(gradient, "shape", None) != target.shape:
            values, why = np.asarray(gradient), f"the gradient of {name}"
            check_shape(f"d{name}", values, target.shape, why)
        target[...] = gradient


class _Views(dict[str, Array]):
    # Arrays by name. To set one is to write into it, so no view gets lost.
    def __setitem__(self, name: str, values: Any) -> None:
        if name not in self:
            raise KeyError(
                f"{name!r} is not a name here ({', '.join(self) or 'there are none'}), "
                "wanted all parameters set at once, in __init__: self.parameters = "
                f"{{{name!r}: ...}}"
            )
        _write(name, self[name], values)

    def update(self, *arrays: Any, **more: Any) -> None:
        for name, values in dict(*arrays, **more).items():
            self[name] = values

    def _join(self, arrays: Any) -> Any:
        self.update(arrays)
        return self

    __ior__: Any = _join  # the `|=` of dictionaries

    def _refuse(self, *arguments: Any) -> Any:
        raise TypeError(f"the arrays {', '.join(self)} belong to a layer, wanted them written into, not taken away or added to")

    __delitem__ = pop = popitem = clear = setdefault = _refuse

    def __reduce__(self) -> Any:  # to copy it, or send it to another process
        return type(self), (dict(self),)


class _Owner:
    # Owns parameters and gradients: in a network these are views, which stay.
    name: str
    in_network = False

    def _keep(self, views: Any, arrays: Any, what: str) -> bool:
        # Whether nothing is to be done: `|=` assigns the same dictionary.
        if self.in_network and arrays is not views:
            raise ValueError(
                f"{what} of {self.name} is a new dictionary, wanted the old one: in "
                f"a network write into the arrays, as in {what}.update(...)"
            )
        return arrays is views

    @property
    def parameters(self) -> dict[str, Array]:
        """The arrays that are learned, by name, as f takes them."""
        return self._parameters

    @parameters.setter
    def parameters(self, arrays: Mapping[str, Any]) -> None:
        views = vars(self).get("_parameters")
        if not self._keep(views, arrays, "parameters"):
            floats = zip(arrays, as_floats(**arrays), strict=True)
            views = _Views({name: np.asarray(value) for name, value in floats})
            self._parameters: dict[str, Array] = views
            self._gradients: dict[str, Array] = _Views({name: np.zeros_like(value) for name, value in views.items()})

    @property
    def gradients(self) -> dict[str, Array]:
        """Their gradients, by the same names, written by `backward`."""
        return self._gradients

    @gradients.setter
    def gradients(self, arrays: Mapping[str, Any]) -> None:
        if not self._keep(self._gradients, arrays, "gradients"):
            self._gradients = _Views(arrays)


class Layer(_Owner):
    """An operation that owns its parameters and remembers its last call.

    Parameters
    ----------
    f : callable
        The operation: takes the inputs and then the parameters.
    f_vjp : callable
        Its vector-Jacobian product: takes the gradient for the output, the
        output and the arguments of f, and returns one gradient for each.
    **options
        Passed on to both, such as `slope=0.1` for `leaky_relu`.

    Attributes
    ----------
    name : str
        The name of f; in a `Sequential` with its position, such as 'affine1'.
    parameters, gradients : dict of ndarray
        By name, in the order in which f takes them; empty for an activation. A
        subclass sets `self.parameters = {...}` in `__init__`, all at once.
    inputs : tuple
        The inputs of the last forward pass.
    output : ndarray or None
        What f returned then; None before the first.
    in_network : bool
        Whether a `Sequential` owns the layer; it cannot be in two.
    input_shape : tuple of int or None
        The shape of one sample, where the parameters fix it.

    Raises
    ------
    TypeError
        If f or f_vjp is not a function.

    Notes
    -----
    Equations `def-layers-forward`, `eq-layers-backward`.

    Derived in :doc:`chapter 9 </chapters/09_layers>`, section :ref:`A layer <sec-layers-layer>`.
    """

    input_shape: tuple[int, ...] | None = None

    def __init__(self, f: Callable[..., Any], f_vjp: Callable[..., Any], **options: Any) -> None:
        for name, value in (("f", f), ("f_vjp", f_vjp)):
            if not callable(value):
                raise TypeError(f"{name} is {value!r:.60}, wanted a function")
        self.f, self.f_vjp, self.options = f, f_vjp, options
        self.parameters_vjp = f_vjp  # for the first layer, see Affine
        self.name = getattr(f, "__name__", "layer")
        self.parameters = {}
        self.forget()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copied layer is free; a copied network takes its layers again.
        self.__dict__.update(state, in_network=False)

    def forget(self) -> None:
        """Drop what was remembered, as before the first forward pass."""
        self.inputs: tuple[Any, ...] = ()
        self.output: Any = None

    def forward(self, *inputs: Any) -> Any:
        """Return `f(*inputs, *parameters)`; remember the inputs and the output."""
        self.output = None  # if f refuses the inputs, nothing is remembered
        output = self.f(*inputs, *self.parameters.values(), **self.options)
        self.inputs, self.output = inputs, output
        return output

    def backward(self, dY: Any, for_data: bool = False) -> Any:
        """Write the gradients of the parameters, return that of the first input.

        With `for_data`, the input is the data, whose gradient nobody needs: it
        is left out where the layer knows how, and None is returned.
        """
        if self.output is None:
            raise RuntimeError(f"{self.name} remembers nothing: backward before forward, wanted a complete forward pass first")
        f_vjp = self.parameters_vjp if for_data else self.f_vjp
        arguments = (*self.inputs, *self.parameters.values())
        found = f_vjp(dY, self.output, *arguments, **self.options)
        _check_found(self.name, found, self.inputs)
        if self.gradients:
            _store(self.gradients, found[len(self.inputs) :])
        return found[0]


def _float_type(dtype: Any) -> np.dtype[Any]:
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype is {dtype!r:.60}, wanted float32 or float64") from None
    if dtype is None or found.char not in "fd":
        raise TypeError(f"dtype is {dtype!r:.60}, wanted float32 or float64")
    return found


def _generator(seed: Any) -> np.random.Generator:
    if not isinstance(seed, np.random.Generator):
        seed = check_whole("seed", seed, least=0)
    return np.random.default_rng(seed)


class Affine(Layer):
    """The affine map as a layer, with weights W (d, h) and biases b (h,).

    Parameters
    ----------
    d, h : int
        Number of inputs and of outputs.
    seed : int or Generator
        Where W is drawn from: normal, with the standard deviation 1/sqrt(d).
        Layers that are drawn from one seed begin alike, so give the layers of a
        network one Generator. b is zero.
    dtype : float64 or float32
        The precision of W and b. The numbers are drawn in float64 and rounded.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what it should be.

    Notes
    -----
    Equations `def-affine`, `eq-affine-dx`, `eq-affine-dw`, `eq-affine-db`.

    Derived in :doc:`chapter 9 </chapters/09_layers>`, section "Layers with parameters, and losses".
    """

    def __init__(self, d: int, h: int, seed: Any = 0, dtype: Any = np.float64) -> None:
        super().__init__(affine, affine_vjp)
        self.parameters_vjp = affine_parameters_vjp
        d, h, dtype = check_whole("d", d, 1), check_whole("h", h, 1), _float_type(dtype)
        W = _generator(seed).standard_normal((d, h)) / np.sqrt(d)
        self.parameters = {"W": W.astype(dtype), "b": np.zeros(h, dtype)}
        self.input_shape = (d,)

    def __repr__(self) -> str:
        return f"<Affine {self.name} {self.parameters['W'].shape}>"


class Loss(Layer):
    """A loss as the last layer: it remembers the outputs and the targets.

    Parameters
    ----------
    f, f_vjp : callable
        A loss and its vector-Jacobian product, such as `mse` and `mse_vjp`.
    **options
        Passed on to both.

    Raises
    ------
    TypeError
        If f or f_vjp is not a function.

    Notes
    -----
    Derived in :doc:`chapter 9 </chapters/09_layers>`, section "Layers with parameters, and losses".
    """

    def backward(self, dL: Any = 1.0, for_data: bool = False) -> Any:
        """Return dL times the gradient for the outputs; 1.0 begins the way back."""
        return super().backward(dL, for_data)
