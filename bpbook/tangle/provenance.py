"""Provenance: each public docstring says in which chapter and section its code is derived."""

from __future__ import annotations

import ast
import re
import textwrap

from bpbook.tangle.exported import DEFINITIONS, Piece

WIDTH = 120
LITERAL = re.compile(r"""([rRuU]?)(\"""|'''|"|')(.*)\2""", re.DOTALL)
NOTES = re.compile(r"^[ \t]*Notes[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)
LATER = re.compile(r"^[ \t]*(?:References|Examples)[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)
SECTION = re.compile(r"^[ \t]*\w[\w ]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)


def with_provenance(piece: Piece) -> str:
    """Return the code of a cell with its origin in each public docstring, or in a comment where there is none."""
    lines = piece.source.split("\n")
    for statement in reversed(ast.parse(piece.source).body):
        if _is_public(statement):
            _insert(statement, lines, piece)
    return "\n".join(lines)


def _is_public(statement: ast.stmt) -> bool:
    if isinstance(statement, DEFINITIONS):
        return not statement.name.startswith("_")
    names = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return any(not name.startswith("_") for name in names)


def _insert(statement: ast.stmt, lines: list[str], piece: Piece) -> None:
    node = statement.body[0] if isinstance(statement, DEFINITIONS) and ast.get_docstring(statement) is not None else None
    first = min([statement.lineno, *(item.lineno for item in getattr(statement, "decorator_list", []))]) - 1
    if node is None:
        lines.insert(first, f"# {_origin(piece)}")
        return
    start, stop = node.lineno - 1, node.end_lineno or node.lineno
    # Columns of the tree count bytes, not letters.
    before = lines[start].encode()[: node.col_offset].decode()
    text = "\n".join(lines[start:stop]).encode()[node.col_offset :].decode()
    literal = LITERAL.fullmatch(text.rstrip())
    if literal is None or not _same_text(literal):
        lines.insert(first, f"# {_origin(piece)}")
        return
    indent = " " * (node.col_offset if not before.strip() else statement.col_offset + 4)
    new = _with_note(literal[3], _link(piece, indent), indent)
    lines[start:stop] = f'{before}{literal[1]}"""{new}\n{indent}"""'.split("\n")


def _same_text(literal: re.Match[str]) -> bool:
    """Tell whether a docstring means the same in triple quotes; one that is put together from two strings does not."""
    try:
        return bool(ast.literal_eval(f'{literal[1]}"""{literal[3]}\n"""') == ast.literal_eval(literal[0]) + "\n")
    except SyntaxError:
        return False


def _with_note(docstring: str, note: str, indent: str) -> str:
    """Return the docstring with the note at the end of its Notes; the section is made if there is none."""
    notes = NOTES.search(docstring)
    later = (SECTION if notes else LATER).search(docstring, notes.end() if notes else 0)
    end = later.start() if later else len(docstring)
    heading = "" if notes else f"{indent}Notes\n{indent}-----\n"
    gap = "\n" if notes and not docstring[notes.end() : end].strip() else "\n\n"
    rest = f"\n\n{docstring[end:].rstrip()}" if later else ""
    return f"{docstring[:end].rstrip()}{gap}{heading}{note}{rest}"


def _link(piece: Piece, indent: str) -> str:
    """Return the note with links that Sphinx follows from any page."""
    page = piece.cell.notebook.removesuffix(".ipynb")
    title, target = _plain(piece.section.title), piece.section.target
    section = f", section :ref:`{title} <{target}>`" if target else f', section "{title}"' if title else ""
    text = f"Derived in :doc:`chapter {piece.chapter} </{page}>`{section}."
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _origin(piece: Piece) -> str:
    title = _plain(piece.section.title)
    return f"From chapter {piece.chapter}" + (f', section "{title}".' if title else ".")


def _plain(title: str) -> str:
    """Return a heading without Markdown and TeX marks."""
    title = re.sub(r"\{[\w:-]+\}`([^`]*)`", r"\1", title)
    title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
    return re.sub(r'[`*${}"\\]', "", title)
