"""The picture of the book: one neuron, values forward and gradients backward, computed by bpkit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpkit import affine, affine_vjp, bce_logits, sigmoid, sigmoid_vjp

WIDTH, HEIGHT = 108, 78
Place = tuple[int, int]
# Where the six boxes stand: a row for a wide page, a column for a telephone.
WIDE = ((2, 2), (2, 98), (2, 194), (152, 98), (302, 98), (452, 98))
NARROW = ((2, 2), (126, 2), (250, 2), (126, 124), (126, 246), (126, 368))
LINKS = ((0, 3), (1, 3), (2, 3), (3, 4), (4, 5))


@dataclass(frozen=True)
class Value:
    """A value in the graph and the gradient of the loss for it."""

    name: str
    value: float
    gradient: float


def compute() -> list[Value]:
    """Return the values of the graph; every number comes out of the functions of the book."""
    X, W, b, y = np.array([[2.0]]), np.array([-0.5]), np.array(0.25), np.array([1.0])
    Z = affine(X, W, b)
    A = sigmoid(Z)
    L = bce_logits(Z, y)
    dA = -1 / A  # the label is 1, so L = -ln p
    (dZ,) = sigmoid_vjp(dA, A, Z)
    dX, dW, db = affine_vjp(dZ, Z, X, W, b)
    rows = [("x", X, dX), ("w", W, dW), ("b", b, db), ("z = xw + b", Z, dZ), ("p = σ(z)", A, dA), ("L = −ln p", L, np.array(1.0))]
    return [Value(name, float(np.ravel(value)[0]), float(np.ravel(gradient)[0])) for name, value, gradient in rows]


def draw(layout: str = "wide") -> str:
    """Return the graph as SVG, 'wide' or 'narrow'; its colours come from the style sheet, so both themes work."""
    values, places = compute(), WIDE if layout == "wide" else NARROW
    width, height = (max(place[axis] for place in places) + (WIDTH, HEIGHT)[axis] + 2 for axis in (0, 1))
    drawn = "".join(_arrows(places[start], places[end], layout) for start, end in LINKS)
    drawn += "".join(_box(value, place) for value, place in zip(values, places, strict=True))
    return (
        f'<svg class="hero {layout}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="hero-{layout}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="hero-{layout}">{_describe(values)}</title>{_markers(layout)}{drawn}</svg>'
    )


def _markers(layout: str) -> str:
    heads = (
        f'<marker id="{layout}-{way}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path class="head-{way}" d="M0 0 8 4 0 8z"/></marker>'
        for way in ("forward", "backward")
    )
    return f"<defs>{''.join(heads)}</defs>"


def _box(value: Value, place: Place) -> str:
    x, y = place
    lines = (("name", 21, value.name), ("forward", 45, text(value.value)), ("backward", 67, text(value.gradient)))
    words = "".join(f'<text class="{name}" x="{x + WIDTH // 2}" y="{y + down}">{line}</text>' for name, down, line in lines)
    return f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>{words}'


def _arrows(start: Place, end: Place, layout: str) -> str:
    """Draw two lines between two boxes: values go along one, gradients come back along the other."""
    if layout == "wide":
        x1, x2, y1, y2 = start[0] + WIDTH + 2, end[0] - 2, start[1] + HEIGHT // 2, end[1] + HEIGHT // 2 + (start[1] - end[1]) // 5
        dx, dy = 0, 6
    else:
        x1, x2, y1, y2 = start[0] + WIDTH // 2, end[0] + WIDTH // 2 + (start[0] - end[0]) // 4, start[1] + HEIGHT + 2, end[1] - 2
        dx, dy = 6, 0
    return (
        f'<path class="line forward" marker-end="url(#{layout}-forward)" d="M{x1 - dx} {y1 - dy} {x2 - dx} {y2 - dy}"/>'
        f'<path class="line backward" marker-end="url(#{layout}-backward)" d="M{x2 + dx} {y2 + dy} {x1 + dx} {y1 + dy}"/>'
    )


def text(value: float) -> str:
    """Return a number with three digits and a true minus sign."""
    return f"{value:.3g}".replace("-", "−")


def _describe(values: list[Value]) -> str:
    parts = "; ".join(f"{value.name}: value {text(value.value)}, gradient {text(value.gradient)}" for value in values)
    return f"A computational graph of one neuron and its loss: values go forward, gradients come backward. {parts}."
