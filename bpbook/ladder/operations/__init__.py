"""The table of operations: one row for each, and a new operation is one more row."""

from bpbook.ladder.operation import Operation
from bpbook.ladder.operations.activations import ACTIVATIONS
from bpbook.ladder.operations.elementwise import ELEMENTWISE
from bpbook.ladder.operations.linear import LINEAR
from bpbook.ladder.operations.losses import LOSSES
from bpbook.ladder.operations.reductions import REDUCTIONS
from bpbook.ladder.operations.softmax import SOFTMAX

__all__ = ["OPERATIONS", "Operation"]

OPERATIONS: tuple[Operation, ...] = (*LINEAR, *LOSSES, *ACTIVATIONS, *ELEMENTWISE, *REDUCTIONS, *SOFTMAX)
