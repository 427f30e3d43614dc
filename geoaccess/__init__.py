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
    from geoaccess.hierarchy import Hierarchy, contract, load_hierarchy, save_hierarchy
    from geoaccess.measures import (
        Binary,
        Decay,
        Exponential,
        Gaussian,
        Logistic,
        Power,
        ServiceSpec,
        Stepped,
        balanced,
        class_contrast,
        cumulative_opportunities,
        decay_from,
        gravity,
        list_supply,
        norm_table,
        quantile_table,
        second_nearest,
        site_demand,
        slack,
        slack_table,
        spatial_availability,
        summarise,
        three_step,
        two_step,
        weighted_quantile,
    )
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
    from geoaccess.routing import (
        NearestField,
        add_site,
        close_edges,
        ferry_edges,
        move_site,
        nearest,
        open_edges,
        remove_site,
        route,
        site_gains,
        solve_nearest,
        travel_times,
        trees,
        undo,
        within,
    )
    from geoaccess.services import read_sites
    from geoaccess.study import load_study, run, solve_study
    from geoaccess.zones import assign, compute_centrality, join_centrality, read_centrality, read_municipalities

__version__ = "0.1.0"

__all__ = [
    "Binary",
    "Decay",
    "Exponential",
    "Gaussian",
    "Hierarchy",
    "Logistic",
    "NearestField",
    "Network",
    "Power",
    "ServiceSpec",
    "Stepped",
    "add_site",
    "assign",
    "atkinson",
    "balanced",
    "class_contrast",
    "close_edges",
    "compute_centrality",
    "concentration_index",
    "contract",
    "cumulative_opportunities",
    "decay_from",
    "equity_table",
    "ferry_edges",
    "fgt",
    "from_networkx",
    "from_osmnx",
    "gini",
    "gravity",
    "interval",
    "join_centrality",
    "kolm_pollak",
    "kolm_pollak_ede",
    "list_supply",
    "load_hierarchy",
    "load_network",
    "load_study",
    "lorenz",
    "move_site",
    "nearest",
    "norm_shortfall",
    "norm_table",
    "open_edges",
    "palma",
    "quantile_table",
    "read_cells",
    "read_centrality",
    "read_municipalities",
    "read_osm",
    "read_raster_cells",
    "read_sites",
    "remove_site",
    "route",
    "run",
    "save_hierarchy",
    "save_network",
    "second_nearest",
    "simplify",
    "site_demand",
    "site_gains",
    "slack",
    "slack_table",
    "snap",
    "solve_nearest",
    "solve_study",
    "spatial_availability",
    "summarise",
    "theil_l",
    "theil_t",
    "three_step",
    "to_networkx",
    "travel_times",
    "trees",
    "two_step",
    "undo",
    "weighted_quantile",
    "within",
    "zonal_population",
]

_ROOMS = ("network", "hierarchy", "routing", "osm", "demand", "services", "zones", "measures", "equity", "study")


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
