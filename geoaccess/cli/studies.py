"""Commands that make, check, run and compare whole studies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoaccess.errors import InputError
from geoaccess.phrases import FALLBACK, Writer, language_code, text

if TYPE_CHECKING:
    from geoaccess.questions.validation.validate import Validation
    from geoaccess.scenarios import Scenario
    from geoaccess.study.answers import Answers
from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import Language, Quiet, Scheduler, StudyFile, app, opened
from geoaccess.cli.terminal import say
from geoaccess.extras import require_extra

_REASONS_SHOWN = 20

NewLanguage = Annotated[str, typer.Option("--language", help="Language of the study: en or nb.")]


@app.command()
def run(
    study: StudyFile,
    *,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compute a study and write its maps, figures and tables.

    Everything is written to the output folder of the study: report.html is for decision-makers, index.html a map to
    open in a browser (neither needs a network), run.json says how the results were made.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.study import run_study  # `--help` should be quick

    loaded = opened(study, language)
    answers = run_study(loaded, show=not quiet)
    _main_result(answers).show(as_json=as_json, quiet=quiet)


@app.command()
def report(
    study: StudyFile,
    *,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write the report of a study for decision-makers: report.html, and as PDF (with geoaccess[pdf]).

    report.pdf has at most 12 pages, and report-annex.pdf the long tables. The study is run first, unless its output
    folder holds a run of the same study, data and version.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.study import write_report

    loaded = opened(study, language)
    written, why_not = write_report(loaded, show=not quiet)
    answer = Answer.of("report", loaded)
    answer.disclaimer = ""
    if why_not and quiet and not as_json:
        say([why_not])
    answer.say(why_not)
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)


@app.command()
def check(
    study: StudyFile,
    scenarios: Annotated[
        list[Path] | None, typer.Argument(metavar="SCENARIO", help="Scenario files (TOML), checked with the study.")
    ] = None,
    *,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Read a study and all its inputs without computing travel times, and report what was found or is wrong.

    Scenarios are applied to it: what compare would refuse in them is found here.
    """
    from geoaccess.study import check as check_study

    loaded = opened(study, language)
    changes: list[Scenario] = []
    if scenarios:
        from geoaccess.scenarios import read_scenario

        changes = [read_scenario(path) for path in scenarios]
    answer = Answer.of("check", loaded)
    answer.disclaimer = ""
    answer.say(*(f"  {line}" for line in check_study(loaded)))
    if changes:
        from geoaccess.questions import check_scenarios  # every question there is, which no other study needs

        answer.say(*(f"  {line}" for line in check_scenarios(loaded, changes)))
    answer.say(text(loaded.settings.language, "terminal.c_ready", study=study))
    answer.figures["lacking"] = loaded.lacking
    answer.show(as_json=as_json)


@app.command()
def new(
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="The file to write, such as my-study.toml.")
    ] = None,
    *,
    country: Annotated[
        str | None, typer.Option("--country", help='A country, such as FI, FIN, "Faroe Islands" or Scotland.')
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="A part of the country, such as Bayern or NO-55 (ISO 3166-2).")
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option("--index", metavar="FILE", help="A newer list of extracts: Geofabrik's index-v1.json."),
    ] = None,
    language: NewLanguage = FALLBACK,
    as_json: AsJson = False,
) -> None:
    """Write a commented study file to start from, with a copy of the car profile beside it.

    With --country, a first study of a country from public data, and the table of its sources:

    \b
    geoaccess new --country FI
    geoaccess fetch finland.toml
    geoaccess run finland.toml
    """  # noqa: D301 - \\b keeps lines apart
    if country is not None:
        written, next_step = _new_country(study, country, region, index, language)
    elif study is None or region is not None or index is not None:
        raise InputError("name the file to write, such as my-study.toml, or a country with --country FI")
    else:
        from geoaccess.study import write_template

        written = write_template(study, language=language)
        next_step = text(language, "terminal.template_written", path=study)
    answer = Answer("new", language=language_code(language))
    answer.say(*(text(language, "terminal.wrote", path=path) for path in written), next_step)
    if as_json:
        answer.wrote(written)
    answer.show(as_json=as_json)


