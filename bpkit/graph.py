# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/05_chain_rule.ipynb
"""Computational graphs drawn as vector graphics, with values and gradients."""

from __future__ import annotations

import hashlib
import math
import textwrap
import unicodedata
from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from numbers import Complex, Integral, Real
from typing import Any

__all__ = ["Drawing", "Node", "draw_graph"]


@dataclass(frozen=True, eq=False)
class Node:
    """One step of a computation: what it is called, its value and its gradient.

    Attributes
    ----------
    name : str
        The name, by which later nodes refer to this one.
    value : number, array, str or None
        What the node has computed; None where there is no value to show.
    gradient : number, array, str or None
        The derivative of the last node with respect to this one; None where
        there is none (a label has none).
    inputs : sequence of str
        Names of the nodes that it is computed from. A node that uses the same
        input twice names it twice.
    slopes : sequence of number, array, str or None
        The local derivatives: one for each input, or none at all.

    Notes
    -----
    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`The picture of a computation
    <sec-chain-graph>`.
    """

    name: str
    value: Any = None
    gradient: Any = None
    inputs: Sequence[str] = ()
    slopes: Sequence[Any] = ()


@dataclass(frozen=True)
class Drawing:
    """A picture of a computational graph; a notebook shows it by itself.

    Attributes
    ----------
    svg : str
        The picture as SVG: write it to a file, or put it on a page.
    text : str
        The same in words: a line for each node.
    html : str
        The picture with a table of all its numbers, as notebooks show it.

    Notes
    -----
    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`How it is drawn <sec-chain-graph-code>`.
    """

    svg: str
    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def _number(value: Any) -> str:
    """Return a number with four digits and a true minus sign."""
    if isinstance(value, bool):
        return str(value)
    if not isinstance(value, Real):  # it is complex
        sign = "−" if value.imag < 0 else "+"
        return f"{_number(value.real)} {sign} {_number(abs(value.imag))}i"
    whole = isinstance(value, Integral) and abs(int(value)) < 10**6
    mantissa, _, power = (str(value) if whole else _rounded(value)).partition("e")
    shown = _WORDS.get(mantissa, mantissa.replace("-", "−"))
    return f"{shown}×10{str(int(power)).translate(_RAISED)}" if power else shown


