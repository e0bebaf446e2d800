"""The normaliser: one form for the same content, and the same bytes when a notebook runs again."""

# mypy: allow-untyped-calls
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from minibook import MiniBook, code, text
from nbformat.v4 import new_code_cell, new_notebook, new_output

from bpbook.__main__ import main
from bpbook.normalise import normalise, repository_address, to_text


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniBook:
    monkeypatch.chdir(tmp_path)
    return MiniBook(tmp_path)


def form(root: Path, *cells: Any, **metadata: Any) -> dict[str, Any]:
    """Return the normalised notebook as it is read from its file; a second time changes nothing."""
    once = to_text(normalise(new_notebook(cells=list(cells), metadata=metadata), root))
    assert to_text(normalise(nbformat.reads(once, as_version=4), root)) == once
    loaded: dict[str, Any] = json.loads(once)
    return loaded


def sources(notebook: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"]]


# --- the form, without execution ------------------------------------------------------------------


def test_metadata_of_the_notebook_is_reset(book: MiniBook) -> None:
    notebook = form(
        book.root, kernelspec={"name": "my-env", "display_name": "Mine"}, language_info={"name": "python", "version": "3.12.1"}, jupytext={}
    )
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)


def test_known_metadata_of_a_cell_is_kept_and_the_rest_dropped(book: MiniBook) -> None:
    kept = {"mystnb": {"image": {"alt": "A line."}}, "bpbook": {"a": 1}, "tags": ["hide-input", "ledger"]}
    noise = {"execution": {"iopub.execute_input": "2026"}, "collapsed": True, "editable": True, "ExecuteTime": {}}
    cell = new_code_cell("x = 1", metadata={**kept, **noise, "jupyter": {"source_hidden": True, "x": 1}})
    (written,) = form(book.root, text("# T"), cell)["cells"][2:]
    assert written["metadata"] == {**kept, "jupyter": {"source_hidden": True}}


def test_ids_follow_the_content(book: MiniBook) -> None:
    one = form(book.root, code("x = 1"), code("x = 1"), text("x = 1"), code("x = 2"))
    other = form(book.root, code("x = 1"), text("new"), code("x = 1"), text("x = 1"), code("x = 2"))
    identities = [cell["id"] for cell in one["cells"]]
    assert len(set(identities)) == len(identities)
    assert set(identities) < {cell["id"] for cell in other["cells"]}


def test_execution_counts_are_numbered(book: MiniBook) -> None:
    result = new_output("execute_result", data={"text/plain": "1"}, execution_count=17)
    notebook = form(
        book.root, new_code_cell("1", execution_count=17, outputs=[result]), text("t"), new_code_cell("x = 2", execution_count=40)
    )
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == [1, 2]
    assert cells[0]["outputs"][0]["execution_count"] == 1


def test_notebook_that_never_ran_has_no_counts(book: MiniBook) -> None:
    notebook = form(book.root, code("x = 1"))
    assert notebook["cells"][-1]["execution_count"] is None


def test_addresses_and_uuids_become_constants(book: MiniBook) -> None:
    printed = "<f at 0x7f12ab34cd56> 0123abcd-0123-4567-89ab-0123456789ab 0x3ff0000000000000 at /tmp/ipykernel_12/345.py:1: W"
    data = new_output("display_data", data={"text/plain": "<g at 0x7f00000000aa>", "image/png": "x at 0x7f00000000aa"})
    cell = new_code_cell("f", outputs=[new_output("stream", name="stdout", text=printed), data])
    stream, display = form(book.root, cell)["cells"][-1]["outputs"]
    wanted = "<f at 0x0000000000> 00000000-0000-0000-0000-000000000000 0x3ff0000000000000 at <cell>:1: W"
    assert "".join(stream["text"]) == wanted
    assert display["data"]["text/plain"] == ["<g at 0x0000000000>"]
    assert display["data"]["image/png"] == "x at 0x7f00000000aa", "the bytes of an image are no text"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  \ny = 2\t\n\n", "x = 1\ny = 2"),
        ("x = 1\r\ny = 2\r\n", "x = 1\ny = 2"),
        ('x = """a  \nb"""', 'x = """a  \nb"""'),
        ("%time x  \ny", "%time x  \ny"),
        ("\n\nx = 1", "x = 1"),
    ],
)
def test_white_space_of_code(book: MiniBook, before: str, after: str) -> None:
    assert sources(form(book.root, code(before)))[-1] == after


TEXTS = [("a \nb", "a\nb"), ("a  \nb", "a  \nb"), ("a    \nb  ", "a  \nb"), ("a  \n\nb", "a\n\nb"), ("   \na", "a"), (" a", " a")]


@pytest.mark.parametrize(("before", "after"), TEXTS)
def test_white_space_of_text(book: MiniBook, before: str, after: str) -> None:
    assert sources(form(book.root, text(before)))[-1] == after


def test_empty_cells_go(book: MiniBook) -> None:
    assert sources(form(book.root, text("# T"), code("  \n"), text(""), code("x = 1")))[2:] == ["x = 1"]


def test_letters_of_all_languages_and_final_newline(book: MiniBook) -> None:
    written = to_text(normalise(new_notebook(cells=[text("σ(z) = ½, 梯度")]), book.root))
    assert "σ(z) = ½, 梯度" in written
    assert written.endswith("}\n") and not written.endswith("\n\n")


