"""Repeat the long runs whose results the chapters read, or check that the code has not changed since.

A run is an entry of RUNS. Its results stand in `chapters/data/results.json` with the seeds, the versions
and a fingerprint of each file that had a part in them. Nothing but the standard library is imported
before a run starts, so that a chapter can read the results anywhere.
"""

from __future__ import annotations

import argparse
import ast
import json
import platform
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from bpbook.datasets import data_file
from bpbook.notebooks import BookError, UsageError, repository_root

FILE = "results.json"
PACKAGES = ("numpy", "autograd", "scikit-learn")


@dataclass(frozen=True)
class Run:
    """A long run: `make(root)` returns its results, which depend on the files that match `sources`."""

    make: Callable[[Path], dict[str, Any]]
    sources: tuple[str, ...]


def _bugs(root: Path) -> dict[str, Any]:
    from bpbook.bugs.count import SEEDS, by_kind, count

    found = count(root, root / "bpbook" / "bugs" / "bugs.toml")
    return {"seeds": list(SEEDS), "bugs": len(found), "kinds": by_kind(found), "each": found}


def _xor(root: Path) -> dict[str, Any]:
    from bpbook.long_runs import xor

    return xor.results()


TWO_LAYERS = tuple(f"bpkit/{name}.py" for name in ("activations", "linear", "losses", "two_layers", "validation"))


def _fashion(root: Path) -> dict[str, Any]:
    from bpbook.long_runs import fashion

    return fashion.run()


TRAINING = tuple(
    f"bpkit/{name}.py" for name in ("activations", "data", "layers", "linear", "losses", "network", "optimisers", "training", "validation")
)
RUNS = {
    "bugs": Run(_bugs, ("bpkit/*.py", "bpbook/bugs/*", "bpbook/ladder/**/*.py")),
    "xor": Run(_xor, (*TWO_LAYERS, "bpbook/long_runs/xor.py")),
    "fashion": Run(_fashion, (*TRAINING, "bpbook/datasets.py", "bpbook/long_runs/fashion.py")),
}


def load_results(name: str) -> dict[str, Any]:
    """Return the results of one run, with its `seeds`.

    Parameters
    ----------
    name : str
        The name of the run, such as 'bugs'.

    Raises
    ------
    KeyError
        If there is no such run in the file.
    """
    known = json.loads(data_file(FILE).read_text(encoding="utf-8"))
    if name not in known:
        raise KeyError(f"there are no results {name!r}, wanted one of {sorted(known)}: python -m bpbook results {name}")
    results: dict[str, Any] = known[name]["results"]
    return results


def fingerprints(root: Path, run: Run) -> dict[str, str]:
    """Return a fingerprint of each file that the run depends on; comments and docstrings do not count."""
    paths = sorted({path for pattern in run.sources for path in root.glob(pattern) if path.suffix in (".py", ".toml")})
    return {path.relative_to(root).as_posix(): sha256(_code(path).encode()).hexdigest()[:16] for path in paths}


def _code(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":  # the bug catalogue: its words have no part in the results
        bugs = tomllib.loads(text).get("bug", [])
        return json.dumps([[bug.get(key) for key in ("id", "function", "find", "replace")] for bug in bugs])
    words = {line for node in ast.walk(ast.parse(text)) for line in _docstring(node)}
    lines = [line.rstrip() for number, line in enumerate(text.splitlines(), 1) if number not in words]
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def _docstring(node: ast.AST) -> Iterator[int]:
    """Yield the numbers of the lines of a docstring."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
        first = node.body[0]
        yield from range(first.lineno, (first.end_lineno or first.lineno) + 1)


def stale(root: Path, names: Sequence[str] = ()) -> list[str]:
    """Return a line for each run whose results do not belong to the code as it is."""
    path = root / "chapters" / "data" / FILE
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    problems = [f"{name}: {path.name} holds results of an unknown run; take them out" for name in known if name not in RUNS]
    for name, run in RUNS.items():
        if names and name not in names:
            continue
        now, then = fingerprints(root, run), known.get(name, {}).get("code", {})
        changed = [file for file in sorted({*now, *then}) if now.get(file) != then.get(file)]
        if changed:
            problems.append(f"{name}: {', '.join(changed)} changed after the run; repeat it: python -m bpbook results {name}")
    return problems


def repeat(root: Path, names: Sequence[str]) -> None:
    """Repeat the named runs and write their results."""
    path = root / "chapters" / "data" / FILE
    for name in names:
        code = fingerprints(root, RUNS[name])
        results = RUNS[name].make(root)
        if fingerprints(root, RUNS[name]) != code:
            raise BookError(f"{name}: the code changed while the run was going on; repeat it")
        versions = {"python": platform.python_version(), **{package: metadata.version(package) for package in PACKAGES}}
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        known[name] = {"command": f"python -m bpbook results {name}", "versions": versions, "code": code, "results": results}
        path.write_text(_text(known), encoding="utf-8")
        print(f"{name}: written to {path.relative_to(root)}")


def _text(known: dict[str, Any]) -> str:
    """Write a list on one line, so that a change can be read."""
    text = json.dumps(known, indent=1, sort_keys=True)
    return re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the names of the runs and `--check`."""
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"repeat only these: {', '.join(RUNS)}")
    parser.add_argument("--check", action="store_true", help="only say whether the code has changed since the last run")


def run(arguments: argparse.Namespace) -> int:
    """Repeat the runs, or return 1 where the results do not belong to the code."""
    root = repository_root()
    unknown = set(arguments.names) - set(RUNS)
    if unknown:
        raise UsageError(f"no run {', '.join(sorted(unknown))}, wanted one of {', '.join(RUNS)}")
    if not arguments.check:
        repeat(root, arguments.names or list(RUNS))
        return 0
    problems = stale(root, arguments.names)
    print("\n".join(problems) if problems else "all results belong to the code as it is")
    return int(bool(problems))
