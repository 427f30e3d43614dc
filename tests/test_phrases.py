"""The catalogues are complete, used and the only place of phrases; Python and the pages write numbers alike."""

from __future__ import annotations

import ast
import json
import math
import os
import re
import shutil
import subprocess
import sys
from typing import get_args

import pytest

from geoaccess import phrases
from geoaccess.errors import InputError
from geoaccess.measures.figures import CRAFTS
from geoaccess.phrases import catalogue
from geoaccess.phrases.catalogue import _leaves
from geoaccess.study.results.dictionary import _written, meaning
from geoaccess.study.settings.ambulance import AmbulanceSettings, Places
from geoaccess.study.settings.demand import DemandSettings

BLANK = re.compile(r"\{(\w*)(?::[^{}|]*\|[^{}|]*)?\}")
CACHED = ("_files", "languages", "_phrases", "section", "columns")

# Keys that are put together from a prefix and a word of the data.
FAMILIES = (
    *("report.r_", "report.in_", "report.v_", "report.to_", "comparison.measure_", "map.unit_", "map.zoning_"),
    *(
        "map.chain_",
        "map.mode_",
        "report.chain_",
        "planner.by_",
        "planner.mode_",
        "terminal.regret_",
        "validation.wait_",
    ),
    *("report.f_norm", "report.f_times", "report.f_unreached", "report.f_all_reached", "report.at_"),
    "groups.",
    *("dictionary.measure_", "dictionary.mode_", "dictionary.sure_"),
    *("terminal.part_", "terminal.day_", "validation.by_", "validation.in_", "headings.mean_", "headings.p90_"),
)
# Files in which Norwegian is read, not written: columns and ages of Statistics Norway, letters, and a name in a source.
READERS = (
    *(
        "demand/ages.py",
        "questions/validation/references.py",
        "tables/pxweb.py",
        "questions/validation/statbank.py",
        "services/site_ids.py",
    ),
    *("maps/report.py", "measures/reference.py", "clock.py"),
)
NORWEGIAN = re.compile(
    r"[æøåÆØÅ]|\b(og|ikke|eller|innbyggere|reisetid|minutter|kommuner|tjenestested|rute[rn]?|klasse|andel)\b"
    r"|\b(uten|ferje[rn]?|vei(er|en)?|reisetider|ingen|alle|nås)\b"
)
NAME = re.compile(r"\b[A-ZÆØÅ]\w+")  # of a place or a person


def own(language):
    return {".".join(path): text for path, text in _leaves(catalogue._files()[language]) if path[0] != "language"}


# The catalogues


def test_english_and_norwegian_are_complete():
    assert {"en", "nb"} <= set(phrases.languages())
    for language in ("en", "nb"):
        assert phrases.missing(language) == []
        for key, text in own(language).items():
            assert text or key.endswith((".disclaimer.label", ".geometry.label")), key  # these have no heading
    assert set(own("en")) == set(own("nb"))


def test_every_language_has_the_same_blanks():
    for language in phrases.languages():
        for key, text in own(language).items():
            assert sorted(set(BLANK.findall(text))) == sorted(set(BLANK.findall(own("en")[key]))), (language, key)
            assert "" not in BLANK.findall(text), key


@pytest.fixture
def nynorsk(monkeypatch):
    """A third language, of two phrases."""
    files = dict(catalogue._files())
    files["nn"] = {
        "language": {"name": "Nynorsk", "fallback": ["nb"]},
        "map": {"roads": "Hovudvegar"},
        "columns": {"*": {"cell_id": {"label": "Rute", "meaning": "Id-en til ruta"}}},
    }
    for name in CACHED:
        if hasattr(getattr(catalogue, name), "cache_clear"):
            getattr(catalogue, name).cache_clear()
    monkeypatch.setattr(catalogue, "_files", lambda: files)
    yield files
    for name in CACHED:
        if hasattr(getattr(catalogue, name), "cache_clear"):
            getattr(catalogue, name).cache_clear()


def test_what_a_language_lacks_is_taken_from_the_next_and_in_the_end_from_english(nynorsk):
    assert phrases.section("nn", "map")["roads"] == "Hovudvegar"
    assert phrases.section("nn", "map")["travel_time"] == phrases.section("nb", "map")["travel_time"] != "Travel time"
    del nynorsk["nb"]["map"]["travel_time"]
    catalogue._phrases.cache_clear()
    catalogue.section.cache_clear()
    try:
        assert phrases.section("nn", "map")["travel_time"] == phrases.section("en", "map")["travel_time"]
        assert phrases.missing("nb") == ["map.travel_time"]
        assert {"map.travel_time", "report.contents"} <= set(phrases.missing("nn"))
        assert "map.roads" not in phrases.missing("nn")
    finally:
        nynorsk["nb"]["map"]["travel_time"] = "Reisetid"
    assert phrases.columns("nn")["*", "cell_id"].meaning == "Id-en til ruta"
    assert phrases.number(1234.5, 1, language="nn") == "1\u00a0234,5"


