"""Oracles for the loader of Fashion-MNIST: small files of the same format, and mirrors that answer from memory."""

from __future__ import annotations

import gzip
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from bpbook.ladder.report import RungError, demand, refuses, same

FUNCTIONS = ("load_fashion_mnist",)
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FAR = "http://far.invalid/"  # a mirror that does not answer
NEAR = "http://near.invalid/"


def idx(array: Any) -> bytes:
    """Return the bytes of a file in the format idx."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + bytes(array.tobytes())


def _small_data() -> dict[str, Any]:
    """Return arrays for the four files: 12 and 5 pictures, no two of them alike."""
    rng = np.random.default_rng(784)
    arrays = [rng.integers(0, 256, (12, 28, 28), np.uint8), rng.integers(0, 10, 12, np.uint8)]
    arrays += [rng.integers(0, 256, (5, 28, 28), np.uint8), rng.integers(0, 10, 5, np.uint8)]
    return dict(zip(NAMES, arrays, strict=True))


class Machine:
    """A machine with an empty cache folder, an empty folder of Debian, and a network that notes who is asked."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.debian, self.named = folder / "cache" / "bpkit", folder / "debian", folder / "named"
        self.arrays = _small_data()
        self.packed = {name: gzip.compress(idx(array), mtime=1) for name, array in self.arrays.items()}
        self.asked: list[str] = []

    def put(self, folder: Path) -> Path:
        """Write the four right files into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, contents in self.packed.items():
            (folder / f"{name}.gz").write_bytes(contents)
        return folder

    def answer(self, url: str, bar: bool) -> bytes:
        """Stand in for a request."""
        self.asked.append(url)
        if url.startswith(FAR):
            raise ConnectionError("no answer")
        return self.packed[url.removeprefix(NEAR).removesuffix(".gz")]

    def right(self, found: Any) -> bool:
        """Say whether these are the four arrays of the files."""
        pictures = [self.arrays[name].reshape(-1, 784).astype(np.float32) / np.float32(255) for name in NAMES[::2]]
        labels = [self.arrays[name].astype(np.int64) for name in NAMES[1::2]]
        named = (found.X_train, pictures[0]), (found.y_train, labels[0]), (found.X_test, pictures[1]), (found.y_test, labels[1])
        return all(same(one, other) for one, other in named)


@contextmanager
def _machine(bp: Any, environment: Mapping[str, str] | None = None) -> Iterator[Machine]:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        machine = Machine(Path(folder))
        hashes = {name: hashlib.sha256(idx(array)).hexdigest() for name, array in machine.arrays.items()}
        new = {"_SHA256": hashes, "_DEBIAN": machine.debian, "_MIRRORS": (FAR, NEAR), "_fetch": machine.answer}
        for name, value in new.items():
            stack.enter_context(patch.object(bp.data, name, value))
        # Every system has its own way to the cache folder.
        own = bp.data._own_folder
        stack.enter_context(patch.object(bp.data, "_own_folder", lambda: own() if os.environ.get("BPKIT_DATA") else machine.cache))
        stack.enter_context(patch.dict(os.environ))
        os.environ.pop("BPKIT_DATA", None)
        yield machine


def arrays(bp: Any) -> None:
    """Pictures become rows of float32 from 0 to 1, labels int64; training and test data are not mixed up."""
    with _machine(bp) as machine:
        machine.put(machine.debian)
        found = bp.load_fashion_mnist()
        shapes = [getattr(found, name).shape for name in ("X_train", "y_train", "X_test", "y_test")]
        demand(shapes == [(12, 784), (12,), (5, 784), (5,)], f"the arrays have the shapes {shapes}")
        dtypes = [array.dtype.name for array in found]
        demand(dtypes == ["float32", "int64", "float32", "int64"], f"the arrays are {dtypes}")
        demand(found.X_train.min() == 0 and found.X_train.max() == 1, f"the pixels reach up to {found.X_train.max()}, wanted 1")
        demand(machine.right(found), "the arrays are not those of the files")


def classes(bp: Any) -> None:
    """The ten names stand in the order of the labels."""
    demand(tuple(bp.FASHION_CLASSES) == CLASSES, f"the classes are {bp.FASHION_CLASSES}")


def order(bp: Any) -> None:
    """The reader's own folder comes before Debian's, and nobody is asked while the files are there."""
    with _machine(bp) as machine:
        machine.put(machine.cache)
        machine.put(machine.debian)
        (machine.debian / f"{NAMES[0]}.gz").write_bytes(b"damaged")  # it would be a warning, and so an error
        demand(machine.right(bp.load_fashion_mnist(download=True)), "the files in the cache folder are not used")
        os.environ["BPKIT_DATA"] = str(machine.put(machine.named))
        (machine.cache / f"{NAMES[0]}.gz").write_bytes(b"damaged")
        demand(machine.right(bp.load_fashion_mnist()), "the files in the folder that BPKIT_DATA names are not used")
        demand(not machine.asked, f"the files are there, and yet {machine.asked} are asked")


def _wrong_files(machine: Machine) -> Iterator[tuple[str, bytes]]:
    contents = idx(machine.arrays[NAMES[0]])
    yield "with a changed pixel", gzip.compress(contents[:-1] + bytes([contents[-1] ^ 1]))
    yield "that is cut short", machine.packed[NAMES[0]][:-200]
    yield "that is decompressed and cut short", contents[:-784]
    yield "that is empty", b""


def damaged(bp: Any) -> None:
    """A wrong file is never used: a warning in the cache, an error in the reader's own folder."""
    with _machine(bp) as machine:
        machine.put(machine.debian)
        for kind, raw in _wrong_files(machine):
            for folder in (machine.cache, machine.named):
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{NAMES[0]}.gz").write_bytes(raw)
            os.environ.pop("BPKIT_DATA", None)
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                found = bp.load_fashion_mnist()
            demand(len(seen) == 1 and str(machine.cache) in str(seen[0].message), f"a file {kind} in the cache gives {len(seen)} warnings")
            demand(machine.right(found), f"a file {kind} in the cache is used")
            os.environ["BPKIT_DATA"] = str(machine.named)
            with refuses(f"a file {kind} in the folder of BPKIT_DATA", ValueError, naming="BPKIT_DATA"):
                bp.load_fashion_mnist()


