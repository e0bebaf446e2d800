"""The run of nbval is the normaliser's run too: a file that is not what its execution gives is found."""

# mypy: allow-untyped-calls
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from minibook import MiniBook, code, text

from bpbook.__main__ import main

COMMAND = ["-m", "pytest", "-p", "no:cacheprovider", "-p", "bpbook.same_bytes", "--nbval", "--nbval-current-env", "-rA", "-q"]
USER = {"COLUMNS": "77", "MPLBACKEND": "svg"}  # what the terminal of a user says is not for the kernel
PICTURE = "from PIL import Image\nImage.new('L', (9, 9), {})"
CELLS = {
    "01_good": [
        text("# T"),
        code("import os\nprint(os.environ.get('COLUMNS'), {'a', 'b'})"),
        code("object()", "nbval-ignore-output"),
        code(PICTURE.format(0)),
    ],
    "02_form": [code("print(1)")],
    "03_ignored": [code("print(2)", "nbval-ignore-output")],
    "04_picture": [code(PICTURE.format(255))],
    "05_skipped": [code("print(3)", "nbval-skip")],
}


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the last cell of a notebook and nothing else of its file."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"][-1])
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one run of pytest says about a good notebook and about four bad ones."""
    book = MiniBook(tmp_path_factory.mktemp("book"))
    paths = {name: book.chapter(name, cells) for name, cells in CELLS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(book.root)
        assert main(["normalise"]) == 0
    pictures = [json.loads(paths[name].read_text())["cells"][-1]["outputs"][0]["data"]["image/png"] for name in ("01_good", "04_picture")]
    assert pictures[0] != pictures[1]
    edit(paths["02_form"], lambda cell: cell.update(id="another"))
    edit(paths["03_ignored"], lambda cell: cell["outputs"][0].update(text=["20\n"]))
    edit(paths["04_picture"], lambda cell: cell["outputs"][0]["data"].update({"image/png": pictures[0]}))
    command = [sys.executable, *COMMAND, *map(str, paths.values())]
    return subprocess.run(command, cwd=book.root, env=os.environ | USER, capture_output=True, text=True).stdout


def test_nbval_alone_would_let_them_pass(said: str) -> None:
    assert set(re.findall(r"^PASSED \S+/(\w+)\.ipynb::Cell", said, re.M)) == set(CELLS) - {"05_skipped"}
    assert not re.findall(r"^FAILED \S+::Cell", said, re.M)


def test_the_good_one_passes_and_the_others_fail(said: str) -> None:
    assert re.findall(r"^PASSED \S+/(\w+)\.ipynb::same bytes", said, re.M) == ["01_good"]
    assert re.findall(r"^FAILED \S+/(\w+)\.ipynb::same bytes", said, re.M) == [*CELLS][1:]


@pytest.mark.parametrize(
    "line", ['-   "id": "another",', '-      "20\\n"', '-      "image/png": "', "Cell 0 was not executed, so the bytes"]
)
def test_what_differs_is_shown(said: str, line: str) -> None:
    assert line in said
