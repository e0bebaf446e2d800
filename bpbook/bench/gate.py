"""Nothing is timed before the results are right: the same numbers after 20 steps, from the same start."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bpbook.bench.peers import Peer
from bpbook.notebooks import BookError

STEPS = 20
LARGEST_DIFFERENCE = 1e-4
BETWEEN_VARIANTS = 1e-6  # one gradient, from the same parameters
ORACLE = "bpkit readable"


class WrongResultError(BookError):
    """A program that is to be timed computes something else."""


def after_steps(peer: Peer) -> tuple[float, NDArray[np.float64]]:
    """Make 20 steps; return the loss of the last one and all parameters."""
    for _ in range(STEPS // peer.steps_at_once):
        L = peer.step()
    return L, np.concatenate([np.asarray(array, np.float64).ravel() for array in peer.parameters()])


def relative_difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the length of a - b as a share of the length of b; infinity where one of them is not finite."""
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(b)), 1e-30)


def check_results(name: str, peers: Mapping[str, Peer], plain: Peer) -> dict[str, float]:
    """Make 20 steps with each program and return its largest difference from the readable variant of bpkit.

    A program whose Adam adds epsilon elsewhere is compared with `plain`, which does the same.

    Raises
    ------
    WrongResultError
        If the loss or the parameters of one differ by more than 1e-4, as a share.
    """
    oracles = {False: after_steps(peers[ORACLE]), True: after_steps(plain)}
    found = {ORACLE: 0.0}
    for peer in peers.keys() - found.keys():
        L, theta = oracles[peers[peer].plain_epsilon]
        other, parameters = after_steps(peers[peer])
        found[peer] = max(abs(other - L) / abs(L), relative_difference(parameters, theta))
    wrong = {peer: difference for peer, difference in found.items() if not difference <= LARGEST_DIFFERENCE}
    if wrong:
        described = ", ".join(f"{peer} by {difference:.1e}" for peer, difference in wrong.items())
        wanted = f"wanted {LARGEST_DIFFERENCE:g}; nothing is timed"
        raise WrongResultError(f"{name}: after {STEPS} steps {described} away from {ORACLE}, {wanted}")
    return {peer: found[peer] for peer in peers}


def check_variants(name: str, readable: Peer, fast: Peer) -> float:
    """Compare loss and gradient of the two variants at their start; return the largest difference, as a share.

    Raises
    ------
    WrongResultError
        If it is above 1e-6.
    """
    assert readable.gradient is not None
    assert fast.gradient is not None
    (L, g), (other, h) = readable.gradient(), fast.gradient()
    difference = max(abs(float(other) - float(L)) / abs(float(L)), relative_difference(h.astype(float), g.astype(float)))
    if not difference <= BETWEEN_VARIANTS:
        raise WrongResultError(f"{name}: the gradients of the two variants differ by {difference:.1e}, wanted {BETWEEN_VARIANTS:g}")
    return difference
