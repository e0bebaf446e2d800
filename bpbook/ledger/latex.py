"""LaTeX of SymPy expressions in the book's notation: in the author's order, and narrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from bpbook.ledger.factors import LARGE, factors_of, gather, is_written, names_of, needs_brackets, segments, sign_of

TALL = re.compile(r"\\frac|\\sum|\\prod|\\int|\\left|\\partial")


class BookPrinter(LatexPrinter):
    """Prints fractions, sums and derivatives as they stand in a textbook."""

    def __init__(self, bare: Sequence[Any] = ()) -> None:
        super().__init__({"ln_notation": True, "order": "none"})
        self.bare = tuple(bare)

    # --- products -------------------------------------------------------------------------------

    def _print_Mul(self, expr: sp.Mul) -> str:
        factors = list(factors_of(expr))
        sign = ""
        if factors[0].is_Number and factors[0].is_negative:
            sign, factors[0] = "- ", -factors[0]
        parts = segments(factors) if is_written(expr) else [gather(factors)]
        units = [unit for above, below in parts for unit in self._fraction(above, below)]
        if len(units) == 1 and units[0][1] is not None and units[0][1].is_Add:
            return sign + _bracket(units[0][0])
        return sign + self._joined(units)

    def _fraction(self, above: list[sp.Expr], below: list[sp.Expr]) -> list[tuple[str, sp.Expr | None]]:
        """Return a segment as printed units; what is large stands beside its fraction, not in it."""
        above = [factor for factor in above if factor != 1]
        if not below:
            return [(self._print(factor), factor) for factor in above]
        low = any(factor.has(*LARGE) for factor in below)
        beside = [
            factor
            for factor in above
            if (isinstance(factor, LARGE) and not low) or (len(above) > 1 and factor.is_Add and len(factor.args) > 2)
        ]
        inside = [factor for factor in above if factor not in beside]
        top, bottom = (self._joined([(self._print(one), one) for one in part]) or "1" for part in (inside, below))
        return [(f"\\frac{{{top}}}{{{bottom}}}", None), *((self._print(factor), factor) for factor in beside)]

    def _joined(self, units: list[tuple[str, sp.Expr | None]]) -> str:
        parts: list[str] = []
        for position, (text, factor) in enumerate(units):
            last = position == len(units) - 1
            if len(units) > 1 and factor is not None and needs_brackets(factor, last):
                text = _bracket(text)
            if parts and re.match(r"\d", text) and re.search(r"[\d}]$", parts[-1]):
                parts.append("\\cdot")
            parts.append(text)
        return " ".join(parts) or "1"

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.base, expr.exp
        if exponent.is_Rational and exponent.is_negative:
            return self._print_Mul(sp.Mul(1, expr, evaluate=False))
        if exponent == sp.Rational(1, 2):
            return f"\\sqrt{{{self._print(base)}}}"
        inner = self._print(base)
        plain = base.is_Symbol or isinstance(base, sp.Indexed) or (base.is_Function and not isinstance(base, (sp.exp, sp.Piecewise)))
        if not (plain or (base.is_Integer and base.is_nonnegative)):
            inner = _bracket(inner)
        elif "^" in inner and not inner.endswith(")"):
            inner = f"{{{inner}}}"
        return f"{inner}^{{{self._print(exponent)}}}"

    def _print_exp(self, expr: Any, exp: str | None = None) -> str:
        argument = self._print(expr.args[0])
        power = f"\\exp{_bracket(argument)}" if TALL.search(argument) else f"e^{{{argument}}}"
        return f"{_bracket(power)}^{{{exp}}}" if exp else power

    # --- sums and terms -------------------------------------------------------------------------

    def _print_Add(self, expr: sp.Add, order: Any = None) -> str:
        text = ""
        for term in self.terms(expr):
            text += term if not text else f" {term}"
        return text

    def terms(self, expr: sp.Add) -> Iterator[str]:
        """Yield the terms with their signs, in the order in which they were written."""
        args = expr.args
        if not is_written(expr) and sign_of(args[0]) < 0 and any(sign_of(term) > 0 for term in args):
            args = (*sorted(args, key=lambda term: sign_of(term) < 0),)
        for position, term in enumerate(args):
            text = self._print(term)
            if term.is_Add:
                text = _bracket(text)
            if text.startswith("- "):
                yield text
            elif position and text.startswith("-"):
                yield f"- {text[1:]}"
            else:
                yield f"+ {text}" if position else text

    def _print_Sum(self, expr: sp.Sum) -> str:
        return self._large("\\sum", expr)

    def _print_Product(self, expr: sp.Product) -> str:
        return self._large("\\prod", expr)

    def _large(self, name: str, expr: Any) -> str:
        signs = "".join(
            f"{name}_{{{self._print(index)}={self._print(low)}}}^{{{self._print(high)}}} " for index, low, high in expr.limits[::-1]
        )
        body = self._print(expr.function)
        return signs + (_bracket(body) if expr.function.is_Add or body.startswith("-") else body)

    # --- names ----------------------------------------------------------------------------------

    def _print_Function(self, expr: sp.Function, exp: str | None = None) -> str:
        if isinstance(expr, AppliedUndef):
            text = self._print(sp.Symbol(expr.func.__name__))
        else:
            text = {"log": "\\ln"}.get(expr.func.__name__) or self._hprint_Function(expr.func.__name__)
        if expr.func not in self.bare:
            inner = ", ".join(self._print(argument) for argument in expr.args)
            text += _bracket(inner)
        return f"{text}^{{{exp}}}" if exp else text

    _print_log = _print_Function

    def _print_Max(self, expr: Any, exp: str | None = None) -> str:
        name = {"Max": "\\max", "Min": "\\min"}[type(expr).__name__]
        # SymPy sorts the arguments; a number reads better at the end.
        inner = ", ".join(self._print(argument) for argument in sorted(expr.args, key=lambda one: one.is_number))
        return f"{name}{_bracket(inner)}" + (f"^{{{exp}}}" if exp else "")

    _print_Min = _print_Max

    def _print_Indexed(self, expr: sp.Indexed) -> str:
        base, indices = self._print(expr.base), [self._print(index) for index in expr.indices]
        comma = "" if all(len(index) == 1 and index.isalpha() for index in indices) else ","
        return f"{{{base}}}_{{{comma.join(indices)}}}" if "_" in base else f"{base}_{{{comma.join(indices)}}}"

    def _print_Derivative(self, expr: sp.Derivative) -> str:
        inner, order = expr.expr, len(expr.variables)
        entry = any(isinstance(name, sp.Indexed) for name in expr.variables)  # where there is one entry, there are others
        several = entry or getattr(inner, "func", None) in self.bare or len(names_of(inner)) > 1
        d = "\\partial" if several or isinstance(inner, (sp.Symbol, sp.Indexed)) else "d"
        power = f"^{{{order}}}" if order > 1 else ""
        below = " ".join(f"{d} {self._print(name)}" + (f"^{{{count}}}" if count > 1 else "") for name, count in expr.variable_count)
        text = self._print(inner)
        if isinstance(inner, (sp.Symbol, sp.Indexed, AppliedUndef)):
            return f"\\frac{{{d}{power} {text}}}{{{below}}}"
        if not inner.is_Function:
            text = f"\\left[ {text} \\right]"
        return f"\\frac{{{d}{power}}}{{{below}}} {text}"


def _bracket(text: str) -> str:
    return f"\\left( {text} \\right)" if TALL.search(text) else f"({text})"


def to_latex(expression: sp.Basic, bare: Sequence[Any] = ()) -> str:
    """Return the LaTeX of an expression; functions in `bare` are printed without arguments."""
    return str(BookPrinter(bare).doprint(expression))
