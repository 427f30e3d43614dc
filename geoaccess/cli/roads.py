"""Commands about the network of a study: roads, ferries, tags, journeys, the day."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from geoaccess.errors import InputError
from geoaccess.phrases import Writer, note_in, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from geoaccess.osm.explain import Explanation
    from geoaccess.osm.profile import Profile
from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import Language, Quiet, StudyFile, app, lon_lat, opened
from geoaccess.cli.terminal import say


@app.command()
def info(
    study: StudyFile,
    *,
    picture: Annotated[Path | None, typer.Option("--map", help="Draw the network into this PNG file.")] = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Describe the network of a study: roads, ferries, islands, rules applied, and what was left out."""
    from geoaccess.study import draw_network
    from geoaccess.study.results.summaries import network_tables

    if picture is not None and picture.suffix.lower() != ".png":  # no program would open it by another name
        raise InputError(f"--map {picture}: is drawn as PNG; end the name on .png")
    loaded = opened(study, language)
    answer = Answer.of("info", loaded)
    answer.disclaimer = ""
    for one in network_tables(loaded):
        answer.table(one.key, one.title, one.shown, one.data)
    if picture is not None:
        draw_network(loaded, picture)
        answer.wrote([picture])
    answer.show(as_json=as_json)


@app.command()
def ferries(
    study: StudyFile,
    *,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Also write a table (CSV) to correct and complete.")
    ] = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """List every ferry with what was read, assumed and rejected.

    Corrections go into a table, which the study names with [network] ferries = "FILE".
    """
    from geoaccess.questions import list_ferries, write_ferries
    from geoaccess.questions.ferries import ferry_figures

    loaded = opened(study, language)
    answer = Answer.of("ferries", loaded)
    answer.disclaimer = ""
    for title, table in list_ferries(loaded):
        answer.table("ferries", title, table)
    answer.data |= ferry_figures(loaded)
    if write:
        count = write_ferries(loaded, write)
        answer.say(text(answer.language, "terminal.wrote_ferries", path=write, n=count, name=write.name))
        answer.figures |= {"table": write, "rows": count}
    answer.show(as_json=as_json)


@app.command()
def profile(
    study: StudyFile,
    *,
    service: Annotated[
        list[str],
        typer.Option("--service", help="A service of the study, such as legevakt; may be given several times."),
    ],
    day: Annotated[
        list[str],
        typer.Option(
            "--day",
            metavar="YYYY-MM-DD",
            help="The day, such as 2026-01-14, or a day of the week (sunday); may be given several times.",
        ),
    ],
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compute travel times through a day by departure time, with ferries sailing by timetable.

    Departures come from the study's table of ferries ([network] ferries) and GTFS feeds ([network] ferry_gtfs). A day
    of the week is the first ordinary one of the timetables. Several services and days are computed in one run.
    """
    from geoaccess.questions import overview_table, profile_days, sailing_table, short_table, write_day_profile

    loaded = opened(study, language)
    found = profile_days(loaded, service, day, show=not quiet)
    answer = Answer.of("profile", loaded)
    code = answer.language
    labels = {key: known.label for key, known in loaded.settings.services.items()}
    several = len(found) > 1
    for number, one in enumerate(found):
        of_day = one.day.isoformat()
        if number == 0 or one.day != found[number - 1].day:
            key = f"ferries {of_day}" if several else "ferries"
            title = text(code, "terminal.t_sailing", day=Writer(code, ("terminal",)).day(of_day))
            answer.table(key, title, sailing_table(one, language=code), one.ferries)
            answer.say(*(f"  {name}: {note_in(code, why)}" for name, why in one.left_out.items()))
        key = f"classes {one.service} {of_day}" if several else "classes"
        day_written = Writer(code, ("terminal",)).day(of_day)
        title = text(code, "terminal.t_day", label=labels[one.service], day=day_written)
        answer.table(key, title, short_table(one, language=code), one.by_class)
    if several:
        title = text(code, "terminal.t_profile_days")
        answer.table("overview", title, overview_table(found, labels, language=code))
    days = [{"service": one.service, "day": one.day, "left_out": one.left_out} for one in found]
    answer.figures["profiles"] = days
    answer.wrote(path for one in found for path in write_day_profile(loaded, one))
    answer.show(as_json=as_json, quiet=quiet)


@app.command()
def explain(
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[TAGS | STUDY]", help='Tags as JSON, such as \'{"highway": "track"}\', or a study.'),
    ] = None,
    *,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", help="car, car_winter, ambulance, ssb, or a .toml file (default: the study's, or car)."
        ),
    ] = None,
    way: Annotated[
        int | None,
        typer.Option(
            "--way",
            min=-(2**63 - 1),
            max=2**63 - 1,
            help="A way of the study's extracts, or a link of Ruteplan, by its number.",
        ),
    ] = None,
    when: Annotated[
        str | None, typer.Option("--when", help="Decide seasons and conditions at this time: 2026-01-14T08:00.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read lines of tags as JSON, answer each by a line.")] = False,
) -> None:
    """Explain what the tags of a road mean to a profile, and which rule decided.

    Tags of a node on the way are given under the key "node". Lines of --stdin that cannot be read are answered by
    {"error": ...}; the command goes on, and ends with exit code 2.
    """
    from geoaccess.osm.explain import explain as explain_tags
    from geoaccess.osm.explain import explain_way, read_moment, read_tags
    from geoaccess.osm.profile import find_profile, read_profile
    from geoaccess.osm.values import is_ferry

    if sum((stdin, subject is not None)) != 1:
        raise InputError("give tags as JSON, or a study with --way, or --stdin with nothing else")
    moment = read_moment(when) if when else None
    if way is not None:
        from geoaccess.study import load_study

        if subject is None:
            raise InputError("--way needs a study: geoaccess explain configs/iceland.toml --way 12345")
        study = load_study(subject)
        rules = read_profile(find_profile(profile) if profile else study.profile)
        if study.nvdb is not None:
            from geoaccess.nvdb import explain_link

            found = explain_link(study.nvdb, way, rules, when=moment)
        else:
            found = explain_way([study.resolve(name) for name in study.settings.network.osm], way, rules, when=moment)
        from geoaccess.questions import ferry_waits

        _print_explanation(found, as_json=as_json, waits=ferry_waits(study, way) if is_ferry(found.tags) else ())
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


@app.command()
def route(
    study: StudyFile,
    *,
    start: Annotated[str, typer.Option("--from", metavar="LON,LAT", help="Start of the route.")],
    goal: Annotated[str, typer.Option("--to", metavar="LON,LAT", help="End of the route.")],
    geojson: Annotated[Path | None, typer.Option("--geojson", help="Write the parts as lines to this file.")] = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Show the fastest route between two places, part by part, to check a travel time."""
    from geoaccess.study.results.summaries import journey, journey_table

    loaded = opened(study, language)
    parts = journey(loaded, lon_lat("--from", start), lon_lat("--to", goal))
    answer = Answer.of("route", loaded)
    answer.disclaimer = ""
    answer.table("parts", "", journey_table(loaded, parts, geojson=geojson), parts)
    answer.figures |= {"travel_time_s": parts["travel_time_s"].sum(), "length_m": parts["length_m"].sum()}
    answer.wrote([] if geojson is None else [geojson])
    answer.show(as_json=as_json)


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


def _print_explanation(found: Explanation, *, as_json: bool, waits: Sequence[str] = ()) -> None:
    if as_json:
        typer.echo(json.dumps(found.details | ({"waits": [*waits]} if waits else {})))
        return
    say([*found.lines, *(f"  boat      {line}" for line in waits)])
