"""The tangle: what it writes, and what it refuses."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from minibook import MiniBook, code, saved, text

from bpbook.__main__ import main
from bpbook.notebooks import BookError
from bpbook.tangle import generate

FOUR = "def four(x: int) -> int:\n    return double(double(x))"
DOUBLE = 'def double(x: int) -> int:\n    """Return twice x."""\n    return 2 * x'


@pytest.fixture
def book(tmp_path: Path) -> MiniBook:
    return MiniBook(tmp_path)


def one(book: MiniBook, *cells: Any, module: str = "demo") -> str:
    """Tangle a book of one chapter and return one module."""
    book.chapter("01_first", cells)
    return generate(book.root)[f"{module}.py"]


def error(book: MiniBook) -> str:
    with pytest.raises(BookError) as caught:
        generate(book.root)
    return str(caught.value)


# --- what a module looks like ---------------------------------------------------------------------


def test_whole_module(book: MiniBook) -> None:
    title, section = text("# One"), text("(sec-two)=\n## Twice $n$ `times`")
    module = one(book, title, code("import os\nimport math as m"), section, saved("demo", f"# module: Simple things.\n{DOUBLE}"))
    assert module == (
        "# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.\n"
        "# - chapters/01_first.ipynb\n"
        '"""Simple things."""\n\n'
        "from __future__ import annotations\n\n"
        '__all__ = ["double"]\n\n\n'
        "def double(x: int) -> int:\n"
        '    """Return twice x.\n\n'
        "    Notes\n"
        "    -----\n"
        "    Derived in :doc:`chapter 1 </chapters/01_first>`, section :ref:`Twice n times <sec-two>`.\n"
        '    """\n'
        "    return 2 * x\n"
    )


def test_package_lists_public_names_and_version(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE), saved("demo", "def _helper() -> int:\n    return 1")])
    package = generate(book.root)["__init__.py"]
    assert "from bpkit.demo import double\n" in package
    assert '__version__ = "1.2.3"' in package
    assert '__all__ = ["double"]' in package
    assert "_helper" not in package


def test_package_offers_only_classes_of_validation(book: MiniBook) -> None:
    one(book, saved("validation", "class WrongError(ValueError):\n    pass"), saved("validation", DOUBLE), module="validation")
    package = generate(book.root)["__init__.py"]
    assert "WrongError" in package and "double" not in package


def test_package_without_version_is_an_error(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE)])
    (book.root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert "pyproject.toml gives no version" in error(book)


def test_module_grows_over_chapters_in_book_order(book: MiniBook) -> None:
    book.chapter("02_later", [text("# Two\n\n## Again"), saved("demo", "def triple(x: int) -> int:\n    return 3 * x")])
    book.chapter("01_first", [saved("demo", DOUBLE)])
    module = generate(book.root)["demo.py"]
    assert module.index("def triple") < module.index("def double"), "the order of _toc.yml counts, not the names"
    assert "# - chapters/02_later.ipynb\n# - chapters/01_first.ipynb\n" in module


def test_second_chapter_uses_first_without_importing_its_own_module(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE), saved("demo", "def _one() -> int:\n    return 1")])
    use = "def four(x: int) -> int:\n    return double(double(x)) * _one()"
    book.chapter("02_second", [code("from bpkit import double\nfrom bpkit.demo import _one"), saved("demo", use)])
    assert "import double" not in generate(book.root)["demo.py"]


@pytest.mark.parametrize("line", ["from bpkit import double", "from bpkit.demo import double"])
def test_other_module_is_imported_by_name(book: MiniBook, line: str) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE)])
    book.chapter("02_second", [code(line), saved("other", FOUR)])
    assert "from bpkit.demo import double\n" in generate(book.root)["other.py"]


def test_other_module_of_the_same_notebook(book: MiniBook) -> None:
    module = one(book, saved("demo", DOUBLE), saved("other", FOUR), module="other")
    assert "from bpkit.demo import double\n" in module


