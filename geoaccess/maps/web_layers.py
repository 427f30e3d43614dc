"""The layers of the map for the screen: legends and colours, for each way to break travel time into classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.maps.bands import (
    NO_CLASS_COLOUR,
    band_colours,
    band_people,
    class_people,
    default_bands,
    norm_words,
    own_norm_note,
)
from geoaccess.maps.labels import class_label, direction_label, time_label
from geoaccess.maps.results import people_of
from geoaccess.maps.tiles import UNREACHED
from geoaccess.measures import weighted_quantile
from geoaccess.phrases import people, section, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = ["BREAKS", "class_layer", "other_breaks", "service_layer"]

BREAKS: Final = ("norms", "fixed", "quantiles")
"""How travel time is broken into classes: by the norms (or as the study says), at fixed minutes, or in equal shares."""
_SHARES: Final = (0.2, 0.4, 0.6, 0.8)


def other_breaks(results: pd.DataFrame, service: Service, edges_s: Sequence[float]) -> dict[str, tuple[float, ...]]:
    """Return the edges of the other ways to break the times of a service, by name, where they differ from the first.

    `fixed` are the minutes that a service without norms has, the same for every service; `quantiles` part the people
    who are reached in five about equal shares, at whole minutes.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoaccess.measures import ServiceSpec
    >>> table = pd.DataFrame({"population": 1.0, "gp_s": [60.0 * minute for minute in range(1, 11)]})
    >>> [edge / 60 for edge in other_breaks(table, ServiceSpec("gp", "GP"), (600.0,))["quantiles"]]
    [2.0, 4.0, 6.0, 8.0]
    """
    times = results[f"{service.key}_s"].to_numpy(np.float64)
    counted = people_of(results, service)
    reached = np.isfinite(times) & (counted > 0)
    found = {"fixed": default_bands(())}
    if reached.any():
        cuts = [float(weighted_quantile(times[reached], counted[reached], share)) for share in _SHARES]
        whole = sorted({60.0 * max(math.ceil(cut / 60), 1) for cut in cuts})
        found["quantiles"] = tuple(whole)
    return {name: edges for name, edges in found.items() if edges != tuple(edges_s)}


def service_layer(
    service: Service,
    results: pd.DataFrame,
    breaks_s: Mapping[str, Sequence[float]],
    *,
    language: str,
    palette: str,
) -> dict[str, Any]:
    """Return the layer of a service: what is said of it, and colours and rows of its legend for each of the breaks."""
    return {
        "key": service.key,
        "kind": "time",
        "label": service.label,
        "caption": time_label(service, language=language),
        "direction": direction_label(service, language=language),
        "breaks": {
            name: {
                "colours": band_colours(len(edges) + 1, palette=palette),
                "rows": _rows(service, results, edges, language),
            }
            for name, edges in breaks_s.items()
        },
        "notes": [*own_norm_note(results, service, language=language), *filter(None, [service.proxy_note])],
    }


def _rows(service: Service, results: pd.DataFrame, edges_s: Sequence[float], language: str) -> list[dict[str, Any]]:
    table = band_people(results, service=service, edges_s=edges_s, language=language)
    rows = []
    for row in table.to_dict("records"):
        number = int(row["band"])
        edge = edges_s[number] if 0 <= number < len(edges_s) else 0.0
        rows.append(
            {
                "code": number if number >= 0 else UNREACHED,
                "label": row["label"],
                "people": people(row["people"], language=language),
                "share": share(row["share"], language=language),
                "norm": norm_words(service, edge, language=language),
            }
        )
    return [*rows, _total_row(float(people_of(results, service).sum()), language)]


def class_layer(results: pd.DataFrame, scheme: CentralityScheme, *, language: str) -> dict[str, Any]:
    """Return the layer of centrality classes."""
    total = float(results["population"].sum())
    rows = [
        {
            "code": scheme.position(name) if name else len(scheme.ids),
            "label": class_label(name, scheme, language=language),
            "people": people(inside, language=language),
            "share": share(inside / total if total else 0.0, language=language),
            "norm": "",
        }
        for name, inside in class_people(results, scheme).items()
    ]
    label = scheme.title(language)
    return {
        "key": "centrality",
        "kind": "class",
        "label": label,
        "caption": label,
        "direction": "",
        "colours": [*scheme.colours, NO_CLASS_COLOUR],
        "rows": [*rows, _total_row(total, language)],
        "notes": [],
    }


def _total_row(total: float, language: str) -> dict[str, Any]:
    whole = share(1.0 if total else 0.0, language=language)
    return {
        "code": None,
        "label": section(language, "map")["total"],
        "people": people(total, language=language),
        "share": whole,
        "norm": "",
    }
