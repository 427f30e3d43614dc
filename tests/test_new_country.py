"""Any country in three commands: a study written by rule, fetched from a server on 127.0.0.1, and run."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import osmium
import pandas as pd
import pytest

from geoaccess.errors import InputError
from geoaccess.sources.catalogue import read_sources
from geoaccess.sources.countries import find_place, read_extracts
from geoaccess.study import check, load_study, solve_study
from geoaccess.study.new_country import write_country_study
from tests.test_fetch_region import cli, site  # noqa: F401 - fixtures

COLUMNS = (
    *("GRD_ID", "T", "M", "F", "Y_LT15", "Y_1564", "Y_GE65", "EMP", "NAT", "EU_OTH", "OTH", "SAME", "CHG_IN"),
    *("CHG_OUT", "LAND_SURFACE", "POPULATED", "CNTR_ID"),
)
FOLDER = "Eurostat_Census-GRID_2021_V3/"
# A road of 3 km to the east, in the cells of Finland around 25 E, 62 N: lower-left corners in EPSG:3035.
EAST, NORTH = 5_107_000, 4_359_000
HOSPITALS = (
    "\ufeffid,hospital_name,site_name,lat,lon,street,city,cntr_id,emergency,cap_beds,facility_type,public_private\n"
)


def census(rows, *, form="parquet"):
    """A zip in the form of Eurostat's: rows of id, people and countries."""
    table = pd.DataFrame(dict.fromkeys(COLUMNS, 0), index=range(len(rows)))
    table["GRD_ID"] = [name for name, _, _ in rows]
    table["T"] = [people for _, people, _ in rows]
    table["CNTR_ID"] = [code for _, _, code in rows]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{FOLDER}metadata.txt", "about")
        if form != "csv":
            archive.writestr(f"{FOLDER}ESTAT_Census_2021_V3.parquet", table.to_parquet(index=False))
        if form != "parquet":
            archive.writestr(f"{FOLDER}ESTAT_Census_2021_V3.csv", table.to_csv(index=False))
    return packed.getvalue()


def cell(column, row=0):
    return f"CRS3035RES1000mN{NORTH + 1000 * row}E{EAST + 1000 * column}"


def lon_lat(column, row=0):
    """The middle of a cell, in degrees."""
    import pyproj

    to_degrees = pyproj.Transformer.from_crs(3035, 4326, always_xy=True)
    return to_degrees.transform(EAST + 1000 * column + 500, NORTH + 1000 * row + 500)


def extract(path, *, border=None, columns=8, tags=()):
    """A road through the middles of cells, a clinic and a hospital on it, and a border from `border` cells on."""
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number in range(columns):
            kind = {0: {"amenity": "clinic", "name": "Clinic"}, 2: {"amenity": "hospital", "name": "Mapped"}}
            node = osmium.osm.mutable.Node(
                id=number + 1, location=lon_lat(number), tags=kind.get(number, {}), version=1
            )
            writer.add_node(node)
        corners = [] if border is None else [(border - 0.5, -3), (99, -3), (99, 3), (border - 0.5, 3)]
        for number, at in enumerate(corners, start=101):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=lon_lat(*at), version=1))
        road = {"highway": "primary", "maxspeed": "60"}
        nodes = list(range(1, columns + 1))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=nodes, tags=road, version=1))
        if corners:
            writer.add_way(osmium.osm.mutable.Way(id=2, nodes=[101, 102, 103, 104, 101], tags={}, version=1))
            described = {"type": "boundary", "boundary": "administrative", "name": "Part", **dict(tags)}
            writer.add_relation(
                osmium.osm.mutable.Relation(id=1, members=[("w", 2, "outer")], tags=described, version=1)
            )
    return path.read_bytes()


def to_here(path, site):  # noqa: F811 - a fixture of another file
    """Point a table of sources at the server of the test; the paths of the addresses stay as they are."""
    text = path.read_text(encoding="utf-8")
    for host in ("download.geofabrik.de", "gisco-services.ec.europa.eu", "data.worldpop.org"):
        text = text.replace(f"https://{host}", site.url)
    path.write_text(text, encoding="utf-8")


def published(site, path, body):  # noqa: F811
    site.bodies[path] = body


CENSUS = "/census/2021/Eurostat_Census-GRID_2021_V3.zip"


