"""What became of each bug, measured once for each state of the code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import bpbook
import bpkit
from bpbook.bugs import Bug, Result, run_all
from bpbook.notebooks import repository_root

TOOLS, KIT = Path(bpbook.__file__).parent, Path(bpkit.__file__).parent


def bug_results(root: Path) -> list[Result]:
    """Put every bug into bpkit and return what became of it.

    Parameters
    ----------
    root : Path
        The folder with `_toc.yml`. The results are kept in its `_build` until the code changes.

    Returns
    -------
    list of Result
        In the order of the catalogue.
    """
    store, code = root / "_build" / "bugs.json", fingerprint([KIT, TOOLS / "ladder", TOOLS / "bugs"], [TOOLS / "bugs" / "bugs.toml"])
    known = _read(store)
    if known.get("code") == code:
        return [Result(**(entry | {"bug": Bug(**entry["bug"])})) for entry in known["results"]]
    results = run_all(KIT.parent)
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(json.dumps({"code": code, "results": [asdict(result) for result in results]}), encoding="utf-8")
    return results


def _read(store: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known


def fingerprint(folders: Iterable[Path], files: Iterable[Path]) -> str:
    """Return a hash of the Python files in the folders and of the files."""
    paths = [*files, *(path for folder in folders for path in folder.rglob("*.py"))]
    return sha256(b"\0".join(path.read_bytes() for path in sorted(paths))).hexdigest()


if __name__ == "__main__":  # so that the tests can try the bugs before they build the book
    print(f"{len(bug_results(repository_root()))} bugs have been tried")
