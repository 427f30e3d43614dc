"""The answer to where ambulances should be: lines and tables to read, and files with a map to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess import maps
from geoaccess.arguments import checks_arguments
from geoaccess.frames import crs_of
from geoaccess.phrases import Writer
from geoaccess.study.results.output import drawn_below, figure_words, forms_of
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked, table_files, write_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.questions.vehicles import PlacedFleet

__all__ = ["drawn_bases", "fleet_lines", "fleet_tables", "fleet_texts", "write_fleet"]

_MUNICIPALITIES = 8
_LEAST = 0.5
"""Fewer people than half a person are not worth a line."""


@checks_arguments
def fleet_lines(answer: PlacedFleet) -> list[str]:
    """Return the answer in a few lines: norm, both shares before and after, how sure it is, and who loses."""
    return list(fleet_texts(answer).values())


def fleet_texts(answer: PlacedFleet) -> dict[str, str]:
    """Return the lines of the answer by what they are about, in the order in which they are shown."""
    fleet, question, effect = answer.fleet, answer.question, answer.effect
    writer = Writer(answer.study.settings.language, ("terminal", "siting"))
    missing = writer.significant(100 * (fleet.bound - fleet.value), 2)
    sure = writer["proved"] if fleet.proved else writer.text("points", n=missing)
    texts = {"norm": _norm(answer, writer)}
    if question.treatment is not None and question.treatment_min is not None:
        label = answer.study.settings.services[question.treatment].label
        texts["treatment"] = writer.text("fleet_treatment", label=label, norm=writer.plain(question.treatment_min))
    if question.move:
        texts["moved"] = writer.text(
            "fleet_moved", n=int(fleet.taken.sum()), most=question.move, add=question.vehicles_added
        )
    now, then = (writer.share(share) for share in (effect.within_now, effect.within_then))
    texts["within"] = writer.text("fleet_within", now=now, then=then)
    now, then, bound = (writer.share(share) for share in (fleet.now, fleet.value, fleet.bound))
    texts["expected"] = writer.text("fleet_now", now=now, then=then, busy=writer.share(question.busy, 0), sure=sure)
    texts["bound"] = writer.text("found_upper", method=writer.note(fleet.method), bound=bound)
    texts["losers"] = _losers(answer, writer)
    total = int(fleet.standing.sum())
    calls = writer.text("fleet_by", who=answer.spec.who) if answer.spec.who else writer["fleet_alike"]
    texts["assumed"] = writer.text("fleet_assumed", n=total, calls=calls, start=writer.threshold(answer.start_s))
    return texts


def _norm(answer: PlacedFleet, writer: Writer) -> str:
    spec = answer.spec
    if spec.norm_column and len(spec.norms_s) > 1:
        built_up, sparse = (writer.threshold(norm_s) for norm_s in spec.norms_s)
        return writer.text("fleet_norm_own", built_up=built_up, sparse=sparse)
    return writer.text("fleet_norm", norm=writer.norm(spec.norms_s))


def _losers(answer: PlacedFleet, writer: Writer) -> str:
    """Say who loses: people who can expect less, how many fall out of the norm, and where most of the losers live."""
    table = answer.effect.municipalities
    losing = table[table["people_losing"] > _LEAST].sort_values("people_losing", ascending=False, kind="stable")
    if losing.empty:
        return writer["fleet_nobody_loses"]
    names = [
        f"{row['municipality']} ({writer.people(float(row['people_losing']))})"
        for row in losing.head(3).to_dict("records")
    ]
    return writer.text(
        "fleet_loses",
        n=writer.people(float(table["people_losing"].sum())),
        out=writer.people(float(table["out_of_norm"].sum())),
        into=writer.people(float(table["into_norm"].sum())),
        gain=writer.people(float(table["people_gaining"].sum())),
        places=writer.listed(names),
    )


@checks_arguments
def fleet_tables(answer: PlacedFleet) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables as they are printed: bases, and the municipalities that gain or lose most."""
    writer = Writer(answer.study.settings.language, ("terminal",))
    table = answer.places[["name", "municipality", "today", "then", "stands", "base"]]
    stands = table["stands"].map({"yes": writer["base_stands"], "new": writer["base_new"]})
    bases = headed(table.assign(stands=stands).rename(columns={"then": "then_vehicles"}), writer.language)
    shown = _changed(answer.effect.municipalities)
    columns = ["into_norm", "out_of_norm", "people_gaining", "people_losing"]
    out = shown[["municipality", "population", *columns]].copy()
    for name in ("population", *columns):
        out[name] = out[name].map(writer.people)
    for name in ("share_within_now", "share_within_then", "share_expected_now", "share_expected_then"):
        out[name] = shown[name].map(writer.share)
    found = [(writer["t_bases"], bases)]
    return [*found, (writer["t_fleet_municipalities"], headed(out, writer.language))] if len(out) else found


