"""Put each bug of the catalogue into bpkit and demand that a check dies; list the survivors."""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bpbook.bugs.answers import answers
from bpbook.bugs.mutate import CatalogueError
from bpbook.notebooks import UsageError, repository_root

CATALOGUE = Path(__file__).with_name("bugs.toml")
# Modules whose checks are oracles: the function that these are filed under.
MAIN = {
    "optimisers": "train",
    "optimisers.Adam": "FastNetwork",
    "training": "train",
    "descent": "gradient_descent",
    "graph": "draw_graph",
    "data": "load_fashion_mnist",
    "gradcheck": "check_gradient",
    "two_layers": "two_layer_forward",
    "layers": "dense_network",
    "network": "dense_network",
    "storage": "save_parameters",
    "fast": "FastNetwork",
}
# Modules that no training runs: that the loss falls with a bug in one of them says nothing.
APART = ("data", "fast", "graph", "gradcheck", "optimisers.Adam", "storage")
TIME_LIMIT = 30.0  # seconds for one bug, many times what the slowest needs


@dataclass(frozen=True)
class Bug:
    """One mistake: in `function` the code `find` is replaced by `replace`."""

    id: str
    function: str
    find: str
    replace: str
    symptom: str
    hint: str
    chapter: str

    @property
    def subject(self) -> str:
        """Return the operation that the function belongs to, or what the oracles of its module are about: those checks are tried first."""
        module, _, name = self.function.rpartition(".")
        return MAIN.get(module) or MAIN.get(module.partition(".")[0], name.removesuffix("_vjp"))

    @property
    def in_training(self) -> bool:
        """Say whether a training runs the module of the function."""
        return not self.function.startswith(tuple(f"{name}." for name in APART))


@dataclass(frozen=True)
class Result:
    """What became of a bug.

    `rung` is the first rung that killed it, '' for a survivor; `trains` says that the loss falls although a training runs the code.
    """

    bug: Bug
    rung: str
    problem: str
    trains: bool
    seconds: float

    @property
    def killed(self) -> bool:
        """Say whether some check died."""
        return bool(self.rung)


def load(path: Path = CATALOGUE) -> list[Bug]:
    """Return the bugs of a catalogue, chapter by chapter; within a chapter in the order of the file.

    Raises
    ------
    CatalogueError
        If an entry lacks a field, has an unknown one, or two entries have one id.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("bug", [])
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name} is not TOML: {error}") from None
    bugs, wanted = [], {field.name for field in fields(Bug)}
    for entry in entries:
        if set(entry) != wanted or not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise CatalogueError(
                f"{path.name}: the bug {entry.get('id')!r} has the fields {sorted(entry)}, wanted texts for {sorted(wanted)}"
            )
        bugs.append(Bug(**entry))
    twice = {bug.id for bug in bugs if sum(other.id == bug.id for other in bugs) > 1}
    if twice or not bugs:
        raise CatalogueError(f"{path.name}: wanted bugs with an id each, got {f'{sorted(twice)} more than once' if twice else 'no bug'}")
    return sorted(bugs, key=lambda bug: bug.chapter)


def run_all(root: Path, only: Sequence[str] = (), catalogue: Path = CATALOGUE, time_limit: float = TIME_LIMIT) -> list[Result]:
    """Put every bug into a copy of bpkit, one at a time, and return what became of it.

    Parameters
    ----------
    root : Path
        The folder that holds `bpkit/`.
    only : sequence of str
        Ids of the bugs to try; all of them where it is empty.
    catalogue : Path
        The file with the bugs.
    time_limit : float
        Seconds for one bug; one that takes longer counts as killed.

    Raises
    ------
    CatalogueError
        If a bug does not fit the code, or if bpkit itself does not pass the ladder.
    """
    bugs = [bug for bug in load(catalogue) if not only or bug.id in only]
    unknown = set(only) - {bug.id for bug in bugs}
    if unknown:
        raise UsageError(f"no bug {', '.join(sorted(unknown))} in {catalogue.name}")
    found = answers(root, catalogue, ["", *(bug.id for bug in bugs)], time_limit)
    control, _ = found[0]
    if control["rung"]:
        raise CatalogueError(f"bpkit itself does not pass the ladder ({control['rung']}): {control['problem']}")
    if not control["trains"]:
        raise CatalogueError("bpkit itself does not train: the measure 'trains anyway' is worth nothing")
    results = list(zip(bugs, found[1:], strict=True))
    problems = [answer["error"] for _, (answer, _) in results if "error" in answer]
    if problems:
        raise CatalogueError("\n".join(problems))
    return [
        Result(bug, answer["rung"], answer["problem"], answer["trains"] and bug.in_training, seconds) for bug, (answer, seconds) in results
    ]


def hidden(results: Sequence[Result]) -> str:
    """Say how many of the bugs that a training could feel let the loss go down all the same."""
    felt = sum(result.bug.in_training for result in results)
    return f"with {sum(result.trains for result in results)} of the {felt} in code that a training runs, the loss goes down all the same"


def survivors(results: Sequence[Result]) -> list[Result]:
    """Return the bugs that no check has killed."""
    return [result for result in results if not result.killed]


def bugs_table(root: Path, results: Sequence[Result] | None = None) -> str:
    """Return the index of bugs as HTML, one row for each bug, for the directive `bug-table`."""
    from bpbook.bugs.table import table

    return table(root, run_all(root) if results is None else results)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--only` and `--json`."""
    parser.add_argument("--only", metavar="ID", nargs="+", default=[], help="try only these bugs")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results to this file")


def run(arguments: argparse.Namespace) -> int:
    """Try the bugs and return 1 if one survives."""
    results = run_all(repository_root(), arguments.only)
    alive = survivors(results)
    if arguments.json:
        arguments.json.write_text(
            json.dumps([{**asdict(result), "killed": result.killed} for result in results], indent=1) + "\n", encoding="utf-8"
        )
    for result in results if arguments.only else ():
        print(f"{result.bug.id}: {result.rung or 'SURVIVES'}: {result.problem}{' (trains anyway)' if result.trains else ''}")
    for result in alive:
        print(f"survivor: {result.bug.id} in {result.bug.function}: {result.bug.find!r} -> {result.bug.replace!r}")
    print(f"{len(results) - len(alive)} of {len(results)} bugs killed; {hidden(results)}")
    return int(bool(alive))
