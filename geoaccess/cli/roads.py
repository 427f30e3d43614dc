"""Commands about the network of a study: roads, ferries, tags, journeys, the day."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from geoaccess.errors import InputError
from geoaccess.phrases import Writer, note_in, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from geoaccess.osm.explain import Explanation
    from geoaccess.osm.profile import Profile
from geoaccess.cli.app import StudyFile, app, lon_lat, out, print_written, rich_table


@app.command()
def info(
    study: StudyFile,
    *,
    picture: Annotated[Path | None, typer.Option("--map", help="Draw the network into this PNG file.")] = None,
) -> None:
    """Describe the network of a study: roads, ferries, islands, rules applied, and what was left out."""
    from geoaccess.study import describe_network, draw_network, load_study

    loaded = load_study(study)
    for title, table in describe_network(loaded):
        out.print(rich_table(title, table, language=loaded.settings.language))
    if picture is not None:
        draw_network(loaded, picture)
        out.print(Text(text(loaded.settings.language, "terminal.wrote", path=picture)))


@app.command()
def ferries(
    study: StudyFile,
    *,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Also write a table (CSV) to correct and complete.")
    ] = None,
) -> None:
    """List every ferry with what was read, assumed and rejected.

    Corrections go into a table, which the study names with [network] ferries = "FILE".
    """
    from geoaccess.questions import list_ferries, write_ferries
    from geoaccess.study import load_study

    loaded = load_study(study)
    for title, table in list_ferries(loaded):
        out.print(rich_table(title, table, language=loaded.settings.language))
    if write:
        count = write_ferries(loaded, write)
        language = loaded.settings.language
        out.print(Text(text(language, "terminal.wrote_ferries", path=write, n=count, name=write.name)))


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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compute travel times through a day by departure time, with ferries sailing by timetable.

    Departures come from the study's table of ferries ([network] ferries) and GTFS feeds ([network] ferry_gtfs). A day
    of the week is the first ordinary one of the timetables. Several services and days are computed in one run.
    """
    from geoaccess.questions import overview_table, profile_days, sailing_table, short_table, write_day_profile
    from geoaccess.study import load_study

    loaded = load_study(study)
    found = profile_days(loaded, service, day, show=not quiet)
    written = [path for one in found for path in write_day_profile(loaded, one)]
    if quiet:
        return
    language = loaded.settings.language
    labels = {key: known.label for key, known in loaded.settings.services.items()}
    if loaded.settings.disclaimer:
        out.print(Text(loaded.settings.disclaimer, style="bold"))
    for number, one in enumerate(found):
        if number == 0 or one.day != found[number - 1].day:
            title = text(language, "terminal.t_sailing", day=Writer(language, ("terminal",)).day(one.day.isoformat()))
            out.print(rich_table(title, sailing_table(one, language=language), language=language))
            for name, why in one.left_out.items():
                out.print(Text(f"  {name}: {note_in(language, why)}"))
        title = text(language, "terminal.t_day", label=labels[one.service], day=one.day.isoformat())
        out.print(rich_table(title, short_table(one, language=language), language=language))
    if len(found) > 1:
        title = text(language, "terminal.t_profile_days")
        out.print(rich_table(title, overview_table(found, labels, language=language), language=language))
    print_written(written, language=language)


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
        int | None, typer.Option("--way", help="A way of the study's extracts, or a link of Ruteplan, by its number.")
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
) -> None:
    """Show the fastest route between two places, part by part, to check a travel time."""
    from geoaccess.study import load_study, route_table

    loaded = load_study(study)
    table = route_table(loaded, lon_lat("--from", start), lon_lat("--to", goal), geojson=geojson)
    out.print(rich_table("", table, language=loaded.settings.language))
    if geojson is not None:
        out.print(Text(text(loaded.settings.language, "terminal.wrote", path=geojson)))


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
    for line in [*found.lines, *(f"  boat      {line}" for line in waits)]:
        out.print(Text(line))
