"""Small licensed data that ships with the book."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

GAP = "NA"
WORDS = ("species", "island", "sex")
PACKAGE = Path(__file__).resolve().parent


def data_file(name: str) -> Path:
    """Return the path of a data file of the book.

    Parameters
    ----------
    name : str
        The name of the file, such as 'penguins.csv'.

    Raises
    ------
    FileNotFoundError
        If no such file ships with the book.
    """
    # A wheel carries the data inside the package; a checkout has them beside the chapters.
    places = (PACKAGE / "datasets_files" / name, PACKAGE.parent / "chapters" / "data" / name)
    for path in places:
        if path.is_file():
            return path
    raise FileNotFoundError(f"{name} is not among the data of the book, looked in {places[0].parent} and {places[1].parent}")


def load_penguins() -> dict[str, NDArray[Any]]:
    """Return the columns of the Palmer penguins data: the 333 penguins that were measured without gaps.

    Returns
    -------
    dict of str to (333,) ndarray
        `species`, `island` and `sex` as words; as float64 `bill_length_mm`, `bill_depth_mm`,
        `flipper_length_mm`, `body_mass_g` and `year`. The rows keep the order of the source.

    Notes
    -----
    Horst, Hill and Gorman (2020), palmerpenguins, licence CC0; see `chapters/data/README.md`.
    """
    with data_file("penguins.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if GAP not in row.values()]
    return {name: np.array([row[name] if name in WORDS else float(row[name]) for row in rows]) for name in rows[0]}


class SmallFashionMNIST(NamedTuple):
    """The small part of Fashion-MNIST that ships with the book; the fields are those of `bpkit.load_fashion_mnist`.

    Attributes
    ----------
    X_train : (3000, 784) float32 ndarray
        Pictures of 28 x 28 pixels, row after row; 0 is black, 1 is white.
    y_train : (3000,) int64 ndarray
        The class of each picture, 0 to 9.
    X_test : (1000, 784) float32 ndarray
        Pictures for the test.
    y_test : (1000,) int64 ndarray
        Their classes.
    """

    X_train: NDArray[Any]
    y_train: NDArray[Any]
    X_test: NDArray[Any]
    y_test: NDArray[Any]


def load_small_fashion_mnist() -> SmallFashionMNIST:
    """Return the first 3000 training and the first 1000 test pictures of Fashion-MNIST.

    Returns
    -------
    SmallFashionMNIST
        `X_train`, `y_train`, `X_test` and `y_test`, in the types of `bpkit.load_fashion_mnist`.

    Notes
    -----
    Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747, MIT licence; see `chapters/data/README.md`.
    """
    with np.load(data_file("fashion_mnist_small.npz"), allow_pickle=False) as file:
        pixels = {part: file[f"X_{part}"] / np.float32(255) for part in ("train", "test")}
        labels = {part: file[f"y_{part}"].astype(np.int64) for part in ("train", "test")}
    return SmallFashionMNIST(pixels["train"], labels["train"], pixels["test"], labels["test"])
