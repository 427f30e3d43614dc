"""The map for the screen: what is in the file, and what a browser makes of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.interpolate import RectBivariateSpline

from geoaccess.errors import InputError
from geoaccess.maps import packed_below, web_map
from geoaccess.maps.assets import asset_bytes
from geoaccess.maps.web import zone_boxes
from tests.conftest import need

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path (apt-get install chromium)"),
]
EVIL = (
    "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>"
    """`${alert(1)}`"'\\ {{ 7*7 }}{% x %}{# y #}\u2028&amp;"""
)
TOWNS = {"Reykjavík": (-21.94, 64.14), "Akureyri": (-18.09, 65.68), "Egilsstaðir": (-14.39, 65.26)}


@dataclass(frozen=True)
class Service:
    key: str
    label: str
    direction: str = "to_sites"
    norms_s: tuple[float, ...] = ()
    proxy_note: str = ""
    norm_column: str = ""
    time: str = "travel"
    from_call: bool = False

    @property
    def norm_limits(self):
        return tuple((norm,) for norm in self.norms_s)


GP = Service("gp", "GP", norms_s=(1200.0,))
HOSPITAL = Service("hospital", "Hospital", norms_s=(3600.0, 5400.0), proxy_note="A health centre stands in.")


def tables(data: Path, name: str = "{}") -> dict[str, object]:
    """Iceland's cells with times that follow the distance to three towns; one cell in fifty is not reached."""
    read = pd.read_csv(data / "iceland" / "population_1km_2018.csv").set_index("cell_id")
    squares = shapely.box(read["x_3035"], read["y_3035"], read["x_3035"] + 1000, read["y_3035"] + 1000)
    results = gpd.GeoDataFrame(read[["population"]].astype(float), geometry=squares, crs=3035)
    rows = [
        (f"{key}-{town}", key, name.format(town), town == "Egilsstaðir", name.format("note"), shapely.Point(at))
        for key in ("gp", "hospital")
        for town, at in TOWNS.items()
    ]
    sites = gpd.GeoDataFrame(rows, columns=["site_id", "service", "name", "proxy", "note", "geometry"], crs=4326)
    sites = sites.set_index("site_id")
    middle = results.geometry.centroid
    lost = np.arange(len(results)) % 50 == 7
    for service in (GP, HOSPITAL):
        own = sites[sites["service"] == service.key].to_crs(3035).geometry
        far = np.hypot(middle.x.to_numpy()[:, None] - own.x.to_numpy(), middle.y.to_numpy()[:, None] - own.y.to_numpy())
        order = np.argsort(far, axis=1)
        for part, rank in (("", 0), ("_second", 1)):
            seconds = far[np.arange(len(far)), order[:, rank]] / 18
            results[f"{service.key}{part}_s"] = np.where(lost, np.inf, seconds)
            results[f"{service.key}{part}_site"] = np.where(lost, "", own.index.to_numpy()[order[:, rank]])
        results[f"{service.key}_reason"] = np.where(lost, "island_without_ferry", "")
    results["municipality"] = [name.format(f"Sveit {number % 9}") for number in range(len(results))]
    results["centrality_class"] = pd.array([None, 1, 2, 3, 4, 5, 6] * len(results), dtype="Int8")[: len(results)]
    land = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(-25, 63, -13, 67)], crs=4326)
    ferry_line = shapely.LineString([(-20.4, 63.4), (-20.1, 63.6), (-20.2, 63.8)])
    ferries = gpd.GeoDataFrame(
        {"name": [name.format("Ferja"), None], "cars": [True, False], "crossing_s": [2400.0, np.nan]},
        geometry=[ferry_line, shapely.LineString([(-23, 66), (-23, 66.4)])],
        crs=4326,
    )
    roads = gpd.GeoDataFrame(
        {"highway": ["primary", "track"]},
        geometry=[shapely.LineString([(-21, 64), (-20, 64)]), shapely.LineString([(-21, 65), (-20, 65)])],
        crs=4326,
    )
    places = gpd.GeoDataFrame(
        {
            "name": [name.format(town) for town in TOWNS],
            "alt_names": ["Reykjavik; Smoky Bay", "", ""],
            "municipality": [name.format("Sveit"), "", ""],
            "small": [False, False, True],
        },
        geometry=gpd.points_from_xy(*zip(*TOWNS.values(), strict=True)),
        crs=4326,
    )
    around = {"municipalities": land, "ferries": ferries, "roads": roads, "places": places}
    return {"results": results, "sites": sites, **around}


