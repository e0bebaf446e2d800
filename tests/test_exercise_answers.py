"""What readers really write: right answers pass however they are spelled, typical mistakes get a fitting sentence."""

from __future__ import annotations

import copy
import re
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import bpkit
from bpbook.exercises import check, source
from bpbook.exercises.source import SourceError, check_stubs, load_all, parse

EXERCISES = load_all()
NUMBERS = [
    exercise for exercise in EXERCISES.values() if isinstance(exercise.solution[exercise.answers[0]], (int, float, Fraction, np.floating))
]
CALLED = [exercise for exercise in EXERCISES.values() if exercise.functions]
WORDS = {"two": 2, "three": 3, "four": 4}


def ids(exercises):
    return [exercise.id for exercise in exercises]


def mse_vjp(dL, L, y_hat, y):
    g = dL * (2 / y_hat.size) * (y_hat - y)
    return g, -g


# --- what the task must say ---------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", NUMBERS, ids=ids(NUMBERS))
def test_a_number_rounded_as_the_task_asks_passes(exercise):
    task = exercise.sections["task"].prose
    value = float(exercise.solution[exercise.answers[0]])
    digits, decimals = (re.search(rf"({'|'.join(WORDS)}) {unit}", task.lower()) for unit in ("digits", "decimals"))
    rounded = [float(f"{value:.{WORDS[digits[1]]}g}")] if digits else []
    rounded += [round(value, WORDS[decimals[1]])] if decimals else []
    assert rounded or re.search(r"within \d+ percent", task), "the task does not say how precise the number must be"
    for number in rounded or [value]:
        assert check(exercise.id, number).passed, number
        assert check(exercise.id, str(number)).passed


@pytest.mark.parametrize("exercise", CALLED, ids=ids(CALLED))
def test_the_task_says_what_the_check_demands(exercise):
    task = exercise.sections["task"].prose
    arrays = [argument for _, arguments in exercise.probes for argument in arguments if isinstance(argument, np.ndarray)]
    assert re.search(r"not change the argument|arguments? stays?|not change the array|a second walk from the same start", task), "purity"
    if any(array.dtype == np.float32 for array in arrays):
        assert "float32" in task
    if any(array.ndim > 1 for array in arrays):
        assert re.search(r"\(n, [dhk1]\)|any shape|both tables", task.lower()), "shapes"


def test_several_outputs_have_names():
    for exercise in CALLED:
        for name in exercise.functions:
            if isinstance(exercise.solution[name](*_first(exercise, name)), tuple):
                assert name in exercise.header.get("returns", {}), exercise.id


def _first(exercise, name):
    return copy.deepcopy(next(arguments for called, arguments in exercise.probes if called == name))


SOURCE = """\
+++
id = "{id}"
kind = "rebuild"
title = "t"
answers = ["{answer}"]
+++

# task

Write it.

# stub

```python
{start}
def {answer}(x): ...
```

# solution

```python
def {answer}(x):
    return x
```
"""


def test_a_stub_must_not_take_another_answer_away():
    one = parse(SOURCE.format(id="one", answer="f", start=""), "one.md", "01")
    for start in ("from bpkit import f", "from bpkit import sigmoid as f", "import bpkit.f as f"):
        two = parse(SOURCE.format(id="two", answer="g", start=start), "two.md", "01")
        with pytest.raises(SourceError, match="the stub imports f, the answer of the exercise 'one'"):
            check_stubs([one, two])
    other = parse(SOURCE.format(id="two", answer="g", start="from bpkit import f"), "two.md", "02")
    check_stubs([one, other])
    check_stubs([one, parse(SOURCE.format(id="two", answer="g", start="import bpkit"), "two.md", "01")])


def test_such_a_stub_is_refused_when_the_sources_are_loaded(tmp_path, monkeypatch):
    folder = tmp_path / "exercises" / "sources" / "01"
    folder.mkdir(parents=True)
    (folder / "1_one.md").write_text(SOURCE.format(id="one", answer="f", start=""), encoding="utf-8")
    (folder / "2_two.md").write_text(SOURCE.format(id="two", answer="g", start="from bpkit import f"), encoding="utf-8")
    monkeypatch.setattr(source, "files", lambda package: tmp_path)
    with pytest.raises(SourceError, match=r"2_two\.md: the stub imports f"):
        load_all.__wrapped__()