def _changed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the municipalities in which most people gain or lose."""
    touched = table["people_gaining"] + table["people_losing"]
    order = touched.sort_values(ascending=False, kind="stable").index
    return table.loc[order][touched[order] > _LEAST].head(_MUNICIPALITIES)


@checks_arguments
def write_fleet(answer: PlacedFleet, folder: Path | None = None) -> list[Path]:
    """Write bases, classes and municipalities (CSV and Parquet), the scenario and a map, all or nothing.

    Returns
    -------
    The files.
    """
    where = answer.study.output if folder is None else folder
    stem = f"site_{answer.question.service}_vehicles"
    effect, disclaimer = answer.effect, answer.study.settings.disclaimer
    tables = {
        stem: answer.places,
        f"{stem}_classes": effect.classes,
        f"{stem}_municipalities": effect.municipalities,
    }
    names = [*table_files(*tables), f"{stem}.toml", *forms_of(f"{stem}.png")]
    with result_files(where, former=lambda: names, stamps=answer.answers.stamps) as temporary:
        for name, table in tables.items():
            write_table(marked(table, disclaimer), temporary / name)
        (temporary / f"{stem}.toml").write_text(answer.scenario, encoding="utf-8", newline="\n")
        _draw(answer, temporary / f"{stem}.png")
        return [where / name for name in names if (temporary / name).exists()]


def _draw(answer: PlacedFleet, path: Path) -> None:
    """Draw whose response time becomes shorter or longer, with bases that get vehicles and those left without."""
    study, answers = answer.study, answer.answers
    writer = Writer(study.settings.language, ("terminal", "siting"))
    heads = figure_words(study) | {"title": f"{study.settings.title}: {answer.spec.label}"}
    heads["subtitle"] = writer.text(
        "fleet_subtitle",
        now=writer.share(answer.effect.within_now),
        then=writer.share(answer.effect.within_then),
        norm=writer.norm(answer.spec.norms_s),
    )
    maps.difference_map(
        path,
        results=answers.results,
        cells=answer.effect.cells,
        service=answer.spec,
        sites=drawn_bases(answer),
        **drawn_below(answers),
        **heads,
    )


def drawn_bases(answer: PlacedFleet) -> gpd.GeoDataFrame:
    """Return the bases of today, with those left empty as closed, and those that are new."""
    import geopandas as gpd
    import pandas as pd

    key, places = answer.spec.key, answer.places
    ours = answer.answers.sites
    ours = ours[(ours["service"] == key).to_numpy()][["service", "name", "proxy", "geometry"]]
    empty = places.loc[places["then"] == 0, "base"]
    change = pd.Series("", ours.index).mask(ours.index.astype(str).isin(empty), "closed")
    new = places[places["stands"] == "new"]
    added = gpd.GeoDataFrame(
        {"service": key, "name": new["name"].to_numpy(), "proxy": False, "change": "new"},
        geometry=gpd.points_from_xy(new["lon"], new["lat"]),
        crs="EPSG:4326",
        index=pd.Index([f"{key}-new-{number}" for number in range(1, len(new) + 1)], name=ours.index.name),
    )
    joined: gpd.GeoDataFrame = pd.concat([ours.assign(change=change), added.to_crs(crs_of(ours))])
    return joined
