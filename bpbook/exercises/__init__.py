"""The exercises: one source for each, checked at once in the notebook. Needs NumPy alone."""

from bpbook.exercises.check import check, verdict

__all__ = ["check", "verdict"]
