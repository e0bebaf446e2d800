"""Turn whatever an answer returns into plain data that is safe to compare, show and send."""

from __future__ import annotations

import base64
import inspect
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import NDArray

LARGEST = 1_000_000
DEEPEST = 5
LONGEST = 1000


@dataclass(frozen=True)
class Value:
    """Plain data: kind is 'missing', 'none', 'array', 'number', 'text', 'sequence' or 'other'.

    A number is an array of shape () that carries no dtype of its own; `text` of 'other' says what came.
    """

    kind: str
    array: NDArray[Any] | None = None
    items: tuple[Value, ...] = ()
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON data; arrays are kept to the last bit."""
        data: dict[str, Any] = {"kind": self.kind, "text": self.text, "items": [item.to_json() for item in self.items]}
        if self.array is not None:
            raw = base64.b64encode(np.ascontiguousarray(self.array).tobytes()).decode()
            data["array"] = [self.array.dtype.str, list(self.array.shape), raw]
        return data

    @staticmethod
    def from_json(data: dict[str, Any]) -> Value:
        """Return the value that `to_json` wrote."""
        array = None
        if "array" in data:
            dtype, shape, raw = data["array"]
            array = np.frombuffer(base64.b64decode(raw), dtype=np.dtype(dtype)).reshape(shape)
        return Value(data["kind"], array, tuple(Value.from_json(item) for item in data["items"]), data["text"])


def freeze(value: Any, depth: int = 0) -> Value:
    """Return an answer's result as plain data, copied.

    Parameters
    ----------
    value : object
        Anything; its own methods may be called, so the caller guards this.
    depth : int
        How deep inside sequences this value lies.
    """
    if value is Ellipsis or value is NotImplemented:
        return Value("missing")
    if value is None:
        return Value("none")
    if isinstance(value, str):
        return Value("text", text=str(value)[:LONGEST])
    if isinstance(value, np.ndarray):
        return _freeze_array(value)
    if isinstance(value, (tuple, list)):
        return _freeze_sequence(value, depth)
    return _freeze_number(value)


def _freeze_array(value: NDArray[Any]) -> Value:
    if isinstance(value, MaskedArray):
        return Value("other", text="a masked array")
    if value.dtype.kind == "U" and value.size == 1:
        return Value("text", text=str(value.item())[:LONGEST])
    if value.size > LARGEST:
        return Value("other", text=f"an array of shape {value.shape}, too large to be an answer")
    if value.dtype.kind not in "biufc":
        return Value("other", text=f"an array of dtype {value.dtype.name}")
    return Value("array", np.array(value, copy=True, subok=False))


def _freeze_sequence(value: Any, depth: int) -> Value:
    if len(value) > LONGEST or depth >= DEEPEST:
        return Value("other", text=f"a {_kind(value)} with {len(value)} entries")
    return Value("sequence", items=tuple(freeze(item, depth + 1) for item in value), text=_kind(value))


def _kind(value: Any) -> str:
    """Return what a sequence is; a named tuple is a tuple."""
    return "list" if isinstance(value, list) else "tuple"


def _freeze_number(value: Any) -> Value:
    if isinstance(value, np.generic):
        # A NumPy scalar has a dtype of its own, unlike a Python number.
        return _freeze_array(np.asarray(value))
    if isinstance(value, (bool, int, float, complex)):
        return _python_number(value)
    if inspect.iscoroutine(value):
        value.close()
    if callable(value) or inspect.isgenerator(value) or inspect.iscoroutine(value):
        return Value("other", text=_what(value))
    if hasattr(value, "__array__"):
        return _freeze_array(np.asarray(value))
    if hasattr(value, "__float__"):
        return _python_number(float(value))
    return Value("other", text=_what(value))


def _python_number(value: complex) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            value = math.inf if value > 0 else -math.inf
    return Value("number", np.asarray(value))


def _what(value: Any) -> str:
    if inspect.iscoroutine(value):
        return "a coroutine (write `def`, not `async def`)"
    if inspect.isgenerator(value):
        return "a generator (write `return`, not `yield`)"
    if callable(value):
        return "a function (call it with its arguments)"
    # A name that a class gives itself could hold markup.
    name = re.sub(r"\W", "", type(value).__name__)
    return f"an object of type {name[:60]}"
