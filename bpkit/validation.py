# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/01_linear_regression.ipynb
# - chapters/06_gradient_checking.ipynb
"""Checks of arguments: they look at shapes and dtypes, and name what is wrong."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PRECISION",
    "Array",
    "NotFiniteError",
    "as_float",
    "as_floats",
    "check_batch",
    "check_finite",
    "check_positive",
    "check_shape",
    "check_whole",
]


# From chapter 1, section "Errors that name the argument".
Array = NDArray[Any]


# From chapter 1, section "Errors that name the argument".
PRECISION = {"f": 32, "F": 32, "d": 64, "D": 64}  # by dtype.char: real and complex


class NotFiniteError(ValueError):
    """A loss came out as NaN or infinity.

    Notes
    -----
    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`Errors that name the argument
    <sec-validation>`.
    """


def _to_array(name: str, value: Any) -> Any:
    # NumPy would drop the mask of one, and multiply the other as a matrix.
    if isinstance(value, np.ma.MaskedArray) or hasattr(value, "toarray"):
        raise TypeError(
            f"{name} is a masked or sparse array ({type(value).__name__}), wanted a plain array: use .filled(...) or .toarray()"
        )
    # What records its own operations has a dtype but no __array__,
    # and must not be converted.
    typed = isinstance(getattr(value, "dtype", None), np.dtype)
    if isinstance(value, np.generic) or (typed and not hasattr(value, "__array__")):
        return value
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is a {type(value).__name__} with rows of unequal length, wanted an array") from None
    if array.dtype.kind not in "iubfc":
        raise TypeError(f"{name} is {value!r:.60} of type {type(value).__name__}, wanted an array of numbers")
    return array


def as_float(name: str, value: Any) -> Any:
    """Return `value` as a float array; a Python number stays as it is.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : array_like
        An array (anything with `shape` and `dtype`), a number, or a list of numbers.

    Returns
    -------
    ndarray or float
        The same object where it is a float already; integers become float64.

    Raises
    ------
    TypeError
        If `value` does not hold real or complex numbers.

    Notes
    -----
    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`Errors that name the argument
    <sec-validation>`.
    """
    if isinstance(value, (int, float, complex)) and not isinstance(value, np.generic):
        return value
    if type(value) is not np.ndarray:
        value = _to_array(name, value)
    if value.dtype.char in PRECISION:
        return value
    if value.dtype.kind in "iub":
        return value.astype(np.float64)
    raise TypeError(f"{name} is {value!r:.60} with dtype {value.dtype}, wanted float64 or float32 (integers are converted)")


_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
_KINDS = {np.ndarray, np.float32, np.float64}


def _ready(values: list[Any]) -> bool:
    dtype = getattr(values[0], "dtype", None) if values else None
    if dtype is not _SINGLE and dtype is not _DOUBLE:
        return False
    return all([type(value) in _KINDS and value.dtype is dtype for value in values])


def _from_number(name: str, value: complex, common: np.dtype[Any]) -> Array:
    try:
        return np.asarray(value, np.result_type(common, value))
    except OverflowError:
        raise ValueError(f"{name} is an integer too large for {common}, wanted a number that fits") from None


def as_floats(**arguments: Any) -> list[Any]:
    """Return every argument as a float array, all of one precision.

    Parameters
    ----------
    **arguments : array_like
        The arguments of a function, by name.

    Returns
    -------
    list of ndarray
        In the order given, see `as_float`. A Python number becomes an array of
        the precision of the others.

    Raises
    ------
    TypeError
        If one does not hold numbers, or float32 meets float64; the message
        names both.

    Notes
    -----
    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`Errors that name the argument
    <sec-validation>`.
    """
    values = list(arguments.values())
    if _ready(values):
        return values
    arrays = {name: as_float(name, value) for name, value in arguments.items()}
    dtypes = {name: array.dtype for name, array in arrays.items() if hasattr(array, "dtype")}
    first = next(iter(dtypes), "")
    for name, dtype in dtypes.items():
        if PRECISION[dtype.char] != PRECISION[dtypes[first].char]:
            raise TypeError(
                f"{first} is {dtypes[first]} and {name} is {dtype}, wanted one precision (lists and integers become float64); use .astype"
            )
    common = dtypes.get(first, np.dtype(np.float64))
    return [array if name in dtypes else _from_number(name, array, common) for name, array in arrays.items()]


def check_shape(name: str, value: Any, wanted: tuple[int, ...], why: str) -> None:
    """Refuse an argument whose shape is not the wanted one.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : ndarray or float
        Anything with a `shape`; a Python number has shape ().
    wanted : tuple of int
        The shape that fits.
    why : str
        What it has to fit, for the message.

    Raises
    ------
    ValueError
        If the shapes differ; nothing is broadcast.

    Notes
    -----
    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`Errors that name the argument
    <sec-validation>`.
    """
    shape = getattr(value, "shape", ())
    if shape != wanted:
        raise ValueError(f"{name} has shape {shape}, wanted {wanted}: {why}")


def check_batch(name: str, value: Any) -> None:
    """Refuse a batch without a single entry.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : ndarray or float
        Anything with a `shape`.

    Raises
    ------
    ValueError
        If one of the axes has length 0: a mean over nothing is not defined.

    Notes
    -----
    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`Errors that name the argument
    <sec-validation>`.
    """
    if 0 in getattr(value, "shape", ()):
        raise ValueError(f"{name} has shape {value.shape}, wanted at least one entry along every axis (the batch is empty)")


def check_finite(name: str, loss: Any) -> None:
    """Refuse a loss that is NaN or infinite.

    Parameters
    ----------
    name : str
        Name of the loss, for the message.
    loss : float
        A scalar.

    Raises
    ------
    NotFiniteError
        If `loss` is not finite.

    Notes
    -----
    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`Errors that name the argument
    <sec-validation>`.
    """
    if not np.isfinite(loss):
        raise NotFiniteError(f"{name} is {loss}, wanted a finite loss: an argument holds NaN or infinity, or is too large")


def check_positive(name: str, value: Any) -> float:
    """Return a number as a float, and refuse what is not finite and above 0.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : float
        A number.

    Returns
    -------
    float
        The number.

    Raises
    ------
    TypeError
        If `value` is not a number.
    ValueError
        If it is 0, negative, NaN, infinite, or too large for a float.

    Notes
    -----
    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section "The small print: what is checked".
    """
    numbers = (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise TypeError(f"{name} is {value!r:.60}, wanted a number")
    if not 0 < value <= sys.float_info.max:
        raise ValueError(f"{name} is {value!r:.60}, wanted a finite number above 0")
    return float(value)


def check_whole(name: str, value: Any, least: int) -> int:
    """Return a whole number as an int, and refuse what is none, or too small.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : int
        An integer of Python or NumPy; True and False are none.
    least : int
        The smallest that is allowed.

    Returns
    -------
    int
        The number.

    Raises
    ------
    ValueError
        If `value` is not an integer, or is below `least`.

    Notes
    -----
    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section "The small print: what is checked".
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{name} is {value!r:.60}, wanted an integer, {least} or more")
    return int(value)