_WORDS = {"nan": "NaN", "inf": "∞", "-inf": "−∞", "-0": "0"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _rounded(value: Any) -> str:
    try:
        return f"{float(value):.4g}"
    except OverflowError:  # an integer that no float can hold
        power = math.floor(math.log10(abs(value)))
        return f"{value // 10 ** (power - 15) / 10**15:.4g}e{power}"


def _shape(where: str, value: Any) -> tuple[int, ...]:
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if not isinstance(value, (list, tuple)):
        return ()
    inner = {_shape(where, entry) for entry in value}
    if len(inner) > 1:
        raise ValueError(f"{where} has rows of unequal length, wanted an array")
    return (len(value), *(inner.pop() if inner else ()))


def _lines(where: str, value: Any) -> list[str]:
    """Return a value as short lines: numbers with four digits, large arrays by shape."""
    if value is None:
        return []
    if isinstance(value, str):
        return _wrap(value)
    shape = _shape(where, value)
    small = len(shape) <= 2 and all(0 < length <= 3 for length in shape)
    if not small or (hasattr(value, "shape") and not hasattr(value, "tolist")):
        return [f"shape {shape}"]
    entries = value.tolist() if hasattr(value, "tolist") else value
    if not shape:
        return [_entry(where, entries)]
    rows = entries if len(shape) == 2 else [entries]
    return [f"[{', '.join(_entry(where, entry) for entry in row)}]" for row in rows]


def _entry(where: str, value: Any) -> str:
    if isinstance(value, Complex):
        return _number(value)
    if value is None:
        raise TypeError(f"{where} has an entry without a number (None, or masked), wanted a number in every entry")
    raise TypeError(f"{where} is {value!r:.60} of type {type(value).__name__}, wanted a number, an array of numbers, a text or None")


_LONGEST = 24  # characters in a line of a box


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(_clean(text), _LONGEST) or [" "]


def _clean(text: str) -> str:
    """Replace what no XML file may hold: control characters and half characters."""
    bad = ("Cc", "Cs", "Cn")
    tame = (" " if c.isspace() else c for c in text)
    return "".join("\ufffd" if unicodedata.category(c) in bad else c for c in tame)


def _width(text: str, size: float) -> float:
    """Estimate the width of a text from above: fonts differ between machines."""
    return size * sum(map(_letter_width, text))


_WIDTHS = {  # in units of the size of the letters, for bold ones
    "iljtfrI.,:;'|!()[] /-⁻⁰¹²³⁴⁵⁶⁷⁸⁹": 0.45,
    "mwMW@%": 1.15,
    "&#=+<>~^×÷≤≥∞→": 0.95,
    "αβγδεζηθκλμνξπρστυφχψω": 0.9,
}


def _letter_width(c: str) -> float:
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
        return 1.05
    if unicodedata.category(c) == "So":
        return 1.05
    c = unicodedata.normalize("NFD", c)[0]  # a letter without its hat
    usual = 0.86 if c.isupper() else 0.67
    known = (width for letters, width in _WIDTHS.items() if c in letters)
    return next(known, usual)


def _check(nodes: Any, title: Any, direction: Any) -> list[Node]:
    if not isinstance(title, str):
        raise TypeError(f"title is {title!r:.60}, wanted a text")
    if direction not in ("right", "down"):
        raise ValueError(f"direction is {direction!r:.60}, wanted 'right' or 'down'")
    if isinstance(nodes, (str, Node)) or not isinstance(nodes, Iterable):
        raise TypeError(f"nodes is {nodes!r:.60}, wanted a list of Node")
    listed = list(nodes)
    if not listed:
        raise ValueError("nodes is empty, wanted at least one Node")
    checked = [_checked(f"nodes[{place}]", node) for place, node in enumerate(listed)]
    _check_names(checked)
    return checked


def _checked(where: str, node: Any) -> Node:
    """Return the node with tuples for its inputs and slopes, or refuse it."""
    if not isinstance(node, Node):
        raise TypeError(f"{where} is {node!r:.60}, wanted a Node")
    if not isinstance(node.name, str) or not node.name.strip():
        raise TypeError(f"{where}: name is {node.name!r:.60}, wanted a text")
    where = f"{where} ({node.name!r:.60})"
    wanted = "names, as in ('x', 'w')"
    inputs = _as_tuple(f"{where}: inputs", node.inputs, wanted)
    for name in inputs:
        if not isinstance(name, str):
            raise TypeError(f"{where}: inputs holds {name!r:.60}, wanted names")
    wanted = "numbers, as in (0.5, 2.0)"
    slopes = _as_tuple(f"{where}: slopes", node.slopes, wanted)
    if len(slopes) not in (0, len(inputs)):
        raise ValueError(f"{where}: slopes has {len(slopes)} entries, wanted {len(inputs)}, one for each input, or none")
    return replace(node, inputs=inputs, slopes=slopes)


def _as_tuple(where: str, value: Any, wanted: str) -> tuple[Any, ...]:
    """Return a list, a tuple or an array with an axis as a tuple."""
    ordered = isinstance(value, Sequence) or getattr(value, "shape", ()) != ()
    if isinstance(value, str) or not ordered:
        raise TypeError(f"{where} is {value!r:.60}, wanted a tuple of {wanted}")
    return tuple(value)


def _check_names(nodes: list[Node]) -> None:
    """Refuse a name used twice and an input that is not an earlier node."""
    places: dict[str, int] = {}
    everywhere = {node.name for node in nodes}
    for place, node in enumerate(nodes):
        where = f"nodes[{place}] ({node.name!r:.60})"
        for name in node.inputs:
            if name not in places:
                fault = "which comes later" if name in everywhere else "which no node has"
                raise ValueError(
                    f"{where}: inputs names {name!r:.60}, {fault}; wanted the name "
                    "of an earlier node (nodes stand in the order of computation)"
                )
        if node.name in places:
            first = places[node.name]
            raise ValueError(f"{where} has the name of nodes[{first}], wanted a name of its own")
        places[node.name] = place


def _columns(nodes: list[Node]) -> list[int]:
    """Return the column of each node: one more than the largest of its inputs.

    A node without inputs moves up to just before its first use.
    """
    places = {node.name: place for place, node in enumerate(nodes)}
    columns: list[int] = []
    for node in nodes:
        columns.append(1 + max((columns[places[name]] for name in node.inputs), default=-1))
    first_use: dict[int, int] = {}
    for place, node in enumerate(nodes):
        for name in node.inputs:
            use = first_use.get(places[name], columns[place])
            first_use[places[name]] = min(use, columns[place])
    return [column if node.inputs else first_use.get(place, 1) - 1 for place, (node, column) in enumerate(zip(nodes, columns, strict=True))]


# (node, column): the box of the node, or its wire where it passes another column.
_Slot = tuple[int, int]


@dataclass(frozen=True)
class _Link:
    """A piece of wire from one column to the next."""

    start: _Slot
    end: _Slot
    port: int  # which input of the box at its end; -1 where the wire goes on
    back: bool  # a gradient comes back along it
    slope: str = ""


def _links(nodes: list[Node], columns: list[int]) -> list[_Link]:
    """Return all pieces: a value that is used far away has one wire, with branches."""
    places = {node.name: place for place, node in enumerate(nodes)}
    branches = [_branch(nodes, columns, end, port, places[name]) for end, node in enumerate(nodes) for port, name in enumerate(node.inputs)]
    reach: dict[int, tuple[int, int]] = {}
    for link in branches:
        start, column = link.start
        far, back = reach.get(start, (0, 0))
        reach[start] = max(far, column), max(back, column * link.back)
    wires = [
        _Link((start, column), (start, column + 1), -1, column < back)
        for start, (far, back) in reach.items()
        for column in range(columns[start], far)
    ]
    return wires + branches


def _branch(nodes: list[Node], columns: list[int], end: int, port: int, start: int) -> _Link:
    node, column = nodes[end], columns[end]
    back = node.gradient is not None and nodes[start].gradient is not None
    where = f"nodes[{end}] ({node.name!r:.60}): slopes[{port}]"
    slope = _inline(_lines(where, node.slopes[port])) if node.slopes else ""
    return _Link((start, column - 1), (end, column), port, back, slope)


def _inline(lines: list[str]) -> str:
    return lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]" if lines else ""


