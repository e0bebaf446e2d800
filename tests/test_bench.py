"""The benchmark: it checks before it times, says what is missing, and the page reads what it wrote. No time is asserted."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bpbook.bench import bars, clock, gate, load_benchmark, machine, measure, ours, report, start
from bpbook.bench.nets import NETS
from bpbook.bench.peers import PEERS, Peer
from bpbook.notebooks import BookError

ROOT = Path(__file__).parent.parent
SMALLEST = NETS[0]
PROGRAMS = {"bpkit readable", "bpkit fast", *PEERS}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Run the whole benchmark with next to no time, as a user does."""
    from bpbook.__main__ import main

    path = tmp_path_factory.mktemp("bench") / "result.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(start, "PROGRAMS", {name: start.PROGRAMS[name] for name in ("NumPy alone", "bpkit", "PyTorch")})
        assert main(["bench", "--seconds", "0.01", "--threads", "1", "--nets", "XOR 2-4-1", "64-32-10", "--out", str(path)]) == 0
    return json.loads(path.read_text(encoding="utf-8"))


def schema(result, nets):
    """Demand everything that the page reads."""
    assert set(result) == {"command", "clock", "machine", "networks", "threads", "start", "bars"}
    assert {"processor", "cores", "memory GiB", "system", "python"} == set(result["machine"])
    assert list(result["networks"]) == nets
    for measured in result["threads"].values():
        assert measured["gemm"] > 0 and measured["kernels"] and "numpy" in measured["versions"]
        assert list(measured["networks"]) == nets
        for network in measured["networks"].values():
            assert {"bpkit readable", "bpkit fast"} <= set(network["microseconds"]) <= PROGRAMS
            assert set(network["microseconds"]) | set(network["absent"]) == PROGRAMS
            assert set(network["differences"]) == set(network["share of peak"]) == set(network["microseconds"])
            assert max(network["differences"].values()) <= gate.LARGEST_DIFFERENCE
            assert network["between variants"] <= gate.BETWEEN_VARIANTS
            assert all(time > 0 for time in network["microseconds"].values())
    curves = next(iter(result["threads"].values()))["curves"]
    assert {"depth", "width", "batch"} == set(curves)
    assert all(len(values) == len(curve["x"]) for curve in curves.values() for values in curve.values())
    for bar in result["bars"]:
        assert {"what", "network", "variant", "peer", "threads", "ratio", "bar", "met"} == set(bar)
        assert bar["met"] == (bar["ratio"] <= bar["bar"])
    assert {"import ms", "first gradient ms", "peak MiB"} == set(result["start"]["bpkit"])


def test_a_tiny_run_writes_everything_that_the_page_reads(tiny):
    schema(tiny, ["XOR 2-4-1", "64-32-10"])


def test_the_committed_results_are_complete_and_name_no_place():
    result = load_benchmark()
    schema(result, [net.name for net in NETS])
    text = json.dumps(result)
    assert not re.search(r"[/\\]\w", text.replace("float32/", ""))
    assert not re.search(r"\d", result["machine"]["processor"]), "a family name, no model number"


def test_the_report_says_what_is_missing(tiny):
    lines = report(tiny)
    for name, why in tiny["threads"]["1"]["networks"]["64-32-10"]["absent"].items():
        assert f"left out: {name}: {why}" in lines
    assert re.fullmatch(r"\d+ of \d+ bars met", lines[-1])


def test_the_chart_reads_from_the_file():
    notebook = json.loads((ROOT / "chapters" / "10b_speed.ipynb").read_text(encoding="utf-8"))
    code = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert 'one[name]["microseconds"]' in code and "load_benchmark()" in code
    assert not re.search(r"import time|perf_counter|timeit", code), "a time in a compared output"


def makers(*names: str):
    return {name: maker for name, maker in measure.competitors().items() if name in names}


def wrong(net, change):
    peer = ours.fast(net)
    return replace(peer, step=lambda: change(peer)) if callable(change) else peer


@pytest.mark.parametrize("net", NETS[:3], ids=lambda net: net.name)
def test_the_gate_lets_right_programs_pass(net):
    peers, _ = measure.build(net, makers("bpkit readable", "bpkit fast", "autograd", "scikit-learn"))
    found = gate.check_results(net.name, peers, ours.readable(net, plain_epsilon=True))
    assert set(found) == set(peers) >= {"bpkit readable", "bpkit fast"}


def test_the_gate_stops_a_program_with_a_wrong_loss():
    def half(peer):
        return peer.step() * 1.001

    peers = {"bpkit readable": ours.readable(SMALLEST), "wrong": wrong(SMALLEST, half)}
    with pytest.raises(gate.WrongResultError, match=r"XOR 2-4-1: after 20 steps wrong by 1\.0e-03 away .* nothing is timed"):
        gate.check_results(SMALLEST.name, peers, ours.readable(SMALLEST))


def test_the_gate_stops_a_program_that_does_not_update():
    standing = ours.fast(SMALLEST)
    still = Peer(lambda: standing.step(), lambda: [np.concatenate([value.ravel() for value in SMALLEST.start()])])
    peers = {"bpkit readable": ours.readable(SMALLEST), "standing": still}
    with pytest.raises(gate.WrongResultError, match="standing"):
        gate.check_results(SMALLEST.name, peers, ours.readable(SMALLEST))


