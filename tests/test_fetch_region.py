"""The table of sources, and the files of a region from a server on 127.0.0.1."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import sys
import threading
import tomllib
import zipfile
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from geoaccess.cli import main
from geoaccess.errors import ConfigError, FetchError, GeoaccessWarning, InputError, MissingFileError
from geoaccess.shipped import shipped
from geoaccess.sources.catalogue import read_sources
from geoaccess.sources.fetch import Wanted, by_hand, fetch, fetch_wanted, wanted_by
from geoaccess.sources.records import read_record, record_file

ROADS = b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + bytes(range(256)) * 400
TABLE = b"sourceCode,targetCode\n5501,03\n5530,05\n"


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), body)
    return packed.getvalue()


def spoiled(body):
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 255]) + body[middle + 1 :]


@pytest.fixture
def cli(monkeypatch, capsys):
    """Type a command; returns its exit code and what it printed to stdout and stderr."""

    def cli(*words):
        monkeypatch.setattr(sys, "argv", ["geoaccess", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return cli


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    bodies, asked, accepted = {}, Counter(), {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked[self.path] += 1
            accepted[self.path] = self.headers["Accept"]
            body = bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server.accepted = accepted
    server.bodies, server.asked, server.url = bodies, asked, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def sources(site, tmp_path):
    """Write a table of sources with a region per list of keys, and serve its files."""
    common = 'publisher = "P"\nlicence = "CC BY 4.0"\nattribution = "A"\n'
    path = tmp_path / "sources.toml"
    path.write_text(
        f"""
