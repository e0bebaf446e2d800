"""What `check` gives back: shown at once in a notebook, in a browser and in a terminal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

STATES = {"passed": "passed", "not yet": "not yet", "wrong": "not right", "unknown": "cannot be checked"}
MARKS = {"passed": "✓", "not yet": "…", "wrong": "✗", "unknown": "?"}


@dataclass(frozen=True)
class Result:
    """The verdict on one exercise.

    Attributes
    ----------
    exercise : str
        The id of the exercise.
    status : {'passed', 'not yet', 'wrong', 'unknown'}
        'unknown' when there is no such exercise.
    message : str
        What was found, in Markdown.
    mistake : str
        Name of the likely mistake, or '' where it has none.
    hint : str
        What to think about, in Markdown, or ''.
    printed : str
        The beginning of what the answer printed.
    """

    exercise: str
    status: str
    message: str = ""
    mistake: str = ""
    hint: str = ""
    printed: str = ""

    @property
    def passed(self) -> bool:
        """Say whether the exercise is solved."""
        return self.status == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def _lines(self, strong: str) -> list[str]:
        head = f"{MARKS[self.status]} {strong}{self.exercise}: {STATES[self.status]}{strong}"
        lines = [f"{head}. {self.message}" if self.message else f"{head}."]
        if self.hint:
            lines.append(
                f"{strong}Likely mistake: {self.mistake}.{strong} {self.hint}"
                if self.mistake
                else f"{strong}Likely mistake:{strong} {self.hint}"
            )
        if self.printed:
            lines.append(f"Your code printed: {code(self.printed)}")
        return lines

    def __repr__(self) -> str:
        return "\n".join(self._lines(""))

    def _repr_markdown_(self) -> str:
        return "\n\n".join(self._lines("**"))

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        return asdict(self)


def code(text: str, longest: int = 200) -> str:
    """Return foreign text as a code span: one line, shortened, nothing in it is Markdown."""
    line = " ".join(text.replace("`", "'").split())
    return f"`{line[:longest]}{' ...' if len(line) > longest else ''}`"
