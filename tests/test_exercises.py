"""Every exercise of the book: its solution passes, its wrong answers fail with their own hint."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from bpbook.exercises import check
from bpbook.exercises.make import fill_in_cells, solved_cells
from bpbook.exercises.source import KINDS, Block, Exercise, SourceError, by_chapter, load_all, parse

EXERCISES = list(load_all().values())
CHAPTERS = (
    "01_linear_regression",
    "02_gradient_descent",
    "03_binary_cross_entropy",
    "04_softmax_cross_entropy",
    "05_chain_rule",
    "06_gradient_checking",
    "07_activations",
    "08_backpropagation_by_hand",
    "09_layers",
    "10_real_classifier",
)


def each(kind: str) -> pytest.MarkDecorator:
    """Parametrise over every block of one kind in every exercise."""
    pairs = [(exercise, block) for exercise in EXERCISES for block in getattr(exercise, kind)]
    return pytest.mark.parametrize(("exercise", "block"), pairs, ids=[f"{exercise.id}: {block.title}" for exercise, block in pairs])


every = pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.id for exercise in EXERCISES])


def verdict(exercise: Exercise, block: Block):
    return check(exercise.id, *exercise.namespace(block).values())


@every
def test_the_solution_passes(exercise):
    result = verdict(exercise, exercise.sections["solution"])
    assert result.status == "passed", result


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers may overflow
@every
def test_the_solution_is_true(exercise):
    """`verify` knows the answer in another way, and can fail: it refuses at least one wrong answer."""
    verify = exercise.checks["verify"]
    verify(**exercise.solution)
    refused = 0
    for wrong in exercise.wrongs:
        try:
            verify(**exercise.namespace(wrong))
        except Exception:
            refused += 1
    assert refused, "verify accepts every wrong answer: it checks nothing"


@every
def test_the_untouched_stub_is_not_yet(exercise):
    result = verdict(exercise, exercise.sections["stub"])
    assert result.status == "not yet", result
    assert not result.mistake


@each("rights")
def test_every_other_right_answer_passes(exercise, block):
    result = verdict(exercise, block)
    assert result.status == "passed", result


@each("wrongs")
def test_every_wrong_answer_fails_with_its_own_hint(exercise, block):
    result = verdict(exercise, block)
    assert result.status == "wrong", result
    assert result.mistake == block.title, result
    assert result.hint == block.prose


@every
def test_there_are_enough_answers(exercise):
    assert len(exercise.wrongs) >= 5
    assert len(exercise.rights) >= 2
    titles = Counter(block.title for block in (*exercise.wrongs, *exercise.rights))
    assert max(titles.values()) == 1, "two blocks have one title"
    programs = Counter(ast.dump(ast.parse(block.code)) for block in (exercise.sections["solution"], *exercise.rights, *exercise.wrongs))
    assert max(programs.values()) == 1, "two blocks hold one program"


@every
def test_every_hint_is_a_sentence(exercise):
    for wrong in exercise.wrongs:
        assert len(wrong.prose) > 30, wrong.title
        assert wrong.prose.rstrip()[-1] in ".?!)", wrong.title


@every
def test_functions_have_probes(exercise):
    called = {name for name, _ in exercise.probes}
    assert called == set(exercise.functions)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_has_six_exercises_of_four_kinds(chapter):
    exercises = by_chapter().get(chapter, [])
    assert len(exercises) >= 6
    assert {exercise.kind for exercise in exercises} == set(KINDS)
    names = Counter(name for exercise in exercises for name in exercise.answers)
    assert max(names.values()) == 1, "two exercises of a chapter want an answer of one name"


@every
def test_the_notebook_to_fill_in_holds_no_solution(exercise):
    words = {"chapter": exercise.chapter, "number": 1, "title": "t"}
    text = "\n".join(cell["source"] for cell in fill_in_cells([exercise], words))
    stub = {line.strip() for line in exercise.sections["stub"].code.splitlines()}
    new = [line.strip() for line in exercise.sections["solution"].code.splitlines() if line.strip() not in stub]
    body = [line for line in new if len(line) > 12 and not line.startswith(("def ", "import ", "from ", "#"))]
    assert not [line for line in body if line in text]
    assert exercise.sections["solution"].code.strip() not in text
    for wrong in exercise.wrongs:
        assert wrong.prose not in text


@every
def test_the_solved_notebook_holds_the_task_the_solution_and_the_hints(exercise):
    words = {"chapter": exercise.chapter, "number": 1, "title": "t"}
    cells = solved_cells([exercise], words)
    text = "\n".join(cell["source"] for cell in cells)
    assert f":label: ex-{exercise.id}\n" in text
    assert exercise.sections["solution"].code.strip() in [cell["source"] for cell in cells]
    assert text.index("{solution-start}") < text.index(exercise.sections["solution"].code.strip()) < text.index("{solution-end}")


# --- the format of a source -----------------------------------------------------------------------

SOURCE = """\
+++
id = "a"
kind = "rebuild"
title = "t"
answers = ["f"]
+++

# task

Write f.

# stub

```python
# a comment at the start of a line is no heading
def f(x): ...
```

# solution

Because.

```python
def f(x):
    return x
```

# wrong: turned round

A hint.

```python
def f(x):
    return -x
```
"""


def test_a_source_is_read():
    exercise = parse(SOURCE, "a.md", "01")
    assert (exercise.id, exercise.kind, exercise.chapter) == ("a", "rebuild", "01")
    assert exercise.sections["stub"].code.startswith("# a comment")
    assert [wrong.title for wrong in exercise.wrongs] == ["turned round"]
    assert exercise.wrongs[0].prose == "A hint."
    assert exercise.solution["f"](3) == 3
    assert exercise.namespace(exercise.wrongs[0])["f"](3) == -3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "rebuild"', 'kind = "guess"', "kind is 'guess', wanted one of rebuild"),
        ('title = "t"\n', "", "title missing"),
        ("+++\n\n# task", "\n# task", "header"),
        ("# stub\n", "# stubb\n", "heading 'stubb', wanted one of"),
        ("```python\ndef f(x):\n    return x\n```", "", "'solution' holds 0 python blocks, wanted 1"),
    ],
)
def test_a_faulty_source_is_refused_with_its_name_and_fault(old, new, message):
    assert old in SOURCE
    with pytest.raises(SourceError, match=r"a\.md") as caught:
        parse(SOURCE.replace(old, new, 1), "a.md", "01")
    assert message in str(caught.value)


def test_a_block_that_does_not_define_the_answer_is_refused():
    exercise = parse(SOURCE.replace("def f(x):\n    return x", "def g(x):\n    return x"), "a.md", "01")
    with pytest.raises(SourceError, match="does not define f"):
        _ = exercise.solution
