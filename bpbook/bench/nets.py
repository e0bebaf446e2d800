"""The five networks of the benchmark, with the starting weights and the batches that all programs get."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Net:
    """A network of affine layers: its name, the sizes of its layers, the rows in a batch."""

    name: str
    sizes: tuple[int, ...]
    batch: int
    activation: str = "relu"
    loss: str = "cross_entropy"
    learning_rate: float = 1e-3

    @property
    def parameters(self) -> int:
        """Return the number of weights and biases."""
        return sum((d + 1) * h for d, h in pairwise(self.sizes))

    @property
    def flops(self) -> int:
        """Return the additions and multiplications in the matrix products of one step, without that for the data."""
        products = [2 * self.batch * d * h for d, h in pairwise(self.sizes)]
        return 3 * sum(products) - products[0]

    def start(self) -> list[Array]:
        """Return W and b of each layer, one after the other."""
        rng = np.random.default_rng(0)
        weights = [rng.standard_normal((d, h)) / np.sqrt(d) for d, h in pairwise(self.sizes)]
        return [array.astype(np.float32) for W in weights for array in (W, np.zeros(W.shape[1]))]

    def data(self) -> tuple[Array, NDArray[np.generic]]:
        """Return one batch: the four rows of XOR, or random inputs and classes."""
        if self.loss == "bce":
            X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
            return X, (X.sum(axis=1, keepdims=True) == 1).astype(np.float32)
        rng = np.random.default_rng(1)
        X = rng.standard_normal((self.batch, self.sizes[0])).astype(np.float32)
        return X, rng.integers(self.sizes[-1], size=self.batch)


NETS = (
    Net("XOR 2-4-1", (2, 4, 1), 4, "tanh", "bce"),
    Net("64-32-10", (64, 32, 10), 32),
    Net("784-10-10", (784, 10, 10), 32),
    Net("784-256-128-10", (784, 256, 128, 10), 128),
    Net("784-1024-1024-10", (784, 1024, 1024, 10), 512, learning_rate=1e-5),  # more would amplify every rounding error
)
SMALL, LARGE = tuple(net.name for net in NETS[:3]), tuple(net.name for net in NETS[3:])
