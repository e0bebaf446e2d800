"""Run a notebook from a fresh kernel, in its own folder, the same way on every run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bpbook.notebooks import BookError, relative

CELL_TIMEOUT = 120
FIXED = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TQDM_DISABLE": "1",  # a progress bar is for people
}
# Settings of a terminal or a user that change what cells print or how figures are drawn.
UNWANTED = ("MPLBACKEND", "PYTHONSTARTUP", "PYTHONWARNINGS", "MATPLOTLIBRC", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR")


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Give the environment of the kernel; its profile folder is empty, so that no start-up file of the user runs."""
    with TemporaryDirectory() as folder:
        yield {key: value for key, value in os.environ.items() if key not in UNWANTED} | FIXED | {"IPYTHONDIR": folder}


def execute(notebook: Any, path: Path, root: Path, cell_timeout: int = CELL_TIMEOUT) -> Any:
    """Return the notebook with the outputs of a run from top to bottom.

    Parameters
    ----------
    notebook : nbformat node
        Changed in place.
    path : Path
        Where the notebook stands; it runs in that folder.
    root : Path
        The root of the book, for messages.
    cell_timeout : int
        Seconds that one cell may take.

    Raises
    ------
    BookError
        If a cell fails, with the notebook, the number of the cell and the error.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellControlSignal, DeadKernelError

    started = [0]
    client = _client(notebook, path, cell_timeout, lambda cell, cell_index: started.append(cell_index + 1))
    try:
        with environment() as variables:
            client.execute(env=variables)
    except NoSuchKernel:
        raise BookError("there is no Jupyter kernel python3; install ipykernel into this environment") from None
    except (CellControlSignal, DeadKernelError) as error:
        raise BookError(f"{relative(path, root)}, cell {started[-1]}: {_message(error, cell_timeout)}") from None
    return notebook


def _client(notebook: Any, path: Path, cell_timeout: int, on_cell_start: Callable[..., None]) -> Any:
    """Return the client that runs a notebook; what differs from run to run is not recorded."""
    from nbclient import NotebookClient

    return NotebookClient(
        notebook,
        timeout=cell_timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=on_cell_start,
    )


def _message(error: Exception, cell_timeout: int) -> str:
    """Return one line about what went wrong in a cell."""
    name = getattr(error, "ename", "")
    if name:
        return f"{name}: {getattr(error, 'evalue', '')}"
    return f"took more than {cell_timeout} s" if isinstance(error, TimeoutError) else "the kernel died"
