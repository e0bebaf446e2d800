"""The display equations and the references to them in the text of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

LABEL_OPTION = re.compile(r"^:?label:\s*(\S+)\s*$", re.MULTILINE)
DIRECTIVE = re.compile(r"^\{([\w:+-]+)\}")
LINKED = re.compile(r"#(eq|def)-")
CODE = re.compile(r"(`+).+?\1", re.DOTALL)
BRACKETS = re.compile(r"\\\[(.+?)\\\]", re.DOTALL)
# Directives whose body is not MyST text.
LITERAL = (
    "code",
    "code-block",
    "code-cell",
    "eval-rst",
    "raw",
    "bibliography",
    "equation-box",
    "list-table",
    "csv-table",
    "toctree",
    "literalinclude",
)


@dataclass(frozen=True)
class Equation:
    """A display equation in the text: its label ('' where it has none) and its LaTeX."""

    label: str
    latex: str
    kind: str = "$$"


@cache
def _parser() -> Any:
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    extensions = {"amsmath", "colon_fence", "deflist", "dollarmath", "tasklist"}
    return create_md_parser(MdParserConfig(enable_extensions=extensions, dmath_double_inline=True), RendererHTML)


def equations(text: str) -> Iterator[Equation]:
    """Yield every display equation of a MyST text, those inside directives too."""
    for token in _parser().parse(text):
        if token.type == "math_block_label":
            yield Equation(token.info, token.content.strip())
        elif token.type in ("math_block", "amsmath"):
            yield Equation("", token.content.strip(), "\\begin" if token.type == "amsmath" else "$$")
        elif token.type in ("fence", "colon_fence"):
            yield from _in_directive(token)
        elif token.type == "inline":
            yield from _in_line(token)
        elif token.type == "html_block" and ("$$" in token.content or "\\[" in token.content):
            yield Equation("", token.content.strip(), "HTML")


def _in_directive(token: Any) -> Iterator[Equation]:
    name = DIRECTIVE.match(token.info.strip())
    if name is None or name[1] in LITERAL:
        if name and name[1] == "eval-rst" and ".. math::" in token.content:
            yield Equation("", token.content.strip(), ".. math::")
    elif name[1] == "math":
        label = LABEL_OPTION.search(token.content)
        yield Equation(label[1] if label else "", LABEL_OPTION.sub("", token.content).strip(), "{math}")
    else:
        yield from equations(token.content)


def _in_line(token: Any) -> Iterator[Equation]:
    for child in token.children or ():
        if child.type in ("math_inline_double", "math_block", "math_block_label"):
            yield Equation(child.info if child.type == "math_block_label" else "", child.content.strip(), "$$ inside a paragraph")
        elif child.type == "html_inline" and "$$" in child.content:
            yield Equation("", child.content, "HTML")
    for found in BRACKETS.finditer(CODE.sub("", token.content)):
        if re.search(r"[\\=^_]", found[1]):
            yield Equation("", found[1].strip(), "\\[ \\]")


def references(text: str) -> Iterator[str]:
    """Yield the labels of equations to which a MyST text refers, code left out."""
    for token in _parser().parse(text):
        if token.type in ("fence", "colon_fence"):
            name = DIRECTIVE.match(token.info.strip())
            if name and name[1] == "equation-box":
                yield from f"{token.info[name.end() :]} {token.content}".split()
            elif name and name[1] not in LITERAL and name[1] != "math":
                yield from references(token.content)
        elif token.type == "inline":
            for child in token.children or ():
                if child.type == "myst_role" and child.meta.get("name") == "eq":
                    yield child.content.rpartition("<")[2].rstrip(">").strip()
                elif child.type == "link_open" and LINKED.match(str(child.attrs.get("href", ""))):
                    yield str(child.attrs["href"])[1:]
