"""The map of the ambulance chain: what is drawn, counted and said of which base, or which mode, is first."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoaccess import maps
from geoaccess.errors import InputError
from geoaccess.maps.chain import has_chain
from geoaccess.maps.drawing import _label_lines
from geoaccess.maps.layers import HANGING
from geoaccess.measures import ServiceSpec
from geoaccess.questions import compare_study
from geoaccess.questions.compare.output import write_comparison
from geoaccess.scenarios import Scenario
from geoaccess.study import load_study, run_study
from tests.test_study_ambulance import write_chain

SIDE, WIDE = 1000, 12
BASE = ServiceSpec(key="base", label="Ambulance", direction="to_people", norms_s=(720.0,), time="response")
HEADS = {"title": "T", "attribution": "A"}


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn: layers and legend of the last map."""
    found = {}
    monkeypatch.setattr("geoaccess.maps.drawing.draw_service_map", lambda path, **given: found.update(given))
    return found


def land(first):
    """A square of cells, row by row from the south, one person more in each than in the one before."""
    places = [(x, y) for y in range(WIDE) for x in range(WIDE)]
    corners = [(500_000 + SIDE * x, 7_000_000 + SIDE * y) for x, y in places]
    shapes = [shapely.box(x, y, x + SIDE, y + SIDE) for x, y in corners]
    cells = gpd.GeoDataFrame({"population": np.arange(len(shapes)) + 1.0}, geometry=shapes, crs="EPSG:25833")
    return cells, pd.Series([first(x, y) for x, y in places], index=cells.index)


def bases(names, **columns):
    points = gpd.GeoSeries.from_xy(
        500_500 + SIDE * np.arange(len(names)), np.full(len(names), 7_000_500), index=names, crs="EPSG:25833"
    )
    table = {"service": "base", "name": [f"Base {name}" for name in names], "proxy": False} | columns
    return gpd.GeoDataFrame(table, geometry=points, index=names)


def test_bases_that_meet_have_other_colours_and_everybody_is_counted(tmp_path, drawn):
    cells, first = land(lambda x, y: "" if (x, y) == (0, 0) else f"b{x // 3}{y // 3}")
    maps.chain_map(tmp_path / "m.png", results=cells, service=BASE, kind="base", first=first,
                   sites=bases(sorted({*first} - {""})), **HEADS)  # fmt: skip
    layers, legend = drawn["layers"], drawn["legend"]
    shade = {name: layers.colours[layers.band[row]] for row, name in enumerate(first) if name}
    assert len(shade) == 16
    for a, one in shade.items():
        for b, other in shade.items():
            if max(abs(int(a[1]) - int(b[1])), abs(int(a[2]) - int(b[2]))) == 1:
                assert one != other, (a, b)
    assert layers.band[0] == -1  # where none comes
    rows = {row[1]: row for row in legend.rows}
    people = cells["population"].groupby(first).sum()
    largest = people.drop("").idxmax()
    assert rows[f"1\tBase {largest}"][2] == f"{people[largest]:,.0f}"
    assert rows["None"][2] == "1"
    assert sum(float(row[2].replace(",", "")) for row in legend.rows) == cells["population"].sum()
    assert layers.labels.index.tolist()[0] == "1"
    text = maps.chain_text(cells, service=BASE, kind="base", first=first, names={})
    assert text.startswith(f"Nearest by road is {largest} for {people[largest]:,.0f} people")
    rest = people.drop("").sort_values(ascending=False).iloc[5:].sum()
    assert text.endswith(f"11 others for {rest:,.0f} people; none for 1.")


def test_bases_of_the_legend_have_a_colour_each_though_others_lie_between(tmp_path, drawn):
    """Six bases in strips that are apart, and many small ones between them, which take colours, too."""
    wide = {2 * i: f"big{i}" for i in range(6)}
    cells, first = land(lambda x, y: wide.get(x, f"s{x}{y}"))
    names = sorted({*first})
    maps.chain_map(
        tmp_path / "m.png", results=cells, service=BASE, kind="base", first=first, sites=bases(names), **HEADS
    )
    layers, legend = drawn["layers"], drawn["legend"]
    listed = {row[1].partition("\t")[2]: row[0] for row in legend.rows if "\t" in row[1]}
    assert {f"Base big{i}" for i in range(6)} < {*listed}
    first_eight = [*listed.values()][:8]
    assert len({*first_eight}) == 8
    shade = {name: layers.colours[layers.band[row]] for row, name in enumerate(first)}
    assert all(shade[name.removeprefix("Base ")] == shown for name, shown in listed.items())


