"""The ledger: every displayed result is printed by the object that proves it.

`derive` proves a chain of SymPy expressions step by step and prints it; `claim` checks an
equation about arrays at random points and odd shapes and prints it. Both return an `Entry`, which
the notebook shows as a numbered equation and which CI perturbs to see its check fail.
Needs NumPy and SymPy only, so that a chapter runs anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from bpbook.ledger.arguments import check_chain, says_something
from bpbook.ledger.as_written import written
from bpbook.ledger.claims import Claim, check_arguments
from bpbook.ledger.derivation import Derivation, NotProved
from bpbook.ledger.gradient import numerical_gradient, numerical_vjp
from bpbook.ledger.layout import chain, column

__all__ = ["Entry", "NotProved", "claim", "derive", "numerical_gradient", "numerical_vjp", "recording", "written"]

TOLERANCE = 1e-9
LABEL = re.compile(r"eq(-[a-z0-9]+)+")

_recorder: ContextVar[list[Entry] | None] = ContextVar("recorder", default=None)


@contextmanager
def recording() -> Iterator[list[Entry]]:
    """Collect every entry that is made inside the block, in order."""
    entries: list[Entry] = []
    token = _recorder.set(entries)
    try:
        yield entries
    finally:
        _recorder.reset(token)


@dataclass(frozen=True)
class Entry:
    """A numbered equation together with its check."""

    label: str
    latex: str
    reasons: tuple[str, ...]
    check: Derivation | Claim

    def _repr_markdown_(self) -> str:
        equation = f"$$\n{self.latex}\n$$ ({self.label})\n"
        if len(self.reasons) == 1:
            return equation + (f"\n{self.reasons[0]}\n" if self.reasons[0] else "")
        return equation + "\n" + "".join(f"- ({mark}) {reason}\n" for mark, reason in zip(ascii_lowercase, self.reasons, strict=False))

    def __repr__(self) -> str:
        return f"{self.label}: {self.check.summary()}"


def _check_label(label: Any) -> None:
    if not isinstance(label, str) or not LABEL.fullmatch(label):
        wanted = "'eq-' and small letters, digits, hyphens (definitions are typed in the text, as 'def-...')"
        raise ValueError(f"label is {label!r:.60}, wanted {wanted}")


def _enter(entry: Entry) -> Entry:
    entry.check.verify()
    if isinstance(entry.check, Claim):
        entry.check.must_be_able_to_fail()
    entries = _recorder.get()
    if entries is not None:
        entries.append(entry)
    return entry


def derive(
    label: str,
    start: Any,
    *steps: tuple[Any, str],
    given: Mapping[Any, Any] | None = None,
    unknown: Any = None,
    bare: Sequence[Any] = (),
    domain: Mapping[Any, tuple[Any, Any]] | None = None,
) -> Entry:
    """Prove a chain of steps and return it as a numbered equation.

    Each step needs a symbolic proof and the same values at random points, computed with mpmath. A
    free index is taken to lie within the limits of the sums over it.

    Parameters
    ----------
    label : str
        The equation's name, 'eq-...', unique in the book.
    start : sympy.Basic
        The left-hand side, often a name or an unevaluated derivative.
    *steps : tuple of (sympy.Basic, str)
        Each step with the reason why it equals the one before, for a first-year student.
    given : mapping, optional
        Definitions to insert before proving: symbol or x[i] -> expression, or undefined function ->
        callable. The page shows the names, the proof uses the definitions.
    unknown : sympy.Symbol or tuple of them, optional
        With steps that are equations (`Eq`, or tuples of `Eq`): they must have the same solutions.
    bare : sequence of sympy functions
        Undefined functions to print without their arguments (`L` for `L(w, b)`).
    domain : mapping, optional
        Open interval for a symbol or IndexedBase where assumptions do not suffice: ``{p: (0, 1)}``.

    Returns
    -------
    Entry
        Shown in a notebook as the aligned equation and its reasons.

    Raises
    ------
    NotProved
        When a step is not shown equal to the one before; the message names the step and, where
        there is one, a point at which the two differ.
    ValueError, TypeError
        When an argument cannot be part of a derivation.
    """
    _check_label(label)
    given, domain = dict(given or {}), dict(domain or {})
    unknowns = () if unknown is None else unknown if isinstance(unknown, tuple) else (unknown,)
    expressions = check_chain(start, steps, given, unknowns)
    latex = column(expressions, bare) if unknowns else chain(expressions[0], expressions[1:], bare)
    proof = Derivation(expressions[0], tuple(expressions[1:]), tuple(given.items()), unknowns, tuple(domain.items()))
    says_something(expressions, bare)
    return _enter(Entry(label, latex, tuple(reason for _, reason in steps), proof))


def claim(
    label: str,
    latex: str,
    sides: Callable[..., tuple[Any, Any]],
    *,
    because: str = "",
    relation: str = "=",
    tolerance: float = TOLERANCE,
) -> Entry:
    """Check an equation about arrays and return it as a numbered equation.

    Parameters
    ----------
    label : str
        The equation's name, 'eq-...', unique in the book.
    latex : str
        The equation as it is typed on the page; it stands beside the code that checks it.
    sides : callable
        `sides(rng, n, d, ...)` draws random float64 arrays of these sizes and returns the left and
        the right side, computed in two independent ways. Every parameter after `rng` is a size;
        sizes of 1 and unequal odd sizes are tried.
    because : str
        One sentence below the equation.
    relation : {'=', '<=', '<'}
        How the left side stands to the right side, entry by entry.
    tolerance : float
        Largest difference allowed, relative to the largest entry (or to 1).

    Returns
    -------
    Entry
        Shown in a notebook as the numbered equation.

    Raises
    ------
    NotProved
        When the sides differ somewhere (the message gives the sizes and the seed), or when the
        check cannot fail: it also passes with a wrong sign, factor or transpose.
    """
    _check_label(label)
    check_arguments(latex, sides, relation, tolerance)
    return _enter(Entry(label, latex.strip(), (because,), Claim(sides, relation, tolerance)))
