"""Commands that ask where the next site, office day or vehicle should be."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from geoaccess.defaults import OFFICE_STAFF, SHARE_WITHIN, SOLVER_S, UNREACHED_MIN

if TYPE_CHECKING:
    from geoaccess.questions.siting.question import Question
    from geoaccess.scenarios import Scenario
    from geoaccess.study.settings.study_file import Study
from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import (
    Candidates,
    Exclude,
    Language,
    LeastPeople,
    OutputFolder,
    Quiet,
    Scheduler,
    SolverSeconds,
    StudyFile,
    Workers,
    app,
    names,
    opened,
)
from geoaccess.cli.notes import AsNote, add_note
from geoaccess.errors import InputError
from geoaccess.extras import require_extra

_OF_WEEK = ("now_h", "patients_h", "staff_h", "saved_h", "bound_h", "method")
_OF_PLACED = ("closed", "frontier", "alternatives", "classes", "municipalities")


class _SiteCommand(TyperCommand):
    """Names the objectives in its help, which are known where they are computed: read when somebody asks for help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help with a line for every objective."""
        from geoaccess.questions.siting.objectives import OBJECTIVES

        width = max(map(len, OBJECTIVES)) + 3
        lines = "\n".join(f"{name:{width}}{one.summary}" for name, one in OBJECTIVES.items())
        self.help = (self.help or "").replace("OBJECTIVES", lines)
        super().format_help(ctx, formatter)


@app.command(cls=_SiteCommand)
def site(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as gp.")],
    add: Annotated[int, typer.Option("--add", max=10_000, min=0, help="How many sites to add.")] = 1,
    close: Annotated[int, typer.Option("--close", max=10_000, min=0, help="How many existing sites to close.")] = 0,
    objective: Annotated[str, typer.Option("--objective", help="What to aim at; see above.")] = "minutes",
    norm: Annotated[
        float | None,
        typer.Option(
            "--norm", min=0, max=100_000, metavar="MIN", help="Norm in minutes (default: the first of the service)."
        ),
    ] = None,
    share: Annotated[
        float,
        typer.Option("--share", min=0, max=1, help="Share of people to bring within the norm (objective: fewest)."),
    ] = SHARE_WITHIN,
    aversion: Annotated[
        float, typer.Option("--aversion", min=0, max=100, help="Aversion to inequality, above 0 (objective: fair).")
    ] = 1.0,
    alpha: Annotated[
        float,
        typer.Option("--alpha", min=0, max=10, help="Power of the time beyond the norm: 1 or 2 (objective: beyond)."),
    ] = 1.0,
    quantile: Annotated[
        float,
        typer.Option(
            "--quantile",
            min=0,
            max=1,
            help="Quantile to minimise: 1 is the longest time, 0.9 is P90 (objective: worst).",
        ),
    ] = 1.0,
    classes: Annotated[
        str,
        typer.Option(
            "--classes", metavar="5,6", help="Count people of these centrality classes only (objective: worst)."
        ),
    ] = "",
    candidates: Annotated[
        str,
        typer.Option(
            "--candidates", help="Candidate places: cells, settlements, or a file with lon and lat (or points)."
        ),
    ] = "cells",
    least_people: LeastPeople = 200.0,
    exclude: Exclude = None,
    unreached: Annotated[
        float,
        typer.Option(
            "--unreached",
            min=0,
            max=100_000,
            metavar="MIN",
            help="Minutes to count for a person who cannot reach any site.",
        ),
    ] = UNREACHED_MIN,
    max_loss: Annotated[
        float | None,
        typer.Option(
            "--max-loss",
            min=0,
            max=100_000,
            metavar="MIN",
            help="Largest mean loss allowed for any centrality class, in minutes (with --close).",
        ),
    ] = None,
    method: Annotated[str, typer.Option("--method", help="auto, exact, exchange or greedy.")] = "auto",
    seconds: SolverSeconds = SOLVER_S,
    output: OutputFolder = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary", metavar="SETTING=VALUE,VALUE", help="Futures, as in sweep: minimise the maximum regret over all."
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="FILE",
            help="Ask in this scenario. Several are futures: minimise the maximum regret; today is the study as it is.",
        ),
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    language: Language = None,
    note: AsNote = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the best places for more sites of a service, and say how sure that is.

    \b
    OBJECTIVES

    Existing sites are kept unless --close allows some to be closed. The answer is also written as a scenario,
    site_SERVICE.toml.

    \b
    The 90th percentile of the people of classes 5 and 6:
      geoaccess site STUDY --service gp --add 2 --objective worst --quantile 0.9 --classes 5,6
    Two to add and six to close, no class losing more than half a minute on average:
      geoaccess site STUDY --service gp --add 2 --close 6 --max-loss 0.5
    Never far from the best, today and in a storm:
      geoaccess site STUDY --service gp --add 2 --scenario today --scenario storm.toml
    """  # noqa: D301 - \\b keeps lines apart
    require_extra("siting", to="prove that a choice of sites is the best")
    require_extra("maps", to="draw maps and figures")
    from geoaccess.questions import Question, placed_lines, placed_tables, site_study, write_placed
    from geoaccess.scenarios import read_scenario

    loaded = opened(study, language)
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
        classes=tuple(name.strip() for name in classes.split(",") if name.strip()),
        unreached_min=unreached,
        max_loss_min=max_loss,
        candidates=candidates,
        least_people=least_people,
        exclude=exclude,
        method=method,  # type: ignore[arg-type] # checked where it is used
        seconds=seconds,
    )
    if vary or len(changes) > 1:
        if note:
            raise InputError("--note is for one future; leave out --vary, and give one --scenario at most")
        where = {"workers": workers, "scheduler": scheduler}
        _site_futures(loaded, vary or [], changes, question, output, where=where, as_json=as_json, quiet=quiet)
        return
    if workers is not None or scheduler is not None:
        raise InputError("--workers and --scheduler are for several futures: give --vary, or more than one --scenario")
    placed = site_study(loaded, question, scenario=changes[0] if changes else None, show=not quiet)
    written = write_placed(placed, output)
    answer = Answer.of("site", loaded)
    answer.say(*placed_lines(placed))
    for title, table in placed_tables(placed):
        answer.table("places", title, table, placed.places)
    answer.data |= {name: getattr(placed, name) for name in _OF_PLACED}
    answer.figures |= {"service": service, "objective": objective, "now": placed.found.now, "value": placed.found.value}
    answer.figures |= {"bound": placed.found.bound, "method": placed.found.method}
    answer.wrote(written)
    if note:
        from geoaccess.questions.note.placed import note_of_placed

        stem = f"site_{service}_note"
        add_note(answer, note_of_placed(placed), output or loaded.output, of=placed.before, stem=stem)
    answer.show(as_json=as_json, quiet=quiet)


