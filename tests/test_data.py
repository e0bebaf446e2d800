"""The full Fashion-MNIST: found where it is, downloaded only on request, always whole and right.

Small files of the same format stand in for the real ones, and a server on loopback for the mirrors.
Tests on the real files are left out where these are missing, and say so; where BPBOOK_REQUIRE_DATA=1 is set, they fail instead.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import bpkit
from bpbook.ladder.data import ORACLES, idx
from bpbook.ladder.report import strict
from bpkit import FASHION_CLASSES, data, load_fashion_mnist

TRAIN_X, TRAIN_Y, TEST_X, TEST_Y = NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
RNG = np.random.default_rng(0)
ARRAYS = {
    TRAIN_X: RNG.integers(0, 256, (50, 28, 28), np.uint8),
    TRAIN_Y: RNG.integers(0, 10, 50, np.uint8),
    TEST_X: RNG.integers(0, 256, (20, 28, 28), np.uint8),
    TEST_Y: RNG.integers(0, 10, 20, np.uint8),
}
OWN, DEBIAN = data._own_folder(), data._DEBIAN  # of the machine that runs the tests
PLAIN = {name: idx(array) for name, array in ARRAYS.items()}
PACKED = {name: gzip.compress(contents, mtime=1) for name, contents in PLAIN.items()}
HASHES = {name: hashlib.sha256(contents).hexdigest() for name, contents in PLAIN.items()}


def is_right(found) -> bool:
    """Say whether these are the arrays of the small files."""
    pictures = [ARRAYS[name].reshape(-1, 784).astype(np.float32) / np.float32(255) for name in (TRAIN_X, TEST_X)]
    labels = [ARRAYS[name].astype(np.int64) for name in (TRAIN_Y, TEST_Y)]
    wanted = (pictures[0], labels[0], pictures[1], labels[1])
    return all(one.dtype == other.dtype and np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


def put(folder: Path, names=NAMES, packed=True) -> Path:
    """Write right files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / (f"{name}.gz" if packed else name)).write_bytes((PACKED if packed else PLAIN)[name])
    return folder


def listing(folder: Path) -> list[str]:
    """Return the names of everything in a folder, hidden files included."""
    return sorted(os.listdir(folder)) if folder.is_dir() else []


