"""Maps of the site that people have before and after a change: bases of ambulances, service areas, catchment areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess import maps, scenarios
from geoaccess.phrases import Writer
from geoaccess.questions.compare.runs_sites import new_and_closed

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.questions.compare.compare_measures import Measure
    from geoaccess.questions.compare.comparison import Compared
    from geoaccess.questions.scenario_run import ScenarioRun

__all__ = ["area_pictures", "chain_pictures", "draw_first", "drawn_sites", "not_nearest"]

_KINDS: tuple[tuple[maps.ChainKind, str], ...] = (("base", "nearest"), ("mode", "fastest"))
"""What is drawn of the chain, and of which measure of the ambulances."""


def drawn_sites(one: ScenarioRun, measure: Measure) -> gpd.GeoDataFrame:
    """Return the sites to draw of a service: those that the scenario leaves, those it adds, and those it closes.

    `change` is "", "new" or "closed"; `service` is the key of the measure.
    """
    known = one.base.answers.sites
    sites = one.sites[(one.sites["service"] == measure.service).to_numpy()]
    gone = known[(known["service"] == measure.service).to_numpy() & ~known.index.isin(one.sites.index[one.gives])]
    kept = sites[~sites.index.isin(gone.index)]
    return new_and_closed(kept, known, gone).assign(service=measure.spec.key)


def draw_first(
    path: Path,
    *,
    spec: ServiceSpec,
    kind: maps.ChainKind,
    cells: pd.DataFrame,
    first: pd.Series,
    sites: gpd.GeoDataFrame,
    writer: Writer,
    **drawn: Any,
) -> tuple[str, str]:
    """Draw what is first for each cell before and after a change; return the name of the map and what it shows.

    `drawn` is what else `geoaccess.maps.chain_map` takes.
    """
    maps.chain_map(path, service=spec, kind=kind, first=first, sites=sites, **drawn)
    names = {str(key): str(name) for key, name in sites["name"].items()}
    text = maps.chain_text(cells, service=spec, kind=kind, first=first, names=names, language=writer.language)
    return f"{spec.label}: {writer[f'chain_{kind}']}", text


def chain_pictures(
    compared: Compared, one: ScenarioRun, cells: pd.DataFrame, stem: Path, **drawn: Any
) -> list[tuple[str, str, Path]]:
    """Draw which base, and which mode, of the ambulances is first where a scenario makes it another for anybody.

    Returns
    -------
    Of each picture its heading, what it shows in a sentence, and the file: `stem`, with what is first and ".png".
    """
    found = []
    writer = Writer(compared.study.settings.language, ("comparison", "map"))
    measured = {(one.service, one.name): one for one in compared.measures if one.is_time}
    for spec in (spec for spec in compared.study.specs if spec.from_call):
        sites = drawn_sites(one, measured[spec.key, "nearest"])
        for kind, name in _KINDS:
            if (spec.key, name) not in measured:
                continue
            key = measured[spec.key, name].spec.key
            before, after = scenarios.sites_before_and_after(cells, service=key)
            if not (cells[spec.population].to_numpy() * (before != after).to_numpy()).any():
                continue
            path = stem.with_name(f"{stem.name}_{kind}.png")
            label, text = draw_first(
                path, spec=spec, kind=kind, cells=cells, results=one.base.results, first=after, before=before,
                sites=sites, writer=writer, **drawn,
            )  # fmt: skip
            found.append((label, writer.text("chain_alt", title=one.scenario.title, label=label, text=text), path))
    return found


def area_pictures(
    compared: Compared, one: ScenarioRun, cells: pd.DataFrame, moves: pd.DataFrame, stem: Path, **drawn: Any
) -> list[maps.AreaPart]:
    """Draw which site people have, of every other service of which a scenario gives anybody another.

    `moves` are those of all scenarios, as they may be shown. The site is the nearest, or of services with a rule the
    nearest of those that people may use. The file is `stem`, with the key of the service and ".png".
    """
    found = []
    study = compared.study
    writer = Writer(study.settings.language, ("comparison", "map"))
    moves = moves[moves["scenario"] == one.scenario.title]
    measured = {(some.service, some.name): some for some in compared.measures if some.is_time}
    for spec in (spec for spec in study.specs if not spec.from_call):
        kind: maps.ChainKind = "allowed" if (spec.key, "allowed") in measured else "nearest"
        measure = measured[spec.key, kind]
        mine = moves[(moves["service"] == spec.key) & (moves["measure"] == kind)]
        if mine.empty:
            continue
        before, after = scenarios.sites_before_and_after(cells, service=measure.spec.key)
        sites = drawn_sites(one, measure).assign(service=spec.key)
        path = stem.with_name(f"{stem.name}_{spec.key}.png")
        label, text = draw_first(
            path, spec=spec, kind=kind, cells=cells, results=one.base.results, first=after, before=before,
            sites=sites, writer=writer, **drawn,
        )  # fmt: skip
        alt = writer.text("area_alt", title=one.scenario.title, label=label, text=text)
        note = not_nearest(cells, spec.key, spec.population, writer) if kind == "allowed" else ""
        found.append(maps.AreaPart(label=label, text=alt, picture=path, moves=mine, note=note))
    return found


def not_nearest(cells: pd.DataFrame, key: str, population: str, writer: Writer) -> str:
    """Say for how many people the nearest site that they may use is not the nearest site."""
    farther = [
        float(cells[population][cells[f"{key}_allowed_{when}_s"] > cells[f"{key}_{when}_s"]].sum())
        for when in ("after", "before")
    ]
    if not any(farther):
        return ""
    return writer.text("area_not_nearest", n=writer.people(farther[0]), before=writer.people(farther[1]))
