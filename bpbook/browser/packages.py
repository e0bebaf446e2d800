"""The book's own packages as wheels for the browser, and the lock file that tells Pyodide of every package of the site.

The book's tools are split by what they need, so that a page that checks exercises does not wait for SymPy:
Pyodide loads a package when a cell imports one of its modules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import bpkit
from bpbook.browser.pyodide import official_address, release

LOCK = "pyodide-lock.json"
# The marker environment of the browser's Python, as far as the requirements of the wheels ask for it.
MARKERS = {"sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "extra": ""}


@dataclass(frozen=True)
class Part:
    """A wheel of the book's own: what it holds, what it needs, and the modules whose import loads it."""

    name: str
    include: tuple[str, ...]
    imports: tuple[str, ...]
    needs: tuple[str, ...]
    data: tuple[str, ...] = ()


PARTS = (
    Part("bpkit", ("bpkit",), ("bpkit",), ("numpy",)),
    Part(
        "bpbook",
        ("bpbook/*.py", "bpbook/bench/__init__.py", "bpbook/worksheet"),
        ("bpbook",),
        ("bpkit",),
        ("penguins.csv", "results.json", "benchmark.json"),
    ),
    Part("bpbook-data", ("bpbook/datasets_files",), ("bpbook.datasets",), ("bpbook",), ("fashion_mnist_small.npz",)),
    # A wrong answer is compared with the catalogue of bugs, too.
    Part(
        "bpbook-exercises",
        ("bpbook/exercises", "bpbook/bugs/__init__.py", "bpbook/bugs/answers.py", "bpbook/bugs/mutate.py", "bpbook/bugs/bugs.toml"),
        ("bpbook.exercises",),
        ("bpbook",),
    ),
    Part("bpbook-ledger", ("bpbook/ledger",), ("bpbook.ledger",), ("bpbook", "sympy")),
)


def build_wheels(root: Path, folder: Path) -> list[Path]:
    """Write the book's own wheels into a folder, the same bytes each time, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_build(root, folder, part) for part in PARTS]


def _build(root: Path, folder: Path, part: Part) -> Path:
    data = {f"chapters/data/{name}": f"bpbook/datasets_files/{name}" for name in part.data}
    settings = {
        "project": {"name": part.name, "version": bpkit.__version__, "dependencies": list(part.needs)},
        "tool": {"hatch": {"build": {"targets": {"wheel": {"only-include": _files(root, part), "force-include": data}}}}},
    }
    return Path(next(iter(WheelBuilder(str(root), config=settings).build(directory=str(folder), versions=["standard"]))))


def _files(root: Path, part: Part) -> list[str]:
    found = [path for pattern in part.include for path in root.glob(pattern)]
    return sorted(str(path.relative_to(root)) for path in found)


def write_lock(folder: Path, wheels: list[Path]) -> Path:
    """Write the lock file of the site: where each package is, and what it needs.

    Parameters
    ----------
    folder : Path
        The folder that gets the lock file.
    wheels : list of Path
        The wheels in the folder. A package of the official release that is not among them is fetched from there.

    Raises
    ------
    ValueError
        If a package needs another one that is neither in the folder nor in `pyodide.json`.
    """
    known = {name: dict(entry) for name, entry in release()["packages"].items()}
    for entry in known.values():
        entry["file_name"] = official_address() + entry["file_name"]
    by_file = {entry["file_name"]: entry for entry in release()["packages"].values()}
    for wheel in wheels:
        # A wheel of the release that the site serves keeps its entry, but for the hash of its compiled form.
        entry = {**by_file[wheel.name], "sha256": _hash(wheel)} if wheel.name in by_file else _entry(wheel)
        known[canonicalize_name(entry["name"])] = entry
    for entry in known.values():
        if missing := [name for name in entry["depends"] if name not in known]:
            raise ValueError(f"{entry['file_name']} needs {', '.join(missing)}, which the site does not serve")
    path = folder / LOCK
    path.write_text(json.dumps({"info": release()["info"], "packages": dict(sorted(known.items()))}, indent=1) + "\n", encoding="utf-8")
    return path


def _entry(wheel: Path) -> dict[str, Any]:
    """Return the entry of a pure Python wheel, from its metadata and its files."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = Parser().parsestr(archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode())
    name = canonicalize_name(metadata["Name"])
    part = next((part for part in PARTS if part.name == name), None)
    return {
        "name": name,
        "version": metadata["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": _hash(wheel),
        "package_type": "package",
        "imports": list(part.imports) if part else sorted(set(_top_level(names))),
        "depends": sorted(_needs(metadata.get_all("Requires-Dist", []))),
        "unvendored_tests": False,
    }


def _needs(requirements: list[str]) -> Iterator[str]:
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate(MARKERS):
            yield canonicalize_name(requirement.name)


def _top_level(names: list[str]) -> Iterator[str]:
    for name in names:
        if name.endswith((".py", ".pyc")) and ".dist-info/" not in name:
            yield Path(name.partition("/")[0]).stem


def _hash(wheel: Path) -> str:
    return sha256(wheel.read_bytes()).hexdigest()
