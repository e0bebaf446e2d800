"""A small book in a temporary folder, for the tests of the tools."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

CONFIG = "repository:\n  url: https://example.org/book\n"
PROJECT = """\
[project]
version = "1.2.3"
[tool.ruff]
line-length = 140
[tool.ruff.lint]
select = ["E", "F", "I", "UP", "B", "SIM", "RUF"]
ignore = ["RUF001", "RUF002", "RUF003"]
"""


def code(source: str, *tags: str, printed: str = "", **metadata: Any) -> Any:
    """Return a code cell, with what it printed."""
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    return new_code_cell(source, metadata={"tags": list(tags), **metadata}, outputs=outputs)


def text(source: str, *tags: str) -> Any:
    """Return a Markdown cell."""
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def saved(module: str, source: str) -> Any:
    """Return a code cell that is exported to a module."""
    return code(source, f"tangle:{module}")


@dataclass
class MiniBook:
    """A book whose chapters are written by a test."""

    root: Path
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "chapters").mkdir()
        (self.root / "bpbook").mkdir()
        (self.root / "index.md").write_text("# A book\n", encoding="utf-8")
        (self.root / "_config.yml").write_text(CONFIG, encoding="utf-8")
        (self.root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        self._write_toc()

    def chapter(self, name: str, cells: Sequence[Any]) -> Path:
        """Write a chapter, the last one of the book if it is new."""
        path = self.root / "chapters" / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=list(cells)), path)
        if name not in self.names:
            self.names.append(name)
        self._write_toc()
        return path

    def _write_toc(self) -> None:
        lines = ["format: jb-book", "root: index", "parts:", "- caption: All", "  chapters: []"]
        if self.names:
            lines[-1:] = ["  chapters:", *(f"  - file: chapters/{name}" for name in self.names)]
        (self.root / "_toc.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
