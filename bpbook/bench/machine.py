"""The machine in words that fit many: the family of its processor, cores, memory; never a name or a path."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Return what a reader has to know about the machine."""
    return {
        "processor": family(_processor()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory GiB": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def family(model: str) -> str:
    """Return the leading words of a processor's name, up to the first that holds a digit: 'Intel Xeon', 'AMD EPYC'."""
    words = re.sub(r"\((R|TM|C)\)|\bCPU\b|\bProcessor\b|@.*", " ", model, flags=re.IGNORECASE).split()
    named = [word for i, word in enumerate(words) if not any(re.search(r"\d", earlier) for earlier in words[: i + 1])]
    return " ".join(named) or "unknown"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor()


def _memory() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, ValueError, OSError):
        return None