# --- numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exercise", "spelling"),
    [
        ("diverging-rate", 0.214),
        ("diverging-rate", ".214"),
        ("half-the-loss", "2 9/14"),
        ("half-the-loss", " 37 / 14 "),
        ("half-the-loss", "37/14.0"),
        ("half-the-loss", (2.643,)),
        ("half-the-loss", [2.643]),
        ("half-the-loss", "+37/14"),
        ("column-against-row", "1 1/3"),
        ("slope-when-wrong", "-9/32"),
        ("slope-when-wrong", "- 9/32"),
        ("slope-when-wrong", "\u22129/32"),
        ("slope-when-wrong", "\u20139/32"),
        ("slope-when-wrong", "-(9/32)"),
        ("slope-when-wrong", "(-9)/32"),
        ("half-the-loss", "(37)/(14)"),
        ("gradient-shape", "[3,2]"),
        ("gradient-shape", "(3, 2)"),
        ("separable", ["b"]),
        ("separable", "b: The weights grow without end, slower and slower, and the loss goes to 0."),
        ("separable", np.array("b")),
        ("separable", np.array(["B"])),
        ("separable", np.str_("b")),
        ("how-many-steps", 342),
        ("how-many-steps", 342.0),
        ("how-many-steps", "342"),
    ],
)
def test_a_right_value_passes_in_many_spellings(exercise, spelling):
    result = check(exercise, spelling)
    assert result.passed, result


@pytest.mark.parametrize(
    ("exercise", "spelling", "words"),
    [
        ("half-the-loss", "3 7/14", "not the right value"),
        ("half-the-loss", "1 2/0", "the text"),
        ("half-the-loss", "2,643", "write a point, not a comma"),
        ("first-loss", "0,693", "write a point, not a comma"),
        ("half-the-loss", 2.67, "close, but not precise enough"),
        ("diverging-rate", 0.217, "close, but not precise enough"),
        ("gradient-shape", "3x2", "the text"),
        ("half-the-loss", "9" * 10**6, "half"),
        ("half-the-loss", [1.0, 2.0], "is a list with 2 entries"),
        ("gradient-shape", [3], "has 1 entry"),
    ],
)
def test_a_wrong_value_is_answered_with_a_fitting_sentence(exercise, spelling, words):
    result = check(exercise, spelling)
    assert result.status == "wrong", result
    assert words in result.message, result.message
    assert "1 entries" not in result.message


@pytest.mark.parametrize("value", [37 / 28, 37 / 7, 5])
def test_a_value_that_is_far_off_is_not_called_close(value):
    assert "close" not in check("half-the-loss", value).message


def test_a_wrong_shape_is_no_decimal_comma():
    assert "comma" not in check("gradient-shape", (2, 3)).message
    assert "comma" not in check("gradient-shape", "2,3").message
    assert "comma" in check("first-loss", (0, 693)).message


def test_foreign_text_is_no_markup():
    shown = check("half-the-loss", "<script>alert(1)</script>")._repr_markdown_()
    assert "`'<script>" in shown
    tagged = type("<script>", (), {})()
    fields = np.zeros(2, dtype=[("<script>", float)])
    for value in (tagged, fields, (tagged, fields)):
        assert "<script>" not in check("half-the-loss", value)._repr_markdown_()
        assert "<script>" not in check("mse-vjp", lambda *_, value=value: value)._repr_markdown_()
        assert "<script>" not in check("mse-vjp", value)._repr_markdown_()


# --- the call --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (mse_vjp(1.0, 4.5, np.ones(2), np.zeros(2)), "a tuple with 2 entries"),
        ("mse_vjp", "the text"),
        (3, "a number"),
        (np.ones(3), "an array of shape (3,)"),
        (int, "a class"),
        (bpkit, "an object of type module"),
    ],
)
def test_a_result_in_place_of_the_function_is_named(answer, what):
    result = check("mse-vjp", answer)
    assert result.status == "wrong"
    assert f"You gave {what}" in result.message
    assert "wanted the function itself: `mse_vjp`, without brackets" in result.message


