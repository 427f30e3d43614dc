"""Profiles that differ in times alone share what their networks are made of; any other difference is seen."""

from __future__ import annotations

import numpy as np
import pytest
from test_ferries_quays import MAIN, ROAD, boat, degrees, network_of
from test_osm_reading import same

from geoaccess.network.prepared import differ_in_times_alone
from geoaccess.osm import find_profile, read_network, read_networks, read_profile

ISLE = [boat("quay", "sea", "isle"), ("isle", "farm", ROAD)]


def profile_of(folder, name, rules, base="car"):
    path = folder / f"{name}.toml"
    path.write_text(f'extends = "{base}"\n{rules}', encoding="utf-8")
    return read_profile(path)


def check_shared(paths, profiles, *, shared, **options):
    """Compare networks that are made together with each made by itself, and see whether arrays are shared."""
    made = list(read_networks(paths, profiles, **options))
    for network, profile in zip(made, profiles, strict=True):
        same(network, read_network(paths, profile, **options))
    for name in ("shape_lon", "edge_u"):
        assert (getattr(made[0], name) is getattr(made[1], name)) == shared, name
    return made


def test_networks_of_other_speeds_share_all_but_times(data):
    profiles = [read_profile(find_profile(name)) for name in ("ssb", "car")]
    made = check_shared([data / "troms" / "troms-modelled.osm.pbf"], profiles, shared=True)
    assert differ_in_times_alone(*made)
    assert not np.array_equal(made[0].edge_forward_ds, made[1].edge_forward_ds)
    assert not made[0].ferries["wait_s"].equals(made[1].ferries["wait_s"])


@pytest.mark.parametrize(
    ("rules", "ways", "nodes"),
    [
        ('[[closed]]\nhighway = ["service"]\n', [("town", "far", {"highway": "service"})], {}),
        ('[[no_snap]]\nhighway = ["service"]\n', [("town", "far", {"highway": "service"})], {}),
        ("[highway]\nservice = 20\n", [("town", "far", {"highway": "service"})], {}),
        ('[nodes.barriers]\ngate = "closed"\n', [], {"cross": {"barrier": "gate"}}),
        ("[nodes.delay_s.highway]\nstop = 7\n", [], {"cross": {"highway": "stop"}}),
    ],
)
def test_what_rules_say_beside_speeds_and_delays_is_seen(tmp_path, rules, ways, nodes):
    network_of(tmp_path, *MAIN, ("fork", "quay", ROAD), *ISLE, *ways, nodes=nodes)
    other, car = profile_of(tmp_path, "other", rules), read_profile(find_profile("car"))
    shared = "= 20" in rules or "stop" in rules
    check_shared([tmp_path / "sea.osm"], [car, other], shared=shared)
    check_shared([tmp_path / "sea.osm"], [other, car], shared=shared)


def test_another_quickest_way_to_a_boat_is_seen(tmp_path):
    """Of two private roads to a quay the quicker one is opened to who boards: speeds decide which."""
    private = {"access": "private"}
    roads = [
        ("fork", "quay", {"highway": "service"} | private),
        ("fork", "bend", "quay", {"highway": "tertiary"} | private),
    ]
    network_of(tmp_path, *MAIN, *roads, *ISLE, places={"bend": (-300, 400)})
    slow, quick = (
        profile_of(tmp_path, name, f"[highway]\nservice = {kph}\ntertiary = 60\n")
        for name, kph in (("slow", 10), ("quick", 60))
    )
    made = check_shared([tmp_path / "sea.osm"], [slow, quick], shared=False)
    opened = [dict(zip(one.edge_length_m.round(-2).tolist(), one.expansion.restricted, strict=True)) for one in made]
    assert opened[0] != opened[1]


def test_another_row_of_the_table_of_ferries_is_seen(tmp_path):
    """A row means the boat whose ends are not farther off than the profile says: here it takes no cars by it."""
    network_of(tmp_path, *MAIN, ("fork", "quay", ROAD), *ISLE)
    (lon, lat), (to_lon, to_lat) = degrees(0, 2000), degrees(5000, 2000)
    table = tmp_path / "ferries.csv"
    table.write_text(
        f"from,from_lon,from_lat,to,to_lon,to_lat,motor_vehicle\nquay,{lon},{lat},isle,{to_lon},{to_lat},no\n",
        encoding="utf-8",
    )
    near, far = (profile_of(tmp_path, f"m{m}", f"[ferry]\nterminal_m = {m}\n") for m in (1500, 2500))
    made = check_shared([tmp_path / "sea.osm"], [near, far], shared=False, ferries=table)
    assert [network.ferries["cars"].tolist() for network in made] == [[True], [False]]


def test_several_in_turn_are_made_with_those_like_them(tmp_path):
    network_of(tmp_path, *MAIN, ("fork", "quay", ROAD), *ISLE)
    car, ssb = (read_profile(find_profile(name)) for name in ("car", "ssb"))
    closed = profile_of(tmp_path, "closed", '[[closed]]\nroute = ["ferry"]\n')
    given = [car, ssb, car, closed, closed, ssb]
    made = list(read_networks([tmp_path / "sea.osm"], given))
    for network, profile in zip(made, given, strict=True):
        same(network, read_network([tmp_path / "sea.osm"], profile))
    alike = [made[0].edge_u is network.edge_u for network in made]
    assert alike == [True, True, True, False, False, False]
    assert made[3].edge_u is made[4].edge_u