def _ordered(links: list[_Link], columns: list[int]) -> list[list[_Slot]]:
    """Order each column so that few wires cross: by the mean place of the neighbours."""
    slots = {(place, column) for place, column in enumerate(columns)}
    slots |= {slot for link in links for slot in (link.start, link.end)}
    order: list[list[_Slot]] = [[] for _ in range(max(columns) + 1)]
    for slot in sorted(slots):
        order[slot[1]].append(slot)
    before, after = _neighbours(links)
    best, fewest = order, _crossings(order, before)
    for sweep in range(8):
        order = _sweep(order, before, False) if sweep % 2 == 0 else _sweep(order, after, True)
        crossings = _crossings(order, before)
        if crossings < fewest:
            best, fewest = order, crossings
    return best


_Neighbours = dict[_Slot, list[_Slot]]


def _neighbours(links: list[_Link]) -> tuple[_Neighbours, _Neighbours]:
    before: _Neighbours = {}
    after: _Neighbours = {}
    for link in links:
        before.setdefault(link.end, []).append(link.start)
        after.setdefault(link.start, []).append(link.end)
    return before, after


def _sweep(order: list[list[_Slot]], neighbours: _Neighbours, turned: bool) -> list[list[_Slot]]:
    place: dict[_Slot, float] = {}
    swept = []
    for column in reversed(order) if turned else order:
        wanted = {}
        for rank, slot in enumerate(column):
            beside = [place[other] for other in neighbours.get(slot, ())]
            wanted[slot] = sum(beside) / len(beside) if beside else float(rank)
        column = sorted(column, key=lambda slot: wanted[slot])
        place = {slot: float(rank) for rank, slot in enumerate(column)}
        swept.append(column)
    return swept[::-1] if turned else swept


