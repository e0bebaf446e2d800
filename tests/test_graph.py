"""Graphs drawn by `draw_graph`: the SVG is read as XML and measured; every measure is seen to fail."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import deque
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties, findfont, get_font

import bpkit.graph
from bpbook.ladder import RungError
from bpbook.ladder import graph as measure
from bpkit import Node, draw_graph

ROOT = Path(bpkit.graph.__file__).parent.parent
PLAIN = [Node("x", 2.0, 3.0), Node("y", 1.0), Node("z", 5.0, 1.0, ("x", "y"), (3.0, None))]


def shown(value):
    """Return what stands in the box of a node with this value."""
    return measure.read(draw_graph([Node("x", value)]).svg).boxes["x"].value


# --- what a number looks like ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.14159265, "3.142"),
        (-0.5, "−0.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (-7, "−7"),
        (123456, "123456"),
        (12345678, "1.235×10⁷"),
        (-1.23456e-10, "−1.235×10⁻¹⁰"),
        (1e300, "1×10³⁰⁰"),
        (10**400, "1×10⁴⁰⁰"),
        (-(10**400) - 234 * 10**397, "−1.234×10⁴⁰⁰"),
        (5e-324, "4.941×10⁻³²⁴"),
        (float("nan"), "NaN"),
        (float("inf"), "∞"),
        (-float("inf"), "−∞"),
        (1 + 2j, "1 + 2i"),
        (complex(-0.5, -1e-30), "−0.5 − 1×10⁻³⁰i"),
        (True, "True"),
        (Fraction(1, 3), "0.3333"),
        (np.float32(0.1), "0.1"),
        (np.float64(-2.5), "−2.5"),
        (np.int64(3), "3"),
        (np.array(4.0), "4"),
        (np.complex128(1j), "0 + 1i"),
        ("any text", "any text"),
        ([1.0, -2.0], "[1, −2]"),
        ((1, 2, 3), "[1, 2, 3]"),
        (np.array([0.5]), "[0.5]"),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), "[1, 2] [3, 4]"),
        (np.eye(3), "[1, 0, 0] [0, 1, 0] [0, 0, 1]"),
        (np.zeros(4), "shape (4,)"),
        (np.zeros((10, 5)), "shape (10, 5)"),
        (np.zeros((2, 2, 2)), "shape (2, 2, 2)"),
        (np.zeros(0), "shape (0,)"),
        ([], "shape (0,)"),
        (None, ""),
    ],
)
def test_a_value_is_short_and_exact(value, text):
    assert shown(value) == text


def test_something_with_a_shape_alone_shows_its_shape():
    class Variable:
        shape, dtype = (3, 2), np.dtype(float)

    assert shown(Variable()) == "shape (3, 2)"


def test_a_long_text_is_wrapped_and_told_in_full():
    name = "a name that is longer than any box should ever be, and goes on"
    drawn = draw_graph([Node(name, "y" * 60)])
    picture = measure.read(drawn.svg)
    assert list(picture.boxes) == [name]
    assert picture.size[0] < 300
    assert f"{name}: " in drawn.text


@pytest.mark.parametrize("name", ["\x00", "a\ud800b", "tab\there", "line\nbreak", "\ufffe", "漢字", "🐧", "é", "\u200d"])
def test_odd_characters_leave_the_file_well_formed(name):
    drawn = draw_graph([Node(name, name, name), Node("L", 1.0, 1.0, (name,), (name,))], name)
    for text in (drawn.svg, drawn.html):
        ET.fromstring(text.encode("utf-8"))


def _measured(text):
    """Return how wide a name is in the bold letters of DejaVu Sans, which are wider than those of most fonts."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold")))
    font.set_size(140, 72)  # ten times as large, so that rounding to whole pixels does not count
    font.set_text(text)
    return font.get_width_height()[0] / 64 / 10


