"""Many files put into a folder as one: all of them, or none, at any kill.

Before the first file is moved a journal says which are. Whoever next looks at the folder goes on from there: the new
files are in, or, where that cannot be, the old ones are again. Only names are changed, so no file is ever half there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from geoaccess.errors import InputError, OutputError
from geoaccess.files import disk
from geoaccess.files.digests import json_of
from geoaccess.files.faults import OURS, called, confirm, explained
from geoaccess.files.holding import held_by, hold
from geoaccess.files.spare import JOURNAL, clear_leftovers, spare

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

__all__ = ["refuse_clashes", "run_alone", "settle", "writing_among"]

_RUN, _SWAP = ".geoaccess.run", ".geoaccess.swap"
_PATIENCE_S, _LOOK_S = 60.0, 0.05
"""Moving takes a moment; who does not get to it for so long has another reason to wait."""


@contextlib.contextmanager
def writing_among(folder: Path, *, former: Callable[[], Collection[str]]) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `folder` when the block ends without an error.

    Parameters
    ----------
    folder
        Where the files go; it is made if it is not there.
    former
        Returns the names of those files of `folder` that make way; every other one stays. It is asked when the files
        are moved, while nobody else moves any.

    Raises
    ------
    InputError
        If `folder` is a file, or has a file of a new one's name that is not among the former.
    OutputError
        If a file cannot be written or moved; the folder is as it was.
    """
    settle(folder)
    clear_leftovers(folder.parent)  # where a first run was killed
    refuse_clashes(folder, (), former=())
    parent = folder if folder.is_dir() else folder.parent
    with spare(parent) as temporary:
        with called(temporary, folder):
            yield temporary
        with explained(folder):
            _put(temporary, folder, former)


def refuse_clashes(folder: Path, names: Iterable[str], *, former: Collection[str]) -> None:
    """Raise an `InputError` if `names` cannot be written to `folder` without costing what is not among `former`."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; results need a folder: give output another name")
    problems = [
        f"{folder / name} is there already, and not from a run before; move it, or give output another name"
        for name in names
        if name not in former and os.path.lexists(folder / name)
    ]
    if problems:
        raise InputError.listing(str(folder), problems)


def settle(folder: Path) -> None:
    """Go on with what a killed process began to move into a folder; nothing where it moved all, or nothing.

    Raises
    ------
    OutputError
        If it can neither be done nor undone, as where another program holds a file; the next call tries again.
    """
    if (folder / JOURNAL).exists():
        with explained(folder), _moving(folder), disk.unbroken():
            _go_on(folder)


@contextlib.contextmanager
def run_alone(folder: Path, *, what: str) -> Iterator[None]:
    """Hold a folder for a run, `what`, until the block ends; what killed runs left in it or beside it is removed.

    Raises
    ------
    InputError
        If another run holds it, with which one.
    OutputError
        If nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; results need a folder: give output another name")
    first = _first_run_lock(folder)
    place = folder / _RUN if folder.is_dir() else first
    with explained(folder):
        if place != first and first.exists():  # of a run that began when there was no folder
            lock = disk.take_lock(first, create=False)
            if lock is not None:
                lock.release()
            elif first.exists():
                raise _is_run(folder, first)
        lock = hold(place, what=what)
    if lock is None:
        raise _is_run(folder, place)
    try:
        settle(folder)
        for one in (folder, folder.parent):
            clear_leftovers(one)
        yield
    finally:
        lock.release()


def _first_run_lock(folder: Path) -> Path:
    """Return where a run is announced whose folder is not there yet: in the one that will hold it."""
    whole = folder.absolute()
    there = next(one for one in whole.parents if one.is_dir())
    return there / f"{_RUN}-{hashlib.sha256(whole.as_posix().encode()).hexdigest()[:8]}"


def _is_run(folder: Path, lock: Path) -> InputError:
    return InputError(
        f"{folder}: {held_by(lock)} is writing its results there; run again when it has ended, or give output another "
        "name"
    )


@contextlib.contextmanager
def _moving(folder: Path) -> Iterator[None]:
    """Hold a folder while files are moved into it; wait for others that do so."""
    began, lock = time.monotonic(), None
    while True:
        lock = hold(folder / _SWAP, what="moving files")
        if lock is not None:
            break
        if time.monotonic() - began > _PATIENCE_S:
            raise OutputError(f"{folder}: {held_by(folder / _SWAP)} holds it; try again when that has ended")
        time.sleep(_LOOK_S)
    try:
        yield
    finally:
        lock.release()


