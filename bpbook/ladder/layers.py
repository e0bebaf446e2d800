"""Oracles for layers and networks: gradients by pencil, by chapter 8 and measured; memory, names, views and errors."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from bpbook.ladder.report import demand, distance, refuses, same
from bpkit.gradcheck import numerical_gradient

FUNCTIONS = ("dense_network", "affine_parameters_vjp", "Affine", "Layer", "Loss", "Sequential")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu")
SIZES = ((1, 1), (2, 3, 1), (3, 2, 4), (2, 3, 3, 2), (1, 2, 1, 3, 2))


def _layer(bp: Any, name: str, **options: Any) -> Any:
    return bp.Layer(getattr(bp, name), getattr(bp, f"{name}_vjp"), **options)


def _loss(bp: Any, name: str = "mse") -> Any:
    return bp.Loss(getattr(bp, name), getattr(bp, f"{name}_vjp"))


def _data(sizes: tuple[int, ...], loss: str, n: int = 5, dtype: Any = np.float64) -> tuple[Any, Any]:
    rng = np.random.default_rng((n, *sizes))
    X = rng.normal(size=(n, sizes[0])).astype(dtype)
    targets = {
        "mse": rng.normal(size=(n, sizes[-1])).astype(dtype),
        "bce": rng.integers(0, 2, size=(n, sizes[-1])),
        "cross_entropy": rng.integers(0, sizes[-1], size=n),
    }
    return X, targets[loss]


def _moved(network: Any, seed: int = 0) -> Any:
    """Move the biases away from zero, so that no ReLU stands at its kink."""
    network.theta[...] += np.random.default_rng(seed).normal(size=network.theta.size).astype(network.theta.dtype)
    return network


def pencil(bp: Any) -> None:
    """Whole numbers, worked out by pencil: a 2-2-1 network with ReLU and the squared error."""
    network = bp.Sequential(bp.Affine(2, 2), _layer(bp, "relu"), bp.Affine(2, 1), loss=_loss(bp))
    network.theta[...] = [1, 2, -1, 1, 0, 1, 2, -1, 3]  # W1 = [[1, 2], [-1, 1]], b1 = [0, 1], W2 = [[2], [-1]], b2 = [3]
    X, y = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[1.0], [0.0]])
    demand(same(network.forward(X), np.array([[-2.0], [-1.0]])), "the outputs of a 2-2-1 network are wrong")
    L, g = network.loss_and_gradient(X, y)
    demand(L == 5.0, f"the loss is {L}, wanted 5")
    demand(same(g, np.array([-6.0, 6, -2, 7, -2, 4, -2, -23, -4])), f"the gradients of a 2-2-1 network are {g}")


def chapter_8(bp: Any) -> None:
    """The same bits as `two_layer_backward`, for all activations; also layer by layer, and without dX."""
    for name in ACTIVATIONS:
        for n, d, h, k in ((1, 1, 1, 1), (4, 2, 3, 1), (5, 3, 2, 2)):
            network = _moved(bp.dense_network((d, h, k), name, "bce"))
            X, y = _data((d, h, k), "bce", n)
            L, _ = network.loss_and_gradient(X, y)
            parameters = list(network.parameters.values())
            Z1, A1, Z2 = bp.two_layer_forward(X, *parameters, getattr(bp, name))
            dZ2, _ = bp.bce_logits_vjp(1.0, bp.bce_logits(Z2, y), Z2, y)
            true = bp.two_layer_backward(dZ2, Z1, A1, Z2, X, *parameters, getattr(bp, f"{name}_vjp"))
            demand(bp.bce_logits(Z2, y) == L, f"{name}: the loss is not that of chapter 8")
            for key, gradient in zip(network.gradients, true, strict=True):
                demand(same(network.gradients[key], gradient), f"{name}: the gradient of {key} has not the bits of chapter 8")
            nothing, dW, db = bp.affine_parameters_vjp(dZ2, Z2, A1, *parameters[2:])
            demand(nothing is None and same(dW, true[2]) and same(db, true[3]), "affine_parameters_vjp has not the bits of affine_vjp")


def measured(bp: Any) -> None:
    """Central differences on theta, for depths of one to four layers, all activations and losses."""
    for sizes in SIZES:
        for loss in ("mse", "bce", "cross_entropy"):
            for name in ACTIVATIONS if sizes == SIZES[3] else ("tanh",):
                network = _moved(bp.dense_network(sizes, name, loss))
                X, y = _data(sizes, loss)
                g = network.loss_and_gradient(X, y)[1].copy()

                def value(theta: Any, network: Any = network, X: Any = X, y: Any = y) -> Any:
                    network.theta[...] = theta
                    return network.loss(X, y)

                error = distance(g, numerical_gradient(value, network.theta.copy()))
                demand(error < 1e-6, f"{sizes}, {name}, {loss}: g is off from central differences by {error:.3g}")


def agrees_with_autograd(bp: Any) -> None:
    """HIPS autograd finds the same gradient of a network with two hidden layers."""
    try:
        import autograd.numpy as library
        from autograd import grad
    except ImportError:
        return
    network = _moved(bp.dense_network((3, 4, 2, 3), "tanh"))
    X, y = _data((3, 4, 2, 3), "cross_entropy")

    def loss(*parameters: Any) -> Any:
        A = X
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            Z = library.dot(A, W) + b
            A = library.tanh(Z)
        return library.mean(library.log(library.sum(library.exp(Z), axis=1)) - Z[np.arange(len(y)), y])

    network.loss_and_gradient(X, y)
    parameters = [value.copy() for value in network.parameters.values()]
    true = grad(loss, argnum=tuple(range(6)))(*parameters)
    for key, gradient in zip(network.gradients, true, strict=True):
        demand(distance(network.gradients[key], gradient) < 1e-12, f"{key} is off from autograd")


def memory(bp: Any) -> None:
    """A layer keeps its inputs and its output themselves, and hands them, its parameters and its options to f_vjp."""
    seen: list[Any] = []

    def f(X: Any, Y: Any, scale: float = 1.0) -> Any:
        return scale * X * Y

    def f_vjp(*given: Any, **options: Any) -> tuple[Any, Any]:
        seen.append((given, options))
        return given[0] * given[3], given[0] * given[2]

    layer, X, Y = bp.Layer(f, f_vjp, scale=3.0), np.array([1.0, 2.0]), np.array([5.0, 7.0])
    demand(same(layer.forward(X, Y), 3 * X * Y), "the options do not reach f")
    for first, second in ((X, Y), (Y, X + 1)):
        output = layer.forward(first, second)
        demand(layer.inputs == (first, second) and layer.output is output, "a layer does not keep its last inputs and output")
        dY = np.array([1.0, -1.0])
        demand(same(layer.backward(dY), dY * second), "backward does not return the gradient of the first input")
        given, options = seen.pop()
        kept = [a is b for a, b in zip(given, (dY, output, first, second), strict=True)]
        demand(kept and options == {"scale": 3.0}, "f_vjp does not get dY, the output, the inputs and the options")
    wave = bp.Layer(np.sin, lambda dA, A, Z: (dA * np.cos(Z),))
    wave.forward(X)
    demand(same(wave.backward(Y), Y * np.cos(X)), "f_vjp does not get the input")
    layer.forget()
    with refuses("backward after forget", RuntimeError, naming="f"):
        layer.backward(dY)


def failed_forward(bp: Any) -> None:
    """A forward pass that is refused leaves nothing behind that a backward pass could use."""
    layer = bp.Affine(2, 3)
    layer.forward(np.ones((4, 2)))
    with refuses("an input of the wrong width"):
        layer.forward(np.ones((4, 3)))
    with refuses("backward after a forward pass that failed", RuntimeError, naming="affine"):
        layer.backward(np.ones((4, 3)))


def views(bp: Any) -> None:
    """Parameters and gradients are views: layer after layer, W before b; whatever is assigned is written into them."""
    network = bp.dense_network((2, 3, 1), "tanh", "bce")
    demand(list(network.parameters) == ["affine1.W", "affine1.b", "affine3.W", "affine3.b"], f"names {list(network.parameters)}")
    demand(list(network.gradients) == list(network.parameters), "the gradients have other names than the parameters")
    network.theta[...], network.g[...] = np.arange(13.0), 100 + np.arange(13.0)
    _check_views(network, "a new network")
    for copied in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        demand(not np.shares_memory(copied.theta, network.theta), "a copied network shares the parameters of the first")
        _check_views(copied, "a copied network")
    layer = network.layers[2]
    layer.parameters["W"] = np.zeros((3, 1))
    network.parameters["affine3.b"] = np.array([-1.0])
    layer.parameters["W"] -= 1.0
    network.parameters.update({"affine1.b": np.full(3, 7.0)})
    demand(same(network.theta, np.array([0.0, 1, 2, 3, 4, 5, 7, 7, 7, -1, -1, -1, -1])), "an assignment is not written into theta")
    network.theta = np.arange(13.0)
    network.theta -= 0.0
    network.g = 100 + np.arange(13.0)
    _check_views(network, "a network after assignments")
    for wrong in (np.zeros(12), 0.0, np.zeros((13, 1)), np.zeros(13, np.float32), np.zeros(1)):
        with refuses("theta = values that do not fit", naming="theta"):
            network.theta = wrong
    with refuses("a parameter of the wrong shape", naming="W"):
        layer.parameters["W"] = np.zeros(1)
    with refuses("an unknown name", KeyError):
        layer.parameters["V"] = np.zeros(1)
    _check_views(network, "a network after assignments that were refused")
    for owner in (network, layer):
        _check_nothing_lost(owner)
    _check_views(network, "a network after attempts to replace its arrays")


def _check_nothing_lost(owner: Any) -> None:
    name, value = list(owner.parameters.items())[-1]
    before = value.copy()
    for kind in ("parameters", "gradients"):
        with refuses(f"{kind} = a new dictionary", naming=kind):
            setattr(owner, kind, {key: array + 1 for key, array in getattr(owner, kind).items()})
        arrays = getattr(owner, kind)
        calls: Any = (("pop", (name,)), ("popitem", ()), ("clear", ()), ("setdefault", ("V", before)), ("__delitem__", (name,)))
        for method, arguments in calls:
            with refuses(f"{kind}.{method}"):
                getattr(arrays, method)(*arguments)
    owner.parameters |= {name: before + 1}
    demand(same(value, before + 1), "parameters |= ... is not written in place")
    owner.parameters |= {name: before}


def _check_views(network: Any, what: str) -> None:
    shapes = {"affine1.W": (0, (2, 3)), "affine1.b": (6, (3,)), "affine3.W": (9, (3, 1)), "affine3.b": (12, (1,))}
    for vector, first, named in ((network.theta, 0, network.parameters), (network.g, 100, network.gradients)):
        for key, (start, shape) in shapes.items():
            wanted = first + start + np.arange(float(np.prod(shape))).reshape(shape)
            place, name = key.split(".")
            layer = network.layers[int(place[-1]) - 1]
            own = (layer.parameters if named is network.parameters else layer.gradients)[name]
            for found in (named[key], own):
                demand(same(found, wanted), f"{what}: {key} is not its part of the vector, row by row")
                demand(np.shares_memory(vector, found), f"{what}: {key} is a copy and no view")


def start(bp: Any) -> None:
    """W is normal with the standard deviation 1/sqrt(d), b is zero; one generator for all layers; float32 is rounded float64."""
    layer = bp.Affine(400, 50, 1)
    W = layer.parameters["W"]
    demand(np.abs(W.std() * 20 - 1) < 0.02 and abs(W.mean()) < 0.002, "W has not the standard deviation 1/sqrt(d), or not the mean 0")
    demand(layer.parameters["b"] == 0, "b does not start at zero")
    demand(same(bp.Affine(400, 50, np.random.default_rng(1)).parameters["W"], W), "a seed and its generator give other weights")
    single = bp.Affine(400, 50, 1, np.float32)
    demand(same(single.parameters["W"], W.astype(np.float32)), "float32 weights are not the rounded float64 weights")
    one, two, other = bp.dense_network((3, 3, 3)), bp.dense_network((3, 3, 3)), bp.dense_network((3, 3, 3), seed=1)
    demand(same(one.theta, two.theta) and not same(one.theta, other.theta), "the seed does not decide the weights")
    demand(not same(one.parameters["affine1.W"], one.parameters["affine3.W"]), "two layers of a network start with the same weights")
    demand(not same(one.forward(np.ones((1, 3))), np.zeros((1, 3))), "the network starts with outputs of zero")
    bp.Sequential(layer)
    demand(same(layer.parameters["W"], W), "a layer has other weights after it has moved into a network")


def shape_of_network(bp: Any) -> None:
    """Activations between the affine layers, none behind the last, the loss by name; a list of sizes of any length."""
    network = bp.dense_network((2, 3, 4, 5), "tanh", "mse")
    demand([layer.name for layer in network.layers] == ["affine1", "tanh2", "affine3", "tanh4", "affine5"], "wrong layers or names")
    functions = [layer.f for layer in network.layers] + [network.loss_layer.f]
    demand(functions == [bp.affine, bp.tanh, bp.affine, bp.tanh, bp.affine, bp.mse], "wrong functions in the layers")
    for sizes in (np.array([2, 3, 1]), [np.int64(2), 3, 1]):
        demand(bp.dense_network(sizes).theta.size == 13 and len(bp.dense_network(sizes)) == 3, f"sizes {sizes!r} give another network")
    demand("(2, 3)" in repr(network.layers[0]) and "affine1" in repr(network), "the repr names no sizes, or no layers")
    for activation in ACTIVATIONS:
        f = bp.dense_network((2, 3, 1), activation).layers[1].f
        demand(f is getattr(bp, activation), f"activation {activation!r} gives {f}")
    for loss, name in (("bce", "bce_logits"), ("cross_entropy", "cross_entropy_logits")):
        demand(bp.dense_network((2, 1), loss=loss).loss_layer.f is getattr(bp, name), f"loss {loss!r} is another one")


def dtypes(bp: Any) -> None:
    """float32 stays float32 in every array of a step, and meets no float64."""
    for loss in ("mse", "bce", "cross_entropy"):
        for dtype in (np.float32, np.float64):
            network = bp.dense_network((2, 3, 2), "relu", loss, dtype=dtype)
            X, y = _data((2, 3, 2), loss, dtype=dtype)
            L, g = network.loss_and_gradient(X, y)
            arrays = [network.theta, g, L, *network.parameters.values(), *(layer.output for layer in network.layers)]
            demand([array.dtype == dtype for array in arrays], f"{loss}: an array of a {np.dtype(dtype)} network has another dtype")
    single = bp.dense_network((2, 1), loss="mse", dtype=np.float32)
    with refuses("float64 data in a float32 network", TypeError, naming="affine1"):
        single.forward(np.ones((1, 2)))
    with refuses("layers of two precisions", TypeError, naming="affine2"):
        bp.Sequential(bp.Affine(2, 2), bp.Affine(2, 1, dtype=np.float32))


def passes(bp: Any) -> None:
    """Gradients are overwritten and never added up; g is the network's own; dY may be given; data get no gradient."""
    network = bp.dense_network((2, 3, 2), "tanh")
    X, y = _data((2, 3, 2), "cross_entropy")
    L, g = network.loss_and_gradient(X, y)
    first = g.copy()
    demand(g is network.g and same(network.backward(), first), "a second backward pass adds up, or g is not the network's own")
    demand(bp.cross_entropy_logits(network.forward(X), y) == L, "the loss is not that of the outputs")
    dZ = bp.cross_entropy_logits_vjp(1.0, L, network.forward(X), y)[0]
    demand(same(network.backward(dZ), first), "backward(dY) does not begin with dY")
    demand(same(network.backward(2 * dZ), 2 * first), "twice dY does not give twice the gradient")
    before = network.theta.copy()
    network.loss_and_gradient(X, y)
    demand(same(network.theta, before), "a pass changes the parameters")

    def forbidden(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("the gradient for the data is computed")

    network.layers[0].f_vjp = forbidden
    network.loss_and_gradient(X, y)
    in_front = bp.Sequential(_layer(bp, "tanh"), bp.Affine(2, 2), loss=_loss(bp, "cross_entropy_logits"))
    in_front.layers[0].f_vjp = forbidden
    in_front.loss_and_gradient(X, y)


def options_of_layers(bp: Any) -> None:
    """The slope of a leaky ReLU reaches both passes of a network."""
    network = bp.Sequential(bp.Affine(2, 3), _layer(bp, "leaky_relu", slope=0.5), bp.Affine(3, 1), loss=_loss(bp))
    X, y = _data((2, 3, 1), "mse")
    g = _moved(network).loss_and_gradient(X, y)[1].copy()

    def value(theta: Any) -> Any:
        network.theta[...] = theta
        return network.loss(X, y)

    demand(distance(g, numerical_gradient(value, network.theta.copy())) < 1e-6, "the slope of a leaky ReLU is lost on the way back")


def stale(bp: Any) -> None:
    """Backward before forward, after another forward pass, or after a step: an error that says so."""
    network = bp.dense_network((2, 3, 2), "tanh")
    X, y = _data((2, 3, 2), "cross_entropy")
    with refuses("backward before forward", RuntimeError, naming="affine1"):
        network.backward()
    network.forward(X)
    with refuses("backward before the loss", RuntimeError):
        network.backward()
    network.loss(X, y)
    network.forward(X)
    with refuses("backward after a look at other data", RuntimeError, naming="affine3"):
        network.backward()
    network.loss(X, y)
    network.layers[0].forward(X)
    with refuses("backward after a call of one layer", RuntimeError, naming="affine1"):
        network.backward()
    network.loss(X, y)
    network.theta[0] += 1e-3
    with refuses("backward after a step", RuntimeError, naming="theta"):
        network.backward()
    bare = bp.Sequential(bp.Affine(2, 1))
    for call in (lambda: bare.loss(X, y), bare.backward):
        with refuses("a network without a loss", RuntimeError, naming="loss"):
            call()


def misfits(bp: Any) -> None:
    """Layers that do not fit, or stand at two places, are refused, by name: at once, or at the first forward pass."""
    with refuses("layers that do not fit", ValueError, naming="affine3"):
        bp.Sequential(bp.Affine(2, 3), _layer(bp, "relu"), bp.Affine(4, 1))
    with refuses("data that do not fit", ValueError, naming="affine1"):
        bp.dense_network((2, 3, 1)).forward(np.ones((4, 3)))
    late = bp.Sequential(_layer(bp, "softmax"), bp.Affine(3, 1))
    with refuses("data that do not fit behind an activation", ValueError, naming="affine2"):
        late.forward(np.ones((4, 2)))
    with refuses("targets that do not fit", ValueError, naming="bce_logits"):
        bp.dense_network((2, 3, 1), loss="bce").loss(np.ones((4, 2)), np.ones(4))
    with refuses("a dY that does not fit", ValueError, naming="affine3"):
        network = bp.dense_network((2, 3, 1))
        network.forward(np.ones((4, 2)))
        network.backward(np.ones((4, 2)))
    shared = _layer(bp, "tanh")
    with refuses("one layer at two places", ValueError, naming="layers"):
        bp.Sequential(bp.Affine(2, 2), shared, bp.Affine(2, 2), shared)
    bp.Sequential(bp.Affine(2, 2), shared)  # the attempt before did not take it
    with refuses("one layer in two networks", ValueError, naming="layers"):
        bp.Sequential(bp.Affine(2, 2), shared)
    network = bp.dense_network((2, 2))
    bp.Sequential(copy.deepcopy(network.layers[0]))  # a copied layer is free
    copied = copy.deepcopy(network)
    with refuses("a layer of a copied network", ValueError, naming="layers"):
        bp.Sequential(copied.layers[0])
    with refuses("the loss of a copied network", ValueError, naming="loss"):
        bp.Sequential(bp.Affine(2, 2), loss=copied.loss_layer)
    with refuses("a list of layers", TypeError, naming="layers"):
        bp.Sequential([bp.Affine(2, 2)])
    loss = _loss(bp)
    bp.Sequential(bp.Affine(2, 2), loss=loss)
    with refuses("one loss in two networks", ValueError, naming="loss"):
        bp.Sequential(bp.Affine(2, 2), loss=loss)


def wrong_gradients(bp: Any) -> None:
    """A f_vjp whose gradients do not fit the parameters is refused instead of being stretched."""
    answers: tuple[Any, ...] = (
        (None, np.ones(1), np.ones(3)),
        (None, np.ones((2, 3)), None),
        (None, np.ones((2, 3))),
        (None, 1.0, np.ones(3)),
    )
    for answer in answers:
        layer = bp.Affine(2, 3)
        layer.f_vjp = lambda *arguments, answer=answer: answer
        layer.forward(np.ones((4, 2)))
        with refuses(f"gradients {answer!r:.60}", ValueError):
            layer.backward(np.ones((4, 3)))


def own_layers(bp: Any) -> None:
    """A layer that a reader writes: parameters are set at once, and its backward needs to take nothing but dY."""

    class Scale(bp.Layer):  # type: ignore[misc]
        input_shape = (3,)

        def __init__(self, **start: Any) -> None:
            super().__init__(lambda X, s: X * s, lambda dY, Y, X, s: (dY * s, (dY * X).sum(axis=0)))
            self.parameters = start

        def backward(self, dY: Any) -> Any:
            return super().backward(dY)

    X, dY = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[1.0, 0, 1], [0, 1, 1]])
    layer, true = Scale(s=[1, 2, 3]), np.array([1.0, 5, 9])
    layer.forward(X)
    demand(same(layer.backward(dY), dY * [1.0, 2, 3]), "an own layer returns another gradient")
    demand(same(layer.gradients["s"], true), "a free layer of one's own has no place for its gradients")
    network = bp.Sequential(layer, _layer(bp, "tanh"))
    network.forward(X)
    network.backward(dY)
    with refuses("a parameter that was not set at once", KeyError, naming="parameters"):
        Scale().parameters["s"] = np.ones(3)
    bare = bp.Layer(lambda X: X, lambda dY, Y, X: dY)
    bare.input_shape = (2,)
    network = bp.Sequential(bp.Affine(2, 2), bare, loss=_loss(bp))
    demand(bp.Sequential(copy.deepcopy(bare)).theta.size == 0, "a layer with a shape and no parameters is refused")
    for answer in (X, (), None):
        bare.f_vjp = bare.parameters_vjp = lambda *arguments, answer=answer: answer
        network.loss(X[:, :2], X[:, 1:])
        with refuses(f"f_vjp that returns {answer!r:.30}", TypeError, naming="f_vjp"):
            network.backward()


