"""The cells that chapters export to bpkit: what each defines, uses and imports."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bpbook.notebooks import BookError, Cell, cells, chapters

TAG = re.compile(r"tangle:([a-z][a-z0-9_]*)")
MODULE_COMMENT = re.compile(r"#\s*module:\s*(.*?)\s*")
HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
TARGET = re.compile(r"\(([\w:.-]+)\)=")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Section:
    """The heading that a cell stands under; empty before the first heading below the title."""

    title: str = ""
    target: str = ""


@dataclass(frozen=True)
class Piece:
    """An exported cell: definitions for one module of bpkit."""

    module: str
    cell: Cell
    section: Section
    source: str  # without imports and without the module comment
    names: tuple[str, ...]
    summary: str  # the module's docstring, if this cell gives it

    @property
    def chapter(self) -> str:
        """Return the number that the notebook's name begins with, such as '3', or '10b' for an interlude."""
        return Path(self.cell.notebook).name.partition("_")[0].removeprefix("0")

    @property
    def public(self) -> tuple[str, ...]:
        """Return the names that do not begin with an underscore."""
        return tuple(name for name in self.names if not name.startswith("_"))


def parse(cell: Cell) -> ast.Module:
    """Return the syntax tree of a code cell, as Python 3.11 reads it.

    Raises
    ------
    BookError
        If the cell is not plain Python; magics are not.
    """
    try:
        return ast.parse(cell.source, feature_version=(3, 11))
    except (SyntaxError, ValueError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        magic = any(text.lstrip().startswith(("%", "!")) for text in cell.source.splitlines())
        hint = "; magics (% and !) do not belong into a chapter" if magic else ""
        raise BookError(f"{cell.where}: not plain Python: {getattr(error, 'msg', error)}{line}{hint}") from None


def pieces(root: Path) -> list[Piece]:
    """Return the exported cells of all chapters in book order.

    Raises
    ------
    BookError
        If a tag or a cell is wrong, or a name is exported twice.
    """
    found = [piece for path in chapters(root) for piece in pieces_of(cells(path, root))]
    _refuse_twice(found)
    return found


def pieces_of(notebook: Iterable[Cell]) -> Iterator[Piece]:
    """Yield the exported cells of one notebook."""
    section, target = Section(), ""
    for cell in notebook:
        module = _module(cell)
        if cell.kind == "markdown":
            section, target = _last_section(cell.source, section, target)
        elif module:
            yield _piece(module, cell, section)


def _module(cell: Cell) -> str:
    """Return the module that a cell is tagged for, or nothing."""
    tags = [tag for tag in cell.tags if tag.casefold().startswith("tangle")]
    if not tags:
        return ""
    match = TAG.fullmatch(tags[0])
    if match is None:
        raise BookError(f"{cell.where}: the tag {tags[0]!r} names no module, wanted 'tangle:' and lower-case letters, digits or _")
    if keyword.iskeyword(match[1]):
        raise BookError(f"{cell.where}: the tag {tags[0]!r} names a module that cannot be imported: {match[1]} is a word of Python")
    if len(tags) > 1:
        raise BookError(f"{cell.where}: several tags ({', '.join(tags)}), a cell goes into one module")
    if cell.kind != "code":
        raise BookError(f"{cell.where}: the tag {tags[0]!r} stands on a {cell.kind} cell, wanted a code cell")
    return match[1]


def _last_section(text: str, section: Section, target: str) -> tuple[Section, str]:
    """Follow the headings of a markdown cell; a target on the line before names the next heading."""
    fence = ""
    for line in text.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,}|:{3,})", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (found := TARGET.fullmatch(line.strip())):
            target = found[1]
        elif not fence and (found := HEADING.fullmatch(line.strip())):
            section = Section() if len(found[1]) == 1 else Section(found[2], target)
            target = ""
        elif line.strip():
            target = ""
    return section, target


def _piece(module: str, cell: Cell, section: Section) -> Piece:
    tree = parse(cell)
    lines = cell.source.split("\n")
    comments = {index: found[1] for index, line in enumerate(lines) if (found := MODULE_COMMENT.fullmatch(line))}
    names: list[str] = []
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            _cut(statement, tree, lines, cell)
        else:
            names.extend(_defined(statement, cell))
    if not names and not comments:
        raise BookError(f"{cell.where}: a tangled cell that defines nothing; take the tag away")
    source = "\n".join("" if index in comments else line for index, line in enumerate(lines)).strip("\n")
    return Piece(module, cell, section, source, tuple(dict.fromkeys(names)), " ".join(comments.values()))


def _cut(statement: ast.stmt, tree: ast.Module, lines: list[str], cell: Cell) -> None:
    """Blank the lines of an import; it is written again at the top of the module if it is used."""
    rows = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    if any(other is not statement and (other.lineno in rows or other.end_lineno in rows) for other in tree.body):
        raise BookError(f"{cell.where}: line {statement.lineno} holds an import and more, wanted a line of its own")
    for row in rows:
        lines[row - 1] = ""


def _defined(statement: ast.stmt, cell: Cell) -> list[str]:
    """Return the names that a statement defines; nothing else may stand in an exported cell."""
    names, others = [], False
    if isinstance(statement, DEFINITIONS):
        names = [statement.name]
    elif isinstance(statement, ast.Assign) or (isinstance(statement, ast.AnnAssign) and statement.value):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        names = [part.id for part in parts if isinstance(part, ast.Name)]
        others = len(names) < len(parts)
    if not names or others:
        raise BookError(f"{cell.where}: line {statement.lineno} does something when imported; a tangled cell holds definitions only")
    if any(name.startswith("__") for name in names):
        raise BookError(f"{cell.where}: line {statement.lineno} defines {names[0]}, a name that the tangle or Python sets")
    return names


def _refuse_twice(found: list[Piece]) -> None:
    """Refuse a public name exported twice, or a private one twice in a module or notebook."""
    seen: dict[tuple[str, ...], Piece] = {}
    for piece in found:
        for name in piece.names:
            private = name.startswith("_")
            for key in [(name, piece.module), (name, piece.cell.notebook)] if private else [(name,)]:
                if key in seen:
                    first = f"{seen[key].cell.where} (bpkit/{seen[key].module}.py)"
                    raise BookError(f"{piece.cell.where}: {name} is exported twice, first by {first}")
                seen[key] = piece
