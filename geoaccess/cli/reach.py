"""Commands for times and areas to go on with elsewhere: all pairs of cells and sites, and what is within reach."""

from __future__ import annotations

from typing import Annotated

import typer

from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import Language, OutputFolder, Quiet, StudyFile, app, lon_lat, minutes_list, names, opened
from geoaccess.defaults import BUFFER_M


@app.command()
def matrix(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as gp.")],
    site: Annotated[
        str, typer.Option("--site", metavar="SITE,SITE", help="Some of its sites only, by name or id (default: all).")
    ] = "",
    output: OutputFolder = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write the travel times between all cells and all sites of a service, as Parquet, of any size.

    matrix_SERVICE.parquet has a row for each cell and site: cell_id, site_id and travel_time_s, seconds in the
    direction of the service (of ambulances from the call), null where there is no way. It is written piece by piece, so
    that memory does not limit it.
    """
    from geoaccess.questions import matrix_lines, write_matrix  # `--help` should be quick

    loaded = opened(study, language)
    written = write_matrix(loaded, service, sites=names(site), folder=output, show=not quiet)
    answer = Answer.of("matrix", loaded)
    answer.say(*matrix_lines(written))
    answer.figures |= {"service": service, "direction": written.spec.direction, "cells": written.cells}
    answer.figures |= {"sites": written.sites, "pairs": written.pairs, "without_time": written.without_time}
    answer.wrote([written.path])
    answer.show(as_json=as_json, quiet=quiet)


@app.command()
def isochrones(
    study: StudyFile,
    *,
    service: Annotated[
        str | None, typer.Option("--service", help="A service of the study, such as hospital: all its sites.")
    ] = None,
    minutes: Annotated[str, typer.Option("--minutes", metavar="30,60,90", help="Minutes, with commas.")] = "30,60,90",
    site: Annotated[
        str, typer.Option("--site", metavar="SITE,SITE", help="Some of its sites only, by name or id.")
    ] = "",
    place: Annotated[str | None, typer.Option("--from", metavar="LON,LAT", help="A place instead of sites.")] = None,
    direction: Annotated[
        str | None,
        typer.Option(
            "--direction",
            help="to_sites or to_people (default: that of the service; of a place to_people, away from it).",
        ),
    ] = None,
    buffer: Annotated[
        float,
        typer.Option("--buffer", min=0, max=1_000_000, metavar="METRES", help="How far people walk to a road at most."),
    ] = BUFFER_M,
    output: OutputFolder = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Draw the areas within some minutes of a service, a site or a place, and count the people in them.

    isochrones_SERVICE.gpkg has a layer of areas, each holding those of shorter times, and a layer of rings between
    them. An area lies along roads that are reached in time, as wide as people can walk in what is left of it (--buffer
    at most), on land only: not along ferries, and not across water. People are counted by the exact times of their
    cells; some may live farther from a road than the area is wide.
    """
    from geoaccess.questions import isochrone_study, isochrone_tables, write_isochrones

    loaded = opened(study, language)
    found = isochrone_study(
        loaded,
        service,
        minutes=minutes_list("--minutes", minutes),
        sites=names(site),
        place=None if place is None else lon_lat("--from", place),
        direction=direction,  # type: ignore[arg-type] # checked where it is used
        buffer_m=buffer,
        show=not quiet,
    )
    written = write_isochrones(found, output)
    answer = Answer.of("isochrones", loaded)
    for title, table in isochrone_tables(found):
        answer.table("isochrones", title, table, found.table)
    answer.figures |= {"service": service, "direction": found.direction, "buffer_m": buffer}
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)