def summary(bp: Any) -> None:
    """The table names layers, shapes and parameter counts, and their total."""
    out = io.StringIO()
    with redirect_stdout(out):
        bp.dense_network((784, 128, 10)).summary()
        bp.Sequential(_layer(bp, "relu"), bp.Affine(2, 3)).summary()
    rows = [line.split() for line in out.getvalue().splitlines()]
    wanted = ["affine1", "(n,", "128)", "100,480"], ["relu2", "(n,", "128)", "0"], ["affine3", "(n,", "10)", "1,290"], ["total", "101,770"]
    for row in (*wanted, ["relu1", "(n,", "...)", "0"], ["affine2", "(n,", "3)", "9"], ["total", "9"]):
        demand(row in rows, f"the summary does not say {' '.join(row)}")


def learns(bp: Any) -> None:
    """The step of chapter 2 on the one vector learns XOR."""
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    network = bp.dense_network((2, 4, 1), "tanh", "bce", seed=1)
    for _ in range(1000):
        _, g = network.loss_and_gradient(X, y)
        network.theta -= 0.5 * g
    demand((network.forward(X) > 0) == (y == 1), "1000 steps do not learn XOR")


ORACLES: tuple[Callable[[Any], None], ...] = (
    pencil,
    chapter_8,
    measured,
    agrees_with_autograd,
    memory,
    failed_forward,
    views,
    start,
    shape_of_network,
    dtypes,
    passes,
    options_of_layers,
    stale,
    misfits,
    wrong_gradients,
    own_layers,
    summary,
    learns,
)
