"""Standard output and error: a full disk or a closed stream ends in a sentence, a closed pipe silently."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING

from geoaccess.errors import GeoaccessWarning, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CLOSED_PIPE", "answering", "open_streams"]

CLOSED_PIPE = 141
"""What shells say of a program that a closed pipe has ended (128 and the number of the signal)."""
_STANDARD = (0, 1, 2)


class _Answers(io.TextIOWrapper):
    """Standard output: who reads no further ends the program quietly; a disk that is full is said."""

    def write(self, text: str) -> int:
        """Write a text."""
        with _heard():
            return super().write(text)

    def flush(self) -> None:
        """Write what is still held."""
        with _heard():
            super().flush()


class _Notes(io.TextIOWrapper):
    """Standard error: where nothing can be said, nothing is."""

    def write(self, text: str) -> int:
        """Write a text."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is still held."""
        try:
            super().flush()
        except OSError:
            _let_go(2)


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _let_go(1)
        sys.exit(CLOSED_PIPE)
    except OSError as error:
        _let_go(1)
        raise OutputError(
            f"standard output: cannot be written to ({error.strerror or error}); send it to a file on a disk with room"
        ) from error


def _let_go(stream: int) -> None:
    """Send what is left in a stream nowhere: Python would try to write it at the very end once more."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream)
        os.close(nowhere)


def open_streams() -> None:
    """Make the standard streams those that a command line needs.

    Raises
    ------
    OutputError
        If standard output is closed.
    """
    closed = sys.stdout is None
    for stream in _STANDARD:
        try:
            os.fstat(stream)
        except OSError:  # else the next file that is opened would stand there, and be written over
            os.open(os.devnull, os.O_RDWR)
    for name, kind in (("stdout", _Answers), ("stderr", _Notes)):
        found = getattr(sys, name)
        if type(found) is io.TextIOWrapper:
            buffer, encoding, lines = found.buffer, found.encoding, found.line_buffering
            # a pipe on Windows cannot hold every letter of a name
            setattr(sys, name, kind(buffer, encoding, "replace", line_buffering=lines))
    if closed:
        raise OutputError("standard output is closed, so no answer could be shown; send it to a file")


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Say warnings of ours as notes, and have everything written when the block ends."""
    shown, said = warnings.showwarning, set[str]()

    def show(message: Warning | str, category: type[Warning], *rest: object, **named: object) -> None:
        if issubclass(category, GeoaccessWarning):
            if str(message) not in said:
                from geoaccess.phrases import printable

                print(f"note: {printable(str(message))}", file=sys.stderr)  # noqa: T201 - where rich would colour and break it
            said.add(str(message))
        else:
            shown(message, category, *rest, **named)  # type: ignore[arg-type] # passed on as they came

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = shown
        sys.stdout.flush()
