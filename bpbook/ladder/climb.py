"""All rungs for all functions, as a list of checks in the order of the ladder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from bpbook.ladder import (
    bad_fast,
    bad_input,
    broadcasting,
    contract,
    data,
    descent,
    fast,
    gradcheck,
    graph,
    layers,
    rungs,
    storage,
    training,
    two_layers,
)
from bpbook.ladder.operations import OPERATIONS, Operation
from bpbook.ladder.report import strict


@dataclass(frozen=True)
class Check:
    """One rung for one function: `run(bp)` returns, or raises what is wrong."""

    rung: str
    subject: str
    run: Callable[[Any], None]


@dataclass(frozen=True)
class Fall:
    """Where a package fell off the ladder, and why."""

    rung: str
    subject: str
    problem: str


# Functions that are no operations have oracles of their own: rung -> the functions it is about, and the oracles.
ORACLES: dict[str, tuple[tuple[str, ...], Sequence[Callable[[Any], None]]]] = {
    "descent": (("gradient_descent",), descent.ORACLES),
    "broadcasting": (("unbroadcast",), broadcasting.ORACLES),
    "graph": (("draw_graph",), graph.ORACLES),
    "gradient checker": (gradcheck.FUNCTIONS, gradcheck.ORACLES),
    "two layers": (two_layers.FUNCTIONS, two_layers.ORACLES),
    "layers": (layers.FUNCTIONS, layers.ORACLES),
    "storage": (storage.FUNCTIONS, storage.ORACLES),
    "data": (data.FUNCTIONS, data.ORACLES),
    "training": (training.FUNCTIONS, training.ORACLES),
    "fast": (fast.FUNCTIONS, (*fast.ORACLES, *bad_fast.ORACLES)),
}
RUNGS = ("formula", "contract", "central differences", "complex step", "independent program", "extremes", "bad input", *ORACLES)


def _over_sizes(rung: Callable[..., None], operation: Operation) -> Callable[[Any], None]:
    def run(bp: Any) -> None:
        for sizes in operation.sizes:
            rung(bp, operation, sizes)

    return run


def _for_operation(operation: Operation) -> Iterator[Check]:
    def once(rung: Callable[..., None]) -> Callable[[Any], None]:
        return lambda bp: rung(bp, operation)

    yield Check("formula", operation.function, once(rungs.formula))
    yield Check("contract", operation.function, _over_sizes(contract.contract, operation))
    yield Check("central differences", operation.function, _over_sizes(rungs.central, operation))
    yield Check("complex step", operation.function, _over_sizes(rungs.complex_step, operation))
    if find_spec("autograd"):
        yield Check("independent program", operation.function, _over_sizes(rungs.autograd, operation))
    yield Check("extremes", operation.function, once(rungs.edges))


def checks(operations: Sequence[Operation] = OPERATIONS) -> list[Check]:
    """Return every check, rung by rung."""
    found = [check for operation in operations for check in _for_operation(operation)]
    functions = [name for operation in operations for name in (operation.function, f"{operation.function}_vjp")]
    others = [name for subjects, _ in ORACLES.values() for name in subjects]
    for name in dict.fromkeys([*functions, *others]):
        found.append(Check("bad input", name.removesuffix("_vjp"), partial(bad_input.refused, function=name)))
    for rung, (subjects, oracles) in ORACLES.items():
        found += [Check(rung, subjects[0], oracle) for oracle in oracles]
    return sorted(found, key=lambda check: RUNGS.index(check.rung))


def climb(bp: Any, first: str = "", rungs: Sequence[str] = RUNGS) -> Fall | None:
    """Run the checks on a package and return the first fall, or None.

    Parameters
    ----------
    bp : module
        A package with the public names of bpkit.
    first : str
        The function whose checks come first.
    rungs : sequence of str
        The rungs to climb.

    Returns
    -------
    Fall or None
        None when every check holds.
    """
    for check in sorted(checks(), key=lambda check: check.subject != first):
        if check.rung not in rungs:
            continue
        try:
            with strict():
                check.run(bp)
        except Exception as error:
            return Fall(check.rung, check.subject, f"{'' if isinstance(error, AssertionError) else type(error).__name__ + ': '}{error}")
    return None
