"""Read the exercises: one Markdown file holds the task, the stub, the solution and the answers."""

from __future__ import annotations

import ast
import linecache
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from inspect import signature
from pathlib import Path
from typing import Any

KINDS = ("rebuild", "extend", "predict", "repair")
HEADINGS = ("task", "stub", "solution", "checks", "show", "right", "wrong")
DEFAULT_TOLERANCE = {"predict": 1e-3}


class SourceError(ValueError):
    """An exercise file is not in the format; the message names the file and the fault."""


@dataclass(frozen=True)
class Block:
    """One section of a source: its title, its prose and its program."""

    title: str
    prose: str
    code: str


@dataclass(frozen=True)
class Exercise:
    """An exercise as its file describes it; `namespace` runs one of its programs."""

    path: str
    chapter: str
    header: dict[str, Any]
    sections: dict[str, Block]
    rights: tuple[Block, ...]
    wrongs: tuple[Block, ...]

    @property
    def id(self) -> str:
        return str(self.header["id"])

    @property
    def kind(self) -> str:
        return str(self.header["kind"])

    @property
    def title(self) -> str:
        return str(self.header["title"])

    @property
    def answers(self) -> list[str]:
        return list(self.header["answers"])

    @property
    def choices(self) -> dict[str, str]:
        return dict(self.header.get("choices", {}))

    @property
    def tolerance(self) -> float:
        return float(self.header.get("tolerance", DEFAULT_TOLERANCE.get(self.kind, 1e-6)))

    @cached_property
    def solution(self) -> dict[str, Any]:
        """The solution's answers by name."""
        return self.namespace(self.sections["solution"])

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The answers that are functions, not predicted values."""
        return tuple(name for name in self.answers if callable(self.solution[name]))

    @cached_property
    def checks(self) -> dict[str, Any]:
        """What the checks define: `probes` and `verify`."""
        return self._run(self.sections["checks"], {}) if "checks" in self.sections else {}

    @cached_property
    def probes(self) -> list[tuple[str, tuple[Any, ...]]]:
        """The calls that are compared: the name of an answer and its arguments."""
        return list(self.checks["probes"]()) if "probes" in self.checks else []

    def parameters(self, name: str) -> list[str]:
        """Return the names of the parameters of an answer, as the solution has them."""
        return list(signature(self.solution[name]).parameters)

    def namespace(self, block: Block) -> dict[str, Any]:
        """Run a block and return the answers; those that it does not define are the solution's."""
        start = {} if block is self.sections["solution"] else {name: self.solution[name] for name in self.answers}
        defined = self._run(block, start)
        missing = [name for name in self.answers if name not in defined]
        if missing:
            raise SourceError(f"{self.path}: the block {block.title!r} does not define {', '.join(missing)}")
        return {name: defined[name] for name in self.answers}

    def _run(self, block: Block, names: dict[str, Any]) -> dict[str, Any]:
        file = f"<exercise {self.id}: {block.title}>"
        # Tracebacks and messages can then show the line.
        linecache.cache[file] = (len(block.code), None, block.code.splitlines(keepends=True), file)
        names = {"__name__": "exercise", **names}
        exec(compile(block.code, file, "exec"), names)
        return names


def parse(text: str, path: str, chapter: str) -> Exercise:
    """Return the exercise that a source text describes.

    Parameters
    ----------
    text : str
        TOML between two lines `+++`, then sections under level-1 headings.
    path : str
        Where it came from, for messages.
    chapter : str
        The chapter it belongs to.

    Raises
    ------
    SourceError
        If the header or a section is missing or not known.
    """
    try:
        _, head, body = re.split(r"^\+\+\+\n", text, maxsplit=2, flags=re.M)
        header = tomllib.loads(head)
    except ValueError as error:
        raise SourceError(f"{path}: the header between two lines +++ cannot be read ({error})") from None
    blocks = [(heading, _block(path, heading, lines)) for heading, lines in _sections(path, body)]
    rights, wrongs = (tuple(block for heading, block in blocks if heading.partition(":")[0] == kind) for kind in ("right", "wrong"))
    named = {heading: block for heading, block in blocks if block not in (*rights, *wrongs)}
    _check_header(path, header, named)
    return Exercise(path, chapter, header, named, rights, wrongs)


