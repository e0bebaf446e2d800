"""Serve a live preview of the book; it builds again when a file is saved."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import bpkit
from bpbook.notebooks import repository_root

HERE = Path(__file__).parent


def conf_py(root: Path) -> str:
    """Return the Sphinx configuration that Jupyter Book makes of `_config.yml`, as a Python file."""
    from jupyter_book.config import get_final_config

    own = {"external_toc_path": str(root / "_toc.yml"), "latex_individualpages": False}
    settings, _ = get_final_config(user_yaml=root / "_config.yml", sourcedir=root, cli_config=own)
    settings["bibtex_bibfiles"] = [str(root / name) for name in settings["bibtex_bibfiles"]]
    return "".join(f"{name} = {value!r}\n" for name, value in sorted(settings.items()))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--port", type=int, default=8000, help="port on this machine (default: 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1)")


def run(arguments: argparse.Namespace) -> int:
    """Build, serve, and build again whenever a source changes; Ctrl-C ends it."""
    root = repository_root()
    with tempfile.TemporaryDirectory() as settings:
        # Jupyter Book's paths are relative to the book, conf.py stays out of it.
        (Path(settings) / "conf.py").write_text(conf_py(root), encoding="utf-8")
        command = [sys.executable, "-m", "sphinx_autobuild", "-c", settings, str(root), str(root / "_build" / "preview")]
        command += ["--host", arguments.host, "--port", str(arguments.port)]
        command += [word for folder in (HERE, Path(bpkit.__file__).parent) for word in ("--watch", str(folder))]
        command += [word for pattern in ("_build", ".git", ".venv", ".ipynb_checkpoints") for word in ("--ignore", f"*/{pattern}/*")]
        try:
            return subprocess.run(command, check=False, cwd=root, env=os.environ | {"PYTHONHASHSEED": "0"}).returncode
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    command_line = argparse.ArgumentParser(description=__doc__)
    add_arguments(command_line)
    sys.exit(run(command_line.parse_args()))
