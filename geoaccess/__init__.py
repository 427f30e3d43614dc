"""How long people need, by road and ferry, to reach health care, and who is left behind."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoaccess.demand import read_cells, read_raster_cells, zonal_population
    from geoaccess.equity import (
        atkinson,
        concentration_index,
        equity_table,
        fgt,
        gini,
        interval,
        kolm_pollak,
        kolm_pollak_ede,
        lorenz,
        norm_shortfall,
        palma,
        theil_l,
        theil_t,
    )
    from geoaccess.measures import ServiceSpec, class_contrast, norm_table, summarise, weighted_quantile
    from geoaccess.network import (
        Network,
        from_networkx,
        from_osmnx,
        load_network,
        save_network,
        simplify,
        snap,
        to_networkx,
    )
    from geoaccess.osm import read_osm
    from geoaccess.routing import nearest, route, travel_times
    from geoaccess.services import read_sites
    from geoaccess.study import load_study, run, solve_study
    from geoaccess.zones import assign, compute_centrality, join_centrality, read_centrality, read_municipalities

__version__ = "0.1.0"

__all__ = [
    "Network",
    "ServiceSpec",
    "assign",
    "atkinson",
    "class_contrast",
    "compute_centrality",
    "concentration_index",
    "equity_table",
    "fgt",
    "from_networkx",
    "from_osmnx",
    "gini",
    "interval",
    "join_centrality",
    "kolm_pollak",
    "kolm_pollak_ede",
    "load_network",
    "load_study",
    "lorenz",
    "nearest",
    "norm_shortfall",
    "norm_table",
    "palma",
    "read_cells",
    "read_centrality",
    "read_municipalities",
    "read_osm",
    "read_raster_cells",
    "read_sites",
    "route",
    "run",
    "save_network",
    "simplify",
    "snap",
    "solve_study",
    "summarise",
    "theil_l",
    "theil_t",
    "to_networkx",
    "travel_times",
    "weighted_quantile",
    "zonal_population",
]

_ROOMS = ("network", "routing", "osm", "demand", "services", "zones", "measures", "equity", "study")


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import geoaccess` is quick."""
    if name in __all__:
        for room in _ROOMS:
            module = importlib.import_module(f"geoaccess.{room}")
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module 'geoaccess' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
