"""The cells that make an equation with `derive` or `claim`, read without running them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bpbook.ledger.pages import Equation, equations
from bpbook.notebooks import Cell

MAKERS = ("derive", "claim")
TAG = "ledger"


@dataclass(frozen=True)
class Made:
    """An equation that a cell makes: its label, and whether it is derived or claimed."""

    label: str
    maker: str
    cell: Cell


def calls(cell: Cell, aliases: dict[str, str]) -> list[ast.Call]:
    """Return the calls of derive and claim in a code cell, those in `try ... except NotProved` left out."""
    tree = _tree(cell.source)
    shown = {
        id(node)
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try) and _expects_refusal(attempt)
        for line in attempt.body
        for node in ast.walk(line)
    }
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _maker(node, aliases) and id(node) not in shown]


def _tree(source: str) -> ast.Module:
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def _expects_refusal(attempt: ast.Try) -> bool:
    """Tell whether code shows a refusal: a wrong derivation between `try` and `except NotProved`."""
    return any(handler.type is not None and "NotProved" in ast.unparse(handler.type) for handler in attempt.handlers)


def _maker(node: ast.Call, aliases: dict[str, str]) -> str:
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return aliases.get(name, name if name in MAKERS else "")


def aliases_in(cells: list[Cell]) -> dict[str, str]:
    """Return the other names that a notebook gives to derive and claim."""
    imports = [node for cell in cells for node in ast.walk(_tree(cell.source)) if isinstance(node, ast.ImportFrom)]
    names = [name for node in imports if node.module == "bpbook.ledger" for name in node.names]
    return {name.asname or name.name: name.name for name in names if name.name in MAKERS}


def made(cell: Cell, aliases: dict[str, str]) -> Made | str:
    """Return the equation that a ledger cell makes, or what is wrong with the cell."""
    found = calls(cell, aliases)
    if len(found) != 1:
        return f"a cell with the tag 'ledger' holds one call of derive or claim, this one has {len(found)}"
    (call,) = found
    body = _tree(cell.source).body
    last = body[-1]
    if not isinstance(last, ast.Expr) or ast.dump(last.value) != ast.dump(call):
        return "the call of derive or claim must be the last expression of the cell"
    label = call.args[0] if call.args else next((keyword.value for keyword in call.keywords if keyword.arg == "label"), None)
    if not isinstance(label, ast.Constant) or not isinstance(label.value, str):
        return "the label must be written out as text in the call"
    return Made(label.value, _maker(call, aliases), cell)


def printed(cell: Cell) -> Iterator[Equation]:
    """Yield the display equations in the stored outputs of a cell."""
    for output in cell.node.get("outputs", []):
        data = output.get("data", {})
        yield from equations(_text(data.get("text/markdown", "")))
        if "text/latex" in data and "text/markdown" not in data:
            yield Equation("", _text(data["text/latex"]), "SymPy output")


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def output_problem(one: Made) -> str:
    """Say how the stored output of a ledger cell disagrees with its label, or ''."""
    labels = [equation.label for equation in printed(one.cell)]
    if not labels:
        return f"{one.label} has no stored output: run the notebook"
    return "" if labels == [one.label] else f"the stored output has the labels {labels}, the code {one.label!r}: run the notebook"


def section(cells: list[Cell], number: int) -> str:
    """Return the title of the section in which a cell stands."""
    headings = [
        re.findall(r"^#{1,4} +(.+?)\s*$", cell.source, re.MULTILINE) for cell in cells if cell.kind == "markdown" and cell.number < number
    ]
    return next((found[-1] for found in reversed(headings) if found), "")