def test_a_change_is_in_full_colours_and_the_rest_pale(tmp_path, drawn):
    cells, after = land(lambda x, y: "b1" if x < 6 else "b2")
    _, before = land(lambda x, y: "b1" if x < 6 else "b3")  # b3 closes, b2 is new
    sites = bases(["b1", "b2", "b3"], change=["", "new", "closed"])
    maps.chain_map(tmp_path / "m.png", results=cells, service=BASE, kind="base", first=after, before=before,
                   sites=sites, **HEADS)  # fmt: skip
    layers, legend = drawn["layers"], drawn["legend"]
    colours = np.array(layers.colours, object)[layers.band]
    assert {*colours[(after == "b2").to_numpy()]} & {*colours[(after == "b1").to_numpy()]} == set()
    n = len(layers.colours) // 2
    assert (layers.band[(after == "b1").to_numpy()] >= n).all()  # as today: pale
    assert (layers.band[(after == "b2").to_numpy()] < n).all()
    counts = {row[1].split("\t")[-1]: (row[2], row[3]) for row in legend.rows}
    east = f"{cells['population'][(after == 'b2').to_numpy()].sum():,.0f}"
    assert counts["Base b2"] == ("0", east)
    assert counts["Base b3"] == (east, "0")
    assert counts["Base b1"][0] == counts["Base b1"][1]
    assert legend.heads == ("today", "after")


def test_modes_have_names_and_one_colour_each(tmp_path, drawn):
    cells, first = land(lambda x, y: "car" if x < 9 else "helicopter")
    maps.chain_map(tmp_path / "m.png", results=cells, service=BASE, kind="mode", first=first, language="nb", **HEADS)
    assert [row[1] for row in drawn["legend"].rows] == ["bilambulanse", "helikopter", "Ingen"]
    assert drawn["layers"].labels is None
    with pytest.raises(InputError, match="nobody is reached"):
        maps.chain_map(tmp_path / "m.png", results=cells, service=BASE, kind="mode", first=first.map(lambda _: ""),
                       **HEADS)  # fmt: skip
    with pytest.raises(InputError, match="not of the same cells"):
        maps.chain_map(tmp_path / "m.png", results=cells, service=BASE, kind="mode", first=first.iloc[1:], **HEADS)


def test_a_word_that_fits_no_line_is_divided_by_hyphens_into_equal_parts():
    word = "Björgunarmiðstöðin"
    _, lines = _label_lines(f"1{HANGING}{word} Skógarhlíð")
    assert lines == ["Björgunar-", "miðstöðin", "Skógarhlíð"]
    assert _label_lines(word[:10])[1] == [word[:10]]


def test_a_legend_says_that_colours_come_back_where_bases_are_more_than_they(tmp_path, drawn):
    for many in (2, 12):
        cells, first = land(lambda x, y, many=many: f"b{x % many}")
        maps.chain_map(tmp_path / "m.png", results=cells, service=BASE, kind="base", first=first,
                       sites=bases(sorted({*first})), **HEADS)  # fmt: skip
        again = len({*drawn["layers"].colours[:many]}) < many
        assert any("more than once" in note for note in drawn["legend"].notes) == again == (many == 12)


def test_a_number_never_stands_on_a_line_of_its_own():
    for label in ("Heilbrigðisstofnun Norðurlands Hvammstanga", "Kvæfjord", "UNN Tromsø"):
        for place in (1, 10):
            number, lines = _label_lines(f"{place}{HANGING}{label}")
            assert number == str(place)
            assert "".join(lines).replace("-", "").replace(" ", "") == label.replace(" ", "")
            assert lines[0][0] == label[0]
    assert _label_lines("9 others") == ("", ["9 others"])


def test_only_ambulances_that_are_measured_from_the_call_have_the_map():
    columns = ["base_site", "base_reason", "ambulance_fastest_mode", "ambulance_fastest_reason"]
    plain = ServiceSpec(key="base", label="Ambulance", direction="to_people")
    assert has_chain(BASE, columns, "base")
    assert has_chain(BASE, columns, "mode")
    assert not has_chain(BASE, columns[:2], "mode")
    assert not has_chain(plain, columns, "base")


def test_a_run_and_a_comparison_of_bases_have_the_map(tmp_path):
    study = load_study(write_chain(tmp_path))
    run_study(study, show=False)
    page = (study.output / "report.html").read_text(encoding="utf-8")
    for name, text in (("base", "Nearest by road is"), ("mode", "Fastest to treatment is")):
        assert (study.output / f"chain_{name}.png").stat().st_size > 1000
        assert text in page
    gone = Scenario(title="One base less", remove=[{"service": "ambulance_base", "site": "ambulance_base-west"}])
    found = compare_study(study, [gone, Scenario(title="Nothing")], show=False)
    names = {path.name for path in write_comparison(found, tmp_path / "compare")}
    assert "map_1_chain_base.png" in names
    assert not any(name.startswith("map_2_chain") for name in names)
    page = (tmp_path / "compare" / "index.html").read_text(encoding="utf-8")
    assert "map of the ambulance chain" in page
    assert "people within the norm of the area" in page  # of the two scenarios side by side
