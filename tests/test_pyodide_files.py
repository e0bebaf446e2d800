"""The browser's Python: its files are verified, its wheels and its lock file fit together, and the site says where it is."""

from __future__ import annotations

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from bpbook.browser import compile as compiler
from bpbook.browser import lite, packages, pyodide, renew
from bpbook.notebooks import BookError, UsageError
from bpbook.site.build import pyodide_from

ROOT = Path(__file__).resolve().parent.parent
CONTENT = {"pyodide.mjs": b"the core", "numpy-1-wasm.whl": b"a package"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Let the release have two small files."""
    hashes = {name: sha256(content).hexdigest() for name, content in CONTENT.items()}
    monkeypatch.setattr(pyodide, "wanted", lambda: hashes)
    return hashes


def _mirror(folder: Path, content: dict[str, bytes]) -> Path:
    path = folder / "mirror-1-py3-none-any.whl"
    with ZipFile(path, "w") as wheel:
        for name, data in content.items():
            wheel.writestr(f"package/pyodide/{name}", data)
    return path


def _use_mirror(monkeypatch: pytest.MonkeyPatch, content: dict[str, bytes]) -> None:
    monkeypatch.setattr(pyodide, "_download", lambda requirements, folder: _mirror(folder, content))


def _no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyodide, "OFFICIAL", "http://127.0.0.1:9/{version}/")


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder in place of the official release."""
    folder = tmp_path / "release"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(pyodide, "OFFICIAL", f"http://127.0.0.1:{server.server_port}/")
    yield folder
    server.shutdown()
    server.server_close()


def _kept(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / ".browser" / "pyodide").iterdir()}


