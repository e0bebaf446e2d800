"""The project's own promises: layout, one setting for each address, hashed and address-free dependencies."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
EXPECTED = {
    *(".ci", ".gitattributes", ".github", ".gitignore", ".pre-commit-config.yaml", "CITATION.cff", "CONTRIBUTING.md", "LICENSE"),
    *("LICENSE-TEXT", "Makefile", "README.md", "_config.yml", "_toc.yml", "bpbook", "bpkit", "chapters", "index.md", "pyproject.toml"),
    *("requirements.lock", "tests"),
}


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def test_top_level_holds_what_the_readme_says() -> None:
    assert {name.split("/")[0] for name in tracked()} == EXPECTED


def test_each_address_is_one_setting() -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    generated = {"requirements.lock"}
    for address in (config["repository"]["url"], config["html"]["baseurl"]):
        bare = address.removeprefix("https://").rstrip("/")
        # The Colab cell of each notebook is generated from the setting, and the normaliser checks it.
        places = [
            name
            for name in tracked()
            if not name.endswith(".ipynb") and name not in generated and bare in (ROOT / name).read_bytes().decode("utf-8", "ignore")
        ]
        assert places == ["_config.yml"], address


def test_lock_is_hashed_universal_and_free_of_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=[a-z])", lock) if re.match(r"[a-z0-9.-]+==", entry)]
    assert len(entries) > 100
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock
    assert "sys_platform != 'win32'" in lock


def test_lock_holds_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        re.match(r"[A-Za-z0-9-]+", line)[0].lower()
        for lines in (project["dependencies"], *project["optional-dependencies"].values())
        for line in lines
    }
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M))
    assert wanted <= locked


def test_no_path_of_a_machine_in_any_file() -> None:
    for name in tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", "ignore")
        assert not re.search(r"(?<![\w.])/(root|home/\w+|work)/\w", text), name


def test_makefile_targets_are_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {"book", "test", "serve", "lab", "notebooks", "tangle", "check", "help"} <= set(targets)
    assert all(f"`make {target}`" in readme for target in targets if target != "setup")


def test_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'__version__ = "{version}"' in (ROOT / "bpkit" / "__init__.py").read_text(encoding="utf-8")
