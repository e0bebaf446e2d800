"""`check`: the one function that a reader calls."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from bpbook.exercises.judge import judge
from bpbook.exercises.observe import observe
from bpbook.exercises.progress import record
from bpbook.exercises.result import Result, code
from bpbook.exercises.source import load_all


def check(*arguments: Any, **named: Any) -> Result:
    """Check an answer and say at once what is right or wrong with it.

    Parameters
    ----------
    *arguments : object
        The id of the exercise, as in its notebook, and what you wrote: a function, several functions, or a predicted value.
    **named : object
        What you wrote, by its name in the notebook.

    Returns
    -------
    Result
        Shown in a notebook; true where the exercise is solved. No error is ever raised.
    """
    result = verdict(*arguments, **named)
    record(result)
    return result


def verdict(*arguments: Any, **named: Any) -> Result:
    """Check an answer as `check` does, but keep nothing: for the solutions of the book, which are not the reader's own."""
    try:
        exercise, answers = (named.pop("exercise"), arguments) if "exercise" in named else ((*arguments, None)[0], arguments[1:])
        return _check(exercise, answers, named)
    except KeyboardInterrupt:
        return Result("check", "unknown", "The check was interrupted. Run it again when you are ready.")
    except Exception as error:
        # Whatever an answer did to get here, its author is owed a sentence and no traceback.
        return Result("check", "unknown", f"The answer could not be checked: {code(type(error).__name__)}.")


def _check(exercise: Any, answers: tuple[Any, ...], named: dict[str, Any]) -> Result:
    exercises = load_all()
    if not isinstance(exercise, str):
        example = next(iter(exercises), "")
        return Result("check", "unknown", f'The first argument is the name of the exercise, as in `check("{example}", ...)`.')
    if exercise not in exercises:
        return _unknown(exercise, list(exercises))
    wanted = exercises[exercise]
    if named and not answers and set(named) == set(wanted.answers):
        answers, named = tuple(named[name] for name in wanted.answers), {}
    if named or len(answers) != len(wanted.answers):
        call = f'`check("{exercise}", {", ".join(wanted.answers)})`'
        status = "not yet" if len(answers) + len(named) < len(wanted.answers) else "wrong"
        return Result(exercise, status, f"This exercise wants {len(wanted.answers)} answer(s): {call}.")
    return judge(wanted, observe(wanted, dict(zip(wanted.answers, answers, strict=True))))


def _unknown(exercise: str, known: list[str]) -> Result:
    near = get_close_matches(exercise, known, n=1, cutoff=0.5)
    advice = f'Did you mean `check("{near[0]}", ...)`?' if near else f"The exercises are: {', '.join(known)}."
    return Result("check", "unknown", f"There is no exercise {code(exercise, 60)}. {advice}")
