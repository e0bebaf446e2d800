"""Run all tests: the book is built, then code, equations, bugs, exercises, notebooks and site are tested."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from bpbook.notebooks import repository_root

ENVIRONMENT = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
# The site's tests look at the book that was just built.
BUILT = {"BPBOOK_HTML": str(repository_root() / "_build" / "html")}
PARALLEL = ["-n", "2", "--dist", "loadscope"]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Run every step, also after one has failed, and return 1 if any failed."""
    root = repository_root()
    notebooks = sorted(str(path.relative_to(root)) for path in (root / "chapters").glob("**/*.ipynb"))
    steps = {
        "the book builds": ["bpbook", "build"],
        "fast checks": ["bpbook", "check"],
        "notebooks give the same bytes": ["bpbook", "normalise", "--check"],
        "notebooks give the same outputs": ["pytest", *PARALLEL, *NBVAL, *notebooks],
        "code, tools and site work": ["pytest", *PARALLEL, "tests"],
    }
    failed = [name for name, command in steps.items() if _fails(command)]
    print(f"failed: {', '.join(failed)}" if failed else "all steps passed")
    return int(bool(failed))


def _fails(command: list[str]) -> bool:
    print("$ python -m", " ".join(command), flush=True)
    return (
        subprocess.run([sys.executable, "-m", *command], cwd=repository_root(), env={**os.environ, **ENVIRONMENT, **BUILT}).returncode != 0
    )
