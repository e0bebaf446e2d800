"""Let the run of nbval serve the normaliser too: what was executed gives the file of the notebook, byte for byte.

With `pytest --nbval -p bpbook.same_bytes` each notebook has one test more, its last: the outputs that nbval has just
compared are put into the notebook, it is normalised, and its text is compared with the file. This is what
`python -m bpbook normalise --check` does after a run of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from bpbook.execute import environment
from bpbook.normalise import difference, normalise, to_text
from bpbook.notebooks import BookError, read, repository_root
from bpbook.pictures import keep_alike


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Run the kernels in the environment that the normaliser gives them."""
    with environment() as variables, patch.dict(os.environ, variables, clear=True):
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the test after the last cell of each notebook."""
    cells: dict[IPyNbFile, list[IPyNbCell]] = {}
    for item in items:
        if isinstance(item, IPyNbCell):
            cells.setdefault(item.parent, []).append(item)
    for file, mine in cells.items():
        items.insert(items.index(mine[-1]) + 1, SameBytes.from_parent(file, name="same bytes", cells=mine))


class SameBytes(pytest.Item):
    """The file of a notebook is what its execution gives."""

    def __init__(self, *, cells: Sequence[IPyNbCell], **keywords: Any) -> None:
        super().__init__(**keywords)
        self.cells = cells

    def runtest(self) -> None:
        """Fail with a diff where the file would change."""
        root = repository_root(self.path.parent)
        text = to_text(normalise(self._executed(), root))
        if text.encode() != self.path.read_bytes():
            raise BookError("\n".join(difference(self.path, text, root)))

    def _executed(self) -> Any:
        """Return the notebook with the outputs of the cells that have just run."""
        before = read(self.path)
        notebook = deepcopy(before)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell, ran in zip(code, self.cells, strict=True):
            if ran.test_outputs is None:
                raise BookError(f"{ran.name} was not executed, so the bytes of this notebook were not compared")
            cell.outputs, cell.execution_count = ran.test_outputs, 1
        keep_alike(notebook, before)
        return notebook

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """Show the diff alone."""
        return str(excinfo.value) if excinfo.errisinstance(BookError) else str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Any, None, str]:
        """Name the test."""
        return self.path, None, f"{self.path.name}: same bytes"