@pytest.mark.parametrize("form", ["parquet", "csv", "both"])
def test_three_commands_for_finland(cli, site, tmp_path, monkeypatch, form):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    rows = [
        (cell(0), 40, "FI"),
        (cell(1), 7, "FI-SE"),  # a cell on the border holds people of both sides
        (cell(2), -8888, "FI"),  # confidential
        (cell(4), -9999, "FI"),  # not available
        (cell(5), 20, "FI"),
        (cell(6), 500, "SE"),
        ("FI_unallocated", 11, "FI"),
        ("SE_unallocated", 99, "SE"),
    ]
    published(site, "/europe/finland-latest.osm.pbf", extract(tmp_path / "made.osm.pbf"))
    published(site, CENSUS, census(rows, form=form))
    lon, lat = lon_lat(7)
    hospitals = HOSPITALS + f"1,Keskussairaala,,{lat},{lon},,,FI,NA,NA,NA,NA\n"
    published(site, "/pub/healthcare/2023/csv/FI.csv", hospitals.encode())
    code, said, why = cli("new", "--country", "FI")
    assert (code, why) == (0, "")
    assert said.splitlines()[-1] == "Next: geoaccess fetch finland.toml, then: geoaccess run finland.toml"
    to_here(tmp_path / "finland-sources.toml", site)
    code, said, _ = cli("fetch", "finland.toml")
    assert code == 0
    assert said.splitlines()[-1].endswith("geoaccess run finland.toml")
    found = "\n".join(check(load_study("finland.toml")))
    assert "11 people have no place (FI_unallocated)" in found
    assert "2 " in found  # of which the number of people is not given
    answers = solve_study(load_study("finland.toml"), show=False)
    assert answers.results["population"].to_dict() == {cell(0): 40, cell(1): 7, cell(5): 20}
    table = answers.summary().set_index("service")
    for service in ("hospital", "gp"):
        assert table.loc[service, "population"] == 40 + 7 + 20 + 11
        assert table.loc[service, "reached"] == 67
        assert table.loc[service, "unreached_no_place"] == 11
    assert answers.population == 78
    # 7 and 5 km at 60 km/h, of which the profile drives 95% or so; the road is drawn through the middles of the cells
    assert answers.results.loc[cell(0), "hospital_s"] == pytest.approx(7 * 60 / 0.95, rel=0.01)
    assert answers.results.loc[cell(5), "gp_s"] == pytest.approx(5 * 60 / 0.95, rel=0.01)
    assert answers.results.crs.to_epsg() == 3035
    if form == "both":
        code, said, _ = cli("run", "finland.toml")
        assert code == 0
        assert "mean min" not in said  # by class, and the study has none
        report = (tmp_path / "finland-results" / "report.html").read_text(encoding="utf-8")
        for words in ("Census 2021, population on a 1 km grid, version 3", "Home not known to the census", "ODbL 1.0"):
            assert words in report
        assert "Norway" not in report
        record = json.loads((tmp_path / "finland-results" / "run.json").read_text(encoding="utf-8"))
        assert record["people"]["gp"]["people_unreached"]["no_place"] == 11


def worldpop(path):
    """A raster in degrees as WorldPop gives it: people around the road, some of them beyond the border."""
    import rasterio

    lon, lat = lon_lat(0)
    step = 1 / 120
    values = np.full((20, 60), -99999.0, dtype="float32")
    values[10, :40] = 3.5
    where = rasterio.Affine(step, 0, lon - 20 * step, 0, -step, lat + 10.5 * step)
    shape = {"driver": "GTiff", "width": 60, "height": 20, "count": 1, "dtype": "float32", "nodata": -99999.0}
    with rasterio.open(path, "w", crs="EPSG:4326", transform=where, **shape) as raster:
        raster.write(values[None])
    return path.read_bytes()


RASTER = "/GIS/Population/Global_2015_2030/R2025A/2025/GBR/v1/1km_ua/constrained/gbr_pop_2025_CN_1km_R2025A_UA_v1.tif"


@pytest.mark.parametrize("border", [1, None])
def test_three_commands_for_scotland(cli, site, tmp_path, monkeypatch, border):  # noqa: F811
    """People of a raster inside the border of the extract; all of them where the extract has no such border."""
    monkeypatch.chdir(tmp_path)
    made = extract(tmp_path / "made.osm.pbf", border=border, tags=[("ISO3166-2", "GB-SCT"), ("admin_level", "4")])
    published(site, "/europe/united-kingdom/scotland-latest.osm.pbf", made)
    published(site, RASTER, worldpop(tmp_path / "made.tif"))
    assert cli("new", "--country", "Scotland")[0] == 0
    to_here(tmp_path / "scotland-sources.toml", site)
    assert cli("fetch", "scotland.toml")[0] == 0
    study = load_study("scotland.toml")
    found = "\n".join(check(study))
    answers = solve_study(study, show=False)
    people = answers.results["population"]
    assert answers.results.crs.to_epsg() == 3035
    if border is None:
        assert people.sum() == pytest.approx(40 * 3.5)
        assert "no boundary ISO3166-2=GB-SCT" in found
    else:
        west = answers.results.geometry.centroid.x
        assert west.min() > EAST + 500  # the border runs between the first two cells
        assert 0 < people.sum() < 40 * 3.5
        assert "no boundary" not in found
    table = answers.summary()
    assert (table["reached"] + table["unreached"]).to_numpy() == pytest.approx(people.sum())


