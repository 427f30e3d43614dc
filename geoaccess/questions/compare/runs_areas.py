"""Maps of the site that people have in two runs of one grid, where it is another for anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from geoaccess import maps, scenarios
from geoaccess.maps.scenario_page import moves_table
from geoaccess.phrases import Writer
from geoaccess.questions.compare.runs_sites import site_measure, sites_of_both
from geoaccess.questions.compare.site_maps import draw_first, not_nearest
from geoaccess.study.results.pictures import look_of

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.questions.compare.runs import RunPair, RunsCompared

__all__ = ["run_areas"]

_SHORT: Final = 9
"""Letters of the name of a run that a column of a legend has room for."""


def run_areas(compared: RunsCompared, pair: RunPair, stem: Path, **heads: Any) -> list[maps.RunsSection]:
    """Draw which site people have in two runs, of each service of which anybody has another: parts of the page.

    The file is `stem`, with the key of the service and ".png".
    """
    cells, moves = pair.cells, compared.moves
    if cells is None:
        return []
    moves = moves[(moves["before"] == pair.before.name) & (moves["after"] == pair.after.name)]
    writer = Writer(heads["language"], ("runs", "comparison", "map"))
    named = writer.text("from_to", before=pair.before.name, after=pair.after.name)
    short = max(map(len, (pair.before.name, pair.after.name))) <= _SHORT
    columns = (pair.before.name, pair.after.name) if short else (writer["was"], writer["now"])
    heads |= {"subtitle": named, "heads": columns}
    shapes = pair.after.cells.set_axis(pair.shapes).loc[cells.index]
    found = []
    for spec in compared.services:
        mine = moves[moves["service"] == spec.key]
        sites = sites_of_both(pair.before.sites, pair.after.sites, service=spec.key)
        if mine.empty or sites is None:
            continue
        measure, key = site_measure(cells, spec)
        kind: maps.ChainKind = "base" if spec.from_call else "allowed" if measure == "allowed" else "nearest"
        before, after = scenarios.sites_before_and_after(cells, service=key)
        path = stem.with_name(f"{stem.name}_{spec.key}.png")
        label, text = draw_first(
            path, spec=spec, kind=kind, cells=cells, results=shapes, first=after, before=before, sites=sites,
            writer=writer, look=look_of(pair.after.study), **heads,
        )  # fmt: skip
        alt = writer.text("area_alt", title=named, label=label, text=text)
        shown = moves_table(mine, writer)
        note = not_nearest(cells, spec.key, spec.population, writer) if measure == "allowed" else ""
        tables = [(writer["moves"], pd.DataFrame(shown["rows"], columns=shown["head"]))]
        found.append(maps.RunsSection(f"{label}: {named}", tables, [(alt, path)], note))
    return found