def test_the_gate_stops_nan_and_a_wrong_number_of_parameters():
    for parameters in ([np.full(SMALLEST.parameters, np.nan)], [np.zeros(3)]):
        quick = ours.fast(SMALLEST)
        peers = {"bpkit readable": ours.readable(SMALLEST), "broken": replace(quick, parameters=lambda values=parameters: values)}
        with pytest.raises(gate.WrongResultError, match="broken by inf"):
            gate.check_results(SMALLEST.name, peers, ours.readable(SMALLEST))


def test_the_gate_compares_the_gradients_of_the_variants():
    readable, quick = ours.readable(SMALLEST), ours.fast(SMALLEST)
    assert gate.check_variants("a network", readable, quick) <= 1e-6
    L, g = quick.gradient()
    other = replace(quick, gradient=lambda: (L, g * np.float32(1 + 1e-5)))
    with pytest.raises(gate.WrongResultError, match="a network: the gradients of the two variants differ by 1"):
        gate.check_variants("a network", readable, other)


def test_nothing_is_timed_and_no_file_is_written_where_results_differ(tmp_path, monkeypatch):
    timed = []
    monkeypatch.setattr(gate, "LARGEST_DIFFERENCE", -1.0)
    monkeypatch.setattr(clock, "medians", lambda *_: timed.append(1))
    with pytest.raises(BookError):
        measure.network(SMALLEST, makers("bpkit readable", "bpkit fast"), 0.01, 1, "wall")
    assert not timed


def test_programs_run_in_turns_and_the_median_counts():
    calls: list[str] = []
    times = clock.medians({name: lambda name=name: calls.append(name) for name in "abc"}, 0.0)
    assert set(times) == {"a", "b", "c"} and all(time > 0 for time in times.values())
    assert [name for i, name in enumerate(calls) if i == 0 or calls[i - 1] != name][-9:] == list("abcbcacab")
    assert clock._turned(list("abc"), 4) == list("acb")


def test_what_is_not_installed_is_left_out():
    def absent(net):
        raise ModuleNotFoundError("No module named 'peer'", name="peer")

    peers, missing = measure.build(SMALLEST, {**makers("bpkit fast"), "peer": absent})
    assert set(peers) == {"bpkit fast"} and missing == {"peer": "not installed (peer)"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--threads", "0", "--out", "x.json"], "--threads 0"),
        (["--threads", "1", "-2", "--out", "x.json"], "--threads -2"),
        (["--seconds", "nan"], "--seconds nan"),
        (["--seconds", "-1"], "--seconds -1"),
        (["--out", "nowhere/x.json"], "nowhere"),
        (["--nets", "64-32-10"], "only a whole run replaces benchmark.json"),
        (["--threads", "1"], "only a whole run replaces benchmark.json"),
        (["--nets", "65-32-10", "--out", "x.json"], "no network 65-32-10"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_measured(words, said, capsys, monkeypatch):
    from bpbook.__main__ import main

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("bpbook.bench.benchmark", lambda *_: pytest.fail("it measures"))
    assert main(["bench", *words]) == 2
    assert said in capsys.readouterr().err


def test_bars_are_judged_with_equal_threads():
    times = {"bpkit fast": 1.0, "bpkit readable": 4.0, "PyTorch": 10.0, "JAX jit": 1.0}
    ratio = {"bpkit fast": 2.0, "bpkit readable": 2.0}
    measured = {"2": {"networks": {"XOR 2-4-1": {"microseconds": times, "gradient over forward": ratio}}}}
    found = bars.judge(measured, {"bpkit": {"first gradient ms": 1.0}, "PyTorch": {"first gradient ms": 20.0}})
    assert [(bar["peer"], bar["threads"], bar["met"]) for bar in found] == [
        ("PyTorch", 2, True),
        ("JAX jit", 2, False),
        ("PyTorch", 2, False),
        ("bpkit fast", 2, True),
        ("PyTorch", 1, True),
    ]


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("AMD EPYC 7763 64-Core Processor", "AMD EPYC"),
        ("Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "Intel Xeon Platinum"),
        ("Apple M2", "Apple"),
        ("", "unknown"),
    ],
)
def test_the_processor_is_named_by_its_family(model, family):
    assert machine.family(model) == family


def test_the_environment_hides_what_slows_numpy(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    found = measure.environment(2)
    assert "OPENBLAS_CORETYPE" not in found and found["OMP_NUM_THREADS"] == "2"


def test_peers_have_the_versions_of_the_lock():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    wanted = (ROOT / "bpbook" / "bench" / "requirements.txt").read_text(encoding="utf-8")
    for name in ("numpy", "autograd", "scikit-learn", "threadpoolctl"):
        assert set(re.findall(rf"^{name}==(\S+)", wanted, re.M)) == set(re.findall(rf"^{name}==(\S+)", lock, re.M)), name
    assert not re.search(r"^minitorch", wanted, re.M)
    assert not re.search(r"^(torch|jax)==", lock, re.M)
