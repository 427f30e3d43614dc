"""Levels, opening, days and rules of a small country, from its study file to columns and tables computed by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geoaccess.errors import ConfigError, GeoaccessError
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import (
    CELLS,
    FARM,
    FERRY,
    FURTHER,
    ISLE,
    MAIN,
    SHORT_CUT,
    STEEP,
    STUDY,
    TOTAL,
    cell_id,
    write_study,
)

INF = float("inf")
COLUMNS = {
    "kind": {"gp-west": "small", "gp-east": "large"},
    "hours": {"gp-west": "Mo-Fr 08:00-16:00", "gp-east": "24/7"},
    "days": {"gp-west": "2", "gp-east": "5"},
    "fte": {"gp-west": "6", "gp-east": "0.5"},
    "serves": {"gp-west": "West, South", "gp-east": "east"},
    "town": {"gp-west": "0101", "gp-east": "0102"},
}
WAYS = {
    "gp-west": {"west": 0, "farm": FARM + MAIN / 2, "middle": MAIN, "north": STEEP + FURTHER + MAIN,
                "isle": ISLE + FERRY + FURTHER + MAIN},
    "gp-east": {"west": MAIN + FURTHER, "farm": FARM + MAIN / 2 + FURTHER, "middle": FURTHER, "north": STEEP,
                "isle": ISLE + FERRY},
}  # fmt: skip


def asked(folder, *, gp="", more="", files=(), columns=COLUMNS):
    """Write the small study with more said of its GPs, more tables, and more columns of its sites."""
    text = STUDY.replace('label = "GP"\n', f'label = "GP"\n{gp}\n')
    path = write_study(folder, text + more)
    sites = pd.read_csv(folder / "sites.csv", dtype=str).set_index("id")
    sites["level"] = pd.Series(columns.get("kind", {})).reindex(sites.index).fillna("")
    for name, values in columns.items():
        sites[name] = pd.Series(values).reindex(sites.index).fillna("")
    sites.reset_index().to_csv(folder / "sites.csv", index=False)
    for name, content in files:
        (folder / name).write_text(content, encoding="utf-8")
    return path


def solved(*args, **how):
    answers = solve_study(load_study(asked(*args, **how)), show=False)
    names = [next(key for key in CELLS if cell_id(key) == label) for label in answers.results.index]
    return answers, answers.results.set_axis(names)


def refused(*args, error=GeoaccessError, **how):
    with pytest.raises(error) as caught:
        solve_study(load_study(asked(*args, **how)), show=False)
    return str(caught.value)


def test_two_services_read_the_same_sites_at_different_levels(tmp_path):
    gp = 'levels = ["small", "large"]\n[services.gp_large]\nlabel = "Large GP"\nsites_of = "gp"\nat_least = "large"'
    text = STUDY.replace('label = "GP"\nnorms_min = [10]\n', f'label = "GP"\nnorms_min = [10]\n{gp}\n')
    path = asked(tmp_path)
    path.write_text(text)
    answers = solve_study(load_study(path), show=False)
    sites = answers.sites[["service", "level"]]
    assert sites.loc["gp_large-east"].tolist() == ["gp_large", "large"]
    assert sites["service"].value_counts().to_dict()["gp_large"] == 1
    found = answers.results.set_axis(list(CELLS))
    for place, seconds in WAYS["gp-east"].items():
        assert found["gp_large_s"][place] == pytest.approx(seconds, abs=2)
    assert (found["gp_large_second_s"].dropna() == INF).all()


def test_opening_hours_give_best_expected_and_today(tmp_path):
    """Of a week's 168 hours the west is open 40: the rest of the time all go east."""
    opening = "[opening]\nfirst = 2026-01-12\nstep_min = 60\ntoday = 2026-01-14T17:10:00\n"
    answers, cells = solved(tmp_path, gp='opening = "hours"', more=opening)
    for place in ("west", "farm", "middle", "north", "isle"):
        west, east = WAYS["gp-west"][place], WAYS["gp-east"][place]
        best = min(west, east)
        assert cells["gp_best_s"][place] == pytest.approx(best, abs=2)
        assert cells["gp_today_s"][place] == pytest.approx(east, abs=2)
        assert cells["gp_open_share"][place] == 1
        assert cells["gp_expected_s"][place] == pytest.approx((40 * best + 128 * east) / 168, abs=2)
    assert (cells.loc[["hut", "holm", "wild"], ["gp_best_s", "gp_expected_s", "gp_today_s"]] == INF).all(axis=None)
    table = answers.tables["opening"].set_index(["zoning", "group"])
    row = table.loc[("municipality", "0101 / West")]
    assert row[["service", "population", "people_ever", "people_always", "people_today"]].tolist() == [
        *("gp", 1075, 1022, 1022, 1022)
    ]
    today = (1009 * WAYS["gp-east"]["west"] + 13 * WAYS["gp-east"]["farm"]) / 1022
    assert row["mean_today_s"] == pytest.approx(today, abs=2)
    assert row["mean_open_share"] == pytest.approx(1022 / 1075)
    assert table.loc["everybody"]["population"].tolist() == [TOTAL]


