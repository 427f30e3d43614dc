"""How long people need, by road and ferry, to reach health care, and who is left behind.

The names used most stand here; the rest stand in the namespaces `ga.ambulance`, `ga.catchment`, `ga.demand`,
`ga.equity`, `ga.measures`, `ga.routing`, `ga.scenarios`, `ga.services`, `ga.siting`, `ga.studies`, `ga.zones` and
`ga.errors`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from geoaccess.version import __version__ as __version__

if TYPE_CHECKING:
    from geoaccess import (
        ambulance,
        catchment,
        demand,
        equity,
        errors,
        hierarchy,
        maps,
        measures,
        network,
        osm,
        parallel,
        routing,
        scenarios,
        services,
        siting,
        studies,
        zones,
    )
    from geoaccess.demand import (
        read_cells,
        read_raster_cells,
    )
    from geoaccess.equity import (
        bootstrap_interval,
        concentration_index,
        equity_table,
        gini,
        lorenz,
        norm_shortfall,
    )
    from geoaccess.errors import (
        GeoaccessError,
        GeoaccessWarning,
        InputError,
    )
    from geoaccess.hierarchy import (
        Hierarchy,
        contract,
    )
    from geoaccess.maps import plot_classes, plot_lorenz, plot_times
    from geoaccess.measures import (
        cumulative_opportunities,
        norm_table,
        quantile_table,
        slack_table,
        summarise,
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
    from geoaccess.nvdb import (
        read_nvdb,
    )
    from geoaccess.osm import (
        read_osm,
    )
    from geoaccess.routing import (
        nearest,
        route,
        shortest_path_trees,
        solve_nearest,
        travel_times,
        travel_times_within,
    )
    from geoaccess.services import (
        read_sites,
    )
    from geoaccess.study import (
        load_study,
        run_study,
        solve_study,
    )
    from geoaccess.zones import (
        assign_zones,
        read_centrality,
        read_municipalities,
    )

__all__ = [
    "GeoaccessError",
    "GeoaccessWarning",
    "Hierarchy",
    "InputError",
    "Network",
    "ambulance",
    "assign_zones",
    "bootstrap_interval",
    "catchment",
    "concentration_index",
    "contract",
    "cumulative_opportunities",
    "demand",
    "equity",
    "equity_table",
    "errors",
    "from_networkx",
    "from_osmnx",
    "gini",
    "hierarchy",
    "load_network",
    "load_study",
    "lorenz",
    "maps",
    "measures",
    "nearest",
    "network",
    "norm_shortfall",
    "norm_table",
    "nvdb",
    "osm",
    "parallel",
    "plot_classes",
    "plot_lorenz",
    "plot_times",
    "quantile_table",
    "read_cells",
    "read_centrality",
    "read_municipalities",
    "read_nvdb",
    "read_osm",
    "read_raster_cells",
    "read_sites",
    "route",
    "routing",
    "run_study",
    "save_network",
    "scenarios",
    "services",
    "shortest_path_trees",
    "simplify",
    "siting",
    "slack_table",
    "snap",
    "solve_nearest",
    "solve_study",
    "studies",
    "summarise",
    "to_networkx",
    "travel_times",
    "travel_times_within",
    "two_step",
    "weighted_quantile",
    "zones",
]

_NAMESPACES = frozenset(
    {
        "ambulance",
        "catchment",
        "demand",
        "equity",
        "errors",
        "hierarchy",
        "maps",
        "measures",
        "network",
        "nvdb",
        "osm",
        "parallel",
        "routing",
        "scenarios",
        "services",
        "siting",
        "studies",
        "zones",
    }
)

_ROOMS = {
    "maps": ("plot_classes", "plot_lorenz", "plot_times"),
    "demand": ("read_cells", "read_raster_cells"),
    "equity": (
        "bootstrap_interval",
        "concentration_index",
        "equity_table",
        "gini",
        "lorenz",
        "norm_shortfall",
    ),
    "errors": (
        "GeoaccessError",
        "GeoaccessWarning",
        "InputError",
    ),
    "hierarchy": ("Hierarchy", "contract"),
    "measures": (
        "cumulative_opportunities",
        "norm_table",
        "quantile_table",
        "slack_table",
        "summarise",
        "two_step",
        "weighted_quantile",
    ),
    "network": (
        "Network",
        "from_networkx",
        "from_osmnx",
        "load_network",
        "save_network",
        "simplify",
        "snap",
        "to_networkx",
    ),
    "nvdb": ("read_nvdb",),
    "osm": ("read_osm",),
    "routing": ("nearest", "route", "shortest_path_trees", "solve_nearest", "travel_times", "travel_times_within"),
    "services": ("read_sites",),
    "study": ("load_study", "run_study", "solve_study"),
    "zones": ("assign_zones", "read_centrality", "read_municipalities"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used and keep it, so that `import geoaccess` is quick."""
    if name in _NAMESPACES:
        found: Any = importlib.import_module(f"geoaccess.{name}")
    elif name in _ROOM_OF:
        found = getattr(importlib.import_module(f"geoaccess.{_ROOM_OF[name]}"), name)
    else:
        raise AttributeError(f"module 'geoaccess' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
