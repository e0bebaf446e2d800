"""Lets every figure say what is drawn in it, so that figures can be compared whatever version of Matplotlib drew them.

Another version has letters of another size, and with them every line of a picture moves by some pixels. So two pictures
are compared by what they show: the points of each curve, bar and area as fractions of the width and height of their axes,
the colours, the values of each image, and the words. The ticks are Matplotlib's choice, and are left out.

It runs before the first cell of a notebook, here and in the browser's Python alike.
"""

from collections.abc import Iterator
from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib import collections, colors, contour, image, lines, patches, quiver, text

KIND = "text/x-drawn"
POINTS = 100
SHAPES = (patches.Rectangle, patches.Polygon, patches.Ellipse, patches.Wedge, patches.PathPatch)


def drawn(figure: Any) -> str:
    """Return a text with one line for each thing in the figure."""
    figure.draw_without_rendering()  # only now it is known where everything stands
    return "\n".join(f"axes {number}: {row}" for number, axes in enumerate(figure.axes) for row in _axes(axes))


def _axes(axes: Any) -> Iterator[str]:
    yield " | ".join([axes.get_xlabel(), axes.get_ylabel(), axes.get_title(), axes.get_xscale(), axes.get_yscale()])
    apart = [axes.xaxis, axes.yaxis, *filter(None, [axes.get_legend()])]
    inside = {id(part): one for one in apart for part in one.findobj()}
    for part in axes.findobj():
        if id(part) in inside:
            # Where a legend stands depends on the size of its letters; what it says does not.
            yield from _words(part) if inside[id(part)] is axes.get_legend() else ()
        elif part.get_visible() and part is not axes.patch and part.axes is axes:
            yield from (*_words(part), *_shapes(part, axes))


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, text.Text) and part.get_text():
        yield f"text {part.get_text()}"


def _shapes(part: Any, axes: Any) -> Iterator[str]:
    if isinstance(part, lines.Line2D) and np.size(part.get_xydata()):
        yield f"line {_colour(part.get_color())} {part.get_linestyle()} {part.get_marker()}: {_places(part.get_xydata(), part, axes)}"
    elif isinstance(part, SHAPES):
        yield f"patch {_colour(part.get_facecolor())}: {_places(part.get_path().vertices, part, axes)}"
    elif isinstance(part, collections.Collection):
        yield _collection(part, axes)
    elif isinstance(part, image.AxesImage):
        yield f"image {_shades(part.get_array())} at {_sample(np.ravel(part.get_extent()))}"


def _collection(part: Any, axes: Any) -> str:
    colours = " ".join(sorted({_colour(one) for one in [*part.get_facecolor(), *part.get_edgecolor()]}))
    if isinstance(part, (collections.PathCollection, quiver.Quiver)):
        arrows = f" by {_shades([part.U, part.V])}" if isinstance(part, quiver.Quiver) else ""
        return f"points {colours}: {_fractions(part.get_offset_transform().transform(part.get_offsets()), axes)}{arrows}"
    vertices = _whole_contours(part) if isinstance(part, contour.QuadContourSet) and not part.filled else _vertices(part)
    return f"{len(vertices)} paths {colours}: {_places(np.concatenate(vertices) if vertices else np.empty((0, 2)), part, axes)}"


def _vertices(part: Any) -> list[Any]:
    return [path.vertices for path in part.get_paths() if len(path.vertices)]


def _whole_contours(part: Any) -> list[Any]:
    """Return the contour lines as they were before a label made a gap, which is as wide as its letters."""
    return [line for level in part.levels for line in part._contour_generator.lines(level)[0]]


def _places(points: Any, part: Any, axes: Any) -> str:
    return _fractions(part.get_transform().transform(np.ma.filled(np.ma.asarray(points, dtype=float), np.nan)), axes)


def _fractions(pixels: Any, axes: Any) -> str:
    """Return how many points there are, and some of them as fractions of the axes' width and height; none that is outside."""
    places = axes.transAxes.inverted().transform(pixels)
    places = np.where(np.abs(places - 0.5) <= 1, places, np.nan)
    return f"{len(places)} at {_sample(places)}"


def _shades(values: Any) -> str:
    """Return some values of an image between its lowest and its highest one."""
    flat: Any = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    low, high = np.nanmin(flat), np.nanmax(flat)
    return f"from {low:.4e} to {high:.4e}: {_sample((flat - low) / (high - low or 1))}"


def _sample(values: Any) -> str:
    chosen = values[np.unique(np.linspace(0, len(values) - 1, POINTS).astype(int))] if len(values) else values
    return " ".join(f"{value + 0.0:.3f}" for value in np.ravel(chosen))


def _colour(colour: Any) -> str:
    return str(colors.to_hex(colour, keep_alpha=True))


setattr(matplotlib.figure.Figure, "_repr_mimebundle_", lambda figure, **_: {KIND: drawn(figure)})  # noqa: B010, no type checker knows it
