"""Bad input to the loader of Fashion-MNIST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bpbook.ladder.case import Case

# What a careless check takes for False, so that no bug in it can make a request.
NOT_A_CHOICE: tuple[Any, ...] = (0, 0.0, "", (), [])


def data_cases() -> Iterator[Case]:
    """Yield calls of `load_fashion_mnist` with something else than a bool; what counts as true is in `bpbook.ladder.data`."""
    for value in (None, *NOT_A_CHOICE):
        yield Case("load_fashion_mnist", "download", f"is {value!r}", (value,), ("download",), f"{value!r}")
    for value in (*NOT_A_CHOICE, 1, "yes"):
        yield Case("load_fashion_mnist", "progress", f"is {value!r}", (False, value), ("progress",), f"{value!r}")
