"""The picture that others see when they share a link to the book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bpbook.site.hero import compute

PLACES = ((150, 310), (150, 194), (150, 78), (450, 194), (750, 194), (1050, 194))
WIDTH, HEIGHT = 184, 98
INK, PAPER, PANEL, FORWARD, BACKWARD = "#12181d", "#fdfcf8", "#1b242b", "#7cc7e8", "#ffb36b"


def draw_card(path: Path, title: str) -> None:
    """Write a picture of 1200 by 630 pixels: the title, the promise and the graph of the landing page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor=INK)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(0, 630))
    axes.set_axis_off()
    axes.text(60, 530, title, color=PAPER, fontsize=50, fontweight="bold", va="center")
    axes.text(60, 440, "Derived step by step. Every equation, number and exercise is checked.", color=PAPER, fontsize=21, va="center")
    arrow = {"arrowstyle": "-|>", "lw": 2.5, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 18}
    places = {node.name: place for node, place in zip(compute(), PLACES, strict=True)}
    for start, end in ((name, node.name) for node in compute() for name in node.inputs):
        (x1, y1), (x2, y2) = places[start], places[end]
        left, right, low = x1 + WIDTH / 2 + 5, x2 - WIDTH / 2 - 5, y2 + (y1 - y2) / 5
        axes.annotate("", (right, low + 9), (left, y1 + 9), arrowprops=arrow | {"color": FORWARD})
        axes.annotate("", (left, y1 - 9), (right, low - 9), arrowprops=arrow | {"color": BACKWARD, "linestyle": "--"})
    for node in compute():
        x, y = places[node.name]
        corner = (x - WIDTH / 2, y - HEIGHT / 2)
        axes.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, "round,pad=0,rounding_size=10", facecolor=PANEL, edgecolor="#37444e"))
        centre: dict[str, Any] = {"ha": "center", "va": "center"}
        axes.text(x, y + 29, node.name, color=PAPER, fontsize=17, style="italic", **centre)
        axes.text(x, y + 1, _text(node.value), color=FORWARD, fontsize=20, fontweight="bold", **centre)
        axes.text(x, y - 29, _text(node.gradient), color=BACKWARD, fontsize=16, fontweight="bold", **centre)
    figure.savefig(path, metadata={"Software": None})


def _text(number: float) -> str:
    """Return a number with three digits and a true minus sign."""
    return f"{number:.3g}".replace("-", "−")
