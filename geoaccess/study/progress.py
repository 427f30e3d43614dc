"""Progress on a terminal; silence elsewhere."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoaccess.study.download import Progress, Step

__all__ = ["Stages", "downloads"]


@dataclass
class Stages:
    """Names and times the stages of a study, and shows them where somebody is watching."""

    total: int
    seconds: dict[str, float] = field(default_factory=dict)
    show: bool = True

    @contextlib.contextmanager
    def running(self) -> Iterator[Stages]:
        """Show a bar of all stages until the block ends."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(
            *columns, console=console, transient=True, disable=not (self.show and console.is_terminal)
        ) as bar:
            self._bar = bar
            self._task = bar.add_task("starting", total=self.total)
            yield self

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        self._bar.update(self._task, description=name)
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 3)
        self._bar.advance(self._task)

    def say(self, what: str) -> None:
        """Say what the stage is doing now."""
        self._bar.update(self._task, description=what)


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