def _crossings(order: list[list[_Slot]], before: _Neighbours) -> int:
    count = 0
    for left, right in pairwise(order):
        rank = {slot: place for place, slot in enumerate(left)}
        seen: list[int] = []
        for slot in right:
            starts = sorted(rank[other] for other in before.get(slot, ()))
            count += sum(len(seen) - bisect_right(seen, start) for start in starts)
            for start in starts:
                insort(seen, start)
    return count


_NAME_SIZE, _NUMBER_SIZE, _SLOPE_SIZE = 14, 14, 12
_ROW, _PAD, _SIGN, _GAP = 20, 10, 20, 22


@dataclass(frozen=True)
class _Box:
    """What stands in a box, and the room that it takes."""

    name: list[str]
    value: list[str]
    gradient: list[str]
    width: float
    height: float
    port_gap: float
    slope_width: float


def _box(place: int, node: Node, slopes: list[str], down: bool) -> _Box:
    where = f"nodes[{place}] ({node.name!r:.60})"
    name = _wrap(node.name)
    value = _lines(f"{where}: value", node.value)
    gradient = _lines(f"{where}: gradient", node.gradient)
    width = max(_width(line, _NAME_SIZE) for line in name)
    width = max([width] + [_SIGN + _width(line, _NUMBER_SIZE) for line in value + gradient])
    height: float = _ROW * (len(name) + len(value) + len(gradient)) + _PAD
    slope_width = max((_width(slope, _SLOPE_SIZE) for slope in slopes), default=0)
    port_gap = 24 if not slope_width else 24 + slope_width if down else 32
    along = port_gap * len(node.inputs)
    width = math.ceil(width) + 2 * _PAD
    width, height = (max(width, along), height) if down else (width, max(height, along))
    return _Box(name, value, gradient, width, height, port_gap, slope_width)


def _stack(wanted: list[float], sizes: list[float]) -> list[float]:
    """Return places as near to the wanted ones as they can be without overlap."""
    offsets, end = [], 0.0
    blocks: list[tuple[float, int]] = []  # (sum, count) of what must move together
    for want, size in zip(wanted, sizes, strict=True):
        offsets.append(end + size / 2)
        end += size
        total, count = want - offsets[-1], 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            total, count = total + blocks[-1][0], count + blocks[-1][1]
            blocks.pop()
        blocks.append((total, count))
    shifts = [total / count for total, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]


def _across(order: list[list[_Slot]], links: list[_Link], sizes: dict[_Slot, float]) -> dict[_Slot, float]:
    """Return where each slot lies in its column: near the mean of its neighbours."""
    before, after = _neighbours(links)
    middle = {slot: 0.0 for column in order for slot in column}
    for sweep in range(12):
        neighbours = after if sweep % 2 else before
        for column in reversed(order) if sweep % 2 else order:
            wanted = []
            for slot in column:
                beside = [middle[other] for other in neighbours.get(slot, ())]
                wanted.append(sum(beside) / len(beside) if beside else middle[slot])
            places = _stack(wanted, [sizes[slot] for slot in column])
            middle.update(zip(column, places, strict=True))
    low = min(middle[slot] - sizes[slot] / 2 for slot in middle)
    return {slot: place - low for slot, place in middle.items()}


@dataclass(frozen=True)
class _Plan:
    """Where everything lies: along the flow (columns) and across it."""

    boxes: list[_Box]
    columns: list[int]
    links: list[_Link]
    ports: list[float]  # across: where each link ends
    middle: dict[_Slot, float]  # across
    begins: list[float]  # along: of each column
    ends: list[float]
    bends: list[float]  # along: how much room the curves after a column have
    down: bool


def _plan(nodes: list[Node], down: bool) -> _Plan:
    columns = _columns(nodes)
    links = _links(nodes, columns)
    slopes: dict[int, list[str]] = {}
    for link in links:
        slopes.setdefault(link.end[0], []).append(link.slope)
    boxes = [_box(place, node, slopes.get(place, []), down) for place, node in enumerate(nodes)]
    sizes = {slot: 24.0 for link in links for slot in (link.start, link.end)}
    for place, box in enumerate(boxes):
        side = box.width + box.slope_width if down else box.height
        sizes[place, columns[place]] = side + _GAP
    middle = _across(_ordered(links, columns), links, sizes)
    ports = _ports(links, middle, boxes)
    bends = _bends(links, ports, middle, max(columns))
    begins, ends = _along(boxes, columns, bends, down)
    return _Plan(boxes, columns, links, ports, middle, begins, ends, bends, down)


