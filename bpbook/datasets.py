"""Small licensed data that ships with the book."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

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
