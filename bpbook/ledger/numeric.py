"""The value of a SymPy expression at a random point, computed with mpmath and without SymPy's rules.

Derivatives are taken numerically and sums are added up term by term, so that a wrong rule in the
symbolic proof cannot confirm itself here.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef, UndefinedFunction

from bpbook.ledger.points import Point, Unknown

DIGITS = 30
POINTS = 8
PLAIN = ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "erf", "gamma", "factorial", "floor")

Given = Sequence[tuple[Any, Any]]


class Evaluator:
    """Computes values at one point; `given` holds definitions of names, `bound` what sums and derivatives bind."""

    def __init__(self, point: Point, given: Given, bound: Mapping[Any, Any] | None = None) -> None:
        self.point, self.given, self.bound = point, given, dict(bound or {})

    def bind(self, name: Any, value: Any) -> Evaluator:
        """Return an evaluator in which a name has this value."""
        return Evaluator(self.point, self.given, {**self.bound, self.key(name): value})

    def key(self, name: Any) -> Any:
        """Return what identifies a name: x[i] is another variable for another value of i."""
        return (str(name.base), self.indices(name)) if isinstance(name, sp.Indexed) else name

    def indices(self, entry: sp.Indexed) -> tuple[Any, ...]:
        """Return the indices as integers."""
        return tuple(int(mpmath.re(self.value(index))) for index in entry.indices)

    def value(self, expr: Any) -> Any:
        """Return the value of an expression, an mpmath number."""
        if self.key(expr) in self.bound:
            return self.bound[self.key(expr)]
        for kind, rule in RULES:
            if isinstance(expr, kind):
                return rule(self, expr)
        raise Unknown(f"no rule for {type(expr).__name__}")

    def values(self, expr: Any) -> list[Any]:
        """Return the values of the arguments of an expression."""
        return [self.value(argument) for argument in expr.args]

    def number(self, expr: Any) -> Any:
        """Return the value of a number such as 2/3, pi or I."""
        if expr.is_finite is False or expr is sp.nan:
            raise Unknown(f"{expr} is not finite")
        return mpmath.mpc(0, 1) if expr is sp.I else mpmath.mpmathify(expr.evalf(mpmath.mp.dps + 5))

    def name(self, expr: Any) -> Any:
        """Return the value of a symbol or an indexed variable: its definition, or a random number."""
        _, definition = definition_of(expr, self.given)
        if definition is not None:
            return self.value(definition)
        if isinstance(expr, sp.Indexed):
            return self.point.draw(f"{expr.base}[{', '.join(map(str, self.indices(expr)))}]", expr)
        return self.point.draw(str(expr), expr)

    def undefined(self, expr: Any) -> Any:
        """Return the value of a function: by its definition, or of a fixed smooth function of that name."""
        _, definition = definition_of(expr, self.given)
        if definition is not None:
            return self.value(definition)
        rng = random.Random(f"{self.point.seed} {expr.func.__name__}")
        wave = mpmath.sin(sum((rng.uniform(0.4, 1.3) * value for value in self.values(expr)), mpmath.mpf(rng.uniform(-1, 1))))
        return mpmath.exp(wave) if expr.is_positive else wave + rng.uniform(-1, 1)

    def function(self, expr: Any) -> Any:
        """Return the value of a known function such as log."""
        name, values = expr.func.__name__, self.values(expr)
        if name in PLAIN:
            return getattr(mpmath, name)(*values)
        if name == "Abs":
            return abs(values[0])
        result = expr.func(*(sp.sympify(value) for value in values)).evalf(mpmath.mp.dps)
        if not result.is_number:
            raise Unknown(f"{name} has no value")
        return mpmath.mpmathify(result)

    def total(self, expr: Any) -> Any:
        """Return the value of a sum or product, term by term."""
        (index, low, high), rest = expr.limits[-1], expr.limits[:-1]
        inner = expr.func(expr.function, *rest) if rest else expr.function
        join, value = (mpmath.fsum, self.value(low)) if isinstance(expr, sp.Sum) else (mpmath.fprod, self.value(low))
        if high == sp.oo:
            return (mpmath.nsum if isinstance(expr, sp.Sum) else mpmath.nprod)(
                lambda k: self.bind(index, k).value(inner), [value, mpmath.inf]
            )
        return join([self.bind(index, k).value(inner) for k in range(int(value), int(self.value(high)) + 1)])

    def derivative(self, expr: Any) -> Any:
        """Return a numerical derivative."""
        *inner, (name, count) = expr.variable_count
        operand = sp.Derivative(expr.expr, *inner) if inner else expr.expr
        return mpmath.diff(lambda t: self.bind(name, t).value(operand), self.value(name), int(count))

    def integral(self, expr: Any) -> Any:
        """Return a numerical integral."""
        (index, low, high), rest = expr.limits[-1], expr.limits[:-1]
        inner = sp.Integral(expr.function, *rest) if rest else expr.function
        ends = [mpmath.mpmathify(end) if end in (sp.oo, -sp.oo) else self.value(end) for end in (low, high)]
        return mpmath.quad(lambda t: self.bind(index, t).value(inner), ends)

    def piecewise(self, expr: Any) -> Any:
        """Return the value of the first branch whose condition holds."""
        for branch, condition in expr.args:
            if self.truth(condition):
                return self.value(branch)
        raise Unknown("no branch holds")

    def truth(self, condition: Any) -> bool:
        """Tell whether a condition holds; complex numbers cannot be compared, which is a TypeError."""
        if isinstance(condition, (sp.And, sp.Or)):
            return (all if isinstance(condition, sp.And) else any)(self.truth(part) for part in condition.args)
        if isinstance(condition, sp.core.relational.Relational):
            left, right = (self.value(side) for side in (condition.lhs, condition.rhs))
            return bool(COMPARE[condition.rel_op](left, right))
        return bool(condition == sp.true)

    def subs(self, expr: Any) -> Any:
        """Return an expression with names replaced."""
        inner = self
        for name, replacement in zip(expr.variables, expr.point, strict=True):
            inner = inner.bind(name, self.value(replacement))
        return inner.value(expr.expr)


COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}

RULES: tuple[tuple[Any, Callable[[Evaluator, Any], Any]], ...] = (
    ((sp.Number, sp.NumberSymbol, type(sp.I)), Evaluator.number),
    ((sp.Symbol, sp.Indexed), Evaluator.name),
    (sp.Add, lambda at, expr: mpmath.fsum(at.values(expr))),
    (sp.Mul, lambda at, expr: mpmath.fprod(at.values(expr))),
    (sp.Pow, lambda at, expr: mpmath.power(*at.values(expr))),
    (AppliedUndef, Evaluator.undefined),
    ((sp.Sum, sp.Product), Evaluator.total),
    (sp.Derivative, Evaluator.derivative),
    (sp.Integral, Evaluator.integral),
    (sp.Subs, Evaluator.subs),
    (sp.Piecewise, Evaluator.piecewise),
    ((sp.Function, sp.Max, sp.Min), Evaluator.function),
)


def definition_of(expr: Any, given: Given) -> tuple[Any, Any]:
    """Return the name in `given` that an expression is, and what it stands for, or (None, None)."""
    for name, definition in given:
        if isinstance(name, UndefinedFunction) and getattr(expr, "func", None) == name:
            return name, sp.sympify(definition(*expr.args))
        if isinstance(name, sp.Indexed) and isinstance(expr, sp.Indexed) and expr.base == name.base:
            return name, sp.sympify(definition).xreplace(dict(zip(name.indices, expr.indices, strict=True)))
        if expr == name:
            return name, sp.sympify(definition)
    return None, None


def sample(expressions: Sequence[sp.Basic], given: Given, domain: Mapping[Any, tuple[Any, Any]]) -> Iterator[tuple[Point, list[Any]]]:
    """Yield points with the values of all expressions there; points without a value are left out."""
    found = 0
    for seed in range(5 * POINTS):
        point = Point(seed, [*expressions, *definitions(expressions, given)], domain)
        try:
            with mpmath.workdps(DIGITS):
                values = [Evaluator(point, given).value(expression) for expression in expressions]
        except (Unknown, ArithmeticError, ValueError, TypeError):
            continue
        if all(mpmath.isfinite(value) for value in values):
            found += 1
            yield point, values
        if found == POINTS:
            return


def definitions(expressions: Sequence[sp.Basic], given: Given) -> list[sp.Basic]:
    """Return the definitions as expressions, so that their sizes and indices are known."""
    found = []
    for name, definition in given:
        if isinstance(name, UndefinedFunction):
            calls = [call for expression in expressions for call in expression.atoms(AppliedUndef) if call.func == name]
            found += [sp.sympify(definition(*call.args)) for call in calls]
        else:
            found.append(sp.sympify(definition))
    return found
