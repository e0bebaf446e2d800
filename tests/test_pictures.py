"""A picture keeps its bytes where it looks the same, and only there."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from bpbook.pictures import SHADES, alike, keep_alike


def png(pixels: np.ndarray) -> str:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return b64encode(file.getvalue()).decode()


def paper(shade: int = 255, place: tuple[int, int] = (2, 3), size: tuple[int, int] = (5, 7)) -> np.ndarray:
    pixels = np.full((*size, 3), 255, np.uint8)
    pixels[place] = shade
    return pixels


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (paper(), paper(255 - SHADES), True),
        (paper(), paper(255 - SHADES - 1), False),
        (paper(0), paper(0, place=(2, 4)), False),
        (paper(), paper(size=(5, 8)), False),
        (paper(), np.dstack([paper(), np.full((5, 7), 100, np.uint8)]), False),
    ],
    ids=["a shade", "more than a shade", "a dot that moved", "another size", "see-through"],
)
def test_alike(one: np.ndarray, other: np.ndarray, same: bool) -> None:
    assert alike(png(one), png(other)) is same


def notebook(*pictures: str):
    outputs = [new_output("display_data", {"image/png": picture, "text/plain": "<Figure>"}) for picture in pictures]
    return new_notebook(cells=[new_code_cell("draw()", outputs=outputs)])


def test_only_pictures_that_look_the_same_keep_their_bytes() -> None:
    stored, shade, other = png(paper()), png(paper(250)), png(paper(0))
    drawn = notebook(shade, other, other)
    keep_alike(drawn, notebook(stored, stored))
    assert [output.data["image/png"] for output in drawn.cells[0].outputs] == [stored, other, other]


def test_a_text_in_place_of_a_picture_is_left() -> None:
    drawn = notebook(png(paper()))
    keep_alike(drawn, new_notebook(cells=[new_code_cell("draw()", outputs=[new_output("stream", text="1")])]))
    assert drawn.cells[0].outputs == notebook(png(paper())).cells[0].outputs