def test_cells_of_one_module_use_each_other(book: MiniBook) -> None:
    later = "def _half() -> int:\n    return 1"
    module = one(book, saved("demo", "def whole() -> int:\n    return 2 * _half()"), saved("demo", later))
    assert "import" not in module.partition("annotations\n")[2]


def test_alias_of_an_import_is_kept(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE)])
    book.chapter(
        "02_second", [code("from bpkit import double as twice"), saved("other", "def four(x: int) -> int:\n    return twice(twice(x))")]
    )
    assert "from bpkit.demo import double as twice\n" in generate(book.root)["other.py"]


def test_imports_are_hoisted_sorted_and_only_the_used_ones(book: MiniBook) -> None:
    imports = code("import numpy as np\nimport sys, os\nfrom typing import Any, Final\nfrom collections.abc import Callable")
    function = "def f(g: Callable[[Any], 'os.PathLike[str]']) -> Any:\n    sys = g(np.e)\n    return sys"
    source = f"from math import pi\n\nLIMIT: Final = pi\n\n\n{function}"
    module = one(book, imports, saved("demo", source))
    standard = "import os\nfrom collections.abc import Callable\nfrom math import pi\nfrom typing import Any, Final\n"
    wanted = f"\n\n{standard}\nimport numpy as np\n\n__all__"
    assert wanted in module
    assert "import sys" not in module and "Callable[[Any], os.PathLike[str]]" in module


def test_import_inside_a_function_stays_there(book: MiniBook) -> None:
    module = one(book, saved("demo", "def draw() -> None:\n    import matplotlib.pyplot as plt\n\n    plt.show()"))
    assert "\n    import matplotlib.pyplot as plt\n" in module


def test_private_names_only(book: MiniBook) -> None:
    module = one(book, saved("demo", "def _helper() -> int:\n    return 1"))
    assert "__all__: list[str] = []" in module
    assert "From chapter" not in module and "Derived" not in module


def test_kinds_of_definitions(book: MiniBook) -> None:
    source = """
    # A comment that stays.
    Array = NDArray[Any]
    TABLE = {"a": 1, "ü": 2}
    LOW, HIGH = 0, 1
    NAME: str = '''two
      lines'''


    @dataclass(frozen=True)
    class Point:
        '''A point — "in" the plane.'''

        x: Array
    """
    source = "\n".join(line[4:] for line in source.strip("\n").split("\n"))
    imports = "from dataclasses import dataclass\nfrom typing import Any\nfrom numpy.typing import NDArray"
    module = one(book, code(imports), saved("demo", source))
    assert '__all__ = ["HIGH", "LOW", "NAME", "TABLE", "Array", "Point"]' in module
    assert "# A comment that stays.\n# From chapter 1.\nArray = NDArray[Any]" in module
    assert '"ü": 2' in module and '"""two\n  lines"""' in module
    assert "@dataclass(frozen=True)\nclass Point:" in module and 'A point — "in" the plane.' in module
    assert ast.get_docstring(ast.parse(module).body[-1]).endswith("Derived in :doc:`chapter 1 </chapters/01_first>`.")  # type: ignore[arg-type,union-attr]


def test_carriage_returns_are_newlines(book: MiniBook) -> None:
    module = one(book, saved("demo", DOUBLE.replace("\n", "\r\n")))
    assert "\r" not in module and "return 2 * x\n" in module


def test_module_without_comment_gets_a_docstring(book: MiniBook) -> None:
    assert '"""Code from chapter 1 of the book."""' in one(book, saved("demo", DOUBLE))


def test_quotes_and_backslashes_in_the_module_comment(book: MiniBook) -> None:
    module = one(book, saved("demo", f'# module: Says "\\d" and ends with """\n{DOUBLE}'))
    assert ast.get_docstring(ast.parse(module)) == 'Says "\\d" and ends with """'


