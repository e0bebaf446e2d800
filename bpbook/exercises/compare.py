"""Find the first difference between what an answer gave and what was wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpbook.exercises.result import code
from bpbook.exercises.values import Value

FLOAT32_TOLERANCE = 2e-4
ZERO = 1e-12
# What word processors and pages write for a minus.
DASHES = str.maketrans("\u2212\u2013", "--")
DIGITS = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NUMBER = re.compile(
    rf"(?P<outer>[-+]?)(?P<open>\(?)(?P<inner>[-+]?)(?:(?P<whole>\d+)\s+(?=\d+/))?(?P<above>{DIGITS})(?:/(?P<below>{DIGITS}))?(?P<close>\)?)"
)


@dataclass(frozen=True)
class Problem:
    """A difference: kind is 'missing', 'type', 'length', 'shape', 'dtype', 'finite' or 'value'."""

    kind: str
    text: str
    place: tuple[int, ...] = ()


def problem(got: Value, wanted: Value, tolerance: float, zero: float = ZERO) -> Problem | None:
    """Return the first difference between two values, or None where they agree.

    Parameters
    ----------
    got, wanted : Value
        What came and what was wanted.
    tolerance : float
        Largest difference, relative to the largest entry wanted; float32 is given more.
    zero : float
        Largest difference where only zeros are wanted, and there is nothing to be relative to.
    """
    if wanted.kind == "sequence":
        return _sequence(got, wanted, tolerance, zero)
    if got.kind == "missing":
        return Problem("missing", "is still open (`...`)")
    if wanted.kind == "none":
        return None if got.kind == "none" else Problem("type", f"is {kind_of(got)}, wanted None: there is no gradient for it")
    if wanted.kind in ("array", "number"):
        return _array(got, wanted, tolerance, zero)
    if got.kind != wanted.kind:
        return Problem("type", f"is {kind_of(got)}, wanted {'a text' if wanted.kind == 'text' else kind_of(wanted)}")
    return None if got.text == wanted.text else Problem("value", f"is {kind_of(got)}, wanted {kind_of(wanted)}")


def _sequence(got: Value, wanted: Value, tolerance: float, zero: float) -> Problem | None:
    count = len(wanted.items)
    form = "a tuple of 1 entry, `(gradient,)`" if count == 1 and wanted.text != "list" else f"a {wanted.text or 'tuple'} of {count}"
    if got.kind != "sequence":
        return Problem("type", f"is {kind_of(got)}, wanted {form}")
    if len(got.items) != count:
        return Problem("length", f"has {_entries(got)}, wanted {form}")
    for place, (one, other) in enumerate(zip(got.items, wanted.items, strict=True)):
        found = problem(one, other, tolerance, zero)
        if found:
            return replace(found, place=(place, *found.place))
    return None


def _array(got: Value, wanted: Value, tolerance: float, zero: float) -> Problem | None:
    assert wanted.array is not None
    if got.array is None:
        return Problem("type", f"is {kind_of(got)}, wanted {kind_of(wanted)}")
    if got.array.shape != wanted.array.shape:
        return Problem("shape", f"has shape {got.array.shape}, wanted {wanted.array.shape}")
    if got.kind == wanted.kind == "array" and not _same_type(got.array.dtype, wanted.array.dtype):
        return Problem("dtype", f"has dtype {got.array.dtype}, wanted {wanted.array.dtype}")
    if np.any(~np.isfinite(got.array) & np.isfinite(wanted.array)):
        return Problem("finite", "holds NaN" if np.any(np.isnan(got.array)) else "holds infinity")
    same = _agree(got.array, wanted.array, tolerance, zero)
    return None if np.all(same) else Problem("value", _first_difference(got.array, wanted.array, same))


def _agree(got: NDArray[Any], wanted: NDArray[Any], tolerance: float, zero: float) -> NDArray[Any]:
    """Say which entries agree, relative to the largest entry; NaN equals NaN."""
    if "float32" in (got.dtype.name, wanted.dtype.name):
        tolerance = max(tolerance, FLOAT32_TOLERANCE)
    one, other = (np.asarray(side, dtype=np.complex128 if side.dtype.kind == "c" else np.float64) for side in (got, wanted))
    finite = np.abs(other[np.isfinite(other)])
    scale = float(finite.max(initial=0.0))
    allowed = tolerance * scale if scale else zero
    with np.errstate(all="ignore"):
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        return np.asarray(same | (np.abs(one - other) <= allowed))


def _same_type(one: np.dtype[Any], other: np.dtype[Any]) -> bool:
    """Say whether two dtypes are one; `int` has 32 bits in a browser and 64 elsewhere, so both count as one."""
    return one == other or (one.kind == other.kind == "i" and {one.itemsize, other.itemsize} == {4, 8})


def _first_difference(got: NDArray[Any], wanted: NDArray[Any], same: NDArray[Any]) -> str:
    wrong = np.argwhere(~same)
    index = tuple(int(entry) for entry in wrong[0])
    numbers = "is {}, wanted {}".format(*_apart(got[index], wanted[index]))
    if not index:
        return numbers
    return f"differs in {len(wrong)} of {got.size} entries: entry {list(index)} {numbers}"


def _apart(one: Any, other: Any) -> tuple[str, str]:
    """Return two different numbers as texts, with so many digits that they do not look alike."""
    pairs = [(number(one, digits), number(other, digits)) for digits in (6, 9, 12, 17)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def number(value: Any, digits: int = 6) -> str:
    """Return a number as text, with six significant digits if no more are asked for."""
    return f"{complex(value):.{digits}g}" if np.iscomplexobj(value) else f"{float(value):.{digits}g}"


def kind_of(value: Value) -> str:
    """Return in words what a value is."""
    if value.kind == "array" and value.array is not None:
        return f"an array of shape {value.array.shape}" if value.array.shape else "a number"
    if value.kind == "sequence":
        return f"a {value.text} with {_entries(value)}"
    words = {"none": "None", "number": "a number", "text": f"the text {code(repr(value.text[:60]))}", "missing": "still open (`...`)"}
    return words.get(value.kind, value.text)


def _entries(value: Value) -> str:
    return "1 entry" if len(value.items) == 1 else f"{len(value.items)} entries"


# --- predicted answers: the same answer may be spelled in several ways -----------------------------


def spelled(value: Value, wanted: Value, choices: dict[str, str]) -> Value:
    """Return a predicted answer in the form of the wanted one, where it can be read so.

    Parameters
    ----------
    value, wanted : Value
        What the reader gave, and the solution.
    choices : dict
        Letter -> text of the choice; empty where the answer is not a choice.
    """
    if wanted.kind != "sequence":
        value = _only(value)
    if wanted.kind == "text":
        return Value("text", text=_choice(value.text, choices)) if value.kind == "text" else value
    if value.kind == "text":
        value = _read(value)
    if wanted.kind == "sequence" and value.kind in ("array", "sequence"):
        entries = [] if value.array is None else list(np.atleast_1d(value.array))
        items = value.items or tuple(Value("number", np.asarray(entry)) for entry in entries)
        return Value("sequence", items=tuple(_loose(item) for item in items), text="tuple")
    return _loose(_only(value))


def _only(value: Value) -> Value:
    """Return the one entry of a tuple or a list that has one, else the value itself."""
    return _only(value.items[0]) if value.kind == "sequence" and len(value.items) == 1 else value


def _loose(value: Value) -> Value:
    """A predicted number has no dtype, and (3.0,) may be array([3.0])."""
    if value.array is None or value.array.size != 1:
        return value
    return Value("number", value.array.reshape(()))


def _choice(text: str, choices: dict[str, str]) -> str:
    def bare(words: str) -> str:
        return re.sub(r"[\W_]+", " ", words).strip().casefold()

    letters = {bare(form): letter for letter, words in choices.items() for form in (words, f"{letter} {words}")}
    return letters.get(bare(text), bare(text)).casefold()


def _read(value: Value) -> Value:
    """Return the number, or the sequence of numbers, that a text spells; the text itself where there is none."""
    text = value.text.translate(DASHES).strip()
    single = _number(text)
    if single is not None:
        return Value("number", np.asarray(single))
    bare = text[1:-1] if text[:1] + text[-1:] in ("()", "[]") else text
    entries = [_number(part) for part in bare.strip().rstrip(",").split(",")]
    if None in entries:
        return value
    return Value("sequence", items=tuple(Value("number", np.asarray(entry)) for entry in entries), text="tuple")


def _number(text: str) -> float | None:
    """Read a number, a fraction or a mixed number such as `2 9/14`; blanks count only between its parts."""
    tight = re.sub(r"\s*([-+/()])\s*", r"\1", text.strip())
    found = NUMBER.fullmatch(re.sub(rf"\(([-+]?{DIGITS})\)", r"\1", tight))
    if not found or len(found["open"]) != len(found["close"]):
        return None
    below = float(found["below"] or 1)
    if not below:
        return None
    size = float(found["whole"] or 0) + float(found["above"]) / below
    return -size if "-" in (found["outer"], found["inner"]) else size
