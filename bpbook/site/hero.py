"""The picture of the book: one neuron, values forward and gradients backward, computed and drawn by bpkit."""

from __future__ import annotations

import numpy as np

from bpkit import Node, affine, affine_vjp, bce_logits, draw_graph, sigmoid, sigmoid_vjp

TITLE = "A computational graph of one neuron and its loss"


def compute() -> list[Node]:
    """Return the nodes of the graph; every number comes out of the functions of the book."""
    X, W, b, y = np.array([[2.0]]), np.array([-0.5]), np.array(0.25), np.array([1.0])
    Z = affine(X, W, b)
    A = sigmoid(Z)
    L = bce_logits(Z, y)
    dA = -1 / A  # the label is 1, so L = -ln p
    (dZ,) = sigmoid_vjp(dA, A, Z)
    dX, dW, db = affine_vjp(dZ, Z, X, W, b)
    return [
        Node("x", X.item(), dX.item()),
        Node("w", W.item(), dW.item()),
        Node("b", b.item(), db.item()),
        Node("z = xw + b", Z.item(), dZ.item(), ("x", "w", "b")),
        Node("p = σ(z)", A.item(), dA.item(), ("z = xw + b",)),
        Node("L = −ln p", L.item(), 1.0, ("p = σ(z)",)),
    ]


def draw() -> str:
    """Return the graph as HTML, once for a wide page and once for a telephone; the style sheet shows one of them."""
    shapes = (("wide", "right"), ("narrow", "down"))
    return "".join(f'<div class="hero {name}">{draw_graph(compute(), TITLE, direction).html}</div>' for name, direction in shapes)
