"""`check` answers whatever it is given: kindly, precisely, and without a trace left behind."""

from __future__ import annotations

import asyncio
import builtins
import itertools
import os
import random
import subprocess
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from bpbook.exercises import check
from bpbook.exercises.budget import Budget, BudgetExceeded
from bpbook.exercises.diagnose import Pair, describe
from bpbook.exercises.judge import judge
from bpbook.exercises.observe import Observation, observe
from bpbook.exercises.references import bugs_of, catalogued
from bpbook.exercises.source import load_all


def right(dL, L, y_hat, y):
    g = dL * (2 / y_hat.size) * (y_hat - y)
    return g, -g


def refused(answer, *words: str, exercise: str = "mse-vjp", status: str = "wrong"):
    result = check(exercise, answer)
    assert result.status == status, result
    for word in words:
        assert word in result.message, result.message
    assert "Traceback" not in repr(result)
    return result


# --- answers that do not end ------------------------------------------------------------------------


# From text, because a formatter would spread the loops: on one line they give no line events on Python 3.11.
ON_ONE_LINE = """
def while_pass(*_):
    while True: pass

def try_pass(*_):
    while True:
        try: x = 1
        except: pass

def finally_continue(*_):
    while True:
        try: x = 1
        finally: continue
"""
one_line: dict = {}
exec(ON_ONE_LINE, one_line)


def while_two_lines(*_):
    while True:
        pass


def swallows(*_):
    while True:
        try:
            _ = 1
        except:  # noqa: E722
            _ = 2


def swallows_deeply(*_):
    while True:
        try:
            try:
                _ = 1
            except BaseException:
                _ = 2
        except BaseException:
            _ = 3


def keeps_the_exception(*_):
    kept = []
    while True:
        try:
            _ = 1
        except BaseException as error:
            kept.append(error)


def loop_in_a_helper(*_):
    def helper():
        while True:
            _ = 1

    while True:
        try:
            helper()
        except:  # noqa: E722
            continue


def comprehension(*_):
    return [0 for _ in itertools.count()]


def generator_expression(*_):
    return sum(0 for _ in itertools.count())


def recursion_in_a_loop(*_):
    def deeper():
        return deeper()

    while True:
        try:
            deeper()
        except:  # noqa: E722
            _ = 2


def loop_in_repr(*_):
    class Endless:
        def __array__(self, dtype=None, copy=None):
            while True:
                _ = 1

    return Endless()


def loop_in_the_message(*_):
    class Endless(Exception):
        def __str__(self):
            while True:
                _ = 1

    raise Endless


ENDLESS = [
    one_line["while_pass"],
    one_line["try_pass"],
    one_line["finally_continue"],
    while_two_lines,
    swallows,
    swallows_deeply,
    keeps_the_exception,
    loop_in_a_helper,
    comprehension,
    generator_expression,
    loop_in_repr,
]


@pytest.mark.parametrize("answer", ENDLESS)
def test_an_answer_that_loops_is_stopped(answer):
    refused(answer, "did not come to an end")


def test_a_loop_in_a_destructor_is_stopped():
    class Endless:
        def __del__(self):
            while True:
                _ = 1

    def answer(*_):
        Endless()

    refused(answer, "did not come to an end")


def test_a_message_that_loops_is_stopped():
    refused(loop_in_the_message, "its message cannot be shown")


def endless_recursion(*arguments):
    return endless_recursion(*arguments)


@pytest.mark.parametrize("answer", [recursion_in_a_loop, endless_recursion])
def test_an_answer_that_calls_itself_for_ever_is_stopped(answer):
    refused(answer, "called itself too many times")


def test_the_trace_function_of_a_debugger_is_put_back():
    def tracer(frame, event, argument):
        return None

    def profiler(frame, event, argument):
        return None

    before = sys.gettrace(), sys.getprofile(), sys.getrecursionlimit()
    sys.settrace(tracer)
    sys.setprofile(profiler)
    try:
        check("mse-vjp", swallows)
        during = sys.gettrace(), sys.getprofile()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    assert during == (tracer, profiler)
    assert sys.getrecursionlimit() == before[2]


def test_a_budget_that_suffices_changes_nothing():
    with Budget(1000) as budget:
        total = sum(number for number in range(100))
    assert total == 4950
    assert 0 < budget.left < 1000


def test_a_budget_that_is_spent_stops_at_once():
    count = 0
    with pytest.raises(BudgetExceeded), Budget(1000):
        while True:
            count = endless_step(count)
    assert 0 < count < 1000