@pytest.fixture(scope="module")
def made(tmp_path_factory, data) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    web_map(path, **tables(data), services=[GP, HOSPITAL], title="Care in Iceland", attribution="© OpenStreetMap")
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, data) -> Path:
    path = tmp_path_factory.mktemp("map") / "hostile map.html"
    given = tables(data, EVIL.replace("{", "{{").replace("}", "}}") + " {}")
    texts = dict.fromkeys(("title", "subtitle", "disclaimer", "attribution"), EVIL)
    service = Service("gp", EVIL, norms_s=(1200.0,), proxy_note=EVIL)
    web_map(path, **given, services=[service, HOSPITAL], **texts, language="nb")
    return path


class Parts(HTMLParser):
    """Elements with their attributes and text, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.open: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside.append("")
        if tag not in {"meta", "hr", "input"}:
            self.open.append(len(self.inside) - 1)

    def handle_endtag(self, tag):
        while self.open and self.elements[self.open.pop()][0] != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.inside[self.open[-1]] += data

    def texts(self, tag: str) -> list[str]:
        return [text for (name, _), text in zip(self.elements, self.inside, strict=True) if name == tag]


def data_of(path: Path) -> dict[str, object]:
    found = re.search(
        r'<script type="application/json" id="geoaccess-data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL
    )
    return json.loads(found[1])


def unpacked(packed: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["data"]), dtype=f"<{packed['kind']}")


def test_leaflet_is_the_published_one():
    published = {
        "leaflet.js": "20nQCchB9co0qIjJZRGuk2/Z9VM+kNiyxNV1lvTlZBo=",
        "leaflet.css": "p4NxAoJBhIIN+hmNHrzRCf9tD/miZyoHS5obTRR9BMY=",
    }
    for name, digest in published.items():
        assert base64.b64encode(hashlib.sha256(asset_bytes(f"leaflet/{name}")).digest()).decode() == digest
    assert "Redistribution and use" in asset_bytes("leaflet/LICENSE").decode()


def test_the_same_tables_give_the_same_bytes(tmp_path, data, made):
    again = tmp_path / "again.html"
    web_map(again, **tables(data), services=[GP, HOSPITAL], title="Care in Iceland", attribution="© OpenStreetMap")
    assert again.read_bytes() == made.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["again.html"]


@pytest.mark.parametrize("name", ["made", "hostile"])
def test_nothing_is_fetched_and_only_what_is_hashed_runs(name, request):
    text = request.getfixturevalue(name).read_text("utf-8")
    page = Parts(text)
    assert {tag for tag, _ in page.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "header", "h1", "p", "main", "div", "aside", "noscript"),
        *("fieldset", "section", "hr", "footer", "script", "input", "ul"),
    }
    for tag, attributes in page.elements:
        assert not attributes.keys() & {"src", "href", "srcset", "style", "data", "action"}, tag
        assert not [key for key in attributes if key.startswith("on")]
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    for kind in ("script", "style"):
        inline = [
            text
            for (tag, attributes), text in zip(page.elements, page.inside, strict=True)
            if tag == kind and "type" not in attributes
        ]
        allowed = re.search(rf"{kind}-src ([^;]*)", policy)[1].split()
        hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in inline]
        assert allowed == [f"'sha256-{digest}'" for digest in hashes]
    for style in page.texts("style"):
        assert "@import" not in style
        assert {url for url in re.findall(r"url\((.*?)\)", style) if not url.startswith(("#", "data:"))} == set()
    known = ("http://www.w3.org/", "https://leafletjs.com", "https://www.openstreetmap.org/copyright")
    found = re.findall(r"https?://[^\s\"'<>)\\]*", "".join(page.texts("script")))
    assert [address for address in found if not address.startswith(known)] == []
    assert "cdn" not in text.lower().replace("geoaccess-data", "").split('id="data"')[0][:2000]


def decoded(level):
    """The squares of a level, read as the format is described and not as the page reads it: plain loops over bytes."""
    rows = []
    for _, text in level["tiles"]:
        content = zlib.decompress(base64.b64decode(text), wbits=-15)
        number, *places = np.frombuffer(content[:76], dtype="<i4")
        at, found = 76, {}
        for name, size, against in level["columns"]:
            planes = [content[at + plane * number : at + (plane + 1) * number] for plane in range(size)]
            at += size * number
            values, last = [], 0
            for row in range(number):
                value = int.from_bytes(bytes(plane[row] for plane in planes), "little")
                value += last if against == "before" else found[against][row] if against else 0
                last = value % 256**size
                values.append(last)
            found[name] = values
        assert at == len(content)
        x, y = (
            RectBivariateSpline(range(3), range(3), np.reshape(places, (3, 3, 2))[:, :, axis] / 10.0, kx=2, ky=2)
            for axis in (0, 1)
        )
        for row in range(number):
            up, across = divmod(found["place"][row], level["across"])
            at_row, at_column = 2 * up / level["across"], 2 * across / level["across"]
            corner = {"x": float(x(at_row, at_column).item()), "y": float(y(at_row, at_column).item())}
            rows.append({name: values[row] for name, values in found.items()} | corner)
    return pd.DataFrame(rows)


def test_the_cells_are_in_the_page_once_and_as_in_the_table(made, data):
    results, page = tables(data)["results"], data_of(made)
    (level,) = page["levels"]
    cells = decoded(level)
    assert len(made.read_text().split('"data":"')) < 10
    assert len(cells) == level["count"] == len(results)
    assert level["factor"] == 1
    corner = gpd.GeoSeries(gpd.points_from_xy(cells["x"], cells["y"]), crs=3857).to_crs(3035)
    places = np.column_stack([np.rint(corner.x / 1000), np.rint(corner.y / 1000)]) * 1000
    assert np.abs(np.column_stack([corner.x, corner.y]) - places).max() < 15  # in tiles of 128 km
    rows = results.assign(x=results.geometry.bounds["minx"], y=results.geometry.bounds["miny"])
    both = cells.assign(x=places[:, 0], y=places[:, 1]).merge(rows, on=["x", "y"], suffixes=("_page", ""))
    assert len(both) == len(results)
    assert both["people"].to_numpy() / 10 == pytest.approx(both["population"].to_numpy())
    expected = both["hospital_s"].to_numpy()
    assert ((both["hospital.time"] == 65535) == np.isinf(expected)).all()
    near = np.isfinite(expected)
    assert both["hospital.time"].to_numpy()[near] / 10 == pytest.approx(expected[near] / 60, abs=0.051)
    second = both["hospital.second"].to_numpy()[near] / 10
    assert second == pytest.approx(both["hospital_second_s"].to_numpy()[near] / 60, abs=0.051)
    ids = np.array([*tables(data)["sites"].index, ""])
    site = np.where(both["gp.site"] == 2**32 - 1, len(ids) - 1, both["gp.site"])
    assert ids[site].tolist() == both["gp_site"].tolist()
    assert [page["municipalities"][number] for number in both["municipality_page"]] == both["municipality"].tolist()


def test_the_legend_counts_everybody(made, data):
    total = tables(data)["results"]["population"].sum()
    for layer in data_of(made)["layers"].values():
        for legend in layer.get("breaks", {"": layer}).values():
            counted = [int(row["people"].replace(",", "")) for row in legend["rows"]]
            assert counted[-1] == total
            assert abs(sum(counted[:-1]) - total) <= len(counted)
    hospital = data_of(made)["layers"]["hospital"]["breaks"]["norms"]
    assert [row["norm"] for row in hospital["rows"] if row["norm"]] == [
        "norm 60 min",
        "norm 90 min",
    ]


def test_many_cells_become_blocks_and_the_legend_says_so(tmp_path, data):
    path = tmp_path / "blocks.html"
    given = tables(data)
    web_map(path, **given, services=[GP], title="x", attribution="y", at_most=300)
    page = data_of(path)
    blocks, *_, single = page["levels"]
    assert blocks["count"] <= 300
    assert decoded(blocks)["people"].sum() == 10 * given["results"]["population"].sum()
    assert decoded(blocks)["members"].sum() == len(given["results"])
    assert decoded(blocks)["gp.lost"].max() > 0
    assert single["factor"] == 1
    assert single["tiles"] == data_of(_single(tmp_path, given))["levels"][0]["tiles"]
    assert page["layers"]["gp"]["breaks"] == data_of(_single(tmp_path, given))["layers"]["gp"]["breaks"]


def _single(tmp_path, given):
    web_map(tmp_path / "single.html", **given, services=[GP], title="x", attribution="y")
    return tmp_path / "single.html"


def test_a_map_needs_no_more_than_cells_and_sites(tmp_path, data):
    given = {key: value for key, value in tables(data).items() if key in {"results", "sites"}}
    given["results"] = given["results"][["population", "gp_s", "gp_reason", "geometry"]]
    web_map(tmp_path / "x.html", **given, services=[GP], title="x", attribution="y", municipalities=pd.DataFrame())
    assert data_of(tmp_path / "x.html")["order"] == ["gp"]


def test_what_lies_under_these_cells_is_packed_once_and_that_of_others_not_taken(tmp_path, data, made):
    given = tables(data)
    under = dict.fromkeys(["land", "lakes", "ice"]) | {
        name: given[name] for name in ("municipalities", "ferries", "roads")
    }
    packed = packed_below(given["results"], **under)
    asked = given | {"services": [GP, HOSPITAL], "title": "Care in Iceland", "attribution": "© OpenStreetMap"}
    web_map(tmp_path / "kept.html", **asked, packed=packed)
    assert (tmp_path / "kept.html").read_bytes() == made.read_bytes()
    other = packed._replace(roads=[[0, "77"]])
    web_map(tmp_path / "given.html", **asked, packed=other)
    assert data_of(tmp_path / "given.html")["roads"] == [[0, "77"]]
    web_map(tmp_path / "coarser.html", **asked, packed=other._replace(within_m=2 * packed.within_m))
    assert (tmp_path / "coarser.html").read_bytes() == made.read_bytes()


def changed(given, **columns):
    """The tables with columns of the results set, or left out where None."""
    results = given["results"].assign(**{name: value for name, value in columns.items() if value is not None})
    return {**given, "results": results.drop(columns=[name for name, value in columns.items() if value is None])}


def without_first(results):
    return results.geometry.where(results.index != results.index[0])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: changed(t, gp_reason=None), "gp_reason"),
        (lambda t: changed(t, gp_reason=""), "neither a time nor a reason"),
        (lambda t: changed(t, gp_reason="no_road_within"), "also a reason"),
        (lambda t: changed(t, population=-1.0), "population is -1"),
        (lambda t: changed(t, gp_site="nowhere"), "'nowhere'"),
        (lambda t: changed(t, geometry=without_first(t["results"])), "has no shape"),
        (lambda t: {**t, "results": t["results"].to_crs(4326)}, "projected CRS"),
        (lambda t: {**t, "results": t["results"].iloc[:0]}, "no cell"),
        (lambda t: {**t, "sites": pd.concat([t["sites"], t["sites"]])}, "twice"),
        (lambda t: {**t, "ferries": t["ferries"].drop(columns="cars")}, "cars"),
        (lambda t: {**t, "roads": t["roads"].drop(columns="highway")}, "highway"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_drawn_are_refused_and_leave_no_file(tmp_path, data, spoil, message):
    with pytest.raises(InputError, match=re.escape(message)):
        web_map(tmp_path / "x.html", **spoil(tables(data)), services=[GP], title="x", attribution="y")
    assert not list(tmp_path.iterdir())


# ---- in a browser


def opened(path: Path, tmp_path: Path, address: str = "") -> tuple[Parts, str]:
    """Open the page with no network; return what it became, and what was said on the console."""
    ran = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--enable-logging=stderr",
            "--window-size=1200,800", "--dump-dom", path.as_uri() + address,
        ],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    heard = [line for line in ran.stderr.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
    page = Parts(ran.stdout.decode("utf-8"))
    return page, "\n".join(line for line in heard if "source: chrome://" not in line)


def shown(page: Parts) -> str:
    """All text of the page but its code, data and style."""
    quiet = ("script", "style")
    return " ".join(text for (tag, _), text in zip(page.elements, page.inside, strict=True) if tag not in quiet)


def test_classes_at_fixed_minutes_and_in_equal_shares_have_their_own_columns(made, data):
    results, page = tables(data)["results"], data_of(made)
    assert page["breaks"] == ["norms", "fixed", "quantiles"]
    assert page["own_breaks"] is False
    cells = decoded(page["levels"][0])
    minutes = cells["gp.time"].to_numpy() / 10
    reached = minutes < 6553
    fixed = cells["gp.band_fixed"].to_numpy()
    # Times are rounded to a tenth of a minute in the page: those on an edge may be on either side.
    edges = np.array([10, 20, 30, 45, 60, 90, 120])
    clear = reached & (np.abs(minutes[:, None] - edges).min(axis=1) > 0.06)
    assert fixed[clear].tolist() == np.searchsorted(edges, minutes[clear]).tolist()
    assert set(fixed[~reached]) == {255}
    # Of five bands with edges at whole minutes each has about a fifth of the people who are reached.
    people = pd.Series(cells["people"].to_numpy()).groupby(cells["gp.band_quantiles"].to_numpy()).sum()
    people = people.drop(255, errors="ignore")
    steps = results[np.isfinite(results["gp_s"])]
    crowd = steps.groupby(np.ceil(steps["gp_s"] / 60))["population"].sum().max()
    assert len(people) <= 5
    assert (
        people.iloc[:-1].cumsum() / 10
        >= [0.2 * (n + 1) * steps["population"].sum() - 1 for n in range(len(people) - 1)]
    ).all()
    assert (people.iloc[:-1] / 10 <= 0.2 * steps["population"].sum() + crowd).all()


def test_lakes_and_the_ranks_and_numbers_of_roads_are_in_the_page(tmp_path, data):
    given = tables(data)
    line = [shapely.LineString([(-20, 64), (-19, 64)]), shapely.LineString([(-19, 64), (-18, 64.5)])]
    roads = gpd.GeoDataFrame(
        {"highway": ["trunk", "trunk", "secondary", "path"], "ref": ["1", "1", None, "9"]}, geometry=line * 2, crs=4326
    )
    lake = gpd.GeoSeries([shapely.box(-20, 64.2, -19.5, 64.4)], crs=4326)
    web_map(tmp_path / "x.html", **(given | {"roads": roads, "lakes": lake}), services=[GP], title="x", attribution="y")
    page = data_of(tmp_path / "x.html")
    assert page["roads"] == [[0, "1"], [2, ""]]
    assert unpacked(page["lines"]["roads"]["owner"]).tolist() == [0, 1]  # what meets is one line
    assert unpacked(page["lines"]["lakes"]["ends"]).tolist() == [5]


class TestBrowser:
    pytestmark = browser

    def test_the_address_chooses_breaks_and_strength(self, made, tmp_path):
        plain, _ = opened(made, tmp_path)
        page, console = opened(made, tmp_path, "#service=gp&breaks=fixed&opacity=50")
        assert console == ""
        assert "45\u201360 min" in shown(page)
        assert "45\u201360 min" not in shown(plain)
        odd, console = opened(made, tmp_path, "#breaks=<b>&opacity=-3")
        assert console == ""
        assert shown(odd) == shown(plain)

    def test_the_page_opens_without_a_complaint(self, made, tmp_path):
        page, console = opened(made, tmp_path)
        assert console == ""
        root = page.elements[0][1]
        assert root["data-ready"] == "yes"
        assert root["data-layer"] == "gp"
        assert root["lang"] == "en"
        assert page.texts("title") == ["Care in Iceland"]
        assert "Travel time: GP" in shown(page)
        assert "348,342" in shown(page)
        kinds = [attributes.get("type") for tag, attributes in page.elements if tag == "input"]
        assert kinds == ["search"] + ["radio"] * 3 + ["range"] + ["checkbox"] * 6

    def test_a_script_that_was_changed_does_not_run_and_is_complained_of(self, made, tmp_path):
        spoilt = tmp_path / "spoilt.html"
        spoilt.write_text(made.read_text("utf-8").replace("geoaccess.show(", " geoaccess.show("), "utf-8")
        page, console = opened(spoilt, tmp_path)
        assert "Content Security Policy" in console
        assert "data-ready" not in page.elements[0][1]

    def test_the_address_chooses_layer_and_overlays(self, made, tmp_path):
        page, console = opened(made, tmp_path, "#layer=hospital&hide=roads,sites")
        assert console == ""
        assert page.elements[0][1]["data-layer"] == "hospital"
        assert "Travel time: Hospital" in shown(page)
        assert "A health centre stands in." in shown(page)
        assert "norm 60 min" in shown(page)

    def test_an_address_that_makes_no_sense_is_left_aside(self, made, tmp_path):
        page, console = opened(made, tmp_path, "#layer=<b>x&view=a/b/c&at=1/2/3&hide=%00")
        assert console == ""
        assert page.elements[0][1]["data-layer"] == "gp"

    def test_the_card_of_a_cell_says_what_the_table_says(self, made, tmp_path, data):
        results = tables(data)["results"]
        row = results[np.isfinite(results["gp_s"])].sort_values("gp_s").iloc[-1]
        at = gpd.GeoSeries([row.geometry.centroid], crs=3035).to_crs(4326).iloc[0]
        page, _ = opened(made, tmp_path, f"#view=12/{at.y}/{at.x}&at={at.y}/{at.x}")
        text = shown(page)
        assert row["municipality"] in text
        whole = round(round(row["gp_s"] / 6) / 10)
        assert (f"{whole // 60} h {whole % 60:02d} min" if whole >= 120 else f"{whole} min") in text
        assert f"{row['population']:.0f} people" in text

    def test_blocks_give_way_to_cells_when_one_zooms_in(self, tmp_path, data):
        given = tables(data)
        web_map(tmp_path / "x.html", **given, services=[GP], title="x", attribution="y", at_most=300)
        row = given["results"][np.isfinite(given["results"]["gp_s"])].iloc[300]
        at = gpd.GeoSeries([row.geometry.centroid], crs=3035).to_crs(4326).iloc[0]
        far, console = opened(tmp_path / "x.html", tmp_path, f"#view=5/{at.y}/{at.x}&at={at.y}/{at.x}")
        assert console == ""
        assert "blocks of" in shown(far)
        near, console = opened(tmp_path / "x.html", tmp_path, f"#view=12/{at.y}/{at.x}&at={at.y}/{at.x}")
        assert console == ""
        assert "blocks of" not in shown(near)
        assert f"{row['population']:.0f} people" in shown(near)

    def test_the_card_of_a_cell_out_of_reach_says_why(self, made, tmp_path, data):
        results = tables(data)["results"]
        row = results[np.isinf(results["gp_s"])].iloc[0]
        at = gpd.GeoSeries([row.geometry.centroid], crs=3035).to_crs(4326).iloc[0]
        page, _ = opened(made, tmp_path, f"#view=12/{at.y}/{at.x}&at={at.y}/{at.x}")
        assert "Not reached" in page.texts("td")
        assert "Island without a ferry" in page.texts("td")

    def test_hostile_names_are_only_text(self, hostile, made, tmp_path, data):
        results = tables(data)["results"]
        row = results[np.isfinite(results["gp_s"])].iloc[100]
        at = gpd.GeoSeries([row.geometry.centroid], crs=3035).to_crs(4326).iloc[0]
        page, console = opened(hostile, tmp_path, f"#layer=gp&view=12/{at.y}/{at.x}&at={at.y}/{at.x}")
        assert console == ""
        root = page.elements[0][1]
        assert root["data-ready"] == "yes"
        assert root["lang"] == "nb"
        assert len(page.texts("script")) == len(Parts(made.read_text("utf-8")).texts("script"))
        assert page.texts("img") == []
        assert not [a for _, a in page.elements if any(key.startswith("on") for key in a)]
        for tag, name in (("h1", "title"), ("p", "subtitle"), ("p", "disclaimer")):
            assert (tag, EVIL) in [(element[0], text) for element, text in zip(page.elements, page.inside, strict=True)
                                   if element[1].get("id") == name]  # fmt: skip
        assert f"{EVIL} Sveit" in shown(page)
        assert f"{EVIL} Reykjavík" in shown(page) or f"{EVIL} Egilsstaðir" in shown(page)
        assert EVIL in page.texts("label")
        assert "Reisetid: " + EVIL in page.texts("caption")

    def test_hostile_names_of_sites_are_only_text(self, hostile, tmp_path):
        lon, lat = TOWNS["Reykjavík"]
        page, console = opened(hostile, tmp_path, f"#layer=gp&view=12/{lat}/{lon}&at={lat}/{lon}")
        assert console == ""
        assert f"{EVIL} Reykjavík" in page.texts("strong")
        assert page.texts("img") == []

    @pytest.mark.parametrize("name", ["made", "hostile"])
    def test_search_finds_places_and_sites_and_the_address_opens_the_same_view(self, name, request, data):
        """By another name, with the keyboard; hostile names stay text."""
        path = request.getfixturevalue(name)
        evil = EVIL if name == "hostile" else ""
        with need("playwright.sync_api").sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page, troubles = chromium.new_page(), []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda message: troubles.append(message.text))
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready=yes]")
            page.fill("#search", "smoky")
            [found] = page.locator("#found [role=option]").all()
            assert found.inner_text().replace("\xa0", " ").strip().endswith("Smoky Bay · " + f"{evil} Sveit".strip())
            page.press("#search", "Enter")
            assert page.input_value("#search").endswith("Reykjavík")
            at = TOWNS["Reykjavík"]
            assert f"at={at[1]:.4f}/{at[0]:.4f}" in page.url
            assert "service=gp&z=11&" in page.url
            again = chromium.new_page()
            again.goto(page.url)
            again.wait_for_selector("html[data-ready=yes]")
            assert again.locator("#card").inner_text() == page.locator("#card").inner_text() != ""
            page.fill("#search", "no such place")
            assert page.locator("#found [role=option]").count() == 0
            assert page.locator("#found").inner_text() != ""
            page.keyboard.press("Escape")
            assert page.locator("#found").is_hidden()
            assert troubles == []
            chromium.close()


def test_the_box_of_a_municipality_is_that_of_its_cells():
    """The oracle projects the cells of each by themselves."""
    draw = np.random.default_rng(5)
    west, south = (250.0 * draw.integers(0, 900, 60) for _ in range(2))
    cells = shapely.box(west + 4e5, south + 7e6, west + 400_250, south + 7_000_250)
    names = [None if number % 7 == 0 else f"m{number % 7}" for number in range(60)]
    results = gpd.GeoDataFrame({"municipality": names}, geometry=cells, crs=25833)
    asked = ["", "m1", "m3", "m6", "nowhere"]
    found = zone_boxes(results, asked)
    for name, box in zip(asked[:-1], found[:-1], strict=True):
        own = results[results["municipality"].fillna("") == name].geometry.to_crs(3857)
        assert box == np.rint(own.total_bounds).astype(int).tolist()
    assert found[-1] == []
    assert zone_boxes(results.drop(columns="municipality"), asked) == [[]] * 5
