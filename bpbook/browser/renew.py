"""Take over a new release of Pyodide: write `pyodide.json` anew from the release's own lock file."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from bpbook.browser.pyodide import HERE, release
from bpbook.notebooks import UsageError

LOCK = "pyodide-lock.json"


def renew(folder: Path, version: str, target: Path = HERE / "pyodide.json") -> None:
    """Write the hashes of a release's core and the entries of the packages that the site serves.

    Parameters
    ----------
    folder : Path
        An unpacked release, or its core alone: the lock file and the files of the core.
    version : str
        Its version, as in its address.
    target : Path
        The file that is written.

    Raises
    ------
    UsageError
        If the folder lacks a file, or the lock file a package.
    """
    old = release()
    if missing := [name for name in (*old["core"], LOCK) if not (folder / name).is_file()]:
        raise UsageError(f"{folder} is no release of Pyodide: it has no {', '.join(missing)}")
    lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    if missing := [name for name in old["packages"] if name not in lock["packages"]]:
        raise UsageError(f"the lock file of Pyodide {version} has no package {', '.join(missing)}")
    new: dict[str, Any] = {
        "_comment": old["_comment"],
        "version": version,
        "core": {name: _hash(folder / name) for name in old["core"]},
        "lock": {LOCK: _hash(folder / LOCK)},
        "info": lock["info"],
        "packages": {name: lock["packages"][name] for name in old["packages"]},
    }
    target.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
