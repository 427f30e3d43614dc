"""Bands of travel time: their edges, colours and names, and how many people are in each.

A band holds the times above its lower edge and up to *and with* its upper edge, so that "within 12 minutes" on the map
means what the norm means.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from geoaccess.defaults import FIGURE_PALETTE as DEFAULT_PALETTE
from geoaccess.errors import InputError
from geoaccess.maps.assets import colour, scale
from geoaccess.maps.labels import reason_label
from geoaccess.maps.results import people_of
from geoaccess.measures import REASONS
from geoaccess.phrases import section, share, threshold

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = [
    "NO_CLASS_COLOUR",
    "PALETTES",
    "UNREACHED_COLOUR",
    "band_colours",
    "band_index",
    "band_labels",
    "band_people",
    "chosen_bands",
    "class_people",
    "default_bands",
    "norm_words",
    "own_norm_note",
]

USUAL_MIN: Final = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 240.0, 360.0)
MOST_EDGES: Final = 7

# Light (near) to dark (far), falling evenly in lightness as it is perceived:
# distinguishable with any kind of colour vision and in grey print.
_RAMPS: Final = {
    DEFAULT_PALETTE: scale("time"),
    "viridis": scale("time_viridis"),
    "cividis": scale("time_cividis"),
    "blues": scale("time_blues"),
    "greys": scale("time_greys"),
}
PALETTES: Final = tuple(_RAMPS)
"""The names of the palettes of travel time."""
UNREACHED_COLOUR: Final = colour("unreached")

NO_CLASS_COLOUR: Final = colour("no_class")


def default_bands(norms_s: Sequence[float]) -> tuple[float, ...]:
    """Return the upper edges of all bands but the last, which is open, in seconds.

    Every norm is an edge. The others are the usual 5, 10, 15, 20, 30, 45, 60, 90, 120, 180 ... minutes from a quarter
    of the shortest norm to two and a half times the longest; the usual edge nearest to a norm (by ratio) gives way to
    it. Then, until seven are left, one of the two edges closest together is dropped: that farther from any norm.

    Raises
    ------
    InputError
        If a norm is not a positive, finite number.

    Examples
    --------
    >>> [edge / 60 for edge in default_bands((12 * 60, 25 * 60))]
    [5.0, 12.0, 15.0, 20.0, 25.0, 45.0, 60.0]
    >>> [edge / 60 for edge in default_bands((60 * 60, 90 * 60, 120 * 60))]
    [20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0]
    >>> [edge / 60 for edge in default_bands(())]
    [10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0]
    """
    norms = sorted({float(norm) for norm in norms_s})
    if wrong := [norm for norm in norms if not (math.isfinite(norm) and norm > 0)]:
        raise InputError(f"norms_s: {wrong[0]} is not a time; give seconds above 0")
    if not norms:
        return tuple(60 * edge for edge in (10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0))
    edges = [60 * edge for edge in USUAL_MIN if norms[0] / 4 <= 60 * edge <= 2.5 * norms[-1]]
    for norm in norms:
        free = [edge for edge in edges if edge not in norms]
        if norm not in edges and free:
            edges.remove(min(free, key=lambda edge: abs(math.log(edge / norm))))
    edges = sorted({*edges, *norms})
    while len(edges) > max(MOST_EDGES, len(norms)):
        edges.remove(_least_needed(edges, norms))
    return tuple(edges)


def _least_needed(edges: Sequence[float], norms: Sequence[float]) -> float:
    def to_norm(edge: float) -> float:
        return min(abs(math.log(edge / norm)) for norm in norms)

    pairs = [
        (round(upper / lower, 6), -max(to_norm(lower), to_norm(upper)), max(lower, upper, key=to_norm))
        for lower, upper in itertools.pairwise(edges)
        if not (lower in norms and upper in norms)
    ]
    return min(pairs)[2]


def chosen_bands(
    services: Sequence[Service], bands_s: Mapping[str, Sequence[float]] | Sequence[float] | None
) -> dict[str, tuple[float, ...]]:
    """Return the band edges of every service: those given for it, those given for all, or the default.

    Raises
    ------
    InputError
        If the edges of a service do not rise from above 0, or are given for a service that is not there.
    """
    by_key: Mapping[str, Sequence[float]]
    if bands_s is None:
        by_key = {}
    elif isinstance(bands_s, Mapping):
        by_key = bands_s
    else:
        by_key = {service.key: bands_s for service in services}
    problems = [f"{key!r} is not a service" for key in by_key if key not in {service.key for service in services}]
    chosen: dict[str, tuple[float, ...]] = {}
    for service in services:
        edges = tuple(float(edge) for edge in by_key.get(service.key, default_bands(service.norms_s)))
        rising = all(lower < upper for lower, upper in itertools.pairwise((0.0, *edges)))
        if not edges or not rising or not math.isfinite(edges[-1]):
            problems.append(f"{service.key}: {list(edges)} must be one or more finite seconds, rising from above 0")
        chosen[service.key] = edges
    if problems:
        raise InputError.listing("bands_s", problems)
    return chosen


def band_index(times_s: npt.NDArray[np.float64], *, edges_s: Sequence[float]) -> npt.NDArray[np.int16]:
    """Return the band of each time: 0 for the nearest, `len(edges_s)` for the last, open one; -1 where inf or NaN.

    Examples
    --------
    >>> band_index(np.array([60.0, 300.0, 301.0, 9000.0, np.inf, np.nan]), edges_s=(300.0, 600.0)).tolist()
    [0, 0, 1, 2, -1, -1]
    """
    band = np.searchsorted(np.asarray(edges_s, dtype=np.float64), times_s, side="left").astype(np.int16)
    band[~np.isfinite(times_s)] = -1
    return band


def band_labels(edges_s: Sequence[float], *, language: str = "en") -> list[str]:
    """Name the bands in minutes, one more than there are edges.

    Examples
    --------
    >>> [label.replace(chr(0x2013), "-") for label in band_labels((300.0, 720.0))]
    ['up to 5 min', '5-12 min', 'over 12 min']
    """
    words = section(language, "map")
    edges = [threshold(edge_s, language=language) for edge_s in edges_s]
    middle = [f"{lower}\u2013{upper} {words['min']}" for lower, upper in itertools.pairwise(edges)]
    return [f"{words['within']} {edges[0]} {words['min']}", *middle, f"{words['over']} {edges[-1]} {words['min']}"]


def band_colours(number: int, *, palette: str = DEFAULT_PALETTE) -> list[str]:
    """Return one colour per band, light for near to dark for far.

    Parameters
    ----------
    number
        How many. Up to eight, neighbours differ by 6 or more in CIEDE2000, in grey and with every colour vision.
    palette
        One of `PALETTES`: sunset, viridis, cividis, blues or greys.

    Raises
    ------
    InputError
        If there is no such palette.

    Examples
    --------
    >>> band_colours(2)
    ['#fed56c', '#6b0d58']
    >>> band_colours(2, palette="greys")
    ['#dadada', '#393939']
    """
    if palette not in _RAMPS:
        raise InputError(f"palette {palette!r} is not there; choose one of {', '.join(PALETTES)}")
    ramp = _RAMPS[palette]
    anchors = np.array([[int(anchor[at : at + 2], 16) for at in (1, 3, 5)] for anchor in ramp], dtype=np.float64)
    places = np.linspace(0, len(ramp) - 1, max(number, 1))
    mixed = np.stack([np.interp(places, range(len(ramp)), anchors[:, part]) for part in range(3)], axis=1)
    return ["#{:02x}{:02x}{:02x}".format(*(round(float(part)) for part in row)) for row in mixed]


def band_people(
    results: pd.DataFrame, *, service: Service, edges_s: Sequence[float], language: str = "en"
) -> pd.DataFrame:
    """Count the people in each band and, by reason, those not reached.

    Parameters
    ----------
    results
        One row per cell, with the people of the service (`population`), `{key}_s` (seconds) and `{key}_reason`.
    edges_s
        Upper edges of the bands, seconds; times above the last are in one more band.

    Returns
    -------
    A row per band, in order, then a row per reason found: `band` (-1 for not reached), `reason`, `label`, `people` and
    `share` (of all people; 0 when there is nobody). The people add up to those of the table.
    """
    population = people_of(results, service)
    band = band_index(results[f"{service.key}_s"].to_numpy(dtype=np.float64), edges_s=edges_s)
    rows: list[dict[str, Any]] = [
        {"band": number, "reason": "", "label": label, "people": float(population[band == number].sum())}
        for number, label in enumerate(band_labels(edges_s, language=language))
    ]
    reason = results[f"{service.key}_reason"].to_numpy(dtype=object)
    found = {str(why) for why in reason[band == -1]}
    for why in [*(known for known in REASONS if known in found), *sorted(found - set(REASONS))]:
        here = (band == -1) & (reason == why)
        label = reason_label(why, language=language)
        rows.append({"band": -1, "reason": why, "label": label, "people": float(population[here].sum())})
    table = pd.DataFrame(rows)
    total = float(population.sum())
    table["share"] = table["people"] / total if total else 0.0
    return table


def class_people(results: pd.DataFrame, scheme: CentralityScheme) -> dict[str, float]:
    """Count the people of each centrality class that is found, the most central first; "" holds those in no class.

    Examples
    --------
    >>> from geoaccess.zones import read_scheme
    >>> table = pd.DataFrame({"population": [5.0, 2.0, 1.0], "centrality_class": pd.array([6, 1, None], dtype="Int8")})
    >>> class_people(table, read_scheme())
    {'1': 2.0, '6': 5.0, '': 1.0}
    """
    places = scheme.positions(results["centrality_class"])
    population = results["population"].to_numpy(dtype=np.float64)
    counted = {name: places == place for place, name in enumerate((*scheme.ids, ""))} | {"": places < 0}
    return {name: float(population[inside].sum()) for name, inside in counted.items() if inside.any()}


def norm_words(service: Service, edge_s: float, *, language: str) -> str:
    """Say that the end of a band is a norm of the service; "" where it is none."""
    if edge_s not in service.norms_s or edge_s <= 0:
        return ""
    words, minutes = section(language, "map"), threshold(edge_s, language=language)
    if not service.norm_column or len(service.norms_s) == 1:
        return f"{words['norm']} {minutes} {words['min']}"
    return words["norm_in_built_up" if edge_s == min(service.norms_s) else "norm_in_sparse"].format(norm=minutes)


def own_norm_note(results: pd.DataFrame, service: Service, *, language: str) -> list[str]:
    """Say how many people are within the norm of their cell, where cells differ in it: no band of colour shows it."""
    if not service.norm_column or service.norm_column not in results:
        return []
    people = people_of(results, service)
    inside = results[f"{service.key}_s"].to_numpy(np.float64) <= results[service.norm_column].to_numpy(np.float64)
    whole = float(people.sum())
    norms = "/".join(threshold(norm_s, language=language) for norm_s in service.norms_s)
    within = share(float(people[inside].sum()) / whole if whole else 0.0, language=language)
    return [section(language, "map")["own_norm"].format(share=within, norm=norms)]
