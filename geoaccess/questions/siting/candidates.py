"""Candidates of a study: the places that sites might be built at, on the network and by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess import siting
from geoaccess.errors import InputError
from geoaccess.study import stages
from geoaccess.study.site_directory import municipality_near

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geoaccess.questions.siting.question import Question
    from geoaccess.study.answers import Answers

__all__ = ["candidates_of", "municipality_of", "name_places"]


def candidates_of(answers: Answers, question: Question) -> gpd.GeoDataFrame:
    """Return the places that are to choose from: points, with `name` where their file names them."""
    cells = answers.results
    if question.candidates == "cells":
        found = cells.loc[(cells["population"] > 0).to_numpy(), ["geometry"]]
        found = found.set_geometry(found.geometry.centroid)
    elif question.candidates == "settlements":
        found = siting.settlements(cells[["population", "geometry"]], least_people=question.least_people)
    else:
        path = Path(question.candidates)
        if not path.suffix:
            raise InputError(f'--candidates "{path}": give cells, settlements, or a file of places with lon and lat')
        found = siting.read_candidates(path)
    found = found.to_crs("EPSG:4326")
    return found if question.exclude is None else siting.leave_out(found, question.exclude)


def name_places(answers: Answers, places: gpd.GeoDataFrame, numbers: Sequence[int]) -> dict[int, str]:
    """Return what people call some of the candidates, by number: their own name, or the nearest place of the map."""
    some = places.iloc[list(numbers)]
    own = some["name"].astype(str).to_list() if "name" in some else [""] * len(some)
    if not all(own):
        named = stages.features_of(answers.study, [("place", kind) for kind in stages.PLACES])
        near = siting.describe_location(some.geometry, named, language=answers.study.settings.language)
        own = [name or by for name, by in zip(own, near, strict=True)]
    return {j: name or str(places.index[j]) for j, name in zip(numbers, own, strict=True)}


def municipality_of(answers: Answers, places: gpd.GeoDataFrame, numbers: Sequence[int]) -> list[str]:
    """Return the municipality of some of the places, by number: that of the nearest cell that has one."""
    return municipality_near(answers.results, places.iloc[list(numbers)].geometry)
