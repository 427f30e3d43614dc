"""Changes as data, what they do to sites, roads and people, and how two results differ."""

from geoaccess.scenarios.changes import (
    AddSite,
    Boats,
    ChangeSite,
    Close,
    MoveSite,
    NetworkChange,
    PopulationChange,
    RemoveSite,
    Scenario,
    Slow,
    Storm,
    combine,
    site_label,
)
from geoaccess.scenarios.difference import (
    CHANGES,
    cell_differences,
    difference_table,
    equity_differences,
    most_affected,
)
from geoaccess.scenarios.reading import read_scenario, scenario_text, write_scenario
from geoaccess.scenarios.roads import ChangedNetwork, apply_to_network, close_network, edges_of_ways
from geoaccess.scenarios.sites import apply_to_sites, site_problems

__all__ = [
    "CHANGES",
    "AddSite",
    "Boats",
    "ChangeSite",
    "ChangedNetwork",
    "Close",
    "MoveSite",
    "NetworkChange",
    "PopulationChange",
    "RemoveSite",
    "Scenario",
    "Slow",
    "Storm",
    "apply_to_network",
    "apply_to_sites",
    "cell_differences",
    "close_network",
    "combine",
    "difference_table",
    "edges_of_ways",
    "equity_differences",
    "most_affected",
    "read_scenario",
    "scenario_text",
    "site_label",
    "site_problems",
    "write_scenario",
]