def test_the_dictionary_has_columns_for_every_language(nynorsk):
    named = _written()
    assert named["en"] == ("description", "missing")
    assert named["nb"] == ("beskrivelse", "mangler")
    assert named["nn"] == ("description_nn", "missing_nn")  # no words of its own
    for column in named["nn"]:
        known = meaning("dictionary", column, names={}, language="nn")
        assert known is not None
        assert "nn" in known.meaning
        assert known.empty
    nynorsk["nn"]["dictionary"] = {"description": "forklaring", "missing": "manglar"}
    catalogue._phrases.cache_clear()
    catalogue.section.cache_clear()
    assert _written()["nn"] == ("forklaring", "manglar")


def test_a_language_is_known_by_its_aliases_and_else_refused():
    assert phrases.language_code("no") == "nb"
    with pytest.raises(InputError, match=r"language: 'sv'.*nb \(Norsk"):
        phrases.language_code("sv")
    with pytest.raises(InputError, match="language"):
        phrases.text("sv", "map.roads")
    with pytest.raises(KeyError):
        phrases.text("nb", "map.no_such_phrase")


# Where they are used


def constants(source):
    """Return the string constants of a module but docstrings, with the lines on which they stand."""
    tree = ast.parse(source)
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings of constants
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | loose
    ]


def sources(root, *suffixes):
    found = [path for path in sorted((root / "geoaccess").rglob("*")) if path.suffix in suffixes]
    return [path for path in found if "leaflet" not in path.parts and "__pycache__" not in path.parts]