@pytest.mark.parametrize("letter", [*map(chr, range(33, 127)), *"αβγδηθμπρσφψωΔΣΦΩŷŴ×÷≤≥∞→·₁²"])
def test_a_line_of_one_letter_fits_into_its_box(letter):
    name = letter * 24
    (box,) = measure.read(draw_graph([Node(name)]).svg).boxes.values()
    assert box.name == name
    assert _measured(name) < box.width


def test_the_measure_of_letters_measures():
    assert _measured("W" * 24) > 24 * 14 > 2 * _measured("i" * 24)


# --- where things stand ---------------------------------------------------------------------------


def check_picture(nodes, direction):
    picture = measure.read(draw_graph(nodes, "A graph", direction).svg)
    assert len(picture.boxes) == len(nodes)
    measure.boxes_apart(picture)
    measure.wires_around(picture)
    measure.wires_lead(picture, nodes, direction == "down")
    _slopes_apart(picture)
    return picture


def _slopes_apart(picture):
    """Local derivatives stand in no box, and not on top of each other; a letter is at least 5 wide and 9 high."""
    for place, ((x, y), text) in enumerate(picture.slopes):
        assert not any(box.holds((x, y - 4)) for box in picture.boxes.values()), f"{text} stands in a box"
        for (other_x, other_y), _ in picture.slopes[place + 1 :]:
            assert abs(y - other_y) >= 9 or abs(x - other_x) >= 5


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    nodes = []
    for place in range(count):
        inputs = tuple(draw(st.lists(st.sampled_from([node.name for node in nodes]), max_size=3))) if nodes else ()
        number = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**9), 10**9))
        # Slopes are told apart by their place, so that a slope at the wrong arrow is seen.
        slopes = tuple(float(10 * place + k) for k in range(len(inputs))) if draw(st.booleans()) else ()
        name = draw(st.sampled_from(["n", "a longer name", "z = x w + b"])) + f" {place}"
        nodes.append(Node(name, draw(number), draw(number), inputs, slopes))
    return nodes


@settings(derandomize=True, deadline=None, max_examples=150)
@given(graphs(), st.sampled_from(["right", "down"]))
def test_random_graphs_have_no_overlap_and_every_wire_leads_where_it_should(nodes, direction):
    check_picture(nodes, direction)


def network():
    """Return a 2-2-1 network with its loss: 29 nodes, every product and every sum."""
    rng = np.random.default_rng(0)
    nodes = []

    def add(name, *inputs):
        slopes = tuple(rng.normal(size=len(inputs)).tolist())
        nodes.append(Node(name, rng.normal(), None if name == "y" else rng.normal(), inputs, slopes))
        return name

    for name in ("x1", "x2", "w11", "w12", "w21", "w22", "b1", "b2", "v1", "v2", "c", "y"):
        add(name)
    for k in "12":
        products = [add(f"w{j}{k}·x{j}", f"w{j}{k}", f"x{j}") for j in "12"]
        add(f"a{k}", add(f"z{k}", add(f"s{k}", *products), f"b{k}"))
    add("p", add("z", add("s", *[add(f"v{k}·a{k}", f"v{k}", f"a{k}") for k in "12"]), "c"))
    add("L", add("e", "p", "y"))
    return nodes


@pytest.mark.parametrize("direction", ["right", "down"])
def test_a_network_of_29_nodes_fits(direction):
    nodes = network()
    assert len(nodes) == 29
    picture = check_picture(nodes, direction)
    assert max(picture.size) < 2300
    assert min(picture.size) < 1000


def test_a_network_has_few_crossings():
    nodes = network()
    columns = bpkit.graph._columns(nodes)
    links = bpkit.graph._links(nodes, columns)
    order = bpkit.graph._ordered(links, columns)
    before, _ = bpkit.graph._neighbours(links)
    # Two hidden neurons that share two inputs cannot be drawn in columns without a crossing.
    assert bpkit.graph._crossings(order, before) <= 3


