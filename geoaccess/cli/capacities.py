"""The command about sites that take only so many people."""

from __future__ import annotations

from typing import Annotated

import typer

from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import (
    Candidates,
    Exclude,
    Language,
    LeastPeople,
    OutputFolder,
    Quiet,
    SolverSeconds,
    StudyFile,
    app,
    opened,
)
from geoaccess.defaults import SOLVER_S
from geoaccess.extras import require_extra


@app.command()
def capacity(
    study: StudyFile,
    *,
    service: Annotated[str, typer.Option("--service", help="A service of the study, such as hospital.")],
    takes: Annotated[
        str | None,
        typer.Option(
            "--capacity",
            metavar="COLUMN|NUMBER",
            help="People that a site takes: a column of the sites, or a number (default: that of the study).",
        ),
    ] = None,
    norm: Annotated[
        float | None,
        typer.Option(
            "--norm", min=0, max=100_000, metavar="MIN", help="Norm in minutes (default: the first of the service)."
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order", metavar="COLUMN", help="Column by which sites take people, lowest first (default: as listed)."
        ),
    ] = None,
    add: Annotated[int, typer.Option("--add", max=10_000, min=0, help="How many sites to add.")] = 0,
    new_capacity: Annotated[
        float | None,
        typer.Option("--new-capacity", min=0, max=1e10, metavar="NUMBER", help="People that each added site takes."),
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            "--objective", help="norm: most people served within the norm; minutes: least travel time of all."
        ),
    ] = "norm",
    candidates: Candidates = "settlements",
    least_people: LeastPeople = 200.0,
    exclude: Exclude = None,
    seconds: SolverSeconds = SOLVER_S,
    output: OutputFolder = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Count who is covered when sites take only so many people each, and find where to add some.

    Sites take people in turn, each its nearest within the norm until it is full. With --add, people are shared out
    between sites for the good of all instead, before and after: the places are the best, or the answer says by how much
    it can miss them. The answer is also written as a scenario, capacity_SERVICE.toml.
    """
    if add:
        require_extra("siting", to="prove that a choice of sites is the best")
    from geoaccess.questions import (
        CapacityQuestion,
        capacity_lines,
        capacity_study,
        capacity_tables,
        write_capacity,
    )

    loaded = opened(study, language)
    question = CapacityQuestion(
        service=service,
        capacity=takes,
        norm_min=norm,
        order=order,
        add=add,
        new_capacity=new_capacity,
        objective=objective,
        candidates=candidates,
        least_people=least_people,
        exclude=exclude,
        seconds=seconds,
    )
    found = capacity_study(loaded, question, show=not quiet)
    written = write_capacity(found, output)
    answer = Answer.of("capacity", loaded)
    answer.say(*capacity_lines(found))
    data = {"sites": found.sites, "places": found.places}
    for (name, table), (title, shown) in zip(data.items(), capacity_tables(found), strict=False):
        answer.table(name, title, shown, table)
    answer.figures |= {"service": service, "norm_s": found.norm_s, "people": found.people, "covered": found.covered}
    if found.found is not None:
        answer.figures |= {"now": found.found.now, "value": found.found.value, "bound": found.found.bound}
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)