def test_no_phrase_is_without_use(root):
    used = {text for path in sources(root, ".py") for _, text in constants(path.read_text(encoding="utf-8"))}
    for path in sources(root, ".js", ".html", ".j2"):
        used |= set(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
    unused = [
        key
        for key in own("en")
        if not key.startswith(("units.", "tables.", "columns.", *FAMILIES))
        and key not in used
        and key.partition(".")[2] not in used
    ]
    assert unused == []


def test_tables_and_columns_belong_together():
    tables = {key.split(".")[1] for key in own("en") if key.startswith("tables.")}
    assert {key.split(".")[1] for key in own("en") if key.startswith("columns.")} <= tables | {"*"}


def norwegian(source):
    return [(line, text) for line, text in constants(source) if NORWEGIAN.search(NAME.sub("", text))]


def test_no_norwegian_stands_outside_the_catalogues(root):
    for path in sources(root, ".py"):
        if path.relative_to(root / "geoaccess").as_posix() not in READERS:
            assert norwegian(path.read_text(encoding="utf-8")) == [], path
    for path in sources(root, ".js", ".html", ".j2"):
        assert not NORWEGIAN.search(path.read_text(encoding="utf-8")), path


def test_that_guard_can_fail():
    assert norwegian('"""Om øyer."""\nX = {"roads": ("Roads", "Veier på øya")}\n') == [(2, "Veier på øya")]
    assert norwegian('X = ("Island without a ferry", "Øy uten ferje")\n') == [(1, "Øy uten ferje")]
    assert norwegian('X = "Troms: 803, of Tromsø"\n') == []
    assert norwegian('def f(n):\n    return f"{n} innbyggere"\n')
    assert norwegian('def f():\n    """Say innbyggere."""\n    return "people"\n') == []


def texts_of(page):
    """Return the text that stands in a page or template itself."""
    page = re.sub(r"(?s)<(style|script|title|pre)\b.*?</\1>|\{[%{#].*?[%}#]\}|<!--.*?-->", "", page)
    return [text.strip() for text in re.findall(r">([^<>]*)<", page) if re.search(r"[A-Za-z]{3}", text)]


def test_no_text_stands_in_pages_and_templates(root):
    for path in sources(root, ".html", ".j2"):
        assert texts_of(path.read_text(encoding="utf-8")) == [], path


def test_that_guard_can_fail_too():
    assert texts_of("<p>{{ words['sources'] }}: <b>Sources</b></p><style>p { color: red }</style>") == ["Sources"]


# Numbers


VALUES = [
    *(0.0, 0.04, 0.05, 0.125, 0.5, 0.999, 1.005, 2.675, 9.95, 10.0, 1234.5, 12345.678, 193468.0, 1e7 + 0.05),
    *(1 / 3, 2 / 3, 119.4 * 60, 119.5 * 60, 7200.0, 125 * 60.0, 754.0, 86399.0, 0.0001, 0.0005, 0.00049, 0.9999),
]


def test_python_and_the_pages_write_numbers_alike(root):
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no node: number formats are not compared")
    values = [*VALUES, *(-value for value in VALUES)]
    script = """
    const { load } = require("./tests/javascript/page.js");
    const { values, units } = JSON.parse(process.argv[1]);
    const out = {};
    for (const language of Object.keys(units)) {
      const f = load(["shared/format.js"]).formats(() => language, (key) => units[language][key]);
      const each = (write) => [...values, NaN].map(write);
      out[language] = {
        people: each((v) => f.number(v)), number: each((v) => f.number(v, 2)), share: each((v) => f.share(v)),
        time: each((v) => f.time(v)), signed: each((v) => f.signed(v, 1)),
      };
    }
    process.stdout.write(JSON.stringify(out));
    """
    units = {code: {key: phrases.text(code, f"units.{key}") for key in ("min", "hour")} for code in phrases.languages()}
    given = json.dumps({"values": values, "units": units})
    done = subprocess.run([node, "-e", script, given], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for language, written in json.loads(done.stdout).items():
        ours = {
            "people": phrases.people,
            "number": lambda value, language: phrases.number(value, 2, language=language),
            "share": phrases.share,
            "time": phrases.duration,
            "signed": lambda value, language: phrases.signed(value, 1, language=language),
        }
        for kind, write in ours.items():
            assert written[kind] == [write(value, language=language) for value in [*values, math.nan]], kind


def plain(text):
    return text.replace("\u00a0", "_").replace("\u202f", "_")


def test_norwegian_numbers_follow_the_rules_of_sprakradet():
    assert plain(phrases.people(193468, language="nb")) == "193_468"
    assert plain(phrases.share(0.933, language="nb")) == "93,3_%"
    assert phrases.number(-0.254, 3, language="nb") == "\u22120,254"
    assert phrases.threshold(450, language="nb") == "7,5"
    assert [phrases.minutes(t, language="nb") for t in (960, 666)] == ["16,0", "11,1"]
    assert phrases.duration(8100, language="nb") == "2 t 15 min"


def test_english_numbers():
    assert phrases.people(193468) == "193,468"
    assert phrases.share(0.933) == "93.3%"
    assert phrases.number(-0.254, 3) == "\u22120.254"
    for value, written in ((1e308, "1e+308"), (-1e27, "\u22121e+27"), (5e-324, "0.00")):
        assert phrases.number(value, 2) == written
    assert phrases.people(1e19) == "10," + ",".join(["000"] * 6)


def test_a_share_above_nothing_is_never_nothing_and_what_is_missing_is_a_dash():
    assert [phrases.share(part) for part in (0.0, 1e-9, 0.00049, 0.0005, 1.0)] == [
        "0%",
        "<0.1%",
        "<0.1%",
        "0.1%",
        "100%",
    ]
    for write in (phrases.share, phrases.people, phrases.minutes, phrases.plain, phrases.significant):
        assert write(math.nan) == "\u2013"
    assert phrases.minutes(math.inf) == "\u221e"


def test_the_script_of_a_page_has_every_language():
    script = phrases.phrases_script("planner")
    _, _, found = script.partition("geoaccess.phrases = ")
    found = json.loads(found.rstrip().removesuffix(";"))
    assert set(found) == set(phrases.languages())
    own = phrases.section("nb", "planner").items()
    assert found["nb"] == {key: phrases.in_words(phrase, {}, language="nb") for key, phrase in own}


def test_importing_the_package_does_not_load_the_locale_data():
    code = "import sys, geoaccess; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("language", phrases.languages())
def test_every_file_that_a_study_may_read_is_called_something(language):
    """What is not said is shown as the key of the program, in English, by check and in the report."""
    places = {
        f"{mode} {what}"
        for mode in CRAFTS
        for form in get_args(AmbulanceSettings.model_fields[mode].annotation)
        for what, field in getattr(form, "model_fields", {}).items()
        if field.annotation is Places
    }
    assert len(places) == 5
    own = {"ambulance figures", "ambulance profile", "centrality profile", "zone changes", *DemandSettings.model_fields}
    writer = phrases.Writer(language, ("report",))
    assert [what for what in sorted(places | own) if writer.input_name(what) == what] == []
    assert writer.input_name("centrality profile") != writer.input_name("centrality")