def on_request(bp: Any) -> None:
    """Without `download=True` nobody is asked, and the error says what to do."""
    with _machine(bp) as machine:
        try:
            bp.load_fashion_mnist()
        except FileNotFoundError as error:
            for way in ("download=True", "dataset-fashion-mnist", "BPKIT_DATA", str(machine.cache), str(machine.debian)):
                demand(way in str(error), f"the error does not name {way}: {error}")
        else:
            demand(False, "no FileNotFoundError where nothing is there")
        demand(not machine.asked, f"nobody has said so, and yet {machine.asked} are asked")


def download(bp: Any) -> None:
    """One mirror after the other is asked; what is right is kept, and is found the next time."""
    with _machine(bp) as machine:
        demand(machine.right(bp.load_fashion_mnist(download=True)), "the downloaded arrays are wrong")
        wanted = [f"{mirror}{name}.gz" for name in NAMES for mirror in (FAR, NEAR)]
        demand(machine.asked == wanted, f"asks {machine.asked}, wanted {wanted}")
        files = sorted(os.listdir(machine.cache)) if machine.cache.is_dir() else []
        demand(files == sorted(f"{name}.gz" for name in NAMES), f"the cache folder holds {files} after a download")
        demand(machine.right(bp.load_fashion_mnist()), "the second call does not find what the first has kept")
        demand(machine.asked == wanted, "the second call asks again")


def wrong_downloads(bp: Any) -> None:
    """A wrong download is neither used nor kept; an error names what each mirror has done."""
    with _machine(bp) as machine:
        for kind, raw in _wrong_files(machine):
            machine.packed[NAMES[0]] = raw
            try:
                bp.load_fashion_mnist(download=True)
            except ConnectionError as error:
                demand(FAR in str(error) and NEAR in str(error), f"the error does not name the mirrors: {error}")
            else:
                demand(False, f"a download {kind} is used")
            demand(not (machine.cache / f"{NAMES[0]}.gz").exists(), f"a download {kind} is kept")


def choices(bp: Any) -> None:
    """What is true by accident is no choice of the reader: a number, a word, an array."""
    with _machine(bp) as machine:
        for value in (1, 60000, "yes", [True], np.array([True, False]), np.bool_(True)):
            with refuses(f"download={value!r}", TypeError, naming="download"):
                bp.load_fashion_mnist(value)
        demand(not machine.asked, f"nobody has said so, and yet {machine.asked} are asked")


def interruption(bp: Any) -> None:
    """A program that is stopped while it writes leaves nothing behind."""
    write = Path.write_bytes

    def stopped(path: Path, raw: bytes) -> int:
        write(path, raw[: len(raw) // 2])
        raise KeyboardInterrupt

    with _machine(bp) as machine, patch.object(Path, "write_bytes", stopped):
        try:
            bp.load_fashion_mnist(download=True)
        except KeyboardInterrupt:
            files = os.listdir(machine.cache)
            demand(not files, f"a program that is stopped while it writes leaves {files}")
        else:
            raise RungError("an interruption is swallowed")


def file_format(bp: Any) -> None:
    """Sizes have their largest byte first and fit the number of entries; another type of entries is refused."""
    good = _small_data()[NAMES[1]]
    bad = {
        "an entry too few": idx(good)[:-1],
        "an entry too many": idx(good) + b"\0",
        "entries of two bytes": b"\0\0\x0b\x01" + idx(good)[4:],
        "nothing in it": b"",
    }
    for kind, contents in bad.items():
        with _machine(bp) as machine:
            machine.put(machine.debian)
            (machine.debian / f"{NAMES[1]}.gz").write_bytes(gzip.compress(contents))
            bp.data._SHA256[NAMES[1]] = hashlib.sha256(contents).hexdigest()
            with refuses(f"a file with {kind}", ValueError):
                bp.load_fashion_mnist()


ORACLES: tuple[Callable[[Any], None], ...] = (
    arrays,
    classes,
    order,
    damaged,
    on_request,
    download,
    wrong_downloads,
    choices,
    interruption,
    file_format,
)
