"""JupyterLite: every notebook of the book in the reader's browser, below `lite/` on the site.

jupyterlite-core is called as it is. jupyterlite-sphinx would add a web font from another host to every page, and its
own way of copying notebooks puts those of all folders into one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat

from bpbook.browser import lite_pages, packages, pyodide
from bpbook.browser.compile import compile_wheels
from bpbook.browser.plain import plain, titles
from bpbook.notebooks import BookError

FOLDER = "lite"
PYODIDE = "static/pyodide"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# What JupyterLite's kernel is made of: loaded from the site's lock file, so that nothing asks a package index.
KERNEL_PACKAGES = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython")
# The editor is no Python, and the book has no widgets.
NOT_SERVED = ("django_codemirror6", "widgetsnbextension")


def build(root: Path, pages: Path, from_cdn: bool = False) -> Path:
    """Add JupyterLite, with Pyodide and all notebooks, to the built pages.

    Parameters
    ----------
    root : Path
        The repository.
    pages : Path
        The folder of the built site; it gets a folder `lite`.
    from_cdn : bool
        Let the reader's browser fetch the official files from their own host instead of from the site.

    Returns
    -------
    Path
        The folder of JupyterLite.

    Raises
    ------
    BookError
        If JupyterLite did not build, or points elsewhere than it should.
    """
    out = pages / FOLDER
    shutil.rmtree(out, ignore_errors=True)
    # A folder that is new each time: a state that an earlier build left behind would keep its old addresses.
    with TemporaryDirectory() as temporary:
        source = Path(temporary)
        _write_contents(root, source / "files")
        (source / "jupyter-lite.json").write_text(json.dumps(_settings(from_cdn)), encoding="utf-8")
        (source / "overrides.json").write_text(json.dumps(OVERRIDES), encoding="utf-8")
        _run(source, out)
    _add_pyodide(root, out, from_cdn)
    lite_pages.add_extension(out)
    lite_pages.name_pages(out)
    _verify(out, from_cdn)
    return out


OVERRIDES = {
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    # The two buttons that a reader needs say what they do.
    "@jupyterlab/notebook-extension:panel": {
        "toolbar": [
            {"name": "run", "command": "notebook:run-cell-and-select-next", "label": "Run", "rank": 30},
            {"name": "interrupt", "command": "notebook:interrupt-kernel", "label": "Stop", "rank": 31},
        ]
    },
}


# As the kernel says it: what it would have to add would make the notebook a changed one, and a changed one is kept as the reader's.
METADATA = {
    "kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"},
    "language_info": {
        "codemirror_mode": {"name": "python", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.8",
    },
}


def _settings(from_cdn: bool) -> dict[str, Any]:
    kernel = {
        "pyodideUrl": pyodide.official_address() + "pyodide.mjs" if from_cdn else f"./{PYODIDE}/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": f"./{PYODIDE}/{packages.LOCK}", "packages": list(KERNEL_PACKAGES)},
    }
    data = {
        "appName": "Backpropagation, Checked",
        "contentsStorageName": "Backpropagation, Checked: notebooks",
        "settingsStorageName": "Backpropagation, Checked: settings",
        "workspacesStorageName": "Backpropagation, Checked: workspaces",
        "litePluginSettings": {KERNEL: kernel},
    }
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}


def _write_contents(root: Path, files: Path) -> None:
    """Copy the notebooks with their folders; each asks for the kernel that is there, so that no dialog does."""
    known = titles(root)
    for path in sorted((root / "chapters").glob("**/*.ipynb")):
        # JupyterLite reads the file as it is: it wants each text as one, not as a list of lines, and the word that its outputs
        # are the book's own, or it leaves out their pictures.
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        # What installs the packages on Colab is not needed here.
        notebook["cells"] = [cell for cell in notebook["cells"] if "colab" not in cell["metadata"].get("tags", [])]
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["metadata"]["trusted"] = True
            elif cell["cell_type"] == "markdown":
                cell["source"] = plain(cell["source"], known, path.parent.relative_to(root / "chapters").as_posix())
        notebook["metadata"] |= METADATA
        target = files / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _run(source: Path, out: Path) -> None:
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(source), "--output-dir", str(out)]
    command += ["--contents", str(source / "files"), "--apps", "notebooks", "--apps", "lab", "--apps", "tree"]
    command += ["--no-sourcemaps", "--no-unused-shared-packages", "--no-libarchive"]
    # A fixed date gives the same bytes again.
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1767225600"}
    done = subprocess.run(command, cwd=source, check=False, capture_output=True, text=True, env=environment)
    if done.returncode or not (out / "notebooks" / "index.html").is_file():
        raise BookError(f"JupyterLite did not build:\n{done.stdout}\n{done.stderr}")


def _add_pyodide(root: Path, out: Path, from_cdn: bool) -> None:
    """Fill the folder of Pyodide: its core as it is, the wheels compiled, and the lock file that knows them all."""
    folder = out / PYODIDE
    folder.mkdir(parents=True, exist_ok=True)
    core = pyodide.fetch(root)
    found = [*pyodide.fetch_wheels(root).glob("*.whl"), *(out / "extensions").glob("**/pypi/*.whl")]
    wheels = [path for path in found if not path.name.startswith(NOT_SERVED)]
    if not from_cdn:
        for name in pyodide.release()["core"]:
            shutil.copy2(core / name, folder)
        wheels += [core / name for name in pyodide.wanted() if name.endswith(".whl")]
    compiled = compile_wheels(root, core, wheels)
    copies = [Path(shutil.copy2(path, folder)) for path in compiled.values()]
    packages.write_lock(folder, [*packages.build_wheels(root, folder), *copies])


def _verify(out: Path, from_cdn: bool) -> None:
    """Refuse a site whose notebooks would fetch Python from elsewhere than was asked for."""
    found = json.loads((out / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]["litePluginSettings"][KERNEL]
    wanted = _settings(from_cdn)["jupyter-config-data"]["litePluginSettings"][KERNEL]
    if any(found.get(name) != value for name, value in wanted.items()):
        raise BookError(f"{out}: JupyterLite takes Pyodide from {found.get('pyodideUrl')!r}, wanted {wanted['pyodideUrl']!r}")