# --- provenance -----------------------------------------------------------------------------------


def docstring_of(book: MiniBook, definition: str, section: str = "# T\n\n## S") -> str:
    tree = ast.parse(one(book, text(section), saved("demo", definition)))
    return next(ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef))


NOTE = 'Derived in :doc:`chapter 1 </chapters/01_first>`, section "S".'


def test_note_goes_to_the_end_of_notes(book: MiniBook) -> None:
    definition = '''def f() -> None:
    """Do.

    Notes
    -----
    Old note.

    References
    ----------
    A book.
    """'''
    assert docstring_of(book, definition) == f"Do.\n\nNotes\n-----\nOld note.\n\n{NOTE}\n\nReferences\n----------\nA book."


def test_note_stays_in_notes_before_any_other_section(book: MiniBook) -> None:
    definition = 'def f() -> None:\n    """Do.\n\n    Notes\n    -----\n    Old.\n\n    See Also\n    --------\n    g\n    """'
    assert docstring_of(book, definition) == f"Do.\n\nNotes\n-----\nOld.\n\n{NOTE}\n\nSee Also\n--------\ng"


def test_notes_are_made_before_references(book: MiniBook) -> None:
    definition = 'def f() -> None:\n    """Do.\n\n    References\n    ----------\n    A book.\n    """'
    assert docstring_of(book, definition) == f"Do.\n\nNotes\n-----\n{NOTE}\n\nReferences\n----------\nA book."


@pytest.mark.parametrize("literal", ["'Do it.'", '"Do it."', "'''Do it.'''", 'r"Do it."', "'Do \"it\"'", '"Do \\"it\\""'])
def test_every_kind_of_string(book: MiniBook, literal: str) -> None:
    found = docstring_of(book, f"def f() -> None:\n    {literal}")
    assert found == f"{ast.literal_eval(literal)}\n\nNotes\n-----\n{NOTE}"


@pytest.mark.parametrize("body", ["'Do ' 'it.'", "'Do it.'; return", "'Do it.'  # why", "'Do it.' \\\n    'now'"])
def test_strange_docstrings_are_left_alone(book: MiniBook, body: str) -> None:
    (book.root / "pyproject.toml").write_text('[project]\nversion = "1"\n[tool.ruff.lint]\nselect = ["F"]\n', encoding="utf-8")
    module = one(book, text("# T\n\n## S"), saved("demo", f"def f() -> None:\n    {body}"))
    assert '# From chapter 1, section "S".\ndef f()' in module


def test_comment_stands_above_the_decorator(book: MiniBook) -> None:
    module = one(book, code("from functools import cache"), saved("demo", "@cache\ndef f() -> int:\n    return 1"))
    assert "# From chapter 1.\n@cache\ndef f()" in module


def test_note_after_text_that_is_not_ascii(book: MiniBook) -> None:
    assert docstring_of(book, 'def σ() -> None: "Δoppelt."') == f"Δoppelt.\n\nNotes\n-----\n{NOTE}"


def test_long_note_is_wrapped(book: MiniBook) -> None:
    book.chapter("01_first", [text(f"(sec-a)=\n## {'word ' * 40}"), saved("demo", DOUBLE)])
    assert max(map(len, generate(book.root)["demo.py"].splitlines())) <= 140


@pytest.mark.parametrize(
    ("markdown", "section"),
    [
        ("# Title", ""),
        ("## S ##", ', section "S"'),
        ("## A\n\n### B", ', section "B"'),
        ("```\n## no\n```", ""),
        ("## S\n\n```\n## no\n```", ', section "S"'),
        ("(sec-a)=\n\n## S", ", section :ref:`S <sec-a>`"),
        ("(sec-a)=\ntext\n\n## S", ', section "S"'),
        ("## The *loss* of [it](x.md) and $\\hat{y}$", ', section "The loss of it and haty"'),
    ],
)
def test_section_of_a_cell(book: MiniBook, markdown: str, section: str) -> None:
    found = docstring_of(book, DOUBLE, markdown)
    assert found.endswith(f"Derived in :doc:`chapter 1 </chapters/01_first>`{section}.")


