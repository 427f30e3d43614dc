"""Commands that ask what if: scenarios, closures, the planner."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import Annotated

import typer

from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import InnerFolder, Language, Quiet, Scheduler, StudyFile, Workers, app, date, opened
from geoaccess.cli.notes import AsNote, add_note
from geoaccess.defaults import CUT_OFF_MIN, DEAD_END_M, INTERVAL_DRAWS
from geoaccess.errors import InputError
from geoaccess.extras import require_extra


@app.command()
def compare(
    study: Annotated[
        Path,
        typer.Argument(metavar="STUDY", help="A study file; or the first of several runs (study or results folder)."),
    ],
    scenarios: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCENARIO...", help="Scenario files (TOML), each compared with the study; or the other runs."
        ),
    ],
    *,
    together: Annotated[bool, typer.Option("--together", help="Apply all scenarios at once, in this order.")] = False,
    day: Annotated[
        str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="Let ferries sail by the timetable of this day.")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    output: InnerFolder = None,
    language: Language = None,
    note: AsNote = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare a study with itself under scenarios: whose travel time changes, by how much, and who crosses a norm.

    A scenario is a small TOML file: sites added, removed, moved or changed, roads and ferries closed or slowed, ferries
    cancelled, another profile, a storm, other people. Tables, difference maps and a page (index.html) go to the folder
    compare in the output of the study.

    Given two or more runs (results folders or studies: other years, grids or networks) instead, compare them one after
    the other: by municipality and class, and how much of each change is people and how much travel time. That goes to
    the folder compare_runs in the output of the last.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.phrases import text
    from geoaccess.questions import compare_study, comparison_lines, printed_comparison, printed_supplies
    from geoaccess.questions.compare.comparison import people_against_today
    from geoaccess.questions.compare.output import write_comparison
    from geoaccess.questions.compare.run_reading import is_run
    from geoaccess.questions.note.scenarios import note_of_comparison, refuse_many
    from geoaccess.scenarios import read_scenario
    from geoaccess.study.scenario_names import combine_in_study

    if study.is_dir() or any(map(is_run, scenarios)):
        if note:
            raise InputError("--note is for scenarios; runs are compared on a page of their own")
        if workers is not None or scheduler is not None:
            raise InputError("--workers and --scheduler are for scenarios; runs are compared in this process")
        shown = {"as_json": as_json, "quiet": quiet}
        _compare_runs([study, *scenarios], together=together, day=day, language=language, output=output, **shown)
        return
    loaded = opened(study, language)
    read = [read_scenario(path) for path in scenarios]
    if note:
        refuse_many(loaded, read[:1] if together else read)
    found = compare_study(
        loaded,
        [combine_in_study(loaded, read)] if together else read,
        day=date("--day", day) if day else None,
        workers=workers,
        scheduler=scheduler,
        show=not quiet,
    )
    written = write_comparison(found, output or loaded.output / "compare")
    answer = Answer.of("compare", loaded)
    for scenario, notes, changes in zip(found.scenarios, found.notes, comparison_lines(found), strict=True):
        answer.say(f"{scenario.title}:", *(f"  {line}" for line in (*changes, *notes)))
    others = people_against_today(found)
    if len(others):
        answer.table("years", text(answer.language, "runs.people_today"), others, found.tables["years"])
    for title, table in (("t_compare", printed_comparison(found)), ("t_supply", printed_supplies(found))):
        if title == "t_compare" or len(table):
            answer.table("everybody", text(answer.language, f"terminal.{title}"), table, found.tables["everybody"])
    answer.data |= {name: table for name, table in found.tables.items() if name != "everybody"}
    answer.wrote(written)
    if note:
        add_note(answer, note_of_comparison(found), output or loaded.output / "compare", of=found.base.answers)
    answer.show(as_json=as_json, quiet=quiet)


def _compare_runs(
    paths: list[Path],
    *,
    together: bool,
    day: str | None,
    language: str | None,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare runs with each other."""
    from geoaccess.questions import compare_runs, printed_runs
    from geoaccess.questions.compare.run_reading import is_run
    from geoaccess.questions.compare.runs_output import write_runs

    others = [str(path) for path in paths if not is_run(path)]
    if others:
        raise InputError(
            f"{others[0]} is no run (no folder of results, and no study file): compare runs with runs, or one study "
            "with scenarios"
        )
    if together or day:
        raise InputError("--together and --day are for scenarios; runs are compared as they were computed")
    if language is not None:
        raise InputError("--language: runs are compared in the language of the last one; leave it out")
    found = compare_runs(paths, show=not quiet)
    last = found.runs[-1].study
    written = write_runs(found, output or last.output / "compare_runs")
    answer = Answer.of("compare", last)
    answer.say(*found.notes)
    for title, table in printed_runs(found):
        answer.table("changes", title, table, found.changes)
    answer.data |= {"series": found.series, "moves": found.moves}
    answer.figures["runs"] = [run.name for run in found.runs]
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)