def endless_step(count: int) -> int:
    return count + 1


# --- answers that stop ------------------------------------------------------------------------------


def raises_badly(*_):
    class Bad(Exception):
        def __str__(self):
            raise ValueError

        __repr__ = __str__

    raise Bad


def exits(*_):
    sys.exit(3)


def interrupts(*_):
    raise KeyboardInterrupt


def out_of_memory(*_):
    raise MemoryError


def asks(*_):
    return input("what is the gradient? ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises_badly, ("Bad: (its message cannot be shown)",)),
        (exits, ("exit call",)),
        (interrupts, ("interrupted",)),
        (out_of_memory, ("memory",)),
        (asks, ("EOFError", "input()")),
        (lambda *_: 1 / 0, ("ZeroDivisionError: division by zero", "lambda *_: 1 / 0")),
        (lambda x: x, ("TypeError", "positional argument")),
        (lambda *_: undefined_name, ("NameError", "undefined_name")),  # noqa: F821
        (3, ("You gave a number, wanted the function itself: `mse_vjp`",)),
        ("mse_vjp", ("You gave the text", "without brackets")),
    ],
)
def test_an_error_is_shown_as_a_sentence_with_its_line(answer, words):
    refused(answer, *words)


# --- nonsense ---------------------------------------------------------------------------------------


class Hostile:
    """Raises whatever is asked of it."""

    def _raise(self, *_):
        raise RuntimeError("hostile")

    __eq__ = __repr__ = __str__ = __bool__ = __len__ = __float__ = __array__ = __hash__ = __iter__ = _raise

    @property
    def __class__(self):
        raise RuntimeError("hostile")


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("a text", ("the text `'a text'`", "wanted a tuple of 2")),
        (object(), ("an object of type object",)),
        ({"dy_hat": 1}, ("an object of type dict",)),
        ((1, 2, 3), ("has 3 entries, wanted a tuple of 2",)),
        ((np.ones(2), None), ("`dy_hat`", "differs in 2 of 2 entries: entry [0] is 1, wanted 0")),
        ((np.array([0.0, np.nan]), np.zeros(2)), ("`dy_hat` holds NaN",)),
        ((np.array([0.0, np.inf]), np.zeros(2)), ("`dy_hat` holds infinity",)),
        ((np.zeros(3), np.zeros(2)), ("`dy_hat` has shape (3,), wanted (2,)",)),
        ((np.array([0.0, 3.0], dtype=np.float32), np.array([0.0, -3.0])), ("`dy_hat` has dtype float32, wanted float64",)),
        ((np.array([0, 3]), np.array([0.0, -3.0])), ("`dy_hat` has dtype int64, wanted float64",)),
        ((np.array([None, 3]), np.zeros(2)), ("an array of dtype object",)),
        ((np.array(["a", "b"]), np.zeros(2)), ("an array of dtype",)),
        ((np.broadcast_to(0.0, (10**6, 10**6)), np.zeros(2)), ("too large to be an answer",)),
        ((10**400, 1), ("`dy_hat` has shape (), wanted (2,)",)),
        ([[[[[[[[1]]]]]]]], ("has 1 entry",)),
        (right, ("a function",)),
        ((np.zeros(2, dtype=complex), np.zeros(2)), ("dtype complex128",)),
    ],
)
def test_nonsense_is_named(returned, words):
    refused(lambda *_: returned, *words)


def test_an_object_that_raises_whatever_is_asked_of_it_is_survived():
    refused(lambda *_: Hostile(), "RuntimeError: hostile")
    refused(lambda *_: (Hostile(), Hostile()), "RuntimeError: hostile")
    refused(Hostile(), "You gave an object")
    assert check("half-the-loss", Hostile()).status == "wrong"
    assert check(Hostile(), right).status == "unknown"


def test_generators_and_coroutines_are_named():
    def generator(*_):
        yield 1

    async def coroutine(*_):
        await asyncio.sleep(0)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(generator, "write `return`, not `yield`")
        refused(coroutine, "write `def`, not `async def`")


@pytest.mark.parametrize(
    "stub",
    [..., None, NotImplemented, lambda *_: ..., lambda *_: None, lambda *_: NotImplemented, lambda *_: (..., ...)],
)
def test_an_untouched_stub_is_not_yet_however_it_is_made(stub):
    refused(stub, "`mse_vjp` has no result yet", status="not yet")


