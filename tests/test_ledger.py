"""The ledger accepts what is true, refuses what is wrong or empty, and prints what was written."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import bpbook.ledger.derivation as derivation
from bpbook.ledger import NotProved, claim, derive, numerical_gradient, numerical_vjp, recording, written
from bpbook.ledger.latex import to_latex
from bpbook.ledger.layout import WIDEST, outcome, width

w, b, z, y0 = sp.symbols("w b z y", real=True)
p, s = sp.symbols("p s", positive=True)
probability = sp.symbols("p", real=True)
q = sp.symbols("q")
n, d = sp.symbols("n d", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True)
x, y, y_hat, v = (sp.IndexedBase(name, real=True) for name in ("x", "y", r"\hat{y}", "v"))
prob = sp.IndexedBase("p", real=True)
sigma, L = sp.Function("sigma"), sp.Function("L")
S, D, log, exp = sp.Sum, sp.Derivative, sp.log, sp.exp
SIGMOID = {sigma: lambda z: 1 / (1 + exp(-z))}
RESIDUAL = w * x[i] + b - y[i]
NAMES = dict(w=w, b=b, z=z, n=n, d=d, i=i, j=j, k=k, x=x, y=y, y_hat=y_hat, v=v, sigma=sigma, L=L, q=q, p=p)


def chain(start, *steps, **options):
    return derive("eq-test", start, *((step, "a reason") for step in steps), **options)


def text(source):
    return written(source, **NAMES)


TRUE = {
    "chain rule in a sum": (
        D(S(RESIDUAL**2, (i, 1, n)) / n, w),
        [S(2 * RESIDUAL * x[i], (i, 1, n)) / n, 2 * S(RESIDUAL * x[i], (i, 1, n)) / n],
        {},
    ),
    "derivative by an entry": (D(S((y_hat[i] - y[i]) ** 2, (i, 1, n)), y_hat[j]), [2 * (y_hat[j] - y[j])], {}),
    "derivative by a weight": (
        D(S((S(v[k] * x[i, k], (k, 1, d)) - y[i]) ** 2, (i, 1, n)), v[j]),
        [2 * S((S(v[k] * x[i, k], (k, 1, d)) - y[i]) * x[i, j], (i, 1, n))],
        {},
    ),
    "constant sum": (S(b, (i, 1, n)), [n * b], {}),
    "other dummies": (S(x[i], (i, 1, n)) + S(y[j], (j, 1, n)), [S(x[k] + y[k], (k, 1, n))], {}),
    "sums swapped": (S(S(x[i, j], (j, 1, d)), (i, 1, n)), [S(S(x[i, j], (i, 1, n)), (j, 1, d))], {}),
    "square of a sum": (S(x[i], (i, 1, n)) ** 2, [S(S(x[i] * x[j], (i, 1, n)), (j, 1, n))], {}),
    "closed form": (S(i, (i, 1, n)), [n * (n + 1) / 2], {}),
    "variance": (S((x[i] - S(x[j], (j, 1, n)) / n) ** 2, (i, 1, n)), [S(x[i] ** 2, (i, 1, n)) - S(x[i], (i, 1, n)) ** 2 / n], {}),
    "Gaussian likelihood": (
        -log(sp.Product(exp(-((y[i] - w * x[i]) ** 2) / (2 * s**2)) / sp.sqrt(2 * sp.pi * s**2), (i, 1, n))),
        [n * log(2 * sp.pi * s**2) / 2 + S((y[i] - w * x[i]) ** 2, (i, 1, n)) / (2 * s**2)],
        {},
    ),
    "Bernoulli likelihood": (
        -log(sp.Product(prob[i] ** y[i] * (1 - prob[i]) ** (1 - y[i]), (i, 1, n))),
        [-S(y[i] * log(prob[i]) + (1 - y[i]) * log(1 - prob[i]), (i, 1, n))],
        {"domain": {prob: (0, 1)}},
    ),
    "sigmoid": (D(sigma(z), z), [exp(-z) / (1 + exp(-z)) ** 2, sigma(z) * (1 - sigma(z))], {"given": SIGMOID}),
    "cross-entropy": (D(-y0 * log(sigma(z)) - (1 - y0) * log(1 - sigma(z)), z), [sigma(z) - y0], {"given": SIGMOID}),
    "softplus, stable": (log(1 + exp(z)), [sp.Max(z, 0) + log(1 + exp(-sp.Abs(z)))], {}),
    "definition of an entry": (
        D(S((y_hat[i] - y[i]) ** 2, (i, 1, n)), w),
        [S(2 * (y_hat[i] - y[i]) * x[i], (i, 1, n))],
        {"given": {y_hat[i]: w * x[i] + b}},
    ),
    "chain of names": (
        D(q, w),
        [D(q, probability) * D(probability, s) * D(s, w)],
        {"given": {q: probability**2, probability: exp(s), s: w * z}},
    ),
    "numbers": (text("1/3*((2-1)**2 + (4-3)**2)"), [sp.Rational(2, 3)], {}),
    "unknown": (sp.Eq(log(p / (1 - p)), z), [sp.Eq(p / (1 - p), exp(z)), sp.Eq(p, 1 / (1 + exp(-z)))], {"unknown": p}),
    "normal equations": (
        (text("Eq(Sum((w*x[i] + b - y[i])*x[i], (i,1,n)), 0)"), text("Eq(Sum(w*x[i] + b - y[i], (i,1,n)), 0)")),
        [
            (
                text("Eq(w*Sum(x[i]**2,(i,1,n)) + b*Sum(x[i],(i,1,n)), Sum(x[i]*y[i],(i,1,n)))"),
                text("Eq(w*Sum(x[i],(i,1,n)) + n*b, Sum(y[i],(i,1,n)))"),
            )
        ],
        {"unknown": (w, b)},
    ),
}

WRONG = {
    "sign": (D(sigma(z), z), [-sigma(z) * (1 - sigma(z))], {"given": SIGMOID}),
    "factor": (D(RESIDUAL**2, w), [RESIDUAL * x[i]], {}),
    "missing inner derivative": (D((w * z + b) ** 2, w), [2 * (w * z + b)], {}),
    "dropped 1/n": (D(S(RESIDUAL**2, (i, 1, n)) / n, w), [2 * S(RESIDUAL * x[i], (i, 1, n))], {}),
    "root of a square": (text("sqrt(w**2)"), [w], {}),
    "log of a product": (log(w * b), [log(w) + log(b)], {}),
    "log of a square": (log(w**2), [2 * log(w)], {}),
    "product of sums": (S(x[i] * y[i], (i, 1, n)), [S(x[i], (i, 1, n)) * S(y[i], (i, 1, n))], {}),
    "square of a sum": (S(x[i], (i, 1, n)) ** 2, [S(x[i] ** 2, (i, 1, n))], {}),
    "limits": (S(x[i], (i, 1, n)), [S(x[i], (i, 0, n))], {}),
    "other limit": (S(x[i], (i, 1, n)), [S(x[i], (i, 1, d))], {}),
    "transposed": (S(S(x[i, j], (j, 1, d)), (i, 1, n)), [S(S(x[j, i], (j, 1, d)), (i, 1, n))], {}),
    "constant sum": (S(b, (i, 1, n)), [b], {}),
    "wrong index": (D(S(v[k] * x[i, k], (k, 1, d)), v[j]), [x[i, k]], {}),
    "sum kept": (D(S((y_hat[i] - y[i]) ** 2, (i, 1, n)), y_hat[j]), [S(2 * (y_hat[i] - y[i]), (i, 1, n))], {}),
    "kink": (D(sp.Abs(z), z), [sp.Integer(1)], {}),
    "positive part": (sp.Max(z, 0), [z], {}),
    "nearly equal": (w, [w + sp.Rational(1, 10**20)], {}),
    "rounded": (0.333333333333 * w, [w / 3], {}),
    "same pole": (text("1/(w-w)"), [text("2/(w-w)")], {}),
    "nan": (sp.nan, [sp.nan], {}),
    "zoo": (sp.zoo * w, [sp.zoo], {}),
    "infinity": (sp.oo, [sp.oo + 1], {}),
    "derivative of a number": (D(5, w), [sp.Integer(0)], {}),
    "letter without meaning": (D(q, w), [sp.Integer(0)], {}),
    "says nothing": (w + b, [b + w], {}),
    "extraneous solution": (text("Eq(sqrt(q), q - 2)"), [text("Eq(q, (q-2)**2)")], {"unknown": q}),
    "lost solution": (text("Eq(q**2, q)"), [text("Eq(q, 1)")], {"unknown": q}),
    "division by what may be zero": (text("Eq(w*z, b)"), [text("Eq(z, b/w)")], {"unknown": z}),
    "no solution at all": (sp.Eq(sp.Abs(w), -1, evaluate=False), [sp.Eq(sp.Abs(w), -2, evaluate=False)], {"unknown": w}),
    "wrong system": ((sp.Eq(w + b, 1), sp.Eq(w - b, 0)), [(sp.Eq(w, sp.Rational(1, 2)), sp.Eq(b, sp.Rational(1, 3)))], {"unknown": (w, b)}),
    "open system": ((sp.Eq(w + b, 1), sp.Eq(2 * w + 2 * b, 2)), [(sp.Eq(w + b, 1), sp.Eq(3 * w + 3 * b, 3))], {"unknown": (w, b)}),
    "inserted definition": (D(L(w), w), [2 * w], {"given": {L: lambda w: w**2 + b * w}}),
}

REFUSED = {
    "unused definition": (w, [w + b - b * 1 + z], {"given": {q: w}}, "never occurs"),
    "circle": (z, [w], {"given": {z: w, w: z}}, "defined by itself"),
    "circle of one": (z, [w], {"given": {z: z + 1}}, "defined by itself"),
    "name as text": (z, [w], {"given": {"z": w}}, "not a name"),
    "function without callable": (sigma(z), [w], {"given": {sigma: z}}, "callable"),
    "text": ("w + b", [w], {}, "wanted a SymPy expression"),
    "matrix": (sp.Matrix([w]), [w], {}, "wanted a scalar"),
    "truth value": (sp.Eq(w, w), [sp.Eq(w, b)], {"unknown": w}, "turned the equation into"),
    "equation without unknown": (sp.Eq(w, b), [sp.Eq(b, w)], {}, "unknown"),
    "inequality": (w < b, [b > w], {}, "claim"),
    "unlike symbols": (w + sp.Symbol("w"), [2 * w], {}, "two different symbols are called 'w'"),
    "no step": (w, [], {}, "at least one step"),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_derivations_are_proved_and_every_mistake_in_them_is_found(name):
    start, steps, options = TRUE[name]
    entry = chain(start, *steps, **options)
    mistakes = list(entry.check.perturbed())
    assert len(mistakes) >= 2 * len(steps)
    for _, wrong in mistakes:
        with pytest.raises(NotProved):
            wrong.verify()


@pytest.mark.parametrize("name", WRONG)
def test_wrong_derivations_are_refused(name):
    start, steps, options = WRONG[name]
    with pytest.raises(NotProved):
        chain(start, *steps, **options)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_derivation_gets_a_clear_error(name):
    start, steps, options, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=message):
        chain(start, *steps, **options)


def test_a_step_needs_a_reason():
    with pytest.raises(TypeError, match="step 1 must be"):
        derive("eq-test", w, (w + b - b, ""))


@pytest.mark.parametrize("label", ["def-x", "mse", "eq-", "eq-X", "eq_x", None])
def test_a_label_starts_with_eq(label):
    with pytest.raises(ValueError, match="label"):
        derive(label, 2 * w, (text("w + w"), "twice"))


def test_the_message_names_the_step_and_a_point_where_it_fails():
    with pytest.raises(NotProved, match=r"step 2 .* at z = .* the values are .* and "):
        chain(D(z**3, z), 3 * z**2, 3 * z)


def test_a_step_that_fails_only_for_two_negative_numbers_gets_a_counterexample():
    with pytest.raises(NotProved, match=r"at b = -.*, w = -.* the values are"):
        chain(log(w * b), log(w) + log(b))


def test_a_wrong_symbolic_rule_is_caught_by_the_numbers(monkeypatch):
    monkeypatch.setattr(derivation, "is_zero", lambda *_: True)
    with pytest.raises(NotProved, match="the values are"):
        chain(D(z**3, z), 3 * z)


def test_numbers_alone_are_no_proof(monkeypatch):
    monkeypatch.setattr(derivation, "is_zero", lambda *_: False)
    with pytest.raises(NotProved, match="finds no proof"):
        chain(D(z**3, z), 3 * z**2)


def test_recording_collects_entries_in_order_and_only_inside():
    with recording() as made:
        chain(2 * w, text("w + w"))
        claim("eq-other", "a", lambda rng: (1.5, rng.random() * 0 + 1.5))
    chain(2 * w, text("w + w"))
    assert [entry.label for entry in made] == ["eq-test", "eq-other"]


# --- what is printed -------------------------------------------------------------------------------

PRINTED = {
    "1/n*Sum((w*x[i] + b - y[i])**2, (i,1,n))": r"\frac{1}{n} \sum_{i=1}^{n} (w x_{i} + b - y_{i})^{2}",
    "Sum(x[i],(i,1,n))/n": r"\frac{1}{n} \sum_{i=1}^{n} x_{i}",
    "Sum(x[i],(i,1,n))/Sum(y[i],(i,1,n))": r"\frac{\sum_{i=1}^{n} x_{i}}{\sum_{i=1}^{n} y_{i}}",
    "2/n*Sum(x[i],(i,1,n))*b": r"\frac{2}{n} \left( \sum_{i=1}^{n} x_{i} \right) b",
    "w-(b-z)": "w - (b - z)",
    "-(w-b)": "- (w - b)",
    "w+(b+z)": "w + (b + z)",
    "w*-b": "w (- b)",
    "2*3*w": r"2 \cdot 3 w",
    "w/b/z": r"\frac{w}{b z}",
    "w*(b/z)": r"w \frac{b}{z}",
    "(w+b)/2": r"\frac{w + b}{2}",
    "1/2*(w+b)": r"\frac{1}{2} (w + b)",
    "sigma(z)*(1-sigma(z))": r"\sigma(z) (1 - \sigma(z))",
    "sigma(z)**2": r"\sigma(z)^{2}",
    "exp(-z)**2": "(e^{- z})^{2}",
    "exp(-z/2)": r"\exp\left( - \frac{z}{2} \right)",
    "(1/z)**2": r"\left( \frac{1}{z} \right)^{2}",
    "-y[i]*log(y_hat[i])": r"- y_{i} \ln(\hat{y}_{i})",
    "Derivative(L(w,b), w)": r"\frac{\partial L}{\partial w}",
    "Derivative(sigma(z), z, z)": r"\frac{d^{2} \sigma(z)}{d z^{2}}",
    "Derivative(L(w,b), w, b)": r"\frac{\partial^{2} L}{\partial w \partial b}",
    "Derivative((w*z-b)**2, w)": r"\frac{\partial}{\partial w} \left[ (w z - b)^{2} \right]",
    "Derivative(log(z), z)*b": r"\left( \frac{d}{d z} \ln(z) \right) b",
    "Derivative(Sum(exp(x[i]),(i,1,n)), x[j])": r"\frac{\partial}{\partial x_{j}} \left[ \sum_{i=1}^{n} e^{x_{i}} \right]",
    "x[i,j]*v[j]": "x_{ij} v_{j}",
    "x[i,1]": "x_{i,1}",
    "Sum(-x[i],(i,1,n))": r"\sum_{i=1}^{n} (- x_{i})",
    "Sum(Sum(x[i,j],(j,1,d)),(i,1,n))": r"\sum_{i=1}^{n} \sum_{j=1}^{d} x_{ij}",
    "Max(z, 0)": r"\max(z, 0)",
    "1/sqrt(z)": r"\frac{1}{\sqrt{z}}",
}


@pytest.mark.parametrize("source", PRINTED)
def test_an_expression_prints_as_it_is_written(source):
    assert to_latex(text(source), bare=[L]) == PRINTED[source]


@pytest.mark.parametrize("source", PRINTED)
def test_what_is_written_equals_the_expression(source):
    if "Derivative" not in source:
        plain = eval(
            source.replace("1/2", "sp.Rational(1,2)"), {"sp": sp, "Sum": S, "exp": exp, "log": log, "sqrt": sp.sqrt, "Max": sp.Max, **NAMES}
        )
        assert sp.simplify(text(source).doit() - plain.doit()) == 0


@pytest.mark.parametrize(
    ("source", "message"), [("w +", "not an expression"), ("w + u", "name 'u'"), ("w if b else z", "wanted arithmetic"), ("[w]", "wanted")]
)
def test_written_refuses_what_it_cannot_read(source, message):
    with pytest.raises(ValueError, match=message):
        text(source)


def test_an_entry_prints_its_label_marks_and_reasons():
    shown = derive(
        "eq-test", D(sigma(z), z), (exp(-z) / (1 + exp(-z)) ** 2, "first"), (sigma(z) * (1 - sigma(z)), "second"), given=SIGMOID
    )._repr_markdown_()
    assert shown.startswith("$$\n\\begin{aligned}\n") and "\n$$ (eq-test)\n" in shown
    assert r"\overset{\textsf{(b)}}{=}" in shown and "- (a) first\n- (b) second\n" in shown


def test_long_rows_are_broken_between_terms():
    long = sp.Add(*(text(f"{number}*w*x[i]*y[j]*sigma(z)") for number in (2, 3, 5, 7)), evaluate=False)
    shown = chain(L(w), long, given={L: lambda w: long}).latex
    rows = [row.replace("&", "") for row in shown.split("\\\\[4pt]\n")]
    assert len(rows) >= 2 and all(width(row) < WIDEST + 6 for row in rows)


# --- claims ----------------------------------------------------------------------------------------


def product_sides(rng, n, d):
    A, B = rng.normal(size=(n, d)), rng.normal(size=(d, n))
    return A @ B, np.einsum("ij,jk->ik", A, B)


@pytest.mark.parametrize(
    "sides",
    [
        product_sides,
        lambda rng, n: ([1.0] * n, np.ones(n)),
        lambda rng: (2, np.float64(2)),
        lambda rng, n: (np.arange(n) + 1j, np.array([k + 1j for k in range(n)])),
    ],
)
def test_true_claims_pass_and_their_mistakes_are_found(sides):
    entry = claim("eq-test", "A = B", sides)
    assert {name for name, _ in entry.check.perturbed()} >= {"sign", "factor"}


def test_a_transpose_is_among_the_mistakes():
    assert "transpose" in {name for name, _ in claim("eq-test", "AB", product_sides).check.perturbed()}


def pair(left, right):
    return lambda rng, n: (left(rng, n), right(rng, n))


BROKEN = {
    "sign": (lambda rng, n: (lambda a: (a, -a * 1))(rng.normal(size=n)), {}, "differ"),
    "transpose": (lambda rng, n, d: (lambda A: (A, A.T.copy()))(rng.normal(size=(n, d))), {}, "shape"),
    "broadcasting": (lambda rng, n: (np.ones((n, 1)), np.ones(n)), {}, "shape"),
    "nan": (lambda rng, n: (np.full(n, np.nan), np.full(n, np.nan)), {}, "finite"),
    "both zero": (lambda rng, n: (np.zeros(n), np.zeros(n)), {}, "cannot fail"),
    "tiny": (lambda rng, n: (np.full(n, 1e-12), np.full(n, 1e-12)), {}, "cannot fail"),
    "same array": (lambda rng, n: (lambda a: (a, a))(rng.normal(size=n)), {}, "same array"),
    "same memory": (lambda rng, n: (lambda a: (a, a.T))(rng.normal(size=n)), {}, "same array"),
    "empty": (lambda rng, n: (np.ones((0, n)), np.ones((0, n))), {}, "nothing to compare"),
    "only right for one row": (lambda rng, n: (np.ones(n).sum(), 1.0), {}, "differ"),
    "not below": (lambda rng, n: (np.ones(n), np.zeros(n)), {"relation": "<="}, "exceeds"),
    "not strictly below": (lambda rng, n: (np.ones(n), np.ones(n)), {"relation": "<"}, "exceeds"),
    "always equal": (lambda rng, n: (np.ones(n), np.ones(n)), {"relation": "<="}, "cannot fail"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_wrong_and_empty_claims_are_refused(name):
    sides, options, message = BROKEN[name]
    with pytest.raises(NotProved, match=message):
        claim("eq-test", "a = b", sides, **options)


NO_CLAIM = {
    "one side": (lambda rng, n: np.ones(n), {}, "tuple"),
    "truth values": (lambda rng, n: (np.ones(n, bool), np.ones(n, bool)), {}, "dtype bool"),
    "text": (lambda rng, n: ("a", "b"), {}, "dtype"),
    "objects": (lambda rng, n: (np.array([None] * n), np.ones(n)), {}, "dtype object"),
    "ragged": (lambda rng, n: ([[1.0], [1.0, 2.0]], np.ones(n)), {}, "unequal length"),
    "float32": (lambda rng, n: (np.ones(n, np.float32), np.ones(n)), {}, "float32"),
    "default size": (lambda rng, n=3: (np.ones(n), 1 + np.zeros(n)), {"relation": "=="}, "relation"),
    "loose": (lambda rng, n: (np.ones(n), 1 + np.zeros(n)), {"tolerance": 3.0}, "tolerance"),
    "any number of sizes": (lambda rng, *sizes: (1.0, 1.0), {}, "one plain parameter"),
    "no function": (3, {}, "function"),
}


@pytest.mark.parametrize("name", NO_CLAIM)
def test_what_cannot_be_a_claim_gets_a_clear_error(name):
    sides, options, message = NO_CLAIM[name]
    with pytest.raises((TypeError, ValueError), match=message):
        claim("eq-test", "a = b", sides, **options)


def test_sizes_include_one_and_unequal_odd_ones():
    seen = set()
    claim("eq-test", "a", lambda rng, n, d: (seen.add((n, d)), (np.full((n, d), 2.0), np.ones((n, d)) * 2))[1])
    assert (1, 1) in seen and any(1 in shape and shape != (1, 1) for shape in seen)
    assert any(n != d and n % 2 and d % 2 and min(n, d) > 1 for n, d in seen)


def test_draws_do_not_depend_on_what_was_checked_before():
    def draws():
        seen = []
        claim("eq-test", "a", lambda rng, n: (seen.append(rng.random()), (1.0, 1.0 + np.zeros(())))[1])
        return seen

    first = draws()
    claim("eq-other", "b", product_sides)
    assert draws() == first


# --- numerical gradients ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 5), (1, 1)])
def test_the_complex_step_gives_the_gradient(shape):
    X = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(numerical_gradient(lambda X: np.sum(np.sin(X) * X), X), np.sin(X) + X * np.cos(X), rtol=1e-13)


def test_numerical_vjp_contracts_with_the_incoming_gradient():
    rng = np.random.default_rng(1)
    W, X, dY = rng.normal(size=(3, 2)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    np.testing.assert_allclose(numerical_vjp(lambda X: X @ W, dY, X), dY @ W.T, rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda X: np.abs(X).sum(), TypeError),
        (lambda X: (X * np.abs(X)).sum(), ValueError),
        (lambda X: np.real(X).sum() + 0j, ValueError),
        (lambda X: X, TypeError),
    ],
)
def test_code_that_is_not_analytic_is_refused(f, error):
    with pytest.raises(error):
        numerical_gradient(f, np.array([1.5, -0.5]))


def test_shapes_of_the_incoming_gradient_must_fit():
    with pytest.raises(ValueError, match="dY has shape"):
        numerical_vjp(lambda X: X * 2, np.ones((3, 1)), np.ones(3))


def test_the_outcome_of_a_chain_leaves_out_the_steps_between() -> None:
    x = sp.Symbol("x")
    short = derive("eq-short", sp.Derivative(x**2, x), (2 * x, "the power rule")).latex
    assert outcome(short) == short
    chain = derive(
        "eq-chain", sp.Symbol("A"), (sp.expand((x + 1) ** 2), "given"), ((x + 1) ** 2, "a square"), given={sp.Symbol("A"): (x + 1) ** 2}
    )
    assert outcome(chain.latex).count("=") == 1
    assert "(1 + x)^{2}" in outcome(chain.latex)
    p, z = sp.Symbol("p"), sp.Symbol("z")
    solved = derive("eq-solved", sp.Eq(2 * p, z), (sp.Eq(p, z / 2), "divide by 2"), unknown=p).latex
    assert "Leftrightarrow" not in outcome(solved)
    assert outcome(solved).count("=") == 1