@app.command()
def vulnerable(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as hospital.")],
    cut_off: Annotated[
        float,
        typer.Option(
            "--cut-off",
            min=0,
            max=100_000,
            metavar="MINUTES",
            help="Minutes to count for a person who is cut off, in the ranking.",
        ),
    ] = CUT_OFF_MIN,
    dead_end: Annotated[
        float,
        typer.Option(
            "--dead-end",
            min=0,
            max=1_000_000,
            metavar="METRES",
            help="Less road than this behind a closing is a cul-de-sac, and not ranked.",
        ),
    ] = DEAD_END_M,
    together: Annotated[
        int, typer.Option("--together", help="Also close 2 or 3 of the first 200 links at once.", min=1, max=3)
    ] = 1,
    workers: Workers = None,
    scheduler: Scheduler = None,
    output: InnerFolder = None,
    language: Language = None,
    note: AsNote = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Close each ferry, bridge, tunnel and road in turn and compute exactly who is cut off or delayed.

    Tables (with lines to draw) and a map go to the folder vulnerable in the output of the study.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.background import background
    from geoaccess.questions import edge_sentence, printed_vulnerable, vulnerable_study, write_vulnerable
    from geoaccess.questions.vulnerability_output import MAP_IMPORTS

    loaded = opened(study, language)
    with background(imports=MAP_IMPORTS) as pool:
        found = vulnerable_study(
            loaded,
            service,
            cut_off_min=cut_off,
            dead_end_m=dead_end,
            together=together,
            workers=workers,
            scheduler=scheduler,
            show=not quiet,
        )
        written = write_vulnerable(found, output or loaded.output / "vulnerable", pool=pool)
    answer = Answer.of("vulnerable", loaded)
    for title, table in printed_vulnerable(found):
        answer.table("closings", title, table, found.table)
    answer.say(edge_sentence(found))
    answer.figures |= {"service": service, "cut_off_min": cut_off}
    answer.wrote(written)
    if note:
        from geoaccess.questions.note.placed import note_of_vulnerable

        stem = f"vulnerable_{service}_note"
        folder = output or loaded.output / "vulnerable"
        add_note(answer, note_of_vulnerable(found), folder, of=found.base.answers, stem=stem)
    answer.show(as_json=as_json, quiet=quiet)


@app.command()
def reliability(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as hospital.")],
    draws: Annotated[int, typer.Option("--draws", min=1, max=1_000_000, help="Number of draws.")] = INTERVAL_DRAWS,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="The same seed gives the same draws.")] = 0,
    season: Annotated[
        str | None, typer.Option("--season", help="Season whose rows to use (default: the study's).")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            "--table", metavar="FILE", help="CSV table: how often each ferry and pass is open (default: the study's)."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            max=10_000,
            help="Number of processes to spread the work over (default: only this one; one per core where more than "
            "1000 different sets of closures are drawn).",
        ),
    ] = None,
    scheduler: Scheduler = None,
    output: InnerFolder = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate closures of ferries and passes: travel times people can rely on, and the chance to meet the norms.

    The table says how often each is open, by season, and which close together because they share the weather. Results
    go to the folder reliability in the output of the study.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.phrases import Writer
    from geoaccess.questions import left_out_sentence, printed_reliability, reliability_study, write_reliability

    loaded = opened(study, language)
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
    answer = Answer.of("reliability", loaded)
    answer.disclaimer = found.disclaimer
    writer = Writer(answer.language, ("terminal",))
    title = writer.text("t_draws", draws=writer.number(draws), sets=writer.number(found.sets))
    answer.table("everybody", title, printed_reliability(found), found.everybody)
    answer.say(left_out_sentence(found))
    answer.data |= {"classes": found.classes, "municipalities": found.municipalities, "closures": found.closures}
    answer.figures |= {"service": service, "draws": found.draws, "seed": found.seed, "sets": found.sets}
    answer.figures["season"] = found.season
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)


@app.command()
def serve(
    study: StudyFile,
    *,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Port to listen on (default: 8642, or any that is free)."),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; any other than 127.0.0.1 needs --url.")
    ] = "127.0.0.1",
    url: Annotated[
        str | None,
        typer.Option("--url", help="Serve others: the https address of the reverse proxy in front of it."),
    ] = None,
    folder: Annotated[
        list[str] | None,
        typer.Option("--folder", help="With --url: name of a folder of plans with links of its own; may be repeated."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    language: Language = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Open the planner: a page on which sites are added, moved and closed, and the effect is shown at once.

    Only this machine can reach it, and only by the address that is printed. Nothing is sent anywhere, and nothing is
    kept except saved plans, as scenario files in a folder beside the study. With --url others reach it through a
    reverse proxy, by links to edit and links to read; see "Serve the planner for others" in the documentation.
    """
    require_extra("planner", to="serve the planner")
    from geoaccess.planner import serve as serve_study

    serve_study(
        opened(study, language),
        announce=typer.echo,
        port=port,
        host=host,
        url=url,
        folders=folder or (),
        browser=browser,
        show=not quiet,
    )