def test_a_stub_that_raises_is_not_yet():
    def stub(*_):
        raise NotImplementedError

    refused(stub, status="not yet")


def test_one_of_two_functions_may_still_be_open():
    huber = load_all()["huber-loss"].solution["huber"]
    result = check("huber-loss", huber, lambda *_: None)
    assert result.status == "not yet"
    assert "`huber_vjp` has no result yet" in result.message


# --- what leaks out -----------------------------------------------------------------------------------


def test_much_output_is_shown_shortened(capsys):
    def talks(dL, L, y_hat, y):
        for _ in range(1000):
            print("hello `world`" * 100)
        return right(dL, L, y_hat, y)

    result = check("mse-vjp", talks)
    assert result.passed
    assert "hello 'world'" in repr(result)
    assert len(repr(result)) < 1000
    assert capsys.readouterr() == ("", "")


def test_changed_arguments_are_found():
    def in_place(dL, L, y_hat, y):
        y_hat -= y
        y_hat *= dL * 2 / y_hat.size
        return y_hat, -y_hat

    refused(in_place, "changed its argument `y_hat`")


def test_an_answer_that_remembers_is_found():
    calls = []

    def remembers(dL, L, y_hat, y):
        calls.append(1)
        return right(dL * (len(calls) if y.size == 2 else 1), L, y_hat, y)

    refused(remembers, "another result when it is called again")


def test_every_setting_is_put_back():
    def meddles(dL, L, y_hat, y):
        np.seterr(all="raise")
        np.random.seed(0)
        random.seed(0)
        np.set_printoptions(precision=1)
        warnings.simplefilter("error")
        sys.stdout = sys.stderr = None
        builtins.input = None
        sys.setrecursionlimit(5000)
        os.chdir(os.sep)
        return right(dL, L, y_hat, y)

    def state():
        random_states = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]
        places = sys.stdout, sys.stderr, builtins.input, os.getcwd(), sys.unraisablehook
        return np.geterr(), np.get_printoptions()["precision"], list(warnings.filters), sys.getrecursionlimit(), random_states, places

    before = state()
    assert check("mse-vjp", meddles).passed
    assert state() == before


def test_a_warning_is_told_but_not_shown():
    def warns(dL, L, y_hat, y):
        _ = np.zeros(1) / np.zeros(1)
        return right(dL, L, y_hat, y)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = check("mse-vjp", warns)
    assert result.passed
    assert "invalid value" in result.message


# --- what is wrong, by its pattern ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g, y: 2 * g, "it is 2 times the right value everywhere"),
        (lambda g, y: g / 2, "it is 1/2 of the right value everywhere"),
        (lambda g, y: -g, "it has the opposite sign everywhere"),
        (lambda g, y: -3 * g, "it is 3 times the right value everywhere, with the opposite sign"),
        (lambda g, y: y.size * g, "everywhere it is the right value times the number of entries of `y_hat`"),
        (lambda g, y: -g / y.size, "everywhere it is the right value divided by the number of entries of `y_hat`, with the opposite sign"),
        (lambda g, y: len(y) * g, "everywhere it is the right value times the number of rows of `y_hat`"),
        (lambda g, y: 0 * g, "it is zero everywhere"),
        (lambda g, y: g.T, "it is transposed"),
    ],
)
def test_the_pattern_of_a_wrong_gradient_is_named(change, words):
    def answer(dL, L, y_hat, y):
        g, _ = right(dL, L, y_hat, y)
        g = change(g, y)
        return g.astype(y.dtype), -g.astype(y.dtype)

    assert words in check("mse-vjp", answer).message


def test_a_pattern_is_only_named_where_every_call_shows_it():
    pairs = [Pair(np.array([2.0, 4.0]), np.array([1.0, 2.0]), {"n": 2.0}), Pair(np.array([1.0, 5.0]), np.array([1.0, 2.0]), {"n": 2.0})]
    assert describe(pairs[:1]) == "it is 2 times the right value everywhere"
    assert describe(pairs) == ""
    assert describe([]) == ""


def test_a_mistake_in_one_output_is_recognised_beside_another():
    def answer(dL, L, y_hat, y):
        return dL * (y_hat - y) / y.size, y

    result = check("mse-vjp", answer)
    assert result.mistake == "the 2 from the square is missing"


