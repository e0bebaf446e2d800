"""Notebooks that give right and wrong answers to the exercises, with what their checks must say."""

from __future__ import annotations

from typing import Any

from bpbook.exercises.judge import judge
from bpbook.exercises.references import bugs_of, catalogued
from bpbook.exercises.source import Exercise, by_chapter, load_all

SETUP = """\
from bpbook.exercises import check
from bpbook.exercises.source import load_all


def say(name):
    exercise = load_all()[name]
    for block in (exercise.sections["solution"], exercise.sections["stub"], *exercise.rights, *exercise.wrongs):
        result = check(name, *exercise.namespace(block).values())
        hint = result.hint == block.prose and f"with the hint {result.mistake!r}"
        print(f"{block.title}: {result.status}", hint or result.message if result.status == "wrong" else "")
"""
ENDLESS = """\
def answer(*arguments):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


result = check({name!r}, *[answer] * {count})
print(result.status, "too many steps" in result.message)
"""
CATALOGUE = """\
from bpbook.exercises.judge import judge
from bpbook.exercises.references import catalogued

for bug, seen in catalogued({name!r}):
    print(judge(load_all()[{name!r}], seen).hint)
"""


def notebook(chapter: str) -> Any:
    """Return a notebook that gives every answer of the sources to each exercise of a chapter, with what the checks must say."""
    from nbformat.v4 import new_notebook

    exercises = by_chapter()[chapter]
    cells = [_cell(SETUP, ""), *map(_answers, exercises), *_catalogue(exercises), _endless(exercises)]
    return new_notebook(cells=cells)  # type: ignore[no-untyped-call]


def _answers(exercise: Exercise) -> Any:
    """Return a cell that gives all answers to one exercise: a known wrong one must get its own hint."""
    wanted = [("solution", "passed "), ("stub", "not yet ")]
    wanted += [(block.title, "passed ") for block in exercise.rights]
    wanted += [(block.title, f"wrong with the hint {block.title!r}") for block in exercise.wrongs]
    return _cell(f"say({exercise.id!r})", "".join(f"{title}: {verdict}\n" for title, verdict in wanted))


def _catalogue(exercises: list[Exercise]) -> list[Any]:
    """Return a cell that gives one exercise the bugs of the catalogue, which must get the same hints as here; or none."""
    for name in (exercise.id for exercise in exercises if bugs_of(exercise)):
        hints = [judge(load_all()[name], seen).hint for _, seen in catalogued(name)]
        return [_cell(CATALOGUE.format(name=name), "".join(f"{hint}\n" for hint in hints))]
    return []


def _endless(exercises: list[Exercise]) -> Any:
    """Return a cell that gives an answer without end, which catches all that could end it."""
    called = next(exercise for exercise in exercises if exercise.functions)
    return _cell(ENDLESS.format(name=called.id, count=len(called.answers)), "wrong True\n")


def _cell(source: str, text: str) -> Any:
    from nbformat.v4 import new_code_cell, new_output

    outputs = [new_output("stream", name="stdout", text=text)] if text else []  # type: ignore[no-untyped-call]
    return new_code_cell(source, outputs=outputs)  # type: ignore[no-untyped-call]