def test_the_function_of_the_book_is_not_the_work_of_the_reader():
    result = check("mse-vjp", bpkit.mse_vjp)
    assert result.status == "not yet"
    assert "`mse_vjp` is the function of bpkit: write one of your own" in result.message


def test_print_in_place_of_return_is_named():
    def prints(dL, L, y_hat, y):
        print(mse_vjp(dL, L, y_hat, y))

    result = check("mse-vjp", prints)
    assert result.status == "not yet"
    assert "`mse_vjp` returns None: is there a `return`" in result.message


def test_one_output_may_still_be_open():
    result = check("affine-vjp", lambda dY, Y, X, W, b: (dY @ W.T, X.T @ dY, ...))
    assert result.status == "not yet"
    assert "`db` is still open" in result.message
    result = check("affine-vjp", lambda dY, Y, X, W, b: (dY @ W.T, ..., ...))
    assert "`dW` and `db` are still open" in result.message


def test_a_call_without_arguments_or_with_names_is_no_traceback():
    assert "The first argument is the name" in check().message
    assert check("mse-vjp", mse_vjp=mse_vjp).passed
    assert check(exercise="mse-vjp", mse_vjp=mse_vjp).passed
    assert not check("mse-vjp", f=mse_vjp).passed
    assert 'check("mse-vjp", mse_vjp)' in check("mse-vjp", f=mse_vjp).message
    assert not check("mse-vjp", mse_vjp, mse_vjp=mse_vjp).passed


def test_a_masked_array_is_named():
    def masked(dL, L, y_hat, y):
        return tuple(np.ma.masked_array(g, mask=True) for g in mse_vjp(dL, L, y_hat, y))

    result = check("mse-vjp", masked)
    assert result.status == "wrong"
    assert "a masked array" in result.message


# --- wrong answers that passed ----------------------------------------------------------------------------


def fails(exercise, *answers, mistake="", words=""):
    result = check(exercise, *answers)
    assert result.status == "wrong", result
    assert mistake in result.mistake, result
    assert words in result.message, result
    return result


def solution(exercise):
    return EXERCISES[exercise].solution


def test_a_classifier_for_one_input_only_is_found():
    def first_column(X, y, W, b, limit):
        says = bpkit.sigmoid(X[:, 0] * W[0] + b) >= limit
        return int(np.sum((y == 1) & ~says)), int(np.sum((y == 0) & says))

    def raveled(X, y, W, b, limit):
        says = bpkit.sigmoid((X * W + b).ravel()) >= limit
        return int(np.sum((y == 1) & ~says)), int(np.sum((y == 0) & says))

    fails("threshold", first_column)
    fails("threshold", raveled)


def test_a_line_search_that_never_ends_at_the_minimum_is_found():
    def at_least(loss_and_gradient, theta, rate, c=0.25):
        loss, gradient = loss_and_gradient(theta)
        while loss_and_gradient(theta - rate * gradient)[0] >= loss - c * rate * (gradient**2).sum():
            rate = rate / 2
        return theta - rate * gradient, rate

    fails("backtracking", at_least, mistake="at least in place of more than")


def test_a_float64_gradient_of_softplus_is_found():
    def upcasts(dA, A, Z):
        return (np.float64(1) * dA * bpkit.sigmoid(Z).astype(np.float64),)

    fails("softplus", solution("softplus")["softplus"], upcasts, words="has dtype float64, wanted float32")


def test_softplus_of_a_single_number():
    def rows_only(Z):
        return np.array([max(z, 0) + np.log1p(np.exp(-abs(z))) for z in Z.ravel()], dtype=Z.dtype).reshape(len(Z), *Z.shape[1:])

    fails("softplus", rows_only, solution("softplus")["softplus_vjp"])


# --- diagnoses --------------------------------------------------------------------------------------------


def one_minus(Z):
    size = 1 / (1 + np.exp(-np.abs(Z)))
    return np.where(Z >= 0, size, 1 - size)


@pytest.mark.parametrize("limit", [500, 700])
def test_clipped_logits_are_recognised(limit):
    fails("stable-sigmoid", lambda Z: 1 / (1 + np.exp(-np.clip(Z, -limit, limit))), mistake="clipped")


