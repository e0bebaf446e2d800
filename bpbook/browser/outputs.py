"""Say where two runs of a cell show different things, beyond rounding.

Words and whole numbers must be the same. A number that is printed with a decimal point or an exponent may differ by one unit
of its last digit: two values that are equal but for the rounding of the machine can be rounded to neighbours when they are
printed, and to nothing else. Of two such numbers, the one that is printed with more digits says how large that unit is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from bpbook.browser.pictures import LARGEST, distance

DECIMAL = re.compile(r"(?<![\w.])[-+\u2212]?(?:(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])")
SHOWN = 60


def differences(committed: Sequence[Any], browser: Sequence[Any]) -> list[str]:
    """Return a line for each difference between the outputs of a cell and those of a second run.

    Parameters
    ----------
    committed, browser : sequence of output nodes
        The outputs as they are committed, and as the browser's Python gave them.
    """
    here, there = joined(committed), joined(browser)
    failed = [f"{output['ename']}: {output['evalue']}" for output in there if output["output_type"] == "error"]
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
    if kind == "image/png":
        size = 0.0 if one == other else distance(one, other)
        return f"another picture (difference {size:.3g}, at most {LARGEST:g})" if size > LARGEST else ""
    if one == other or same_but_for_rounding(one, other):
        return ""
    return f"{kind}: {_around(other, one)!r}, wanted {_around(one, other)!r}"


def same_but_for_rounding(one: str, other: str) -> bool:
    """Tell whether two texts hold the same words, and numbers that differ by one unit of the last printed digit at most."""
    if DECIMAL.sub("0.", one) != DECIMAL.sub("0.", other):
        return False
    return all(_near(*pair) for pair in zip(DECIMAL.findall(one), DECIMAL.findall(other), strict=True))


def _near(one: str, other: str) -> bool:
    first, second = (Decimal(number.replace("\u2212", "-")) for number in (one, other))
    unit = Decimal((0, (1,), min(int(number.as_tuple().exponent) for number in (first, second))))
    return abs(first - second) <= unit


def _around(text: str, other: str) -> str:
    """Return the part of a text where it begins to differ from another one."""
    texts = (DECIMAL.sub("0.", text), DECIMAL.sub("0.", other))
    one, two = (text, other) if texts[0] == texts[1] else texts
    place = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    start = max(0, place - SHOWN)
    return ("..." if start else "") + one[start : place + SHOWN]
