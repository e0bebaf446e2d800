"""Oracles for files of parameters: there and back, damaged files, writes that fail."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from bpbook.ladder.report import RungError, demand, refuses, same

FUNCTIONS = ("save_parameters", "load_parameters")
SIZES = (2, 3, 2)


@contextmanager
def _saved(bp: Any, dtype: Any = np.float64) -> Iterator[tuple[Path, Any]]:
    """Yield a path at which a network is saved, and the network."""
    with TemporaryDirectory() as folder:
        network = bp.dense_network(SIZES, seed=5, dtype=dtype)
        network.theta[...] += 0.1
        path = Path(folder) / "network.npz"
        bp.save_parameters(path, network)
        yield path, network


def there_and_back(bp: Any) -> None:
    """The same bits come back, in both precisions, into views, at the very path that was named."""
    for dtype in (np.float64, np.float32):
        with _saved(bp, dtype) as (path, network):
            other = bp.dense_network(SIZES, dtype=dtype)
            theta = other.theta
            bp.load_parameters(str(path), other)
            demand(same(other.theta, network.theta), f"{np.dtype(dtype)} parameters do not come back bit for bit")
            demand(other.theta is theta and _bound(other), "after loading, the parameters are no views into theta")
            demand(os.listdir(path.parent) == [path.name], f"there are other files: {os.listdir(path.parent)}")
            bare = path.with_name("no ending")
            bp.save_parameters(os.fspath(bare), other)
            demand(bare.read_bytes() == path.read_bytes(), "the same parameters give another file, or another name")
            with np.load(path, allow_pickle=False) as file:
                demand([same(file[name], value) for name, value in network.parameters.items()], "NumPy reads something else")
            compressed = path.with_name("compressed.npz")
            np.savez_compressed(compressed, **network.parameters)
            bp.load_parameters(compressed, other)


def _bound(network: Any) -> bool:
    pairs = [(network.parameters, key, value) for key, value in network.parameters.items()]
    pairs += [(layer.parameters, key, value) for layer in network.layers for key, value in layer.parameters.items()]
    return all(np.shares_memory(value, network.theta) for _, _, value in pairs)


def by_columns(bp: Any) -> None:
    """An array that was written column by column comes back with every number in its place."""
    with _saved(bp) as (path, network):
        columns: dict[str, Any] = {name: np.asfortranarray(value) for name, value in network.parameters.items()}
        np.savez(path, **columns)
        other = bp.dense_network(SIZES)
        bp.load_parameters(path, other)
        demand(same(other.theta, network.theta), "an array in Fortran order is read in the wrong order")


def _refused(bp: Any, path: Path, what: str, *errors: type[BaseException], dtype: Any = np.float64) -> None:
    network = bp.dense_network(SIZES, seed=9, dtype=dtype)
    before = network.theta.copy()
    with refuses(what, *errors, naming="wanted"):
        bp.load_parameters(path, network)
    demand(same(network.theta, before) and _bound(network), f"{what}: refused, but the network has changed")


def wrong_files(bp: Any) -> None:
    """Wrong names, shapes, dtypes and numbers are refused, and so are objects; the network keeps what it had."""
    with _saved(bp) as (path, network):
        good = {name: value.copy() for name, value in network.parameters.items()}
        W, b = good["affine1.W"], good["affine1.b"]
        wrong: list[tuple[str, Mapping[str, Any]]] = [
            ("a missing name", {name: value for name, value in good.items() if name != "affine3.b"}),
            ("one name more", {**good, "affine5.W": W}),
            ("another name", {name.replace("affine3", "affine2"): value for name, value in good.items()}),
            ("a transposed array", {**good, "affine1.W": W.T.copy()}),
            ("one axis more", {**good, "affine1.b": b[None]}),
            ("a longer array", {**good, "affine1.b": np.append(b, 0.0)}),
            ("a single number", {**good, "affine1.b": np.float64(1.0)}),
            ("float32 in the place of float64", {**good, "affine1.W": W.astype(np.float32)}),
            ("integers of the same size", {**good, "affine1.b": np.arange(3)}),
            ("complex numbers", {**good, "affine1.W": W + 0j}),
            ("the other byte order", {**good, "affine1.W": W.astype(W.dtype.newbyteorder())}),
            ("NaN", {**good, "affine3.W": good["affine3.W"] * np.nan}),
            ("infinity", {**good, "affine3.b": np.array([0.0, np.inf])}),
            ("nothing", {}),
        ]
        for what, arrays in wrong:
            np.savez(path, **arrays)
            _refused(bp, path, what)
        np.savez(path, **good)
        _refused(bp, path, "float64 for a float32 network", TypeError, dtype=np.float32)
        np.savez(path, **{**good, "affine1.b": np.array([_Trap()] * 3, dtype=object)})
        _refused(bp, path, "pickled objects", TypeError)
        demand(not _Trap.sprung, "a pickled object was made")


class _Trap:
    sprung = False

    def __reduce__(self) -> Any:
        return _spring, ()


def _spring() -> str:
    _Trap.sprung = True
    return "sprung"


def damaged_files(bp: Any) -> None:
    """A file cut short anywhere, with a changed byte, or of another kind is refused; the network keeps what it had."""
    with _saved(bp) as (path, _):
        content = path.read_bytes()
        for length in (0, 1, *range(50, len(content), 50), len(content) - 1):
            path.write_bytes(content[:length])
            _refused(bp, path, f"a file cut short after {length} of {len(content)} bytes", ValueError)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        for member in members:
            spoiled = bytearray(content)
            spoiled[member.header_offset + 30 + len(member.filename) + 128 + 20 + 3] ^= 64  # in the numbers
            path.write_bytes(spoiled)
            _refused(bp, path, f"a changed byte in {member.filename}", ValueError, TypeError)
        np.save(path.with_suffix(".npy"), np.ones(3))
        for kind, other in (
            ("a text", b"not a network\n"),
            ("an array", path.with_suffix(".npy").read_bytes()),
            ("a pickle", b"\x80\x04N."),
        ):
            path.write_bytes(other)
            _refused(bp, path, kind, ValueError)


def sizes_that_lie(bp: Any) -> None:
    """An entry with more or fewer numbers than its header says is refused, without believing the header."""
    with _saved(bp) as (path, network):
        for what, change in (("more", lambda data: data + bytes(8)), ("fewer", lambda data: data[:-8]), ("no", lambda data: b"")):
            with zipfile.ZipFile(path, "w") as archive:
                for name, value in network.parameters.items():
                    entry = io.BytesIO()
                    np.save(entry, value)
                    archive.writestr(f"{name}.npy", change(entry.getvalue()) if name == "affine1.b" else entry.getvalue())
            _refused(bp, path, f"{what} numbers than the header says", ValueError)


def bad_numbers(bp: Any) -> None:
    """A network with NaN or infinity is not saved, and the old file is left alone."""
    with _saved(bp) as (path, network):
        before = path.read_bytes()
        for wrong in (np.nan, np.inf, -np.inf):
            network.theta[-1] = wrong
            with refuses(f"a network with {wrong}", bp.NotFiniteError, naming="wanted"):
                bp.save_parameters(path, network)
            demand(path.read_bytes() == before, "a network with NaN has replaced the old file")


def failing_writes(bp: Any) -> None:
    """A write that fails, at any point, leaves the old file as it was and nothing beside it."""

    def half(file: Any, **arrays: Any) -> None:
        file.write(b"half a file")
        raise OSError("the disk is full")

    def stop(*arguments: Any) -> None:
        raise KeyboardInterrupt

    for place, failure, error in (
        ("numpy.savez", half, OSError),
        ("os.fsync", stop, KeyboardInterrupt),
        ("os.replace", stop, KeyboardInterrupt),
    ):
        with _saved(bp) as (path, network):
            before = path.read_bytes()
            network.theta[...] += 1
            with patch(place, failure):
                try:
                    bp.save_parameters(path, network)
                except error:
                    pass
                else:
                    raise RungError(f"{place} fails, and nobody is told")
            demand(path.read_bytes() == before, f"{place} fails, and the old file is lost")
            demand(os.listdir(path.parent) == [path.name], f"{place} fails, and leaves {os.listdir(path.parent)}")


def missing_files(bp: Any) -> None:
    """A file or a folder that is not there is an OSError, as for `open`."""
    with _saved(bp) as (path, network):
        for call in (bp.load_parameters, bp.save_parameters):
            with refuses("a folder that is not there", OSError):
                call(path.with_name("nowhere") / "network.npz", network)
        try:
            bp.save_parameters(path.with_name("nowhere") / "network.npz", network)
        except FileNotFoundError as error:
            demand(".tmp" not in str(error), f"a folder that is not there: the message names a file that nobody knows: {error}")
        with refuses("a file that is not there", FileNotFoundError):
            bp.load_parameters(path.with_name("nothing.npz"), network)


ORACLES: tuple[Callable[[Any], None], ...] = (
    there_and_back,
    by_columns,
    wrong_files,
    damaged_files,
    sizes_that_lie,
    bad_numbers,
    failing_writes,
    missing_files,
)
