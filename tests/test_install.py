"""The wheel works in an environment with little in it, on every supported Python that is here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUPPORTED = ("3.11", "3.12", "3.13")

ENGINEER = """
import sys
import numpy as np
import bpkit
assert bpkit.mse(np.ones(3), np.zeros(3)) == 1.0
heavy = {"matplotlib", "sympy", "sphinx", "IPython", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""

LEARNER = """
import numpy as np
from bpbook.datasets import load_penguins
from bpbook.exercises import check
from bpbook.ledger import claim, derive
import sympy
x = sympy.Symbol("x")
derive("eq-square", sympy.Derivative(x**2, x), (2 * x, "the power rule"))
assert len(load_penguins()["species"]) == 333
print(check("no-such-exercise", 1))
"""


def interpreters() -> dict[str, str]:
    """Return the first working interpreter on PATH for each supported Python; one that runs this test always counts."""
    found = {"{}.{}".format(*sys.version_info): sys.executable}
    for version in SUPPORTED:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            program = Path(folder) / f"python{version}"
            # A version manager leaves shims that only print an error.
            if (
                version not in found
                and program.exists()
                and subprocess.run([program, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
            ):
                found[version] = str(program)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (built,) = folder.glob("*.whl")
    return built


def locked(*names: str) -> str:
    """Return the entries of requirements.lock for some packages, hashes included."""
    entries = re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    return "\n".join(entry for entry in entries if re.match(r"[a-z0-9-]+", entry)[0] in names)


@pytest.mark.parametrize(("version", "program"), interpreters().items(), ids=lambda value: str(value))
def test_light_install(version: str, program: str, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "light.lock").write_text(locked("numpy"), encoding="utf-8")
    (tmp_path / "learner.lock").write_text(locked("numpy", "sympy", "mpmath"), encoding="utf-8")
    python = str(tmp_path / "venv" / "bin" / "python")
    # Most modules of the packages are never imported here, so they are not compiled beforehand.
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*command: str) -> None:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    run(program, "-m", "venv", str(tmp_path / "venv"))
    run(*pip, "--require-hashes", "-r", "light.lock")
    run(*pip, "--no-deps", str(wheel))
    run(python, "-c", ENGINEER)
    run(*pip, "--require-hashes", "-r", "learner.lock")
    run(python, "-c", LEARNER)
    run(python, "-m", "bpbook", "grade", "--help")
