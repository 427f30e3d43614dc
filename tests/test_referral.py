"""Referral: times by the nearest site onward, and people on each link, against a loop over cells and a tiny country."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import ConfigError, InputError
from geoaccess.measures import referral_links, referral_times
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import PEOPLE, STUDY, cell_id, degrees, write_study

FIRST, SECOND = ["a", "b", "c"], ["x", "y"]
seconds = st.one_of(st.integers(0, 7200).map(float), st.just(float("inf")))


@st.composite
def countries(draw):
    n = draw(st.integers(1, 8))
    site = draw(st.lists(st.sampled_from([*FIRST, ""]), min_size=n, max_size=n))
    times = [np.inf if not name else draw(st.integers(0, 7200)) * 1.0 for name in site]
    onward = [[draw(seconds) for _ in SECOND] for _ in FIRST]
    people = draw(st.lists(st.integers(0, 100), min_size=n, max_size=n))
    direct = draw(st.lists(seconds, min_size=n, max_size=n))
    return pd.Series(site), pd.Series(times), pd.DataFrame(onward, FIRST, SECOND), pd.Series(people), pd.Series(direct)


@settings(deadline=None, max_examples=100)
@given(countries(), st.sampled_from([0.0, 0.25, 1.0]), st.sampled_from([0.0, 900.0]))
def test_links_are_those_of_a_loop_over_cells(country, share, stay):
    site, times, onward, people, direct = country
    found = referral_times(site, times, onward_s=onward, stay_s=stay)
    table = referral_links(
        site, times, onward_s=onward, people=people, onward_share=share, stay_s=stay, direct_s=direct
    ).set_index("site_id")
    total, extra = {}, {}
    for cell in site.index:
        if site[cell]:
            link = min(onward.loc[site[cell]])
            expected = times[cell] + stay + link
            assert found.loc[cell, "time_s"] == expected
            end = found.loc[cell, "site"]
            assert end == ("" if np.isinf(link) else next(k for k in SECOND if onward.loc[site[cell], k] == link))
        else:
            expected = np.inf
            assert found.loc[cell].tolist() == [np.inf, ""]
        total.setdefault(site[cell], []).append((people[cell], expected))
        if np.isfinite(expected) and np.isfinite(direct[cell]):
            extra.setdefault(site[cell], []).append((people[cell], expected - direct[cell]))
    assert table["people"].sum() == people.sum()
    for name, row in table.iterrows():
        some = total.get(name, [])
        assert row["people"] == sum(count for count, _ in some)
        assert row["referred"] == pytest.approx(share * row["people"] if name else 0)
        for column, pairs in (("mean_total_s", some), ("mean_extra_s", extra.get(name, []))):
            there = [(count, value) for count, value in pairs if np.isfinite(value) and count]
            if not there:
                assert np.isnan(row[column])
            else:
                weights = [count for count, _ in there]
                assert row[column] == pytest.approx(np.average([value for _, value in there], weights=weights))


def test_what_does_not_fit_is_refused():
    onward = pd.DataFrame({"x": [60.0]}, index=["a"])
    site, times = pd.Series(["a"]), pd.Series([60.0])
    with pytest.raises(InputError, match="no row for b"):
        referral_times(pd.Series(["b"]), times, onward_s=onward)
    with pytest.raises(InputError, match="negative"):
        referral_times(site, times, onward_s=-onward)
    with pytest.raises(InputError, match="from 0 to 1"):
        referral_links(site, times, onward_s=onward, people=pd.Series([1.0]), onward_share=2.0)
    with pytest.raises(InputError, match=">= 0 for each cell"):
        referral_links(site, times, onward_s=onward, people=pd.Series([np.nan]))


REFERRED = STUDY + '\n[services.gp.referral]\nto = "hospital"\nonward_share = 0.5\nstay_min = 30\n'


def test_a_study_sends_people_on_to_the_hospital(tmp_path):
    answers = solve_study(load_study(write_study(tmp_path, REFERRED)), show=False)
    results, table = answers.results, answers.tables["referral"]
    assert table["people"].sum() == pytest.approx(sum(PEOPLE.values()))
    here = results.loc[cell_id("west")]
    link = table.set_index("site_id").loc[here["gp_site"]]
    assert here["gp_onward_s"] == pytest.approx(here["gp_s"] + 1800 + link["link_s"])
    assert here["gp_onward_site"] == link["onward_id"]
    assert link["onward_id"] in answers.sites.index[answers.sites["service"] == "hospital"]
    assert link["referred"] == pytest.approx(link["people"] / 2)
    # No way to the hospital by the GP is shorter than the way straight there.
    assert (results["gp_onward_s"] >= results["hospital_s"].fillna(0) - 0.2).all()


def test_sites_far_from_every_road_send_nobody_on_and_take_nobody(tmp_path):
    without = solve_study(load_study(write_study(tmp_path / "without", REFERRED)), show=False)
    study = write_study(tmp_path / "with", REFERRED)
    lon, lat = degrees(300, 0)
    with (study.parent / "sites.csv").open("a", encoding="utf-8") as file:
        for service in ("gp", "hospital"):
            file.write(f"{service}-away,{service},away,{lon:.7f},{lat:.7f},no\n")
    found = solve_study(load_study(study), show=False)
    assert found.sites_not_snapped == ["gp-away", "hospital-away"]
    pd.testing.assert_frame_equal(found.results, without.results)
    links = found.tables["referral"].set_index("site_id")
    assert links.loc["gp-away", ["onward_id", "people", "link_s"]].tolist() == ["", 0, np.inf]
    pd.testing.assert_frame_equal(links.drop("gp-away"), without.tables["referral"].set_index("site_id"))


@pytest.mark.parametrize(
    ("to", "words"), [("hospitl", 'did you mean "hospital"'), ("gp", "gp"), ("ambulance_base", "comes to the people")]
)
def test_nobody_is_sent_on_to_what_is_not_there(tmp_path, to, words):
    with pytest.raises(ConfigError, match=words):
        load_study(write_study(tmp_path, STUDY + f'\n[services.gp.referral]\nto = "{to}"\n'))


def test_a_negative_direct_time_is_refused_and_means_of_nobody_are_missing():
    given = {"onward_s": pd.DataFrame({"T": [60.0, np.inf]}, index=["L", "K"]), "people": pd.Series([3.0, 2.0])}
    nearest = pd.Series(["L", "K"]), pd.Series([10.0, 20.0])
    found = referral_links(*nearest, **given, direct_s=pd.Series([40.0, 50.0])).set_index("site_id")
    assert found.loc["L", ["mean_total_s", "mean_extra_s"]].tolist() == [70, 30]
    assert found.loc["K", ["mean_total_s", "mean_extra_s"]].isna().all()  # nothing leads on from there
    with pytest.raises(InputError, match="direct_s: the least is -1"):
        referral_links(*nearest, **given, direct_s=pd.Series([-1.0, np.inf]))
