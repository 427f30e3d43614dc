"""Many studies, or one in many variations, as one table."""

from __future__ import annotations

import contextlib
import re
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from geoaccess import files, measures
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError, OutputError
from geoaccess.mapped import Mapped, write_mapped
from geoaccess.network.intact import checked_files, trust
from geoaccess.parallel import Outcome, begin_as_this_one, worker_pool, workers_at_hand
from geoaccess.phrases import FALLBACK, Writer
from geoaccess.progress import announce_compiling, counted
from geoaccess.questions.sweep_networks import (
    derived_by_name,
    let_go,
    mapped_network,
    on_networks,
    provide,
    readings_of,
)
from geoaccess.questions.sweep_pace import Watch, workers_that_pay
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.summaries import minutes
from geoaccess.study.results.tables import marked, masked
from geoaccess.study.settings.variations import value_in, written
from geoaccess.tables import write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import Console

    from geoaccess.network import Network
    from geoaccess.network.intact import Checked
    from geoaccess.parallel import Run
    from geoaccess.remembering import Found
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.settings.variations import Variation

    _Common = tuple[Network, list[Found]]
    _Figures = tuple[pd.DataFrame, pd.DataFrame | None]

__all__ = ["SweepResult", "medians", "refuse_clashes", "sweep_studies", "write_sweep"]

_EVERYBODY = "all"
_OK = "ok"
_WHICH = ["study", "variation"]
_ALWAYS = [
    *("service", "centrality_class", "population", "reached", "unreached"),
    *(f"unreached_{reason}" for reason in measures.REASONS),
    *("mean_s", "median_s", "p90_s"),
]
_FILES = ("sweep.csv", "sweep.parquet", "sweep_cells.parquet")
_taken: set[Path] = set()
"""What this process has taken over from the one that started it."""


@dataclass(frozen=True)
class SweepResult:
    """What came of a sweep.

    `table` has a row per variation, service and centrality class, and one for everybody (class "all"), in the order
    that studies and variations were given in:

    * `study` and `variation`: the file as it was named, and the name of the variation;
    * a column per setting that any variation changes, by its dotted key: what it is in this one;
    * `status`: "ok", or why there are no figures; a variation that failed has this one row, and no figures;
    * the columns of `Answers.summary`: `service`, `centrality_class`, people reached and unreached by reason, mean,
      median and P90 in seconds, and for each norm its seconds, the share of people within and the people beyond;
    * `disclaimer`, if a study has one.

    `cells`, if requested, has a row per variation, service and cell: `cell_id`, `population`,
    `municipality_id`, `centrality_class`, `travel_time_s` (inf unreachable, NaN not snapped), `site` and `reason`.
    """

    table: pd.DataFrame
    cells: pd.DataFrame | None
    kept: tuple[Path, ...] = ()
    """Where the figures of each variation are kept in the cache until `write_sweep` has written all."""

    @property
    def failed(self) -> pd.DataFrame:
        """The rows of the variations that failed."""
        return self.table[self.table["status"] != _OK]


@dataclass(frozen=True)
class _Task:
    """A study to be solved on a network that was built, and where its figures are kept."""

    study: Study
    network: Path
    cells: bool
    kept: Path


@checks_arguments
def sweep_studies(
    variations: Sequence[Variation],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    cells: bool = False,
    resume: bool = False,
    show: bool = True,
) -> SweepResult:
    """Compute many variations of studies, each on its own; one that fails does not stop the others.

    Two of the same settings and inputs are computed once, however they are written. What is finished is kept in the
    cache of the study, until `write_sweep` has written figures of all; so a sweep that was interrupted, or in which
    some failed, goes on with `resume`.

    Networks come first: one that several variations need is built once, kept in the cache of its study (or, where that
    cannot be written, among the temporary files), and mapped into memory by every process that works on it. The figures
    are those of `solve_study`, to the bit, wherever they are computed.

    Parameters
    ----------
    variations
        What to compute; from `vary`.
    workers, scheduler
        Where; see `geoaccess.parallel.worker_pool`. If both are left out, processes are started only where they pay:
        this process solves two variations, and goes on by itself unless what is left takes it long enough.
    cells
        Whether the times of every cell are wanted too.
    resume
        Whether to take what a sweep before has finished, of the same version, settings and content of inputs.
    show
        Whether to show progress, where standard error is a terminal.

    Raises
    ------
    GeoaccessError
        If the workers cannot be had, or there is no room for the networks.
    """
    from rich.console import Console

    console = Console(stderr=True)
    stages.remember()  # the next variation has the same people, as a rule
    try:
        computed = partial(
            _sweep, workers=workers, scheduler=scheduler, cells=cells, resume=resume, console=console, show=show
        )
        return on_networks(variations, computed)
    finally:
        stages.forget()


