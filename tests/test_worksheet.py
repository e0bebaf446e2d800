"""The worksheet: its numbers, its page on screen and on paper, and the check that names the first wrong step."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).parent))

from test_browser import browser

from bpbook.__main__ import main
from bpbook.worksheet import Sheet, check_worksheet, make_sheet, render
from bpbook.worksheet.marking import cell
from bpbook.worksheet.sheet import APART, TOLERANCE, work
from bpbook.worksheet.step import evaluate
from bpbook.worksheet.steps import ACTIVATIONS, LOSSES, PARAMETERS

__all__ = ["browser"]
KINDS = list(product(ACTIVATIONS, LOSSES))
kinds = pytest.mark.parametrize(("activation", "loss"), KINDS)


# --- the numbers ----------------------------------------------------------------------------------


@kinds
def test_same_seed_gives_the_same_page_and_other_seeds_other_numbers(activation: str, loss: str) -> None:
    sheets = [make_sheet(seed, activation, loss) for seed in range(8)]
    make_sheet.__globals__["_made"].cache_clear()
    assert render(sheets[3]) == render(make_sheet(3, activation, loss))
    assert len({tuple(sheet.given.values()) for sheet in sheets}) == 8


def test_numbers_of_a_seed_never_change() -> None:
    """What was printed last year must still be checked rightly: a change of the choice breaks every sheet in a drawer."""
    given = make_sheet(1).given
    assert {name: given[name] for name in ("x1", "x2", "w11", "w12", "b1", "v2", "c", "y")} == pytest.approx(
        {"x1": -1, "x2": 2, "w11": 1, "w12": 2, "b1": 2, "v2": -1, "c": -1, "y": 0.7}
    )


@pytest.mark.parametrize(("activation", "loss", "wanted"), [("leaky_relu", "mse", "f9af930a9d29"), ("sigmoid", "bce", "ac79e856acda")])
def test_numbers_of_more_seeds_never_change(activation: str, loss: str, wanted: str) -> None:
    given = [make_sheet(seed, activation, loss).given for seed in range(4)]
    assert sha256(repr([sorted(numbers.items()) for numbers in given]).encode()).hexdigest()[:12] == wanted


@kinds
def test_answers_agree_with_the_formulas_and_with_autograd(activation: str, loss: str) -> None:
    below = {"leaky_relu": 0.1, "relu": 0.0}.get(activation)

    def f(z: Any) -> Any:
        return 1 / (1 + anp.exp(-z)) if below is None else anp.where(z > 0, z, below * z)

    def whole(parameters: Any, sheet: Sheet) -> Any:
        w11, w12, w21, w22, b1, b2, v1, v2, c = parameters
        x1, x2, y = (sheet.given[name] for name in ("x1", "x2", "y"))
        z3 = v1 * f(x1 * w11 + x2 * w21 + b1) + v2 * f(x1 * w12 + x2 * w22 + b2) + c
        return (z3 - y) ** 2 if loss == "mse" else anp.log(1 + anp.exp(z3)) - y * z3

    for seed in range(6):
        sheet = make_sheet(seed, activation, loss)
        worked = work(sheet, {})
        assert list(worked) == list(sheet.answers) == [step.name for step in sheet.steps]
        assert all(abs(worked[name] - sheet.answers[name]) < 1e-12 for name in worked)
        parameters = np.array([sheet.given[name] for name in PARAMETERS])
        assert whole(parameters, sheet) == pytest.approx(sheet.answers["L"], rel=1e-12)
        gradient = grad(whole)(parameters, sheet)
        assert np.abs(gradient - [sheet.answers[f"d{name}"] for name in PARAMETERS]).max() < 1e-12
        new = whole(parameters - sheet.given["eta"] * gradient, sheet)
        assert new == pytest.approx(sheet.new_loss(sheet.answers)) and new < 0.8 * sheet.answers["L"]


@kinds
def test_numbers_are_friendly(activation: str, loss: str) -> None:
    for seed in range(10):
        sheet = make_sheet(seed, activation, loss)
        assert all(abs(value) <= 9 for value in (*sheet.given.values(), *sheet.answers.values()))
        assert all(value * 2 == round(value * 2) for name, value in sheet.given.items() if name not in ("y", "eta"))
        assert abs(sheet.given["x1"]) != abs(sheet.given["x2"])
        assert all(sheet.given[one] != sheet.given[other] for one, other in (("w11", "w12"), ("w21", "w22")))
        gradients = [sheet.answers[step.name] for step in sheet.steps if step.part == "backward"]
        if activation != "relu":
            assert min(map(abs, gradients)) >= APART
        if activation != "sigmoid":
            assert sheet.answers["z1"] * sheet.answers["z2"] < 0  # both sides of the kink
        if activation != "sigmoid" and loss == "mse":
            digits = {step.name: 3 if step.part == "update" else 2 for step in sheet.steps}
            assert all(value == pytest.approx(round(value, digits[name]), abs=1e-9) for name, value in sheet.answers.items())


# --- the check ------------------------------------------------------------------------------------


def test_everything_right_and_nothing_done() -> None:
    sheet = make_sheet(7)
    done = check_worksheet(7, sheet.answers)
    assert (
        done and done.first_wrong is None and "✓ Worksheet 7: 29 of 29 steps right" in repr(done) and "the loss falls from" in done.message
    )
    empty = check_worksheet(7, {})
    assert not empty and empty.first_wrong is None and repr(empty) == "… Worksheet 7: nothing is filled in yet. Begin with z1."
    half = check_worksheet(7, [*list(sheet.answers.values())[:10], None])
    assert not half and half.first_wrong is None and "Everything so far is right. Next: `da1`." in half.message
    assert half._repr_markdown_().startswith("… **Worksheet 7: 10 of 29 steps right.**")
    every = [float(value) for value in sheet.answers.values()]
    assert check_worksheet(7, every) and check_worksheet(7, np.array(every)) and check_worksheet(7, tuple(every))
    other = {"z1": np.float32(sheet.answers["z1"]), "z2": Fraction(sheet.answers["z2"]), "a1": Decimal(sheet.answers["a1"])}
    assert set(check_worksheet(7, other).marks.values()) == {"right", "blank"}


@kinds
def test_every_usual_mistake_is_named_at_its_step_with_its_hint(activation: str, loss: str) -> None:
    for seed in range(4):
        sheet = make_sheet(seed, activation, loss)
        values = sheet.given | sheet.answers
        for step in sheet.steps:
            for wrong, words in step.mistakes:
                value = evaluate(wrong, values, activation)
                if abs(value - sheet.answers[step.name]) <= TOLERANCE:
                    assert activation == "relu", (seed, step.name, wrong)  # zero either way
                    continue
                found = check_worksheet(seed, sheet.answers | {step.name: value}, activation, loss)
                assert not found and found.first_wrong == step.name
                # Two mistakes can give one number: then both are said, and a third is not.
                same = [other for other, _ in step.mistakes if abs(evaluate(other, values, activation) - value) <= 2 * TOLERANCE]
                assert words in found.hint or len(same) > 2, (seed, step.name, wrong, found.hint)


@kinds
def test_what_follows_from_a_mistake_is_told_from_a_second_mistake(activation: str, loss: str) -> None:
    sheet = make_sheet(2, activation, loss)
    wrong = 3.7  # above zero, so that it changes what follows, also through a ReLU
    entries = work(sheet, {"z1": wrong}) | {"z1": wrong}
    entries["dw22"] += 0.7
    entries["new_c"] = None
    found = check_worksheet(2, entries, activation, loss)
    assert found.first_wrong == "z1" and not found
    assert found.marks["z2"] == "right" and found.marks["z3"] == "follows" and found.marks["dv1"] == "follows"
    assert [name for name, mark in found.marks.items() if mark == "wrong"][:2] == ["z1", "dw22"] and found.marks["new_c"] == "blank"
    assert "Rightly worked out from a mistake before" in found.message and "Wrong for another reason: `dw22`" in found.message


def test_mistake_is_followed_across_a_blank_and_a_right_entry_after_it_counts() -> None:
    sheet = make_sheet(3)
    own = work(sheet, {"z1": sheet.answers["z1"] + 2})
    found = check_worksheet(3, {"z1": sheet.answers["z1"] + 2, "z3": own["z3"], "dz3": sheet.answers["dz3"]})
    assert (found.marks["a1"], found.marks["z3"], found.marks["dz3"]) == ("blank", "follows", "right")
    assert "It follows from" in check_worksheet(3, {"z3": 99.0}).message and "(not done yet)" in check_worksheet(3, {"z3": 99.0}).message


def test_a_number_that_a_mistake_does_not_change_is_right_and_stays() -> None:
    entries = dict(make_sheet(3).answers) | {"z1": 1.0}  # above zero as before: the slope, and so dz1, is the same
    found = check_worksheet(3, entries)
    assert found.first_wrong == "z1" and list(found.marks.values()).count("right") == 28
    assert "work them out again" not in found.message


def test_words_for_a_lost_sign_a_moved_point_and_a_mistake_nobody_knows() -> None:
    sheet = make_sheet(5)
    right = sheet.answers["z3"]
    assert "the sign is not" in check_worksheet(5, {"z3": -right}).hint or "sign" in check_worksheet(5, {"z3": -right}).hint
    assert "the point is not in its place" in check_worksheet(5, {"z3": 10 * right}).hint
    assert check_worksheet(5, {"z3": 77.7}).hint == "Look at the rule for `z3` on the sheet, and work it out again."


@pytest.mark.parametrize("loss", LOSSES)
def test_pencil_and_table_are_exact_enough(loss: str) -> None:
    """Three digits at each step, and the logarithm at the nearest entry of the table, stay within the tolerance."""
    for seed in range(12):
        sheet = make_sheet(seed, "sigmoid", loss)
        values, entries = dict(sheet.given), {}
        for step in sheet.steps:
            value = evaluate(step.formula, values, "sigmoid")
            if step.name == "p":
                value = evaluate("sigmoid(z)", {"z": round(values["z3"], 1)}, "sigmoid")
            if step.name == "L" and loss == "bce":
                p = evaluate("sigmoid(z)", {"z": round(values["z3"], 1)}, "sigmoid")
                value = evaluate(step.formula, values | {"p": p}, "sigmoid")
            values[step.name] = entries[step.name] = round(value, 3)
        assert check_worksheet(seed, entries, "sigmoid", loss), seed


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((-1, {}), ValueError, "seed is -1, wanted a whole number from 0 to 999999"),
        ((10**6, {}), ValueError, "seed is 1000000"),
        ((1.0, {}), TypeError, "seed is 1.0"),
        ((True, {}), TypeError, "seed is True"),
        (("1", {}), TypeError, "seed is '1'"),
        ((1, {}, "tanh"), ValueError, "activation is 'tanh', wanted one of leaky_relu, relu, sigmoid"),
        ((1, {}, "relu", "mae"), ValueError, "loss is 'mae', wanted one of mse, bce"),
        ((1, "text"), TypeError, "entries is 'text' of type str, wanted a dict or a list"),
        ((1, 3.0), TypeError, "entries is 3.0 of type float, wanted a dict or a list"),
        ((1, {"dw13": 1.0}), ValueError, "entries has 'dw13', which is no step of this worksheet; did you mean 'dw21'?"),
        ((1, {"weight": 1.0}), ValueError, "entries has 'weight', which is no step of this worksheet; wanted names such as 'z1'"),
        ((1, {"p": 0.5}), ValueError, "entries has 'p'"),
        ((1, {"z1": "1,5"}), TypeError, "entries['z1'] is '1,5' of type str, wanted a number, or None"),
        ((1, {"z1": True}), TypeError, "entries['z1'] is True of type bool"),
        ((1, {"z1": 1j}), TypeError, "entries['z1'] is 1j of type complex"),
        ((1, {"z1": [1.0]}), TypeError, "entries['z1'] is [1.0] of type list"),
        ((1, {"z1": float("nan")}), ValueError, "entries['z1'] is nan, wanted a finite number"),
        ((1, {"z1": 10**400}), ValueError, "wanted a finite number"),
        ((1, [1.0] * 30), ValueError, "entries has 30 entries, wanted at most 29"),
    ],
)
def test_bad_input_is_named(arguments: tuple[Any, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)):
        check_worksheet(*arguments)


def test_huge_entry_is_only_wrong() -> None:
    found = check_worksheet(1, {"z3": 1e300, "L": 1.0, "dz3": -1.0}, "sigmoid")
    assert found.first_wrong == "z3"
    found = check_worksheet(1, {"p": -3.0, "L": 1.0}, "sigmoid")
    assert found.first_wrong == "p"


# --- the page -------------------------------------------------------------------------------------


@kinds
def test_page_stands_alone_and_has_a_box_for_each_step(activation: str, loss: str) -> None:
    sheet = make_sheet(4, activation, loss)
    text = render(sheet)
    page = BeautifulSoup(text, "html.parser")
    assert not page.find_all("script") and not page.find_all("img")
    assert {link["href"] for link in page.find_all(href=True)} == {"data:,"} and not re.search(
        r"url\(|@import|(?<!xmlns=\")https?://", text
    )
    boxes = page.select(".steps .box")
    assert len(boxes) == len(sheet.steps) and not "".join(box.text for box in boxes)
    assert ("Table of the sigmoid" in text) == (activation == "sigmoid" or loss == "bce")
    assert page.title and page.title.text == "Backpropagation by hand: worksheet 4" and page.html and page.html["lang"] == "en"
    filled = BeautifulSoup(render(sheet, solution=True), "html.parser")
    numbers = [float(box.text.replace("−", "-")) for box in filled.select(".steps .box")]
    assert numbers == pytest.approx(list(sheet.answers.values()), abs=6e-4)
    assert all(row.text for row in filled.select(".steps .working")) and not filled.select("pre")


@kinds
def test_working_on_the_solution_gives_the_result_beside_it(activation: str, loss: str) -> None:
    page = BeautifulSoup(render(make_sheet(6, activation, loss), solution=True), "html.parser")
    for row in page.select(".steps li.row"):
        working, result = (row.select_one(f".{name}").text for name in ("working", "box"))
        assert not re.search(r"[·−+] −", working), working  # a negative factor stands in brackets
        if row.select_one(".name").text == "L =" and loss == "bce":
            assert re.fullmatch(r"−ln\((1 − )?0\.\d+\)", working)
        text = working.replace("−", "-").replace("·", "*").replace("²", "**2").replace("σ", "sigmoid").replace("ln", "log")
        assert evaluate(text, {}, activation) == pytest.approx(float(result.replace("−", "-")), abs=0.006), row.text


@kinds
def test_cell_on_the_page_runs(activation: str, loss: str) -> None:
    sheet = make_sheet(9, activation, loss)
    source = cell(sheet)
    assert source in BeautifulSoup(render(sheet), "html.parser").select_one("pre").text
    names: dict[str, Any] = {}
    lines = source.splitlines()
    exec("\n".join([lines[0], "found = " + "\n".join(lines[2:])]), names)
    assert set(names["found"].marks) == {step.name for step in sheet.steps}
    for name, value in sheet.answers.items():
        source = re.sub(rf"\b{name}=None", f"{name}={value!r}", source)
    lines = source.splitlines()
    exec("\n".join([lines[0], "found = " + "\n".join(lines[2:])]), names)
    assert names["found"]


def test_on_screen_and_on_paper(browser: Any, tmp_path: Path) -> None:
    """No request, nothing wider than the page, and two pages on A4 and Letter, with the backward pass on the second."""
    for (activation, loss), solution in product(KINDS, (False, True)):
        path = tmp_path / f"{activation}-{loss}-{solution}.html"
        path.write_text(render(make_sheet(11, activation, loss), solution), encoding="utf-8")
        for width, scheme in ((1280, "light"), (360, "dark")):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page, seen = context.new_page(), []
            page.on("request", lambda request, seen=seen: seen.append(request.url))
            page.on("console", lambda message, seen=seen: seen.append(message.text))
            page.goto(path.as_uri())
            assert [url for url in seen if not url.startswith("data:")] == [path.as_uri()]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)
            for size in ("A4", "Letter") if scheme == "light" else ():
                pdf = page.pdf(format=size)
                assert len(re.findall(rb"/Type\s*/Page\b[^s]", pdf)) == 2, (path.name, size)
            context.close()
        context = browser.new_context(viewport={"width": 700, "height": 960})  # the printable part of A4, at 96 dots per inch
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto(path.as_uri())
        style = "(query, name) => getComputedStyle(document.querySelector(query))[name]"
        for query, name, value in ((".backward", "breakBefore", "page"), (".row", "breakInside", "avoid")):
            assert page.evaluate(f"({style})('{query}', '{name}')") == value
        wider = (
            "[...document.querySelectorAll('html, .row, pre, li, section, section > div')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        )
        assert page.evaluate(f"{wider}.map(e => [e.tagName, e.className, e.scrollWidth, e.clientWidth])") == [], path.name
        context.close()


def test_page_has_no_fault_for_axe(browser: Any, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    path = tmp_path / "sheet.html"
    path.write_text(render(make_sheet(1, "sigmoid")), encoding="utf-8")
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(path.as_uri())
        faults = axe.run(page).response["violations"]
        assert not faults, [(fault["id"], fault["nodes"][0]["html"][:90]) for fault in faults]
        context.close()


# --- the command ----------------------------------------------------------------------------------


def test_command_writes_one_page_for_each_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["worksheet", "--seed", "5"]) == 0
    assert Path("worksheet-5.html").read_text(encoding="utf-8") == render(make_sheet(5))
    assert capsys.readouterr().out == "written: worksheet-5.html\n"
    assert main(["worksheet", "--seed", "5", "6", "5", "--out", "a/class", "--activation", "sigmoid", "--solution"]) == 0
    assert sorted(path.name for path in Path("a/class").iterdir()) == ["worksheet-5-solution.html", "worksheet-6-solution.html"]
    assert Path("a/class/worksheet-6-solution.html").read_text(encoding="utf-8") == render(make_sheet(6, "sigmoid"), solution=True)
    assert main(["worksheet", "--seed", "1", "--loss", "bce", "--out", "one.html"]) == 0
    assert Path("one.html").read_text(encoding="utf-8") == render(make_sheet(1, "leaky_relu", "bce"))
    capsys.readouterr()
    assert main(["worksheet", "--seed", "1", "--out", "-"]) == 0
    assert capsys.readouterr().out == render(make_sheet(1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "-1"], "--seed is -1, wanted a whole number from 0 to 999999"),
        (["--seed", "x"], "invalid int value"),
        ([], "--seed"),
        (["--seed", "1", "2", "--out", "-"], "--out - takes one worksheet"),
        (["--seed", "1", "--activation", "tanh"], "invalid choice"),
        (["--seed", "1", "--out", "none/there/sheet.html"], "cannot write none/there/sheet.html: No such file"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["worksheet", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    shown = capsys.readouterr()
    assert code == 2 and words in shown.err and "Traceback" not in shown.err and not shown.out and not list(tmp_path.iterdir())
