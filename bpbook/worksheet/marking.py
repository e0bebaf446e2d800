"""Check the entries of a worksheet: find the first wrong step, and what only follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from typing import Any

from bpbook.worksheet.sheet import TOLERANCE, Sheet, default_loss, make_sheet, work
from bpbook.worksheet.step import Step, evaluate

RIGHT, WRONG, FOLLOWS, BLANK = "right", "wrong", "follows", "blank"


@dataclass(frozen=True)
class Marking:
    """What was found on a worksheet; true where every entry is there and right.

    Attributes
    ----------
    seed : int
        The number of the worksheet.
    marks : dict of str
        For each step 'right', 'wrong', 'follows' (rightly worked out from an earlier mistake) or 'blank'.
    first_wrong : str or None
        The name of the first wrong step.
    message : str
        What was found, in Markdown.
    hint : str
        What is likely to have happened in the first wrong step, or ''.
    """

    seed: int
    marks: dict[str, str]
    first_wrong: str | None
    message: str
    hint: str = ""

    def __bool__(self) -> bool:
        return set(self.marks.values()) == {RIGHT}

    def _lines(self, strong: str) -> list[str]:
        done, right = sum(mark != BLANK for mark in self.marks.values()), sum(mark == RIGHT for mark in self.marks.values())
        sign = "✓" if self else "✗" if self.first_wrong else "…"
        count = f"{right} of {len(self.marks)} steps right"
        lines = [f"{sign} {strong}Worksheet {self.seed}: {count if done else 'nothing is filled in yet'}.{strong} {self.message}".rstrip()]
        return lines + ([f"{strong}Hint:{strong} {self.hint}"] if self.hint else [])

    def __repr__(self) -> str:
        return "\n".join(self._lines("")).replace("`", "")

    def _repr_markdown_(self) -> str:
        return "\n\n".join(self._lines("**"))


def check_worksheet(
    seed: int, entries: Mapping[str, Any] | Sequence[Any], activation: str = "leaky_relu", loss: str | None = None
) -> Marking:
    """Check what was worked out on a worksheet, and name the first wrong step.

    Parameters
    ----------
    seed : int
        The number of the worksheet.
    entries : dict or list
        The entries by the names on the sheet, or in its order. None, or no entry at all, means not yet done.
    activation, loss : str
        As on the sheet; its notebook cell has them.

    Returns
    -------
    Marking
        Shown in a notebook; true where everything is there and right. An entry counts as right where it agrees to
        0.006 with the right value, or with what follows from right entries before it.

    Raises
    ------
    ValueError, TypeError
        If there is no such worksheet or step, or an entry is not a finite number.
    """
    sheet = make_sheet(seed, activation, loss)
    return _marked(sheet, _numbers(sheet, entries))


# --- the entries ----------------------------------------------------------------------------------


def _numbers(sheet: Sheet, entries: Any) -> dict[str, float]:
    named = _named([step.name for step in sheet.steps], entries)
    return {name: _number(name, value) for name, value in named.items() if value is not None}


def _named(names: list[str], entries: Any) -> dict[str, Any]:
    if isinstance(entries, Mapping):
        for name in entries:
            if name not in names:
                near = get_close_matches(str(name), names, n=1, cutoff=0.5)
                advice = f"did you mean {near[0]!r}?" if near else f"wanted names such as {names[0]!r}"
                raise ValueError(f"entries has {name!r:.60}, which is no step of this worksheet; {advice}")
        return dict(entries)
    if isinstance(entries, (str, bytes)) or not (isinstance(entries, Sequence) or getattr(entries, "ndim", None) == 1):
        raise TypeError(f"entries is {entries!r:.60} of type {type(entries).__name__}, wanted a dict or a list")
    if len(entries) > len(names):
        raise ValueError(f"entries has {len(entries)} entries, wanted at most {len(names)}, one for each step in the order of the sheet")
    return dict(zip(names, entries, strict=False))


def _number(name: str, value: Any) -> float:
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        wanted = "a number, or None where it is not done yet"
        raise TypeError(f"entries[{name!r}] is {value!r:.60} of type {type(value).__name__}, wanted {wanted}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"entries[{name!r}] is {value!r:.60}, wanted a finite number")
    return number


# --- the marks ------------------------------------------------------------------------------------


def _marked(sheet: Sheet, entries: dict[str, float]) -> Marking:
    own = work(sheet, entries)
    marks: dict[str, str] = {}
    for step in sheet.steps:
        marks[step.name] = _mark(sheet, step, entries, own, marks)
    wrong = [name for name, mark in marks.items() if mark == WRONG]
    if not wrong:
        return Marking(sheet.seed, marks, None, _praise(sheet, entries, marks))
    step = next(step for step in sheet.steps if step.name == wrong[0])
    return Marking(sheet.seed, marks, step.name, _found(step, entries, marks), _hint(sheet, step, entries))


def _mark(sheet: Sheet, step: Step, entries: dict[str, float], own: dict[str, float], marks: dict[str, str]) -> str:
    if step.name not in entries:
        return BLANK
    entry = entries[step.name]
    from_own = abs(entry - own[step.name]) <= TOLERANCE
    if any(marks.get(name) in (WRONG, FOLLOWS) for name in _sources(sheet, step, entries)):
        # An entry that is right in spite of a mistake before it stays as it is: nothing has to be worked out again.
        return RIGHT if _agrees(sheet, step, entry) else FOLLOWS if from_own else WRONG
    return RIGHT if from_own or _agrees(sheet, step, entry) else WRONG


def _agrees(sheet: Sheet, step: Step, entry: float) -> bool:
    return abs(entry - sheet.answers[step.name]) <= TOLERANCE


def _sources(sheet: Sheet, step: Step, entries: dict[str, float]) -> list[str]:
    """Name the entries that a step hangs on; where one is blank, those that it hangs on in turn."""
    steps, found, waiting = {one.name: one for one in sheet.steps}, [], list(step.needs)
    while waiting:
        name = waiting.pop()
        if name in entries:
            found.append(name)
        elif name in steps:
            waiting += steps[name].needs
    return found


# --- the words ------------------------------------------------------------------------------------


def _praise(sheet: Sheet, entries: dict[str, float], marks: dict[str, str]) -> str:
    blank = [name for name, mark in marks.items() if mark == BLANK]
    if len(blank) == len(marks):
        return f"Begin with `{blank[0]}`."
    if blank:
        return f"Everything so far is right. Next: `{blank[0]}`. Not done yet: {_list(blank)}."
    before, after = sheet.answers["L"], sheet.new_loss(entries)
    return f"All of them. With your nine new numbers the loss falls from {before:.3g} to {after:.3g}."


def _found(step: Step, entries: dict[str, float], marks: dict[str, str]) -> str:
    said = [f"The first wrong step is `{step.name}`: you have {entries[step.name]:.6g}."]
    hangs = [f"`{name}`" + (" (right)" if marks[name] == RIGHT else " (not done yet)") for name in step.needs if name in marks]
    if hangs:
        said.append(f"It follows from {' and '.join(hangs)}." if len(hangs) < 3 else f"It follows from {', '.join(hangs)}.")
    follows, wrong, blank = ([name for name, mark in marks.items() if mark == kind] for kind in (FOLLOWS, WRONG, BLANK))
    if follows:
        said.append(f"Rightly worked out from a mistake before; work them out again with the right number: {_list(follows)}.")
    if wrong[1:]:
        said.append(f"Wrong for another reason: {_list(wrong[1:])}.")
    if blank:
        said.append(f"Not done yet: {_list(blank)}.")
    return " ".join(said)


def _list(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"


def _hint(sheet: Sheet, step: Step, entries: dict[str, float]) -> str:
    """Say which usual mistakes give the entry, or where to look."""
    entry, values = entries[step.name], sheet.given | work(sheet, entries) | entries
    found = []
    for wrong, words in step.mistakes:
        if abs(evaluate(wrong, values, sheet.activation) - entry) <= TOLERANCE and words not in found:
            found.append(words)
    right = evaluate(step.formula, values, sheet.activation)
    if found:
        return " Or: ".join(found[:2])
    if abs(entry + right) <= TOLERANCE:
        return "The size is right, the sign is not."
    if entry and any(abs(entry * factor - right) <= TOLERANCE * min(1, factor) for factor in (10, 0.1, 100, 0.01)):
        return "The digits are right, the point is not in its place."
    return f"Look at the rule for `{step.name}` on the sheet, and work it out again."


def cell(sheet: Sheet) -> str:
    """Return the notebook cell for a worksheet, with a blank for each step."""
    lines = [f"check_worksheet({sheet.seed}, dict("]
    for line in _rows(sheet):
        lines.append("    " + ", ".join(f"{name}=None" for name in line) + ",")
    options = []
    if sheet.activation != "leaky_relu" or sheet.loss != default_loss(sheet.activation):
        options.append(f', activation="{sheet.activation}"')
    if sheet.loss != default_loss(sheet.activation):
        options.append(f', loss="{sheet.loss}"')
    return "\n".join(["from bpbook.worksheet import check_worksheet", "", *lines, f"){''.join(options)})"])


def _rows(sheet: Sheet) -> list[list[str]]:
    """Return the names as they stand in the lines of the cell: at most four in a line, each part of the sheet on lines of its own."""
    rows: list[list[str]] = []
    for part in ("forward", "backward", "update"):
        names = [step.name for step in sheet.steps if step.part == part]
        rows += [names[first : first + 4] for first in range(0, len(names), 4)]
    return rows