def test_one_node_alone():
    for node in (Node("x"), Node("x", 1.0), Node("x", 1.0, 2.0), Node("x", None, 2.0)):
        picture = check_picture([node], "right")
        assert picture.wires == {"forward": [], "backward": []}
        assert picture.heads == {"forward": [], "backward": []}


def test_an_input_used_twice_has_two_arrows():
    nodes = [Node("x", 3.0, 6.0), Node("y = x·x", 9.0, 1.0, ("x", "x"), (3.0, 3.0))]
    for direction in ("right", "down"):
        picture = check_picture(nodes, direction)
        assert len(picture.wires["forward"]) == len(picture.wires["backward"]) == len(picture.heads["forward"]) == 2


def test_a_value_that_is_used_far_away_has_one_wire_with_branches():
    steps = [Node(f"h{k}", 1.0, 1.0, (f"h{k - 1}", "w")) for k in range(1, 9)]
    nodes = [Node("w", 1.0, 1.0), Node("h0", 1.0, 1.0), *steps]
    picture = check_picture(nodes, "right")
    assert len(picture.wires["forward"]) == 8 + 8 + 7  # from h to h, branches of w, and pieces of its wire


def test_no_gradient_no_arrow_back():
    picture = check_picture(PLAIN, "right")
    assert len(picture.wires["forward"]) == 2
    assert len(picture.wires["backward"]) == len(picture.heads["backward"]) == 1
    silent = [dataclasses.replace(node, gradient=None) for node in PLAIN]
    assert check_picture(silent, "right").wires["backward"] == []


def test_a_gradient_of_zero_is_a_gradient():
    nodes = [Node("x", 1.0, 0.0), Node("y", 0, 1.0, ("x",), (0.0,))]
    picture = check_picture(nodes, "right")
    assert len(picture.wires["backward"]) == 1
    assert picture.boxes["x"].gradient == "0"
    assert picture.slopes[0][1] == "0"


def test_forward_and_backward_differ_without_colour():
    style = ET.fromstring(draw_graph(PLAIN).svg).findtext(f"{measure.SVG}style")
    assert re.search(r"path\.bp-backward\{[^}]*stroke-dasharray", style)
    assert "stroke-dasharray" not in re.search(r"path\.bp-forward\{[^}]*\}", style)[0]
    legend = [text.text for text in ET.fromstring(draw_graph(PLAIN).svg).iter(f"{measure.SVG}text") if text.get("class") == "bp-legend"]
    assert legend == ["value, going forward", "gradient, coming backward", "beside an arrow: local derivative"]


@pytest.mark.parametrize("count", [10_000])
def test_a_chain_of_ten_thousand_nodes_is_drawn(count):
    middle = [Node(str(k), k, 1.0, (str(k - 1),)) for k in range(1, count)]
    nodes = [Node("0", 0, 1.0), *middle, Node("L", 1.0, 1.0, ("0", str(count - 1)))]
    assert draw_graph(nodes).svg.count('class="bp-box"') == count + 1


# --- words ----------------------------------------------------------------------------------------


def test_the_picture_has_a_name_and_a_description():
    root = ET.fromstring(draw_graph(PLAIN, "A title").svg)
    assert root.get("role") == "img"
    title, description = root.get("aria-labelledby").split()
    named = {item.get("id"): item.text for item in root.iter() if item.get("id")}
    assert named[title] == "A title"
    assert named[description].startswith("3 nodes, from x, y to z. Values go forward, gradients come backward.")


def test_the_table_holds_every_number_of_the_picture():
    nodes = network()
    drawn = draw_graph(nodes)
    table = set(" ".join("".join(cell.itertext()) for cell in ET.fromstring(drawn.html).iter() if cell.tag in ("th", "td")).split())
    picture = measure.read(drawn.svg)
    numbers = [text for box in picture.boxes.values() for text in (box.value, box.gradient)] + [text for _, text in picture.slopes]
    assert {text for text in numbers if text} <= {word.strip(",") for word in table}


