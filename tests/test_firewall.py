"""The firewall: a chapter uses only what earlier chapters exported."""

from __future__ import annotations

from pathlib import Path

import pytest
from minibook import MiniBook, code, saved

from bpbook.__main__ import main
from bpbook.firewall import violations
from bpbook.notebooks import repository_root
from bpbook.package_graph import graph_violations
from bpbook.tangle.exported import pieces


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniBook:
    """Three chapters: the middle one is for the test; `early` and `_private` come before it, `late` and `grown` after it."""
    monkeypatch.chdir(tmp_path)
    book = MiniBook(tmp_path)
    early, private = "def early() -> int:\n    return _private()", "def _private() -> int:\n    return 1"
    book.chapter("01_one", [saved("first", early), saved("first", private)])
    book.chapter("02_two", [])
    book.chapter("03_three", [saved("first", "def grown() -> int:\n    return 1"), saved("last", "def late() -> int:\n    return 1")])
    return book


def problems(book: MiniBook, source: str) -> list[str]:
    book.chapter("02_two", [code("x = 1"), code(source)])
    return violations(book.root, pieces(book.root))


GOOD = [
    "from bpkit import early",
    "from bpkit import early as soon\nsoon()",
    "from bpkit import __version__",
    "from bpkit.first import early, _private",
    "import bpkit\nbpkit.early(), bpkit.first.early(), bpkit.__version__",
    "import bpkit.first\nbpkit.first.early()",
    "import bpkit.first as f\nf.early().real, f.__doc__",
    "from bpkit import first\nfirst.early()",
    "import numpy as np\nnp.late",
    "def late():\n    pass\nlate()",
    "late = object()\nlate.grown",
    "from importlib.metadata import version\nfrom importlib import resources",
    "text = 'from bpkit import late'",
]


@pytest.mark.parametrize("source", GOOD)
def test_allowed(book: MiniBook, source: str) -> None:
    assert problems(book, source) == []


LATE = "bpkit.{} is exported by chapters/03_three.ipynb, cell {}, wanted only what earlier chapters export"
BAD = {
    "from bpkit import late": LATE.format("late", 2),
    "from bpkit import late as l": LATE.format("late", 2),
    "from bpkit import early, grown": LATE.format("grown", 1),
    "from bpkit.first import grown": LATE.format("first.grown", 1),
    "from bpkit.last import late": LATE.format("last.late", 2),
    "import bpkit.last": LATE.format("last", 2),
    "from bpkit import last": LATE.format("last", 2),
    "import bpkit\nbpkit.late()": LATE.format("late", 2),
    "import bpkit as b\nb.late()": LATE.format("late", 2),
    "import bpkit\nbpkit.last.late()": LATE.format("last.late", 2),
    "import bpkit\nbpkit.first.grown()": LATE.format("first.grown", 1),
    "import bpkit.first as f\nf.grown()": LATE.format("first.grown", 1),
    "import bpkit.first as f\ng = lambda: [f.grown for _ in range(3)]": LATE.format("first.grown", 1),
    "from bpkit import first\nfirst.grown()": LATE.format("first.grown", 1),
    "def f():\n    from bpkit import late\n    return late": LATE.format("late", 2),
    "try:\n    from bpkit import late\nexcept ImportError:\n    pass": LATE.format("late", 2),
    "from bpkit import nothing": "bpkit.nothing is exported by no chapter",
    "from bpkit.first import nothing": "bpkit.first.nothing is exported by no chapter",
    "from bpkit.nowhere import early": "bpkit.nowhere.early is not there, the name is in bpkit.first",
    "from bpkit import _private": "bpkit._private is not there, the name is in bpkit.first",
    "import bpkit.nowhere": "bpkit.nowhere is exported by no chapter",
    "from bpkit import *": "`from bpkit import *` hides which names come",
    "from bpkit.first import *": "`from bpkit.first import *` hides which names come",
    "from numpy import *": "`from numpy import *` hides which names come",
    "from . import early": "`from . import early` is relative",
    "from .bpkit import early": "`from .bpkit import early` is relative",
    "import importlib": "can import what this check does not see",
    "from importlib import import_module": "can import what this check does not see",
    "import runpy": "can import what this check does not see",
    "from sys import modules": "can import what this check does not see",
    "import sys\nsys.modules['bpkit']": "sys.modules can reach",
    "__import__('bpkit').late": "__import__ can import",
    "exec('from bpkit import late')": "exec can import",
    "eval('late')": "eval can import",
    "get_ipython().run_cell('from bpkit import late')": "get_ipython can import",
    "import bpkit\ngetattr(bpkit, 'late')": "bpkit (bpkit) is used without a name after it",
    "import bpkit.first as f\ng = f\ng.grown": "f (bpkit.first) is used without a name after it",
}