def _ports(links: list[_Link], middle: dict[_Slot, float], boxes: list[_Box]) -> list[float]:
    """Give each input a place of its own at the box, in the order in which they come."""
    coming: dict[_Slot, list[tuple[float, int, int]]] = {}
    for place, link in enumerate(links):
        coming.setdefault(link.end, []).append((middle[link.start], link.port, place))
    ports = [0.0] * len(links)
    for end, found in coming.items():
        for rank, (_, _, place) in enumerate(sorted(found)):
            ports[place] = middle[end] + (rank - (len(found) - 1) / 2) * boxes[end[0]].port_gap
    return ports


def _bends(
    links: list[_Link],
    ports: list[float],
    middle: dict[_Slot, float],
    last: int,
) -> list[float]:
    steepest = [0.0] * (last + 1)
    for link, port in zip(links, ports, strict=True):
        column = link.start[1]
        steepest[column] = max(steepest[column], abs(port - middle[link.start]))
    return [min(max(36.0, 0.4 * step), 120.0) for step in steepest]


def _along(boxes: list[_Box], columns: list[int], bends: list[float], down: bool) -> tuple[list[float], list[float]]:
    room, stub = [0.0] * len(bends), [14.0] * len(bends)
    for box, column in zip(boxes, columns, strict=True):
        room[column] = max(room[column], box.height if down else box.width)
        if box.slope_width:
            stub[column] = max(stub[column], 34.0 if down else box.slope_width + 22)
    begins, ends, place = [], [], 0.0
    for column, (length, bend) in enumerate(zip(room, bends, strict=True)):
        begins.append(place)
        ends.append(place + length)
        place += length + bend + (stub[column + 1] if column + 1 < len(stub) else 0)
    return begins, ends


_MARGIN, _APART, _HEAD = 12, 5, 8


def _place(plan: _Plan, along: float, across: float) -> tuple[float, float]:
    """Turn a place along and across the flow into x and y."""
    x, y = (across, along) if plan.down else (along, across)
    return x + _MARGIN, y + _MARGIN


def _point(plan: _Plan, along: float, across: float) -> str:
    return " ".join(_short(part) for part in _place(plan, along, across))


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _wire(plan: _Plan, link: _Link, port: float, back: bool) -> str:
    """Draw one piece of wire: a bend, then straight on; the way back lies beside it."""
    way, side = ("backward", _APART) if back else ("forward", -_APART)
    (node, column), (_, next_column) = link.start, link.end
    start, end, bend = (
        plan.ends[column],
        plan.begins[next_column],
        plan.bends[column],
    )
    low, high = plan.middle[link.start] + side, port + side
    # Where the bend is steep, the two lines move apart along the flow too.
    steep = 2 * (high - low)
    turn = start + bend / 2 - side * 4 / 3 * steep / math.sqrt(bend**2 + steep**2)
    first = start + _HEAD * (back and column == plan.columns[node])
    last = plan.ends[next_column] if link.port < 0 else end - _HEAD * (not back)
    stops = (
        (first, low),
        (turn, low),
        (turn, high),
        (start + bend, high),
        (last, high),
    )
    a, b, c, d, e = (_point(plan, *stop) for stop in stops)
    return f'<path class="bp-{way}" d="M{a} C{b} {c} {d} L{e}"/>'


def _head(plan: _Plan, along: float, across: float, back: bool) -> str:
    """Draw the head of an arrow; its tip is at the given place."""
    way, foot = ("backward", along + _HEAD + 1) if back else ("forward", along - _HEAD - 1)
    corners = [
        (along, across),
        (foot, across - _APART + 0.5),
        (foot, across + _APART - 0.5),
    ]
    points = " ".join(_point(plan, *corner) for corner in corners)
    return f'<polygon class="bp-{way}-head" points="{points}"/>'