def _sweep(
    variations: Sequence[Variation],
    folders: Sequence[Path],
    *,
    workers: int | None,
    scheduler: str | None,
    cells: bool,
    resume: bool,
    console: Console,
    show: bool,
) -> SweepResult:
    kept = [_kept_in(one.study, folder, cells=cells) for one, folder in zip(variations, folders, strict=True)]
    first = {folder.name: i for i, folder in reversed([*enumerate(kept)])}
    which = [first[folder.name] for folder in kept]  # the same figures under two spellings are those of the first
    finished = {i: _finished(kept[i], resume=resume) for i in sorted(set(which))}
    outcomes = {i: outcome for i, outcome in finished.items() if outcome}
    open_ = [i for i in finished if i not in outcomes]
    tasks = [_Task(variations[i].study, folders[i], cells, kept[i]) for i in open_]
    if tasks:
        pool = partial(
            worker_pool,
            workers=workers,
            scheduler=scheduler,
            compiling=partial(announce_compiling, console) if show else None,
        )
        processes = 0 if scheduler is not None or workers == 0 else workers or workers_at_hand()
        free = scheduler is None and workers is None
        outcomes |= zip(open_, _computed(pool, tasks, processes, free=free, console=console, show=show), strict=True)
    return _swept(variations, [outcomes[i] for i in which], tuple(kept))


def _kept_in(study: Study, network: Path, *, cells: bool) -> Path:
    """Return where the figures of a study are kept, as any process would name it."""
    digest = stages.figures_digest(study, network.name)
    return (study.cache / f"sweep-{'cells-' if cells else ''}{digest[:32]}").absolute()


def _finished(kept: Path, *, resume: bool) -> Outcome[_Figures] | None:
    """Return the figures that a sweep before has finished; unless they are wanted, they make way."""
    if not resume:
        shutil.rmtree(kept, ignore_errors=True)
        return None
    tables = stages.found_tables(kept)
    return Outcome((tables["summary"], tables.get("cells"))) if tables else None


def _computed(
    pool: Callable[..., AbstractContextManager[Run]],
    tasks: Sequence[_Task],
    processes: int,
    *,
    free: bool,
    console: Console,
    show: bool,
) -> list[Outcome[_Figures]]:
    """Have the networks of tasks built, each once, and the tasks solved on them.

    Where several `processes` of this machine work on what one reading gives, this one builds it by all cores, and then
    solves two tasks, for the cache may hold what would be found for the first; what it found that others need as well
    they begin with, or map into memory. Where their number is `free`, it goes on by itself unless others pay.
    """
    readings = readings_of((task.network, task.study) for task in tasks)
    if processes < 1 or len(readings) > 1:
        with pool(at_most=len(tasks)) as run:
            faults = provide(run, readings, console=console, show=show)
            outcomes, ready = _to_solve(tasks, faults)
            with counted("variations", len(ready), console=console, show=show) as done:
                outcomes |= zip(ready, run(_solve, [tasks[i] for i in ready], done=done), strict=True)
        return [outcomes[i] for i in range(len(tasks))]
    with pool(workers=0) as run:
        faults = provide(run, readings, console=console, show=show)
    outcomes, ready = _to_solve(tasks, faults)
    with contextlib.ExitStack() as stack:
        done = stack.enter_context(counted("variations", len(ready), console=console, show=show))
        first: list[int] = []
        if processes > 1 and len(ready) > 1:
            first, ready = ready[:2], ready[2:]
            with pool(workers=0) as run:
                for i in first:
                    watch = Watch()
                    (outcomes[i],) = run(_solve, [tasks[i]], done=done)
        if free:
            processes = (
                workers_that_pay(len(ready), watch.pace(), processes, forked=begin_as_this_one()) if first else 0
            )
        solve: Callable[[_Task], _Figures] = _solve
        if not processes:
            run = stack.enter_context(pool(workers=0))
        elif begin_as_this_one():
            run = stack.enter_context(pool(at_most=len(ready)))
        else:
            folder = stack.enter_context(files.spare(tasks[first[0]].study.cache)) if first else None
            known = _shared(tasks[first[0]], folder.absolute()) if folder else Mapped[_Common](None), checked_files()
            let_go()
            solve = partial(_solve_knowing, *known)
            run = stack.enter_context(pool(at_most=len(ready), begin=partial(_know, *known)))
        solved = run(solve, [tasks[i] for i in ready], done=done)
        outcomes |= zip(ready, solved, strict=True)
    return [outcomes[i] for i in range(len(tasks))]


