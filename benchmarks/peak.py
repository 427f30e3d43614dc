"""The most memory that this process has held."""

from __future__ import annotations

import resource
from pathlib import Path

__all__ = ["peak_mb"]


def peak_mb() -> float:
    """Return megabytes.

    Linux counts in `ru_maxrss` what the parent held when it started this process; VmHWM does not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for entry in status.read_text(encoding="utf-8").splitlines():
            if entry.startswith("VmHWM:"):
                return int(entry.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