def _edge(plan: _Plan, link: _Link, port: float) -> list[str]:
    drawn = [_wire(plan, link, port, False)]
    if link.port >= 0:
        drawn.append(_head(plan, plan.begins[link.end[1]], port - _APART, False))
    if link.back:
        drawn.append(_wire(plan, link, port, True))
        if link.start[1] == plan.columns[link.start[0]]:
            place = plan.middle[link.start] + _APART
            drawn.append(_head(plan, plan.ends[link.start[1]], place, True))
    if link.slope:
        drawn.append(_slope(plan, link, port))
    return drawn


def _slope(plan: _Plan, link: _Link, port: float) -> str:
    end = plan.begins[link.end[1]]
    if plan.down:
        x, y = _place(plan, end - 14, port + _APART + 4)
        return _text("slope", x, y, link.slope, "start")
    x, y = _place(plan, end - _HEAD - 3, port - _APART - 5)
    return _text("slope", x, y, link.slope, "end")


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    where = f'x="{_short(x)}" y="{_short(y)}" text-anchor="{anchor}"'
    return f'<text class="bp-{kind}" {where}>{escape(text)}</text>'


def _drawn_box(plan: _Plan, place: int) -> list[str]:
    box, column = plan.boxes[place], plan.columns[place]
    along, across = plan.begins[column], plan.middle[place, column]
    room = plan.ends[column] - along  # all boxes of a column are equally long
    width, height = (box.width, room) if plan.down else (room, box.height)
    x, y = _place(plan, along, across - (width if plan.down else height) / 2)
    frame = f'x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}"'
    rows = len(box.name) + len(box.value) + len(box.gradient)
    middle, y = x + width / 2, y + (height - _ROW * rows) / 2 + 15
    drawn = [f'<rect class="bp-box" {frame} rx="7"/>']
    drawn += [_text("name", middle, y + _ROW * row, line) for row, line in enumerate(box.name)]
    y += _ROW * len(box.name)
    drawn += _numbers(box, "forward", middle, y, plan.down)
    y += _ROW * len(box.value)
    return drawn + _numbers(box, "backward", middle, y, plan.down)


def _numbers(box: _Box, way: str, middle: float, y: float, down: bool) -> list[str]:
    """Draw the value or the gradient of a box, with the arrow that says which."""
    lines = box.value if way == "forward" else box.gradient
    longest = max(
        (_width(line, _NUMBER_SIZE) for line in box.value + box.gradient),
        default=0,
    )
    drawn = [_sign(middle - (longest + _SIGN) / 2, y - 5, way, down)] if lines else []
    for row, line in enumerate(lines):
        drawn.append(_text(way, middle + _SIGN / 2, y + _ROW * row, line))
    return drawn


def _sign(x: float, y: float, way: str, down: bool) -> str:
    """Draw the small arrow that says whether a number is a value or a gradient."""
    turn = {
        ("forward", False): 0,
        ("forward", True): 90,
        ("backward", False): 180,
        ("backward", True): 270,
    }
    middle = f"translate({_short(x + 7)} {_short(y)}) rotate({turn[way, down]})"
    line = f'<path class="bp-{way}" d="M-7 0 2 0"/>'
    head = f'<polygon class="bp-{way}-head" points="7 0 1 -4 1 4"/>'
    return f'<g transform="{middle}">{line}{head}</g>'


def _said(plan: _Plan) -> list[tuple[str, str, float]]:
    """Return the entries of the legend, each with its width."""
    said = []
    if any(box.value for box in plan.boxes):
        said.append(("forward", "value, going forward"))
    if any(box.gradient for box in plan.boxes):
        said.append(("backward", "gradient, coming backward"))
    if any(link.slope for link in plan.links):
        said.append(("slope", "beside an arrow: local derivative"))
    return [(kind, words, _SIGN + 16 + _width(words, _SLOPE_SIZE)) for kind, words in said]


def _legend(plan: _Plan, width: float, top: float) -> tuple[list[str], float, float]:
    """Return the legend, and the right and lower edge of the picture with it."""
    said = _said(plan)
    row = sum(length for *_, length in said)
    stacked = plan.down or row > width
    drawn, x, y = (
        [],
        max(_MARGIN, (width - row) / 2) * (not stacked) or _MARGIN,
        top,
    )
    for kind, words, length in said:
        if kind != "slope":
            drawn.append(_sign(x, y + 10, kind, plan.down))
        shift = 0 if kind == "slope" else _SIGN
        drawn.append(_text("legend", x + shift, y + 14, words, "start"))
        x, y = (x, y + 18) if stacked else (x + length, y)
    widest = max((length for *_, length in said), default=0)
    return (
        drawn,
        max(width, _MARGIN + widest),
        y + 20 * (bool(said) and not stacked),
    )