[regions.all]
title = "All"
files = ["roads", "table", "borders"]
optional = ["grid"]
[regions.whole]
title = "Whole"
files = ["roads", "grid"]
[regions.simple]
title = "Simple"
files = ["roads", "table"]
[regions.packed]
title = "Packed"
files = ["borders"]
[regions.fixed]
title = "Fixed"
files = ["fixed"]
[files.roads]
{common}
what = "roads"
url = "{site.url}/roads.osm.pbf"
md5_url = "{site.url}/roads.md5"
page = "https://example.org/roads"
path = "land/roads.osm.pbf"
[files.table]
{common}
what = "classes"
url = "{site.url}/table?a=1&b=2"
path = "land/table.csv"
min_bytes = 20
[files.borders]
{common}
what = "borders"
url = "{site.url}/borders.zip"
path = "land/borders.geojson"
unzip = "*.geojson"
[files.grid]
{common}
what = "people"
manual = true
page = "https://example.org/grid"
instructions = "choose the year"
path = "land/grid.csv"
min_bytes = 20
[files.fixed]
{common}
what = "fixed"
url = "{site.url}/fixed.csv"
path = "fixed.csv"
sha256 = "{hashlib.sha256(TABLE).hexdigest()}"
"""
    )
    site.bodies |= {
        "/roads.osm.pbf": ROADS,
        "/roads.md5": hashlib.md5(ROADS).hexdigest().encode() + b"  roads.osm.pbf\n",
        "/table?a=1&b=2": TABLE,
        "/borders.zip": zipped(readme_dot_txt="hello", deep__Kommuner_dot_geojson='{"Kommune": {}}'),
        "/fixed.csv": TABLE,
    }
    return path


@pytest.fixture
def get(sources, tmp_path):
    def run(region, **more):
        return fetch(region, sources=sources, folder=tmp_path / "data", **{"sleep": lambda _: None, **more})

    return run


def test_a_region_comes_with_all_it_needs(get, tmp_path):
    steps = []
    with pytest.warns(GeoaccessWarning, match="optional") as warned:
        paths = get("all", progress=steps.append)
    land = tmp_path / "data" / "land"
    assert paths == [land / "roads.osm.pbf", land / "table.csv", land / "borders.geojson"]
    assert [path.read_bytes() for path in paths] == [ROADS, TABLE, b'{"Kommune": {}}']
    assert sorted(f.name for f in land.iterdir()) == sorted(p.name + end for p in paths for end in ("", ".source.json"))
    refusal = str(warned[0].message)
    for part in ("people", "https://example.org/grid", "choose the year", str(land / "grid.csv")):
        assert part in refusal
    assert [step.state for step in steps if step.state in {"done", "by hand"}] == ["done", "done", "done", "by hand"]
    assert "unpacking" in {step.state for step in steps}


def test_where_a_file_came_from_is_kept_beside_it(get, site, tmp_path):
    get("packed")
    record = json.loads((tmp_path / "data/land/borders.geojson.source.json").read_text())
    assert record.pop("fetched").endswith("+00:00")
    assert record == {
        "url": f"{site.url}/borders.zip",
        "what": "borders",
        "publisher": "P",
        "licence": "CC BY 4.0",
        "attribution": "A",
        "bytes": 15,
        "sha256": hashlib.sha256(b'{"Kommune": {}}').hexdigest(),
    }


def test_what_is_there_is_not_fetched_again(get, site):
    first, asked = get("simple"), sum(site.asked.values())
    steps = []
    assert get("simple", progress=steps.append) == first
    assert sum(site.asked.values()) == asked
    assert [step.state for step in steps] == ["present", "present"]


def test_force_brings_the_newest_edition(get, site):
    get("simple")
    site.bodies["/table?a=1&b=2"] = TABLE + b"5544,06\n"
    assert get("simple")[1].read_bytes() == TABLE
    assert get("simple", force=True)[1].read_bytes() == TABLE + b"5544,06\n"


def test_the_old_edition_stays_when_the_newest_is_wrong(get, site):
    _, table = get("simple")
    site.bodies["/table?a=1&b=2"] = b"<html></html>"
    with pytest.raises(FetchError):
        get("simple", force=True)
    assert table.read_bytes() == TABLE
    assert get("simple")[1] == table


def test_a_file_that_was_spoiled_is_fetched_again(get, site):
    _, table = get("simple")
    table.write_bytes(TABLE[:-3])
    assert get("simple")[1].read_bytes() == TABLE
    assert site.asked["/table?a=1&b=2"] == 2
    assert site.asked["/roads.osm.pbf"] == 1


def test_a_new_address_in_the_table_is_fetched(get, site, sources):
    get("simple")
    site.bodies["/table2"] = TABLE + b"5601,04\n"
    sources.write_text(sources.read_text().replace("/table?a=1&b=2", "/table2"))
    assert get("simple")[1].read_bytes() == TABLE + b"5601,04\n"


def test_a_file_put_there_by_hand_counts(get, site, tmp_path):
    path = tmp_path / "data/land/table.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"by hand, with more than twenty bytes")
    assert path in get("simple")
    assert site.asked["/table?a=1&b=2"] == 0
    grid = tmp_path / "data/land/grid.csv"
    grid.write_bytes(b"cell,people\n1,2\n2,3\n3,4\n")
    assert get("all")[-1] == grid  # and no warning


@pytest.mark.parametrize(("body", "why"), [(b"short", "5 bytes"), (b"<!DOCTYPE html><title>Log in</title>", "Log in")])
def test_a_wrong_file_put_there_by_hand_does_not_count(get, sources, tmp_path, body, why):
    grid = tmp_path / "data/land/grid.csv"
    grid.parent.mkdir(parents=True)
    grid.write_bytes(body)
    with pytest.warns(GeoaccessWarning, match=why):
        assert grid not in get("all")
    assert grid.read_bytes() == body  # what somebody put there is not removed
    file = read_sources(sources).files["grid"]
    assert "choose the year" in by_hand(Wanted(file, grid))


def test_a_fixed_digest_decides(get, site, tmp_path):
    path = tmp_path / "data/fixed.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(TABLE)
    assert get("fixed") == [path]
    assert site.asked["/fixed.csv"] == 0
    path.write_bytes(TABLE + b"x")
    assert get("fixed")[0].read_bytes() == TABLE
    site.bodies["/fixed.csv"] = TABLE + b"y"
    path.unlink()
    with pytest.raises(FetchError, match="SHA-256"):
        get("fixed")
    assert not path.exists()


def test_one_that_fails_does_not_keep_the_others_from_coming(get, site, tmp_path):
    del site.bodies["/roads.osm.pbf"]
    site.bodies["/borders.zip"] = b"<html><title>Oops</title></html>"
    with pytest.warns(GeoaccessWarning), pytest.raises(FetchError, match="all: 2 of 4 files") as caught:
        get("all")
    refusal = str(caught.value)
    assert "404" in refusal
    assert "look on https://example.org/roads" in refusal
    assert "Oops" in refusal
    assert [file.name for file in (tmp_path / "data/land").iterdir() if file.suffix == ".csv"] == ["table.csv"]
    assert site.asked["/roads.osm.pbf"] == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (zipped(readme_dot_txt="x"), r'0 members of the archive fit "\*\.geojson".*readme\.txt'),
        (zipped(a_dot_geojson="{}", b_dot_geojson="{}"), "2 members"),
        (zipped(a_dot_geojson="{}" * 500)[:-30], "damaged"),
        (spoiled(zipped(a_dot_geojson=json.dumps(list(range(999))))), "damaged"),
        (zipped(a_dot_geojson="<html><title>Moved</title></html>"), "Moved"),
        (b"not an archive", "zip archive"),
    ],
    ids=["none fits", "two fit", "cut", "spoiled", "web page", "no archive"],  # archives hold the time of day
)
def test_an_archive_that_cannot_be_used(get, site, tmp_path, body, why):
    site.bodies["/borders.zip"] = body
    with pytest.raises(FetchError, match=why):
        get("packed")
    assert list((tmp_path / "data/land").iterdir()) == []


def test_an_archive_that_swells_is_refused(get, site, tmp_path, monkeypatch):
    monkeypatch.setattr("geoaccess.files.swelling._ALWAYS", 1_000_000)
    site.bodies["/borders.zip"] = zipped(a_dot_geojson="{" + " " * 3_000_000 + "}")
    with pytest.raises(FetchError, match=r"borders\.zip: .*unpack to 3000002 or more"):
        get("packed")
    assert list((tmp_path / "data/land").iterdir()) == []


def test_an_archive_is_held_until_it_is_unpacked(get, tmp_path):
    def second(step):
        if step.state == "unpacking":
            with pytest.raises(FetchError, match=r"borders\.geojson: process .* is fetching it already"):
                get("packed")

    (path,) = get("packed", progress=second)
    assert path.read_bytes() == b'{"Kommune": {}}'
    assert sorted(one.name for one in path.parent.iterdir()) == ["borders.geojson", "borders.geojson.source.json"]


def test_no_room_to_unpack(get, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geoaccess.sources.fetch.shutil.copyfileobj", full)
    with pytest.raises(FetchError, match="No space left"):
        get("packed")
    assert list((tmp_path / "data/land").iterdir()) == []


def test_a_table_with_many_faults_names_them_all(tmp_path):
    path = tmp_path / "sources.toml"
    path.write_text(
        """
