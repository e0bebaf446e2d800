"""The two variants of bpkit, as competitors of the benchmark."""

from __future__ import annotations

from math import sqrt

import numpy as np

from bpbook.bench.nets import Net
from bpbook.bench.peers import Peer
from bpkit import Adam, FastAdam, FastNetwork, Sequential, dense_network


def _network(net: Net) -> Sequential:
    network = dense_network(net.sizes, net.activation, net.loss, dtype=np.float32)
    network.theta = np.concatenate([array.ravel() for array in net.start()])
    return network


def readable(net: Net, plain_epsilon: bool = False) -> Peer:
    """Return the network of chapter 9 with the readable Adam; `plain_epsilon` makes it the Adam of scikit-learn."""
    (X, y), network, optimiser = net.data(), _network(net), Adam(net.learning_rate)
    epsilon, beta2 = optimiser.epsilon, optimiser.beta2

    def step() -> float:
        if plain_epsilon:
            optimiser.epsilon = epsilon / sqrt(1 - beta2 ** (optimiser.t + 1))
        L, g = network.loss_and_gradient(X, y)
        optimiser.step(network.theta, g)
        return float(L)

    return Peer(step, lambda: [network.theta], lambda: network.loss(X, y), lambda: network.loss_and_gradient(X, y))


def fast(net: Net) -> Peer:
    """Return the same network as a list of calls on fixed arrays."""
    (X, y), network = net.data(), FastNetwork(_network(net), net.batch, FastAdam(net.learning_rate))

    def step() -> float:
        return network.step(X, y)

    return Peer(step, lambda: [network.theta], lambda: network.loss(X, y), lambda: network.loss_and_gradient(X, y))
