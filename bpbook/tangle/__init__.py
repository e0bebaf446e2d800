"""Write bpkit/ from the cells that the chapters export, or check that it is what they say."""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from bpbook.notebooks import BookError, repository_root
from bpbook.tangle.exported import Piece, pieces
from bpbook.tangle.provenance import with_provenance
from bpbook.tangle.resolve import FUTURE, Import, module_imports
from bpbook.tangle.style import ruff

HEADER = "# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.\n"
# ruff finds this out itself only when bpkit/ is there already.
FIRST_PARTY = ("--config", 'lint.isort.known-first-party=["bpkit"]')
PACKAGE = '"""bpkit: the small package that the book builds, chapter by chapter."""'
# Helpers for the other modules: only the exceptions of these are names of the package.
INTERNAL = ("validation",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--check`."""
    parser.add_argument("--check", action="store_true", help="write nothing; show a diff and fail where bpkit/ differs")


def run(arguments: argparse.Namespace) -> int:
    """Write or check bpkit/."""
    root = repository_root()
    files = generate(root)
    problems = differences(root, files) if arguments.check else write(root, files)
    print("\n".join(problems) if problems else f"bpkit/: {len(files)} files, as the chapters say")
    return int(bool(problems))


def generate(root: Path) -> dict[str, str]:
    """Return the text of every file of bpkit/, made from the chapters.

    Raises
    ------
    BookError
        If an exported cell is wrong; the message names the notebook and the cell.
    """
    found = pieces(root)
    imports = module_imports(root, found)
    files = {f"{module}.py": _module(module, [piece for piece in found if piece.module == module], imports[module]) for module in imports}
    files["__init__.py"] = _package(root, found)
    files = {name: _tidy(root, name, text) for name, text in sorted(files.items())}
    _lint(root, files, found)
    return files | {"py.typed": ""}


def _header(found: Sequence[Piece]) -> str:
    return HEADER + "".join(f"# - {notebook}\n" for notebook in dict.fromkeys(piece.cell.notebook for piece in found))


def _module(module: str, found: Sequence[Piece], imports: Sequence[Import]) -> str:
    summaries = [piece for piece in found if piece.summary]
    if len(summaries) > 1:
        raise BookError(f"{summaries[1].cell.where}: a second `# module:` line for {module}, the first is in {summaries[0].cell.where}")
    docstring = summaries[0].summary if summaries else f"Code from chapter {found[0].chapter} of the book."
    docstring = docstring.replace("\\", "\\\\").replace('"', '\\"')
    lines = "\n".join(item.statement for item in imports)
    body = "\n\n\n".join(with_provenance(piece) for piece in found)
    public = _all([name for piece in found for name in piece.public])
    return f'{_header(found)}"""{docstring}"""\n\n{FUTURE}\n{lines}\n\n{public}\n\n\n{body}\n'


def _all(public: Sequence[str]) -> str:
    return f"__all__ = {json.dumps(sorted(public), ensure_ascii=False)}" if public else "__all__: list[str] = []"


def package_names(found: Sequence[Piece]) -> dict[str, str]:
    """Return the names that `bpkit` itself offers, each with its module."""
    return {name: piece.module for piece in found for name in piece.public if piece.module not in INTERNAL or _is_class(name, piece)}


def _is_class(name: str, piece: Piece) -> bool:
    return any(isinstance(statement, ast.ClassDef) and statement.name == name for statement in ast.parse(piece.source).body)


def _package(root: Path, found: Sequence[Piece]) -> str:
    names = package_names(found)
    imports = "\n".join(f"from bpkit.{module} import {name}" for name, module in names.items())
    return f'{_header(found)}{PACKAGE}\n\n{imports}\n\n__version__ = "{_version(root)}"\n\n{_all(list(names))}\n'


def _version(root: Path) -> str:
    try:
        return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise BookError(f"pyproject.toml gives no version: {error!r}") from None


def _tidy(root: Path, name: str, text: str) -> str:
    """Sort the imports, take the quotes from annotations (they need none here) and lay the code out."""
    place = ("--stdin-filename", str(root / "bpkit" / name), "-")
    text = ruff(root, "check", "--exit-zero", "--fix", "--select=I,RUF022,UP037", *FIRST_PARTY, *place, text=text)
    return ruff(root, "format", *place, text=text)


def _lint(root: Path, files: Mapping[str, str], found: Sequence[Piece]) -> None:
    """Refuse code that ruff finds fault with, by the settings of the folder; name the cell that it comes from."""
    for name, text in files.items():
        place = ("--stdin-filename", str(root / "bpkit" / name), "-")
        for problem in json.loads(ruff(root, "check", "--exit-zero", "--output-format=json", *FIRST_PARTY, *place, text=text)):
            row = problem["location"]["row"]
            raise BookError(f"{_cell_at(name, text, row, found)}: {problem['code']} {problem['message']} (bpkit/{name}, line {row})")


def _cell_at(name: str, text: str, row: int, found: Sequence[Piece]) -> str:
    """Return the place of the cell that defines what stands at a line of a generated file."""
    for statement in ast.parse(text).body:
        if statement.lineno <= row <= (statement.end_lineno or 0):
            stored = {getattr(statement, "name", "")} | {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            for piece in found:
                if f"{piece.module}.py" == name and stored & set(piece.names):
                    return piece.cell.where
    return f"bpkit/{name}"


def differences(root: Path, files: Mapping[str, str]) -> list[str]:
    """Return a diff for each file that is not what the chapters say, and a line for each that none of them writes."""
    problems = [f"bpkit/{name} is not written by a chapter" for name in _others(root, files)]
    for name, text in files.items():
        path = root / "bpkit" / name
        old = path.read_bytes().decode("utf-8", "replace") if path.is_file() else None
        if old != text:
            lines = (old or "").splitlines(), text.splitlines()
            diff = difflib.unified_diff(*lines, f"bpkit/{name} (is)", f"bpkit/{name} (chapters say)", lineterm="")
            problems.append("\n".join(diff) or f"bpkit/{name}: {'missing' if old is None else 'other line ends'}")
    return problems


def write(root: Path, files: Mapping[str, str]) -> list[str]:
    """Write every file at once, delete what the tangle wrote earlier, and name what others wrote."""
    (root / "bpkit").mkdir(exist_ok=True)
    for name, text in files.items():
        replace_file(root / "bpkit" / name, text)
    for name in _others(root, files):
        path = root / "bpkit" / name
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(HEADER):
            path.unlink()
    return [f"bpkit/{name} is not written by a chapter: take it away" for name in _others(root, files)]


def _others(root: Path, files: Mapping[str, str]) -> list[str]:
    return sorted(
        path.name for path in (root / "bpkit").glob("*") if path.name not in files and not path.name.startswith((".", "__pycache__"))
    )


def replace_file(path: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old text or the new, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)
