"""The built book, for the tests of the site: the one that `make book` made, or a new one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpbook.notebooks import repository_root
from bpbook.site.build import build

ROOT = repository_root(Path(__file__).parent)


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the pages: BPBOOK_HTML if it is set, else the book is built."""
    given = os.environ.get("BPBOOK_HTML")
    if given:
        assert (Path(given) / "index.html").is_file(), f"BPBOOK_HTML is {given}, which has no index.html: run 'make book'"
        return Path(given).resolve()
    return build(ROOT, tmp_path_factory.mktemp("book"), quiet=True)
