"""Lists of allowed exceptions: TOML files in which each entry gives its reason, and none is left over."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from bpbook.notebooks import BookError

Entry = dict[str, str]


def load_allowed(path: Path, fields: Sequence[str]) -> list[Entry]:
    """Return the entries `[[allowed]]` of a list.

    Parameters
    ----------
    path : Path
        The TOML file; no file is an empty list.
    fields : sequence of str
        What each entry must say beside its reason: all of these, and nothing else.

    Raises
    ------
    BookError
        If the file or an entry has not this form, or an entry stands twice.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"{path.name} is not TOML: {error}") from None
    entries = content.pop("allowed", [])
    if content or not isinstance(entries, list):
        raise BookError(f"{path.name}: holds {', '.join(content) or 'a single entry'}, wanted only [[allowed]] entries")
    for number, entry in enumerate(entries, start=1):
        wanted = {*fields, "reason"}
        if set(entry) != wanted or not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise BookError(f"{path.name}, entry {number}: has {sorted(entry)}, wanted a text for each of {sorted(wanted)}")
        if entry in entries[: number - 1]:
            raise BookError(f"{path.name}, entry {number}: stands twice")
    return list(entries)


def left_over(path: Path, entries: Sequence[Entry], used: Callable[[Entry], bool]) -> list[str]:
    """Return a line for each entry that allows nothing any more."""
    told = [", ".join(f"{key} = {value!r}" for key, value in entry.items() if key != "reason") for entry in entries if not used(entry)]
    return [f"{path.name}: nothing matches {what}; take the entry away" for what in told]
