"""Run the ladder on mutated copies of bpkit, in a process of its own that can be stopped.

`python -m bpbook.bugs.worker ROOT CATALOGUE SEEDS [ID ...]` prints one line of JSON for each bug; an empty
ID stands for the package as it is. SEEDS, such as 0,1,2 or nothing, asks for counts over these seeds too.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from bpbook.bugs import Bug, load
from bpbook.bugs.answers import MARK
from bpbook.bugs.count import caught
from bpbook.bugs.mutate import CatalogueError, imported, mutate, read_package
from bpbook.bugs.training import trains
from bpbook.ladder import climb
from bpbook.ladder.report import strict


def examine(trees: Mapping[str, Any], bug: Bug | None, seeds: Sequence[int] = ()) -> dict[str, Any]:
    """Return which rung kills the bug and whether training hides it; without a bug, how bpkit fares.

    A mutated module that cannot even be imported is killed by the rung 'import'.
    """
    if bug is not None:
        trees = mutate(trees, bug.function, bug.find, bug.replace)
    try:
        with imported(trees) as package:
            fall = climb(package, first=bug.subject if bug else "")
            with strict():
                hidden = trains(package)
            counted = {"seeds": [caught(package, seed, bug.subject if bug else "") for seed in seeds]} if seeds else {}
    except (ImportError, SyntaxError, NameError) as error:
        return {"rung": "import", "problem": f"{type(error).__name__}: {error}", "trains": False}
    rung, problem = (fall.rung, f"{fall.subject}: {fall.problem}") if fall else ("", "")
    return {"rung": rung, "problem": problem, "trains": hidden, **counted}


def main(arguments: list[str]) -> int:
    """Examine the named bugs one after the other."""
    root, catalogue, listed, *names = arguments
    seeds = [int(seed) for seed in listed.split(",") if seed]
    trees = read_package(Path(root))
    bugs = {bug.id: bug for bug in load(Path(catalogue))}
    for name in names:
        try:
            with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # what a bug prints is no answer
                answer = examine(trees, bugs[name] if name else None, seeds)
        except CatalogueError as error:
            answer = {"error": str(error)}
        print(MARK + json.dumps({"id": name, **answer}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