@app.command()
def example(
    name: Annotated[str, typer.Argument(metavar="NAME", help="iceland (a country) or troms (on a modelled network).")],
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="Where to; a folder of that name.")] = None,
    *,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Write a sample study with its data and scenarios into a folder, to check, run and change."""
    from geoaccess.study import write_example

    written = write_example(name, Path(name) if folder is None else folder)
    answer = Answer.of("example", opened(written[0], language))
    answer.disclaimer = ""
    answer.say(text(answer.language, "terminal.example_written", path=written[0]))
    answer.wrote(written)
    answer.show(as_json=as_json)


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
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Output folder.")] = Path("sweep"),
    cells: Annotated[bool, typer.Option("--cells", help="Also write the times of every cell.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            max=10_000,
            help="Processes on this machine; 0 computes in this one (default: one per core, where they pay).",
        ),
    ] = None,
    scheduler: Scheduler = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a sweep that was interrupted, or in which some failed.")
    ] = False,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
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

    What is finished is kept in the cache of the study: after an interruption, or once the cause of a failure is gone,
    the same command with --resume computes only the others. The same study under two spellings is computed once.

    Work is spread over the cores of this machine where that is quicker than one process by itself, or with --scheduler
    over those of a dask cluster: its workers (dask worker ADDRESS --nthreads 1) need the same version of geoaccess,
    with geoaccess[dask], and must see the study, all it reads and its cache under the same paths as this machine. Who
    holds the scheduler runs what they like on this machine and on the workers: name only one that you trust, in a
    network that you trust, or one by tls://, for which dask reads the certificates
    (DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ...__CLIENT__CERT and ...__CLIENT__KEY).
    """  # noqa: D301 - \\b keeps lines apart
    from geoaccess.questions import medians, sweep_studies, write_sweep
    from geoaccess.questions.sweep import refuse_clashes
    from geoaccess.study import combinations, read_variations
    from geoaccess.study import study_variations as vary_studies

    if vary and variations:
        raise InputError("--vary and --variations: give one of them")
    refuse_clashes(output)
    changes = combinations(vary or []) if variations is None else read_variations(variations)
    chosen = vary_studies(studies, changes)
    if language is not None:
        chosen = [replace(one, study=one.study.in_language(language)) for one in chosen]
    found = sweep_studies(chosen, workers=workers, scheduler=scheduler, cells=cells, resume=resume, show=not quiet)
    written = write_sweep(found, output)
    code = chosen[0].study.settings.language if chosen else FALLBACK
    disclaimers = dict.fromkeys(str(variation.study.settings.disclaimer) for variation in chosen)
    answer = Answer("sweep", language=code, disclaimer="\n".join(filter(None, disclaimers)))
    answer.table("figures", text(code, "terminal.t_sweep"), medians(found, language=code), found.table)
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)
    if len(found.failed):
        raise InputError(f"{len(found.failed)} of {len(chosen)} variations failed; status in {written[0]} says why")


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
        str | None, typer.Option("--service", help="The service of the study that the StatBank table is about.")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", min=1000, max=3000, help="Year of the StatBank table (default: the latest).")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Compute with another profile, such as ssb (default: the study's).")
    ] = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare a study with published statistics: differences by municipality or class, and what explains them.

    A row of REFERENCE is one number: geography (municipality by number or name, "class 1" and so on, "everybody" or
    a region), service, statistic (mean, median, P1 to P99, share_within_30, people_beyond_60, ...), value, unit (min,
    share, % or people) and source. Rows that cannot be compared are listed with the reason.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.questions import choose_reference, with_profile, write_reference_template, write_validation
    from geoaccess.questions import validate_study as compare
    from geoaccess.study.stamps import InputStamps

    if (reference is None) == (template is None):
        raise InputError("name a table of published statistics, or a file to write with --template")
    loaded = opened(study, language)
    if template is not None:
        count = write_reference_template(loaded, template)
        writer = Writer(loaded.settings.language, ("terminal",))
        answer = Answer.of("validate", loaded)
        answer.disclaimer = ""
        answer.say(writer.text("reference_written", path=template, n=writer.number(count)))
        answer.figures |= {"template": template, "rows": count}
        answer.show(as_json=as_json)
        return
    assert reference is not None  # noqa: S101 - one of the two was named
    stamps = InputStamps().also([reference])
    published = choose_reference(reference, form=form, service=service, year=year)
    found = compare(
        with_profile(study, profile).in_language(loaded.settings.language) if profile else loaded,
        published,
        stamps=stamps,
        show=not quiet,
    )
    written = write_validation(found, name=f"validation_{Path(profile).stem}" if profile else "validation")
    answer = _validation(found)
    answer.wrote(written)
    answer.show(as_json=as_json, quiet=quiet)