@pytest.mark.parametrize("source", BAD)
def test_refused(book: MiniBook, source: str) -> None:
    (told, *_) = problems(book, source)
    assert told.startswith("chapters/02_two.ipynb, cell 2: ")
    assert BAD[source] in told


def test_own_exports_are_not_imported(book: MiniBook) -> None:
    mine = "def mine() -> int:\n    return 1"
    book.chapter("02_two", [saved("middle", mine), code("from bpkit import mine")])
    (told,) = violations(book.root, pieces(book.root))
    assert "bpkit.mine is exported by chapters/02_two.ipynb, cell 1, wanted only what earlier chapters export" in told


def test_import_in_one_cell_counts_in_all(book: MiniBook) -> None:
    book.chapter("02_two", [code("import bpkit as b"), code("x = 1"), code("b.late()")])
    (told,) = violations(book.root, pieces(book.root))
    assert told.startswith("chapters/02_two.ipynb, cell 3: ")


def test_order_comes_from_the_book_and_not_from_the_names(tmp_path: Path) -> None:
    book = MiniBook(tmp_path)
    book.chapter("02_two", [saved("first", "def early() -> int:\n    return 1")])
    book.chapter("01_one", [code("from bpkit import early")])
    assert violations(book.root, pieces(book.root)) == []


def test_command(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    book.chapter("02_two", [code("from bpkit import early")])
    assert main(["tangle"]) == 0
    assert main(["firewall"]) == 0
    book.chapter("02_two", [code("from bpkit import late")])
    assert main(["firewall"]) == 1
    assert "bpkit.late" in capsys.readouterr().out
    book.chapter("02_two", [code("from bpkit import (")])
    assert main(["firewall"]) == 1
    assert "chapters/02_two.ipynb, cell 1: not plain Python" in capsys.readouterr().err


# --- the files of bpkit/ --------------------------------------------------------------------------

FILES = {
    "import os\nimport numpy as np": "",
    "def draw():\n    import matplotlib.pyplot as plt": "",
    "import matplotlib.pyplot as plt": "first.py: imports matplotlib.pyplot; bpkit is light",
    "import scipy": "first.py: imports scipy; bpkit is light",
    "def f():\n    import sklearn": "first.py: imports sklearn; bpkit is light",
    "from bpbook.ledger import claim": "first.py: imports bpbook.ledger; bpkit is light",
    "from bpkit.last import late": "",
    "from bpkit.last import grown": "first.py: imports grown from bpkit.last, which no chapter exports there",
    "import bpkit.last": "first.py: imports all from bpkit.last, which no chapter exports there",
    "from . import late": "first.py: imports .; bpkit is light",
}


@pytest.mark.parametrize("source", FILES)
def test_files(book: MiniBook, source: str) -> None:
    assert main(["tangle"]) == 0
    (book.root / "bpkit" / "first.py").write_text(source, encoding="utf-8")
    told = graph_violations(book.root, pieces(book.root))
    assert (FILES[source] in told[0]) if FILES[source] else told == []


def test_file_that_looks_forward(book: MiniBook) -> None:
    book.chapter("02_two", [saved("middle", "def mine() -> int:\n    return 1")])
    assert main(["tangle"]) == 0
    (book.root / "bpkit" / "middle.py").write_text("from bpkit.last import late\n", encoding="utf-8")
    assert graph_violations(book.root, pieces(book.root)) == ["bpkit/middle.py: imports late of chapter 3, but its own last chapter is 2"]


def test_circle_of_files(book: MiniBook) -> None:
    assert main(["tangle"]) == 0
    (book.root / "bpkit" / "first.py").write_text("from bpkit.last import late\n", encoding="utf-8")
    (book.root / "bpkit" / "last.py").write_text("def late():\n    from bpkit.first import early\n", encoding="utf-8")
    (told,) = graph_violations(book.root, pieces(book.root))
    assert told.startswith("bpkit/ imports in a circle: ") and "first needs last" in told


def test_the_book_keeps_the_order() -> None:
    root = repository_root(Path(__file__))
    found = pieces(root)
    assert [*violations(root, found), *graph_violations(root, found)] == []