# The first words of the hints of such bugs: no probe of the exercise shows them.
NONE_HERE = (
    "The chain rule has a factor W here",
    "Check that",
    "Compare with one coarse central difference",
    "Compare the shapes first",
    "Give each entry a step that fits its own size",
    "The number of rows is the product of all axes",
    "Return a new array",
)
# What a bug does is measured in its test: every worker collects all tests.
BUGS = [(exercise.id, place, bug["hint"]) for exercise in load_all().values() for place, bug in enumerate(bugs_of(exercise))]


@pytest.mark.parametrize(("exercise", "place", "hint"), BUGS, ids=[f"{exercise}: {hint[:40]}" for exercise, _, hint in BUGS])
def test_a_bug_of_the_catalogue_is_recognised(exercise, place, hint):
    """Bugs that only show on bad input, or on shapes that the exercise leaves out, are none here."""
    bug, seen = catalogued(exercise)[place]
    assert bug.prose == hint
    result = judge(load_all()[exercise], seen)
    if hint.startswith(NONE_HERE):
        assert result.passed
    else:
        assert result.status == "wrong"
        assert result.hint or "dtype" in result.message


# --- predicted answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        37 / 14,
        Fraction(37, 14),
        Decimal("2.6429"),
        np.float64(37 / 14),
        np.float32(37 / 14),
        np.array(37 / 14),
        np.array([37 / 14]),
        "37/14",
        " 2.643 ",
    ],
)
def test_a_number_may_be_spelled_in_many_ways(spelling):
    assert check("half-the-loss", spelling).passed


@pytest.mark.parametrize(
    ("spelling", "status"),
    [(float("nan"), "wrong"), ("no idea", "wrong"), ([], "wrong"), (2.7, "wrong"), (10**400, "wrong"), (..., "not yet"), (None, "not yet")],
)
def test_another_prediction_does_not_pass(spelling, status):
    result = check("half-the-loss", spelling)
    assert result.status == status
    assert "37" not in repr(result)
    assert "2.64" not in repr(result)


@pytest.mark.parametrize("spelling", [(3, 2), [3, 2], np.array([3, 2]), "(3, 2)", "3, 2", (3.0, 2.0)])
def test_a_shape_may_be_spelled_in_many_ways(spelling):
    assert check("gradient-shape", spelling).passed


@pytest.mark.parametrize("spelling", [(3,), 6, "3x2", (3, "2"), ((3, 2),), (3, 2, 1)])
def test_another_shape_does_not_pass(spelling):
    assert check("gradient-shape", spelling).status == "wrong"


def test_a_choice_that_is_none_is_named_with_the_letters():
    chosen = next(exercise for exercise in load_all().values() if exercise.choices)
    letter = chosen.solution[chosen.answers[0]]
    assert check(chosen.id, f" ({letter.upper()}) ").passed
    assert check(chosen.id, chosen.choices[letter]).passed
    assert "wanted one of the letters 'a', 'b'" in check(chosen.id, "zebra").message


# --- the call itself --------------------------------------------------------------------------------------


def test_an_unknown_exercise_is_answered_with_the_nearest_name():
    result = check("mse-vpj", right)
    assert result.status == "unknown"
    assert 'Did you mean `check("mse-vjp", ...)`?' in result.message
    assert "The exercises are: mse-vjp" in check("xyzzy").message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((right,), "The first argument is the name"), (("mse-vjp",), "wants 1 answer"), (("huber-loss", right), "huber, huber_vjp")],
)
def test_a_call_that_does_not_fit_is_explained(arguments, words):
    result = check(*arguments)
    assert not result.passed
    assert words in result.message


def test_a_result_is_shown_in_a_notebook_and_in_a_terminal():
    passed, failed = check("mse-vjp", right), check("mse-vjp", lambda *_: "`$x$` <b>")
    assert bool(passed)
    assert not failed
    assert repr(passed).startswith("✓ mse-vjp: passed")
    assert passed._repr_markdown_().startswith("✓ **mse-vjp: passed**")
    assert repr(failed).startswith("✗ mse-vjp: not right")


def test_an_observation_survives_json():
    exercise = load_all()["huber-loss"]
    seen = observe(exercise, exercise.solution)
    assert Observation.from_json(seen.to_json()).to_json() == seen.to_json()
    assert judge(exercise, Observation.from_json(seen.to_json())).passed


def test_checking_needs_numpy_alone():
    program = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sympy", "matplotlib", "nbformat", "IPython", "yaml", "scipy", "sklearn"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
from bpbook.exercises import check
print(check("mse-vjp", lambda *_: 1))
print(check("affine-vjp", lambda *_: 1))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "mse-vjp: not right" in done.stdout
