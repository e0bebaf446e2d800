"""How long a fresh process needs until it has a gradient, and how much memory it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bpbook.bench.measure import environment

# Each program prints two clocks when it has the gradient of a network 784-10-10 for one batch; it has made the
# weights and the data itself, and imported nothing else.
BEGIN = "from time import perf_counter, process_time as cpu\nbegan = perf_counter(), cpu()\n"
IMPORTED = "\nimported = perf_counter() - began[0], cpu() - began[1]\n"
END = """
print(*imported, cpu(), flush=True)
try:
    import resource, sys
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
except ImportError:
    print(0)
"""
PROGRAMS = {
    "Python alone": ("pass", "pass"),
    "NumPy alone": ("import numpy as np", "np.ones((32, 784), np.float32) @ np.ones((784, 10), np.float32)"),
    "bpkit": (
        "import numpy as np\nimport bpkit",
        """
network = bpkit.FastNetwork(bpkit.dense_network((784, 10, 10), dtype=np.float32), 32)
network.loss_and_gradient(np.ones((32, 784), np.float32), np.zeros(32, int))
""",
    ),
    "PyTorch": (
        "import torch",
        """
model = torch.nn.Sequential(torch.nn.Linear(784, 10), torch.nn.ReLU(), torch.nn.Linear(10, 10))
torch.nn.CrossEntropyLoss()(model(torch.ones(32, 784)), torch.zeros(32, dtype=int)).backward()
""",
    ),
    "JAX jit": (
        "import jax\nimport jax.numpy as jnp",
        """
def loss(p, X, y):
    Z = jax.nn.relu(X @ p[0] + p[1]) @ p[2] + p[3]
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(Z), y[:, None], 1))
p = [jnp.ones((784, 10)), jnp.ones(10), jnp.ones((10, 10)), jnp.ones(10)]
jax.jit(jax.value_and_grad(loss))(p, jnp.ones((32, 784)), jnp.zeros(32, int))[0].block_until_ready()
""",
    ),
    "autograd": (
        "import numpy as onp\nimport autograd.numpy as np\nfrom autograd import value_and_grad",
        """
def loss(p, X, y):
    Z = np.maximum(X @ p[0] + p[1], 0) @ p[2] + p[3]
    return np.mean(np.log(np.sum(np.exp(Z), axis=1)) - Z[np.arange(len(Z)), y])
p = [onp.full((784, 10), 0.01), onp.ones(10), onp.ones((10, 10)), onp.ones(10)]
value_and_grad(loss)(p, onp.ones((32, 784)), onp.zeros(32, int))
""",
    ),
    "scikit-learn": (
        "import numpy as np\nfrom sklearn.neural_network import MLPClassifier",
        """
model = MLPClassifier((10,), batch_size=32)
model.partial_fit(np.ones((32, 784), np.float32), np.arange(32) % 10, classes=np.arange(10))
""",
    ),
}


def fresh(name: str, root: Path, clock: str = "wall") -> dict[str, float] | None:
    """Run one program in a fresh process; None where its package is not installed."""
    imports, gradient = PROGRAMS[name]
    code = BEGIN + imports + IMPORTED + gradient + END
    began = perf_counter()
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=root, env=environment(1), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        seconds = perf_counter() - began
        memory, complaint = process.stdout.read(), process.stderr.read()
    if process.returncode != 0 and "ModuleNotFoundError" in complaint:
        return None
    if process.returncode != 0:
        raise RuntimeError(f"{name} in a fresh process: {complaint.strip().splitlines()[-1]}")
    wall, processor, until_gradient = map(float, ready.split())
    imported, gradient_after = (wall, seconds) if clock == "wall" else (processor, until_gradient)
    return {"import ms": 1e3 * imported, "first gradient ms": 1e3 * gradient_after, "peak MiB": int(memory) / 2**20}


def starts(root: Path, repeats: int, clock: str) -> dict[str, Any]:
    """Return the medians over fresh processes of each program, in turns; a first turn fills the disk cache."""
    found: dict[str, list[dict[str, float]]] = {}
    absent = {name for name in PROGRAMS if fresh(name, root) is None}
    for _ in range(repeats):
        for name in PROGRAMS.keys() - absent:
            result = fresh(name, root, clock)
            assert result is not None
            found.setdefault(name, []).append(result)
    return {name: {key: median(result[key] for result in found[name]) for key in found[name][0]} for name in PROGRAMS if name in found}