[regions.land]
title = "Land"
files = ["raods", "up"]
[regions.empty]
title = ""
files = []
[files.roads]
what = "roads"
publisher = "P"
licence = "L"
attribution = "A"
url = "ftp://example.org/x"
path = "same"
sha = "12"
[files.up]
what = "up"
publisher = "P"
licence = "L"
attribution = "A"
url = "https://example.org/x"
path = "../up"
min_bytes = "many"
[files.nothing]
what = "nothing"
publisher = "P"
licence = "L"
attribution = "A"
path = "same"
[files.hand]
what = "hand"
publisher = "P"
licence = "L"
path = "C:/hand"
attribution = "A"
manual = true
"""
    )
    with pytest.raises(ConfigError) as caught:
        read_sources(path)
    refusal = str(caught.value)
    for part in (
        str(path),
        "files.roads.url",
        "ftp://example.org/x",
        'unknown key "files.roads.sha"; did you mean "sha256"?',
        '"files.up.path": must be a path below',
        "files.up.min_bytes",
        '"files.nothing": needs a url',
        "files.hand.path",
        "regions.empty.title",
        "regions.empty.files",
    ):
        assert part in refusal
    path.write_text(path.read_text().replace('path = "C:/hand"', 'path = "hand"'))
    with pytest.raises(ConfigError, match=r'"files\.hand": with manual = true it needs page and instructions'):
        read_sources(path)


def test_keys_and_paths_that_do_not_agree_are_named_together(tmp_path):
    file = (
        'what = "x"\npublisher = "P"\nlicence = "L"\nattribution = "A"\nurl = "https://example.org/x"\npath = "same"\n'
    )
    path = tmp_path / "sources.toml"
    path.write_text(f'[files.roads]\n{file}[files.other]\n{file}[regions.land]\ntitle = "Land"\nfiles = ["raods"]\n')
    with pytest.raises(ConfigError) as caught:
        read_sources(path)
    assert 'no [files.raods]; did you mean "roads"?' in str(caught.value)
    assert 'files.other.path: "same" is also the path of files.roads' in str(caught.value)


def test_a_table_that_is_none(tmp_path):
    path = tmp_path / "sources.toml"
    for body in (b"[files", b"\xff\xfe"):
        path.write_bytes(body)
        with pytest.raises(ConfigError, match="not a TOML file"):
            read_sources(path)
    path.write_bytes(b"files = 3")
    with pytest.raises(ConfigError, match='"regions" is missing'):
        read_sources(path)
    with pytest.raises(MissingFileError):
        read_sources(tmp_path / "none.toml")


@pytest.mark.parametrize(("asked", "meant"), [("icland", "iceland"), ("Nord-Norge", "nord-norge"), ("norg", "norge")])
def test_an_unknown_region_is_guessed_at(asked, meant):
    with pytest.raises(ConfigError, match=f'did you mean "{meant}"'):
        fetch(asked)


def test_the_shipped_table_is_right():
    sources = read_sources()
    assert set(sources.regions) == {"iceland", "norge", "nord-norge"}
    used = {key for region in sources.regions.values() for key in (*region.files, *region.optional)}
    assert used == set(sources.files)
    for region in sources.regions:
        assert any(file.path.endswith(".osm.pbf") for file in sources.needs(region))
    for file in sources.files.values():
        assert file.page is not None
        assert file.min_bytes > 1000
        assert (file.url or "https://").startswith("https://")
        assert file.unzip is None or (file.url or "").endswith(".zip")


def test_shipped_files_are_found_in_a_checkout_and_in_a_wheel(root, tmp_path, monkeypatch):
    assert shipped("sources.toml") == root / "configs" / "sources.toml"
    assert tomllib.loads(shipped("sources.toml").read_text(encoding="utf-8"))["regions"]
    package = tmp_path / "site-packages" / "geoaccess"
    (package / "configs" / "profiles").mkdir(parents=True)
    (package / "configs" / "profiles" / "car.toml").write_text("")
    monkeypatch.setattr("geoaccess.shipped._PACKAGE", package)
    assert shipped("profiles/car.toml") == package / "configs" / "profiles" / "car.toml"
    with pytest.raises(MissingFileError, match=r"the files that do are profiles/car\.toml"):
        shipped("sources.toml")
    for name in ("", "../x", "/etc/passwd", "profiles/../../x"):
        with pytest.raises(InputError, match="not the name of a shipped file"):
            shipped(name)


def test_the_default_folder_is_the_downloads_of_the_data_folder(sources, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fetch("fixed", sources=sources) == [Path("data/downloads/fixed.csv")]


def test_an_optional_file_that_is_gone_does_not_stop_the_rest(get, site, sources):
    """A 404 on a file that no study needs is named, and the others come."""
    sources.write_text(
        sources.read_text().replace('files = ["roads", "table"]', 'files = ["roads"]\noptional = ["table"]')
    )
    del site.bodies["/table?a=1&b=2"]
    with pytest.warns(GeoaccessWarning, match="404"):
        assert [path.name for path in get("simple")] == ["roads.osm.pbf"]


def test_a_needed_file_that_is_to_be_had_by_hand_is_no_success(get, tmp_path):
    with pytest.raises(FetchError, match="whole: 1 of 2 files") as caught:
        get("whole")
    assert "choose the year" in str(caught.value)
    grid = tmp_path / "data/land/grid.csv"
    grid.write_bytes(b"cell,people\n1,2\n2,3\n3,4\n")
    assert get("whole")[-1] == grid


def test_the_server_is_asked_for_the_form_of_the_table(get, site, sources):
    sources.write_text(sources.read_text().replace('what = "classes"', 'what = "classes"\naccept = "text/csv"'))
    get("simple")
    assert site.accepted["/table?a=1&b=2"] == "text/csv"
    assert site.accepted["/roads.osm.pbf"] == "*/*"


def test_an_address_without_tls_needs_a_digest(tmp_path):
    file = (
        'what = "x"\npublisher = "P"\nlicence = "L"\nattribution = "A"\npath = "x"\n'
        'url = "http://example.org/x"\n[regions.land]\ntitle = "Land"\nfiles = ["x"]\n'
    )
    path = tmp_path / "sources.toml"
    path.write_text(f"[files.x]\n{file}")
    with pytest.raises(ConfigError, match="sha256"):
        read_sources(path)
    path.write_text(f'[files.x]\nsha256 = "{"0" * 64}"\n{file}')
    assert read_sources(path).of("land")[0].url == "http://example.org/x"


def test_the_record_beside_a_file_is_read_while_the_file_is_the_same(get):
    roads, table = get("simple")
    record = read_record(table)
    assert (record.what, record.publisher, record.credit) == ("classes", "P", "A (CC BY 4.0)")
    assert record.fetched == dt.datetime.now(tz=dt.UTC).date().isoformat()
    table.write_bytes(TABLE[:-3])
    assert read_record(table) is None
    record_file(roads).write_text("{}")
    assert read_record(roads) is None


def test_the_files_that_a_study_reads_land_where_it_reads_them(site, sources, tmp_path):
    folder = tmp_path / "elsewhere"
    inputs = [folder / "land/roads.osm.pbf", folder / "land/mine.csv", tmp_path / "study.toml"]
    wanted, others = wanted_by(inputs, read_sources(sources))
    assert [one.path for one in wanted] == inputs[:1]
    assert others == inputs[1:]
    assert fetch_wanted("study.toml", wanted, sleep=lambda _: None) == inputs[:1]
    assert inputs[0].read_bytes() == ROADS
    assert "/table?a=1&b=2" not in site.asked


def test_the_command_ends_with_what_to_run(cli, sources, tmp_path):
    code, said, _ = cli("fetch", "simple", "--sources", sources, "--folder", tmp_path / "data")
    assert code == 0
    assert "geoaccess check STUDY" in said.splitlines()[-1]


def test_regions_and_their_files_are_listed(cli, sources, site, tmp_path):
    code, said, _ = cli("fetch", "--list", "--sources", sources, "--folder", tmp_path / "data")
    assert code == 0
    assert not site.asked
    for word in ("all", "simple", "roads", "people", "needed", str(tmp_path / "data")[:12]):
        assert word in said