def test_three_commands_for_malta(cli, site, tmp_path, monkeypatch, shared):  # noqa: F811
    """The real extract of 2018 and the real census grid, in the form of the publisher."""
    monkeypatch.chdir(tmp_path)
    grid = pd.read_csv(shared / "malta" / "population_1km_2021.csv")
    ids = "CRS3035RES1000mN" + grid["y_3035"].astype(str) + "E" + grid["x_3035"].astype(str)
    rows = [*zip(ids, grid["population"], ["MT"] * len(grid), strict=True), ("CRS3035RES1000mN1E1", 5, "IT")]
    published(site, "/europe/malta-latest.osm.pbf", (shared / "malta" / "malta-2018.osm.pbf").read_bytes())
    published(site, CENSUS, census(rows, form="csv"))
    hospitals = (
        HOSPITALS + "1,Mater Dei,,35.9019,14.4768,,,MT,yes,NA,NA,NA\n2,Gozo General,,36.0465,14.2436,,,MT,yes,NA,,\n"
    )
    published(site, "/pub/healthcare/2023/csv/MT.csv", hospitals.encode())
    assert cli("new", "--country", "Malta", "--language", "nb")[0] == 0
    to_here(tmp_path / "malta-sources.toml", site)
    assert cli("fetch", "malta.toml")[0] == 0
    study = load_study("malta.toml")
    answers = solve_study(study, show=False)
    assert answers.population == grid["population"].sum() == 519_562
    table = answers.summary().set_index("service")
    assert table.loc["hospital", "reached"] > 0.99 * 519_562
    assert (table["reached"] + table["unreached"]).tolist() == [519_562] * 2
    assert answers.results["municipality_id"].nunique() > 60  # local councils


def test_a_study_is_written_for_many_names(tmp_path):
    names = {
        "FI": ("finland", "FI", ""),
        "fin": ("finland", "FI", ""),
        "Finnland": ("finland", "FI", ""),
        "Faroe Islands": ("faroe-islands", "FO", ""),
        "Færøyene": ("faroe-islands", "FO", ""),
        "Scotland": ("scotland", "GB", "GB-SCT"),
        "GB-SCT": ("scotland", "GB", "GB-SCT"),
        "Malta": ("malta", "MT", ""),
        "Åland": ("finland", "AX", "FI-01"),
        "aland": ("finland", "AX", "FI-01"),
        "Ireland": ("ireland-and-northern-ireland", "IE", ""),
        "Namibia": ("namibia", "NA", ""),
        "NA": ("namibia", "NA", ""),
        "Kosovo": ("kosovo", "XK", ""),
    }
    for number, (name, (extract_id, code, part)) in enumerate(names.items()):
        place = find_place(name)
        assert (place.extract.id, place.country, place.part) == (extract_id, code, part), name
        study, sources = write_country_study(tmp_path / f"s{number}.toml", place)
        loaded = load_study(study)
        table = read_sources(sources)
        files = {file.path for file in table.files.values()}
        read = {path.name for path in loaded.inputs.values() if path.parent.name == "downloads"}
        # What the study reads is what its table of sources has, but for borders that it reads once their lines stand.
        assert files - {"gisco-lau-2021.geojson"} == read, name


