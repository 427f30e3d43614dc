"""A run of geoaccess: progress and messages as they come, and a cancel that ends all it started. It needs no QGIS."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

__all__ = ["CanceledError", "ProgramError", "parse_progress", "run"]

_PROGRESS = re.compile(r"progress (\d+)/(\d+) (.*)")
_POLL_S = 0.1
_PATIENCE_S = 5.0


class CanceledError(Exception):
    """The user has ended the run."""


class ProgramError(Exception):
    """The program ended with an error, which is the message."""


def parse_progress(line: str) -> tuple[float, str] | None:
    """Return the share that is done, 0 to 1, and what is being done; None where a line says neither.

    >>> parse_progress("progress 3/10 reading sites"), parse_progress("note: two sites are one place")
    ((0.3, 'reading sites'), None)
    """
    found = _PROGRESS.fullmatch(line)
    if found is None:
        return None
    done, total = int(found[1]), int(found[2])
    return (min(done / total, 1.0) if total else 0.0), found[3]


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    on_progress: Callable[[float, str], None],
    on_message: Callable[[str], None],
    canceled: Callable[[], bool],
) -> str:
    """Run a command to its end, and return what it wrote to standard output.

    Raises
    ------
    CanceledError
        If `canceled` says so while it runs; it and all it started have ended then.
    ProgramError
        If it ends with an error, or cannot be started.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - a program that the user has chosen
            list(command),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            **_alone(),
        )
    except OSError as error:
        raise ProgramError(f"{command[0]}: {error.strerror or error}") from error
    out: list[str] = []
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    readers = [
        threading.Thread(target=_read_all, args=(process.stdout, out), daemon=True),
        threading.Thread(target=_read_lines, args=(process.stderr, lines), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        told = _follow(process, lines, on_progress, on_message, canceled)
    finally:
        for reader in readers:
            reader.join(_PATIENCE_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    if process.returncode != 0:
        raise ProgramError(_error_of(told) or f"{command[0]}: exit code {process.returncode}")
    return "".join(out)


def _follow(
    process: subprocess.Popen[str],
    lines: queue.SimpleQueue[str | None],
    on_progress: Callable[[float, str], None],
    on_message: Callable[[str], None],
    canceled: Callable[[], bool],
) -> list[str]:
    """Pass on what the program says until it has ended; return its lines that are no progress."""
    told: list[str] = []
    while True:
        if canceled():
            end_group(process)
            raise CanceledError
        try:
            line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if line is None:
            break
        step = parse_progress(line)
        if step is not None:
            on_progress(*step)
        elif line:
            told.append(line)
            if not line.startswith("error: "):
                on_message(line)
    while process.poll() is None:  # it has closed its standard error, and may still work
        if canceled():
            end_group(process)
            raise CanceledError
        time.sleep(_POLL_S)
    return told


def _error_of(told: Sequence[str]) -> str:
    """Return the message of the program: from "error: " on, else the last that it said."""
    for number, line in enumerate(told):
        if line.startswith("error: "):
            return "\n".join([line[len("error: ") :], *told[number + 1 :]])
    return "\n".join(told[-5:])


def _read_all(stream: IO[str], into: list[str]) -> None:
    into.append(stream.read())


def _read_lines(stream: IO[str], into: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        into.put(line.rstrip("\r\n"))
    into.put(None)


def _alone() -> dict[str, Any]:
    """Return how a process is started so that it can be ended with all it starts, and opens no window."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def end_group(process: subprocess.Popen[str]) -> None:
    """End a process and all that it has started: first asked, as by Ctrl-C, so that it can clear up."""
    if sys.platform == "win32":
        kill = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(kill, check=False, capture_output=True)  # noqa: S603 - a number
        process.wait(_PATIENCE_S)
        return
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # what it has started and left behind
