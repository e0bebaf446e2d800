"""Reads the names of statements from their text, in the order in which they run."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .names import (
    CHANGING,
    CHANGING_ARGUMENT,
    RANDOM,
    SETTERS,
    SETTINGS,
    WRITING,
    Function,
    Names,
    base,
    called_name,
    defaults,
    parameters,
)


def names_of(statements: Iterable[ast.stmt]) -> Names:
    """Return the names of some statements that run one after the other."""
    reader = _Reader()
    for statement in statements:
        reader.visit(statement)
    return reader.names


class _Reader(ast.NodeVisitor):
    """Goes through statements in the order in which they run."""

    def __init__(self) -> None:
        self.names = Names()

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind({node.id})
        elif node.id not in self.names.binds:
            self.names.loads.add(node.id)

    def _bind(self, names: set[str]) -> None:
        self.names.binds |= names
        self.names.stores |= names

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _change(self, *names: str) -> None:
        found = {name for name in names if name}
        self.names.loads |= found - self.names.binds
        self.names.changes |= found

    def _stored(self, node: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(base(node))
            self.names.settings |= {base(node)} - {""}
        self.generic_visit(node)

    visit_Attribute = visit_Subscript = _stored

    def visit_Assign(self, node: ast.Assign) -> None:
        self._visit_all([node.value, *node.targets])
        if isinstance(node.value, ast.Call) and called_name(node.value) in RANDOM:
            self.names.random |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self._change(base(node.target))
        self._visit_all([node.target] if not isinstance(node.target, ast.Name) else [])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_all([node.annotation, node.value, node.target])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._visit_all([node.value, node.target])

    def visit_For(self, node: ast.For) -> None:
        self._visit_all([node.iter, node.target, *node.body, *node.orelse])
        if base(node.target) in self.names.changes:  # the loop goes through what it changes
            self._change(*(one.id for one in ast.walk(node.iter) if isinstance(one, ast.Name)))

    def _perhaps(self, node: ast.If | ast.Try) -> None:
        bound = set(self.names.binds)
        self.generic_visit(node)
        self.names.changes |= self.names.binds - bound
        self.names.binds = bound

    visit_If = visit_Try = _perhaps

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        own = {node.name} - self.names.binds if node.name else set()  # there only as long as the error is handled
        self._visit_all([node.type])
        self.names.binds |= own
        self._visit_all(node.body)
        self.names.binds -= own
        self.names.stores |= own

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        found = {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        self._bind(found)
        self.names.fixed |= found

    visit_ImportFrom = visit_Import

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        inner = _Reader()
        inner._visit_all(part for loop in node.generators for part in (loop.iter, loop.target, *loop.ifs))
        inner._visit_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.names.loads |= inner.names.loads - self.names.binds
        self._change(*inner.names.changes)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all([*node.decorator_list, *defaults(node), node.returns, *(one.annotation for one in parameters(node))])
        self._bind({node.name})
        self.names.fixed.add(node.name)
        changed = self._defined(node)[1]
        self.names.arguments[node.name] = {
            key for place, one in enumerate(parameters(node)) if one.arg in changed for key in (place, one.arg)
        }

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_all(defaults(node))
        self.names.loads |= self._defined(node)[0] - self.names.binds

    def _defined(self, node: Function) -> tuple[set[str], set[str]]:
        """Note what a function takes from outside when it is called; return that, and what it changes in place."""
        inner = names_of([ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body)
        own = inner.stores | {one.arg for one in parameters(node)}
        free = (inner.loads | inner.later) - own
        self.names.later |= free
        self.names.changes_later |= inner.changes - own
        return free, inner.changes

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        inner = names_of(node.body)
        self.names.loads |= inner.loads - self.names.binds
        self.names.later |= inner.later
        self.names.changes_later |= inner.changes_later
        self._bind({node.name})
        self.names.fixed.add(node.name)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            self._change(base(call.func))
        self.visit(call)

    def visit_Call(self, node: ast.Call) -> None:
        called, owner = called_name(node), base(node.func)
        if called in CHANGING and isinstance(node.func, ast.Attribute):
            self._change(owner)
        if called in CHANGING_ARGUMENT and node.args:
            self._change(base(node.args[0]))
        if called.startswith(WRITING):
            self._change(*map(base, node.args))
        if called in SETTINGS or called in SETTERS:
            self.names.settings.add(SETTERS.get(called, owner))
        self._change(*(base(keyword.value) for keyword in node.keywords if keyword.arg == "out"))
        if isinstance(node.func, ast.Name):
            self.names.calls |= {(called, place, base(one)) for place, one in enumerate(node.args)}
            self.names.calls |= {(called, one.arg, base(one.value)) for one in node.keywords if one.arg}
        self.generic_visit(node)
