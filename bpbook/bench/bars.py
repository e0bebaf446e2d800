"""The bars: what the two variants of bpkit may cost, as a share of what others cost, with equal threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FAST, READABLE = "bpkit fast", "bpkit readable"
BARS: dict[tuple[str, str], dict[str, float]] = {
    (FAST, "PyTorch"): {"XOR 2-4-1": 0.1, "64-32-10": 0.12, "784-10-10": 0.16, "784-256-128-10": 0.9, "784-1024-1024-10": 1.1},
    (FAST, "JAX jit"): {"XOR 2-4-1": 0.9, "64-32-10": 1.0, "784-10-10": 0.7, "784-256-128-10": 1.15, "784-1024-1024-10": 1.3},
    (READABLE, "PyTorch"): {"XOR 2-4-1": 0.33, "64-32-10": 0.33, "784-10-10": 0.33, "784-256-128-10": 1.3, "784-1024-1024-10": 1.3},
}
GRADIENT_OVER_FORWARD = 4.0
FIRST_GRADIENT = 0.1


def judge(by_threads: Mapping[str, Any], start: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every bar that could be measured, with its ratio and whether it is met."""
    found = []
    for threads, measured in by_threads.items():
        for net, result in measured["networks"].items():
            found += _network(int(threads), net, result)
    if "PyTorch" in start:
        ratio = start["bpkit"]["first gradient ms"] / start["PyTorch"]["first gradient ms"]
        found.append(_bar("first gradient in a fresh process", "", FAST, "PyTorch", 1, ratio, FIRST_GRADIENT))
    return found


def _network(threads: int, net: str, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    times = result["microseconds"]
    found = [
        _bar("a step", net, variant, peer, threads, times[variant] / times[peer], bars[net])
        for (variant, peer), bars in BARS.items()
        if peer in times and net in bars
    ]
    ratio = result["gradient over forward"][FAST]
    return [*found, _bar("gradient over forward", net, FAST, FAST, threads, ratio, GRADIENT_OVER_FORWARD)]


def _bar(what: str, net: str, variant: str, peer: str, threads: int, ratio: float, bar: float) -> dict[str, Any]:
    key = {"what": what, "network": net, "variant": variant, "peer": peer, "threads": threads}
    return key | {"ratio": ratio, "bar": bar, "met": ratio <= bar}