def _sections(path: str, body: str) -> Iterator[tuple[str, list[str]]]:
    """Split at level-1 headings, but not at comments inside programs."""
    found: list[tuple[str, list[str]]] = []
    inside = False
    for line in body.splitlines():
        inside ^= line.startswith("```")
        if line.startswith("# ") and not inside:
            found.append((line[2:].strip(), []))
        elif found:
            found[-1][1].append(line)
    for heading, lines in found:
        if heading.partition(":")[0] not in HEADINGS:
            raise SourceError(f"{path}: heading {heading!r}, wanted one of {', '.join(HEADINGS)}")
        yield heading, lines


def _block(path: str, heading: str, lines: list[str]) -> Block:
    text = "\n".join(lines).strip()
    if heading == "task":
        return Block("task", text, "")
    programs = re.findall(r"^```python\n(.*?)^```$", text + "\n", flags=re.M | re.S)
    if len(programs) != 1:
        raise SourceError(f"{path}: the section {heading!r} holds {len(programs)} python blocks, wanted 1")
    title = heading.partition(":")[2].strip() or heading
    return Block(title, re.sub(r"^```python\n.*?^```$", "", text, flags=re.M | re.S).strip(), programs[0].strip() + "\n")


def _check_header(path: str, header: dict[str, Any], named: dict[str, Block]) -> None:
    missing = [key for key in ("id", "kind", "title", "answers") if key not in header]
    missing += [f"# {heading}" for heading in ("task", "stub", "solution") if heading not in named]
    if missing:
        raise SourceError(f"{path}: {', '.join(missing)} missing")
    if header["kind"] not in KINDS:
        raise SourceError(f"{path}: kind is {header['kind']!r}, wanted one of {', '.join(KINDS)}")


@lru_cache(maxsize=1)
def load_all() -> dict[str, Exercise]:
    """Return every exercise of the book by its id, in the order of chapters and numbers."""
    root = Path(str(files("bpbook"))) / "exercises" / "sources"
    exercises: dict[str, Exercise] = {}
    for path in sorted(root.glob("*/*.md"), key=_place):
        exercise = parse(path.read_text(encoding="utf-8"), f"{path.parent.name}/{path.name}", path.parent.name)
        if exercise.id in exercises:
            raise SourceError(f"{exercise.path}: the id {exercise.id!r} is taken by {exercises[exercise.id].path}")
        exercises[exercise.id] = exercise
    check_stubs(list(exercises.values()))
    return exercises


def check_stubs(exercises: list[Exercise]) -> None:
    """Refuse a stub that imports the answer of another exercise of its chapter: it would take the reader's own away.

    Parameters
    ----------
    exercises : list of Exercise
        All that are loaded.
    """
    for exercise in exercises:
        answers = {answer: other.id for other in exercises if other.chapter == exercise.chapter for answer in other.answers}
        for name in _imported(exercise.sections["stub"].code):
            if name in answers:
                fault = f"the stub imports {name}, the answer of the exercise {answers[name]!r}, wanted `import bpkit` and bpkit.{name}"
                raise SourceError(f"{exercise.path}: {fault}")


def _imported(program: str) -> Iterator[str]:
    for statement in ast.walk(ast.parse(program)):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)


def _place(path: Path) -> tuple[str, int, str]:
    number = path.name.partition("_")[0]
    return path.parent.name, int(number) if number.isdigit() else 0, path.name


def by_chapter() -> dict[str, list[Exercise]]:
    """Return the exercises of each chapter, in order."""
    chapters: dict[str, list[Exercise]] = {}
    for exercise in load_all().values():
        chapters.setdefault(exercise.chapter, []).append(exercise)
    return chapters
