"""Expressions that SymPy keeps as they were written: same order, same fractions, same brackets."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

KNOWN = {
    name: getattr(sp, name)
    for name in (
        "Sum",
        "Product",
        "Derivative",
        "Integral",
        "Eq",
        "log",
        "exp",
        "sqrt",
        "sin",
        "cos",
        "tanh",
        "Abs",
        "Max",
        "Min",
        "Function",
        "pi",
        "oo",
    )
}


def written(text: str, **names: Any) -> Any:
    """Return the expression in `text` without rearranging it, so that it prints as written.

    Parameters
    ----------
    text : str
        The expression in Python, for example ``"1/n*Sum((w*x[i] + b - y[i])**2, (i, 1, n))"``.
    **names : sympy objects
        What each name in the text means. Sum, Product, Derivative, Integral, Eq, log, exp, sqrt,
        sin, cos, tanh, Abs, Max, Min, pi are known.

    Returns
    -------
    sympy.Basic
        Equal to the evaluated expression, but not simplified.

    Raises
    ------
    ValueError
        If a name is unknown, or the text is not an arithmetic expression.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"text is not an expression: {text!r} ({error.msg})") from None
    return _build(tree.body, {**KNOWN, **names})


def _build(node: ast.expr, names: Mapping[str, Any]) -> Any:
    def build(part: ast.expr) -> Any:
        return _build(part, names)

    match node:
        case ast.Constant(value=int() | float()):
            return sp.nsimplify(str(node.value), rational=True)
        case ast.Name():
            return _look_up(node.id, names)
        case ast.BinOp() if type(node.op) in BINARY:
            return BINARY[type(node.op)](build(node.left), build(node.right))
        case ast.UnaryOp(op=ast.USub()):
            inner = build(node.operand)
            return -inner if inner.is_Number else sp.Mul(-1, inner, evaluate=False)
        case ast.Call(keywords=[]):
            return _call(build(node.func), [build(argument) for argument in node.args])
        case ast.Subscript():
            indices = build(node.slice)
            return build(node.value)[indices]
        case ast.Tuple():
            return tuple(build(part) for part in node.elts)
    raise ValueError(f"text holds {ast.unparse(node)!r}, wanted arithmetic, calls and indices only")


def _look_up(name: str, names: Mapping[str, Any]) -> Any:
    if name not in names:
        raise ValueError(f"text holds the name {name!r}: say what it means, written(..., {name}=...)")
    return names[name] if callable(names[name]) else sp.sympify(names[name])


def _call(function: Any, arguments: list[Any]) -> Any:
    if function in (sp.Sum, sp.Product, sp.Derivative, sp.Integral):
        return function(*arguments)
    if function is sp.sqrt:
        return sp.Pow(arguments[0], sp.Rational(1, 2), evaluate=False)
    return function(*arguments, evaluate=False)


def _add(left: Any, right: Any) -> Any:
    terms = left.args if left.is_Add else (left,)
    return sp.Add(*terms, right, evaluate=False)


def _subtract(left: Any, right: Any) -> Any:
    return _add(left, -right if right.is_Number else sp.Mul(-1, right, evaluate=False))


def _multiply(left: Any, right: Any) -> Any:
    return sp.Mul(left, right, evaluate=False)


def _divide(left: Any, right: Any) -> Any:
    return sp.Mul(left, sp.Pow(right, -1, evaluate=False), evaluate=False)


def _power(base: Any, exponent: Any) -> Any:
    return sp.Pow(base, exponent, evaluate=False)


BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}
