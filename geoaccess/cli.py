"""The command line: words in, words out; all work is done elsewhere."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import geoaccess
from geoaccess.errors import GeoaccessError, GeoaccessWarning, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from geoaccess.osm.explain import Explanation
    from geoaccess.osm.profile import Profile
    from geoaccess.scenarios import Scenario
    from geoaccess.study.config import Study
    from geoaccess.study.pipeline import Answers
    from geoaccess.study.siting_question import Question
    from geoaccess.study.validate import Validation

__all__ = ["main"]

app = typer.Typer(
    name="geoaccess",
    help="How long people need, by road and ferry, to reach health care, and who is left behind.",
    epilog="Start with: geoaccess new my-study.toml, then geoaccess check and geoaccess run on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)  # a file has room

_REASONS_SHOWN = 20
StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file, such as configs/iceland.toml.")]


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"geoaccess {geoaccess.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Hold what all commands have in common."""


@app.command()
def run(
    study: StudyFile,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compute a study and write its maps, figures and tables.

    Everything is written to the folder that the study names as its output: report.html is for those who
    decide, index.html a map to open in a browser (neither needs a network), run.json says how the results were made.
    """
    from geoaccess.study import load_study  # `--help` should be quick
    from geoaccess.study import run as run_study

    loaded = load_study(study)
    answers = run_study(loaded, show=not quiet)
    if not quiet:
        _print_main_result(answers)


@app.command()
def report(
    study: StudyFile,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Write the report of a study for those who decide: report.html, and report.pdf (with geoaccess[pdf]).

    The study is run first, unless its output folder holds a run of the same study, data and version.
    """
    from geoaccess.study import load_study, write_report

    written, why_not = write_report(load_study(study), show=not quiet)
    if why_not:
        out.print(Text(why_not))
    if not quiet:
        out.print(Text("Written: " + "  ".join(str(path) for path in written)))


@app.command()
def check(study: StudyFile) -> None:
    """Read a study and all its inputs, compute nothing, and say what was found or what is wrong."""
    from geoaccess.study import check as check_study
    from geoaccess.study import load_study

    for line in check_study(load_study(study)):
        out.print(Text(f"  {line}"))
    out.print(Text(f"{study}: good to run"))


@app.command()
def info(
    study: StudyFile,
    *,
    picture: Annotated[Path | None, typer.Option("--map", help="Draw the network into this PNG file.")] = None,
) -> None:
    """Say what the network of a study is made of: roads, ferries, islands, rules obeyed, and what was left out."""
    from geoaccess.study import describe_network, draw_network, load_study

    loaded = load_study(study)
    for title, table in describe_network(loaded):
        out.print(_rich(title, table))
    if picture is not None:
        draw_network(loaded, picture)
        out.print(Text(f"wrote {picture}"))


@app.command()
def ferries(
    study: StudyFile,
    *,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Also write a table (CSV) to correct and complete.")
    ] = None,
) -> None:
    """List every ferry with what was read, assumed and rejected.

    What you know better goes into a table, which the study names with [network] ferries = "FILE".
    """
    from geoaccess.study import list_ferries, load_study, write_ferries

    loaded = load_study(study)
    for title, table in list_ferries(loaded):
        out.print(_rich(title, table))
    if write:
        count = write_ferries(loaded, write)
        out.print(Text(f'wrote {write} with {count} ferries; name it in the study: [network] ferries = "{write.name}"'))


