"""What may be part of a derivation: clear refusals before anything is proved."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef, UndefinedFunction

from bpbook.ledger.derivation import NotProved
from bpbook.ledger.latex import to_latex
from bpbook.ledger.numeric import definitions

BOOLEAN = sp.logic.boolalg.Boolean


def check_chain(start: Any, steps: Sequence[Any], given: Mapping[Any, Any], unknowns: Sequence[Any]) -> list[Any]:
    """Return the start and the steps as SymPy objects (systems as tuples of Eq), or say what is wrong."""
    if not steps:
        raise ValueError("derive needs at least one step (expression, reason)")
    for number, step in enumerate(steps, start=1):
        if not isinstance(step, tuple) or len(step) != 2 or not isinstance(step[1], str) or not step[1].strip():
            raise TypeError(f"step {number} must be (expression, 'reason'), got {step!r:.80}")
    found = [
        _member(f"step {number}" if number else "start", one, unknowns) for number, one in enumerate([start, *(step[0] for step in steps)])
    ]
    flat = [side for one in found for side in (_sides(one) if unknowns else (one,))]
    _check_names(flat)
    _check_cycles(given)
    _check_given(flat, given)
    _check_start(flat[0], given)
    return found


def _member(where: str, value: Any, unknowns: Sequence[Any]) -> Any:
    if unknowns:
        system = value if isinstance(value, (tuple, list)) else (value,)
        return tuple(_equation(where, eq) for eq in system)
    if isinstance(value, (str, bool, tuple, list)):
        raise TypeError(f"{where} is {value!r:.60}, wanted a SymPy expression (for text use written('...', x=x))")
    expression = sp.sympify(value)
    if isinstance(expression, BOOLEAN) and not isinstance(expression, sp.Expr):
        raise TypeError(f"{where} is {expression}: equations need unknown=..., inequalities are the work of claim")
    if not isinstance(expression, sp.Expr) or expression.is_Matrix:
        raise TypeError(f"{where} is of type {type(expression).__name__}, wanted a scalar expression")
    if expression.has(sp.nan, sp.zoo) or expression in (sp.oo, -sp.oo):
        raise NotProved(f"{where} is not finite: {expression}")
    if any(not part.expr.free_symbols for part in expression.atoms(sp.Derivative)):
        raise NotProved(f"{where} holds the derivative of a number: {expression}")
    return expression


def _equation(where: str, value: Any) -> sp.Eq:
    if value in (True, False, sp.true, sp.false):
        raise TypeError(f"{where}: SymPy turned the equation into {value}; use Eq(..., evaluate=False) or written('Eq(a, b)', ...)")
    if not isinstance(value, sp.Eq):
        raise TypeError(f"{where} is {value!r:.60}, wanted an equation (Eq), since unknown is given")
    return value


def _sides(system: Sequence[sp.Eq]) -> list[sp.Expr]:
    return [side for eq in system for side in (eq.lhs, eq.rhs)]


def _check_names(expressions: Sequence[sp.Expr]) -> None:
    """Refuse two different symbols of one name: they print alike, and no proof would work."""
    names: dict[str, sp.Symbol] = {}
    for expression in expressions:
        labels = {entry.base.label for entry in expression.atoms(sp.Indexed)}
        for symbol in expression.atoms(sp.Symbol) - labels:
            if not isinstance(symbol, sp.Dummy) and names.setdefault(symbol.name, symbol) != symbol:
                raise ValueError(f"two different symbols are called {symbol.name!r}: they were made with different assumptions")


def _check_given(expressions: Sequence[sp.Expr], given: Mapping[Any, Any]) -> None:
    texts = [*expressions, *definitions(expressions, tuple(given.items()))]
    for name in given:
        if not any(_occurs(name, text) for text in texts):
            raise ValueError(f"given: {name} never occurs in the derivation")


def _check_cycles(given: Mapping[Any, Any]) -> None:
    """Refuse definitions that go round in a circle."""
    for name in given:
        if not isinstance(name, (sp.Symbol, sp.Indexed, UndefinedFunction, AppliedUndef)):
            raise TypeError(f"given: {name!r:.60} is not a name, wanted a symbol, x[i] or an undefined function")
    bodies = {name: _body(name, definition) for name, definition in given.items()}
    for name in given:
        seen: set[Any] = set()
        open_ones = [name]
        while open_ones:
            body = bodies[open_ones.pop()]
            if _occurs(name, body):
                raise ValueError(f"given: {name} is defined by itself, directly or through another name")
            following = {other for other in given if _occurs(other, body)} - seen
            seen |= following
            open_ones += following


def _body(name: Any, definition: Any) -> sp.Expr:
    if not isinstance(name, UndefinedFunction):
        return sp.sympify(definition)
    if not callable(definition):
        raise TypeError(f"given: {name} is a function, wanted a callable such as lambda z: ..., got {definition!r:.60}")
    return sp.sympify(definition(*(sp.Dummy() for _ in inspect.signature(definition).parameters)))


def _occurs(name: Any, expression: sp.Expr) -> bool:
    if isinstance(name, UndefinedFunction):
        return any(call.func == name for call in expression.atoms(AppliedUndef))
    if isinstance(name, sp.Indexed):
        return any(entry.base == name.base for entry in expression.atoms(sp.Indexed))
    return bool(expression.has(name))


def _check_start(start: sp.Expr, given: Mapping[Any, Any]) -> None:
    """Refuse dL/dw where L is a mere letter: SymPy would take it as 0."""
    if isinstance(start, sp.Derivative) and start.expr.is_Symbol and start.expr not in given and start.expr not in start.variables:
        raise NotProved(f"start is the derivative of the letter {start.expr}, which depends on nothing: say in `given` what it stands for")


def says_something(chain: Sequence[Any], bare: Sequence[Any]) -> None:
    """Refuse a step that prints as the one before."""
    printed = [", ".join(to_latex(part, bare) for part in (one if isinstance(one, tuple) else (one,))) for one in chain]
    for number, (before, after) in enumerate(pairwise(printed), start=1):
        if before == after:
            raise NotProved(f"step {number} says nothing: it prints as the one before, {after}")
