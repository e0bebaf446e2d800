"""Check that every number in the prose of a chapter is printed by one of its cells, or stands in their code."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpbook.allowed import left_over, load_allowed
from bpbook.notebooks import Cell, cells, chapters, repository_root
from bpbook.prose import prose

NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w|[.,]\d)")
PRINTED = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
SEPARATOR = re.compile(r"(?<=\d)[,_\u00a0\u202f](?=\d{3})")
PERCENT = re.compile(r"[\s\u00a0\u202f]*(?:%|percent|per cent)")
# What these words number is a place in a book or a version, not a result.
PLACE_WORDS = (
    r"articles?|chapters?|sections?|sec\.|pages?|pp?\.|fig\.|figures?|equations?|exercises?|"
    r"parts?|volumes?|theorems?|tables?|§+|python|version"
)
PLACE = re.compile(rf"(?<!\w)(?:{PLACE_WORDS})[\s\u00a0]*(?:[\d.]+(?:[\s,–-]|and|to|or)*)*$", re.IGNORECASE)
SMALL = 10


@dataclass(frozen=True)
class Number:
    """A number in the prose, with the sentence around it."""

    text: str
    percent: bool
    sentence: str

    def is_printed(self, printed: Sequence[float]) -> bool:
        """Tell whether a printed number, rounded as this one is, is this one."""
        digits = SEPARATOR.sub("", self.text)
        value, half = float(digits), 0.5 * _unit(digits)
        scales = (1.0, 0.01) if self.percent else (1.0,)
        return any(abs(value * scale - other) <= half * scale * (1 + 1e-9) for scale in scales for other in printed)


def _unit(digits: str) -> float:
    """Return what 1 in the last stated digit is worth; zeros at the end of 4200 may come from rounding, those of 100 not."""
    mantissa, _, exponent = digits.lower().partition("e")
    places = len(mantissa.partition(".")[2])
    zeros = len(mantissa) - len(mantissa.rstrip("0"))
    if "." not in mantissa and len(mantissa) - zeros >= 2:
        places = -zeros
    return float(10.0 ** (int(exponent or 0) - places))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print every number that no cell of its chapter prints."""
    root = repository_root()
    problems = violations(root)
    print("\n".join(problems) if problems else "every number in the prose comes out of a cell of its chapter")
    return int(bool(problems))


def violations(root: Path) -> list[str]:
    """Return a line for each number without a source, and for each entry of numbers.toml that is left over."""
    path = root / "bpbook" / "numbers.toml"
    allowed = load_allowed(path, ("notebook", "number"))
    found = [item for chapter in chapters(root) for item in _unprinted(cells(chapter, root))]
    reasons = {(entry["notebook"], entry["number"]) for entry in allowed}
    problems = [
        f"{cell.where}: {number.text} is printed by no cell of this chapter: {number.sentence!r}"
        for cell, number in found
        if (cell.notebook, number.text) not in reasons
    ]
    used = {(cell.notebook, number.text) for cell, number in found}
    return problems + left_over(path, allowed, lambda entry: (entry["notebook"], entry["number"]) in used)


def _unprinted(notebook: Sequence[Cell]) -> list[tuple[Cell, Number]]:
    printed = printed_numbers(notebook)
    stated = [(cell, number) for cell in notebook for text in _texts(cell) for block in prose(text) for number in stated_numbers(block)]
    return [(cell, number) for cell, number in stated if not number.is_printed(printed)]


def _texts(cell: Cell) -> list[str]:
    """Return what a reader reads in a cell: its Markdown, or the caption and the description of its figure."""
    if cell.kind == "markdown":
        return [] if "colab" in cell.tags else [cell.source]
    style = cell.node.metadata.get("mystnb", {})
    return [str(text) for text in (style.get("figure", {}).get("caption"), style.get("image", {}).get("alt")) if text]


def stated_numbers(block: str) -> Iterator[Number]:
    """Yield the numbers of a text that are results: decimals, and integers from 10 on."""
    for found in NUMBER.finditer(block):
        digits = SEPARATOR.sub("", found[0])
        before, after = block[: found.start()], block[found.end() :]
        year = digits.isdigit() and 1500 <= int(digits) < 2100 and re.search(r"\([^()]*$", before) and re.match(r"[a-z]?\)", after)
        if year or PLACE.search(before) or (digits.isdigit() and int(digits) < SMALL):
            continue
        yield Number(found[0], bool(PERCENT.match(after)), _sentence(block, found.start()))


def _sentence(block: str, position: int) -> str:
    ends = [found.end() for found in re.finditer(r"[.!?]\s+", block)]
    start = max((end for end in ends if end <= position), default=0)
    stop = min((end for end in ends if end > position), default=len(block))
    return block[start:stop].strip()[:160]


def printed_numbers(notebook: Sequence[Cell]) -> list[float]:
    """Return every number in the code of a chapter and in the text that its cells print."""
    texts = [text for cell in notebook if cell.kind == "code" for text in (cell.source, *map(_shown, cell.node.outputs))]
    return sorted({float(found) for text in texts for form in (text, SEPARATOR.sub("", text)) for found in PRINTED.findall(form)})


def _shown(output: Any) -> str:
    data = output.get("data", {})
    kinds = [kind for kind in sorted(data) if kind.startswith("text/")]
    # The HTML of a drawing is full of places; what it says is in its text.
    said = [kind for kind in kinds if kind != "text/html" or "text/plain" not in kinds]
    return "\n".join([str(output.get("text", "")), *(str(data[kind]) for kind in said)])