def test_the_description_promises_only_what_the_table_holds():
    drawn = draw_graph([Node("x", np.arange(4.0))])
    description = ET.fromstring(drawn.svg).findtext(f"{measure.SVG}desc")
    assert description == "1 node, from x to x. The table after the picture holds every value shown."
    assert "shape (4,)" in drawn.html


def test_a_notebook_shows_the_picture_and_a_terminal_the_words():
    drawn = draw_graph(PLAIN, "A title")
    assert drawn._repr_html_() == drawn.html
    assert drawn.svg in drawn.html
    assert repr(drawn) == drawn.text
    assert drawn.text.split("\n") == [
        "A title",
        "x: value 2; gradient 3",
        "y: value 1",
        "z: from x, y; value 5; gradient 1; local derivative for x 3",
    ]


def test_a_frame_that_scrolls_can_be_reached_and_has_a_name():
    frames = [item for item in ET.fromstring(draw_graph(PLAIN, "A title").html).iter("div") if "overflow-x:auto" in item.get("style", "")]
    assert [(frame.get("tabindex"), frame.get("role"), frame.get("aria-label")) for frame in frames] == [
        ("0", "region", "Picture: A title"),
        ("0", "region", "Table: A title"),
    ]


# --- the same on every machine --------------------------------------------------------------------


def test_the_bytes_do_not_depend_on_the_run():
    program = (
        "from bpkit import Node, draw_graph; import hashlib\n"
        "nodes = [Node('x', 1/3, 2.0), Node('w', 0.1, 1.0), Node('z', 7, 1.0, ('x', 'w', 'x'), (1, 2, 3)), Node('L', 1, 1, ('z', 'w'))]\n"
        "print(hashlib.sha256(draw_graph(nodes, 'T').html.encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(runs) == 1


def test_it_needs_nothing_but_python():
    program = "import sys; sys.modules['numpy'] = None; sys.path.insert(0, '.'); import runpy; m = runpy.run_path('bpkit/graph.py'); "
    program += "print(m['draw_graph']([m['Node']('x', [1.0, 2.0])]).text)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.endswith("x: value [1, 2]\n")


# --- colours --------------------------------------------------------------------------------------


def contrast(one, other):
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_the_colours_without_a_style_sheet_stand_out(place):
    style = ET.fromstring(draw_graph(PLAIN).svg).findtext(f"{measure.SVG}style")
    palettes = [dict(re.findall(r"--g-(\w+):var\(--bp-\w+,(#[0-9a-f]{6})\)", rule)) for rule in style.split("}")]
    colours = [palette for palette in palettes if palette][place]
    for ink in ("ink", "forward", "backward"):
        assert contrast(colours[ink], colours["panel"]) >= 4.5
        assert contrast(colours[ink], colours["paper"]) >= 4.5
    assert contrast(colours["soft"], colours["paper"]) >= 4.5
    assert contrast(colours["rule"], colours["paper"]) >= 3


# --- errors, word for word ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "nodes is empty, wanted at least one Node"),
        (([Node("z", inputs=("q",))],), "nodes[0] ('z'): inputs names 'q', which no node has; wanted the name of an earlier node"),
        (
            ([Node("z", inputs=("x",)), Node("x")],),
            "nodes[0] ('z'): inputs names 'x', which comes later; wanted the name",
        ),
        (([Node("x"), Node("x")],), "nodes[1] ('x') has the name of nodes[0], wanted a name of its own"),
        (([Node("x"), Node("z", inputs="x")],), "nodes[1] ('z'): inputs is 'x', wanted a tuple of names, as in ('x', 'w')"),
        (([Node("x", {})],), "nodes[0] ('x'): value is {} of type dict, wanted a number, an array of numbers, a text or None"),
        ((PLAIN, 3), "title is 3, wanted a text"),
        ((PLAIN, "", "up"), "direction is 'up', wanted 'right' or 'down'"),
    ],
)
def test_errors_say_what_came_and_what_was_wanted(arguments, message):
    with pytest.raises((ValueError, TypeError)) as error:
        draw_graph(*arguments)
    assert str(error.value).startswith(message)