def _to_solve(tasks: Sequence[_Task], faults: dict[Path, str]) -> tuple[dict[int, Outcome[_Figures]], list[int]]:
    """Return the outcomes of tasks whose network has a fault, and the other tasks, those of one network together."""
    outcomes: dict[int, Outcome[_Figures]] = {
        i: Outcome(None, faults[task.network]) for i, task in enumerate(tasks) if task.network in faults
    }
    ready = [i for i in range(len(tasks)) if i not in outcomes]
    numbers = {folder: i for i, folder in enumerate(dict.fromkeys(task.network for task in tasks))}
    ready.sort(key=lambda i: numbers[tasks[i].network])  # a process keeps one network at a time
    return outcomes, ready


def _shared(task: _Task, folder: Path) -> Mapped[_Common]:
    """Write what this process found when it solved a task; nothing where there is no room for it."""
    found = mapped_network(task.study, task.network), stages.all_found()
    try:
        return Mapped(None, write_mapped(found, folder / "found", by_name=derived_by_name).path)
    except OutputError:
        return Mapped(None)


def _know(shared: Mapped[_Common], checked: frozenset[Checked]) -> None:
    """Have this process begin with what another one found, and checked."""
    trust(checked)
    if shared.path is not None and shared.path not in _taken:
        _, found = shared.once
        stages.take_over(found)
        _taken.add(shared.path)


def _solve_knowing(shared: Mapped[_Common], checked: frozenset[Checked], task: _Task) -> _Figures:
    """Solve a study in a process of its own, see `_know`."""
    _know(shared, checked)
    return _solve(task)


def _solve(task: _Task) -> _Figures:
    """Solve a study, and keep its figures; they are read again, so that those of a resumed run are the same."""
    tables: dict[str, pd.DataFrame] = {}
    for _ in ("made", "read"):
        tables = stages.kept_tables(task.kept, partial(_figures, task))
    return tables["summary"], tables.get("cells")


def _figures(task: _Task) -> dict[str, pd.DataFrame]:
    stages.remember()  # also in a process of its own
    answers = solve_study(task.study, network=mapped_network(task.study, task.network), show=False)
    answers.stamps.refuse_replaced()
    if _kept_in(task.study, task.network, cells=task.cells).name != task.kept.name:  # by content, on any machine
        raise InputError(f"{task.study.path}: files that the study reads were replaced while the sweep ran; run again")
    table = answers.summary({_EVERYBODY: None, "centrality_class": "centrality_class"})
    classes = table["group"].mask(table["zoning"] == _EVERYBODY, _EVERYBODY)
    summary = table.drop(columns=["zoning", "group"]).assign(centrality_class=classes)
    order = {key: i for i, key in enumerate(task.study.settings.services)}
    summary = summary.sort_values("service", key=lambda keys: keys.map(order), kind="stable", ignore_index=True)
    return {"summary": summary} | ({"cells": _cells_of(answers)} if task.cells else {})


def _cells_of(answers: Answers) -> pd.DataFrame:
    results = pd.DataFrame(answers.results).reset_index()
    columns = {"_s": "travel_time_s", "_site": "site", "_reason": "reason"}
    parts = []
    for spec in answers.study.specs:
        ours = results[[f"{spec.key}{suffix}" for suffix in columns]].set_axis([*columns.values()], axis=1)
        asked = results[["cell_id", spec.population, "municipality_id", "centrality_class"]]
        shown = masked(asked, answers.study, known=results).rename(columns={spec.population: "population"})
        parts.append(pd.concat([shown, ours], axis=1).assign(service=spec.key))
    return _first(["service"], pd.concat(parts, ignore_index=True))