def test_files_come_from_the_official_release(
    small: dict[str, str], release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in CONTENT.items():
        (release / name).write_bytes(content)
    _use_mirror(monkeypatch, {})
    pyodide.fetch(tmp_path)
    assert _kept(tmp_path) == CONTENT


def test_files_come_from_the_mirror_where_the_release_cannot_be_reached(
    small: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _no_release(monkeypatch)
    _use_mirror(monkeypatch, CONTENT)
    pyodide.fetch(tmp_path)
    assert _kept(tmp_path) == CONTENT
    assert "the official release cannot be reached" in capsys.readouterr().out


def test_nothing_is_fetched_twice(small: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use_mirror(monkeypatch, CONTENT)
    pyodide.fetch(tmp_path, "mirror")
    _use_mirror(monkeypatch, {})
    pyodide.fetch(tmp_path, "mirror")
    (tmp_path / ".browser" / "pyodide" / "pyodide.mjs").write_bytes(b"changed on the disk")
    with pytest.raises(BookError, match="no file"):
        pyodide.fetch(tmp_path, "mirror")


@pytest.mark.parametrize("source", ["official", "mirror"])
def test_a_file_that_is_not_what_the_lock_file_says_is_refused(
    source: str, small: dict[str, str], release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = CONTENT | {"numpy-1-wasm.whl": b"another package"}
    for name, content in changed.items():
        (release / name).write_bytes(content)
    _use_mirror(monkeypatch, changed)
    with pytest.raises(BookError, match=re.escape("numpy-1-wasm.whl")):
        pyodide.fetch(tmp_path, source)
    assert pyodide.differing(tmp_path / ".browser" / "pyodide", small) == ["numpy-1-wasm.whl"]


def test_the_release_must_have_every_file(small: dict[str, str], release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use_mirror(monkeypatch, {"pyodide.mjs": CONTENT["pyodide.mjs"]})
    with pytest.raises(BookError, match=r"could not be fetched|no file numpy-1"):
        pyodide.fetch(tmp_path)


def test_without_any_source_the_message_says_so(small: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _no_release(monkeypatch)
    with pytest.raises(BookError, match="could not be fetched: the official release cannot be reached"):
        pyodide.fetch(tmp_path, "official")


def test_pip_refuses_a_wheel_with_another_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "nothing-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr("nothing-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1\n")
        archive.writestr("nothing-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("nothing-1.dist-info/RECORD", "")
    requirements = tmp_path / "wheels.txt"
    for digest in (sha256(wheel.read_bytes()).hexdigest(), "0" * 64):
        requirements.write_text(f"nothing @ {wheel.as_uri()} --hash=sha256:{digest}\n", encoding="utf-8")
        out = tmp_path / digest
        if digest.strip("0"):
            pyodide._download(requirements, out)
            assert [path.name for path in out.iterdir()] == [wheel.name]
        else:
            with pytest.raises(BookError, match=r"wheels\.txt"):
                pyodide._download(requirements, out)
            assert not out.exists()


def test_every_needed_wheel_has_a_hash() -> None:
    for name in ("wheels.txt", "mirror.txt"):
        lines = [line for line in (pyodide.HERE / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert lines
        assert all(re.fullmatch(r"[\w-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines), lines


@pytest.fixture(scope="module")
def own_wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Build the book's own wheels."""
    return packages.build_wheels(ROOT, tmp_path_factory.mktemp("wheels"))


def test_own_wheels_are_the_same_bytes_again(own_wheels: list[Path], tmp_path: Path) -> None:
    again = packages.build_wheels(ROOT, tmp_path)
    assert [path.name for path in again] == [path.name for path in own_wheels]
    assert all(one.read_bytes() == two.read_bytes() for one, two in zip(own_wheels, again, strict=True))


def test_own_wheels_hold_bpkit_whole_and_share_no_file(own_wheels: list[Path]) -> None:
    files = [name for path in own_wheels for name in ZipFile(path).namelist() if ".dist-info/" not in name]
    assert len(files) == len(set(files))
    assert {f"bpkit/{path.name}" for path in (ROOT / "bpkit").glob("*.py")} <= set(files)
    assert "bpbook/datasets_files/penguins.csv" in files
    assert not [name for name in files if name.startswith(("bpbook/site/", "bpbook/ladder/", "bpbook/bugs/count"))]


def test_the_lock_file_knows_where_each_package_is(own_wheels: list[Path]) -> None:
    path = packages.write_lock(own_wheels[0].parent, own_wheels)
    entries = json.loads(path.read_text(encoding="utf-8"))["packages"]
    modules = {module: name for name, entry in entries.items() for module in entry["imports"]}
    assert modules["bpbook.exercises"] == "bpbook-exercises"
    assert entries["bpkit"]["depends"] == ["numpy"]
    assert entries["bpkit"]["sha256"] == sha256(own_wheels[0].read_bytes()).hexdigest()
    # What the folder lacks is fetched from the official release, with the official hash.
    assert entries["numpy"]["file_name"] == pyodide.official_address() + pyodide.release()["packages"]["numpy"]["file_name"]
    assert entries["numpy"]["sha256"] == pyodide.release()["packages"]["numpy"]["sha256"]


def test_a_package_without_what_it_needs_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "lonely-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr(
            "lonely-1.dist-info/METADATA", 'Name: lonely\nVersion: 1\nRequires-Dist: nowhere\nRequires-Dist: win; sys_platform == "win32"\n'
        )
    with pytest.raises(ValueError, match="needs nowhere, which the site does not serve"):
        packages.write_lock(tmp_path, [wheel])


def test_exercises_do_not_wait_for_sympy_or_matplotlib(own_wheels: list[Path]) -> None:
    entries = json.loads(packages.write_lock(own_wheels[0].parent, own_wheels).read_text(encoding="utf-8"))["packages"]

    def needed(name: str) -> set[str]:
        return {name}.union(*map(needed, entries[name]["depends"]))

    assert needed("bpbook-exercises") == {"bpbook-exercises", "bpbook", "bpkit", "numpy"}


def test_compiled_wheels_are_kept_and_have_no_sources(tmp_path: Path) -> None:
    wheel = tmp_path / "small-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr("small/__init__.py", "answer = 42\n")
        archive.writestr("small/broken.py", "print 'an old syntax'\n")
        archive.writestr("small-1.dist-info/METADATA", "Name: small\nVersion: 1\n")
    compiled = compiler.compile_wheels(tmp_path, pyodide.fetch(ROOT), [wheel])[wheel.name]
    assert sorted(ZipFile(compiled).namelist()) == ["small-1.dist-info/METADATA", "small/__init__.pyc", "small/broken.py"]
    first, date = compiled.read_bytes(), compiled.stat().st_mtime_ns
    assert compiler.compile_wheels(tmp_path, pyodide.fetch(ROOT), [wheel])[wheel.name].stat().st_mtime_ns == date
    compiled.unlink()
    assert compiler.compile_wheels(tmp_path, pyodide.fetch(ROOT), [wheel])[wheel.name].read_bytes() == first


def test_the_setting_says_where_python_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BPBOOK_PYODIDE", raising=False)
    assert pyodide_from(ROOT) == "own"
    (tmp_path / "_config.yml").write_text("sphinx: {config: {bpbook_pyodide: cdn}}\n", encoding="utf-8")
    assert pyodide_from(tmp_path) == "cdn"
    monkeypatch.setenv("BPBOOK_PYODIDE", "somewhere")
    with pytest.raises(UsageError, match="bpbook_pyodide is 'somewhere', wanted 'own' or 'cdn'"):
        pyodide_from(tmp_path)


@pytest.mark.parametrize("from_cdn", [False, True])
def test_a_site_that_points_elsewhere_is_refused(from_cdn: bool, tmp_path: Path) -> None:
    path = tmp_path / "jupyter-lite.json"
    path.write_text(json.dumps(lite._settings(from_cdn)), encoding="utf-8")
    lite._verify(tmp_path, from_cdn)
    with pytest.raises(BookError, match="JupyterLite takes Pyodide from"):
        lite._verify(tmp_path, not from_cdn)


def _released(folder: Path) -> None:
    for name in pyodide.release()["core"]:
        (folder / name).write_bytes(name.encode())
    lock = {"info": pyodide.release()["info"], "packages": {**pyodide.release()["packages"], "other": {}}}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def test_a_new_release_is_taken_over(tmp_path: Path) -> None:
    _released(tmp_path)
    renew.renew(tmp_path, "999.0.0", tmp_path / "pyodide.json")
    new = json.loads((tmp_path / "pyodide.json").read_text(encoding="utf-8"))
    assert new["version"] == "999.0.0"
    assert new["core"]["pyodide.mjs"] == sha256(b"pyodide.mjs").hexdigest()
    assert new["packages"] == pyodide.release()["packages"]


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no release of Pyodide: it has no pyodide\.mjs"):
        renew.renew(tmp_path, "1", tmp_path / "pyodide.json")
    _released(tmp_path)
    (tmp_path / "pyodide-lock.json").write_text('{"info": {}, "packages": {}}', encoding="utf-8")
    with pytest.raises(UsageError, match="has no package certifi, "):
        renew.renew(tmp_path, "1", tmp_path / "pyodide.json")
    assert not (tmp_path / "pyodide.json").exists()


def test_the_python_version_is_not_capped() -> None:
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