def test_one_minus_a_number_near_one_is_recognised():
    fails("stable-sigmoid", one_minus, mistake="1 minus a number near 1")
    fails("stable-sigmoid", lambda Z: (1 + np.tanh(Z / 2)) / 2, mistake="1 + tanh")


def test_a_wrong_dtype_is_not_blamed_on_code_that_is_not_there():
    one = np.vectorize(lambda z: 1 / (1 + np.exp(-z)) if z >= 0 else np.exp(z) / (1 + np.exp(z)))
    result = fails("stable-sigmoid", lambda Z: one(Z.astype(np.float64)), words="dtype float64, wanted float32")
    assert not result.mistake
    assert "np.ones" not in result.hint


def test_a_bug_of_the_catalogue_has_no_slug():
    result = fails("affine-vjp", lambda dY, Y, X, W, b: (dY @ W.T, X.T @ dY, dY[0]))
    assert not result.mistake
    assert "adds to db" in result.hint
    assert "Likely mistake" in repr(result)


def swapped(function):
    return lambda *arguments: tuple(reversed(function(*arguments)))


@pytest.mark.parametrize("exercise", ["descent-loop", "rates-from-data", "repair-line", "threshold"])
def test_swapped_outputs_are_named(exercise):
    name = EXERCISES[exercise].answers[0]
    result = check(exercise, swapped(solution(exercise)[name]))
    assert "times the right value" not in result.message
    assert "in another order" in result.message or "exchanged" in result.mistake, result


def test_a_pattern_needs_more_than_one_number():
    def squared_losses(loss_and_gradient, theta, rate, steps):
        theta, losses = solution("descent-loop")["descend"](loss_and_gradient, theta, rate, steps)
        return (theta if steps else np.repeat(3 * theta, 4)), losses

    assert "times the right value" not in check("descent-loop", squared_losses).message


def test_the_slope_alone_with_a_sign_is_named():
    assert "-p(1 - p)" in re.sub(r"[\\,$]", "", fails("slope-when-wrong", -3 / 16).hint)


@pytest.mark.parametrize(
    ("exercise", "value", "mistake"),
    [("first-loss", np.log10(2), "base 10"), ("diverging-rate", 1 / 7, "2 of the square")],
)
def test_typical_wrong_numbers_have_a_hint(exercise, value, mistake):
    fails(exercise, value, mistake=mistake)


@pytest.mark.parametrize(
    ("exercise", "value", "mistake"),
    [
        ("smoothed-minimum", 0.179, "only the first term"),
        ("smoothed-minimum", "0.46", "the first class is missing"),
        ("jacobian-row", (0.25, 0.17, 0.083), "the others grow too"),
        ("half-the-loss", 2.67, ""),
        ("diverging-rate", 0.217, ""),
    ],
)
def test_a_rounded_mistake_is_recognised_but_not_a_rounded_answer(exercise, value, mistake):
    result = check(exercise, value)
    assert not result.passed
    assert result.mistake == mistake


def test_integer_labels_are_shown_as_integers():
    def wrong(dL, L, Z, y):
        return Z, None

    assert "y=[0, 2])" in check("cross-entropy-vjp", wrong).message


def test_a_factor_that_changes_is_shown_with_two_values():
    def three_times(Z):
        E = np.exp(Z - Z.max(axis=-1, keepdims=True))
        return E / E.mean(axis=-1, keepdims=True)

    assert "(3, then 2)" in check("stable-softmax", three_times).message


def test_huber_without_the_incoming_gradient_is_named():
    huber, vjp = solution("huber-loss").values()
    fails("huber-loss", huber, lambda dL, L, y_hat, y, delta: vjp(1.0, L, y_hat, y, delta), mistake="dL is left out")


def test_a_halved_gradient_of_huber_is_not_blamed_on_the_loss():
    huber, vjp = solution("huber-loss").values()
    fails("huber-loss", huber, lambda dL, L, y_hat, y, delta: vjp(dL / 2, L, y_hat, y, delta), mistake="the gradient of the ½ convention")


def test_clipped_probabilities_in_the_weighted_loss_are_recognised():
    def clipped(Z, y, weight):
        P = np.clip(bpkit.sigmoid(Z), 1e-12, 1 - 1e-12)
        return -(weight * y * np.log(P) + (1 - y) * np.log(1 - P)).mean()

    fails("weighted-bce", clipped, solution("weighted-bce")["weighted_bce_vjp"], mistake="clipped")


