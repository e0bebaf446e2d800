"""Time bpkit beside PyTorch, JAX and others, and write what the interlude on speed shows.

The peers live in an environment of their own; `make bench` makes it from `bpbook/bench/requirements.txt`.
A peer that is not installed is left out, and the benchmark says so. Nothing is timed before the results agree.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpbook.datasets import data_file
from bpbook.notebooks import BookError, UsageError, repository_root

FILE = "benchmark.json"
SECONDS = 10.0


def load_benchmark() -> dict[str, Any]:
    """Return what `make bench` measured last: times in microseconds, ratios, bars, machine and versions."""
    found: dict[str, Any] = json.loads(data_file(FILE).read_text(encoding="utf-8"))
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the time to spend, the threads, the networks and the file."""
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"time to spend on each network (default {SECONDS:g})")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads, each in a process of its own")
    parser.add_argument("--nets", nargs="+", metavar="NAME", help="only these networks, such as 64-32-10")
    parser.add_argument(
        "--clock", choices=("wall", "processor"), default="wall", help="'processor' on a machine that others use, too; for one thread"
    )
    parser.add_argument("--out", type=Path, help=f"where to write the results (default chapters/data/{FILE})")


def run(arguments: argparse.Namespace) -> int:
    """Measure, write the file and print the bars, met or missed."""
    from bpbook.bench.nets import NETS

    root = repository_root()
    nets = arguments.nets or [net.name for net in NETS]
    unknown = set(nets) - {net.name for net in NETS}
    if unknown:
        raise UsageError(f"no network {', '.join(sorted(unknown))}, wanted some of {', '.join(net.name for net in NETS)}")
    path = _checked(arguments, root)
    result = benchmark(root, arguments.threads, arguments.seconds, nets, arguments.clock)
    partial = path.with_name(path.name + ".part")
    partial.write_text(_text(result), encoding="utf-8")
    partial.replace(path)
    print("\n".join(report(result)))
    return 0


def _checked(arguments: argparse.Namespace, root: Path) -> Path:
    """Refuse wrong numbers, and a file that cannot be written, before anything is measured; return the file."""
    if min(arguments.threads) < 1:
        raise UsageError(f"--threads {min(arguments.threads)}: wanted 1 or more")
    if not 0 < arguments.seconds < 1e6:
        raise UsageError(f"--seconds {arguments.seconds:g}: wanted a number above 0")
    whole = arguments.nets is None and set(arguments.threads) == {1, 2} and arguments.clock == "wall"
    if arguments.out is None and not whole:
        raise UsageError(f"only a whole run replaces {FILE}; add --out FILE to one with --nets, --threads or --clock")
    path: Path = arguments.out or root / "chapters" / "data" / FILE
    if not path.parent.is_dir() or path.is_dir():
        raise UsageError(f"--out {path}: wanted a file in a folder that is there")
    return path


def benchmark(root: Path, threads: list[int], seconds: float, nets: list[str], clock: str = "wall") -> dict[str, Any]:
    """Return everything that is measured, ready for the file."""
    from bpbook.bench.bars import judge
    from bpbook.bench.machine import machine
    from bpbook.bench.nets import NETS
    from bpbook.bench.start import starts

    clocks = {count: clock if count == 1 else "wall" for count in threads}  # a thread that waits for another may spin
    by_threads = {str(count): _measure(root, count, seconds, nets, count == threads[0], clocks[count]) for count in threads}
    start = starts(root, max(1, min(5, int(seconds))), clock)
    described = {
        net.name: {"sizes": net.sizes, "batch": net.batch, "parameters": net.parameters, "flops": net.flops, "loss": net.loss}
        for net in NETS
        if net.name in nets
    }
    for measured in by_threads.values():
        for name, result in measured["networks"].items():
            rate = described[name]["flops"] / measured["gemm"] / 1e3
            result["share of peak"] = {peer: rate / time for peer, time in result["microseconds"].items()}
    return {
        "command": "python -m bpbook bench",
        "clock": clock,
        "machine": machine(),
        "networks": described,
        "threads": by_threads,
        "start": start,
        "bars": judge(by_threads, start),
    }


def _measure(root: Path, threads: int, seconds: float, nets: list[str], with_curves: bool, clock: str) -> dict[str, Any]:
    """Measure with so many threads in a fresh process, whose libraries have not counted the cores yet."""
    from bpbook.bench.measure import environment

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        words = ["--threads", str(threads), "--seconds", str(seconds), "--clock", clock, "--out", str(path), "--nets", *nets]
        command = [sys.executable, "-m", "bpbook.bench.measure", *words, *(["--curves"] if with_curves else [])]
        done = subprocess.run(command, cwd=root, env=environment(threads), check=False)
        if done.returncode != 0:
            raise BookError("the benchmark stopped, see above; no file is written")
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


def report(result: Mapping[str, Any]) -> list[str]:
    """Return one line for each bar, and what was not installed."""
    lines = [
        f"{'met   ' if bar['met'] else 'MISSED'} {bar['ratio']:6.3f} <= {bar['bar']:<5g} {bar['what']}, {bar['network'] or '-'}, "
        f"{bar['variant']} / {bar['peer']}, {bar['threads']} thread(s)"
        for bar in result["bars"]
    ]
    networks = [network for measured in result["threads"].values() for network in measured["networks"].values()]
    absent = {f"left out: {name}: {why}" for network in networks for name, why in network["absent"].items()}
    return [*lines, *sorted(absent), f"{sum(bar['met'] for bar in result['bars'])} of {len(result['bars'])} bars met"]


def _text(result: Mapping[str, Any]) -> str:
    """Write numbers with four digits, and a list on one line."""
    text = json.dumps(_rounded(result), indent=1)
    return re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value
