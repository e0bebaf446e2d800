"""Symbolic proofs that an expression is zero, also with sums of unknown length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from bpbook.ledger.numeric import Given, definition_of
from bpbook.ledger.sums import canonical, merged, without_sums

PENDING = (sp.Sum, sp.Product, sp.Integral, sp.Subs, sp.Limit)


def insert(expression: Any, given: Given, inside: tuple[Any, ...] = ()) -> Any:
    """Replace names by their definitions, and carry out the derivatives; dL/dp comes before p is replaced."""
    if isinstance(expression, sp.Derivative):
        kept = tuple(pair for pair in given if not any(_names(pair[0], name) for name in expression.variables))
        inner = sp.diff(insert(expression.expr, kept, inside), *expression.variable_count)
        return inner if len(kept) == len(given) else insert(inner, given, inside)
    name, definition = definition_of(expression, given)
    if definition is not None:
        if name in inside:
            raise ValueError(f"given: {name} is defined by itself, directly or through another name")
        return insert(definition, given, (*inside, name))
    if not expression.args or isinstance(expression, sp.Indexed):
        return expression
    rebuilt = expression.func(*(insert(part, given, inside) if isinstance(part, sp.Expr) else part for part in expression.args))
    # Sums of unknown length stay: SymPy would search long for a closed form.
    open_end = isinstance(rebuilt, (sp.Sum, sp.Product)) and any(sp.Tuple(*limit[1:]).free_symbols for limit in rebuilt.limits)
    return rebuilt.doit() if isinstance(rebuilt, PENDING) and not open_end else rebuilt


def _names(name: Any, expression: Any) -> bool:
    if isinstance(name, sp.Indexed):
        return isinstance(expression, sp.Indexed) and expression.base == name.base
    return bool(expression == name or getattr(expression, "func", None) == name)


def is_zero(expression: sp.Expr, domain: Mapping[Any, tuple[Any, Any]] | None = None) -> bool:
    """Prove that an expression is zero; False means only that no proof was found."""
    expression = sp.nsimplify(expression, rational=True) if expression.has(sp.Float) else expression
    flat = canonical(_between(expression, domain or {}))
    plain = without_sums([flat])[0][0]
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: flat,
        lambda: sp.simplify(plain),
        lambda: sp.simplify(plain.rewrite(sp.exp)),
        lambda: sp.simplify(sp.logcombine(sp.expand_log(plain))),
        lambda: merged(flat),
        lambda: sp.simplify(expression) if flat == plain else expression,
    )
    return any(attempt() == 0 for attempt in attempts) or _by_cases(expression)


def _by_cases(expression: Any) -> bool:
    """Prove an expression with |z| or max(z, 0) for z > 0, z < 0 and z = 0 in turn."""
    kinked = expression.atoms(sp.Abs, sp.Max, sp.Min, sp.sign, sp.Piecewise)
    names = sorted(set().union(*(part.free_symbols for part in kinked)), key=str)
    open_ones = [name for name in names if name.is_real and name.is_positive is None]
    if not kinked or not open_ones or expression.has(sp.Indexed):
        return False
    name, positive = open_ones[0], sp.Dummy("u", positive=True)
    return all(is_zero(expression.subs(name, case)) for case in (positive, -positive, sp.Integer(0)))


def _between(expression: Any, domain: Mapping[Any, tuple[Any, Any]]) -> Any:
    """Write a name with low < name < high through a positive one, so that SymPy knows the domain."""
    for name, (low, high) in domain.items():
        if isinstance(name, sp.IndexedBase):
            ratio = sp.IndexedBase(f"ratio_{name}", positive=True)
            expression = expression.replace(
                lambda e, name=name: isinstance(e, sp.Indexed) and e.base == name,
                lambda e, ratio=ratio, low=low, high=high: _mix(low, high, ratio[e.indices]),
            )
        else:
            expression = expression.subs(name, _mix(low, high, sp.Symbol(f"ratio_{name}", positive=True)))
    return expression.replace(lambda e: e.is_Add and not e.has(sp.Sum, sp.log), lambda e: sp.factor(e)) if domain else expression


def _mix(low: Any, high: Any, ratio: Any) -> Any:
    return (low + high * ratio) / (1 + ratio)
