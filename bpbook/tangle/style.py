"""Run ruff, which sorts imports, lays out code and knows which names a program uses."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bpbook.notebooks import BookError


def ruff(folder: Path, *arguments: str, text: str = "") -> str:
    """Return what ruff prints.

    Parameters
    ----------
    folder : Path
        Where ruff runs; the settings of that folder count.
    *arguments : str
        The command and its options; findings are not failures.
    text : str
        What ruff reads when the file is given as `-`.

    Raises
    ------
    BookError
        If ruff cannot read the code or its settings.
    """
    from ruff import find_ruff_bin  # type: ignore[import-untyped]

    command = [find_ruff_bin(), *arguments, "--no-cache", "--quiet"]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", cwd=folder)
    if done.returncode:
        raise BookError(f"ruff {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