def test_only_the_hours_that_count_are_counted(tmp_path):
    opening = '[opening]\nfirst = 2026-01-12\nhours = "Mo-Fr 12:00-20:00"\n'
    _, cells = solved(tmp_path, gp='opening = "hours"', more=opening)
    assert cells["gp_expected_s"]["west"] == pytest.approx((MAIN + FURTHER) / 2, abs=2)
    assert "gp_today_s" not in cells


def test_days_a_week_give_the_expected_time(tmp_path):
    answers, cells = solved(tmp_path, gp='days_per_week = "days"')
    assert cells["gp_expected_s"]["west"] == pytest.approx(0.6 * (MAIN + FURTHER), abs=2)
    assert cells["gp_expected_s"]["north"] == pytest.approx(STEEP, abs=1)
    row = answers.tables["opening"].set_index("zoning").loc["everybody"]
    assert row["people_today"] == 0
    assert np.isnan(row["mean_today_s"])


def test_full_time_days_of_each_municipality(tmp_path):
    answers, _ = solved(tmp_path, gp='fte_days = "fte"')
    table = answers.tables["offices"].set_index("municipality")
    assert table["fte_days"].to_dict() == {"West": 6, "East": 0.5, "South": 0}
    assert table["fte_days_per_thousand"]["West"] == pytest.approx(6000 / 1075)
    assert table["fte_days_per_thousand"]["East"] == pytest.approx(500 / 714)


def test_people_of_their_own_municipality(tmp_path):
    """The middle lies in East: its people may not go to West, though that is nearer. South has no GP at all."""
    answers, cells = solved(tmp_path, gp='rule = { kind = "own" }')
    assert MAIN < FURTHER
    assert cells["gp_allowed_site"][["west", "middle", "north"]].tolist() == ["gp-west", "gp-east", "gp-east"]
    assert cells["gp_extra_s"][["west", "middle", "north"]].tolist() == pytest.approx([0, FURTHER - MAIN, 0], abs=1)
    reasons = dict.fromkeys(["west", "farm", "middle", "north"], "") | {"isle": "no_provider", "hut": "no_provider"}
    assert cells["gp_rule_reason"].to_dict() == reasons | {"holm": "nothing_in_reach", "wild": "no_zone"}
    table = answers.tables["rules"].set_index(["zoning", "group"])
    everybody = table.loc[("everybody", "everybody")]
    assert everybody[["not_slower", "slower", "no_provider", "nothing_in_reach", "no_zone"]].tolist() == [
        *(1009 + 13 + 211, 503, 101 + 31, 53, 7)
    ]
    assert table.loc[("municipality", "0102 / East"), "mean_extra_slower_s"] == pytest.approx(FURTHER - MAIN, abs=1)


def test_an_ambulance_comes_by_the_way_it_drives(tmp_path):
    """The short cut to the north is one-way, towards the people."""
    text = STUDY.replace('label = "Ambulance"\n', 'label = "Ambulance"\nrule = { kind = "own" }\n')
    path = write_study(tmp_path, text)
    cells = solve_study(load_study(path), show=False).results.set_axis(list(CELLS))
    assert cells["ambulance_base_allowed_s"]["north"] == pytest.approx(SHORT_CUT, abs=1)
    assert cells["ambulance_base_rule_reason"]["west"] == "no_provider"


def test_some_cells_at_a_time_have_what_all_have_at_once(tmp_path, monkeypatch):
    how = {
        "gp": 'opening = "hours"\nrule = { kind = "own" }',
        "more": "[opening]\nfirst = 2026-01-12\ntoday = 2026-01-14T17:00:00\n",
    }
    at_once, _ = solved(tmp_path / "once", **how)
    monkeypatch.setattr("geoaccess.routing.blocks._PAIRS", 6)  # three cells and two sites
    by_parts, _ = solved(tmp_path / "parts", **how)
    asked_for = [
        name for name in at_once.results if name.endswith(("allowed_s", "allowed_site", "expected_s", "today_s"))
    ]
    assert len(asked_for) == 4
    pd.testing.assert_frame_equal(
        pd.DataFrame(by_parts.results.drop(columns="geometry")), pd.DataFrame(at_once.results.drop(columns="geometry"))
    )