@app.command(name="office-days")
def office_days(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as gp.")],
    days: Annotated[int, typer.Option("--days", max=10_000, min=1, help="Office days per week to distribute.")],
    main_offices: Annotated[
        str,
        typer.Option("--from", metavar="SITE,SITE", help="Main offices that the staff drive from, by name or id."),
    ],
    again: Annotated[
        str, typer.Option("--again", metavar="SITE,SITE", help="Sites whose days are redistributed, by name or id.")
    ] = "",
    municipality: Annotated[
        str, typer.Option("--municipality", metavar="NAME,NAME", help="Consider places in these municipalities only.")
    ] = "",
    visits: Annotated[
        float | None,
        typer.Option("--visits", min=0, max=1000, help="Visits per person and year (default: the study's, else 3)."),
    ] = None,
    can_wait: Annotated[
        float, typer.Option("--can-wait", min=0, max=1, help="Share of visits for which people can choose the day.")
    ] = 0.7,
    staff: Annotated[
        float,
        typer.Option(
            "--staff",
            min=0,
            max=10_000,
            help="Number of staff who drive; an hour of theirs counts like an hour of a patient.",
        ),
    ] = OFFICE_STAFF,
    even: Annotated[bool, typer.Option("--even", help="The same number of offices each day.")] = False,
    candidates: Candidates = "settlements",
    least_people: LeastPeople = 50.0,
    exclude: Exclude = None,
    seconds: SolverSeconds = SOLVER_S,
    output: OutputFolder = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Distribute satellite-office days over places and weekdays, so that patients and staff travel least.

    Visits that cannot wait fall on any weekday and go to the nearest office open that day; for the others people choose
    the day. The answer is also written as a scenario, site_SERVICE_days.toml.
    """
    require_extra("siting", to="prove that a choice of sites is the best")
    from geoaccess.questions import DayQuestion, days_lines, days_study, days_tables, write_days

    loaded = opened(study, language)
    question = DayQuestion(
        service=service,
        days=days,
        main=names(main_offices),
        redistribute=names(again),
        municipality=names(municipality),
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
    told = Answer.of("office-days", loaded)
    told.say(*days_lines(answer))
    for title, table in days_tables(answer):
        told.table("places", title, table, answer.places)
    told.data["frontier"] = answer.frontier
    told.figures |= {"service": service, "days": days, "unreached": answer.unreached}
    told.figures |= {name: getattr(answer.week, name) for name in _OF_WEEK}
    told.wrote(written)
    told.show(as_json=as_json, quiet=quiet)


@app.command()
def vehicles(
    study: StudyFile,
    *,
    add: Annotated[
        int | None,
        typer.Option("--add", max=10_000, min=0, help="How many vehicles to add (default: one, or none with --move)."),
    ] = None,
    move: Annotated[
        int,
        typer.Option("--move", max=10_000, min=0, help="How many vehicles may move to another base, or to a new one."),
    ] = 0,
    service: Annotated[
        str, typer.Option("--service", help="The service whose sites are the bases.")
    ] = "ambulance_base",
    busy: Annotated[
        float, typer.Option("--busy", min=0, max=1, help="Share of the time that a vehicle is busy.")
    ] = 0.3,
    norm: Annotated[
        float | None,
        typer.Option(
            "--norm",
            min=0,
            max=100_000,
            metavar="MIN",
            help="Norm in minutes from the call to arrival, the same everywhere (default: that of each cell).",
        ),
    ] = None,
    treatment: Annotated[
        str | None, typer.Option("--treatment", help="A service that can treat, such as hospital.")
    ] = None,
    treatment_min: Annotated[
        float | None,
        typer.Option("--treatment-min", min=0, max=100_000, help="Norm in minutes from the call to treatment."),
    ] = None,
    standing: Annotated[
        int | None,
        typer.Option(
            "--standing", max=10_000, min=0, help="Vehicles at each base today (default: as [ambulance] says, else 1)."
        ),
    ] = None,
    candidates: Candidates = "settlements",
    least_people: LeastPeople = 200.0,
    exclude: Exclude = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FILE",
            help="Times of the ambulance chain (default: those of the study, else the shipped ones).",
        ),
    ] = None,
    seconds: SolverSeconds = SOLVER_S,
    output: OutputFolder = None,
    language: Language = None,
    note: AsNote = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find where ambulances should be added, or moved to, so that most people have a free one in time (MEXCLP).

    A vehicle may join an existing base or start a new one. The answer names the norm, the share of people within it
    were a vehicle always free, the expected share with vehicles that may be out, and who gains and who loses. With
    --treatment, the drive on to treatment counts as well.
    """
    require_extra("siting", to="prove that a choice of sites is the best")
    from geoaccess.questions import FleetQuestion, fleet_lines, fleet_study, fleet_tables, write_fleet

    loaded = opened(study, language)
    question = FleetQuestion(
        service=service,
        add=add,
        move=move,
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
    told = Answer.of("vehicles", loaded)
    told.say(*fleet_lines(answer))
    data = {"bases": answer.places, "municipalities": answer.effect.municipalities}
    for (name, table), (title, shown) in zip(data.items(), fleet_tables(answer), strict=False):
        told.table(name, title, shown, table)
    told.figures |= {"service": service, "add": answer.question.vehicles_added, "move": move}
    told.figures |= {"norm_s": list(answer.spec.norms_s), "start_s": answer.start_s}
    told.figures |= {"within_now": answer.effect.within_now, "within_then": answer.effect.within_then}
    told.figures |= {"now": answer.fleet.now, "value": answer.fleet.value}
    told.figures |= {"bound": answer.fleet.bound, "method": answer.fleet.method}
    told.wrote(written)
    if note:
        from geoaccess.questions.note.placed import note_of_fleet

        stem = f"site_{service}_vehicles_note"
        add_note(told, note_of_fleet(answer), output or loaded.output, of=answer.answers, stem=stem)
    told.show(as_json=as_json, quiet=quiet)


def _site_futures(
    study: Study,
    varied: list[str],
    changes: list[Scenario | None],
    question: Question,
    output: Path | None,
    *,
    where: dict[str, Any],
    as_json: bool,
    quiet: bool,
) -> None:
    from geoaccess.questions import futures_lines, futures_tables, site_futures, write_futures
    from geoaccess.study import combinations
    from geoaccess.study import study_variations as vary_studies

    variations = vary_studies([study.path], combinations(varied)) if varied else []
    answer = site_futures(study, question, variations=variations, scenarios=changes, show=not quiet, **where)
    written = write_futures(answer, output)
    told = Answer("site", study, answer.language, answer.disclaimer)
    told.say(*futures_lines(answer))
    for title, table in futures_tables(answer):
        told.table("places", title, table, answer.places)
    told.data |= {"futures": answer.futures, "frontier": answer.frontier}
    told.figures |= {"service": question.service, "worst_regret": answer.regret.worst, "bound": answer.regret.bound}
    told.figures |= {"method": answer.regret.method}
    told.wrote(written)
    told.show(as_json=as_json, quiet=quiet)
