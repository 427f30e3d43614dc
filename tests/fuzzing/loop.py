"""The loop: a process that reads changed files, and one that watches it; what is found is made small and kept.

A target holds when every file gives a result or a GeoaccessError with a message, within `BUDGET_S` and `ROOM_BYTES`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from fuzzing.targets import ROOT, TARGETS

BUDGET_S = 20.0
"""So long a small file may take at most."""
ROOM_BYTES = 2 << 30
"""So much memory it may take beyond what the program has anyway."""
CASES = ROOT / "tests" / "fuzz_cases"
_FEW_KEPT, _SHRINK_S, _LOOK_S = 8, 20.0, 0.1


def limit_memory():
    """Let this process have `ROOM_BYTES` more than it has, where the system can say so."""
    status = Path("/proc/self/statm")
    if status.exists():
        now = int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + ROOM_BYTES, resource.RLIM_INFINITY))


def where(error):
    """Return what a finding is known by: the class of the error, and the last place of ours that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "geoaccess" in frame.filename and "fuzzing" not in frame.filename]
    last = ours[-1] if ours else frames[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.name}"


def broken(target, path):
    """Return what is wrong with how a file is read; "" where nothing is."""
    try:
        target.law(path)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return where(error)
    return ""


def work(name, folder, seed, seconds):
    """Read changed files until the time is up; the file that is read now stands in `folder`, and findings beside it."""
    target, rng = TARGETS[name], random.Random(seed)
    seeds = target.seeds()
    current = folder / f"now{target.suffix}"
    known, tried = {}, 0
    for data in seeds:
        current.write_bytes(data)
        target.law(current)  # also loads and compiles what there is
    limit_memory()
    end = time.monotonic() + seconds
    pool = list(seeds)
    while time.monotonic() < end:
        data = target.changed(rng, rng.choice(pool))
        current.write_bytes(data)
        (folder / "beat").write_text(str(tried))
        wrong = broken(target, current)
        tried += 1
        if wrong and known.setdefault(wrong, 0) < 1:
            known[wrong] += 1
            (folder / f"found-{hashlib.sha256(wrong.encode()).hexdigest()[:8]}").write_text(wrong)
            keep(name, shrunk(target, data, wrong, current, folder), wrong)
        elif not wrong and len(pool) < 200 and rng.random() < 0.02:
            pool.append(data)
        (folder / "tried").write_text(str(tried))


def shrunk(target, data, wrong, current, folder):
    """Return a part of a file that is read as wrongly."""
    end, step = time.monotonic() + _SHRINK_S, max(len(data) // 2, 1)
    while step and time.monotonic() < end:
        at = 0
        while at < len(data) and time.monotonic() < end:
            less = data[:at] + data[at + step :]
            current.write_bytes(less)
            (folder / "beat").write_text("smaller")
            if less and broken(target, current) == wrong:
                data = less
            else:
                at += step
        step //= 2
    return data


def keep(name, data, wrong):
    """Keep a finding among the cases that the ordinary suite reads."""
    path = CASES / name / f"{hashlib.sha256(data).hexdigest()[:12]}{TARGETS[name].suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(f"{name}: {wrong}: {path.relative_to(ROOT)}", flush=True)  # noqa: T201


def watch(name, seconds, seed):
    """Fuzz a target for so long; return how many files were read, and whether anything was found.

    The reader is started again where it ended or hung, with another seed.
    """
    end, tried, found, lives = time.monotonic() + seconds, 0, 0, 0
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            left = end - time.monotonic()
            command = [sys.executable, "-m", "fuzzing.loop", name, scratch, str(seed + lives), str(left)]
            log = folder / "log"
            with log.open("w") as stderr:
                child = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=stderr)
                ended = wait(child, folder)
            lives += 1
            with contextlib.suppress(OSError, ValueError):
                tried += int((folder / "tried").read_text())
            found += len(list(folder.glob("found-*")))
            if ended and (folder / "beat").exists():
                keep(name, (folder / f"now{TARGETS[name].suffix}").read_bytes(), f"{ended}: {log.read_text()[-300:]!r}")
                found += 1
            elif ended:
                raise RuntimeError(f"{name}: the valid files are not read: {ended}: {log.read_text()[-3000:]}")
    return tried, found


def wait(child, folder):
    """Wait for a reader; return "" where it ended by itself, else how."""
    beat, began = folder / "beat", (0.0, 0.0)
    while child.poll() is None:
        time.sleep(_LOOK_S)
        with contextlib.suppress(OSError, ValueError, IndexError):
            now = beat.stat().st_mtime
            if now != began[0]:
                began = now, worked_s(child.pid)
            elif worked_s(child.pid) - began[1] > BUDGET_S:
                child.kill()
                child.wait()
                return f"took more than {BUDGET_S:g} seconds"
    return f"ended with {child.returncode}" if child.returncode else ""


def worked_s(process):
    """Return how long a process has had a processor, where the system says so; else the time: others may need them too."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return time.monotonic()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def environment():
    paths = os.pathsep.join(str(path) for path in (ROOT, ROOT / "tests"))
    return {**os.environ, "PYTHONPATH": paths, "NUMBA_NUM_THREADS": "1"}


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