# --- messages that tell numbers apart -------------------------------------------------------------------


def test_two_different_numbers_never_look_alike():
    def near(f, x, step):
        return bpkit.numerical_gradient(f, x, "central", step / 100)

    message = fails("fourth-order", near).message
    assert "is 12.000025, wanted 12" in message


def test_a_tiny_argument_is_not_shown_as_zero():
    def relative(gradient, reference):
        size = np.linalg.norm(reference)
        return np.linalg.norm(gradient - reference) / (size or 1)

    assert "reference=[1e-09, 2e-09, -1e-09]" in fails("gradient-error", relative).message


@pytest.mark.parametrize(
    ("exercise", "value", "words"),
    [
        ("noisy-loss", (-7, -4), "though its entry 2 is right."),
        ("what-the-error-says", (0.5, 2, 7), "though its entries 1 and 2 are right."),
        ("what-the-error-says", (7, 7, 7), "is not the right value."),
        ("gradient-shape", (2, 2), "though its entry 2 is right."),
    ],
)
def test_right_entries_of_a_predicted_tuple_are_named(exercise, value, words):
    fails(exercise, value, words=words)


# --- weights found by thought: judged by what they do --------------------------------------------------


def thought(W1, b1, W2, b2):
    return lambda network: network(*(np.array(one, dtype=float) for one in (W1, b1, W2, b2)))


def answers_of(W1, b1, W2, b2, inputs=2):
    X = np.array(list(product([0.0, 1.0], repeat=inputs)))
    return tuple(int(z > 0.5) for z in (np.maximum(X @ W1 + b1, 0) @ W2 + b2)[:, 0])


def test_any_weights_that_compute_xor_pass_and_no_others():
    rng, seen = np.random.default_rng(12), set()
    while len(seen) < 12 or (0, 1, 1, 0) not in seen:
        weights = [rng.integers(-3, 4, size=shape) for shape in ((2, 2), (2,), (2, 1), (1,))]
        wanted = answers_of(*weights)
        if wanted not in seen:
            assert check("xor-by-thought", thought(*weights)).passed == (wanted == (0, 1, 1, 0))
        seen.add(wanted)


def test_weights_that_were_trained_pass_too():
    X, y = np.array(list(product([0.0, 1.0], repeat=2))), np.array([[0.0], [1.0], [1.0], [0.0]])
    rng = np.random.default_rng(1)
    theta = [rng.normal(size=shape) for shape in ((2, 2), (2,), (2, 1), (1,))]
    for _ in range(2000):
        Z1, A1, Z2 = bpkit.two_layer_forward(X, *theta, bpkit.relu)
        dZ2, _ = bpkit.bce_logits_vjp(1.0, bpkit.bce_logits(Z2, y), Z2, y)
        gradients = bpkit.two_layer_backward(dZ2, Z1, A1, Z2, X, *theta, bpkit.relu_vjp)
        theta = [one - 0.3 * gradient for one, gradient in zip(theta, gradients, strict=True)]
    theta[3] = theta[3] + 0.5  # trained for logits: yes means above 0
    assert check("xor-by-thought", thought(*theta)).passed == (answers_of(*theta) == (0, 1, 1, 0))
    assert answers_of(*theta) == (0, 1, 1, 0)


def test_weights_of_a_wrong_shape_are_named():
    fails("xor-by-thought", thought(np.ones((2, 2)), [0, -1], [1, -2], [0]), words="W2 has shape (2,), wanted (2, 1)")
    fails("exactly-one", thought(np.ones((3, 2)), [0, -1, 2], [[1], [-2]], [0]), words="b1 has shape (3,), wanted (2,)")


def test_an_output_of_exactly_one_half_is_no_answer():
    fails("xor-by-thought", thought(np.ones((2, 2)), [0, -1], [[1], [-2]], [0.5]), words="is 0.5, wanted 0")


def test_a_network_that_is_half_filled_in_is_not_yet_an_answer():
    result = check("xor-by-thought", lambda network: network(np.ones((2, 2)), ..., np.ones((2, 1)), np.zeros(1)))
    assert result.status == "not yet"
    assert "in place of the four" in result.message