def test_any_iterable_of_nodes_is_taken_and_none_is_changed():
    once = draw_graph(iter(PLAIN))
    assert once.svg == draw_graph(tuple(PLAIN)).svg == draw_graph(PLAIN).svg
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLAIN[0].name = "other"


@pytest.mark.parametrize("make", [tuple, list, np.array, deque])
def test_any_sequence_of_inputs_and_slopes_is_taken(make):
    def nodes(make):
        return [Node("x", 1.0, 1.0), Node("y", 2.0, 2.0), Node("z", 3.0, 3.0, make(["x", "y"]), make([4.0, 5.0]))]

    assert draw_graph(nodes(make)).html == draw_graph(nodes(tuple)).html


def test_no_slopes_is_an_empty_sequence_of_any_kind():
    for empty in ((), [], np.array([])):
        drawn = draw_graph([Node("x", 1.0), Node("z", 3.0, None, ["x"], empty)])
        assert "local derivative" not in drawn.text


@pytest.mark.parametrize("slopes", [np.array(1.0), {1.0}, {"x": 1.0}, "1", iter([1.0]), None])
def test_slopes_without_an_order_are_refused(slopes):
    with pytest.raises(TypeError, match=r"^nodes\[1\] \('z'\): slopes is .*, wanted a tuple of numbers"):
        draw_graph([Node("x", 1.0), Node("z", 3.0, None, ("x",), slopes)])


@pytest.mark.parametrize("value", [[1.0, None], np.ma.array([1.0, 2.0], mask=[False, True]), np.ma.masked])
def test_a_missing_entry_is_named(value):
    for kind, node in (("value", Node("x", value)), ("gradient", Node("x", 1.0, value))):
        with pytest.raises(TypeError) as error:
            draw_graph([node])
        wanted = "has an entry without a number (None, or masked), wanted a number in every entry"
        assert str(error.value) == f"nodes[0] ('x'): {kind} {wanted}"


# --- the measures are seen to fail ----------------------------------------------------------------


def _drawn(nodes=None):
    return draw_graph(nodes or [Node("x", 1.0, 1.0), Node("y", 2.0, 2.0), Node("z", 3.0, 3.0, ("x", "y"), (4.0, 5.0))]).svg


def test_a_box_on_top_of_another_is_found():
    places = re.findall(r'<rect class="bp-box" x="(\S+)" y="(\S+)"', _drawn())
    broken = _drawn().replace(f'x="{places[1][0]}" y="{places[1][1]}"', f'x="{places[0][0]}" y="{float(places[0][1]) + 9}"')
    with pytest.raises(RungError, match=r"overlap|same name"):
        measure.boxes_apart(measure.read(broken))


def test_a_wire_through_a_box_is_found():
    picture = measure.read(_drawn())
    box = picture.boxes["y"]
    picture.wires["forward"].append([(box.x - 5, box.y + 9), (box.x + 9, box.y + 9)])
    with pytest.raises(RungError, match="runs through the box 'y'"):
        measure.wires_around(picture)


def test_a_wire_that_is_missing_or_leads_elsewhere_is_found():
    nodes = [Node("x", 1.0, 1.0), Node("y", 2.0, 2.0), Node("z", 3.0, 3.0, ("x", "y"), (4.0, 5.0))]
    for others in (
        [*nodes[:2], dataclasses.replace(nodes[2], inputs=("x", "x"))],
        [*nodes[:2], dataclasses.replace(nodes[2], slopes=(5.0, 4.0))],
        [nodes[0], dataclasses.replace(nodes[1], gradient=None), nodes[2]],
    ):
        with pytest.raises(RungError):
            measure.wires_lead(measure.read(_drawn(nodes)), others, False)
