"""Bad input to the drawing of graphs."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from bpbook.ladder.case import Case


def graph_cases(bp: Any) -> Iterator[Case]:
    """Yield calls of `draw_graph` with one bad argument."""
    node, x = bp.Node, bp.Node("x", 1.0)
    bad: list[tuple[str, Any, str, tuple[str, ...]]] = [
        ("is None", None, "None", ("nodes",)),
        ("is a number", 3, "3", ("nodes",)),
        ("is a text", "xyz", "xyz", ("nodes",)),
        ("is one Node", x, "Node", ("nodes",)),
        ("is empty", [], "empty", ("nodes",)),
        ("holds a text", [x, "y"], "nodes[1]", ("nodes",)),
        ("holds None", [None], "None", ("nodes",)),
        ("holds something like a Node", [SimpleNamespace(name="x")], "namespace", ("nodes",)),
        ("has a number as name", [node(3)], "3", ("name",)),
        ("has an empty name", [node(" ")], "' '", ("name",)),
        ("has a name twice", [x, node("y"), node("x")], "nodes[2] ('x')", ("nodes",)),
        ("names an unknown input", [x, node("y", inputs=("z",))], "'z'", ("inputs",)),
        ("names an input that comes later", [node("y", inputs=("x",)), x], "comes later", ("inputs",)),
        ("names itself as input", [node("y", inputs=("y",))], "'y'", ("inputs",)),
        ("has a text as inputs", [x, node("y", inputs="x")], "'x'", ("inputs",)),
        ("has a number as inputs", [node("y", inputs=1)], "1", ("inputs",)),
        ("has an input that is no text", [x, node("y", inputs=(x,))], "Node", ("inputs",)),
        ("has an input that is a list", [x, node("y", inputs=([],))], "[]", ("inputs",)),
        ("has too few slopes", [x, node("y", inputs=("x", "x"), slopes=(1.0,))], "1 ", ("slopes",)),
        ("has too many slopes", [x, node("y", inputs=("x",), slopes=(1.0, 2.0))], "2 ", ("slopes",)),
        ("has a number as slopes", [x, node("y", inputs=("x",), slopes=1.0)], "1.0", ("slopes",)),
        ("has a dict as slope", [x, node("y", inputs=("x",), slopes=({},))], "{}", ("slopes",)),
        ("has a dict as value", [node("x", {"a": 1})], "dict", ("value",)),
        ("has a function as gradient", [node("x", 1.0, len)], "len", ("gradient",)),
        ("has a ragged list as value", [node("x", [[1.0], [1.0, 2.0]])], "unequal length", ("value",)),
        ("has a list of texts as value", [node("x", ["a"])], "'a'", ("value",)),
        ("has an array of texts as value", [node("x", np.array(["a"]))], "'a'", ("value",)),
    ]
    for kind, value, shows, names in bad:
        yield Case("draw_graph", "nodes", kind, (value, "A title", "right"), names, shows)
    for value in (None, 3, ["a"]):
        yield Case("draw_graph", "title", f"is {value!r}", ([x], value, "right"), ("title",), str(value))
    for value in (None, "left", "Right", 1, ["right"]):
        yield Case("draw_graph", "direction", f"is {value!r}", ([x], "A title", value), ("direction",), str(value))
