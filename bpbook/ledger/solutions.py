"""Equations with an unknown: two of them say the same when they have the same solutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from bpbook.ledger.numeric import Given, sample
from bpbook.ledger.sums import canonical, without_sums
from bpbook.ledger.symbolic import insert, is_zero

CLOSE = 1e-12


def difference(before: Sequence[sp.Eq], after: Sequence[sp.Eq], unknowns: Sequence[Any], given: Given, domain: Mapping[Any, Any]) -> str:
    """Say how the solutions of two systems of equations differ; '' where they are proved the same."""
    residuals = [[insert(eq.lhs, given) - insert(eq.rhs, given) for eq in system] for system in (before, after)]
    solutions = [_solve(system, unknowns) for system in residuals]
    for side, found in zip(("above", "below"), solutions, strict=True):
        if found is None:
            return f"the equation {side} the step could not be solved for {', '.join(map(str, unknowns))}"
        if not found:
            return f"the equation {side} the step has no solution that the assumptions allow"
    for system, original, found, name in ((residuals[1], after, solutions[0], "below"), (residuals[0], before, solutions[1], "above")):
        for solution in found or []:
            problem = _misses(system, original, solution, given, domain)
            if problem:
                return f"{_text(solution)} solves one equation but not the one {name} the step ({problem})"
    return _divides_by_zero(residuals, solutions[0] or [])


def _solve(system: Sequence[Any], unknowns: Sequence[Any]) -> list[dict[Any, Any]] | None:
    """Return the solutions that the assumptions allow; None if SymPy does not find them all."""
    plain, letters = without_sums([canonical(residual) for residual in system] if sp.Tuple(*system).has(sp.Sum) else system, unknowns)
    try:
        found = sp.solve(plain, list(unknowns), dict=True)
    except NotImplementedError:
        return None
    if any(unknown not in solution for solution in found for unknown in unknowns):
        return None
    return [{name: value.xreplace(letters) for name, value in solution.items()} for solution in found]


def _misses(system: Sequence[Any], original: Sequence[sp.Eq], solution: Mapping[Any, Any], given: Given, domain: Mapping[Any, Any]) -> str:
    """Say why a solution does not solve a system: at a point with numbers, or for want of a proof."""
    known = [pair for pair in given if pair[0] not in solution]
    sides = [side for eq in original for side in (eq.lhs, eq.rhs)]
    points = 0
    for point, values in sample(sides, [*known, *solution.items()], domain):
        points += 1
        for left, right in zip(values[::2], values[1::2], strict=True):
            if abs(left - right) > CLOSE * (1 + abs(left) + abs(right)):
                return f"at {point}" if point.drawn else "as the numbers show"
    if points < 3:
        return "it could not be evaluated"
    unproved = [residual for residual in system if not is_zero(insert(residual.subs(solution), ()), domain)]
    return "no proof found" if unproved else ""


def _divides_by_zero(residuals: Sequence[Sequence[Any]], solutions: Sequence[Mapping[Any, Any]]) -> str:
    """Name a symbol by which the step divides although its assumptions let it be zero."""
    if len(residuals[0]) != 1 or len(residuals[1]) != 1:
        return ""
    plain, _ = without_sums([canonical(system[0]) for system in residuals])
    ratio = sp.factor(sp.simplify(plain[0] / plain[1]))
    for factor in sp.Mul.make_args(ratio):
        base = factor.as_base_exp()[0]
        if base.is_Symbol and base.is_zero is not False and base not in solutions[0] and not isinstance(base, sp.Dummy):
            return f"the step multiplies or divides by {base}, which may be zero: declare it nonzero=True"
    return ""


def _text(solution: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name} = {sp.sstr(value)}" for name, value in solution.items())