def _new_country(
    study: Path | None, country: str, region: str | None, index: Path | None, language: str
) -> tuple[list[Path], str]:
    from geoaccess.sources.countries import find_place, read_extracts
    from geoaccess.study.new_country import write_country_study

    place = find_place(country, region, extracts=read_extracts(index))
    path = study or Path(f"{place.slug}.toml")
    written = write_country_study(path, place, language=language)
    return written, text(language, "terminal.country_written", path=path)


def _main_result(answers: Answers) -> Answer:
    from geoaccess.study import main_table
    from geoaccess.study.doubtful_counts import doubtful_counts
    from geoaccess.study.results.summaries import main_figures

    settings = answers.study.settings
    answer = Answer.of("run", answers.study)
    writer = Writer(settings.language, ("terminal",))
    answer.say(settings.title, settings.note)
    answer.table("services", "", main_table(answers), main_figures(answers))
    if answers.sites_not_snapped:
        names = ", ".join(answers.sites_not_snapped)
        answer.say(writer.text("left_out", m=writer.plain(settings.snap.max_m), names=names))
    answer.say(*doubtful_counts(answers.study, writer))
    folder = answers.study.output
    if not any(path.suffix == ".tif" for path in answers.files):
        answer.say(writer["no_raster"])
    people, files = writer.people(answers.population), len(answers.files)
    answer.say(writer.text("accounted", n=people, files=files, folder=folder))
    answer.say(writer["files"], writer.text("open", path=folder / "index.html"))
    answer.figures |= {"population": answers.population, "sites_not_snapped": answers.sites_not_snapped}
    answer.figures |= {"output": folder, "results": answers.files}
    return answer


def _validation(found: Validation) -> Answer:
    from geoaccess.questions import validation_table

    settings = found.study.settings
    answer = Answer.of("validate", found.study)
    answer.disclaimer = ""  # it is part of the explanation
    writer = Writer(settings.language, ("validation",))
    answer.say(writer.text("title", title=settings.title))
    answer.say(*(f"  {line}" for line in found.explanation))
    answer.table("compared", "", validation_table(found), found.table)
    answer.data |= {"unmatched": found.unmatched, "summary": found.summary}
    left = found.unmatched.groupby("reason", sort=False)["geography"].agg(["size", "first"])
    if len(left):
        answer.say(writer.text("not_compared", n=len(found.unmatched), rows=len(found.unmatched) + len(found.table)))
        for reason, count, first in left.head(_REASONS_SHOWN).itertuples():
            answer.say(writer.text("why_not", n=count, first=first, reason=writer.note(reason)))
        if len(left) > _REASONS_SHOWN:
            answer.say(writer.text("more_reasons", n=len(left) - _REASONS_SHOWN))
    return answer
