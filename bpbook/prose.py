"""The plain prose of a MyST text: no code, mathematics, links, roles, comments or directive options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

GAP = "\u241f"  # stands for what was left out, so that words on both sides stay apart
EXTENSIONS = frozenset({"amsmath", "colon_fence", "deflist", "dollarmath", "substitution", "tasklist"})
DIRECTIVE = re.compile(r"\{([\w:-]+)\}\s*(.*)")
OPTION_LINES = re.compile(r"\A(?:[ \t]*:[\w-]+:[^\n]*(?:\n|\Z))+")
# Directives whose content is not prose, and those whose argument is a file or a name.
NOT_PROSE = frozenset({"bibliography", "code", "code-block", "code-cell", "include", "literalinclude", "math", "raw", "toctree"})
NO_TITLE = frozenset({"figure", "image", "solution"})


@cache
def _parser() -> Any:
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    return create_md_parser(MdParserConfig(enable_extensions=set(EXTENSIONS)), RendererHTML)


def prose(text: str) -> Iterator[str]:
    """Yield the plain text of each paragraph, heading, table cell and directive.

    Parameters
    ----------
    text : str
        MyST Markdown.

    Yields
    ------
    str
        One block; each piece of code, mathematics, link or role in it is one mark.
    """
    for token in _parser().parse(text):
        directive = DIRECTIVE.match(token.info.strip()) if token.type in ("fence", "colon_fence") else None
        if token.type == "inline":
            yield _plain(token.children or ())
        elif directive and directive[1] not in NOT_PROSE:
            if directive[2] and directive[1] not in NO_TITLE:
                yield from prose(directive[2])
            yield from prose(_without_options(token.content))


def _plain(children: Any) -> str:
    parts, depth = [], 0
    for child in children:
        depth += child.nesting if child.type in ("link_open", "link_close") else 0
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.nesting == 0:
            parts.append(child.content if child.type == "text" and not depth else GAP)
    return "".join(parts)


def _without_options(content: str) -> str:
    if content.startswith("---\n"):
        return content.partition("\n---")[2]
    return OPTION_LINES.sub("", content)
