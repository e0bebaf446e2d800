"""Make a printable worksheet: a small network in friendly numbers, to be worked by pencil and checked in a notebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bpbook.notebooks import UsageError
from bpbook.worksheet.marking import Marking, check_worksheet
from bpbook.worksheet.page import render
from bpbook.worksheet.sheet import LARGEST_SEED, Sheet, make_sheet
from bpbook.worksheet.steps import ACTIVATIONS, LOSSES

__all__ = ["Marking", "Sheet", "add_arguments", "check_worksheet", "make_sheet", "render", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the seeds, the kinds of networks and where to write."""
    parser.add_argument(
        "--seed",
        nargs="+",
        type=int,
        required=True,
        metavar="N",
        help=f"number of the worksheet, 0 to {LARGEST_SEED}; several make several",
    )
    parser.add_argument("--activation", choices=ACTIVATIONS, default="leaky_relu", help="of the hidden units (default: %(default)s)")
    parser.add_argument("--loss", choices=LOSSES, help="default: bce with sigmoid, else mse")
    parser.add_argument("--solution", action="store_true", help="fill the sheet in, for the teacher")
    parser.add_argument(
        "--out", metavar="FILE", help="where to write, '-' for the terminal; for several seeds a folder (default: worksheet-N.html)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write one page for each seed and say where."""
    seeds = list(dict.fromkeys(arguments.seed))
    if len(seeds) > 1 and arguments.out == "-":
        raise UsageError("--out - takes one worksheet, wanted one seed or a folder")
    for seed in seeds:
        try:
            page = render(make_sheet(seed, arguments.activation, arguments.loss), arguments.solution)
        except ValueError as error:
            raise UsageError(f"--{error}") from None
        if arguments.out == "-":
            sys.stdout.write(page)
        else:
            print(f"written: {_write(page, seed, arguments, single=len(seeds) == 1)}")
    return 0


def _write(page: str, seed: int, arguments: argparse.Namespace, single: bool) -> Path:
    name = f"worksheet-{seed}{'-solution' if arguments.solution else ''}.html"
    path = Path(arguments.out or ".")
    try:
        if not single:
            path.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            path = path / name
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    return path
