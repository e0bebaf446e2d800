"""Sums of unknown length in one form: constants pulled out, terms split, indices renamed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from typing import Any

import sympy as sp


def canonical(expression: Any) -> Any:
    """Return an expression whose sums have constants pulled out, terms split and indices renamed."""
    if not expression.has(sp.Sum, sp.Product, sp.Piecewise):
        return sp.expand(expression)
    expression = expression.replace(lambda e: isinstance(e, sp.Piecewise), _within_range)
    expression = expression.replace(lambda e: isinstance(e, sp.log), sp.expand_log)
    return sp.expand(_bottom_up(expression))


def without_sums(expressions: Sequence[Any], keep: Sequence[Any] = ()) -> tuple[list[Any], dict[Any, Any]]:
    """Write each sum that holds none of the names to keep as a letter; SymPy is quick with letters."""
    sums = sorted(set().union(*(expression.atoms(sp.Sum) for expression in expressions)), key=sp.default_sort_key)
    letters = {total: sp.Dummy(f"S{place}") for place, total in enumerate(sums) if not (keep and total.has(*keep))}
    return [expression.xreplace(letters) for expression in expressions], {letter: total for total, letter in letters.items()}


def _within_range(piecewise: sp.Piecewise) -> Any:
    """Take a free index to lie within the limits of its sum: what SymPy writes as (f, 1 <= j <= n)."""
    value, condition = piecewise.args[0]
    relations = sp.And.make_args(condition)
    indices = set().union(*(index.free_symbols for entry in value.atoms(sp.Indexed) for index in entry.indices))
    if (
        len(piecewise.args) == 2
        and piecewise.args[1] == (0, True)
        and all(isinstance(r, (sp.Ge, sp.Le)) and r.free_symbols & indices for r in relations)
    ):
        return value
    return piecewise


def _bottom_up(expression: Any) -> Any:
    if not expression.has(sp.Sum):
        return expression
    if isinstance(expression, sp.Sum):
        return _split(_bottom_up(expression.function), expression.limits)
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 1:
        return sp.Pow(_bottom_up(expression.base), expression.exp)
    return expression.func(*(_bottom_up(argument) for argument in expression.args))


def _split(summand: Any, limits: Sequence[Any]) -> Any:
    terms = sp.Add.make_args(sp.expand(summand))
    return sp.Add(*(_pull_out(term, limits) for term in terms))


def _pull_out(term: Any, limits: Sequence[Any]) -> Any:
    """Return the sum of one term: inner sums become further limits, constants go before the sum."""
    factors, limits = _contracted(*_flattened(term, limits))
    outside = sp.Integer(1)
    for limit in list(limits):
        index, low, high = limit
        is_bound_elsewhere = any(index in sp.Tuple(*other[1:]).free_symbols for other in limits)
        if not is_bound_elsewhere and not any(factor.has(index) for factor in factors):
            outside *= high - low + 1
            limits.remove(limit)
    return outside * sp.Mul(*(_added_up(_renamed(inside, some)) if some else inside for inside, some in _components(factors, limits)))


def _added_up(total: sp.Sum) -> Any:
    """Return the closed form of a sum of powers of its index, such as 1 + 2 + ... + n."""
    return total.doit() if total.function.is_polynomial(*total.variables) and not total.function.has(sp.Indexed) else total


def _contracted(factors: list[Any], limits: list[Any]) -> tuple[list[Any], list[Any]]:
    """Carry out sums over a Kronecker delta; a free index is taken to lie within the limits."""
    for delta in [factor for factor in factors if isinstance(factor, sp.KroneckerDelta)]:
        for index, other in (delta.args, delta.args[::-1]):
            mine = [limit for limit in limits if limit[0] == index]
            same = [limit for limit in limits if limit[0] == other]
            if mine and (not same or same[0][1:] == mine[0][1:]):
                factors.remove(delta)
                swapped = [factor.subs(index, other) for factor in factors]
                return _contracted(swapped, [limit for limit in limits if limit is not mine[0]])
    return factors, limits


def _components(factors: Sequence[Any], limits: Sequence[Any]) -> list[tuple[Any, list[Any]]]:
    """Split a product under several sums into parts that share no index: the sum of a_i b_j is a product."""
    parts: list[tuple[list[Any], set[Any]]] = []
    for one, used in [
        *((factor, factor.free_symbols) for factor in factors),
        *((sp.Integer(1), sp.Tuple(*limit).free_symbols) for limit in limits),
    ]:
        indices = used & {limit[0] for limit in limits}
        joined = [part for part in parts if part[1] & indices]
        parts = [part for part in parts if not part[1] & indices]
        parts.append((sum((part[0] for part in joined), [one]), indices.union(*(part[1] for part in joined))))
    return [(sp.Mul(*some), [limit for limit in limits if limit[0] in indices]) for some, indices in parts]


def _flattened(term: Any, limits: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the factors of a term and all limits, those of sums among the factors first."""
    factors: list[Any] = []
    limits = list(limits)
    for factor in _separate(term):
        if not isinstance(factor, sp.Sum):
            factors.append(factor)
            continue
        fresh = {index: sp.Dummy(str(index), integer=True) for index, *_ in factor.limits}
        factors.append(factor.function.xreplace(fresh))
        limits = [sp.Tuple(*limit).xreplace(fresh) for limit in factor.limits] + limits
    return factors, limits


def _separate(term: Any) -> list[Any]:
    """Return the factors of a term, the square of a sum as two factors, exp(a + b) as exp(a) exp(b)."""
    found: list[Any] = []
    for factor in sp.Mul.make_args(sp.expand(term)):
        if factor.is_Pow and isinstance(factor.base, sp.Sum) and factor.exp.is_Integer and factor.exp > 1:
            found += [factor.base] * int(factor.exp)
        else:
            found.append(factor)
    return found


def _renamed(summand: Any, limits: Sequence[Any]) -> Any:
    """Name the indices of a sum after their place, in the order that sorts first."""
    best: Any = None
    ranges = sorted({str(sp.Tuple(*limit[1:])) for limit in limits})
    groups = [[limit for limit in limits if str(sp.Tuple(*limit[1:])) == text] for text in ranges]
    for orders in product(*(permutations(group) for group in groups)):
        order = [limit for group in orders for limit in group]
        names = {limit[0]: sp.Symbol(f"index_{place}", integer=True) for place, limit in enumerate(order)}
        candidate = sp.Sum(summand.xreplace(names), *(sp.Tuple(*limit).xreplace(names) for limit in order))
        if best is None or sp.default_sort_key(candidate) < sp.default_sort_key(best):
            best = candidate
    return best


def merged(expression: Any) -> Any:
    """Join sums over the same limits into one, and simplify what is summed."""
    rest: Any = sp.Integer(0)
    joined: dict[Any, Any] = {}
    for term in sp.Add.make_args(expression):
        sums = [factor for factor in sp.Mul.make_args(term) if isinstance(factor, sp.Sum)]
        if len(sums) != 1:
            rest += term
            continue
        limits = sums[0].limits
        joined[limits] = joined.get(limits, 0) + sums[0].function * (term / sums[0])
    total = sp.simplify(without_sums([rest])[0][0])
    for limits, summand in joined.items():
        simple = sp.simplify(summand)
        total += 0 if simple == 0 or sp.simplify(simple.rewrite(sp.exp)) == 0 else sp.Sum(simple, *limits)
    return total
