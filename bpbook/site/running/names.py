"""The names of a statement: what it uses, binds and changes, read from its text without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

# These change the object that they belong to wherever they stand, and these their first argument.
CHANGING = (
    "pop",
    "popitem",
    "setdefault",
    "step",
    "fit",
    "update",
    "append",
    "extend",
    "add",
    "remove",
    "clear",
    "sort",
    "reverse",
    "forward",
    "backward",
)
CHANGING_ARGUMENT = ("next", "shuffle", "copyto", "at", "put", "fill_diagonal")
# Settings of a module: they hold for everything that the module does later.
SETTINGS = ("seterr", "set_printoptions", "seed", "update", "use", "rc")
WRITING = ("save", "write", "dump")  # a file is written: what names it, names another thing afterwards
SETTERS = {"use_style": "plt"}
RANDOM = ("default_rng", "Generator", "RandomState", "Random", "iter")
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass
class Names:
    """The names of one statement, or of a whole cell."""

    loads: set[str] = field(default_factory=set)  # used at once
    later: set[str] = field(default_factory=set)  # used when a function that is defined here is called
    binds: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)  # bound, perhaps only in some cases
    changes: set[str] = field(default_factory=set)  # bound perhaps, or changed in place
    changes_later: set[str] = field(default_factory=set)  # changed when a function that is defined here is called
    arguments: dict[str, set[int | str]] = field(default_factory=dict)  # a function defined here -> the arguments that it changes
    calls: set[tuple[str, int | str, str]] = field(default_factory=set)  # function, which argument, what is passed there
    settings: set[str] = field(default_factory=set)  # changed even where it is a module, a function or a class
    fixed: set[str] = field(default_factory=set)  # bound by an import or a definition: not changed in place
    random: set[str] = field(default_factory=set)  # bound to something that gives another value each time


def base(node: ast.AST) -> str:
    """Return the name to which attributes and subscripts are applied, or ''."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def called_name(call: ast.Call) -> str:
    """Return the last name of what is called, or ''."""
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def parameters(node: Function) -> Iterator[ast.arg]:
    """Yield the parameters of a function, in their order."""
    yield from (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    yield from (one for one in (node.args.vararg, node.args.kwarg) if one is not None)


def defaults(node: Function) -> list[ast.expr]:
    """Return the default values of a function."""
    return [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
