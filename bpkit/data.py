# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/10_real_classifier.ipynb
"""Fashion-MNIST, found on this machine or downloaded, and checked."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import secrets
import sys
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bpkit.validation import Array

__all__ = ["FASHION_CLASSES", "FashionMNIST", "load_fashion_mnist"]


# From chapter 10, section "Pictures as rows of numbers".
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


class FashionMNIST(NamedTuple):
    """The four arrays of Fashion-MNIST.

    Attributes
    ----------
    X_train : (60000, 784) float32 ndarray
        One picture in each row: 28 rows of 28 pixels, one row after the
        other; 0 is black, 1 is white.
    y_train : (60000,) int64 ndarray
        The class of each picture, an index into `FASHION_CLASSES`.
    X_test : (10000, 784) float32 ndarray
        The pictures for the test.
    y_test : (10000,) int64 ndarray
        Their classes.

    Notes
    -----
    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`Pictures as rows of numbers
    <sec-real-pictures>`.
    """

    X_train: Array
    y_train: Array
    X_test: Array
    y_test: Array


def _parse_idx(contents: bytes) -> Array:
    """Return the array of bytes that a file of the format idx holds."""
    if len(contents) < 4 or contents[:3] != b"\x00\x00\x08":
        raise ValueError(f"the file begins with {contents[:4].hex() or 'nothing'}, wanted 000008 and the number of axes")
    start = 4 + 4 * contents[3]
    header = [contents[i : i + 4] for i in range(4, start, 4)]
    shape = tuple(int.from_bytes(size, "big") for size in header)
    wanted = start + math.prod(shape)
    if len(contents) != wanted:
        raise ValueError(f"the file has {len(contents)} bytes, wanted {wanted}: {start} of header, and one for each entry of shape {shape}")
    return np.frombuffer(contents, np.uint8, offset=start).reshape(shape)


def _as_numbers(array: Array) -> Array:
    """Return pictures as rows of float32 from 0 to 1, and labels as int64."""
    if array.ndim == 3:
        return array.reshape(len(array), -1) / np.float32(255)
    return array.astype(np.int64)


_SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def _is_gzip(raw: bytes) -> bool:
    """Say whether bytes are compressed: all gzip files begin alike."""
    return raw[:2] == b"\x1f\x8b"


def _checked(raw: bytes, name: str) -> bytes:
    """Return the decompressed bytes of a file; refuse wrong ones."""
    try:
        contents = gzip.decompress(raw) if _is_gzip(raw) else raw
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"cannot be decompressed ({error}), wanted {name} of Fashion-MNIST") from None
    found, wanted = hashlib.sha256(contents).hexdigest(), _SHA256[name]
    if found != wanted:
        raise ValueError(
            f"holds {len(contents)} bytes with the SHA-256 {found[:16]}..., wanted {name} of Fashion-MNIST with {wanted[:16]}..."
        )
    return contents


_DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def _own_folder() -> Path:
    """Return the folder that BPKIT_DATA names, or else the cache folder."""
    if os.environ.get("BPKIT_DATA"):
        return Path(os.environ["BPKIT_DATA"]).expanduser()
    try:
        from platformdirs import user_cache_path
    except ImportError:  # NumPy is all that is installed, as in a browser
        return Path.home() / ".cache" / "bpkit"
    return user_cache_path("bpkit")


def _places(name: str) -> list[Path]:
    """Return where a file may be, in the order in which to look."""
    folders = dict.fromkeys((_own_folder(), _DEBIAN))
    files = (f"{name}.gz", name)
    return [folder / file for folder in folders for file in files]


def _set_aside(path: Path, problem: Exception) -> str:
    """Warn of a damaged file; in the reader's own folder it is an error."""
    message = f"{path} {problem}"
    if os.environ.get("BPKIT_DATA") and path.parent == _own_folder():
        raise ValueError(
            f"{message}. BPKIT_DATA names this folder, and nothing in it is changed: replace or delete the file, or name another folder"
        ) from problem
    warnings.warn(f"{message}. It is not used", stacklevel=4)
    return message


_WAYS = (
    "load_fashion_mnist(download=True) downloads it (31 MB)",
    "on Debian or Ubuntu: sudo apt install dataset-fashion-mnist",
    "put the four files into a folder and let BPKIT_DATA name this folder",
    "bpbook.datasets.load_small_fashion_mnist() is a small part of it",
)


def _lines(*items: str) -> str:
    """Return a list for a message, one item in a line."""
    return "".join(f"\n- {item}" for item in items)


