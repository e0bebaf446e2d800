"""Execute the notebooks and write them in one form, so that running one again gives the same bytes."""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bpbook.execute import execute
from bpbook.notebooks import BookError, choose, read, relative, repository_root
from bpbook.pictures import keep_alike
from bpbook.tangle import replace_file

PROCESSES = 2
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
KEPT = ("bpbook", "mystnb")
KEPT_JUPYTER = ("outputs_hidden", "source_hidden")
COLAB_TAGS = ["colab", "remove-cell"]
ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b")
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
KERNEL_FILE = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--check`, `--no-execute` and the notebooks."""
    parser.add_argument("--check", action="store_true", help="write nothing; show a diff and fail where a notebook would change")
    parser.add_argument("--no-execute", action="store_true", help="keep the outputs as they are, look at the form only")
    parser.add_argument("paths", nargs="*", metavar="notebook", help="all notebooks of the book if none is named")


def run(arguments: argparse.Namespace) -> int:
    """Normalise or check; nothing is written if a cell fails anywhere."""
    root = repository_root()
    paths = choose(root, arguments.paths)
    results = _results(paths, partial(_attempt, root=root, run_cells=not arguments.no_execute), 1 if arguments.no_execute else PROCESSES)
    failed = [error for _, error in results if error]
    if failed:
        print("\n".join(failed))
        return 1
    changed = {path: text for path, (text, _) in zip(paths, results, strict=True) if text.encode() != path.read_bytes()}
    for path, text in changed.items():
        if arguments.check:
            print("\n".join(difference(path, text, root)))
        else:
            replace_file(path, text)
    print(f"{len(paths)} notebooks, {len(changed)} {'differ' if arguments.check else 'changed'}")
    return int(arguments.check and bool(changed))


def _results(paths: list[Path], job: Callable[[Path], tuple[str, str]], processes: int) -> list[tuple[str, str]]:
    if processes == 1:
        return [job(path) for path in paths]
    # Not forked: kernels are driven with threads, which a forked process does not have.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(job, paths))


def _attempt(path: Path, root: Path, run_cells: bool) -> tuple[str, str]:
    """Return the text of the normalised notebook, or the error; runs in a process of its own."""
    start = time.monotonic()
    try:
        notebook = read(path, root)
        if run_cells:
            before = deepcopy(notebook)
            execute(notebook, path, root)
            keep_alike(notebook, before)
            print(f"{relative(path, root)}: executed in {time.monotonic() - start:.0f} s", flush=True)
        return to_text(normalise(notebook, root)), ""
    except BookError as error:
        return "", str(error)


def difference(path: Path, text: str, root: Path) -> Iterator[str]:
    """Yield the lines of a diff from the file of a notebook to the text that it should hold."""
    name = relative(path, root)
    old = path.read_bytes().decode("utf-8", "replace")
    lines = difflib.unified_diff(old.splitlines(), text.splitlines(), f"{name} (is)", f"{name} (should be)", lineterm="")
    changes = [line if len(line) <= 200 else f"{line[:200]} ... ({len(line)} characters)" for line in lines]
    yield from changes or [f"{name}: other line ends or no newline at the end"]


def to_text(notebook: Any) -> str:
    """Return the file of a notebook: sorted keys, one space of indent, a newline at the end."""
    import nbformat

    return str(nbformat.writes(notebook, version=4)).rstrip("\n") + "\n"  # type: ignore[no-untyped-call]


def normalise(notebook: Any, root: Path) -> Any:
    """Return the notebook in the one form that is committed; outputs stay, but for what changes from run to run.

    Parameters
    ----------
    notebook : nbformat node
        Not changed.
    root : Path
        The root of the book; `_config.yml` there gives the address of the repository for the Colab cell.

    Returns
    -------
    nbformat node
        The same for the same content, however it was edited or run.
    """
    from nbformat import from_dict

    source = [_cell(cell) for cell in notebook.cells if cell.source.strip() and "colab" not in cell.metadata.get("tags", ())]
    place = int(_starts_with_title(source))
    source[place:place] = _colab(root)
    seen: Counter[str] = Counter()
    executed = any(cell.get("execution_count") for cell in source)
    count = 0
    for cell in source:
        cell["id"] = _identity(cell, seen)
        if cell["cell_type"] == "code":
            count += 1
            _outputs(cell, count if executed else None)
    metadata = KERNEL | {key: notebook.metadata[key] for key in KEPT if key in notebook.metadata}
    return from_dict({"cells": source, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})  # type: ignore[no-untyped-call]


def _starts_with_title(source: list[dict[str, Any]]) -> bool:
    return bool(source) and source[0]["cell_type"] == "markdown" and bool(re.match(r"(\([^)]*\)=\s+)?# ", source[0]["source"]))


def _cell(cell: Any) -> dict[str, Any]:
    """Return a cell with its known metadata and a tidy source."""
    metadata = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
    jupyter = {key: value for key, value in cell.metadata.get("jupyter", {}).items() if key in KEPT_JUPYTER and value}
    metadata |= {"jupyter": jupyter} if jupyter else {}
    tags = list(cell.metadata.get("tags", ()))
    metadata |= {"tags": tags} if tags else {}
    kept = {key: cell[key] for key in ("attachments", "execution_count", "outputs") if key in cell}
    return {"cell_type": cell.cell_type, "metadata": metadata, "source": _tidy(cell.source, cell.cell_type)} | kept


def _tidy(source: str, kind: str) -> str:
    """Take away white space at line ends where it means nothing."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    source = re.sub(r"\A(?:[ \t]*\n)+", "", source).rstrip()
    if kind == "markdown":  # two spaces before a line of text are a line break
        return re.sub(r"[ \t]+$", lambda found: "  " if _breaks(source, found) else "", source, flags=re.MULTILINE)
    tidy = re.sub(r"[ \t]+$", "", source, flags=re.MULTILINE)
    return tidy if kind == "code" and _same_code(source, tidy) else source


def _breaks(source: str, found: re.Match[str]) -> bool:
    line = source.rfind("\n", 0, found.start()) + 1
    return found[0].startswith("  ") and bool(source[line : found.start()]) and bool(source[found.end() :].split("\n")[1].strip())


def _same_code(one: str, other: str) -> bool:
    """Tell whether two texts are the same program; white space inside a string is part of it."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return False


def _identity(cell: dict[str, Any], seen: Counter[str]) -> str:
    """Return an id made from the content; equal cells are told apart by their order."""
    digest = hashlib.sha256(f"{cell['cell_type']}\n{cell['source']}".encode()).hexdigest()[:12]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _outputs(cell: dict[str, Any], count: int | None) -> None:
    """Number a code cell and map what differs from run to run in its outputs to constants."""
    cell["execution_count"] = count
    cell["outputs"] = [_stable(output) for output in cell.get("outputs", ())]
    for output in cell["outputs"]:
        if "execution_count" in output:
            output["execution_count"] = count


def _stable(value: Any) -> Any:
    """Put one constant for all addresses and uuids; which of them are equal differs from run to run too."""
    if isinstance(value, dict):
        return {key: item if key.startswith("image/") else _stable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stable(item) for item in value]
    if not isinstance(value, str):
        return value
    value = KERNEL_FILE.sub("<cell>", value)
    return UUID.sub("00000000-0000-0000-0000-000000000000", ADDRESS.sub("0x0000000000", value))


def _colab(root: Path) -> list[dict[str, Any]]:
    """Return the cell that tells how to install the book on Colab; the site leaves it out."""
    address = repository_address(root)
    install = f'%pip install "backpropagation-checked[learn] @ git+{address}"'
    text = f"On Colab, run this line in a code cell first:\n\n    {install}"
    return [{"cell_type": "markdown", "metadata": {"tags": COLAB_TAGS}, "source": text}] if address else []


def repository_address(root: Path) -> str:
    """Return the one setting `repository: url` of `_config.yml`, or nothing where there is none."""
    import yaml

    path = root / "_config.yml"
    config = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return str(((config or {}).get("repository") or {}).get("url") or "").rstrip("/")
