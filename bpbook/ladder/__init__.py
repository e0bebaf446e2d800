"""The verification ladder: every operation of bpkit climbs it, and so does every mutated copy.

The package under test is an argument (`bp`), so that the bug catalogue can hand in a broken one.
"""

from bpbook.ladder.climb import RUNGS, Check, Fall, checks, climb
from bpbook.ladder.operations import OPERATIONS, Operation
from bpbook.ladder.report import RungError

__all__ = ["OPERATIONS", "RUNGS", "Check", "Fall", "Operation", "RungError", "checks", "climb"]
