"""Commands for times and areas to go on with elsewhere: all pairs of cells and sites, and what is within reach."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import Annotated

import typer

from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import Language, StudyFile, app, names, opened


@app.command()
def matrix(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as gp.")],
    site: Annotated[
        str, typer.Option("--site", metavar="SITE,SITE", help="Some of its sites only, by name or id (default: all).")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FOLDER", help="Output folder (default: the study's).")
    ] = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
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