@pytest.mark.parametrize(
    ("rule", "name", "content"),
    [
        ('{ kind = "own", hosts = "h.csv" }', "h.csv", "zone_id,host_id\n0103,0101\n"),
        ('{ kind = "names", column = "serves" }', "unused.csv", ""),
        ('{ kind = "table", file = "t.csv" }', "t.csv", "zone_id,site_id\n0101,gp-west\n0102,gp-east\n0103,gp-west\n"),
    ],
)
def test_a_host_a_list_of_names_and_a_table_say_the_same(tmp_path, rule, name, content):
    """South may go to West: the isle passes the GP in the east on its way."""
    answers, cells = solved(tmp_path, gp=f"rule = {rule}", files=[(name, content)])
    assert cells["gp_allowed_site"]["isle"] == "gp-west"
    assert cells["gp_extra_s"]["isle"] == pytest.approx(FURTHER + MAIN, abs=1)
    assert cells["gp_rule_reason"]["hut"] == "nothing_in_reach"
    if name != "unused.csv":
        assert any(path.name == name for path in answers.study.inputs.values())


def test_a_column_says_where_sites_belong(tmp_path):
    """The table of sites counts the western GP to East."""
    columns = COLUMNS | {"town": {"gp-west": "0102", "gp-east": "0102"}}
    _, cells = solved(tmp_path, gp='municipality = "town"\nrule = { kind = "own" }', columns=columns)
    assert cells["gp_rule_reason"]["west"] == "no_provider"
    assert cells["gp_extra_s"]["middle"] == 0


@pytest.mark.parametrize(
    ("gp", "more", "words"),
    [
        ('at_least = "large"', "", ["[services.gp]", "at_least", "write levels"]),
        ('levels = ["small", "large"]\nat_least = "larg"', "", ["[services.gp]", '"larg"', 'did you mean "large"']),
        ('levels = ["a", "a"]', "", ["services.gp", "every level once"]),
        ('sites_of = "hospitl"', "", ["[services.gp]", "sites_of", 'did you mean "hospital"']),
        ('opening = "hours"', "", ["[services.gp] opening", "[opening]", "first"]),
        ("", "[opening]\nfirst = 2026-01-12\n", ["[opening]", "no service"]),
        (
            'opening = "hours"',
            "[opening]\nfirst = 2026-01-12\ntoday = 2026-01-14T10:00:00Z\n",
            ["opening.today", "zone"],
        ),
        ('opening = "a"\ndays_per_week = "b"', "", ["services.gp", "both opening and days_per_week"]),
        ('rule = { kind = "nams", column = "a" }', "", ["services.gp.rule", "names"]),
        ('rule = { kind = "names", colum = "a" }', "", ["services.gp.rule.colum", 'did you mean "column"']),
    ],
)
def test_what_does_not_fit_is_reported_before_anything_is_read(tmp_path, gp, more, words):
    message = refused(tmp_path, gp=gp, more=more, error=ConfigError)
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("gp", "files", "words"),
    [
        ('levels = ["little", "large"]', (), ["gp-west", '"small"', "little"]),
        ('fte_days = "ftes"', (), ["sites.csv", 'did you mean "fte"', "[services.gp] fte_days"]),
        ('fte_days = "serves"', (), ["[services.gp] fte_days", "gp-west", "number >= 0"]),
        ('days_per_week = "fte"', (), ["[services.gp] days_per_week", "gp-west", "from 0 to 5"]),
        ('rule = { kind = "own", hosts = "h.csv" }', [("h.csv", "zone_id,host_id\n0101,0102\n")],
         ["h.csv", "municipality 0103 (South)", "write its host"]),
        ('rule = { kind = "own", hosts = "h.csv" }', [("h.csv", "zone_id,host_id\n0103,0110\n")],
         ["h.csv", "0110", "no site"]),
        ('rule = { kind = "own", hosts = "h.csv" }', [("h.csv", "zone_id,host_id\n01033,0101\n")],
         ["h.csv", '"01033" is no municipality', 'did you mean "0103"']),
        ('rule = { kind = "own", hosts = "none.csv" }', (), ["none.csv", "hosts of gp"]),
        ('rule = { kind = "names", column = "town" }', (), ["[services.gp.rule]", '"0101" is no zone']),
        ('rule = { kind = "table", file = "t.csv" }', [("t.csv", "zone_id,site_id\n0101,gp-wst\n")],
         ["t.csv", "row 2", "gp-wst", 'did you mean "gp-west"']),
        ('rule = { kind = "table", file = "t.csv" }', [("t.csv", "zone,site_id\n0101,gp-west\n")],
         ["t.csv", '"zone_id"', "[services.gp.rule] file"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_data_is_one_message(tmp_path, gp, files, words):
    message = refused(tmp_path, gp=gp, files=files)
    assert [word for word in words if word not in message] == []


def test_hours_that_cannot_be_read_name_the_site(tmp_path):
    columns = COLUMNS | {"hours": {"gp-west": "now and then", "gp-east": "24/7"}}
    message = refused(tmp_path, gp='opening = "hours"', more="[opening]\nfirst = 2026-01-12\n", columns=columns)
    assert "[services.gp] opening" in message
    assert "gp-west" in message