# --- what is refused ------------------------------------------------------------------------------

WRONG = {
    "a name that nothing defines": ([saved("demo", "def f() -> int:\n    return missing")], "cell 1: uses missing, which nothing"),
    "a default that nothing defines": ([saved("demo", "def f(x: int = missing) -> int:\n    return x")], "uses missing"),
    "an annotation that nothing defines": ([saved("demo", "def f(x: Missing) -> int:\n    return 1")], "uses Missing"),
    "a name of a cell without a tag": (
        [code("limit = 3"), saved("demo", "def f() -> int:\n    return limit")],
        "cell 2: uses limit, which cell 1 defines but does not export",
    ),
    "a syntax error": ([saved("demo", "def f(:")], "cell 1: not plain Python"),
    "a syntax error in any cell": ([code("x ="), saved("demo", DOUBLE)], "cell 1: not plain Python"),
    "a magic": ([code("%matplotlib inline"), saved("demo", DOUBLE)], "magics (% and !) do not belong into a chapter"),
    "syntax of a later Python": ([saved("demo", "type Number = int | float")], "not plain Python"),
    "a tag on text": ([text("# T", "tangle:demo")], "cell 1: the tag 'tangle:demo' stands on a markdown cell"),
    "a module that is no identifier": ([code("x = 1", "tangle:a-b")], "cell 1: the tag 'tangle:a-b' names no module"),
    "a module without a name": ([code("x = 1", "tangle:")], "names no module"),
    "a tag without a colon": ([code("x = 1", "tangle")], "names no module"),
    "a module in capitals": ([code("x = 1", "tangle:Demo")], "names no module"),
    "the package itself": ([code("x = 1", "tangle:__init__")], "names no module"),
    "a word of Python": ([code("x = 1", "tangle:lambda")], "is a word of Python"),
    "two modules": ([code("x = 1", "tangle:a", "tangle:b")], "a cell goes into one module"),
    "nothing to export": ([saved("demo", "import os")], "defines nothing"),
    "an empty cell": ([saved("demo", "# later")], "defines nothing"),
    "a call": ([saved("demo", "print(1)")], "line 1 does something when imported"),
    "a loop": ([saved("demo", "x = 1\nfor i in range(3):\n    pass")], "line 2 does something when imported"),
    "an item of a table": ([saved("demo", "table = {}\ntable['a'] = 1")], "line 2 does something when imported"),
    "a name and an item": ([saved("demo", "table = {}\nx = table['a'] = 1")], "line 2 does something when imported"),
    "a name without a value": ([saved("demo", "x: int")], "line 1 does something when imported"),
    "a name that the tangle sets": ([saved("demo", "__all__ = ['x']")], "defines __all__"),
    "a name exported twice": (
        [saved("demo", DOUBLE), saved("other", DOUBLE)],
        "double is exported twice, first by chapters/01_first.ipynb, cell 1",
    ),
    "a private name exported twice": ([saved("demo", "_a = 1"), saved("other", "_a = 2")], "cell 2: _a is exported twice"),
    "two module comments": (
        [saved("demo", "# module: A.\nx = 1"), saved("demo", "# module: B.\ny = 1")],
        "cell 2: a second `# module:` line",
    ),
    "an import and more": ([saved("demo", "import os; x = 1")], "line 1 holds an import and more"),
    "an import of bpkit": (
        [code("import bpkit"), saved("demo", "def f() -> None:\n    bpkit.g()")],
        "wanted `from bpkit.<module> import <name>`",
    ),
    "a relative import": (
        [code("from . import g"), saved("demo", "def f() -> None:\n    g()")],
        "wanted `from bpkit.<module> import <name>`",
    ),
    "a name that is not in bpkit": ([code("from bpkit import g"), saved("demo", "def f() -> None:\n    g()")], "which no chapter exports"),
    "an import of bpbook": (
        [code("from bpbook.ledger import claim"), saved("demo", "def f() -> None:\n    claim()")],
        "does not need bpbook",
    ),
    "bpkit inside a function": ([saved("demo", "def f() -> None:\n    from bpkit import g\n    g()")], "inside a definition"),
    "what ruff finds": ([saved("demo", "def f() -> None:\n    x = 1")], "cell 1: F841 Local variable `x`"),
    "a circle": (
        [saved("a", "def f() -> None:\n    g()"), saved("b", "def g() -> None:\n    f()")],
        "circle: ",
    ),
    "a name with two meanings": (
        [
            code("import numpy as np"),
            saved("demo", "def f() -> object:\n    return np.e"),
            code("import math as np"),
            saved("demo", "def g() -> object:\n    return np.e"),
        ],
        "np means two things in bpkit/demo.py",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(book: MiniBook, name: str) -> None:
    cells, message = WRONG[name]
    book.chapter("01_first", cells)
    told = error(book)
    assert message in told
    assert "chapters/01_first.ipynb, cell " in told


def test_circle_names_every_step(book: MiniBook) -> None:
    cells, _ = WRONG["a circle"]
    book.chapter("01_first", cells)
    told = error(book)
    assert "a needs g of b (chapters/01_first.ipynb, cell 1)" in told and "b needs f of a (chapters/01_first.ipynb, cell 2)" in told


def test_name_of_an_earlier_chapter_must_be_imported(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE)])
    book.chapter("02_second", [saved("demo", FOUR)])
    assert "02_second.ipynb, cell 1: uses double, which nothing in this notebook defines; write `from bpkit.demo import double`" in error(
        book
    )