# --- the server ------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Answers by the first part of the path: /good/NAME.gz, /missing/NAME.gz and so on."""

    def do_GET(self):
        kind, name = self.path.strip("/").split("/")
        self.server.asked.append((kind, name))
        getattr(self, kind)(PACKED[name.removesuffix(".gz")])

    def answer(self, body, length=None, **headers):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def good(self, body):
        self.answer(body)

    def missing(self, body):
        self.send_error(404)

    def out_of_order(self, body):
        self.send_error(503)

    def wrong_bytes(self, body):
        contents = bytearray(gzip.decompress(body))
        contents[-1] ^= 1
        self.answer(gzip.compress(bytes(contents)))

    def cut_short(self, body):  # a damaged file on the mirror
        self.answer(body[: len(body) // 2])

    def breaks_off(self, body):  # the connection ends too early
        self.answer(body[: len(body) // 2], length=len(body))

    def no_gzip(self, body):
        self.answer(b"<html>Please log in to this network</html>", Content_Type="text/html")

    def flipped(self, body):  # a bit of the compressed bytes
        middle = len(body) // 2
        self.answer(body[:middle] + bytes([body[middle] ^ 4]) + body[middle + 1 :])

    def nothing(self, body):
        self.answer(b"")

    def moved(self, body):
        self.send_response(302)
        self.send_header("Location", self.path.replace("/moved/", "/good/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def unpacked(self, body):  # the client undoes the compression by itself
        self.answer(body, Content_Encoding="gzip")

    def silent(self, body):
        self.server.over.wait(30)

    def stops_halfway(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.server.over.wait(30)

    def together(self, body):  # answers when as many have asked as shall ask at once
        self.server.crowd.wait(30)
        self.answer(body)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()
        self.crowd = threading.Barrier(4)

    def handle_error(self, request, client_address):
        pass  # the client has gone away

    def mirrors(self, *kinds: str) -> tuple[str, ...]:
        return tuple(dead() if kind == "dead" else f"http://127.0.0.1:{self.server_address[1]}/{kind}/" for kind in kinds)

    def order(self, name: str) -> list[str]:
        return [kind for kind, asked in self.asked if asked == f"{name}.gz"]


def dead() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.over.set()
        running.crowd.abort()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the data, whose mirrors do not answer; return its cache folder."""
    for key in ("BPKIT_DATA", "JPY_SESSION_NAME", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(data, "_DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(data, "_SHA256", HASHES)
    monkeypatch.setattr(data, "_MIRRORS", (dead(),))
    return tmp_path / "cache" / "bpkit"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments, **options):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracle(oracle):
    with strict():
        oracle(bpkit)


# --- where it looks --------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", ["cache", "debian", "named"])
def test_each_place_is_found(place, packed, machine, tmp_path, monkeypatch, no_network):
    folder = put({"cache": machine, "debian": tmp_path / "debian", "named": tmp_path / "named"}[place], packed=packed)
    if place == "named":
        monkeypatch.setenv("BPKIT_DATA", str(folder))
    before = listing(folder)
    with strict():
        assert is_right(load_fashion_mnist())
        assert is_right(load_fashion_mnist(download=True))
    assert listing(folder) == before


def test_files_may_lie_in_different_places(machine, tmp_path, no_network):
    put(machine, NAMES[:1])
    put(machine, NAMES[1:2], packed=False)
    put(tmp_path / "debian", NAMES[2:])
    assert is_right(load_fashion_mnist())


def test_own_folder_comes_before_debian(machine, tmp_path):
    put(machine), put(tmp_path / "debian")
    assert [path.parent for path in data._places(TRAIN_X)] == [machine, machine, tmp_path / "debian", tmp_path / "debian"]
    (tmp_path / "debian" / f"{TRAIN_X}.gz").write_bytes(b"never read")
    with strict():
        assert is_right(load_fashion_mnist())


def test_named_folder_stands_in_for_the_cache(machine, tmp_path, monkeypatch):
    put(machine)
    monkeypatch.setenv("BPKIT_DATA", str(tmp_path / "named"))
    with pytest.raises(FileNotFoundError) as caught:
        load_fashion_mnist()
    assert str(machine) not in str(caught.value) and str(tmp_path / "named") in str(caught.value)
    put(tmp_path / "debian")
    assert is_right(load_fashion_mnist())  # and Debian's folder comes after it


def test_tilde_and_empty_variable(machine, tmp_path, monkeypatch):
    put(tmp_path / "home" / "pictures")
    monkeypatch.setenv("BPKIT_DATA", "~/pictures")
    assert is_right(load_fashion_mnist())
    monkeypatch.setenv("BPKIT_DATA", "")
    put(machine)
    assert data._own_folder() == machine and is_right(load_fashion_mnist())


def test_cache_folder_is_the_same_without_platformdirs(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    folder = data._own_folder()
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    if sys.platform == "linux":
        assert data._own_folder() == folder
    assert data._own_folder() == Path.home() / ".cache" / "bpkit"


def test_result():
    put(data._DEBIAN)
    found = load_fashion_mnist()
    assert type(found) is bpkit.FashionMNIST
    assert found._fields == ("X_train", "y_train", "X_test", "y_test")
    assert [array.shape for array in found] == [(50, 784), (50,), (20, 784), (20,)]
    found.X_train[:] = 0  # its own arrays, which the caller may change
    assert is_right(load_fashion_mnist())
    assert len(set(FASHION_CLASSES)) == 10


# --- nothing there, or damaged ---------------------------------------------------------------------


def test_error_says_what_to_do(server, machine, tmp_path, monkeypatch, no_network):
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    with strict(), pytest.raises(FileNotFoundError) as caught:
        load_fashion_mnist()
    message = str(caught.value)
    wanted = (
        f"{TRAIN_X}.gz is not in {machine} or {tmp_path / 'debian'}",
        "What to do:",
        "load_fashion_mnist(download=True)",
        "apt install dataset-fashion-mnist",
        "BPKIT_DATA",
        "load_small_fashion_mnist",
    )
    assert [message.count(part) for part in wanted] == [1] * 6
    assert sorted(wanted, key=message.index) == list(wanted)
    assert not server.asked and not listing(machine)


DAMAGE = {
    "cut short": lambda packed: packed[: len(packed) // 2],
    "nearly whole": lambda packed: packed[:-1],
    "a flipped bit": lambda packed: packed[:-20] + bytes([packed[-20] ^ 1]) + packed[-19:],
    "empty": lambda packed: b"",
    "another data set": lambda packed: gzip.compress(idx(np.zeros((50, 28, 28), np.uint8))),
    "a web page": lambda packed: b"<html>404</html>",
    "bytes after the end": lambda packed: packed + b"garbage",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", [TRAIN_X, TEST_Y])
def test_damaged_cache(name, damage, server, machine, monkeypatch):
    broken = put(machine) / f"{name}.gz"
    broken.write_bytes(damage(PACKED[name]))
    with pytest.warns(UserWarning, match="It is not used") as seen, pytest.raises(FileNotFoundError) as caught:
        load_fashion_mnist()
    assert len(seen) == 1 and str(broken) in str(seen[0].message) and seen[0].filename == __file__
    assert f"not used: {broken}" in str(caught.value)
    # Another copy is taken.
    put(data._DEBIAN)
    with pytest.warns(UserWarning, match="It is not used"):
        assert is_right(load_fashion_mnist())
    assert broken.read_bytes() == damage(PACKED[name])
    # A download replaces it, and asks for this file only.
    (data._DEBIAN / f"{name}.gz").unlink()
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    with pytest.warns(UserWarning, match="It is not used"):
        assert is_right(load_fashion_mnist(download=True))
    assert server.asked == [("good", f"{name}.gz")] and broken.read_bytes() == PACKED[name]
    with strict():
        assert is_right(load_fashion_mnist())
    assert listing(machine) == sorted(f"{name}.gz" for name in NAMES)


def test_good_plain_file_beside_a_damaged_one(machine):
    put(machine, packed=False)
    (machine / f"{TEST_Y}.gz").write_bytes(b"\x1f\x8bnonsense")
    with pytest.warns(UserWarning, match=f"{TEST_Y}.gz cannot be decompressed"):
        assert is_right(load_fashion_mnist())


def test_folder_in_the_place_of_a_file(machine):
    put(data._DEBIAN)
    (machine / f"{TRAIN_X}.gz").mkdir(parents=True)
    with pytest.warns(UserWarning, match="directory"):
        assert is_right(load_fashion_mnist())


@pytest.mark.parametrize("download", [True, False])
def test_damaged_file_in_the_named_folder_is_an_error(download, server, tmp_path, monkeypatch):
    put(data._DEBIAN)
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    folder = put(tmp_path / "named")
    (folder / f"{TEST_X}.gz").write_bytes(b"somebody's only copy")
    monkeypatch.setenv("BPKIT_DATA", str(folder))
    with strict(), pytest.raises(ValueError, match=r"SHA-256 .*, wanted t10k-images-idx3-ubyte of Fashion-MNIST.*BPKIT_DATA") as caught:
        load_fashion_mnist(download=download)
    assert str(folder / f"{TEST_X}.gz") in str(caught.value)
    assert (folder / f"{TEST_X}.gz").read_bytes() == b"somebody's only copy" and not server.asked


# --- downloads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["cache", "named"])
def test_mirrors_in_turn(place, server, machine, tmp_path, monkeypatch, capfd):
    kinds = (
        "dead",
        "missing",
        "out_of_order",
        "wrong_bytes",
        "cut_short",
        "breaks_off",
        "no_gzip",
        "flipped",
        "nothing",
        "good",
        "missing",
    )
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors(*kinds))
    folder = tmp_path / "named" / "deeper" if place == "named" else machine
    if place == "named":
        monkeypatch.setenv("BPKIT_DATA", str(folder))
    with strict():
        assert is_right(load_fashion_mnist(download=True))
    for name in NAMES:
        assert server.order(name) == list(kinds[1:10])
    assert listing(folder) == sorted(f"{name}.gz" for name in NAMES)
    assert all((folder / f"{name}.gz").read_bytes() == PACKED[name] for name in NAMES)
    # The next call finds the files and asks nobody.
    server.asked.clear()
    assert is_right(load_fashion_mnist(download=True)) and not server.asked
    assert capfd.readouterr().err == ""  # no bar where nobody looks


def test_only_what_is_missing_is_asked_for(server, machine, monkeypatch):
    put(machine, NAMES[:3])
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    assert is_right(load_fashion_mnist(download=True))
    assert server.asked == [("good", f"{TEST_Y}.gz")]


def test_no_mirror_is_left(server, machine, monkeypatch):
    kinds = ("dead", "missing", "wrong_bytes", "cut_short", "breaks_off", "no_gzip")
    mirrors = server.mirrors(*kinds)
    monkeypatch.setattr(data, "_MIRRORS", mirrors)
    with strict(), pytest.raises(ConnectionError) as caught:
        load_fashion_mnist(download=True)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"no mirror gives {TRAIN_X}.gz:"
    for line, mirror, reason in zip(
        lines[1:7], mirrors, ("refused", "404", "SHA-256", "cannot be decompressed", "IncompleteRead", "SHA-256"), strict=True
    ):
        assert line.startswith(f"- {mirror} ") and reason in line
    assert lines[7] == "What to do:" and "apt install" in str(caught.value) and "BPKIT_DATA" in str(caught.value)
    assert "download=True" not in str(caught.value)
    assert not listing(machine)


def test_redirection_and_decompressed_answers(server, machine, monkeypatch):
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("moved"))
    assert is_right(load_fashion_mnist(download=True))
    assert listing(machine) == sorted(f"{name}.gz" for name in NAMES)
    for name in NAMES:
        (machine / f"{name}.gz").unlink()
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("unpacked"))
    assert is_right(load_fashion_mnist(download=True))
    assert listing(machine) == sorted(NAMES)  # under the name that fits the bytes
    assert is_right(load_fashion_mnist())


@pytest.mark.parametrize("kind", ["silent", "stops_halfway"])
def test_slow_mirror(kind, server, machine, monkeypatch):
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors(kind, "good"))
    monkeypatch.setattr(data, "_TIMEOUT", 0.2)
    start = time.monotonic()
    assert is_right(load_fashion_mnist(download=True))
    assert time.monotonic() - start < 10
    assert all(server.order(name) == [kind, "good"] for name in NAMES)


def test_official_mirrors():
    """Each address ends in a slash, names a known host, and only the authors' own server does without encryption."""
    with monkeypatch_undone() as fresh:
        mirrors, hashes, timeout = fresh
    assert len(mirrors) == 3 and all(mirror.endswith("/") for mirror in mirrors)
    hosts = [mirror.split("/")[2] for mirror in mirrors]
    assert hosts == ["storage.googleapis.com", "github.com", "fashion-mnist.s3-website.eu-central-1.amazonaws.com"]
    assert [mirror.partition(":")[0] for mirror in mirrors] == ["https", "https", "http"]
    assert set(hashes) == set(NAMES) and {len(digest) for digest in hashes.values()} == {64} and 5 <= timeout <= 60


@contextmanager
def monkeypatch_undone() -> Iterator[tuple]:
    """Give the constants as they stand in the file, which the tests replace."""
    program = "from bpkit import data; import json; print(json.dumps([data._MIRRORS, data._SHA256, data._TIMEOUT]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    yield tuple(json.loads(done.stdout))


def test_bar(server, machine, monkeypatch, capfd):
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("missing", "good"))
    assert is_right(load_fashion_mnist(download=True, progress=True))
    shown = capfd.readouterr().err
    for name in NAMES:
        assert f"{name}.gz: 100%" in shown
    assert not data._wants_bar(None) and not data._wants_bar(False) and data._wants_bar(True)
    monkeypatch.setattr(sys, "stderr", None)
    assert not data._wants_bar(None)
    monkeypatch.setenv("JPY_SESSION_NAME", "chapter.ipynb")
    assert data._wants_bar(None) and not data._wants_bar(False)


@pytest.mark.parametrize("somebody_looks", [False, True])
def test_notebook(somebody_looks, server, tmp_path, monkeypatch):
    """A notebook that a test executes prints nothing while it downloads; one that a reader has open shows the bars and no warning."""
    if somebody_looks:
        monkeypatch.setenv("JPY_SESSION_NAME", "chapter.ipynb")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("BPKIT_DATA", str(tmp_path / "named"))
    source = f"""
from bpkit import data
data._MIRRORS, data._SHA256, data._DEBIAN = {server.mirrors("good")!r}, {HASHES!r}, data.Path("nowhere")
print(data.load_fashion_mnist(download=True).X_test.shape)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = notebook.cells[0].outputs
    texts = {name: "".join(output.text for output in outputs if output.name == name) for name in ("stdout", "stderr")}
    assert texts["stdout"] == "(20, 784)\n"
    if somebody_looks:
        assert f"{TRAIN_X}.gz: 100%" in texts["stderr"] and "Warning" not in texts["stderr"]
    else:
        assert texts["stderr"] == ""


def test_bar_in_a_terminal(monkeypatch):
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        assert data._wants_bar(None)
    os.close(controller)


# --- whole or not at all ---------------------------------------------------------------------------

CHILD = """
import hashlib, json, sys
from pathlib import Path
from bpkit import data
import pooch, tqdm
_, mirrors, hashes, nowhere = json.loads(sys.argv[1])
data._MIRRORS, data._SHA256, data._DEBIAN = mirrors, hashes, Path(nowhere)
print("ready", flush=True)
digest = hashlib.sha256()
for array in data.load_fashion_mnist(download=True):
    digest.update(array.tobytes())
print(digest.hexdigest())
"""


def child(server: Server, folder: Path, kind: str) -> subprocess.Popen[str]:
    """Start a process that downloads into a folder."""
    setting = json.dumps([None, server.mirrors(kind), HASHES, str(folder / "nowhere")])
    environment = {**os.environ, "BPKIT_DATA": str(folder)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", CHILD, setting], text=True, env=environment, **pipes)


def test_four_processes_at_once(server, tmp_path):
    folder = tmp_path / "shared"
    put(data._DEBIAN)
    wanted = hashlib.sha256(b"".join(array.tobytes() for array in load_fashion_mnist())).hexdigest()
    children = [child(server, folder, "together") for _ in range(4)]
    answers = [process.communicate(timeout=60) for process in children]
    assert [process.returncode for process in children] == [0] * 4, answers
    assert answers == [(f"ready\n{wanted}\n", "")] * 4
    # The server answered only when all four had asked: each of them downloaded the same file at the same time.
    assert [len(server.order(name)) for name in NAMES] == [4] * 4
    assert listing(folder) == sorted(f"{name}.gz" for name in NAMES)
    assert all((folder / f"{name}.gz").read_bytes() == PACKED[name] for name in NAMES)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_download_leaves_nothing(by, server, tmp_path):
    folder = tmp_path / "shared"
    process = child(server, folder, "stops_halfway")
    try:
        limit = time.monotonic() + 30
        while not server.asked and time.monotonic() < limit:
            time.sleep(0.02)
        time.sleep(0.2)
        assert server.asked and process.poll() is None
        process.send_signal(by)
        _, error = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0 and ("KeyboardInterrupt" in error) == (by is signal.SIGINT)
    assert listing(folder) == []


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_interruption_while_a_file_is_written(step, server, machine, monkeypatch):
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    real = Path.write_bytes

    def half(path, contents):
        real(path, contents[: len(contents) // 2])
        raise KeyboardInterrupt

    def stop(path, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, step, half if step == "write_bytes" else stop)
    with pytest.raises(KeyboardInterrupt):
        load_fashion_mnist(download=True)
    assert listing(machine) == []


def test_nobody_sees_half_a_file(server, machine, monkeypatch):
    """Someone who looks all the time while a file is replaced sees the old bytes or the new ones."""
    target = machine / f"{TRAIN_X}.gz"
    machine.mkdir(parents=True)
    old, new = bytes(5_000_000), bytes([1]) * 5_000_000
    target.write_bytes(old)
    seen, over = [], threading.Event()

    def look():
        while not over.is_set():
            try:
                seen.append(target.read_bytes())
            except OSError as error:
                seen.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    monkeypatch.setattr(data, "_is_gzip", lambda raw: True)
    for contents in (new, old) * 10:
        data._keep(contents, TRAIN_X)
    over.set()
    thread.join()
    assert len(seen) > 3 and all(contents in (old, new) for contents in seen)
    assert listing(machine) == [target.name]


def test_two_that_write_at_the_same_time(machine, monkeypatch):
    """Both have written, and neither has renamed yet: they must not have written the same file."""
    real, both = Path.write_bytes, threading.Barrier(2)

    def meet(path, contents):
        real(path, contents)
        both.wait(10)

    monkeypatch.setattr(Path, "write_bytes", meet)
    with strict(), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(data._keep, [PACKED[TRAIN_X]] * 2, [TRAIN_X] * 2)) == [None, None]
    assert listing(machine) == [f"{TRAIN_X}.gz"] and (machine / f"{TRAIN_X}.gz").read_bytes() == PACKED[TRAIN_X]


def test_disk_full(server, machine, monkeypatch):
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    real = Path.write_bytes

    def full(path, contents):
        real(path, contents[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.warns(UserWarning, match="cannot be kept in .*No space left") as seen:
        assert is_right(load_fashion_mnist(download=True))
    assert len(seen) == 4 and {warning.filename for warning in seen} == {__file__}
    assert listing(machine) == []


def test_file_in_the_place_of_the_folder(server, tmp_path, monkeypatch):
    (tmp_path / "named").write_text("not a folder")
    monkeypatch.setenv("BPKIT_DATA", str(tmp_path / "named"))
    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    with pytest.raises(FileNotFoundError):
        load_fashion_mnist()
    with pytest.warns(UserWarning, match="cannot be kept"):
        assert is_right(load_fashion_mnist(download=True))
    assert (tmp_path / "named").read_text() == "not a folder"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Act as a user without rights; root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_read_only_folder(server, monkeypatch):
    import pooch  # noqa: F401  (while it may be read)

    monkeypatch.setattr(data, "_MIRRORS", server.mirrors("good"))
    with TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = put(Path(place) / "cache", NAMES[:2])
        folder.chmod(0o555)
        monkeypatch.setenv("BPKIT_DATA", str(folder))
        monkeypatch.setattr(data, "_DEBIAN", Path(place) / "debian")
        with as_nobody(), pytest.warns(UserWarning, match="cannot be kept in .*Permission denied"):
            assert is_right(load_fashion_mnist(download=True))
        assert listing(folder) == sorted(f"{name}.gz" for name in NAMES[:2])
        folder.chmod(0o755)


def test_unreadable_file_in_the_cache(machine, monkeypatch):
    with TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        monkeypatch.setattr(data, "_DEBIAN", put(Path(place) / "debian"))
        monkeypatch.setattr(data, "_own_folder", lambda: Path(place) / "cache")
        put(Path(place) / "cache")
        (Path(place) / "cache" / f"{TRAIN_X}.gz").chmod(0)
        with as_nobody(), pytest.warns(UserWarning, match="Permission denied"):
            assert is_right(load_fashion_mnist())


# --- light -----------------------------------------------------------------------------------------


def test_import_needs_numpy_alone():
    """Also in the browser: what a download needs is imported by the download."""
    program = "import sys, bpkit; print(sorted({'pooch', 'tqdm', 'requests', 'platformdirs', 'urllib3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_loading_needs_numpy_alone(tmp_path):
    put(tmp_path / "named")
    program = f"""
import sys
from pathlib import Path
for name in ("pooch", "tqdm", "requests", "platformdirs", "urllib3"):
    sys.modules[name] = None  # not installed
from bpkit import data
data._SHA256, data._DEBIAN = {HASHES!r}, Path("nowhere")
print(data.load_fashion_mnist().X_train.shape)
import os
del os.environ["BPKIT_DATA"]
os.environ["HOME"] = "/nowhere"
for download in (False, True):
    try:
        data.load_fashion_mnist(download=download)
    except (FileNotFoundError, ImportError) as error:
        print(type(error).__name__, str(error).splitlines()[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "BPKIT_DATA": str(tmp_path / "named")}
    )
    assert done.stdout.splitlines() == [
        "(50, 784)",
        f"FileNotFoundError {TRAIN_X}.gz is not in /nowhere/.cache/bpkit or nowhere",
        "ImportError a download needs pooch: pip install pooch tqdm",
    ], done.stderr


@pytest.mark.parametrize("package", ["pooch", "tqdm"])
def test_download_without_a_package(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"a download needs {package}: pip install pooch tqdm") as caught:
        load_fashion_mnist(download=True)
    assert caught.value.name == package


# --- the format ------------------------------------------------------------------------------------

WRONG = {
    "empty": (b"", "begins with nothing, wanted 000008"),
    "cut in the magic number": (b"\0\0\x08", "begins with 000008, wanted 000008 and the number of axes"),
    "floats": (b"\0\0\x0d\x01" + b"\0\0\0\x01" + b"\0" * 4, "begins with 00000d01"),
    "gzip": (PACKED[TRAIN_X], "begins with 1f8b08"),
    "cut in the sizes": (b"\0\0\x08\x03" + b"\0\0\0\x01", "has 8 bytes, wanted 16"),
    "an entry too few": (PLAIN[TRAIN_X][:-1], r"has 39215 bytes, wanted 39216: 16 of header, .* shape \(50, 28, 28\)"),
    "an entry too many": (PLAIN[TRAIN_Y] + b"\0", r"has 59 bytes, wanted 58: 8 of header, .* shape \(50,\)"),
    "little-endian sizes": (b"\0\0\x08\x01\x02\0\0\0\x07\x07", r"has 10 bytes, wanted 33554440"),
}


@pytest.mark.parametrize(("contents", "message"), WRONG.values(), ids=WRONG)
def test_wrong_format(contents, message):
    with pytest.raises(ValueError, match=message):
        data._parse_idx(contents)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 1), (2, 3, 4), (1, 2, 1, 2)])
def test_format_of_every_shape(shape):
    array = RNG.integers(0, 256, shape, np.uint8)
    found = data._parse_idx(idx(array))
    assert found.dtype == np.uint8 and found.shape == shape and np.array_equal(found, array)


# --- the real files --------------------------------------------------------------------------------


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch):
    """The full data of this machine, through the real constants."""
    with monkeypatch_undone() as (_, hashes, _):
        monkeypatch.setattr(data, "_SHA256", hashes)
    monkeypatch.setattr(data, "_DEBIAN", DEBIAN)
    monkeypatch.setattr(data, "_own_folder", lambda: OWN)
    try:
        return load_fashion_mnist()
    except FileNotFoundError:
        reason = "the full Fashion-MNIST is not on this machine (apt install dataset-fashion-mnist)"
        if os.environ.get("BPBOOK_REQUIRE_DATA") == "1":
            pytest.fail(f"BPBOOK_REQUIRE_DATA=1, but {reason}")
        pytest.skip(f"TESTS ON THE FULL DATA LEFT OUT: {reason}")


def test_full_data(full):
    """What is published about the data: sizes, equal classes, the first labels, mean and deviation of the pixels."""
    assert [array.shape for array in full] == [(60000, 784), (60000,), (10000, 784), (10000,)]
    assert [array.dtype.name for array in full] == ["float32", "int64", "float32", "int64"]
    assert np.bincount(full.y_train).tolist() == [6000] * 10 and np.bincount(full.y_test).tolist() == [1000] * 10
    assert full.y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5] and FASHION_CLASSES[9] == "Ankle boot"
    assert full.X_train.min() == 0 and full.X_train.max() == 1
    assert full.X_train.mean(dtype=float) == pytest.approx(0.2860, abs=5e-5)
    assert full.X_train.std(dtype=float) == pytest.approx(0.3530, abs=5e-5)
    # Trousers are tall: their dark background is at the left and right, not above and below.
    trouser = full.X_train[full.y_train == FASHION_CLASSES.index("Trouser")].mean(axis=0).reshape(28, 28)
    assert trouser[:, 14].mean() > 0.3 and trouser[14, :4].mean() < 0.05 < trouser[:4, 14].mean()


def test_no_warning_on_the_way(full):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(load_fashion_mnist().y_test, full.y_test)
