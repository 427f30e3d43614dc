"""Levels of services: which sites have at least one of them."""

from __future__ import annotations

import geopandas as gpd
import pytest

from geoaccess.errors import ConfigError, InputError
from geoaccess.services import at_least, read_levels, read_sites

BIRTH = {"birth_unit": ["fødestue", "fødeavdeling", "kvinneklinikk"]}


def sites(levels, service="birth_unit"):
    ids = [f"s{i}" for i in range(len(levels))]
    points = gpd.points_from_xy(range(len(levels)), [60.0] * len(levels), crs="EPSG:4326")
    return gpd.GeoDataFrame({"service": service, "level": levels}, index=ids, geometry=points)


@pytest.mark.parametrize(
    ("level", "found"),
    [("fødestue", ["s0", "s1", "s2", "s3"]), ("fødeavdeling", ["s1", "s3"]), ("kvinneklinikk", ["s1"])],
)
def test_a_level_does_what_those_below_it_do(level, found):
    table = sites(["fødestue", "kvinneklinikk", "fødestue", "fødeavdeling"])
    assert at_least(table, "birth_unit", level, levels=BIRTH).index.tolist() == found


def test_other_services_take_no_part_and_may_have_no_level():
    table = sites(["kvinneklinikk", ""])
    table["service"] = ["birth_unit", "gp"]
    assert at_least(table, "birth_unit", "fødestue", levels=BIRTH).index.tolist() == ["s0"]


def test_no_site_of_a_level_is_an_empty_table():
    assert at_least(sites(["fødestue"]), "birth_unit", "kvinneklinikk", levels=BIRTH).empty


def test_sites_without_a_known_level_are_listed_by_name():
    with pytest.raises(InputError) as error:
        at_least(sites(["fødeavdelnig", "", None, "kvinneklinikk"]), "birth_unit", "fødestue", levels=BIRTH)
    text = str(error.value)
    assert '"birth_unit": 3 problems' in text
    assert 's0: level is "fødeavdelnig"; did you mean "fødeavdeling"?' in text
    assert "s1: has no level; known: fødestue, fødeavdeling, kvinneklinikk" in text
    assert "s2: has no level" in text
    assert "s3" not in text


def test_a_level_or_service_that_is_asked_for_must_be_known():
    with pytest.raises(InputError, match='level "klinikk" of birth_unit is not known; did you mean "kvinneklinikk"'):
        at_least(sites(["fødestue"]), "birth_unit", "klinikk", levels=BIRTH)
    with pytest.raises(InputError, match='service "birth" has no levels'):
        at_least(sites(["fødestue"]), "birth", "fødestue", levels=BIRTH)


def test_a_file_of_levels_says_all_that_is_wrong_with_it(tmp_path):
    file = tmp_path / "levels.toml"
    file.write_text('a = ["x", "x"]\nb = "x"\nc = []\nd = ["x", "y"]\ne = [1]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="4 problems") as error:
        read_levels(file)
    assert all(f'"{key}"' in str(error.value) for key in "abce")


def test_hospitals_of_helse_nord_with_an_emergency_function(shared):
    table = read_sites(
        shared / "norway" / "sykehus_helse_nord.csv",
        service="hospital",
        columns={"id": "site_id", "name": "site_navn", "level": "akuttfunksjon"},
        carry=["municipality_code"],
    )
    levels = {"hospital": ["nei", "ja"]}
    assert len(at_least(table, "hospital", "nei", levels=levels)) == 15
    emergency = at_least(table, "hospital", "ja", levels=levels)
    assert len(emergency) == 11
    assert "asgard" not in emergency.index
    assert emergency.loc["tromso", "municipality_code"] == "5501"
