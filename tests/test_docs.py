"""Every name, verb, key and column has its place in the documentation, and what its pages show is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import geoaccess as ga
from docs import samples
from docs.generate import api, columns, keys, reference_pages, verbs, write_reference
from docs.links import broken_links
from docs.offline import loaded_from_elsewhere
from geoaccess.scenarios import Scenario
from geoaccess.study.results.tables import columns_known
from geoaccess.study.settings.study_settings import Settings

if TYPE_CHECKING:
    from pydantic import BaseModel

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = reference_pages()
FLAGS = re.MULTILINE | re.DOTALL
WRITTEN = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if "_build" not in path.parts and path.relative_to(DOCS).as_posix() not in PAGES
]


def test_every_public_name_has_a_page_that_its_room_leads_to():
    for room in ["geoaccess", *ga._NAMESPACES]:
        module = ga if room == "geoaccess" else getattr(ga, room)
        named = [name for name in getattr(module, "__all__", []) if room != "geoaccess" or name not in ga._NAMESPACES]
        if not named:
            continue
        text = PAGES[f"reference/api/room_{room}.rst"]
        for name in named:
            page = re.search(rf":doc:`ga\.(?:\w+\.)?{name} <([\w.]+)>`", text)
            assert page, (room, name)
            described = PAGES[f"reference/api/{page[1]}.rst"]
            assert re.search(rf"^\.\. auto\w+:: {re.escape(page[1])}$", described, flags=re.MULTILINE)
            *rooms, last = page[1].split(".")[1:]
            assert getattr(getattr(ga, rooms[0]) if rooms else ga, last) is getattr(module, name)
    assert len([page for page in PAGES if page.startswith("reference/api/geoaccess.")]) > 200


def test_every_page_of_a_name_stands_in_one_list_of_contents():
    listed = [line.strip() for text in api.pages().values() for line in text.splitlines() if line.startswith("   geo")]
    assert len(set(listed)) == len(listed)
    assert {f"reference/api/{page}.rst" for page in listed} == {
        page for page in PAGES if page.startswith("reference/api/geoaccess.")
    }


def test_every_verb_stands_in_the_reference_with_all_its_options():
    page = PAGES["reference/verbs.md"]
    commands = verbs.commands()
    assert len(commands) >= 20
    for name, command in commands.items():
        part = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
        assert part, name
        for option in command.params:
            for word in option.opts if option.param_type_name == "option" else []:
                assert word == "--help" or f"`{word}`" in part[1], (name, word)


def keys_of_template():
    """Yield every key of the template, commented ones too, with its table."""
    table = ""
    for line in (ROOT / "configs" / "template.toml").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"^(?:# )?\[{1,2}([a-z_.]+)\]{1,2}", line):
            table = re.sub(r"^(services|catchments)\.[a-z_]+", r"\1.NAME", heading[1])
        elif key := re.match(r"^(?:# )?([a-z_]+) = ", line):
            yield table, key[1]


def test_every_key_of_the_template_stands_in_the_reference():
    known = {(table.heading.split(" with ")[0], key.name) for table in keys.study_tables() for key in table.keys}
    known |= {("", key) for table, key in known if table == "top of the file"}
    found = list(keys_of_template())
    assert len(found) > 150
    missing = [(table, key) for table, key in found if (table, key) not in known]
    # functions of [centrality.functions] have names of the reader's own
    assert [one for one in missing if one[0] != "centrality.functions"] == []


@pytest.mark.parametrize(("model", "tables"), [(Settings, keys.study_tables()), (Scenario, keys.scenario_tables())])
def test_every_key_of_a_model_has_a_meaning_and_no_other_key_is_described(model, tables):
    def fields(one: type[BaseModel]):
        for name, field in one.model_fields.items():
            yield one, name
            for inner in keys.models_in(field.annotation):
                yield from fields(inner)

    expected = sorted(name for _, name in fields(model))
    assert sorted(key.name for table in tables for key in table.keys) == expected
    # A comment in configs/template.toml, or a line in docs/keys.toml, says what a key means.
    assert [(table.heading, key.name) for table in tables for key in table.keys if not key.meaning] == []


def test_what_the_file_of_meanings_says_is_of_a_key_that_is_there():
    said = tomllib.loads(keys.OWN.read_text(encoding="utf-8"))
    for part, tables in (("study", keys.study_tables()), ("scenario", keys.scenario_tables())):
        there = {(table.heading.split(" with ")[0], key.name) for table in tables for key in table.keys}
        there |= {("", name) for at, name in there if at == "top of the file"}
        names = {name for _, name in there}
        for table, meanings in said[part].items():
            for key in meanings:
                assert key in names if table == "*" else (table.split(":")[0], key) in there, (part, table, key)


def test_a_key_shows_its_type_bounds_unit_and_default():
    snap = next(table for table in keys.study_tables() if table.heading == "snap")
    line = next(key for key in snap.keys if key.name == "max_m")
    assert (line.kind, line.unit, line.bounds, line.default) == ("number", "metres", "≥ 1e-06, ≤ 1,000,000", "`5000`")
    services = next(table for table in keys.study_tables() if table.heading == "services.NAME")
    toward = next(key for key in services.keys if key.name == "toward")
    assert (toward.kind, toward.default) == ('`"sites"` or `"cells"`', '`"sites"`')
    trips = next(key for key in services.keys if key.name == "trips_per_year")
    assert (trips.bounds, trips.default) == ("≥ 1e-06, ≤ 1,000", "")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_every_column_stands_in_the_reference_in_each_language(language):
    page = columns.columns_page(language)
    for table, column in columns_known():
        assert f"| `{column}` |" in page, (table, column)
        assert table == "*" or f"(`{table}`)" in page, table


def commands_in(text):
    """Yield the commands that a page shows, one a line, joined where a line ends with a backslash."""
    for block in re.findall(r"^```(?:console|text|sh)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if match := re.match(r"^\s*(?:\$ |!)?(?:\S*/)?geoaccess ((?:[a-z]|-).*)$", line):
                yield match[1].split("#")[0]
    yield from re.findall(r"`geoaccess ([a-z][^`]*)`", text)
    for line in re.findall(r"^(?:    |!)geoaccess ([a-z].*)$", text, flags=re.MULTILINE):
        yield line.split("#")[0]


@pytest.mark.parametrize("page", [*WRITTEN, ROOT / "README.md"], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_shows_is_one(page):
    commands = verbs.commands()
    for command in commands_in(page.read_text(encoding="utf-8")):
        words = command.split()
        verb = words[0].rstrip(",;:")
        if verb.isupper():
            continue
        assert verb in commands, (page.name, command)
        options = {word for one in commands[verb].params for word in (*one.opts, *one.secondary_opts)} | {"--help"}
        for word in words[1:]:
            if word.startswith("--"):
                assert word.split("=")[0].rstrip("],.;:") in options, (page.name, command)


def test_a_command_that_is_none_would_be_found():
    assert list(commands_in("```console\n$ geoaccess fly x.toml --up   # no\n```")) == ["fly x.toml --up   "]
    assert "fly" not in verbs.commands()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_toml_that_a_page_shows_can_be_read_and_pages_it_links_are_there(page):
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```toml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        tomllib.loads(block)
    for target in re.findall(r"\]\(([^)#:]+\.(?:md|rst))(?:#[^)]*)?\)", text):
        at = (page.parent / target).resolve()
        assert at.exists() or at.relative_to(DOCS).as_posix() in PAGES, (page.name, target)


def test_every_page_stands_in_a_list_of_contents():
    listed = {"index"}
    for page in WRITTEN:
        folder = page.parent.relative_to(DOCS)
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            entries = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith(":")]
            targets = (re.sub(r"^.*<(.+)>$", r"\1", entry) for entry in entries)
            listed |= {(DOCS / folder / target).resolve().relative_to(DOCS).as_posix() for target in targets}
    assert [path.relative_to(DOCS).as_posix() for path in WRITTEN
            if path.relative_to(DOCS).with_suffix("").as_posix() not in listed] == []  # fmt: skip


def test_what_a_page_loads_from_elsewhere_is_found():
    assert loaded_from_elsewhere('<link rel="stylesheet" href="https://example.org/a.css">')
    assert loaded_from_elsewhere("@import url(https://example.org/a.css)")
    assert loaded_from_elsewhere('<img alt="x" src="//example.org/a.png">')
    assert loaded_from_elsewhere('<a href="https://example.org">x</a><img src="a.png">') == []


def test_every_figure_that_a_page_quotes_is_computed_and_no_other(monkeypatch):
    rows = [
        {"service": "gp", "measure": name, "person_min_won": 90_000.0, "better": 2} for name in ("nearest", "expected")
    ]
    answers = {
        "everybody": rows,
        "closings": [{"kind": "ferry", "people": 2.0}] * 3 + [{"kind": "road", "people": 0.5}] * 1200,
    }
    monkeypatch.setattr(samples, "_answer", lambda *_: {"tables": answers})
    answers["closings"].append({"kind": "ferry", "people": 0.0})  # nobody passes it
    found = samples._computed(DOCS)
    assert (found["senja_hours_open"], found["iceland_ferry"], found["iceland_road"]) == ("1,500", "3", "1,200")
    quoted = {name for page in WRITTEN for name in re.findall(r"\{\{ (\w+) \}\}", page.read_text(encoding="utf-8"))}
    assert quoted == set(found)


def test_links_within_the_built_pages_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.html").write_text('<h1 id="top"></h1><a href="deep/">a</a><a href="deep/index.html#no">b</a>')
    links = '<a href="../index.html#top">a</a><a href="../gone.html">b</a><a href="https://example.org/x#y">c</a>'
    (tmp_path / "deep" / "index.html").write_text(f'{links}<a href="#">d</a><a name="named"></a><a href="#named">e</a>')
    assert broken_links(tmp_path) == [
        "deep/index.html: ../gone.html is not there",
        "index.html: deep/index.html#no has no such part",
    ]


def test_a_page_of_a_name_that_is_gone_goes(tmp_path):
    old = tmp_path / "reference" / "api" / "geoaccess.gone.rst"
    old.parent.mkdir(parents=True)
    old.write_text("gone", encoding="utf-8")
    write_reference(tmp_path)
    assert not old.exists()
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} == set(PAGES)
