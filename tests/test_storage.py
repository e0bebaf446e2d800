"""Files of parameters: processes that write at the same time or are killed, and files that somebody has spoiled."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

import bpkit as bp
from bpbook.ladder import storage as oracles
from bpbook.ladder.report import strict

WRITER = """
import sys
import numpy as np
import bpkit as bp

path, number, times = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
network = bp.dense_network([20, 30, 5])
network.theta[...] = number
print("ready", flush=True)
for _ in range(times):
    bp.save_parameters(path, network)
"""


def start_writer(path, number, times):
    command = [sys.executable, "-c", WRITER, str(path), str(number), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def number_in(path):
    """Return the number that fills the whole network in the file; fail if the file is a mixture."""
    network = bp.dense_network([20, 30, 5])
    bp.load_parameters(path, network)
    assert (network.theta == network.theta[0]).all()
    return network.theta[0]


@pytest.mark.parametrize("oracle", oracles.ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracles(oracle):
    with strict():
        oracle(bp)


def test_processes_that_write_at_the_same_time(tmp_path):
    path = tmp_path / "network.npz"
    network = bp.dense_network([20, 30, 5])
    network.theta[...] = -1
    bp.save_parameters(path, network)
    writers = [start_writer(path, number, 100) for number in (1, 2, 3, 4)]
    found = set()
    while any(writer.poll() is None for writer in writers):
        found.add(number_in(path))
    assert all(writer.wait() == 0 for writer in writers)
    for writer in writers:
        writer.stdout.close()
    assert found <= {-1, 1, 2, 3, 4} and number_in(path) in {1, 2, 3, 4}
    assert os.listdir(tmp_path) == ["network.npz"]


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.02, 0.05])
def test_a_killed_writer_leaves_a_complete_file(tmp_path, delay):
    path = tmp_path / "network.npz"
    network = bp.dense_network([20, 30, 5])
    network.theta[...] = -1
    bp.save_parameters(path, network)
    writer = start_writer(path, 1, 1_000_000)
    writer.stdout.readline()
    time.sleep(delay)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert number_in(path) in {-1, 1}
    bp.save_parameters(path, network)  # what the killed one has left does not stand in the way
    assert number_in(path) == -1


def test_every_changed_byte_is_refused_or_harmless(tmp_path):
    path = tmp_path / "network.npz"
    network = bp.dense_network([2, 2])
    bp.save_parameters(path, network)
    content = path.read_bytes()
    other = bp.dense_network([2, 2], seed=1)
    before = other.theta.copy()
    for place in range(len(content)):
        spoiled = bytearray(content)
        spoiled[place] ^= 0xFF
        path.write_bytes(spoiled)
        other.theta[...] = before
        try:
            bp.load_parameters(path, other)
        except (ValueError, TypeError):
            assert np.array_equal(other.theta, before), place
        else:  # the byte was a date or another remark of the zip format
            assert np.array_equal(other.theta, network.theta), place


class Attack:
    def __reduce__(self):
        return os.mkdir, ("attacked",)


def test_nothing_in_a_file_is_ever_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = bp.dense_network([2, 2])
    files = {"pickle": pickle.dumps(Attack())}
    entry = io.BytesIO()
    np.save(entry, np.array([Attack(), 1.0], dtype=object), allow_pickle=True)
    files["object.npy"] = entry.getvalue()
    archive = io.BytesIO()
    np.savez(archive, **{"affine1.W": network.parameters["affine1.W"], "affine1.b": np.array([Attack(), 1.0], dtype=object)})
    files["object.npz"] = archive.getvalue()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises((ValueError, TypeError), match="is refused"):
            bp.load_parameters(name, network)
    assert not (tmp_path / "attacked").exists()


def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path):
    network = bp.dense_network([2, 2])
    path = tmp_path / "network.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2, 10**12)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("affine1.W.npy", header.getvalue())
        archive.writestr("affine1.b.npy", header.getvalue())
    with pytest.raises(ValueError, match=r"affine1.W has shape \(2, 1000000000000\), wanted \(2, 2\)"):
        bp.load_parameters(path, network)


def test_an_entry_that_unpacks_to_gigabytes_takes_no_time(tmp_path):
    network = bp.dense_network([2, 2])
    path = tmp_path / "network.npz"
    entries = {}
    for name, value in network.parameters.items():
        entry = io.BytesIO()
        np.save(entry, value)
        entries[name] = entry.getvalue()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("affine1.W.npy", entries["affine1.W"] + bytes(200_000_000))
        archive.writestr("affine1.b.npy", entries["affine1.b"])
    began = time.perf_counter()
    with pytest.raises(ValueError, match="cut short or too long"):
        bp.load_parameters(path, network)
    assert time.perf_counter() - began < 1


def test_the_message_says_which_file_and_what_is_wrong_with_it(tmp_path):
    path = tmp_path / "network.npz"
    bp.save_parameters(path, bp.dense_network([2, 3, 1]))
    with pytest.raises(
        ValueError, match=r"network.npz is refused: it holds affine1.W, affine1.b, affine3.W, affine3.b, wanted affine1.W, affine1.b$"
    ):
        bp.load_parameters(path, bp.dense_network([2, 3]))
    with pytest.raises(ValueError, match=r"refused: affine1.W has shape \(2, 3\), wanted \(2, 4\)$"):
        bp.load_parameters(path, bp.dense_network([2, 4, 1]))
    with pytest.raises(TypeError, match=r"refused: affine1.W holds float64, wanted float32$"):
        bp.load_parameters(path, bp.dense_network([2, 3, 1], dtype=np.float32))


def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    bp.save_parameters(tmp_path / "network.npz", bp.dense_network([2, 1]))
    (tmp_path / "other").touch()
    assert (tmp_path / "network.npz").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_name_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = bp.dense_network([2, 1])
    bp.save_parameters("network.npz", network)
    bp.load_parameters("network.npz", network)
    assert os.listdir(tmp_path) == ["network.npz"]


def test_numpy_is_given_nothing_but_the_arrays(tmp_path, monkeypatch):
    """NumPy 2.0 and 2.1 have no `allow_pickle` here: they save it as one more array."""
    given = []
    savez = np.savez
    monkeypatch.setattr(np, "savez", lambda file, **arrays: (given.append(list(arrays)), savez(file, **arrays)))
    network = bp.dense_network([2, 1])
    bp.save_parameters(tmp_path / "network.npz", network)
    assert given == [list(network.parameters)]
