"""NVDB Ruteplan, the road network of the Norwegian road authority, into networks. Only this room knows its fields.

Its links become ways with the tags that profiles speak of, so that what a profile, a table of ferries or one of closed
roads says holds for both sources of roads: these rules stand in `geoaccess.osm`, once.
"""

from geoaccess.nvdb.build import read_network, read_nvdb, read_road_names
from geoaccess.nvdb.explain import explain_link
from geoaccess.nvdb.links import check_links

__all__ = ["check_links", "explain_link", "read_network", "read_nvdb", "read_road_names"]
