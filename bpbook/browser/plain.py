"""The text of a notebook as JupyterLite can show it, which knows Markdown and mathematics but not the roles and boxes of the book.

Words of the glossary, references and boxes become plain text; what only the pages of the book can show is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bpbook.notebooks import read

ROLE = re.compile(r"\{([\w:-]+)\}`([^`]+)`")
NAMED = re.compile(r"(.+?)\s*<([^<>]+)>", re.DOTALL)
TARGET = re.compile(r"^\([\w-]+\)=[ ]*\n", re.MULTILINE)
TITLED = re.compile(r"^\(([\w-]+)\)=\s*\n#+ (.+)$", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
FENCE = re.compile(r"^(:{3,}|`{3,})(?:\{([\w:-]+)\})?[ ]*(.*)$")
OPTION = re.compile(r"^:[\w-]+:")
KEY = re.compile(r"([a-z]+)(\d{4})\w?")
# Boxes whose content is text; of the others nothing can be shown.
KEPT = ("admonition", "misconception", "dropdown", "exercise", "note", "tip", "warning", "important")
UNTITLED = ("exercise",)
ELSEWHERE = {"equation-box": "They stand together on the page of this chapter in the book."}


def titles(root: Path) -> dict[str, str]:
    """Return the title of each section that has a label, and of each page, by its path below `chapters`."""
    found: dict[str, str] = {}
    for path in sorted((root / "chapters").glob("**/*.*")):
        if path.suffix not in (".ipynb", ".md"):
            continue
        text = _text(path)
        found |= {label: title.strip() for label, title in TITLED.findall(text)}
        if title := TITLE.search(text):
            found[path.relative_to(root / "chapters").with_suffix("").as_posix()] = title[1].strip()
    return found


def _text(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def plain(source: str, known: dict[str, str], folder: str = "") -> str:
    """Return a Markdown cell without roles and directives.

    Parameters
    ----------
    source : str
        The cell, in MyST Markdown.
    known : dict
        What `titles` returns.
    folder : str
        The folder of the notebook below `chapters`.
    """
    lines = _without_boxes(TARGET.sub("", source).splitlines())
    return "\n".join(line if code else ROLE.sub(lambda role: _role(role, known, folder), line) for line, code in lines).strip("\n")


def _without_boxes(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield the lines outside of boxes and inside of those that hold text, each with whether it belongs to a block of code."""
    open_boxes: list[tuple[str, str]] = []  # the fence of each, and 'code', 'kept' or 'dropped'
    at_options = False
    for line in lines:
        in_code = bool(open_boxes) and open_boxes[-1][1] == "code"
        dropped = any(kind == "dropped" for _, kind in open_boxes)
        fence = FENCE.match(line)
        at_options = at_options and bool(OPTION.match(line))
        if open_boxes and line.rstrip() == open_boxes[-1][0]:
            open_boxes.pop()
            if not dropped:
                yield ("```" if in_code else "", in_code)
        elif fence and not in_code:
            kind = _kind(fence[2])
            open_boxes.append((fence[1], kind))
            at_options = kind != "code"
            if not dropped and (kind != "dropped" or fence[2] in ELSEWHERE):
                yield (f"```{fence[3]}" if kind == "code" else _heading(fence[2], fence[3]), kind == "code")
        elif not dropped and not at_options:
            yield line, in_code


def _kind(directive: str | None) -> str:
    return "code" if directive is None else "kept" if directive in KEPT else "dropped"


def _heading(directive: str, title: str) -> str:
    if directive in ELSEWHERE:
        return ELSEWHERE[directive]
    return "" if directive in UNTITLED else f"**{title or directive.capitalize()}**\n"


def _role(role: re.Match[str], known: dict[str, str], folder: str) -> str:
    name, content = role[1], role[2]
    named = NAMED.fullmatch(content)
    text, target = (named[1], named[2]) if named else ("", content)
    if name.startswith("cite"):
        return ", ".join(_citation(key.strip(), name == "cite:t") for key in content.split(","))
    if name == "eq":
        return f"({target})"
    if name.startswith("py:"):
        return f"`{target}`"
    if name == "doc":
        return _document(text, str(PurePosixPath(folder) / target), target, known)
    if name == "numref":
        return f"the figure *{target.removeprefix('fig-')}*"
    return text or (f'"{known.get(target, target)}"' if name == "ref" else target)


def _document(text: str, page: str, target: str, known: dict[str, str]) -> str:
    page = re.sub(r"[^/]+/\.\./", "", page)
    words = text or known.get(page, target)
    return words if page.startswith("appendices/") else f"[{words}]({target}.ipynb)"


def _citation(key: str, in_text: bool) -> str:
    found = KEY.fullmatch(key)
    if not found:
        return key
    return f"{found[1].capitalize()} ({found[2]})" if in_text else f"({found[1].capitalize()} {found[2]})"