def test_local_administrative_units_are_fetched_once_their_lines_stand(cli, site, tmp_path, monkeypatch):  # noqa: F811
    """Their terms are not free: they are never bundled, and no first study reads them by itself."""
    import geopandas as gpd
    import shapely

    monkeypatch.chdir(tmp_path)
    published(site, "/europe/finland-latest.osm.pbf", extract(tmp_path / "made.osm.pbf"))
    published(site, CENSUS, census([(cell(0), 40, "FI"), (cell(1), 60_000, "FI"), (cell(5), 20, "FI")]))
    lon, lat = lon_lat(7)
    hospitals = HOSPITALS + f"1,Keskussairaala,,{lat},{lon},,,FI,NA,NA,NA,NA\n"
    published(site, "/pub/healthcare/2023/csv/FI.csv", hospitals.encode())
    # The columns of the published file, of which a study needs three; a Swedish one lies over the second Finnish one.
    areas = {"FI_001": (0, 3), "FI_002": (3, 9), "SE_0001": (3, 9)}
    table = gpd.GeoDataFrame(
        {"GISCO_ID": [*areas], "CNTR_CODE": [name[:2] for name in areas], "LAU_ID": [name[3:] for name in areas]},
        geometry=[shapely.box(EAST + 1000 * w, NORTH, EAST + 1000 * e, NORTH + 1000) for w, e in areas.values()],
        crs=3035,
    ).assign(LAU_NAME=["Ylä", "Ala", "Över"], POP_2021=1, YEAR=2021)
    units = table.to_crs(4326).to_json()
    address = "/distribution/v2/lau/geojson/LAU_RG_01M_2021_4326.geojson"
    assert cli("new", "--country", "FI")[0] == 0
    to_here(tmp_path / "finland-sources.toml", site)
    assert cli("fetch", "finland.toml")[0] == 0  # without borders, and without asking for them: there are none to have
    assert not (tmp_path / "downloads" / "gisco-lau-2021.geojson").exists()
    text = (tmp_path / "finland.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition('[zones]\nkind = "osm"\nlevel = 8\nrequired = false\n')
    lines = [line.removeprefix("# ") if line.startswith(_LAU_LINES) else line for line in rest.splitlines()]
    (tmp_path / "finland.toml").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    published(site, address, units.encode())
    assert cli("fetch", "finland.toml")[0] == 0
    answers = solve_study(load_study("finland.toml"), show=False)
    assert answers.results["municipality"].to_dict() == {cell(0): "Ylä", cell(1): "Ylä", cell(5): "Ala"}
    # 60,000 people in one square of 1 km are an urban centre, 20 people a rural area.
    assert answers.results["centrality_class"].astype(int).tolist() == [1, 1, 3]
    assert "not for commercial use" in (tmp_path / "finland-sources.toml").read_text(encoding="utf-8")


_LAU_LINES = ("# [zones]", '# kind = "file"', "# file = ", "# where = { CNTR_CODE", "# id = ", "# name = ")


def test_degrees_of_urbanisation_stand_where_the_grid_is_one_of_1_km(tmp_path):
    malta, namibia = (write_country_study(tmp_path / f"{name}.toml", find_place(name))[0] for name in ("MT", "NA"))
    assert load_study(malta).settings.centrality.kind == "degurba"
    assert load_study(namibia).settings.centrality.kind == "none"
    assert '# kind = "degurba"' in namibia.read_text(encoding="utf-8")


def test_every_extract_in_the_list_makes_a_study(tmp_path):
    """A study loads for every country of the list, whatever is known of its data."""
    codes = sorted({code for one in read_extracts() for code in one.countries} - {"IC"})
    assert len(codes) > 180
    for code in codes:
        place = find_place(code)
        study, sources = write_country_study(tmp_path / f"{code}.toml", place)
        assert load_study(study).settings.population.source
        assert all(".toml" not in file.path for file in read_sources(sources).files.values())
        assert place.alpha3 or code == "XK"


@pytest.mark.parametrize(
    ("country", "region", "near"),
    [
        ("Narway", None, "Norway"),
        ("Germany", "Bavern", "Bayern"),
        ("Xyzzy", None, "in English"),
        ("NO", "Trom", "NO-55"),
    ],
)
def test_a_name_that_is_not_found_lists_near_ones(country, region, near):
    with pytest.raises(InputError, match=near):
        find_place(country, region)


def test_regions(tmp_path):
    assert find_place("DE", "Bayern").extract.url.endswith("/europe/germany/bayern-latest.osm.pbf")
    assert find_place("US", "Rhode Island").part == "US-RI"
    troms = find_place("NO", "NO-55")
    assert (troms.extract.id, troms.part) == ("norway", "NO-55")
    text = write_country_study(tmp_path / "troms.toml", troms)[0].read_text(encoding="utf-8")
    assert 'border = { "ISO3166-2" = "NO-55" }' in text


def test_a_newer_list_of_extracts_in_its_published_form(cli, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    rows = [
        {"id": "europe", "name": "Europe", "urls": {"pbf": "https://example.org/europe.osm.pbf"}},
        {
            "id": "dach",
            "parent": "europe",
            "name": "DACH",
            "iso3166-1:alpha2": ["DE", "AT", "CH"],
            "urls": {"pbf": "x"},
        },
        {
            "id": "austria",
            "parent": "europe",
            "name": "Austria",
            "iso3166-1:alpha2": ["AT"],
            "urls": {"pbf": "https://example.org/new/austria-latest.osm.pbf"},
        },
    ]
    features = [{"type": "Feature", "properties": row, "geometry": None} for row in rows]
    (tmp_path / "index-v1.json").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert cli("new", "--country", "AT", "--index", "index-v1.json")[0] == 0
    assert "https://example.org/new/austria-latest.osm.pbf" in (tmp_path / "austria-sources.toml").read_text()
    (tmp_path / "index-v1.json").write_text("{}")
    code, _, why = cli("new", "--country", "AT", "--index", "index-v1.json")
    assert code == 2
    assert "no list of extracts" in why


def test_nothing_is_overwritten(cli, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    (tmp_path / "malta-sources.toml").write_text("mine")
    code, _, why = cli("new", "--country", "MT")
    assert code == 2
    assert "malta-sources.toml is there already" in why
    assert not (tmp_path / "malta.toml").exists()