def test_name_in_the_wrong_module(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE), saved("other", "x = 1")])
    book.chapter("02_second", [code("from bpkit.other import double"), saved("new", FOUR)])
    assert "which no chapter exports; write `from bpkit.demo import double`" in error(book)


def test_own_module_under_another_name(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE)])
    book.chapter("02_second", [code("from bpkit import double as twice"), saved("demo", FOUR.replace("double", "twice"))])
    assert "02_second.ipynb, cell 2: uses twice from `from bpkit import double as twice`, its own module, under another name" in error(book)


def test_same_private_name_in_two_chapters_and_modules(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", "_a = 1")])
    book.chapter("02_second", [saved("other", "_a = 2")])
    assert set(generate(book.root)) == {"__init__.py", "demo.py", "other.py", "py.typed"}


def test_chapter_that_is_not_there(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", DOUBLE)]).unlink()
    assert "names chapters that are not there: chapters/01_first.ipynb" in error(book)


def test_chapter_that_the_book_leaves_out(book: MiniBook) -> None:
    path = book.chapter("01_first", [saved("demo", DOUBLE)])
    path.with_name("02_draft.ipynb").write_bytes(path.read_bytes())
    assert "leaves out chapters/02_draft.ipynb" in error(book)


def test_notebook_that_is_none(book: MiniBook) -> None:
    book.chapter("01_first", []).write_text("{", encoding="utf-8")
    assert "chapters/01_first.ipynb is not a notebook" in error(book)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def written(book: MiniBook, monkeypatch: pytest.MonkeyPatch) -> MiniBook:
    """A book of two modules whose bpkit/ is up to date."""
    monkeypatch.chdir(book.root)
    cells = [
        code("import math"),
        saved("demo", f"# module: Simple.\n{DOUBLE}"),
        saved("other", "def area(r: float) -> float:\n    return math.pi * r"),
    ]
    book.chapter("01_first", cells)
    assert main(["tangle"]) == 0
    return book


def test_check_passes_after_writing(written: MiniBook) -> None:
    before = {path: path.read_bytes() for path in (written.root / "bpkit").iterdir()}
    assert sorted(path.name for path in before) == ["__init__.py", "demo.py", "other.py", "py.typed"]
    assert main(["tangle", "--check"]) == 0
    assert main(["tangle"]) == 0
    assert before == {path: path.read_bytes() for path in (written.root / "bpkit").iterdir()}


def test_check_shows_an_edit_as_a_diff(written: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    path = written.root / "bpkit" / "demo.py"
    path.write_text(path.read_text(encoding="utf-8").replace("2 * x", "3 * x"), encoding="utf-8")
    capsys.readouterr()
    assert main(["tangle", "--check"]) == 1
    shown = capsys.readouterr().out
    assert "-    return 3 * x\n+    return 2 * x" in shown and "bpkit/demo.py" in shown
    assert "3 * x" in path.read_text(encoding="utf-8"), "a check writes nothing"


@pytest.mark.parametrize("change", ["missing", "line ends", "py.typed"])
def test_check_sees(written: MiniBook, change: str) -> None:
    path = written.root / "bpkit" / ("py.typed" if change == "py.typed" else "demo.py")
    if change == "line ends":
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    else:
        path.unlink()
    assert main(["tangle", "--check"]) == 1
    assert main(["tangle"]) == 0
    assert main(["tangle", "--check"]) == 0


def test_file_of_somebody_else_is_reported_and_kept(written: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = written.root / "bpkit" / "mine.py"
    stranger.write_text("x = 1\n", encoding="utf-8")
    assert main(["tangle", "--check"]) == 1
    assert "bpkit/mine.py is not written by a chapter" in capsys.readouterr().out
    assert main(["tangle"]) == 1
    assert stranger.is_file()


def test_module_whose_cells_are_gone_is_deleted(written: MiniBook) -> None:
    written.chapter("01_first", [saved("demo", DOUBLE)])
    assert main(["tangle", "--check"]) == 1
    assert (written.root / "bpkit" / "other.py").is_file()
    assert main(["tangle"]) == 0
    assert not (written.root / "bpkit" / "other.py").exists()


def test_nothing_is_written_when_a_cell_is_wrong(written: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in (written.root / "bpkit").iterdir()}
    written.chapter("01_first", [saved("demo", DOUBLE.replace("2", "5")), saved("other", "def f() -> int:\n    return missing")])
    assert main(["tangle"]) == 1
    assert "chapters/01_first.ipynb, cell 2: uses missing" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in (written.root / "bpkit").iterdir()}


def test_output_is_clean_and_importable(written: MiniBook) -> None:
    """Strict types, ruff's rules and layout, and the import itself."""
    for command in (["ruff", "check", "bpkit"], ["ruff", "format", "--check", "bpkit"], ["mypy", "--strict", "bpkit"]):
        done = subprocess.run([sys.executable, "-m", *command], cwd=written.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    program = "import bpkit, bpkit.demo; print(bpkit.__version__, bpkit.double(4), bpkit.demo.__doc__, 'math' in bpkit.__all__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=written.root, capture_output=True, text=True, check=True)
    assert done.stdout == "1.2.3 8 Simple. False\n"


def test_bpkit_is_what_the_chapters_say() -> None:
    from bpbook.notebooks import repository_root
    from bpbook.tangle import differences

    root = repository_root(Path(__file__))
    assert differences(root, generate(root)) == []


def test_every_public_docstring_of_bpkit_links_its_section() -> None:
    import bpkit

    for name in bpkit.__all__:
        if not isinstance(getattr(bpkit, name), type | FunctionType):
            continue  # a constant has no docstring
        module = importlib.import_module(getattr(bpkit, name).__module__)
        assert "Derived in :doc:`chapter " in (getattr(module, name).__doc__ or ""), name
