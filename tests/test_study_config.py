"""The study file: those that ship, the template, and what is wrong with one at every depth."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from geoaccess.errors import ConfigError, InputError, MissingFileError
from geoaccess.routing import nearest
from geoaccess.study import check, load_study, write_template
from tests.test_study_tiny import STUDY, write_study

ROOT = Path(__file__).parents[1]
NO_STUDIES = {"sources.toml"}
SHIPPED = sorted(path.name for path in (ROOT / "configs").glob("*.toml") if path.name not in NO_STUDIES)
BUNDLED = ["iceland.toml", "troms.toml"]

# Everything a study may say, once, for each kind of sites, zones and centrality.
FULL = """
title = "t"
subtitle = "s"
language = "nb"
disclaimer = "d"
note = "n"
output = "out"
cache = "cache"
attribution = ["a"]
fetch = "norge"
[network]
osm = ["a.osm.pbf"]
profile = "car"
when = "2026-01-14T12:00:00"
ferries = "ferries.csv"
ferry_gtfs = []
min_component_km = 0
[snap]
max_m = 1
off_network_kph = 2.5
[population]
file = "p.csv"
people = "p"
cell_id = "c"
x = "x"
y = "y"
crs = "EPSG:3035"
cell_size_m = 100
anchor = "centre"
carry = ["k"]
ages = { old = "o" }
clip = [1, 2, 3, 4]
mask_below = 5
year = 2020
source = "s"
[services.gp]
label = "GP"
toward = "cells"
norms_min = [1, 2.5]
proxy_note = "p"
[services.hospital]
label = "H"
toward = "sites"
norms_min = []
proxy_note = ""
[[sites]]
kind = "file"
file = "s.csv"
service = "gp"
service_column = "service"
columns = { id = "i", name = "n", level = "l", note = "o", lon = "x", lat = "y" }
where = { a = ["b"] }
crs = "EPSG:3035"
clip = true
merge_within_m = 1
source = "s"
[[sites]]
kind = "osm"
service = "gp"
tags = [{ a = "b", c = "d" }]
with_names = ["a"]
without_names = ["b"]
clip = true
merge_within_m = 0
[[sites]]
kind = "osm_review"
file = "r.csv"
tags = [{ a = "b" }]
[figures]
crs = "EPSG:3035"
formats = ["pdf", "svg"]
dpi = 300
breaks = { gp = [1, 2.5] }
palette = "greys"
labels = 5
width_mm = 85
[ambulance]
base = "gp"
site = "hospital"
profile = "ambulance"
figures = "f.toml"
built_up = { column = "b", people = 5, people_per_km2 = 6 }
availability = "busy"
calls = 0.1
vehicles = "v"
bases = 3
probability = 0.5
helicopter = { stations = { file = "h.csv" } }
[ambulance.boat]
stations = { file = "b.csv" }
ports = { tags = [{ a = "b" }], with_names = ["q"] }
road_min = 5
[ambulance.aeroplane]
stations = { service = "gp" }
ports = { file = "a.csv" }
road_min = 90
[demand.ages]
file = "a.csv"
zone = "z"
group = "g"
share = "s"
groups = { women = "w" }
of = { women = "old" }
[demand.projection]
file = "p.csv"
years = [2030]
zone = "z"
age = "a"
year = "y"
people = "p"
groups = { 80plus = [80], children = [0, 14] }
pattern = { old = [65] }
[demand.season]
file = "m.csv"
names = ["summer"]
weights = "cabins"
to_zone = "district"
[demand.contacts]
file = "c.csv"
services = ["hospital"]
"""
ZONES = {
    "osm": "level = 6\nregion_level = 5\nmax_nearest_m = 0\n"
    '[[zones.borderless]]\nid = "1"\nname = "n"\nlon = 1\nlat = 2\nwithin_km = 3',
    "file": 'file = "z"\nlayer = "l"\nid = "i"\nname = "n"\nregion_id = "r"\nregion = "q"\n'
    "digits = 4\nmax_nearest_m = 1",
    "column": 'column = "k"\nnames_file = "n.csv"\nnames_id = "i"\nnames_name = "n"',
}
CENTRALITY = {
    "table": 'file = "c"\nmunicipality = "m"\ncentrality_class = "k"\nindex = "none"\nyear = 2024\nsource = "s"',
    "computed": 'cutoff_min = 9\ntenth_at_min = 4\nweights = [1, 0]\ncuts = [5, 4, 3, 2, 1]\ntransform = "sqrt"\n'
    'note = "n"\nprofile = "car"\nmost_central = 803\n[centrality.functions]\nshop = [{ shop = "x" }]\nhome = "gp"',
}


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "study.toml"
        path.write_text(text, encoding="utf-8")
        return load_study(path)

    return load


@pytest.fixture
def refused(load):
    def refused(text):
        with pytest.raises(ConfigError) as caught:
            load(text)
        return str(caught.value)

    return refused


def changed(old, new):
    assert STUDY.count(old) == 1, old
    return STUDY.replace(old, new)


def test_there_are_studies_to_load():
    assert {"iceland.toml", "troms.toml", "oslo.toml", "norge.toml", "nord-norge.toml", "template.toml"} <= {*SHIPPED}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_study_loads(name):
    study = load_study(ROOT / "configs" / name)
    assert study.name == name.removesuffix(".toml")
    assert study.settings.attribution
    assert [spec.key for spec in study.specs] == list(study.settings.services)
    for spec in study.specs:
        assert list(spec.norms_s) == [60 * norm for norm in study.settings.services[spec.key].norms_min]
    title = study.described()["title"]
    assert study.settings.title in (title.values() if isinstance(title, dict) else [title])


@pytest.mark.parametrize("name", BUNDLED)
def test_every_input_of_the_bundled_studies_is_there(name):
    study = load_study(ROOT / "configs" / name)
    assert [path for path in study.inputs.values() if not path.is_file()] == []
    assert {"study", "profile", "osm 1", "population", "sites 1"} <= study.inputs.keys()


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "template.toml"])
def test_what_a_study_writes_to_is_not_where_it_reads_from(name):
    study = load_study(ROOT / "configs" / name)
    folders = [study.output.resolve(), study.cache.resolve()]
    read = [path.resolve() for path in study.inputs.values()]
    assert [path for path in read for folder in folders if folder in path.parents or folder == path] == []


@pytest.mark.parametrize("name", [name for name in SHIPPED if "norge" in name])
def test_the_region_that_is_to_be_fetched_is_known(name):
    sources = tomllib.loads((ROOT / "configs" / "sources.toml").read_text(encoding="utf-8"))
    assert load_study(ROOT / "configs" / name).settings.fetch in sources["regions"]


def _given_in(described, settings_given):
    """What a description says of the keys that a study has set; optional parts have their own tests."""
    if isinstance(settings_given, dict):
        return {key: _given_in(described[key], value) for key, value in settings_given.items()}
    if isinstance(settings_given, list) and settings_given and isinstance(settings_given[0], dict):
        return [_given_in(one, value) for one, value in zip(described, settings_given, strict=True)]
    return described


@pytest.mark.parametrize("zones", ZONES)
@pytest.mark.parametrize("centrality", CENTRALITY)
def test_every_key_that_is_documented_can_be_set(load, zones, centrality):
    chosen = {"zones": (zones, ZONES[zones]), "centrality": (centrality, CENTRALITY[centrality])}
    text = FULL + "\n".join(f'[{table}]\nkind = "{kind}"\n{rest}' for table, (kind, rest) in chosen.items())
    study = load(text)
    settings_given, described = tomllib.loads(text), study.described()
    assert _given_in(described, settings_given) == settings_given | {
        "population": _given_in(described["population"], settings_given["population"])
    }
    assert tuple(described["population"]["clip"]) == (1, 2, 3, 4)


def test_a_new_study_loads_and_is_as_shipped(tmp_path):
    written = write_template(tmp_path / "deep" / "mine.toml")
    study = load_study(written[0])
    assert study.profile.resolve() == (tmp_path / "deep" / "car.toml").resolve()
    assert study.profile.read_bytes() == (ROOT / "configs" / "profiles" / "car.toml").read_bytes()
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["car.toml", "mine.toml"]


@pytest.mark.parametrize("there", ["mine.toml", "car.toml"])
def test_a_new_study_never_replaces_what_is_there(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(InputError, match=rf"{there} is there already"):
        write_template(tmp_path / "mine.toml")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_new_study_is_a_toml_file(tmp_path):
    with pytest.raises(InputError, match=r"try .*mine\.toml"):
        write_template(tmp_path / "mine.txt")
    assert list(tmp_path.iterdir()) == []


def test_the_tiny_study_of_the_tests_loads(load):
    settings = load(STUDY).settings
    assert (settings.snap.max_m, settings.snap.off_network_kph, settings.network.min_component_km) == (2500, 4, 3)
    assert settings.zones.max_nearest_m == 5000
    assert settings.services["gp"].toward == "sites"


@pytest.mark.parametrize(("written", "direction"), [("", "to_sites"), ("sites", "to_sites"), ("cells", "to_people")])
def test_the_key_toward_is_the_parameter_direction_of_the_functions(load, written, direction):
    """Left out, it is what `nearest` takes when its parameter is left out."""
    line = f'toward = "{written}"\n' if written else ""
    [spec] = load(STUDY.replace('label = "GP"\n', f'label = "GP"\n{line}')).specs[:1]
    assert (spec.key, spec.direction) == ("gp", direction)
    assert inspect.signature(nearest).parameters["direction"].default == "to_sites"


@pytest.mark.parametrize(
    ("old", "new", "unknown", "meant"),
    [
        ("title =", "titel =", "titel", "title"),
        ("[population]", "[populaton]", "populaton", "population"),
        ('osm = ["roads', 'osmm = ["roads', "network.osmm", "osm"),
        ('people = "people"', 'peple = "people"', "population.peple", "people"),
        ('label = "GP"', 'label = "GP"\nnorm_min = [3]', "services.gp.norm_min", "norms_min"),
        ('columns = { id = "id" }', 'colums = { id = "id" }', "sites[1].colums", "columns"),
        ("max_nearest_m = 5000", "max_nearest = 5000", "zones.max_nearest", "max_nearest_m"),
        ('kind = "table"', 'kind = "table"\nclass = "k"\nindeks = "none"', "centrality.indeks", "index"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(refused, old, new, unknown, meant):
    settings_given = refused(changed(old, new))
    assert f'unknown key "{unknown}"' in settings_given
    assert f'{unknown}"; did you mean "{meant}"?' in settings_given


@pytest.mark.parametrize("kind", ["osm", "osm_review"])
def test_unknown_keys_of_every_kind_of_sites_are_guessed_at(refused, kind):
    text = STUDY.replace(
        'kind = "file"\nfile = "sites.csv"', f'kind = "{kind}"\ntags = [{{ a = "b" }}]\ntagss = 1\nfile = "sites.csv"'
    )
    assert 'tagss"; did you mean "tags"?' in refused(text)


def test_unknown_keys_of_a_place_without_border_are_guessed_at(refused):
    text = STUDY.replace(
        'kind = "file"\nfile = "municipalities.geojson"',
        'kind = "osm"\nlevel = 6\nborderless = [{ id = "1", name = "n", lon = 1, lat = 2, within_km = 3, nam = 3 }]\n'
        'file = "municipalities.geojson"',
    )
    assert 'borderless[1].nam"; did you mean "name"?' in refused(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "A small country"', "", ['"title" is missing']),
        ('osm = ["roads.osm.pbf"]', "osm = []", ['"network.osm"', "is empty"]),
        ('osm = ["roads.osm.pbf"]', 'osm = "roads.osm.pbf"', ['"network.osm"', "list", "'roads.osm.pbf'"]),
        ("year = 2024\nsource", 'year = "soon"\nsource', ['"population.year"', "'soon'"]),
        ('people = "people"', "clip = [1, 2, 3]", ["population.clip"]),
        ('people = "people"', 'anchor = "center"', ['"population.anchor"', "'centre'", "'center'"]),
        (
            'people = "people"',
            "cell_size_m = 0",
            ['"population.cell_size_m"', "or equal to 0.000001", "found 0"],
        ),
        ('toward = "cells"', 'toward = "people"', ['"services.ambulance_base.toward"', "'cells'", "'people'"]),
        ("norms_min = [20, 60]", "norms_min = [60, 20]", ['"services.hospital.norms_min"', "rising", "[60, 20]"]),
        ("norms_min = [20, 60]", "norms_min = [20, 20]", ['"services.hospital.norms_min"', "each once"]),
        (
            "norms_min = [20, 60]",
            "norms_min = [0, 20]",
            ["services.hospital.norms_min", "or equal to 0.01"],
        ),
        ("[services.gp]", '[services."g p"]', ["g p", "letters"]),
        ('columns = { id = "id" }', 'service = "gpp"', ['"gpp"', 'did you mean "gp"?']),
        ('columns = { id = "id" }', "merge_within_m = -1", ["merge_within_m", "-1"]),
        ('kind = "table"', 'kind = "tabel"', ["centrality", "'tabel'", "'table'", "'computed'"]),
        ('kind = "table"\n', "", ["centrality", "kind"]),
        ("max_nearest_m = 5000", "max_nearest_m = nan", ["max_nearest_m", "nan"]),
    ],
)
def test_wrong_values_are_named_with_their_key(refused, tmp_path, old, new, words):
    text = STUDY.replace(old, new, 1)
    assert text != STUDY
    settings_given = refused(text)
    assert settings_given.startswith(f"{tmp_path / 'study.toml'}: ")
    assert [word for word in words if word not in settings_given] == []


def test_a_norm_is_a_time(refused):
    assert "services.gp.norms_min" in refused(changed("norms_min = [10]", "norms_min = [10, inf]"))


def test_several_problems_are_one_message(refused):
    text = changed("title =", "titel =").replace("norms_min = [12]", "norms_min = [12, 3]").replace("year", "yaer")
    settings_given = refused(text)
    for words in ('"title" is missing', '"titel"', "norms_min", '"population.year" is missing', "population.yaer"):
        assert words in settings_given
    assert "problems" in settings_given.splitlines()[0]
    assert len(settings_given.splitlines()) == 1 + int(settings_given.splitlines()[0].split()[-2])


def test_every_unknown_service_is_named_at_once(refused):
    more = '[[sites]]\nkind = "osm"\nservice = "hospitl"\ntags = [{ a = "b" }]\n[zones]'
    settings_given = refused(changed('columns = { id = "id" }', 'service = "gpp"').replace("[zones]", more))
    assert '"gpp"' in settings_given
    assert '"hospitl"' in settings_given


def test_services_whose_columns_would_be_the_same_are_refused(refused):
    """The second nearest gp is in `gp_second_s`; so would be the time to a service of the name gp_second."""
    text = STUDY.replace("[services.hospital]", "[services.gp_second]").replace("hospital", "gp_second")
    assert "gp_second" in refused(text)


def test_a_study_is_a_toml_file_that_is_there(tmp_path):
    with pytest.raises(ConfigError, match="geoaccess new"):
        load_study(tmp_path / "study.txt")
    with pytest.raises(MissingFileError, match=r"none\.toml: no such file; `geoaccess new"):
        load_study(tmp_path / "none.toml")


def test_a_study_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "study.toml").write_bytes(STUDY.replace("small", "små").encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_study(tmp_path / "study.toml")


def test_settings_cannot_be_changed(load):
    with pytest.raises(ValidationError):
        load(STUDY).settings.snap.max_m = 1


def test_paths_are_relative_to_the_study(tmp_path, monkeypatch):
    (tmp_path / "studies").mkdir()
    path = tmp_path / "studies" / "study.toml"
    path.write_text(STUDY.replace('"people.csv"', '"../data/people.csv"'), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for given in (path, "studies/study.toml"):
        study = load_study(given)
        assert study.inputs["population"].resolve() == tmp_path / "data" / "people.csv"
        assert study.output.resolve() == tmp_path / "studies" / "out"
        assert study.cache.resolve() == tmp_path / "studies" / "cache"


def test_a_profile_is_a_shipped_one_or_a_file_beside_the_study(load, tmp_path):
    assert load(changed('profile = "flat.toml"\n', "")).profile.name == "car.toml"
    mine = load(STUDY)
    assert mine.profile.resolve() == tmp_path / "flat.toml"
    assert mine.inputs["profile"] == mine.profile


def test_computed_classes_of_a_part_of_a_country_are_refused_in_words(load, refused):
    text = STUDY[: STUDY.index("[centrality]")] if "[centrality]" in STUDY else STUDY
    computed = f'{text}[centrality]\nkind = "computed"\n{CENTRALITY["computed"]}'
    assert load(computed).settings.centrality.most_central == 803
    assert "part of one, the official index of its most central municipality" in refused(
        computed.replace("most_central = 803\n", "")
    )
    assert "functions" in refused(computed[: computed.index("shop = [")])
    assert 'names the service "gpp"' in refused(computed.replace('home = "gp"', 'home = "gpp"'))


@pytest.mark.parametrize("label", ["GP", " gp "])
def test_two_services_of_one_label_are_refused(tmp_path, label):
    text = STUDY.replace('label = "Birth unit"', f'label = "{label}"')
    with pytest.raises(ConfigError, match=r"\[services\.birth_unit\].*\[services\.gp\] too"):
        check(load_study(write_study(tmp_path, text)))
