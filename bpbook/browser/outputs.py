"""Say where two runs of a cell show different things, beyond rounding.

Words and whole numbers must be the same. A number that is printed with a decimal point or an exponent may differ by one unit
of its last digit: two values that are equal but for the rounding of the machine can be rounded to neighbours when they are
printed, and to nothing else. Of two such numbers, the one that is printed with more digits says how large that unit is.
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from bpbook.browser.figures import KIND, PICTURE

DECIMAL = re.compile(r"(?<![\d.])[-+\u2212]?(?:\d*\.\d+(?:[eE][-+]?\d+)?|\d+\.?[eE][-+]?\d+)(?!\d|\.\d)")
# Of 160 dots an inch. Letters of another size moved the border of no picture by more than this.
BORDER = 12
SHOWN = 60
CLASS = re.compile(r"^<class '|'>$")


def differences(committed: Sequence[Any], browser: Sequence[Any]) -> list[str]:
    """Return a line for each difference between the outputs of a cell and those of a second run.

    Parameters
    ----------
    committed, browser : sequence of output nodes
        The outputs as they are committed, and as the browser's Python gave them.
    """
    here, there = joined(committed), joined(browser)
    failed = [f"{CLASS.sub('', output['ename'])}: {output['evalue']}" for output in there if output["output_type"] == "error"]
    if failed:
        return failed
    kinds = [[_kind(output) for output in side] for side in (here, there)]
    if kinds[0] != kinds[1]:
        return [f"shows {_listed(kinds[1])}, wanted {_listed(kinds[0])}"]
    pairs = [(kind, *pair) for one, other in zip(here, there, strict=True) for kind, *pair in _contents(one, other)]
    return [found for kind, one, other in pairs for found in [_difference(kind, one, other)] if found]


def joined(outputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the outputs with pieces of one stream that follow each other joined, and lists of lines as one text."""
    found: list[dict[str, Any]] = []
    for output in map(dict, outputs):
        if output["output_type"] == "stream":
            output["text"] = _text(output["text"])
            if found and found[-1].get("name") == output["name"]:
                found[-1]["text"] += output["text"]
                continue
        found.append(output)
    return found


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _kind(output: dict[str, Any]) -> str:
    """Name an output for a message; equal names are outputs that can be compared."""
    if output["output_type"] == "stream":
        return str(output["name"])
    return f"{output['output_type'].replace('_', ' ')} of {', '.join(sorted(output.get('data', {}))) or 'nothing'}"


def _listed(kinds: Sequence[str]) -> str:
    return " and ".join(kinds) or "nothing"


def _contents(one: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    if "text" in one:
        yield "text/plain", one["text"], other["text"]
    for kind in sorted(one.get("data", {})):
        yield kind, _text(one["data"][kind]), _text(other["data"][kind])


def _difference(kind: str, one: str, other: str) -> str:
    if kind == PICTURE:
        return _sizes(_size(one), _size(other))
    if one == other or same_but_for_rounding(one, other):
        return ""
    what = "the picture shows" if kind == KIND else f"{kind}:"
    return f"{what} {_around(other, one)!r}, wanted {_around(one, other)!r}"


def _sizes(one: tuple[int, int], other: tuple[int, int]) -> str:
    near = all(abs(a - b) <= BORDER for a, b in zip(one, other, strict=True))
    return "" if near else f"the picture has {' x '.join(map(str, other))} dots, wanted {' x '.join(map(str, one))}"


def _size(png: str) -> tuple[int, int]:
    """Return width and height of a PNG in base64: they stand at its start."""
    return struct.unpack(">2I", b64decode(png[:32])[16:24])


def same_but_for_rounding(one: str, other: str) -> bool:
    """Tell whether two texts hold the same words, and numbers that differ by one unit of the last printed digit at most."""
    return _parting(one, other) == -1


def _parting(one: str, other: str) -> int:
    """Return where in the first text the two begin to differ by more than rounding, -1 if nowhere."""
    first, second = (_pieces(text) for text in (one, other))
    for (place, piece), (_, again) in zip(first, second, strict=False):
        if piece != again and not (DECIMAL.fullmatch(piece) and DECIMAL.fullmatch(again) and _near(piece, again)):
            common = next((i for i, (a, b) in enumerate(zip(piece, again, strict=False)) if a != b), min(len(piece), len(again)))
            return place + common
    return -1 if len(first) == len(second) else min(len(one), len(other))


def _pieces(text: str) -> list[tuple[int, str]]:
    """Split a text into its numbers and what stands between them, each with its place."""
    ends = [0, *(end for found in DECIMAL.finditer(text) for end in found.span()), len(text)]
    return [(start, text[start:end]) for start, end in pairwise(ends)]


def _near(one: str, other: str) -> bool:
    first, second = (Decimal(number.replace("\u2212", "-")) for number in (one, other))
    unit = Decimal((0, (1,), min(int(number.as_tuple().exponent) for number in (first, second))))
    return abs(first - second) <= unit


def _around(text: str, other: str) -> str:
    """Return the part of a text where it begins to differ from another one."""
    place = _parting(text, other)
    start = max(0, place - SHOWN)
    return ("..." if start else "") + text[start : place + SHOWN]
