"""Oracles for the drawing of graphs: the SVG is read as XML, and what stands where is measured."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bpbook.ladder.report import demand

SVG = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]
MINUS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
APART = 5  # a line forward and the line back lie this far from the middle of a wire


@dataclass(frozen=True)
class Box:
    """One box of a picture and what is written in it."""

    x: float
    y: float
    width: float
    height: float
    name: str
    value: str
    gradient: str

    def holds(self, point: Point, margin: float = 0.0) -> bool:
        """Say whether a point lies inside the box, made larger by a margin (or smaller by a negative one)."""
        across = self.x - margin < point[0] < self.x + self.width + margin
        return across and self.y - margin < point[1] < self.y + self.height + margin


@dataclass(frozen=True)
class Picture:
    """What was read from an SVG."""

    boxes: dict[str, Box]
    wires: dict[str, list[list[Point]]]  # "forward", "backward" -> points along each piece
    heads: dict[str, list[Point]]  # tips of the arrows
    slopes: list[tuple[Point, str]]
    size: Point


def read(svg: str) -> Picture:
    """Read a picture; RungError where it is not XML or a text lies outside."""
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        demand(False, f"the SVG is not XML: {error}")
    texts = [_text(item) for item in root.findall(f"{SVG}text")]
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    boxes = [_box(item, texts) for item in root.findall(f"{SVG}rect")]
    ways = ("forward", "backward")
    wires = {way: [_points(item.attrib["d"]) for item in root.findall(f"{SVG}path[@class='bp-{way}']")] for way in ways}
    tips = {way: [_tip(item) for item in root.findall(f"{SVG}polygon[@class='bp-{way}-head']")] for way in ways}
    slopes = [(point, text) for kind, point, text in texts if kind == "bp-slope"]
    for _, (x, y), text in texts:
        demand(0 <= x <= width and 0 <= y <= height, f"the text {text!r} stands outside of the picture")
    demand(len({box.name for box in boxes}) == len(boxes), "two boxes carry the same name")
    return Picture({box.name: box for box in boxes}, wires, tips, slopes, (width, height))


def _text(item: Any) -> tuple[str, Point, str]:
    return item.attrib["class"], (float(item.attrib["x"]), float(item.attrib["y"])), "".join(item.itertext())


def _box(item: Any, texts: list[tuple[str, Point, str]]) -> Box:
    x, y, width, height = (float(item.attrib[name]) for name in ("x", "y", "width", "height"))
    bare = Box(x, y, width, height, "", "", "")
    inside = [(kind, text) for kind, point, text in texts if bare.holds(point)]
    name, value, gradient = (
        " ".join(text for kind, text in inside if kind == f"bp-{wanted}") for wanted in ("name", "forward", "backward")
    )
    return Box(x, y, width, height, name, value, gradient)


def _points(path: str) -> list[Point]:
    """Return points along a piece of wire: the Bezier curve in 24 steps, then the straight end."""
    numbers = [float(part) for part in re.findall(r"-?[\d.]+", path)]
    start, one, two, three, end = list(zip(numbers[::2], numbers[1::2], strict=True))
    curve = [_bezier(step / 24, start, one, two, three) for step in range(25)]
    return [*curve, *((three[0] + (end[0] - three[0]) * k / 8, three[1] + (end[1] - three[1]) * k / 8) for k in range(1, 9))]


def _bezier(t: float, *corners: Point) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(weight * corner[axis] for weight, corner in zip(weights, corners, strict=True)) for axis in (0, 1))
    return x, y


def _tip(item: Any) -> Point:
    x, y = map(float, item.attrib["points"].split()[:2])
    return x, y


def boxes_apart(picture: Picture) -> None:
    """Demand that no box overlaps another one or leaves the picture."""
    boxes = sorted(picture.boxes.values(), key=lambda box: (box.x, box.y))
    width, height = picture.size
    for place, box in enumerate(boxes):
        inside = box.x >= 0 and box.y >= 0 and box.x + box.width <= width and box.y + box.height <= height
        demand(inside, f"the box {box.name!r} leaves the picture")
        for other in boxes[place + 1 :]:
            if other.x >= box.x + box.width:
                break
            apart = other.y >= box.y + box.height or box.y >= other.y + other.height
            demand(apart, f"the boxes {box.name!r} and {other.name!r} overlap")


def wires_around(picture: Picture) -> None:
    """Demand that no wire runs through a box, and that no wire leaves the picture."""
    for way, wires in picture.wires.items():
        for wire in wires:
            for box in picture.boxes.values():
                hit = [point for point in wire if box.holds(point, -0.6)]
                demand(not hit, f"a line {way} runs through the box {box.name!r}")
            inside = [0 <= x <= picture.size[0] and 0 <= y <= picture.size[1] for x, y in wire]
            demand(inside, f"a line {way} leaves the picture")


def wires_lead(picture: Picture, nodes: Iterable[Any], down: bool) -> None:
    """Demand that lines join each box with exactly its inputs, forward and back, with the right slopes."""
    for node in nodes:
        for way in ("forward", "backward"):
            gradients = {other.name for other in nodes if other.gradient is not None}
            wanted = [name for name in node.inputs if way == "forward" or {name, node.name} <= gradients]
            found = _sources(picture, node.name, way, down)
            demand(
                sorted(name for name, _ in found) == sorted(wanted),
                f"lines {way} join {node.name!r} with {sorted(found)}, wanted {sorted(wanted)}",
            )
        if node.slopes:
            found = _sources(picture, node.name, "forward", down)
            pairs = sorted((name, slope) for name, slope in found)
            demand(len(pairs) == len(node.slopes), f"{node.name!r} has not one slope for each arrow")
            told = sorted((name, plain(slope)) for name, slope in zip(node.inputs, node.slopes, strict=True))
            demand(_agree(pairs, told), f"the slopes of {node.name!r} are {pairs}, wanted {told}")


def plain(number: Any) -> str:
    """Return a number as the picture should write it, made in another way than there."""
    return "" if number is None else f"{number:.4g}" if isinstance(number, (int, float)) else str(number)


def same_number(shown: str, number: str) -> bool:
    """Say whether a text of the picture is the number, written with true signs."""
    if shown == number:
        return True
    try:
        return float(shown.replace("×10", "e").translate(MINUS)) == float(number)
    except ValueError:
        return False


def _agree(found: list[tuple[str, str]], wanted: list[tuple[str, str]]) -> bool:
    rest = list(wanted)
    for name, text in found:
        match = next((item for item in rest if item[0] == name and same_number(text, item[1])), None)
        if match is None:
            return False
        rest.remove(match)
    return not rest


def _sources(picture: Picture, name: str, way: str, down: bool) -> list[tuple[str, str]]:
    """Follow the lines that end at a box back to the boxes where they begin; with the slope at each."""
    side = APART if way == "backward" else -APART
    box = picture.boxes[name]
    starts = [wire for wire in picture.wires[way] if _touches(box, wire[-1], down, first=True)]
    found = []
    for wire in starts:
        slope = _slope_at(picture, wire[-1], side, down)
        while not (source := _begins(picture, wire, down)):
            before = [other for other in picture.wires[way] if _near(other[-1], wire[0])]
            demand(before, f"a line {way} to {name!r} begins nowhere")
            wire = before[0]
        found.append((source, slope))
    return found


def _near(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < 0.3 and abs(one[1] - other[1]) < 0.3


def _touches(box: Box, point: Point, down: bool, first: bool) -> bool:
    """Say whether a point lies at the side where wires come in (first), or go out."""
    along, across = (point[1], point[0]) if down else point
    begin, low = (box.y, box.x) if down else (box.x, box.y)
    length, width = (box.height, box.width) if down else (box.width, box.height)
    edge = begin if first else begin + length
    return abs(along - edge) < 9 and low - 0.5 < across < low + width + 0.5


def _begins(picture: Picture, wire: list[Point], down: bool) -> str:
    return next((name for name, box in picture.boxes.items() if _touches(box, wire[0], down, first=False)), "")


def _slope_at(picture: Picture, end: Point, side: float, down: bool) -> str:
    """Return the text beside the end of a line: above it, or right of it."""
    for (x, y), text in picture.slopes:
        place = (end[0] - side + APART + 4, y) if down else (x, end[1] - side - APART - 5)
        near = abs((end[1] if down else end[0]) - (y if down else x)) < 30
        if near and _near((x, y), place):
            return text
    return ""


def small_graph(bp: Any) -> list[Any]:
    """Return a graph with a fan-out, an arrow that skips a column, an input used twice and a label."""
    return [
        bp.Node("w", 0.5, 30.25),
        bp.Node("x", -3.0, 9.125),
        bp.Node("y", 7.0),
        bp.Node("u", 2.25, 8.5, ("x", "w"), (1.5, -4.0)),
        bp.Node("s", 81.0, 6.75, ("u", "u"), (2.5, 2.5)),
        bp.Node("t", -0.001, 5.5, ("s",), (1e-7,)),
        bp.Node("L", 1234567.0, 1.0, ("t", "w", "y"), (10.0, 11.0, 12.0)),
    ]


def _all(bp: Any, nodes: list[Any]) -> Iterable[tuple[Picture, Any, bool]]:
    for direction in ("right", "down"):
        drawn = bp.draw_graph(nodes, "A test", direction)
        yield read(drawn.svg), drawn, direction == "down"


def numbers_in_their_boxes(bp: Any) -> None:
    """Each box holds its own value before its own gradient, with four digits and a true minus sign."""
    for picture, _, _ in _all(bp, small_graph(bp)):
        for node in small_graph(bp):
            demand(node.name in picture.boxes, f"there is no box {node.name!r}")
            box = picture.boxes[node.name]
            for kind, shown, number in (("value", box.value, node.value), ("gradient", box.gradient, node.gradient)):
                demand(same_number(shown, plain(number)), f"{node.name!r} shows the {kind} {shown!r}, wanted {plain(number)!r}")
                demand("-" not in shown, f"{node.name!r} shows {shown!r}, with a hyphen as minus sign")


def longest_path(bp: Any) -> None:
    """A computed node stands one column behind the last of its inputs; a given one just before its first use."""
    for picture, _, down in _all(bp, small_graph(bp)):
        start = {name: (box.y if down else box.x) for name, box in picture.boxes.items()}
        columns = [{"w", "x"}, {"u"}, {"s"}, {"t", "y"}, {"L"}]
        demand(
            all(len({start[name] for name in column}) == 1 for column in columns)
            and sorted(start[min(column)] for column in columns) == [start[min(column)] for column in columns]
            and len(set(start.values())) == len(columns),
            f"the columns are not those of the longest paths: the boxes begin at {start}",
        )


def geometry(bp: Any) -> None:
    """Nothing overlaps, no wire runs through a box, every wire leads where it should."""
    for picture, _, down in _all(bp, small_graph(bp)):
        boxes_apart(picture)
        wires_around(picture)
        wires_lead(picture, small_graph(bp), down)


def few_crossings(bp: Any) -> None:
    """Inputs given in the wrong order are put in the order in which they are used."""
    names = [f"x{k}" for k in range(5)]
    nodes = [bp.Node(name, 1.0) for name in names] + [bp.Node(f"y{k}", 1.0, None, (name,)) for k, name in enumerate(reversed(names))]
    for picture, _, down in _all(bp, nodes):
        middles = [[point[0 if down else 1] for point in (wire[0], wire[-1])] for wire in picture.wires["forward"]]
        middles.sort()
        ends = [end for _, end in middles]
        demand(len(ends) == 5 and ends == sorted(ends), "wires cross that need not")


def names_are_escaped(bp: Any) -> None:
    """Names with the signs of XML arrive as they are, in the picture and in the table."""
    names = ["a<b", "x&y", "\"q\" & 'r'", "</text>", "&lt;"]
    nodes = [bp.Node(name, "<&>", "]]>") for name in names]
    nodes.append(bp.Node("L", 1.0, 1.0, names, tuple(names)))
    drawn = bp.draw_graph(nodes, "<title> & \"more\" 'still'")
    picture = read(drawn.svg)
    demand(set(picture.boxes) == {*names, "L"}, f"the names became {sorted(picture.boxes)}")
    demand({box.value for name, box in picture.boxes.items() if name != "L"} == {"<&>"}, "a text as value is not shown as it is")
    cells = ["".join(cell.itertext()) for cell in _page(drawn).iter("th")]
    demand(cells[-6:] == [*names, "L"], f"the table names {cells}")
    title = ET.fromstring(drawn.svg).findtext(f"{SVG}title")
    demand(title == "<title> & \"more\" 'still'", f"the title became {title!r}")


def _page(drawn: Any) -> Any:
    try:
        return ET.fromstring(drawn._repr_html_())
    except ET.ParseError as error:
        demand(False, f"the HTML is not well-formed: {error}")


def in_words(bp: Any) -> None:
    """The text and the table hold every node with its inputs, its value and its gradient."""
    nodes = small_graph(bp)
    for _, drawn, _ in _all(bp, nodes):
        lines = drawn.text.split("\n")
        demand(len(lines) == len(nodes) + 1 and lines[0] == "A test", "the text has not a line for each node")
        page = _page(drawn)
        named = [frame.get("aria-label", "") for frame in page.iter() if frame.get("role") == "region"]
        demand(named and all("A test" in name for name in named), f"the frames are called {named}, wanted the title in each name")
        rows = [["".join(cell.itertext()) for cell in row] for row in page.iter("tr")]
        demand(len(rows) == len(nodes) + 1, "the table has not a row for each node")
        places = [rows[0].index(head) for head in ("node", "computed from", "local derivatives", "value", "gradient")]
        for node, line, row in zip(nodes, lines[1:], rows[1:], strict=True):
            name, inputs, slopes, value, gradient = (row[place] for place in places)
            demand(name == node.name and line.startswith(f"{node.name}: "), f"{node.name!r} is not told in its place")
            demand(inputs == (", ".join(node.inputs) or "–"), f"the table says that {name!r} is computed from {inputs!r}")
            told = ", ".join(plain(slope) for slope in node.slopes) or "–"
            demand(_same_list(slopes, told), f"the table gives {name!r} the local derivatives {slopes}, wanted {told}")
            for kind, shown, number in (("value", value, node.value), ("gradient", gradient, node.gradient)):
                demand(same_number(shown, plain(number) or "–"), f"the table gives {name!r} the {kind} {shown}, wanted {number}")
                demand(number is None or f"{kind} {shown}" in line.split("; local")[0], f"the text of {name!r} lacks the {kind} {shown}")


def _same_list(shown: str, wanted: str) -> bool:
    parts, others = shown.split(", "), wanted.split(", ")
    return len(parts) == len(others) and all(same_number(*pair) for pair in zip(parts, others, strict=True))


def deterministic(bp: Any) -> None:
    """A second call gives the same bytes; another graph has other ids; the nodes are not changed."""
    nodes = small_graph(bp)
    first, second = (bp.draw_graph(nodes, "A test") for _ in range(2))
    demand(first.svg == second.svg and first.text == second.text and first.html == second.html, "a second call draws other bytes")
    others = [bp.draw_graph(nodes, "Another test"), bp.draw_graph(nodes[:3], "A test"), bp.draw_graph(nodes, "A test", "down")]
    for other in others:
        shared = set(re.findall(r' id="([^"]+)"', first.html)) & set(re.findall(r' id="([^"]+)"', other.html))
        demand(not shared, f"two different graphs share the ids {sorted(shared)}")


def deep(bp: Any) -> None:
    """A chain deeper than Python may recurse is drawn."""
    nodes = [bp.Node("0", 0.0, 1.0)] + [bp.Node(str(k), float(k), 1.0, (str(k - 1),)) for k in range(1, 1500)]
    demand(bp.draw_graph(nodes).svg.count('class="bp-box"') == 1500, "a chain of 1500 nodes is not drawn in full")


ORACLES = (
    numbers_in_their_boxes,
    longest_path,
    geometry,
    few_crossings,
    names_are_escaped,
    in_words,
    deterministic,
    deep,
)