def _missing(name: str, damaged: list[str]) -> FileNotFoundError:
    """Return the error for a file that is in no place."""
    folders = dict.fromkeys(str(path.parent) for path in _places(name))
    where = f"{name}.gz is not in {' or '.join(folders)}"
    wrong = _lines(*(f"not used: {problem}" for problem in damaged))
    return FileNotFoundError(f"{where}{wrong}\nWhat to do:{_lines(*_WAYS)}")


_MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_TIMEOUT = 30.0  # seconds of silence after which the next mirror is asked


def _wants_bar(progress: bool | None) -> bool:
    """Say whether to draw a progress bar: for people, not for programs."""
    if progress is None:
        terminal = sys.stderr is not None and sys.stderr.isatty()
        return terminal or "JPY_SESSION_NAME" in os.environ  # Jupyter
    return progress


def _fetch(url: str, bar: bool) -> bytes:
    """Return the bytes at an address."""
    try:
        with warnings.catch_warnings():  # it asks for widgets in Jupyter
            warnings.simplefilter("ignore")
            import pooch
        from tqdm import tqdm
    except ImportError as error:
        message = f"a download needs {error.name}: pip install pooch tqdm"
        raise ImportError(message, name=error.name) from None
    memory = io.BytesIO()
    style = {"desc": url.rpartition("/")[2], "unit": "B", "unit_scale": True}
    with tqdm(total=1, disable=not bar, **style) as shown:
        ask = pooch.HTTPDownloader(shown, 2**16, timeout=_TIMEOUT)
        ask(url, memory, None)
    return memory.getvalue()


def _keep(raw: bytes, name: str) -> None:
    """Save a download, whole or not at all; say so where that fails."""
    path = _own_folder() / (f"{name}.gz" if _is_gzip(raw) else name)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(raw)
        unfinished.replace(path)
    except OSError as error:
        message = f"the download cannot be kept in {path.parent}: {error}"
        warnings.warn(message, stacklevel=5)
    finally:
        with suppress(OSError):  # it is there only if something went wrong
            unfinished.unlink()


def _download(name: str, bar: bool) -> bytes:
    """Ask one mirror after the other; keep the first right file."""
    problems = []
    for mirror in _MIRRORS:
        try:
            raw = _fetch(f"{mirror}{name}.gz", bar)
            contents = _checked(raw, name)
        except (OSError, ValueError) as error:
            problems.append(f"{mirror} {error}")
            continue
        _keep(raw, name)
        return contents
    ways = _lines("try again later", *_WAYS[1:])
    raise ConnectionError(f"no mirror gives {name}.gz:{_lines(*problems)}\nWhat to do:{ways}")


def _contents(name: str, download: bool, bar: bool) -> bytes:
    """Return the contents of one of the four files, wherever they are."""
    damaged = []
    for path in _places(name):
        try:
            return _checked(path.read_bytes(), name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            damaged.append(_set_aside(path, error))
    if not download:
        raise _missing(name, damaged)
    return _download(name, bar)


def load_fashion_mnist(download: bool = False, progress: bool | None = None) -> FashionMNIST:
    """Return Fashion-MNIST: from this machine or, on request, a download.

    Parameters
    ----------
    download : bool, optional
        Download what is not on this machine (31 MB in all). Without it no
        request is made.
    progress : bool, optional
        Draw a progress bar for a download; by default in a terminal and in
        Jupyter.

    Returns
    -------
    FashionMNIST
        `X_train` (60000, 784), `y_train` (60000,), `X_test` (10000, 784),
        `y_test` (10000,); pictures float32 from 0 to 1, labels int64.

    Raises
    ------
    FileNotFoundError
        If a file is in no place; the message says what to do.
    ConnectionError
        If no mirror gives the right file.
    ValueError
        If a file in the folder that `BPKIT_DATA` names is not the right one.
    ImportError
        If a download needs a package that is not installed.
    TypeError
        If an argument is not a bool.

    Notes
    -----
    Each file is looked for in the folder that the environment variable
    `BPKIT_DATA` names, or else in the user's cache folder; then in
    `/usr/share/datasets/fashion-mnist`, as `.gz` or decompressed; then on
    the mirrors. Every file is checked. A damaged one in the cache is left
    out with a warning, and replaced by a download. Xiao, Rasul and Vollgraf
    (2017).

    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`The code that finds the data
    <sec-real-load>`.
    """
    if not isinstance(download, bool):
        raise TypeError(f"download is {download!r:.60}, wanted True or False")
    if not isinstance(progress, (bool, type(None))):
        got = f"{progress!r:.60}"
        raise TypeError(f"progress is {got}, wanted True, False or None")
    arrays = []
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            name = f"{part}-{kind}-ubyte"
            contents = _contents(name, download, _wants_bar(progress))
            arrays.append(_as_numbers(_parse_idx(contents)))
    return FashionMNIST(*arrays)
