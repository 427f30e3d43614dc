"""Candidates of a study: the places that sites might be built at, on the network and by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess import services, siting
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.siting.candidates import read_left_out
from geoaccess.study import stages
from geoaccess.tables import swapped_hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geoaccess.questions.siting.question import Question
    from geoaccess.study.answers import Answers

__all__ = ["candidates_of", "files_asked", "municipality_of", "name_places", "new_places"]

_COMPUTED = ("cells", "settlements")
_NEAR_DEG = 0.5
_SHOWN = 3


def files_asked(candidates: str, exclude: Path | None) -> list[Path]:
    """Return the files of a question of siting: places to choose from, and where nothing may be built.

    They are read once before the study is solved, so that what is wrong with them is known at once.

    Raises
    ------
    GeoaccessError
        With what is wrong with one of them whatever the study is.
    """
    found = []
    if candidates not in _COMPUTED:
        found.append(Path(candidates))
        _places_in(found[0])
    if exclude is not None:
        read_left_out(exclude)
        found.append(exclude)
    return found


def _places_in(path: Path) -> gpd.GeoDataFrame:
    if not path.suffix:
        raise InputError(f'--candidates "{path}": give cells, settlements, or a file of places with lon and lat')
    return siting.read_candidates(path)


def candidates_of(cells: gpd.GeoDataFrame, question: Question) -> gpd.GeoDataFrame:
    """Return the places that are to choose from: points, with `name` where their file names them."""
    if question.candidates == "cells":
        found = cells.loc[(cells["population"] > 0).to_numpy(), ["geometry"]]
        found = found.set_geometry(found.geometry.centroid)
    elif question.candidates == "settlements":
        found = siting.settlements(cells[["population", "geometry"]], least_people=question.least_people)
    else:
        path = Path(question.candidates)
        found = _places_in(path)
        _refuse_off_the_study(found, cells, path)
    found = found.to_crs("EPSG:4326")
    return found if question.exclude is None else siting.leave_out(found, question.exclude)


def new_places(
    cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, question: Question
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the candidates where no site of the service stands, and what to say of the others.

    Raises
    ------
    InputError
        If a site stands at every one.
    """
    places = candidates_of(cells, question)
    ours = sites[(sites["service"] == question.service).to_numpy(bool)]
    left = siting.away_from(places, ours, within_m=services.SAME_PLACE_M)
    if left.empty:
        raise InputError(
            f"a site of {question.service} stands at each of the {len(places)} candidates (within "
            f"{services.SAME_PLACE_M:g} m); one more there changes nothing: give other candidates"
        )
    taken = len(places) - len(left)
    return left, [note("candidates_stand", n=taken, m=f"{services.SAME_PLACE_M:g}")] if taken else []


def _refuse_off_the_study(places: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse candidates none of which lies in the study: as a rule longitude and latitude are swapped."""
    bounds, there = places.to_crs("EPSG:4326").total_bounds, cells.to_crs("EPSG:4326").total_bounds
    west, south, east, north = there
    inside = places.geometry.x.between(west - _NEAR_DEG, east + _NEAR_DEG)
    inside &= places.geometry.y.between(south - _NEAR_DEG, north + _NEAR_DEG)
    if not inside.any():
        raise InputError(
            f"{path}: none of the {len(places)} candidates lies in the study, which reaches from {west:.2f} to "
            f"{east:.2f} E and {south:.2f} to {north:.2f} N{swapped_hint(bounds, there)}"
        )
    if not inside.all():
        away = places.index[~inside.to_numpy(bool)]
        shown = ", ".join(map(str, away[:_SHOWN])) + (" ..." if len(away) > _SHOWN else "")
        raise InputError(f"{path}: {len(away)} of {len(places)} candidates lie far from the study: {shown}")


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
    """Return the municipality of some of the places, by number, see `stages.municipalities_at`."""
    some = places.iloc[list(numbers)].geometry
    found = stages.municipalities_at(answers.study, some, answers.results, answers.zones)
    return [str(name) for name in found["municipality"]]
