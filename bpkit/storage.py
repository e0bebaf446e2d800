# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/09_layers.ipynb
"""Parameters in a file: saved at once or not at all, loaded with care."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from bpkit.validation import Array, NotFiniteError

__all__ = ["load_parameters", "save_parameters"]


def _path(path: Any) -> str:
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise TypeError(f"path is {path!r:.60}, wanted the name of a file")
    return os.fsdecode(path)


def _beside(target: str) -> str:
    # In the same folder, since only there a rename is one step.
    folder = os.path.dirname(target) or os.curdir
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"path is {target!r}, but there is no folder {folder!r}, wanted one")
    return f"{target}.{os.getpid()}-{os.urandom(4).hex()}.tmp"


def _named_arrays(network: Any) -> dict[str, Any]:
    parameters = getattr(network, "parameters", None)
    if not isinstance(parameters, dict) or not parameters:
        raise TypeError(f"network is {network!r:.60}, wanted a Sequential with parameters")
    return parameters


def _refuse_not_finite(where: str, arrays: dict[str, Array]) -> None:
    for name, array in arrays.items():
        if not np.all(np.isfinite(array)):
            raise NotFiniteError(f"{name} {where} holds NaN or infinity, wanted finite numbers: has the training diverged?")


def save_parameters(path: Any, network: Any) -> None:
    """Write the parameters of a network into a file, all of it or nothing.

    Parameters
    ----------
    path : str or path
        The file, as a rule `....npz`. An old one is replaced in one step, at the
        end: whoever is interrupted before leaves the old one as it was.
    network : Sequential
        Its `parameters`, by name, are saved in their own dtype; not its layers.

    Raises
    ------
    NotFiniteError
        If a parameter is NaN or infinite; the old file is left alone.
    TypeError
        If an argument is not what it should be.
    OSError
        If the file cannot be written.

    Notes
    -----
    Derived in :doc:`chapter 9 </chapters/09_layers>`, section :ref:`Parameters in a file <sec-layers-storage>`.
    """
    target, arrays = _path(path), _named_arrays(network)
    _refuse_not_finite("of network", arrays)
    temporary = _beside(target)
    try:
        with open(temporary, "xb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())  # the bytes are on the disk ...
        os.replace(temporary, target)  # ... before they get the name
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def _read_header(file: Any, name: str, wanted: Array) -> str:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} has the format {version}, wanted (1, 0) or (2, 0)")
    first = version == (1, 0)
    module = np.lib.format
    read = module.read_array_header_1_0 if first else module.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    if dtype != wanted.dtype:
        found = "Python objects" if dtype.hasobject else dtype
        raise TypeError(f"{name} holds {found}, wanted {wanted.dtype}")
    if shape != wanted.shape:
        raise ValueError(f"{name} has shape {shape}, wanted {wanted.shape}")
    return "F" if by_columns else "C"


def _read_array(file: Any, name: str, wanted: Array) -> Array:
    # The header first: what it says about the size is not believed.
    order: Any = _read_header(file, name, wanted)
    numbers = np.frombuffer(file.read(wanted.nbytes), wanted.dtype)
    if file.read(1) or numbers.size != wanted.size:
        raise ValueError(f"{name} is cut short or too long, wanted {wanted.size} numbers")
    return numbers.reshape(wanted.shape, order=order)


def _read_all(file: Any, arrays: dict[str, Array]) -> dict[str, Array]:
    from zipfile import ZipFile  # here: `import bpkit` stays fast

    with ZipFile(file) as archive:
        found = [name.removesuffix(".npy") for name in archive.namelist()]
        if sorted(found) != sorted(arrays):
            names = ", ".join(found)
            raise ValueError(f"it holds {names:.200}, wanted {', '.join(arrays)}")
        loaded = {}
        for name, array in arrays.items():
            with archive.open(f"{name}.npy") as entry:
                loaded[name] = _read_array(entry, name, array)
    return loaded


def load_parameters(path: Any, network: Any) -> None:
    """Read the parameters of a network from a file, all of them or none.

    Parameters
    ----------
    path : str or path
        A file that `save_parameters` has written.
    network : Sequential
        A network with the same parameters: names, shapes and dtypes. They are
        written in place, so `theta` has them, too.

    Raises
    ------
    ValueError, TypeError
        If the file is damaged, or the names, shapes or dtypes are not those of
        the network; the network keeps its parameters. Nothing in the file is
        ever run: pickled objects are refused.
    NotFiniteError
        If a parameter in the file is NaN or infinite.
    OSError
        If the file cannot be read.

    Notes
    -----
    Derived in :doc:`chapter 9 </chapters/09_layers>`, section :ref:`Parameters in a file <sec-layers-storage>`.
    """
    source, arrays = _path(path), _named_arrays(network)
    with open(source, "rb") as file:
        try:
            loaded = _read_all(file, arrays)
        except TypeError as error:
            raise TypeError(f"path {source} is refused: {error}") from error
        except Exception as error:  # a damaged file can raise almost anything
            wanted = "" if "wanted" in str(error) else ", wanted a complete .npz"
            raise ValueError(f"path {source} is refused: {error}{wanted}") from error
    _refuse_not_finite(f"in path {source}", loaded)
    for name, array in arrays.items():
        array[...] = loaded[name]
