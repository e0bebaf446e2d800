"""The data of the book: complete, of the right types, and found in a checkout and in an installed package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bpbook import datasets
from bpbook.datasets import data_file, load_penguins

MEASURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year")


def test_columns_and_types() -> None:
    penguins = load_penguins()
    assert list(penguins) == ["species", "island", *MEASURES[:4], "sex", "year"]
    assert {column.shape for column in penguins.values()} == {(333,)}
    assert {penguins[name].dtype for name in MEASURES} == {np.dtype(np.float64)}
    assert {penguins[name].dtype.kind for name in datasets.WORDS} == {"U"}


def test_published_facts() -> None:
    """Counts and means as the authors of the data publish them for the complete rows."""
    penguins = load_penguins()
    names, counts = np.unique(penguins["species"], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {"Adelie": 146, "Chinstrap": 68, "Gentoo": 119}
    assert sorted(set(penguins["sex"].tolist())) == ["female", "male"]
    assert sorted(set(penguins["year"].tolist())) == [2007, 2008, 2009]
    assert penguins["body_mass_g"].mean() == pytest.approx(4207.057, abs=1e-3)
    assert penguins["flipper_length_mm"].mean() == pytest.approx(200.967, abs=1e-3)


def test_no_gap_is_left_and_no_complete_row_is_lost() -> None:
    penguins = load_penguins()
    assert all(np.isfinite(penguins[name]).all() for name in MEASURES)
    assert not any((column == datasets.GAP).any() for name, column in penguins.items() if name in datasets.WORDS)
    lines = data_file("penguins.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) == 344
    assert sum(datasets.GAP not in line.split(",") for line in lines) == 333


def test_each_call_gives_its_own_arrays() -> None:
    load_penguins()["body_mass_g"][:] = 0
    assert load_penguins()["body_mass_g"].min() > 0


def test_installed_package_finds_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets_files").mkdir()
    copy = tmp_path / "datasets_files" / "penguins.csv"
    copy.write_bytes(data_file("penguins.csv").read_bytes())
    monkeypatch.setattr(datasets, "PACKAGE", tmp_path)
    assert data_file("penguins.csv") == copy
    assert load_penguins()["year"].shape == (333,)


def test_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "PACKAGE", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"penguins.csv is not among the data of the book"):
        load_penguins()


def test_needs_numpy_alone(tmp_path: Path) -> None:
    """A learner's notebook imports this module; it must not pull in more."""
    heavy = {"sympy", "scipy", "yaml", "nbformat", "matplotlib"}
    program = f"import sys, bpbook.datasets as d; d.load_penguins(); print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "[]\n"
