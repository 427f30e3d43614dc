"""Progress on a terminal; silence elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich import progress
    from rich.console import Console

    from geoaccess.sources.download import Progress, Step

__all__ = ["PROGRESS", "Stages", "announce_compiling", "counted", "downloads", "pieces"]

PROGRESS: Final = "GEOACCESS_PROGRESS"
"""Environment variable: with "lines", another program reads progress from standard error, a line each."""
_LINES: Final = "lines"
_PARTS: Final = 100


@dataclass
class Stages:
    """Names and times the stages of a study, and shows them where somebody is watching."""

    total: int
    seconds: dict[str, float] = field(default_factory=dict)
    show: bool = True

    @contextlib.contextmanager
    def running(self) -> Iterator[Stages]:
        """Show a bar of all stages until the block ends; say so, once, if numba has to compile first."""
        from rich.console import Console

        from geoaccess.kernels.compiling import announced

        console = Console(stderr=True)
        with (
            _bar(console, show=self.show) as bar,
            announced(lambda: announce_compiling(console)) if self.show else contextlib.nullcontext(),
        ):
            self._bar = bar
            self._task = bar.add_task("starting", total=self.total)
            yield self

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        self._bar.update(self._task, description=name)
        self._line(name)
        begin = time.perf_counter()
        try:
            yield
        except MemoryError as error:
            error.add_note(name)  # the command line says what needed so much
            raise
        self.seconds[name] = round(time.perf_counter() - begin, 3)
        self._bar.advance(self._task)

    def say(self, what: str) -> None:
        """Say what the stage is doing now."""
        self._bar.update(self._task, description=what)
        self._line(what)

    def _line(self, what: str) -> None:
        if self.show:
            _write_line(len(self.seconds), self.total, what)


def _write_line(done: int, total: int, what: str) -> None:
    """Write how far it is, such as `progress 3/10 reading sites`, where another program asks for it."""
    if os.environ.get(PROGRESS) == _LINES:
        print(f"progress {done}/{total} {what}", file=sys.stderr, flush=True)  # noqa: T201 - rich would wrap it


def _bar(console: Console, *, show: bool) -> progress.Progress:
    from rich import progress

    columns = (
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    return progress.Progress(*columns, console=console, transient=True, disable=not (show and console.is_terminal))


def announce_compiling(console: Console) -> None:
    """Say that compiling is what takes so long, and whether it will the next time."""
    from geoaccess.kernels import CACHED

    again = "at every run, because numba can write no cache here: name a folder in NUMBA_CACHE_DIR"
    console.print(
        f"compiling ({'once per machine' if CACHED else again}, up to a minute) ...", highlight=False, soft_wrap=True
    )


@contextlib.contextmanager
def counted(what: str, total: int, *, console: Console, show: bool = True) -> Iterator[Callable[..., None]]:
    """Show a bar of so many things; yields what to call when one of them, or a number of them, is done."""
    done = 0
    with _bar(console, show=show) as bar:
        task = bar.add_task(what, total=total)

        def advance(count: int = 1) -> None:
            nonlocal done
            before, done = done, done + count
            bar.advance(task, count)
            if show and done * _PARTS // max(total, 1) > before * _PARTS // max(total, 1):
                _write_line(done, total, what)

        yield advance


@contextlib.contextmanager
def downloads() -> Iterator[Progress]:
    """Show a bar per file that is being downloaded; yields what `fetch` calls with each step."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=24),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, progress.TaskID] = {}

        def step(now: Step) -> None:
            name = now.path.name
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=now.total_bytes)
            bar.update(tasks[name], description=f"{name}: {now.state}", completed=now.done_bytes, total=now.total_bytes)

        yield step


@contextlib.contextmanager
def pieces(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of what comes in pieces; yields what to call with how many are there, and of how many."""
    from rich.console import Console

    with _bar(Console(stderr=True), show=True) as bar:
        task = bar.add_task(what, total=None)

        def there(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            _write_line(done, total, what)

        yield there
