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
    TimetableChange,
    combine,
    site_label,
)
from geoaccess.scenarios.closing import closing_table, vulnerable_units
from geoaccess.scenarios.closing_unit import close_unit, touched_by_units, touched_people
from geoaccess.scenarios.crossings import Unit, units_of
from geoaccess.scenarios.difference import (
    CHANGES,
    cell_differences,
    difference_table,
    equity_differences,
    most_affected,
    supply_differences,
    supply_table,
)
from geoaccess.scenarios.moves import site_moves, sites_before_and_after
from geoaccess.scenarios.reading import read_scenario, scenario_text, write_scenario
from geoaccess.scenarios.reliability import Touched, draw_figures, reliability_table, solve_closures
from geoaccess.scenarios.roads import ChangedNetwork, apply_to_network, close_network, edges_of_ways
from geoaccess.scenarios.sites import ResolvedScenario, apply_to_sites, gives_nothing, resolve_sites, stated_values
from geoaccess.scenarios.streets import Streets, streets_of_cells
from geoaccess.scenarios.together import alike_in_a_row, joined_in_a_row, joint_closings, one_unit
from geoaccess.scenarios.weather import Closures, draw_closures, read_closures
from geoaccess.scenarios.years import change_table, change_units

__all__ = [
    "CHANGES",
    "AddSite",
    "Boats",
    "ChangeSite",
    "ChangedNetwork",
    "Close",
    "Closures",
    "MoveSite",
    "NetworkChange",
    "PopulationChange",
    "RemoveSite",
    "ResolvedScenario",
    "Scenario",
    "Slow",
    "Storm",
    "Streets",
    "TimetableChange",
    "Touched",
    "Unit",
    "alike_in_a_row",
    "apply_to_network",
    "apply_to_sites",
    "cell_differences",
    "change_table",
    "change_units",
    "close_network",
    "close_unit",
    "closing_table",
    "combine",
    "difference_table",
    "draw_closures",
    "draw_figures",
    "edges_of_ways",
    "equity_differences",
    "gives_nothing",
    "joined_in_a_row",
    "joint_closings",
    "most_affected",
    "one_unit",
    "read_closures",
    "read_scenario",
    "reliability_table",
    "resolve_sites",
    "scenario_text",
    "site_label",
    "site_moves",
    "sites_before_and_after",
    "solve_closures",
    "stated_values",
    "streets_of_cells",
    "supply_differences",
    "supply_table",
    "touched_by_units",
    "touched_people",
    "units_of",
    "vulnerable_units",
    "write_scenario",
]