_LIGHT = {
    "paper": "#ffffff",
    "panel": "#f5f5f2",
    "rule": "#8c8c86",
    "ink": "#1f2933",
    "soft": "#52606b",
    "forward": "#0a5a7a",
    "backward": "#a34400",
}
_DARK = {
    "paper": "#12181d",
    "panel": "#1b242b",
    "rule": "#6b7a85",
    "ink": "#e3e7ea",
    "soft": "#a9b6c0",
    "forward": "#7cc7e8",
    "backward": "#ffb36b",
}


def _colours(colours: dict[str, str]) -> str:
    """Take the colours of the page where it has them (the book has), else these."""
    return "".join(f"--g-{name}:var(--bp-{name},{colour});" for name, colour in colours.items())


_STYLE = (
    f".bp-graph-svg{{{_colours(_LIGHT)}background:var(--g-paper);font-family:var(--bp-ui,system-ui,sans-serif)}}"
    f'[data-theme="dark"] .bp-graph-svg,[data-jp-theme-light="false"] .bp-graph-svg,.vscode-dark .bp-graph-svg{{{_colours(_DARK)}}}'
    ".bp-graph-svg .bp-box{fill:var(--g-panel);stroke:var(--g-rule);stroke-width:1.5}"
    f".bp-graph-svg text{{font-size:{_NUMBER_SIZE}px;fill:var(--g-ink)}}"
    f".bp-graph-svg .bp-name{{font-size:{_NAME_SIZE}px;font-weight:600}}"
    f".bp-graph-svg .bp-slope,.bp-graph-svg .bp-legend{{font-size:{_SLOPE_SIZE}px}}"
    ".bp-graph-svg .bp-legend{fill:var(--g-soft)}"
    ".bp-graph-svg text.bp-forward{fill:var(--g-forward)}"
    ".bp-graph-svg text.bp-backward{fill:var(--g-backward)}"
    ".bp-graph-svg path{fill:none;stroke-width:1.8}"
    ".bp-graph-svg path.bp-forward{stroke:var(--g-forward)}"
    ".bp-graph-svg path.bp-backward{stroke:var(--g-backward);stroke-dasharray:4 3}"
    ".bp-graph-svg .bp-forward-head{fill:var(--g-forward)}"
    ".bp-graph-svg .bp-backward-head{fill:var(--g-backward)}"
)


@dataclass(frozen=True)
class _Words:
    """One node in words, as it stands in the table."""

    name: str
    inputs: list[tuple[str, str]]  # (name, local derivative or nothing)
    value: str
    gradient: str


def _words(nodes: list[Node], plan: _Plan) -> list[_Words]:
    slopes = {(link.end[0], link.port): link.slope for link in plan.links if link.port >= 0}
    return [
        _Words(
            _clean(node.name),
            [(_clean(name), slopes[place, port]) for port, name in enumerate(node.inputs)],
            _inline(box.value),
            _inline(box.gradient),
        )
        for place, (node, box) in enumerate(zip(nodes, plan.boxes, strict=True))
    ]


def _sentence(words: _Words) -> str:
    """Say one node in a line: this is what a reader hears or reads in a terminal."""
    said = [f"from {', '.join(name for name, _ in words.inputs)}"] if words.inputs else []
    said += [f"value {words.value}"] if words.value else []
    said += [f"gradient {words.gradient}"] if words.gradient else []
    said += [f"local derivative for {name} {slope}" for name, slope in words.inputs if slope]
    return f"{words.name}: {'; '.join(said) or 'no value'}"


def _summary(rows: list[_Words]) -> str:
    start = [row.name for row in rows if not row.inputs]
    shown = ", ".join(start[:8]) + (" and more" if len(start) > 8 else "")
    count = f"{len(rows)} node{'s' * (len(rows) > 1)}, from {shown} to {rows[-1].name}."
    way = " Values go forward, gradients come backward." if any(row.gradient for row in rows) else ""
    return f"{count}{way} The table after the picture holds every value shown."


