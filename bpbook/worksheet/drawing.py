"""The network of a worksheet as a picture, with its numbers."""

from __future__ import annotations

from bpbook.worksheet.sheet import Sheet
from bpbook.worksheet.words import label, number

UNITS = {"x1": (40, 60), "x2": (40, 200), "1": (235, 60), "2": (235, 200), "3": (415, 130), "L": (520, 130)}
RADIUS = 28
# From, to, the weight, and how far along the line it stands: away from the crossing.
WIRES = (
    ("x1", "1", "w11", 0.5),
    ("x1", "2", "w12", 0.26),
    ("x2", "1", "w21", 0.26),
    ("x2", "2", "w22", 0.5),
    ("1", "3", "v1", 0.5),
    ("2", "3", "v2", 0.5),
)


def draw(sheet: Sheet) -> str:
    """Return the network as SVG; the page brings its style."""
    parts = [_wire(start, end) for start, end in [*((start, end) for start, end, *_ in WIRES), ("3", "L")]]
    parts += [_weight(sheet, *wire) for wire in WIRES]
    parts += [_unit(name, text) for name, text in _inside(sheet).items()]
    for unit, name, below in (("1", "b1", False), ("2", "b2", True), ("3", "c", True)):
        x, y = UNITS[unit]
        parts.append(_text(x, y + (48 if below else -36), f"{_plain(name)} = {number(sheet.given[name])}", "bias"))
    parts.append(_text(UNITS["L"][0], UNITS["L"][1] + 48, f"{_plain('y')} = {number(sheet.given['y'])}", "bias"))
    said = "; ".join(f"{name} = {number(sheet.given[name])}" for name in sheet.given if name != "eta")
    title = "A network with two inputs, two hidden units and one output"
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 570 260" role="img" aria-labelledby="net-title net-said">'
    return f'{head}<title id="net-title">{title}</title><desc id="net-said">{said}</desc>{"".join(parts)}</svg>'


def _inside(sheet: Sheet) -> dict[str, list[str]]:
    inputs = {name: [_plain(name), number(sheet.given[name])] for name in ("x1", "x2")}
    hidden = {unit: [_plain(f"z{unit}"), _plain(f"a{unit}")] for unit in ("1", "2")}
    return inputs | hidden | {"3": [_plain("z3")], "L": [_plain("L")]}


def _plain(name: str) -> str:
    """Return a name in SVG: an index is smaller and lower."""
    text = label(name).replace("<i>", '<tspan font-style="italic">').replace("</i>", "</tspan>")
    return text.replace("<sub>", '<tspan dy="4" font-size="11">').replace("</sub>", '</tspan><tspan dy="-4">​</tspan>')


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="middle">{text}</text>'


def _wire(start: str, end: str) -> str:
    (x1, y1), (x2, y2) = UNITS[start], UNITS[end]
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    across, down = (x2 - x1) / length, (y2 - y1) / length
    first, last = RADIUS + 1, length - RADIUS - 2
    points = [
        (x1 + along * across - side * down, y1 + along * down + side * across)
        for along, side in ((last, 0), (last - 9, 4.5), (last - 9, -4.5))
    ]
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ends = f'x1="{x1 + first * across:.1f}" y1="{y1 + first * down:.1f}" x2="{x1 + last * across:.1f}" y2="{y1 + last * down:.1f}"'
    return f'<line {ends}/><polygon points="{head}"/>'


def _weight(sheet: Sheet, start: str, end: str, name: str, along: float) -> str:
    (x1, y1), (x2, y2) = UNITS[start], UNITS[end]
    x, y = x1 + along * (x2 - x1), y1 + along * (y2 - y1) + (-8 if y1 == y2 else 5)
    said = f"{_plain(name)} = {number(sheet.given[name])}"
    wide = 46 + 9 * len(number(sheet.given[name]))
    back = "" if y1 == y2 else f'<rect x="{x - wide / 2:g}" y="{y - 13:g}" width="{wide}" height="18"/>'
    return back + _text(x, y, said, "weight")


def _unit(name: str, lines: list[str]) -> str:
    x, y = UNITS[name]
    circle = f'<circle cx="{x}" cy="{y}" r="{RADIUS}"/>'
    first = y + (5 if len(lines) == 1 else -4)
    return circle + "".join(_text(x, first + 17 * place, line, "unit") for place, line in enumerate(lines))
