"""Sites of a study that take only so many: in turn, and where one more would serve most."""

from __future__ import annotations

import tomllib

import pandas as pd
import pytest

from geoaccess.errors import InputError
from geoaccess.questions import CapacityQuestion, capacity_lines, capacity_study, write_capacity
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import PEOPLE, STUDY, write_study


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("capacity")
    told = STUDY.replace("[services.gp]", '[services.gp]\ncapacity = "seats"\nfte_days = "turn"')
    study = write_study(folder, told)
    sites = pd.read_csv(folder / "sites.csv")
    sites["seats"] = sites["id"].map({"gp-west": 800, "gp-east": 100}).fillna(50)
    sites["turn"] = sites["id"].map({"gp-west": 2, "gp-east": 1}).fillna(9)
    sites.to_csv(folder / "sites.csv", index=False)
    return solve_study(load_study(study), show=False)


def asked(tiny, **question):
    given = {"service": "gp", **question}
    return capacity_study(tiny.study, CapacityQuestion(**given), answers=tiny)


def test_without_limits_all_within_the_norm_are_covered(tiny):
    found = asked(tiny, capacity="1e6", norm_min=25)
    within = tiny.results["population"][(tiny.results["gp_s"] <= 25 * 60).to_numpy()].sum()
    assert found.covered == within
    assert found.people == sum(PEOPLE.values())
    assert found.norm_s == 1500


def test_sites_take_people_in_turn_until_they_are_full(tiny):
    found = asked(tiny)  # within the first norm, 10 minutes: who lives in west, at the site, and at the farm
    assert found.norm_s == 600
    table = found.sites.set_index("site_id")
    assert table["capacity"].to_dict() == {"gp-west": 800, "gp-east": 100}
    assert table.loc["gp-west", ["covered", "left_over"]].tolist() == [800, 0]
    assert table["covered"].le(table["capacity"]).all()
    assert asked(tiny, order="turn").sites["site_id"].tolist() == ["gp-east", "gp-west"]
    assert "800" in capacity_lines(found)[0]


def test_one_more_site_goes_where_most_are_not_served(tiny):
    found = asked(tiny, add=1, new_capacity=150.0, candidates="cells", norm_min=10)
    # Of the 1009 people of west 209 have no room today; middle has 503 and no site within 10 minutes. Either fills it.
    assert found.found is not None
    assert found.found.proved
    served = found.found.now * found.people
    assert found.found.value * found.people == pytest.approx(served + 150)
    assert found.places["people_served"].tolist() == pytest.approx([150])
    written = write_capacity(found)
    names = {path.name for path in written}
    assert names >= {"capacity_gp.csv", "capacity_gp_places.parquet", "capacity_gp.toml"}
    scenario = tomllib.loads((tiny.study.output / "capacity_gp.toml").read_text(encoding="utf-8"))
    assert scenario["add"][0]["capacity"] == 150
    minutes = asked(tiny, add=1, new_capacity=150.0, candidates="cells", objective="minutes")
    assert minutes.found is not None
    assert minutes.found.value < minutes.found.now


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"service": "pg"}, 'no service "pg"'),
        ({"capacity": "seat"}, "seats"),
        ({"service": "hospital"}, "has no capacity"),
        ({"capacity": "-3"}, "no number"),
        ({"capacity": "name"}, "no number"),
        ({"capacity": "1_0"}, "is neither a number nor a column"),
        ({"capacity": "\u0967\u0968"}, "is neither a number nor a column"),
        ({"capacity": "1e308"}, "no number .*; give one to each, 0 or more and 10000000000 at most"),
        ({"service": "birth_unit", "capacity": "9"}, "--norm"),
        ({"add": 1}, "--new-capacity"),
        ({"add": 1, "new_capacity": 0.0}, "--new-capacity is 0"),
        ({"objective": "fair"}, "norm and minutes"),
        ({"order": "name"}, "--order name"),
    ],
)
def test_what_has_no_answer_is_refused(tiny, wrong, said):
    with pytest.raises(InputError, match=said):
        asked(tiny, **wrong)
