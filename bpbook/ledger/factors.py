"""How a product is laid out: what stands above and below a fraction line, and what needs brackets."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.core.function import AppliedUndef

LARGE = (sp.Sum, sp.Product, sp.Integral, sp.Derivative)


def is_written(expr: sp.Expr) -> bool:
    """Tell whether the order of the arguments is the author's (see `written`), not SymPy's."""
    return bool(expr.func(*expr.args).args != expr.args)


def factors_of(expr: sp.Mul) -> Iterator[sp.Expr]:
    """Yield the factors from left to right; (a b) c is one row of factors."""
    first, *others = expr.args
    yield from factors_of(first) if first.is_Mul else (first,)
    yield from others


def _below(factor: sp.Expr) -> sp.Expr | None:
    """Return what stands under the fraction line, if the factor belongs there."""
    if factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
        return factor.base if factor.exp == -1 else sp.Pow(factor.base, -factor.exp, evaluate=False)
    return sp.Integer(factor.q) if factor.is_Rational and factor.q != 1 else None


def segments(factors: list[sp.Expr]) -> list[tuple[list[sp.Expr], list[sp.Expr]]]:
    """Split a / b * c into the fraction a / b and the rest c."""
    segments: list[tuple[list[sp.Expr], list[sp.Expr]]] = [([], [])]
    for factor in factors:
        low = _below(factor)
        if low is None and segments[-1][1]:
            segments.append(([], []))
        if low is None or (factor.is_Rational and factor.p != 1):
            segments[-1][0].append(sp.Integer(factor.p) if low is not None else factor)
        if low is not None:
            segments[-1][1].append(low)
    return segments


def gather(factors: list[sp.Expr]) -> tuple[list[sp.Expr], list[sp.Expr]]:
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for over, under in segments(factors):
        above, below = above + over, below + under
    return above, below


def needs_brackets(factor: sp.Expr, last: bool) -> bool:
    if factor.is_Add or isinstance(factor, sp.Piecewise) or sign_of(factor) < 0:
        return True
    final = list(factors_of(factor))[-1] if factor.is_Mul else factor
    # What follows a sum, or the operator d/dz, would be read as part of it.
    reaches_on = isinstance(final, (sp.Sum, sp.Product, sp.Integral)) or (
        isinstance(final, sp.Derivative) and final.expr.is_Function and not isinstance(final.expr, AppliedUndef)
    )
    return reaches_on and not last


def sign_of(term: sp.Expr) -> int:
    first = next(factors_of(term)) if term.is_Mul else term
    return -1 if first.is_Number and first.is_negative else 1


def names_of(expr: sp.Basic) -> set[sp.Basic]:
    """Return the quantities in an expression; indices and the limits of sums do not count."""
    if isinstance(expr, (sp.Indexed, sp.Symbol)):
        return {expr}
    if isinstance(expr, (sp.Sum, sp.Product, sp.Integral)):
        return names_of(expr.function)
    return set().union(*(names_of(part) for part in expr.args)) if expr.args else set()