@app.command()
def profile(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as legevakt.")],
    day: Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="The day, such as 2026-01-14.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compute travel times through a day, by when one leaves, with boats sailing by timetable.

    Departures come from the study's table of ferries ([network] ferries) and GTFS feeds ([network] ferry_gtfs).
    """
    from geoaccess.study import load_study, profile_day, short_table, write_day_profile

    date = _date("--day", day)
    loaded = load_study(study)
    found = profile_day(loaded, service, date, show=not quiet)
    written = write_day_profile(loaded, found)
    if quiet:
        return
    if loaded.settings.disclaimer:
        out.print(Text(loaded.settings.disclaimer, style="bold"))
    out.print(_rich("Ferries that sail by timetable on the day", found.ferries))
    for name, why in found.left_out.items():
        out.print(Text(f"  {name}: {why}"))
    title = f"{loaded.settings.services[service].label} on {date.isoformat()}: minutes over all times of leaving"
    out.print(_rich(title, short_table(found)))
    out.print(Text("Written: " + "  ".join(str(path) for path in written)))


@app.command()
def site(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as gp.")],
    add: Annotated[int, typer.Option("--add", min=0, help="How many sites to add.")] = 1,
    close: Annotated[int, typer.Option("--close", min=0, help="How many of those that stand to close.")] = 0,
    objective: Annotated[
        str, typer.Option("--objective", help="minutes, norm, fair, beyond, worst or fewest; see above.")
    ] = "minutes",
    norm: Annotated[
        float | None, typer.Option("--norm", metavar="MIN", help="Minutes; the study's first norm.")
    ] = None,
    share: Annotated[float, typer.Option("--share", help="Of the people, for fewest.")] = 0.95,
    aversion: Annotated[float, typer.Option("--aversion", help="To inequality, above 0, for fair.")] = 1.0,
    alpha: Annotated[float, typer.Option("--alpha", help="1: how far beyond the norm; 2: squared.")] = 1.0,
    quantile: Annotated[float, typer.Option("--quantile", help="For worst: 1 is the longest time, 0.9 P90.")] = 1.0,
    classes: Annotated[str, typer.Option("--classes", metavar="5,6", help="For worst: of these classes only.")] = "",
    candidates: Annotated[
        str, typer.Option("--candidates", help="cells, settlements, or a file with lon and lat (or points).")
    ] = "cells",
    least_people: Annotated[float, typer.Option("--least-people", help="Of a settlement.")] = 200.0,
    exclude: Annotated[Path | None, typer.Option("--exclude", metavar="FILE", help="Polygons to keep out of.")] = None,
    unreached: Annotated[
        float, typer.Option("--unreached", metavar="MIN", help="Minutes that somebody counts whom nothing reaches.")
    ] = 1440.0,
    max_loss: Annotated[
        float | None, typer.Option("--max-loss", metavar="MIN", help="What a class may lose on average, with --close.")
    ] = None,
    method: Annotated[str, typer.Option("--method", help="auto, exact, exchange or greedy.")] = "auto",
    seconds: Annotated[float, typer.Option("--seconds", help="How long an exact solver may take.")] = 60.0,
    output: Annotated[Path | None, typer.Option("--output", metavar="FOLDER", help="The study's unless given.")] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="SETTING=VALUE,VALUE", help="Futures, as for sweep: least regret over all."),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="FILE",
            help="Ask in this scenario. Several are futures: least regret over all; today is the study as it is.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Find the best places for more sites of a service, and say how sure that is.

    \b
    minutes   least travel time of all people together (p-median)
    norm      most people within the norm (maximal covering)
    fair      least mean with an aversion to inequality (Kolm-Pollak)
    beyond    least time beyond the norm (Foster-Greer-Thorbecke)
    worst     least of the longest times (p-centre, or a quantile of some classes)
    fewest    the fewest sites that bring a share of the people within the norm

    Sites that stand stay unless --close says how many may go. site_SERVICE.toml is the answer as a scenario.

    \b
    The 90th percentile of the people of classes 5 and 6:
      geoaccess site STUDY --service gp --add 2 --objective worst --quantile 0.9 --classes 5,6
    Two to add and six to close, no class losing more than half a minute on average:
      geoaccess site STUDY --service gp --add 2 --close 6 --max-loss 0.5
    Never far from the best, today and in a storm:
      geoaccess site STUDY --service gp --add 2 --scenario today --scenario storm.toml
    """  # noqa: D301 - \\b keeps lines apart
    from geoaccess.scenarios import read_scenario
    from geoaccess.study import Question, load_study, placed_lines, placed_tables, site_study, write_placed

    loaded = load_study(study)
    changes = [None if name == "today" else read_scenario(name) for name in scenario or []]
    question = Question(
        service=service,
        add=add,
        close=close,
        objective=objective,
        norm_min=norm,
        share=share,
        aversion=aversion,
        alpha=alpha,
        quantile=quantile,
        classes=_numbers("--classes", classes),
        unreached_min=unreached,
        max_loss_min=max_loss,
        candidates=candidates,
        least_people=least_people,
        exclude=exclude,
        method=method,  # type: ignore[arg-type] # checked where it is used
        seconds=seconds,
    )
    if vary or len(changes) > 1:
        _site_futures(loaded, vary or [], changes, question, output, quiet=quiet)
        return
    placed = site_study(loaded, question, scenario=changes[0] if changes else None, show=not quiet)
    written = write_placed(placed, output)
    if quiet:
        return
    for line in [loaded.settings.disclaimer, *placed_lines(placed)]:
        if line:
            out.print(Text(line, style="bold" if line == loaded.settings.disclaimer else ""))
    for title, table in placed_tables(placed):
        out.print(_rich(title, table))
    out.print(Text("Written: " + "  ".join(str(path) for path in written)))


@app.command(name="office-days")
def office_days(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as gp.")],
    days: Annotated[int, typer.Option("--days", min=1, help="Office days per week to share out.")],
    main_offices: Annotated[
        str, typer.Option("--from", metavar="SITE,SITE", help="Sites that the staff drive from, by id (in sites.csv).")
    ],
    again: Annotated[
        str, typer.Option("--again", metavar="SITE,SITE", help="Sites whose days are shared out anew, by id.")
    ] = "",
    municipality: Annotated[
        str, typer.Option("--municipality", metavar="NAME,NAME", help="Places in these municipalities only.")
    ] = "",
    visits: Annotated[float, typer.Option("--visits", help="Of each person, a year.")] = 3.0,
    can_wait: Annotated[
        float, typer.Option("--can-wait", help="Share of visits for which people can choose the day.")
    ] = 0.7,
    staff: Annotated[
        float, typer.Option("--staff", help="How many drive; each hour counts as one of a patient.")
    ] = 2.0,
    even: Annotated[bool, typer.Option("--even", help="The same number of offices each day.")] = False,
    candidates: Annotated[str, typer.Option("--candidates", help="settlements, cells, or a file.")] = "settlements",
    least_people: Annotated[float, typer.Option("--least-people", help="Of a settlement.")] = 50.0,
    exclude: Annotated[Path | None, typer.Option("--exclude", metavar="FILE", help="Polygons to keep out of.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="How long an exact solver may take.")] = 60.0,
    output: Annotated[Path | None, typer.Option("--output", metavar="FOLDER", help="The study's unless given.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Share out the days on which staff of main offices sit elsewhere, so that patients and staff travel least.

    Visits that cannot wait fall on any weekday and go to the nearest office that is open then; the others choose the
    day. site_SERVICE_days.toml is the answer as a scenario.
    """
    from geoaccess.study import DayQuestion, days_lines, days_study, days_tables, load_study, write_days

    loaded = load_study(study)
    question = DayQuestion(
        service=service,
        days=days,
        main=_names(main_offices),
        redistribute=_names(again),
        municipality=_names(municipality),
        visits_per_year=visits,
        can_wait=can_wait,
        staff=staff,
        even=even,
        candidates=candidates,
        least_people=least_people,
        exclude=exclude,
        seconds=seconds,
    )
    answer = days_study(loaded, question, show=not quiet)
    written = write_days(answer, output)
    if quiet:
        return
    for line in filter(None, [loaded.settings.disclaimer, *days_lines(answer)]):
        out.print(Text(line, style="bold" if line == loaded.settings.disclaimer else ""))
    for title, table in days_tables(answer):
        out.print(_rich(title, table))
    out.print(Text("Written: " + "  ".join(str(path) for path in written)))


@app.command()
def vehicles(
    study: StudyFile,
    *,
    add: Annotated[int, typer.Option("--add", min=1, help="How many vehicles to add.")],
    service: Annotated[str, typer.Option("--service", help="The bases of the study.")] = "ambulance_base",
    busy: Annotated[float, typer.Option("--busy", help="Share of the time that a vehicle is out.")] = 0.3,
    norm: Annotated[float | None, typer.Option("--norm", metavar="MIN", help="From the call to the patient.")] = None,
    treatment: Annotated[str | None, typer.Option("--treatment", help="A service that treats, as hospital.")] = None,
    treatment_min: Annotated[float | None, typer.Option("--treatment-min", help="From the call until there.")] = None,
    standing: Annotated[int, typer.Option("--standing", min=0, help="Vehicles at each base today.")] = 1,
    candidates: Annotated[str, typer.Option("--candidates", help="settlements, cells, or a file.")] = "settlements",
    least_people: Annotated[float, typer.Option("--least-people", help="Of a settlement.")] = 200.0,
    exclude: Annotated[Path | None, typer.Option("--exclude", metavar="FILE", help="Polygons to keep out of.")] = None,
    figures: Annotated[Path | None, typer.Option("--figures", metavar="FILE", help="Of the ambulance chain.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="How long an exact solver may take.")] = 60.0,
    output: Annotated[Path | None, typer.Option("--output", metavar="FOLDER", help="The study's unless given.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Find where more ambulances bring most people within reach of one that is free (MEXCLP).

    They may join a base that stands or stand at a new one. With --treatment the way on to it counts as well.
    """
    from geoaccess.study import FleetQuestion, fleet_lines, fleet_study, load_study, write_fleet

    loaded = load_study(study)
    question = FleetQuestion(
        service=service,
        add=add,
        busy=busy,
        norm_min=norm,
        treatment=treatment,
        treatment_min=treatment_min,
        standing=standing,
        candidates=candidates,
        least_people=least_people,
        exclude=exclude,
        figures=figures,
        seconds=seconds,
    )
    answer = fleet_study(loaded, question, show=not quiet)
    written = write_fleet(answer, output)
    if quiet:
        return
    for line in filter(None, [loaded.settings.disclaimer, *fleet_lines(answer)]):
        out.print(Text(line, style="bold" if line == loaded.settings.disclaimer else ""))
    out.print(_rich("Bases", answer.places[["name", "municipality", "vehicles", "stands", "base"]]))
    out.print(Text("Written: " + "  ".join(str(path) for path in written)))


def _site_futures(
    study: Study,
    varied: list[str],
    changes: list[Scenario | None],
    question: Question,
    output: Path | None,
    *,
    quiet: bool,
) -> None:
    from geoaccess.study import combinations, futures_lines, site_futures, write_futures
    from geoaccess.study import vary as vary_studies

    variations = vary_studies([study.path], combinations(varied)) if varied else []
    answer = site_futures(study, question, variations=variations, scenarios=changes, show=not quiet)
    written = write_futures(answer, output)
    if quiet:
        return
    for line in filter(None, [answer.disclaimer, *futures_lines(answer)]):
        out.print(Text(line, style="bold" if line == answer.disclaimer else ""))
    table = answer.futures.copy()
    for name in ("best", "value", "regret"):
        table[name] = table[name].map("{:.3f}".format)
    out.print(_rich("By future, per person", table))
    out.print(_rich("Where", answer.places[["name", "municipality", "candidate"]]))
    out.print(Text("Written: " + "  ".join(str(path) for path in written)))


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(f"{option} {text!r}: give whole numbers, as 5,6") from None


@app.command()
def sweep(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY", help="Study files, such as one for each region.")],
    *,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="SETTING=VALUE,VALUE", help="Values for a setting; repeated: all combinations."),
    ] = None,
    variations: Annotated[
        Path | None, typer.Option("--variations", metavar="FILE", help="A TOML file of named variations instead.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Where the tables go.")] = Path("sweep"),
    cells: Annotated[bool, typer.Option("--cells", help="Also write the times of every cell.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Processes on this machine; 0 for this one only. As a rule one per core."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A dask scheduler, as tcp://10.0.0.5:8786.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compute many studies, or one in many variations, and write all figures as one table.

    \b
    geoaccess sweep north.toml south.toml
    geoaccess sweep study.toml --vary network.profile=car,car_winter --vary snap.max_m=1000,2000
    geoaccess sweep study.toml --variations winter.toml

    A setting is named as in the study file, [snap] max_m as snap.max_m. A file of variations has a table for each; one
    that sets nothing is the study as it is:

    \b
    [[variation]]
    name = "winter"
    set = { network.profile = "car_winter" }

    sweep.csv and sweep.parquet have a row per variation, service and centrality class, and one for everybody. A
    variation that fails says why in the column "status" and does not stop the others.

    Work is spread over the cores of this machine, or with --scheduler over those of a dask cluster: its workers
    (dask worker ADDRESS --nthreads 1) need the same version of geoaccess, with geoaccess[dask], and must see the study,
    all it reads and its cache under the same paths as this machine.
    """  # noqa: D301 - \\b keeps lines apart
    from geoaccess import files
    from geoaccess.study import combinations, medians, read_variations, sweep_studies, write_sweep
    from geoaccess.study import vary as vary_studies

    if vary and variations:
        raise InputError("--vary and --variations: give one of them")
    files.refuse_clashes(output, (), former=())
    changes = combinations(vary or []) if variations is None else read_variations(variations)
    chosen = vary_studies(studies, changes)
    found = sweep_studies(chosen, workers=workers, scheduler=scheduler, cells=cells, show=not quiet)
    written = write_sweep(found, output)
    if not quiet:
        for line in dict.fromkeys(variation.study.settings.disclaimer for variation in chosen):
            out.print(Text(line, style="bold"))
        out.print(_rich("Median minutes of everybody", medians(found)))
        out.print(Text("Written: " + "  ".join(str(path) for path in written)))
    if len(found.failed):
        raise InputError(f"{len(found.failed)} of {len(chosen)} variations failed; status in {written[0]} says why")


@app.command()
def compare(
    study: StudyFile,
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO", help="Files of changes, each on its own.")],
    *,
    together: Annotated[bool, typer.Option("--together", help="All scenarios at once, in this order.")] = False,
    day: Annotated[
        str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="Let boats sail by the timetable of this day.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FOLDER", help="Where the files go.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compare a study with itself under scenarios: who wins and loses how much, and who crosses a norm.

    A scenario is a small TOML file: sites added, removed, moved or changed, roads and ferries closed or slowed, boats
    cancelled, another profile, a storm, other people. Tables, difference maps and a page (index.html) go to the folder
    compare in the output of the study.
    """
    from geoaccess.scenarios import combine, read_scenario
    from geoaccess.study import compare_study, load_study, printed_comparison
    from geoaccess.study.compare_output import write_comparison

    loaded = load_study(study)
    read = [read_scenario(path) for path in scenarios]
    found = compare_study(
        loaded, [combine(*read)] if together else read, day=_date("--day", day) if day else None, show=not quiet
    )
    written = write_comparison(found, output or loaded.output / "compare")
    if not quiet:
        said = loaded.settings.disclaimer
        for scenario, notes in zip(found.scenarios, found.notes, strict=True):
            for note in notes:
                out.print(Text(f"{scenario.title}: {note}"))
        _print_table("What the scenarios do", printed_comparison(found), written, disclaimer=said)


def _date(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f'{option} is "{text}"; write a date such as 2026-01-14') from error


def _print_table(title: str, table: pd.DataFrame, written: Sequence[Path], *, disclaimer: str) -> None:
    if disclaimer:
        out.print(Text(disclaimer, style="bold"))
    out.print(_rich(title, table))
    out.print(Text("Written: " + "  ".join(str(path) for path in written)))


@app.command()
def vulnerable(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as hospital.")],
    cut_off: Annotated[
        float, typer.Option("--cut-off", metavar="MINUTES", help="What a person who is cut off counts in the ranking.")
    ] = 1440.0,
    output: Annotated[Path | None, typer.Option("--output", metavar="FOLDER", help="Where the files go.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Close every ferry, bridge, tunnel and road on its own: who is cut off from a service, or delayed, exactly.

    Tables (with lines to draw) and a map go to the folder vulnerable in the output of the study.
    """
    from geoaccess.study import load_study, printed_vulnerable, vulnerable_study, write_vulnerable

    loaded = load_study(study)
    found = vulnerable_study(loaded, service, cut_off_min=cut_off, show=not quiet)
    written = write_vulnerable(found, output or loaded.output / "vulnerable")
    if not quiet:
        *first, last = printed_vulnerable(found)
        for title, table in first:
            out.print(_rich(title, table))
        _print_table(*last, written, disclaimer=loaded.settings.disclaimer)


@app.command()
def reliability(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as hospital.")],
    draws: Annotated[int, typer.Option("--draws", help="How many.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same draws.")] = 0,
    season: Annotated[str | None, typer.Option("--season", help="Rows of the table that count; the study's.")] = None,
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="How often what is open (CSV); the study's.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Processes on this machine; 0 for this one.")] = None,
    scheduler: Annotated[str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A dask scheduler.")] = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FOLDER", help="Where the files go.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Draw closed ferries and passes: the time people can depend on, and the chance to meet the norms.

    The table says how often each is open, by season, and what closes together because the weather is the same. Results
    go to the folder reliability in the output of the study.
    """
    from geoaccess.study import load_study, printed_reliability, reliability_study, write_reliability

    loaded = load_study(study)
    found = reliability_study(
        loaded,
        service,
        draws=draws,
        seed=seed,
        season=season,
        table=table,
        workers=workers,
        scheduler=scheduler,
        show=not quiet,
    )
    written = write_reliability(found, output or loaded.output / "reliability")
    if not quiet:
        title = f"{draws} draws, {found.sets} different sets of closures"
        _print_table(title, printed_reliability(found), written, disclaimer=found.disclaimer)


@app.command()
def validate(
    study: StudyFile,
    reference: Annotated[
        Path | None, typer.Argument(metavar="[REFERENCE]", help="Published statistics, as CSV; see --template.")
    ] = None,
    *,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="Write a table (CSV) to fill in instead.")
    ] = None,
    form: Annotated[
        str, typer.Option("--form", help="tidy, or ssb12764: StatBank table 12764 as CSV or JSON-stat.")
    ] = "tidy",
    service: Annotated[
        str | None, typer.Option("--service", help="Which service of the study the StatBank table is about.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="Of the StatBank table; the latest as a rule.")] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Compute with another profile, such as ssb; the study's as a rule.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compare a study with published statistics: differences by municipality or class, and what explains them.

    A row of REFERENCE is one number: geography (municipality by number or name, "class 1" to "class 6", "everybody" or
    a region), service, statistic (mean, median, P1 to P99, share_within_30, people_beyond_60, ...), value, unit (min,
    share, % or people) and source. Rows that cannot be compared are listed with the reason.
    """
    from geoaccess.study import choose_reference, load_study, with_profile, write_reference_template, write_validation
    from geoaccess.study import validate_study as compare

    if (reference is None) == (template is None):
        raise InputError("name a table of published statistics, or a file to write with --template")
    loaded = load_study(study)
    if template is not None:
        count = write_reference_template(loaded, template)
        out.print(Text(f"wrote {template} with {count} rows; fill in values and sources, delete what is not published"))
        return
    assert reference is not None  # noqa: S101 - one of the two was named
    published = choose_reference(reference, form=form, service=service, year=year)
    found = compare(with_profile(study, profile) if profile else loaded, published, show=not quiet)
    written = write_validation(found, name=f"validation_{Path(profile).stem}" if profile else "validation")
    if not quiet:
        _print_validation(found)
        out.print(Text("Written: " + "  ".join(str(path) for path in written)))


@app.command()
def new(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The file to write, such as my-study.toml.")],
) -> None:
    """Write a commented study file to start from, with a copy of the car profile beside it."""
    from geoaccess.study import write_template

    for path in write_template(study):
        out.print(Text(f"wrote {path}"))
    out.print(Text(f"Edit it, then: geoaccess check {study}"))


@app.command()
def fetch(
    *,
    region: Annotated[str | None, typer.Argument(metavar="REGION", help="iceland, nord-norge or norge.")] = None,
    place: Annotated[
        str | None, typer.Option("--place", help='A small place instead, such as "Senja, Norway".')
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where downloads go.")] = Path("data/downloads"),
    force: Annotated[bool, typer.Option("--force", help="Download again what is there already.")] = False,
) -> None:
    """Download the open data of a region, or the roads and ferries of a place.

    The one command that needs the internet. What is there already is kept; a broken download goes on where it broke.
    What must be downloaded by hand is listed at the end.
    """
    if (region is None) == (place is None):
        raise InputError('name a region, or a place with --place "Senja, Norway"')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GeoaccessWarning)
        try:
            for path in _fetched(region, place, folder, force=force):
                out.print(Text(f"{path}"))
        finally:
            for warning in caught:
                if issubclass(warning.category, GeoaccessWarning):
                    out.print(Text(str(warning.message)))


@app.command()
def explain(
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[TAGS | STUDY]", help='Tags as JSON, such as \'{"highway": "track"}\', or a study.'),
    ] = None,
    *,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="car, car_winter, ambulance, ssb, or a .toml file; the study's, or car."),
    ] = None,
    way: Annotated[int | None, typer.Option("--way", help="A way of the study's extracts, by its number.")] = None,
    when: Annotated[
        str | None, typer.Option("--when", help="Decide seasons and conditions then: 2026-01-14T08:00.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read lines of tags as JSON, answer each by a line.")] = False,
) -> None:
    """Say what the tags of a road mean to a profile, and which rule decided.

    Tags of a node on the way are given under the key "node". Lines of --stdin that cannot be read are answered by
    {"error": ...}; the command goes on, and ends with exit code 2.
    """
    from geoaccess.osm.explain import explain as explain_tags
    from geoaccess.osm.explain import explain_way, read_moment, read_tags
    from geoaccess.osm.profile import find_profile, read_profile

    if sum((stdin, subject is not None)) != 1:
        raise InputError("give tags as JSON, or a study with --way, or --stdin with nothing else")
    moment = read_moment(when) if when else None
    if way is not None:
        from geoaccess.study import load_study

        if subject is None:
            raise InputError("--way needs a study: geoaccess explain configs/iceland.toml --way 12345")
        study = load_study(subject)
        rules = read_profile(find_profile(profile) if profile else study.profile)
        told = explain_way([study.resolve(name) for name in study.settings.network.osm], way, rules, when=moment)
        _print_explanation(told, as_json=as_json)
        return
    rules = read_profile(find_profile(profile or "car"))
    if stdin:
        _answer_lines(rules, moment)
        return
    assert subject is not None  # noqa: S101 - checked above
    if subject.endswith(".toml"):
        raise InputError(f"{subject}: a study needs --way with the number of the way to explain")
    tags, nodes = read_tags(subject)
    _print_explanation(explain_tags(tags, rules, nodes=nodes, when=moment), as_json=as_json)


def _answer_lines(rules: Profile, moment: datetime | None) -> None:
    from geoaccess.osm.explain import explain_line

    bad = False
    blank = 0
    for line in sys.stdin.buffer:
        if not line.strip():
            blank += 1  # an empty line is an error where lines follow, and nothing at the end
            continue
        answers = [{"error": "an empty line"}] * blank + [explain_line(line, rules, when=moment)]
        blank = 0
        bad = bad or any("error" in answer for answer in answers)
        for answer in answers:
            sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    if bad:
        raise typer.Exit(2)


def _print_explanation(told: Explanation, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told.details))
        return
    for line in told.lines:
        out.print(Text(line))


def _fetched(region: str | None, place: str | None, folder: Path, *, force: bool) -> list[Path]:
    from geoaccess.study.fetch import fetch as fetch_region
    from geoaccess.study.progress import downloads

    if region is not None:
        with downloads() as progress:
            return fetch_region(region, folder=folder, force=force, progress=progress)
    from geoaccess.network.place import fetch_place

    assert place is not None  # noqa: S101 - one of the two was named
    name = re.sub(r"\W+", "-", place.lower()).strip("-") or "place"
    path = folder / "places" / f"{name}.osm"
    if path.exists() and not force:
        raise InputError(f"{path} is there already; --force downloads it again")
    return [fetch_place(place, path)]


@app.command()
def route(
    study: StudyFile,
    *,
    start: Annotated[str, typer.Option("--from", metavar="LON,LAT", help="Where the journey begins.")],
    goal: Annotated[str, typer.Option("--to", metavar="LON,LAT", help="Where it ends.")],
    geojson: Annotated[Path | None, typer.Option("--geojson", help="Write the parts as lines to this file.")] = None,
) -> None:
    """Show the quickest journey between two places, part by part: how a doubted time is checked."""
    from geoaccess.study import load_study, route_table

    table = route_table(load_study(study), _lon_lat("--from", start), _lon_lat("--to", goal), geojson=geojson)
    out.print(_rich("", table))
    if geojson is not None:
        out.print(Text(f"wrote {geojson}"))


def _lon_lat(option: str, text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} {text!r}: give longitude and latitude in degrees, as 17.98,69.23") from None
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004
        raise InputError(f"{option} {text!r}: longitude comes first, then latitude, in degrees")
    return lon, lat


@app.command()
def serve(
    study: StudyFile,
    *,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Where to listen; 8642, or any that is free.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Open the planner: a page on which offices are added, moved and closed, and the answer is there at once.

    Only this machine can reach it, and only by the address that is printed. Nothing is sent anywhere, and nothing is
    kept but the plans that are saved, as scenario files in a folder beside the study.
    """
    from geoaccess.planner import serve as serve_study
    from geoaccess.study import load_study

    serve_study(load_study(study), tell=lambda line: out.print(Text(line)), port=port, browser=browser, show=not quiet)


def _print_main_result(answers: Answers) -> None:
    from geoaccess.study import main_table

    settings = answers.study.settings
    out.print()
    out.print(Text(settings.title, style="bold"))
    for line in (settings.disclaimer, settings.note):
        if line:
            out.print(Text(line, style="bold" if line == settings.disclaimer else ""))
    out.print(_rich("", main_table(answers)))
    if answers.sites_not_snapped:
        out.print(
            Text(f"Left out, with no road within {settings.snap.max_m:g} m: {', '.join(answers.sites_not_snapped)}")
        )
    out.print(Text(f"{answers.population:,.0f} people in, all accounted for. Written to {answers.study.output}:"))
    out.print(Text("  " + "  ".join(path.name for path in answers.files)))
    out.print(Text(f"Open {answers.study.output / 'index.html'} in a browser."))


def _print_validation(found: Validation) -> None:
    from geoaccess.study import validation_table

    settings = found.study.settings
    out.print(Text(f"{settings.title}: computed less published", style="bold"))
    for line in found.explanation:
        out.print(Text(f"  {line}"))
    out.print(_rich("", validation_table(found)))
    left = found.unmatched.groupby("reason", sort=False)["geography"].agg(["size", "first"])
    if len(left):
        out.print(Text(f"Not compared: {len(found.unmatched)} of {len(found.unmatched) + len(found.table)} rows"))
        for reason, count, first in left.head(_REASONS_SHOWN).itertuples():
            out.print(Text(f"  {count}, the first {first!r}: {reason}"))
        if len(left) > _REASONS_SHOWN:
            out.print(Text(f"  and {len(left) - _REASONS_SHOWN} reasons more, in validation_unmatched.csv"))


def _rich(title: str, frame: pd.DataFrame) -> Table:
    drawn = Table(title=Text(title) if title else None, title_justify="left")
    for name in frame.columns:
        drawn.add_column(Text(str(name)), justify="left" if frame[name].dtype.kind not in "if" else "right")
    for row in frame.itertuples(index=False):
        drawn.add_row(*(Text(value if isinstance(value, str) else f"{value:,.0f}") for value in row))
    return drawn


def main() -> None:
    """Run the command line; a mistake the user can mend ends in one message and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe on Windows cannot hold every letter of a name
    try:
        app(prog_name="geoaccess")
    except GeoaccessError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("error: ", "bold red"), str(error)))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
