"""`python -m bpbook`: help, lazy imports, wrong usage, exit codes, and the table of `check`."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from minibook import MiniBook, code, saved

from bpbook import __main__ as command_line
from bpbook import check
from bpbook import test as all_tests
from bpbook.__main__ import COMMANDS, main
from bpbook.notebooks import BookError, UsageError, cells, choose, notebooks, pages, repository_root


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniBook:
    monkeypatch.chdir(tmp_path)
    return MiniBook(tmp_path)


# --- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there_and_has_one_line_of_help(command: str) -> None:
    module = importlib.import_module(f"bpbook.{COMMANDS[command]}")
    assert callable(module.run) and callable(module.add_arguments)
    summary = (module.__doc__ or "").splitlines()[0]
    assert summary.endswith(".") and summary == command_line._summary(COMMANDS[command]).replace("%%", "%")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {command}" in shown for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments", [[], ["unknown"], ["tangle", "--unknown"], ["firewall", "more"], ["normalise", "--no-execute", "no.ipynb"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(arguments)
    except SystemExit as stop:  # argparse leaves by itself
        code = int(stop.code or 0)
    assert code == 2
    shown = capsys.readouterr()
    assert shown.out == "" and "Traceback" not in shown.err and shown.err


def test_file_that_is_not_there_and_file_that_is_no_notebook(book: MiniBook, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["normalise", "--no-execute", "chapters/none.ipynb"]) == 2
    assert "chapters/none.ipynb: no such file, wanted a notebook" in capsys.readouterr().err
    assert main(["normalise", "--no-execute", "_toc.yml"]) == 2
    assert "_toc.yml is not a notebook, wanted a name that ends in .ipynb" in capsys.readouterr().err


def test_only_the_module_of_the_command_is_imported(tmp_path: Path) -> None:
    """A learner has NumPy and SymPy: help and grading must not need anything else."""
    for arguments in (["--help"], ["grade", "--help"]):
        lines = [
            "import sys",
            "class Refuse:",
            "    def find_spec(self, name, path=None, target=None):",
            "        wanted = {'yaml', 'nbformat', 'nbclient', 'matplotlib', 'sklearn', 'markdown_it', 'sphinx', 'ruff', 'pytest'}",
            "        if name.partition('.')[0] in wanted: raise ModuleNotFoundError(name, name=name)",
            "sys.meta_path.insert(0, Refuse())",
            f"from bpbook.__main__ import main; sys.exit(main({arguments!r}))",
        ]
        done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'nbclient'", name="nbclient")

    monkeypatch.setattr(importlib, "import_module", missing)
    assert main(["tangle"]) == 2
    assert "tangle needs nbclient: pip install" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "expected"), [(BookError("bad book"), 1), (UsageError("bad use"), 2), (KeyboardInterrupt(), 130)])
def test_errors_are_one_line_and_an_exit_code(
    error: BaseException, expected: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: object) -> int:
        raise error

    monkeypatch.setattr("bpbook.firewall.run", fail)
    assert main(["firewall"]) == expected
    assert len(capsys.readouterr().err.splitlines()) <= 1


def test_module_runs_as_a_program(book: MiniBook) -> None:
    book.chapter("01_first", [saved("demo", "def f() -> int:\n    return 1")])
    (book.root / "chapters").joinpath("deep").mkdir()
    done = subprocess.run([sys.executable, "-m", "bpbook", "tangle"], capture_output=True, text=True, cwd=book.root / "chapters" / "deep")
    assert done.returncode == 0, done.stderr
    assert (book.root / "bpkit" / "demo.py").is_file()


# --- the order of the book ------------------------------------------------------------------------


def test_pages_in_reading_order_through_every_level(book: MiniBook) -> None:
    toc = "root: index\nparts:\n- chapters:\n  - file: b\n    sections:\n    - file: c.md\n  - file: a.ipynb\n- chapters:\n  - url: https://example.org\n"
    (book.root / "_toc.yml").write_text(toc, encoding="utf-8")
    assert pages(book.root) == ["index", "b", "c", "a"]


@pytest.mark.parametrize("content", ["", "parts: [", "[1"])
def test_table_of_contents_of_the_wrong_form(book: MiniBook, content: str) -> None:
    (book.root / "_toc.yml").write_text(content, encoding="utf-8")
    if content:
        with pytest.raises(BookError, match=r"_toc.yml is not YAML"):
            pages(book.root)
    else:
        assert pages(book.root) == []


def test_page_that_is_not_there(book: MiniBook) -> None:
    book.chapter("01_first", [code("x = 1")])
    (book.root / "_toc.yml").write_text("root: index\nchapters:\n- file: chapters/01_first\n- file: more\n", encoding="utf-8")
    with pytest.raises(BookError, match="names pages that are not there: more"):
        notebooks(book.root)


def test_chosen_notebooks_are_all_unless_some_are_named(book: MiniBook) -> None:
    first, second = book.chapter("01_first", []), book.chapter("02_second", [])
    assert choose(book.root, []) == [first, second]
    assert choose(book.root, ["chapters/02_second.ipynb"]) == [second]


def test_cells_have_newlines_numbers_and_places(book: MiniBook) -> None:
    first, second = cells(book.chapter("01_first", [code("x = 1\r\ny = 2\rz = 3", "ledger"), code("w = 4")]), book.root)
    assert (first.source, first.tags, first.kind) == ("x = 1\ny = 2\nz = 3", ("ledger",), "code")
    assert second.where == "chapters/01_first.ipynb, cell 2"


def test_root_is_found_from_below_and_from_outside(book: MiniBook, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert repository_root(book.root / "chapters") == book.root
    assert repository_root(tmp_path_factory.mktemp("outside")) == Path(command_line.__file__).resolve().parent.parent


def test_outside_of_any_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpbook.notebooks.__file__", str(tmp_path / "site-packages" / "bpbook" / "notebooks.py"))
    with pytest.raises(UsageError, match=r"is not inside the book: no _toc\.yml there or above"):
        repository_root(tmp_path)


# --- check ----------------------------------------------------------------------------------------


def test_check_runs_everything_and_fails_when_one_fails(
    book: MiniBook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "CHECKS", {"good one": ["bpbook", "firewall"], "bad one": ["bpbook", "tangle", "--check"]})
    book.chapter("01_first", [code("x = 1")])
    assert main(["check"]) == 1
    shown = capsys.readouterr().out
    assert "passed  good one" in shown and "FAILED  bad one" in shown
    assert "$ python -m bpbook tangle --check" in shown and "bpkit/__init__.py" in shown
    assert main(["tangle"]) == 0
    assert main(["check"]) == 0


def test_check_covers_every_fast_check() -> None:
    commands = {tuple(command[:2]) for command in check.CHECKS.values()}
    wanted = {("bpbook", name) for name in ("tangle", "firewall", "ledger", "numbers", "uncompared", "exercises", "normalise", "results")}
    assert wanted | {("ruff", "check"), ("ruff", "format")} == {command for command in commands if command[0] != "mypy"}
    assert "mypy" in {command[0] for command in commands}
    assert all("--check" in command for command in check.CHECKS.values() if {"tangle", "exercises", "normalise", "format"} & {*command})


# --- test -----------------------------------------------------------------------------------------


def module(folder: Path, name: str, source: str, *after: str) -> all_tests.Step:
    """Write a program and return the step that runs it."""
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return all_tests.Step(name, [name], after=after)


def test_steps_run_after_a_failure_and_what_each_says_stays_together(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bad = module(tmp_path, "bad_one", "import sys; print('bad says'); print('to stderr', file=sys.stderr); sys.exit(3)")
    good = module(tmp_path, "good_one", "import os; print('good says', os.environ['BPBOOK_HTML'], os.environ['PYTHONHASHSEED'])", "bad_one")
    ended = all_tests.in_parallel([good, bad], tmp_path, tmp_path)
    assert [(outcome.step.name, outcome.code) for outcome in ended] == [("bad_one", 3), ("good_one", 0)]
    said = capfd.readouterr().out
    assert sorted(said[said.index("$ python -m bad_one") :].splitlines()[1:3]) == ["bad says", "to stderr"]
    assert f"$ python -m good_one\ngood says {tmp_path / '_build' / 'html'} 0\npassed: good_one" in said
    assert "FAILED: bad_one" in said


def test_a_step_that_fails_is_the_exit_code(book: MiniBook, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = module(book.root, "good_one", ""), module(book.root, "bad_one", "x = 1 / 0", "good_one")
    monkeypatch.setattr(all_tests, "steps", lambda root: [good])
    assert main(["test"]) == 0
    monkeypatch.setattr(all_tests, "steps", lambda root: [bad, good])
    assert main(["test"]) == 1
    assert [line[:15] for line in capfd.readouterr().out.splitlines()[-2:]] == ["passed  good_on", "FAILED  bad_one"]


class Pretend:
    """In place of `attempt`: a step with two processes ends when another one has been seen beside it."""

    def __init__(self) -> None:
        self.lock, self.pair = threading.Lock(), threading.Barrier(2)
        self.busy: list[all_tests.Step] = []
        self.seen: list[set[str]] = []

    def __call__(self, step: all_tests.Step, root: Path, folder: Path) -> all_tests.Outcome:
        with self.lock:
            self.busy.append(step)
            self.seen.append({one.name for one in self.busy})
            assert sum(one.processes for one in self.busy) <= 3
        if step.name.startswith("pair"):
            self.pair.wait(timeout=60)
        with self.lock:
            self.busy.remove(step)
        (folder / step.name).write_text("", encoding="utf-8")
        return all_tests.Outcome(step, 0, 0.0, folder / step.name)


def test_steps_run_side_by_side_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend = Pretend()
    monkeypatch.setattr(all_tests, "attempt", pretend)
    sizes = {"alone": 3, "pair a": 2, "large": 2, "pair b": 1, "small": 1}
    ended = all_tests.in_parallel([all_tests.Step(name, [], size) for name, size in sizes.items()], tmp_path, tmp_path)
    assert {outcome.step.name for outcome in ended} == {*sizes}
    assert {"alone"} in pretend.seen and {"pair a", "pair b"} in pretend.seen
    assert not any("alone" in names and len(names) > 1 for names in pretend.seen)


def test_a_step_that_waits_for_nothing_known_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can never start: b"):
        all_tests.in_parallel([all_tests.Step("b", [], after=("a",))], tmp_path, tmp_path)
    with pytest.raises(ValueError, match="can never start: c"):
        all_tests.in_parallel([all_tests.Step("c", [], all_tests.ROOM + 1)], tmp_path, tmp_path)


def test_the_steps_of_this_book_leave_nothing_out() -> None:
    root = Path(command_line.__file__).resolve().parents[1]
    steps = {step.name: step for step in all_tests.steps(root)}
    assert all({*step.after} <= {*steps} and step.processes <= all_tests.ROOM for step in steps.values())
    commands = [step.command for step in steps.values()]
    assert ["bpbook", "check"] in commands and ["bpbook", "build"] in commands
    (nbval,) = (command for command in commands if "--nbval" in command)
    assert {str(path.relative_to(root)) for path in notebooks(root)} <= {*nbval} and "bpbook.same_bytes" in nbval
    (tests,) = (command for command in commands if "tests/test_command_line.py" in command)
    assert sorted(name for name in tests if name.startswith("tests/")) == sorted(
        f"tests/{path.name}" for path in root.glob("tests/test_*.py")
    )