def _swept(
    variations: Sequence[Variation], outcomes: Sequence[Outcome[_Figures]], kept: tuple[Path, ...]
) -> SweepResult:
    settings = _settings(variations)
    tables, cell_tables = [], []
    for i, (variation, outcome) in enumerate(zip(variations, outcomes, strict=True)):
        disclaimer = variation.study.settings.disclaimer
        which = {"study": variation.file, "variation": variation.name}
        summary, of_cells = outcome.result or (pd.DataFrame(index=[0]), None)
        labels = {**which, **settings.loc[i], "status": " ".join(outcome.error.split()) or _OK}
        tables.append(marked(summary.assign(**labels), disclaimer))
        if of_cells is not None:
            cell_tables.append(marked(of_cells.assign(**which), disclaimer))
    first = [*_WHICH, *settings, "status", *_ALWAYS]
    norms = {name for table in tables for name in table} - {*first, "disclaimer"}
    last = ["disclaimer"] if any("disclaimer" in table for table in tables) else []
    table = pd.concat(tables, ignore_index=True).reindex(columns=[*first, *sorted(norms, key=_place), *last])
    of_all = _first(_WHICH, pd.concat(cell_tables, ignore_index=True)) if cell_tables else None
    return SweepResult(table, of_all, kept)


def _place(norm: str) -> tuple[int, int]:
    """Return the place among the columns of norms: by number, then as `Answers.summary` has them."""
    number = int(re.sub(r"[^0-9]", "", norm))
    return number, [f"norm_{number}_s", f"share_within_norm_{number}", f"people_beyond_norm_{number}"].index(norm)


def _settings(variations: Sequence[Variation]) -> pd.DataFrame:
    """Return what each setting that any variation changes is in each of them: numbers, else texts."""
    table = pd.DataFrame(index=range(len(variations)))
    for key in dict.fromkeys(key for variation in variations for key in variation.settings):
        values = [value_in(variation.study.settings, key) for variation in variations]
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        table[key] = values if numbers else [written(value) for value in values]
    return table


def _first(names: list[str], table: pd.DataFrame) -> pd.DataFrame:
    return table[[*names, *(name for name in table if name not in names)]]


@checks_arguments
def medians(swept: SweepResult, *, language: str = FALLBACK) -> pd.DataFrame:
    """Return the short table that is printed: a row per variation, everybody's median minutes to each service."""
    everybody = swept.table[swept.table["centrality_class"] == _EVERYBODY]
    table = everybody.set_index([*_WHICH, "service"])["median_s"].unstack()  # noqa: PD010 - each is there once
    table = table.reindex(index=pd.MultiIndex.from_frame(swept.table[_WHICH].drop_duplicates()))
    table = table[[*dict.fromkeys(everybody["service"])]].map(partial(minutes, language=language))
    writer = Writer(language, ("terminal",))
    return table.reset_index(names=[writer[name] for name in _WHICH])


@checks_arguments
def write_sweep(swept: SweepResult, folder: Path) -> list[Path]:
    """Write the table as CSV and Parquet, and the times of cells as Parquet, all or nothing; return the files.

    Those of a sweep before make way; whatever else is in the folder stays. What the cache keeps of the sweep goes,
    unless some variation failed.

    Raises
    ------
    InputError
        If `folder` is a file, or has a file of these names that no sweep wrote.
    """
    with files.writing_among(folder, former=partial(_of_a_sweep, folder)) as temporary:
        csv, parquet, cells = (temporary / name for name in _FILES)
        write_csv(swept.table, csv)
        swept.table.to_parquet(parquet, index=False)
        if swept.cells is not None:
            swept.cells.to_parquet(cells, index=False)
        names = sorted(path.name for path in temporary.iterdir())
    if swept.failed.empty:
        for kept in swept.kept:
            shutil.rmtree(kept, ignore_errors=True)
    return [folder / name for name in names]


def refuse_clashes(folder: Path) -> None:
    """Raise an `InputError` if a sweep could not be written to a folder without costing what no sweep wrote."""
    files.refuse_clashes(folder, _FILES, former=_of_a_sweep(folder))


def _of_a_sweep(folder: Path) -> set[str]:
    """Return which files of a folder are those of a sweep before: tables that begin with study and variation."""
    files.settle(folder)
    return {name for name in _FILES if _columns_of(folder / name)[: len(_WHICH)] == _WHICH}


def _columns_of(path: Path) -> list[str]:
    """Return the columns of a table; none where there is no table."""
    try:
        if path.suffix == ".parquet":
            return list(pq.read_schema(path).names)
        with path.open(encoding="utf-8-sig") as file:
            return file.readline().rstrip("\n").split(",")  # the names that it is known by hold no comma
    except (OSError, ValueError):  # pyarrow's are ValueErrors
        return []
