"""The command line of the book: `python -m bpbook <command>`.

Each command is a module with `add_arguments(parser)` and `run(arguments) -> int`. A module is
imported only when its command is called, so that a learner's installation (NumPy and SymPy only)
can grade a notebook.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from bpbook.notebooks import BookError, UsageError

COMMANDS = {
    "tangle": "tangle",
    "normalise": "normalise",
    "firewall": "firewall",
    "ledger": "ledger.check",
    "bugs": "bugs",
    "exercises": "exercises.make",
    "grade": "exercises.grade",
    "worksheet": "worksheet",
    "numbers": "numbers",
    "uncompared": "uncompared",
    "results": "results",
    "bench": "bench",
    "pyodide": "browser.pyodide",
    "browser": "browser.notebooks",
    "check": "check",
    "build": "site.build",
    "serve": "site.serve",
    "test": "test",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 good, 1 something is wrong, 2 wrong usage."""
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _call(argv)
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"python -m bpbook: {error}", file=sys.stderr)
        return 2
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _closed_pipe()


def _closed_pipe() -> int:
    """Whoever read the output, such as `head`, has had enough: end quietly, also when Python flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141


def _call(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bpbook", description="Makes and checks the book.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    module = _add_commands(subparsers, chosen=next((word for word in argv if not word.startswith("-")), ""))
    arguments = parser.parse_args(argv)
    assert module is not None  # argparse has refused any other word
    return int(module.run(arguments))


def _add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], chosen: str) -> ModuleType | None:
    """Offer every command; import the module of the chosen one only."""
    module = None
    for command, name in COMMANDS.items():
        summary = _summary(name)
        parser = subparsers.add_parser(command, help=summary, description=summary)
        if command == chosen:
            module = _load(command, name)
            module.add_arguments(parser)
    return module


def _summary(name: str) -> str:
    """Return the first line of a module's docstring, without importing the module."""
    package = Path(__file__).parent.joinpath(*name.split("."))
    path = package / "__init__.py" if package.is_dir() else package.with_suffix(".py")
    if not path.is_file():
        return "(not installed)"
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("%", "%%")


def _load(command: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(f"bpbook.{name}")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("bpbook"):
            raise UsageError(f"{command} is not installed: there is no module {error.name}") from None
        raise UsageError(f"{command} needs {error.name}: pip install 'backpropagation-checked[learn,book,test]'") from None


if __name__ == "__main__":
    sys.exit(main())