def _table(rows: list[_Words]) -> str:
    heads = ["node", "computed from", "value", "gradient"]
    if any(slope for row in rows for _, slope in row.inputs):
        heads.insert(2, "local derivatives")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "".join(f"<tr>{_row(row, len(heads) == 5)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: _Words, with_slopes: bool) -> str:
    cells = [", ".join(name for name, _ in row.inputs)]
    if with_slopes:
        cells.append(", ".join(slope or "none" for _, slope in row.inputs))
    cells += [row.value, row.gradient]
    filled = "".join(f"<td>{escape(cell) or '–'}</td>" for cell in cells)
    return f'<th scope="row">{escape(row.name)}</th>{filled}'


def _page(svg: str, table: str, title: str) -> str:
    scrolls = 'role="region" tabindex="0" style="overflow-x:auto"'
    label = escape(title)
    return (
        f'<div class="bp-graph"><div class="bp-graph-frame" {scrolls} aria-label="Picture: {label}">{svg}</div>'
        f'<details class="bp-graph-table"><summary>The same graph as a table</summary>'
        f'<div class="bp-graph-frame" {scrolls} aria-label="Table: {label}">{table}</div></details></div>'
    )


def _svg(plan: _Plan, title: str, summary: str) -> str:
    links = zip(plan.links, plan.ports, strict=True)
    drawn = [part for link, port in links for part in _edge(plan, link, port)]
    drawn += [part for place in range(len(plan.boxes)) for part in _drawn_box(plan, place)]
    deepest = max(place + _half(plan, slot) for slot, place in plan.middle.items())
    width, height = _place(plan, plan.ends[-1], deepest)
    legend, width, height = _legend(plan, width, height + 10)
    width, height = math.ceil(width) + _MARGIN, math.ceil(height) + 4
    return _frame("".join(drawn + legend), width, height, title, summary)


def _frame(body: str, width: int, height: int, title: str, summary: str) -> str:
    mark = hashlib.sha256(f"{title}\n{summary}\n{body}".encode()).hexdigest()[:12]
    # Below 0.8 of the full size the letters cannot be read: then the frame scrolls.
    style = f"display:block;margin:0 auto;width:100%;height:auto;min-width:{width * 4 // 5}px;max-width:{width}px"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="bp-graph-svg" role="img" '
        f'viewBox="0 0 {width} {height}" style="{style}" '
        f'aria-labelledby="g{mark}t g{mark}d"><title id="g{mark}t">{escape(title)}</title>'
        f'<desc id="g{mark}d">{escape(summary)}</desc><style>{_STYLE}</style>{body}</svg>'
    )


def _half(plan: _Plan, slot: _Slot) -> float:
    place, column = slot
    if plan.columns[place] != column:
        return _APART
    box = plan.boxes[place]
    return (box.width + box.slope_width if plan.down else box.height) / 2


def draw_graph(nodes: Iterable[Node], title: str = "", direction: str = "right") -> Drawing:
    """Draw a computational graph: values go forward, gradients come backward.

    Parameters
    ----------
    nodes : iterable of Node
        In the order of computation: a node comes after its inputs.
    title : str, optional
        What the picture shows, for readers who cannot see it.
    direction : {"right", "down"}, optional
        The way that values go. Down suits a narrow screen.

    Returns
    -------
    Drawing
        A notebook shows it; it holds `svg`, `text` and `html`.

    Raises
    ------
    ValueError, TypeError
        If `nodes` is empty or holds something else, a name occurs twice, an
        input is not an earlier node, or the slopes do not fit the inputs.

    Notes
    -----
    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`How it is drawn <sec-chain-graph-code>`.
    """
    listed = _check(nodes, title, direction)
    plan = _plan(listed, direction == "down")
    rows = _words(listed, plan)
    title = _clean(title).strip() or "Computational graph"
    svg = _svg(plan, title, _summary(rows))
    text = "\n".join([title, *map(_sentence, rows)])
    return Drawing(svg, text, _page(svg, _table(rows), title))
