"""Rows of an aligned equation, broken where a narrow screen needs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

import sympy as sp

from bpbook.ledger.latex import BookPrinter

# A phone shows about 17 em of mathematics beside the equation's number.
WIDEST = 15.0
MARK = re.compile(r"\\overset\{\\textsf\{\([a-z]\)\}\}\{(=|\\Leftrightarrow)\}")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}]|\s+|.", re.DOTALL)
WIDTHS = {
    "\\sum": 1.4,
    "\\prod": 1.3,
    "\\int": 1.0,
    "\\ln": 1.0,
    "\\exp": 1.7,
    "\\cdot": 0.9,
    "\\quad": 1.0,
    "\\left": 0.0,
    "\\right": 0.0,
    "\\hat": 0.0,
    "\\bar": 0.0,
}
WIDTHS |= dict.fromkeys("+-=<>", 1.4) | dict.fromkeys("()[]|,.", 0.4)


def width(latex: str) -> float:
    """Return about how many em an expression takes."""
    return _group(TOKEN.findall(latex))


def _group(tokens: list[str]) -> float:
    total = 0.0
    while tokens and (token := tokens.pop(0)) != "}":
        if token == "{":
            total += _group(tokens)
        elif token in ("\\frac", "\\dfrac"):
            total += 0.2 + max(_argument(tokens), _argument(tokens))
        elif token in "_^":
            total += 0.7 * _argument(tokens)
        elif not token.isspace():
            total += WIDTHS.get(token, 0.6)
    return total


def _argument(tokens: list[str]) -> float:
    while tokens and tokens[0].isspace():
        tokens.pop(0)
    token = tokens.pop(0) if tokens else ""
    return _group(tokens) if token == "{" else WIDTHS.get(token, 0.6)


def broken(expression: sp.Basic, bare: Sequence[Any]) -> list[str]:
    """Return the rows of an expression: one, or several that start with + or -."""
    printer = BookPrinter(bare)
    whole = str(printer.doprint(expression))
    if not getattr(expression, "is_Add", False) or width(whole) <= WIDEST:
        return [whole]
    rows: list[str] = []
    for term in printer.terms(expression):
        if rows and width(rows[-1]) + width(term) <= WIDEST:
            rows[-1] += f" {term}"
        else:
            rows.append(term)
    return rows


def chain(start: sp.Basic, steps: Sequence[sp.Basic], bare: Sequence[Any]) -> str:
    """Return start = step = step ..., with marks (a), (b) above the signs where there are several."""
    left = str(BookPrinter(bare).doprint(start))
    marks = _marks(len(steps))
    parts = [broken(step, bare) for step in steps]
    if len(parts) == 1 and len(parts[0]) == 1 and width(left) + width(parts[0][0]) <= WIDEST:
        return f"{left} = {parts[0][0]}"
    # A long left side gets a row of its own.
    widest = max(width(row) for part in parts for row in part)
    alone = width(left) > WIDEST / 3 or (width(left) > 2 and width(left) + widest > WIDEST)
    rows = [f"& {left}"] if alone else []
    for number, (mark, part) in enumerate(zip(marks, parts, strict=True)):
        head = "&\\;\\;" if alone else left + " &" if number == 0 else "&"
        rows.append(f"{head} {mark} {part[0]}")
        rows += [f"&\\quad\\;\\; {row}" for row in part[1:]]
    return _aligned(rows)


def column(equations: Sequence[Sequence[sp.Eq]], bare: Sequence[Any]) -> str:
    """Return equations below each other, with a mark before each that follows from the one above."""
    show = BookPrinter(bare).doprint
    rows = []
    for number, group in enumerate(equations):
        for position, eq in enumerate(group):
            implies = (
                f"\\overset{{\\textsf{{({ascii_lowercase[number - 1]})}}}}{{\\Leftrightarrow}} && " if number and not position else "&& "
            )
            right = broken(eq.rhs, bare)
            rows.append(f"{implies}{show(eq.lhs)} &= {right[0]}")
            rows += [f"&& &\\quad {row}" for row in right[1:]]
    return _aligned(rows)


def outcome(latex: str) -> str:
    """Return what a chain proves, without the steps between its first side and its last."""
    marks = list(MARK.finditer(latex))
    if not marks:
        return latex
    after = latex[marks[-1].end() :]
    return f"{latex[: marks[0].start()]}={after}" if marks[-1][1] == "=" else f"\\begin{{aligned}}\n{after}"


def _marks(count: int) -> list[str]:
    if count == 1:
        return ["="]
    return [f"\\overset{{\\textsf{{({letter})}}}}{{=}}" for letter in ascii_lowercase[:count]]


def _aligned(rows: Sequence[str]) -> str:
    return "\\begin{aligned}\n" + " \\\\[4pt]\n".join(rows) + "\n\\end{aligned}"