def test_input_is_not_changed(book: MiniBook) -> None:
    notebook = new_notebook(cells=[new_code_cell("x = 1  ", metadata={"noise": 1}, execution_count=7)])
    before = to_text(notebook)
    normalise(notebook, book.root)
    assert to_text(notebook) == before


# --- the cell for Colab ---------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "place"), [("# Title", 1), ("(ch-one)=\n# Title", 1), ("Text", 0), ("## Section", 0)])
def test_colab_cell_stands_first_or_after_the_title(book: MiniBook, first: str, place: int) -> None:
    cell = form(book.root, text(first), code("x = 1"))["cells"][place]
    assert cell["metadata"]["tags"] == ["colab", "remove-cell"]
    assert '%pip install "backpropagation-checked[learn] @ git+https://example.org/book"' in "".join(cell["source"])


def test_colab_cell_follows_the_setting(book: MiniBook) -> None:
    (book.root / "_config.yml").write_text("repository:\n  url: https://example.org/moved/\n", encoding="utf-8")
    old = text("%pip install git+https://example.org/book", "colab", "remove-cell")
    written = sources(form(book.root, text("# T"), old, code("x = 1")))
    assert len(written) == 3 and 'git+https://example.org/moved"' in written[1]


@pytest.mark.parametrize("config", [None, "", "title: A\n", "repository:\n"])
def test_no_address_no_colab_cell(book: MiniBook, config: str | None) -> None:
    path = book.root / "_config.yml"
    path.unlink() if config is None else path.write_text(config, encoding="utf-8")
    assert repository_address(book.root) == ""
    assert sources(form(book.root, text("# T"), code("x = 1"))) == ["# T", "x = 1"]


# --- the command, without execution ---------------------------------------------------------------


def test_form_check_fails_then_passes(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    path = book.chapter("01_first", [text("# T"), code("x = 1", noise=1)])
    assert main(["normalise", "--no-execute", "--check"]) == 1
    assert '-    "noise": 1' in capsys.readouterr().out
    assert '"noise"' in path.read_text(encoding="utf-8"), "a check writes nothing"
    assert main(["normalise", "--no-execute"]) == 0
    assert main(["normalise", "--no-execute", "--check"]) == 0


def test_form_check_sees_line_ends(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    path = book.chapter("01_first", [text("# T")])
    main(["normalise", "--no-execute"])
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert main(["normalise", "--no-execute", "--check"]) == 1
    assert "other line ends" in capsys.readouterr().out


def test_form_check_shortens_long_lines(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    book.chapter("01_first", [code("x = 1", printed="x" * 5000)])
    main(["normalise", "--no-execute", "--check"])
    assert max(map(len, capsys.readouterr().out.splitlines())) < 300


# --- execution ------------------------------------------------------------------------------------

LIVELY = """\
import os, random, sys, uuid
import numpy as np
print({"a", "b", "c"}, object(), uuid.uuid4())
print(os.environ["OMP_NUM_THREADS"], os.getcwd().rsplit(os.sep, 1)[-1], __import__("pathlib").Path("data.txt").exists())
object()"""
PLOT = "import matplotlib.pyplot as plt\nplt.plot(np.arange(3))\nplt.show()"


def test_two_runs_give_the_same_bytes(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    path = book.chapter("01_first", [text("# T"), code(LIVELY), code(""), code(PLOT)])
    (book.root / "chapters" / "data.txt").write_text("", encoding="utf-8")
    assert main(["normalise"]) == 0
    first = path.read_bytes()
    assert main(["normalise"]) == 0
    assert path.read_bytes() == first
    assert main(["normalise", "--check", str(path)]) == 0
    cells = json.loads(first)["cells"]
    assert "".join(cells[2]["outputs"][0]["text"]).splitlines()[1] == "1 chapters True"
    assert "image/png" in cells[3]["outputs"][0]["data"]
    path.write_bytes(first.replace(b"<object at 0x0000000000>", b"<object at 0x0000000001>"))
    capsys.readouterr()
    assert main(["normalise", "--check", str(path)]) == 1
    assert "0x0000000001" in capsys.readouterr().out


def test_failing_cell_is_named_and_nothing_is_written(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    good = book.chapter("01_good", [code("print(1)")])
    bad = book.chapter("02_bad", [text("# T"), code("x = 0"), code("print(1 / x)"), code("y = 1")])
    before = good.read_bytes(), bad.read_bytes()
    assert main(["normalise"]) == 1
    assert "chapters/02_bad.ipynb, cell 3: ZeroDivisionError: division by zero" in capsys.readouterr().out
    assert (good.read_bytes(), bad.read_bytes()) == before


def test_dead_kernel_is_named(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    book.chapter("01_first", [code("x = 1"), code("import os\nos._exit(1)")])
    assert main(["normalise"]) == 1
    assert "chapters/01_first.ipynb, cell 2: the kernel died" in capsys.readouterr().out


def test_slow_cell_is_named(book: MiniBook) -> None:
    from bpbook.execute import execute
    from bpbook.notebooks import BookError, read

    path = book.chapter("01_first", [code("x = 1"), code("while True: pass")])
    with pytest.raises(BookError, match=r"chapters/01_first.ipynb, cell 2: took more than 1 s"):
        execute(read(path), path, book.root, cell_timeout=1)
