"""The data of the book: complete, of the right types, and found in a checkout and in an installed package."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bpkit
from bpbook import datasets
from bpbook.datasets import data_file, load_penguins, load_small_fashion_mnist

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
    program = (
        f"import sys, bpbook.datasets as d; d.load_penguins(); d.load_small_fashion_mnist(); print(sorted(set(sys.modules) & {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "[]\n"


SMALL_SHA256 = "e210aa50be06d777c2e5c2065a4ef991588eadfd8fc5f22bcae689281ded403c"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def test_small_fashion_mnist() -> None:
    small = load_small_fashion_mnist()
    assert [array.shape for array in small] == [(3000, 784), (3000,), (1000, 784), (1000,)]
    assert [array.dtype.name for array in small] == ["float32", "int64", "float32", "int64"]
    assert small._fields == ("X_train", "y_train", "X_test", "y_test")
    for pictures in (small.X_train, small.X_test):
        assert pictures.min() == 0 and pictures.max() == 1
    # No class is rare, and the first labels are those that are published.
    assert np.bincount(small.y_train).min() >= 250 and np.bincount(small.y_test).min() >= 80
    assert small.y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert small.y_test[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]


def test_small_fashion_mnist_has_the_types_of_the_full_one() -> None:
    assert load_small_fashion_mnist()._fields == bpkit.FashionMNIST._fields


def test_small_fashion_mnist_is_as_documented() -> None:
    readme = (data_file("penguins.csv").parent / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(data_file("fashion_mnist_small.npz").read_bytes()).hexdigest() == SMALL_SHA256
    assert SMALL_SHA256 in readme and "arXiv:1708.07747" in readme and "`fashion_mnist_LICENSE.txt`" in readme
    notice = data_file("fashion_mnist_LICENSE.txt").read_text(encoding="utf-8")
    assert notice.startswith("The MIT License (MIT) Copyright © 2017 Zalando SE") and "without restriction" in notice
    with np.load(data_file("fashion_mnist_small.npz"), allow_pickle=False) as file:
        assert {file[name].dtype for name in file.files} == {np.dtype(np.uint8)}


def test_each_call_gives_its_own_pictures() -> None:
    load_small_fashion_mnist().X_train[:] = 2
    assert load_small_fashion_mnist().X_train.max() == 1


def full_fashion_mnist() -> bpkit.FashionMNIST:
    try:
        return bpkit.load_fashion_mnist()
    except FileNotFoundError:
        reason = "the full Fashion-MNIST is not on this machine (apt install dataset-fashion-mnist)"
        if os.environ.get("BPBOOK_REQUIRE_DATA") == "1":
            pytest.fail(f"BPBOOK_REQUIRE_DATA=1, but {reason}")
        pytest.skip(f"TESTS ON THE FULL DATA LEFT OUT: {reason}")


def test_small_fashion_mnist_is_the_beginning_of_the_full_one() -> None:
    small, full = load_small_fashion_mnist(), full_fashion_mnist()
    for one, other in zip(small, full, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other[: len(one)])


def test_the_documented_line_makes_the_same_arrays(tmp_path: Path) -> None:
    """The program in the README, run in an empty folder; its file has the same content."""
    full_fashion_mnist()
    if not (DEBIAN / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("TESTS ON THE FULL DATA LEFT OUT: the program in the README reads Debian's files")
    readme = (data_file("penguins.csv").parent / "README.md").read_text(encoding="utf-8")
    (tmp_path / "chapters" / "data").mkdir(parents=True)
    program = readme.split("```python\n")[1].split("```")[0]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    with np.load(tmp_path / "chapters/data/fashion_mnist_small.npz") as made, np.load(data_file("fashion_mnist_small.npz")) as shipped:
        assert made.files == shipped.files
        assert all(np.array_equal(made[name], shipped[name]) for name in made.files)
