"""What catches which bug, over several seeds: a falling loss, a gradient check alone, or the whole ladder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bpbook.bugs import Bug, load
from bpbook.bugs.answers import answers
from bpbook.bugs.training import trains
from bpbook.ladder import OPERATIONS, rungs
from bpbook.ladder.report import strict
from bpbook.notebooks import BookError

SEEDS = tuple(range(5))
TIME_LIMIT = 60.0  # seconds for one bug and all seeds
KINDS = (
    "a backward pass",
    "a forward pass",
    "a check of arguments",
    "gradient descent",
    "the gradient checker",
    "the drawing of graphs",
    "the training loop",
    "the loading of data",
    "layers and networks",
    "the fast variant",
)
MODULES = {
    "descent": KINDS[3],
    "gradcheck": KINDS[4],
    "graph": KINDS[5],
    "training": KINDS[6],
    "optimisers": KINDS[6],
    "data": KINDS[7],
    "two_layers": KINDS[8],
    "layers": KINDS[8],
    "network": KINDS[8],
    "storage": KINDS[8],
    "fast": KINDS[9],
}


def kind(bug: Bug) -> str:
    """Say in what kind of code the bug is."""
    module, _, name = bug.function.partition(".")
    if module in MODULES:
        return MODULES[module]
    if module == "validation" or name.startswith("_check"):
        return KINDS[2]
    return KINDS[0] if name.endswith("_vjp") or name in ("unbroadcast", "_aligned") else KINDS[1]


def caught(bp: Any, seed: int, first: str = "") -> dict[str, bool]:
    """Say for one seed whether the loss gives the bug away, and whether a gradient check does.

    Parameters
    ----------
    bp : module
        A package with the public names of bpkit.
    seed : int
        For the data of the trainings, and for the points of the gradient check.
    first : str
        The operation whose check comes first.
    """
    with strict():
        learns = trains(bp, seed)
        return {"loss": not learns, "gradient check": not _passes(bp, seed, first)}


def _passes(bp: Any, seed: int, first: str) -> bool:
    try:
        for operation in sorted(OPERATIONS, key=lambda operation: operation.function != first):
            for sizes in operation.sizes:
                rungs.central(bp, operation, sizes, seed)
                rungs.complex_step(bp, operation, sizes, seed)
    except Exception:  # whatever stops the check is noticed
        return False
    return True


def count(root: Path, catalogue: Path, only: Sequence[str] = (), seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Put every bug into a copy of bpkit and return what catches it, for each seed.

    Parameters
    ----------
    root, catalogue : Path
        The folder with `bpkit/`, and the file with the bugs.
    only : sequence of str
        Ids of the bugs to try; all of them where it is empty.
    seeds : sequence of int
        The seeds to try each bug with.

    Raises
    ------
    BookError
        If bpkit itself, without a bug, is caught by one of the checks.
    """
    bugs = [bug for bug in load(catalogue) if not only or bug.id in only]
    found = [answer for answer, _ in answers(root, catalogue, ["", *(bug.id for bug in bugs)], TIME_LIMIT, seeds)]
    if any("error" in answer for answer in found):
        raise BookError("\n".join(answer["error"] for answer in found if "error" in answer))
    each = [_flags(answer, len(seeds)) for answer in found]
    if any(map(any, each[0].values())):
        raise BookError(f"bpkit itself is caught: {json.dumps(each[0])}")
    return {bug.id: {"kind": kind(bug), **flags} for bug, flags in zip(bugs, each[1:], strict=True)}


def _flags(answer: dict[str, Any], seeds: int) -> dict[str, list[bool]]:
    """Return for each kind of test and each seed whether it gives the bug away; one that hangs, or cannot be imported, is noticed."""
    counted = answer.get("seeds", [{"loss": True, "gradient check": True}] * seeds)
    flags = {test: [one[test] for one in counted] for test in ("loss", "gradient check")}
    return {**flags, "ladder": [bool(answer["rung"])] * seeds}


def by_kind(bugs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how many bugs of each kind are caught by each test, the mean over the seeds; the last row is for all."""
    rows = [(name, [bug for bug in bugs.values() if bug["kind"] == name]) for name in KINDS]
    return [_row(name, group) for name, group in [*rows, ("all", list(bugs.values()))] if group]


def _row(name: str, group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    means = {test: sum(sum(bug[test]) / len(bug[test]) for bug in group) for test in ("loss", "gradient check", "ladder")}
    return {"name": name, "bugs": len(group), **{test: round(mean, 3) for test, mean in means.items()}}