def _put(staged: Path, folder: Path, former: Callable[[], Collection[str]]) -> None:
    """Move all files of `staged` into a folder, or, where that is not there, make it so."""
    names = sorted(path.name for path in staged.iterdir())
    for name in names:
        disk.sync(staged / name)
    disk.sync_folder(staged)
    if not folder.exists():
        try:
            disk.replace(staged, folder)
        except OSError:  # another process was quicker to make it
            if not folder.is_dir():
                raise
        else:
            confirm(folder, folder.parent)
            return
    with contextlib.ExitStack() as stack:
        stack.enter_context(_moving(folder))
        _go_on(folder)
        ours = former()
        refuse_clashes(folder, names, former=ours)
        if staged.parent != folder:
            inside = stack.enter_context(spare(folder))
            for name in names:
                disk.replace(staged / name, inside / name)
            staged = inside
        old = stack.enter_context(spare(folder))
        gone = tuple(name for name in sorted(ours) if (folder / name).is_file())
        stack.enter_context(disk.unbroken())
        _swap(_Swap(folder, staged.name, old.name, tuple(names), gone))


@dataclass(frozen=True)
class _Swap:
    """Which files go into a folder from one folder in it, and which go out of it into another."""

    folder: Path
    staged: str
    old: str
    names: tuple[str, ...]
    gone: tuple[str, ...]

    def is_out(self, name: str) -> bool:
        """Whether an old file is where it waits to be removed."""
        return (self.folder / self.old / name).exists()

    def is_staged(self, name: str) -> bool:
        """Whether a new file is still to be moved."""
        return (self.folder / self.staged / name).exists()

    def can_complete(self) -> bool:
        """Whether every new file is there: still to be moved, or moved."""
        return all(
            self.is_staged(name) or ((self.folder / name).exists() and (name not in self.gone or self.is_out(name)))
            for name in self.names
        )

    def complete(self) -> None:
        """Move what is not moved yet."""
        for name in self.gone:
            waits = self.is_staged(name) or name not in self.names
            if waits and not self.is_out(name) and (self.folder / name).exists():
                disk.replace(self.folder / name, self.folder / self.old / name)
        for name in self.names:
            if self.is_staged(name):
                disk.replace(self.folder / self.staged / name, self.folder / name)

    def undo(self) -> None:
        """Move everything back."""
        for name in reversed(self.names):
            came = name not in self.gone or self.is_out(name)
            if came and not self.is_staged(name) and (self.folder / name).exists():
                disk.replace(self.folder / name, self.folder / self.staged / name)
        for name in self.gone:
            if self.is_out(name):
                disk.replace(self.folder / self.old / name, self.folder / name)


def _swap(swap: _Swap) -> None:
    described = {key: value for key, value in asdict(swap).items() if key != "folder"}
    draft = swap.folder / f"{swap.old}.journal"
    disk.write_text(draft, json.dumps(described, indent=1))
    disk.replace(draft, swap.folder / JOURNAL)
    try:
        disk.sync_folder(swap.folder)
    except BaseException:  # nothing is moved yet: who comes next has nothing to go on with
        disk.remove(swap.folder / JOURNAL)
        raise
    try:
        _require_made(swap)
        swap.complete()
    except BaseException:
        swap.undo()
        with contextlib.suppress(OutputError):  # what made it go back is what is said
            _close(swap.folder)
        raise
    _close(swap.folder)


def _require_made(swap: _Swap) -> None:
    """Raise an `OSError` where somebody removed what was made, which looked like rubbish, before it was moved."""
    if not swap.can_complete():
        raise FileNotFoundError(errno.ENOENT, "what was made is gone", str(swap.folder))


def _go_on(folder: Path) -> None:
    """Complete what the journal of a folder says, or undo it where it cannot be completed."""
    try:
        described = json_of(folder / JOURNAL)
    except FileNotFoundError:
        return
    except ValueError as error:
        raise _unreadable(folder) from error
    swap = _checked(folder, described)
    for name in (swap.staged, swap.old):
        if not (folder / name).is_dir():
            disk.make_folder(folder / name)
    try:
        if not swap.can_complete():
            raise FileNotFoundError
        swap.complete()
    except OSError:
        swap.undo()
    _close(folder)
    clear_leftovers(folder)


def _close(folder: Path) -> None:
    """Remove the journal: only now is all done, also after the power fails."""
    confirm(folder, folder)
    disk.remove(folder / JOURNAL)
    confirm(folder, folder)


def _checked(folder: Path, described: Any) -> _Swap:
    """Return what a journal says, if it names nothing outside its folder."""
    try:
        swap = _Swap(folder, described["staged"], described["old"], tuple(described["names"]), tuple(described["gone"]))
        folders = all(OURS.fullmatch(name) for name in (swap.staged, swap.old))
        files = all(name not in {"", ".", ".."} and not {*name} & {*"/\\:"} for name in (*swap.names, *swap.gone))
    except (KeyError, TypeError) as error:
        raise _unreadable(folder) from error
    if not (folders and files):
        raise _unreadable(folder)
    return swap


def _unreadable(folder: Path) -> OutputError:
    return OutputError(
        f"{folder / JOURNAL}: is not what geoaccess wrote when it was ended while it moved files; look through the "
        "folder, remove this file, and run again"
    )
