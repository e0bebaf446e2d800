"""The part of the benchmark that runs in a process of its own, with a given number of threads."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")  # slow kernels; compiling at every import
GEMM = 1024
GEMM_FLOPS = 2 * GEMM**3
# For the curves: sizes of the layers and rows in the batch.
CURVES: dict[str, list[tuple[int, tuple[int, ...], int]]] = {
    "depth": [(hidden, (64, *[64] * hidden, 10), 32) for hidden in (1, 2, 4, 8, 12)],
    "width": [(width, (64, width, width, 10), 32) for width in (16, 32, 64, 128, 256, 512, 1024)],
    "batch": [(rows, (784, 128, 10), rows) for rows in (1, 4, 16, 64, 256, 1024)],
}


def environment(threads: int) -> dict[str, str]:
    """Return the environment for a process that may use so many threads."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    # Without affinity (macOS, Windows) XLA is told by flags.
    flags = {} if hasattr(os, "sched_setaffinity") else {"XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"}
    return kept | dict.fromkeys(VARIABLES, str(threads)) | flags | {"JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}


def limit_cores(threads: int) -> None:
    """Let this process use as many cores as threads, before a library counts them."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def limit_threads(threads: int) -> None:
    """Tell the libraries that are already here."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def kernels() -> list[str]:
    """Return what multiplies matrices in this process, such as 'openblas 0.3.31 SkylakeX'."""
    from threadpoolctl import threadpool_info

    found = {
        " ".join(str(library.get(key)) for key in ("internal_api", "version", "architecture") if library.get(key))
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return sorted(found)


def competitors() -> dict[str, Callable[[Any], Any]]:
    """Return all makers by name, those of bpkit first."""
    from bpbook.bench import ours
    from bpbook.bench.peers import PEERS

    return {"bpkit readable": ours.readable, "bpkit fast": ours.fast, **PEERS}


def build(net: Any, makers: Mapping[str, Callable[[Any], Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the programs that can do this network, and why the others cannot."""
    peers, absent = {}, {}
    for name, make in makers.items():
        try:
            peers[name] = make(net)
        except ImportError as error:
            absent[name] = f"not installed ({error.name})"
        except NotImplementedError as error:
            absent[name] = str(error)
    return peers, absent


def network(net: Any, makers: Mapping[str, Callable[[Any], Any]], seconds: float, threads: int, clock: str) -> dict[str, Any]:
    """Check the results on one network, then time one step of each program, and forward and gradient of bpkit."""
    from bpbook.bench.clock import medians
    from bpbook.bench.gate import check_results, check_variants
    from bpbook.bench.ours import readable

    peers, absent = build(net, makers)
    limit_threads(threads)
    variants = check_variants(net.name, peers["bpkit readable"], peers["bpkit fast"])
    differences = check_results(net.name, peers, readable(net, plain_epsilon=True))
    steps = {name: peer.timed or peer.step for name, peer in peers.items()}
    for name in ("bpkit readable", "bpkit fast"):
        steps |= {f"{name} forward": peers[name].forward, f"{name} gradient": peers[name].gradient}
    times = medians(steps, seconds, clock)
    microseconds = {name: 1e6 * times[name] / peers[name].timed_steps for name in peers}
    ratio = {name: times[f"{name} gradient"] / times[f"{name} forward"] for name in ("bpkit readable", "bpkit fast")}
    found = {"microseconds": microseconds, "absent": absent, "differences": differences, "between variants": variants}
    return found | {"gradient over forward": ratio}


def gemm(seconds: float, clock: str) -> float:
    """Return the largest rate of a float32 matrix product, in GFLOP per second."""
    import numpy as np

    from bpbook.bench.clock import seconds_for

    A, B = np.random.default_rng(0).standard_normal((2, GEMM, GEMM), np.float32)
    out = np.empty_like(A)
    repeats = max(3, min(60, int(seconds / 0.02)))
    return max(GEMM_FLOPS / seconds_for(lambda: np.dot(A, B, out), 1, clock) for _ in range(repeats)) / 1e9


def curves(makers: Mapping[str, Callable[[Any], Any]], seconds: float, threads: int, clock: str) -> dict[str, Any]:
    """Return the cost of a step against depth, width and batch, in microseconds."""
    from bpbook.bench.nets import Net

    wanted = {name: make for name, make in makers.items() if name in ("bpkit readable", "bpkit fast", "PyTorch", "JAX jit")}
    found: dict[str, Any] = {}
    for curve, points in CURVES.items():
        nets = [(x, Net(f"{curve} {x}", sizes, batch, learning_rate=1e-5)) for x, sizes, batch in points]
        rows = [(x, network(net, wanted, seconds, threads, clock)["microseconds"]) for x, net in nets]
        names = [name for name in wanted if name in rows[0][1]]
        found[curve] = {"x": [x for x, _ in rows], **{name: [times[name] for _, times in rows] for name in names}}
    return found


def versions() -> dict[str, str]:
    """Return the version of each library that took part."""
    names = ("numpy", "torch", "jax", "jaxlib", "autograd", "scikit-learn", "micrograd")
    installed = {}
    for name in names:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def measure(threads: int, seconds: float, nets: Sequence[str], with_curves: bool, clock: str) -> dict[str, Any]:
    """Return everything that is measured with so many threads."""
    from bpbook.bench.nets import NETS

    makers = competitors()
    found = {}
    for net in NETS:
        if net.name in nets:
            found[net.name] = network(net, makers, seconds, threads, clock)
            print(f"{threads} thread(s), {net.name}: {_line(found[net.name]['microseconds'])}", file=sys.stderr, flush=True)
    more = {"curves": curves(makers, seconds / 8, threads, clock)} if with_curves else {}
    return {"networks": found, "gemm": gemm(seconds, clock), "kernels": kernels(), "versions": versions(), **more}


def _line(microseconds: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in microseconds.items())


def main() -> None:
    """Measure, and write the result as JSON to the given file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--nets", nargs="+", required=True)
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--clock", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    limit_cores(arguments.threads)
    result = measure(arguments.threads, arguments.seconds, arguments.nets, arguments.curves, arguments.clock)
    arguments.out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