# --- chapter 8 --------------------------------------------------------------------------------------------


def test_one_hidden_unit_after_the_other_is_right_too():
    def by_units(dZ2, Z1, A1, Z2, X, W1, b1, W2, b2, f_vjp=bpkit.sigmoid_vjp):
        columns = [f_vjp((dZ2 @ W2.T)[:, [unit]], A1[:, [unit]], Z1[:, [unit]])[0] for unit in range(A1.shape[1])]
        dZ1 = np.hstack(columns)
        return X.T @ dZ1, dZ1.sum(0), A1.T @ dZ2, dZ2.sum(0)

    assert check("two-layer-backward", by_units).passed


def test_outputs_of_the_way_back_in_another_order_are_named():
    def swapped_biases(*arguments):
        dW1, db1, dW2, db2 = solution("two-layer-backward")["two_layer_backward"](*arguments)
        return dW1, dW2, db1, db2

    fails("two-layer-backward", swapped_biases, words="in another order")


def test_a_start_that_only_looks_random_is_found():
    def shifted(d, h, k, seed):
        W1, b1, W2, b2 = solution("one-unit-many-times")["start"](d, h, k, seed)
        return np.repeat(W1[:, :1], h, axis=1), b1, W2, b2

    fails("one-unit-many-times", shifted)


# --- chapters 9 and 10 ------------------------------------------------------------------------------------


def in_pairs(*arguments):
    return iter(solution("mini-batches")["mini_batches"](*arguments))


def yields_pairs(X, y, order, batch_size):
    yield from in_pairs(X, y, order, batch_size)


def test_a_generator_of_mini_batches_is_named():
    fails("mini-batches", yields_pairs, words="write `return`, not `yield`), wanted a list of 3")


def test_mini_batches_may_be_lists():
    assert check("mini-batches", lambda *arguments: tuple(list(pair) for pair in in_pairs(*arguments))).passed


def test_a_result_that_is_not_written_into_the_vector_is_named():
    def elsewhere(theta, sizes, arrays):
        return np.concatenate([array.ravel() for array in arrays])

    fails("one-vector", elsewhere, mistake="a new vector", words="left its argument `theta` as it was")


def test_arguments_in_lists_are_shown_short():
    result = fails("one-vector", lambda theta, sizes, arrays: theta)
    assert "sizes=[2, 3], arrays=[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0, 9.0]])" in result.message
    assert len(fails("half-loaded", lambda stored, parameters: (True, [])).message) < 600


def test_gradients_in_pairs_are_not_taken_for_one_list():
    def pairs(*arguments):
        flat = solution("backward-loop")["backward_loop"](*arguments)
        return [tuple(flat[i : i + 2]) for i in range(0, len(flat), 2)]

    fails("backward-loop", pairs, words="has 2 entries, wanted a list of 4")


def test_int_is_right_whether_it_has_32_bits_or_64():
    confusion = solution("confusion-matrix")["confusion"]
    assert check("confusion-matrix", lambda *arguments: confusion(*arguments).astype(np.int32)).passed, "int has 32 bits in a browser"
    for other in (np.float32, np.int16, np.uint64):
        fails("confusion-matrix", lambda *arguments, other=other: confusion(*arguments).astype(other))


def test_a_borrowed_accuracy_is_not_yet_an_answer():
    assert check("accuracy", bpkit.accuracy).status == "not yet"


def test_confidences_sorted_by_digitize_are_right_too():
    def digitized(P, y, groups):
        confidence, right = P.max(axis=1), P.argmax(axis=1) == y
        group = np.clip(np.digitize(confidence, np.linspace(0, 1, groups + 1)) - 1, 0, groups - 1)
        members = [group == b for b in range(groups) if (group == b).any()]
        return sum(rows.mean() * abs(right[rows].mean() - confidence[rows].mean()) for rows in members)

    assert check("calibration-error", digitized).passed


def test_a_dropout_that_draws_at_random_is_found():
    def drawn(X, mask, keep):
        return np.where(np.random.default_rng().random(X.shape) < keep, X / keep, 0)

    fails("dropout-layer", drawn, solution("dropout-layer")["dropout_vjp"])
