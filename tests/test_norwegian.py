"""What verbs print for a study in Norwegian: every verb is run, and no phrase of the catalogue comes out in English.

Messages of errors, progress, and `explain` (which answers for a profile, not a study) are in English.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from geoaccess import cli, phrases
from geoaccess.cli.app import out as console
from geoaccess.measures import STATISTICS
from geoaccess.phrases import catalogue, note, note_in
from geoaccess.phrases.catalogue import _leaves
from geoaccess.sources.catalogue import SourceFile
from geoaccess.sources.fetch import Wanted, by_hand
from tests.test_study_tiny import STUDY, degrees, write_study

ONLY_DATA = ("columns.", "tables.", "planner.", "language.")  # shown in dictionaries and on pages, not printed
WORDS = {
    'title = "A small country"': 'title = "Et lite land"\nlanguage = "nb"',
    'disclaimer = "made up: for tests"': 'disclaimer = "oppdiktet"',
    '"made up"': '"oppdiktet"',
    '"GP"': '"Fastlege"',
    '"Hospital"': '"Sykehus"',
    '"Ambulance"': '"Ambulanse"',
    '"Birth unit"': '"Fødested"',
    '"a stand-in"': '"antatt"',
    "min_component_km = 3": 'min_component_km = 3\nferries = "ferries.csv"',
}
REFERENCE = """geography,service,statistic,value,unit,source
alle,gp,median,5,min,kilde
alle,gp,people_beyond_10,200,people,kilde
klasse 1,hospital,P90,30,min,kilde
West,hospital,share_within_20,0.5,share,kilde
0103,gp,P90,30,min,kilde
0101,gp,mean,1,min,kilde
0103,birth_unit,mean,1,min,kilde
0909,gp,mean,1,min,kilde
Wset,gp,mean,1,min,kilde
0101,gp,modus,1,min,kilde
0101,lege,mean,1,min,kilde
0101,gp,mean,,min,kilde
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("norsk")
    text = STUDY
    for english, norwegian in WORDS.items():
        assert english in text
        text = text.replace(english, norwegian)
    write_study(where, text)
    quays = [f"{lon:.6f},{lat:.6f}" for lon, lat in (degrees(22.5, 0.5), degrees(22.5, -9.5))]
    (where / "ferries.csv").write_text(
        "name,from_lon,from_lat,to_lon,to_lat,minutes,departures,motor_vehicle,season\n"
        f"Ferja,{','.join(quays)},30,07:00 12:00 18:00,yes,all year\n"
        "Rute uten båt,16.0,71.0,16.1,71.1,10,,no,all year\n"
    )
    lon, lat = degrees(10.5, 0.5)
    (where / "shut.toml").write_text(
        f'title = "Nytt kontor"\n[[add]]\nservice = "gp"\nname = "Nytt"\nlon = {lon}\nlat = {lat}\n'
        '[[close]]\nname = "Car ferry"\nwhat = "ferries"\n'
    )
    (where / "often.csv").write_text(
        "what,name,osm_id,season,availability,area,correlation\nferry,Car ferry,,all,0.8,fjord,0.5\n"
    )
    (where / "reference.csv").write_text(REFERENCE)
    return where


SITE = ["site", "study.toml", "--service", "gp", "--candidates", "cells"]
VERBS = {
    "run": ["run", "study.toml"],
    "check": ["check", "study.toml"],
    "info": ["info", "study.toml", "--map", "out/map.png"],
    "ferries": ["ferries", "study.toml", "--write", "out/ferries_all.csv"],
    "route": ["route", "study.toml", "--from", "FROM", "--to", "TO", "--geojson", "out/route.geojson"],
    "compare": ["compare", "study.toml", "shut.toml"],
    "vulnerable": ["vulnerable", "study.toml", "--service", "hospital"],
    "reliability": ["reliability", "study.toml", "--service", "gp", "--draws", "5", "--table", "often.csv"],
    "profile": ["profile", "study.toml", "--service", "gp", "--day", "2026-01-14"],
    "validate": ["validate", "study.toml", "reference.csv"],
    "template": ["validate", "study.toml", "--template", "out/template.csv"],
    "site": [*SITE, "--add", "2"],
    "site --close": [*SITE, "--add", "1", "--close", "1", "--max-loss", "9"],
    "site fewest": [*SITE, "--objective", "fewest", "--share", "0.6"],
    "site worst": [*SITE, "--objective", "worst", "--quantile", "0.8"],
    "site in a scenario": [*SITE, "--scenario", "shut.toml"],
    "site for futures": [*SITE, "--scenario", "today", "--scenario", "shut.toml"],
    "office-days": ["office-days", "study.toml", "--service", "gp", "--days", "2", "--from", "gp-west",
                    "--candidates", "cells"],
    "vehicles": ["vehicles", "study.toml", "--add", "2", "--candidates", "cells"],
    "capacity": ["capacity", "study.toml", "--service", "gp", "--capacity", "600", "--add", "1",
                 "--new-capacity", "300", "--candidates", "cells"],
    "matrix": ["matrix", "study.toml", "--service", "gp"],
    "isochrones": ["isochrones", "study.toml", "--service", "gp", "--minutes", "5,10.5"],
    "sweep": ["sweep", "study.toml", "--vary", "snap.max_m=2000,2500", "--workers", "0", "--output", "out/sweep"],
    "new": ["new", "out/ny.toml", "--language", "nb"],
}  # fmt: skip


def pattern(phrase):
    """Return what finds a phrase as it is filled in, between the ends of words."""
    parts = [re.escape(part) for part in re.split(r"\{\w*\}", phrase.strip())]
    return re.compile(r"(?<!\w)" + r"\S[^\n\u2502]*?".join(parts) + r"(?!\w)")


@cache
def english_phrases():
    """Return what finds each phrase that differs between the languages, by key; none that a Norwegian phrase holds."""
    own = {
        language: {".".join(path): text for path, text in _leaves(catalogue._files()[language])}
        for language in ("en", "nb")
    }
    norwegian = "\n".join(own["nb"].values())
    found = {}
    for key, text in own["en"].items():
        literal = re.sub(r"\{\w*\}|\W", "", text)
        if key.startswith(ONLY_DATA) or text == own["nb"][key] or len(literal) < 2:
            continue
        english = pattern(text)
        if not english.search(norwegian):
            found[key] = english
    return found


# Of the study and the files of this test, of OpenStreetMap, and names that stand in study files.
DATA = re.compile(
    r"\S*/\S+|\S*[A-Za-z_]\S*\.\S+|\S+=\S+|--[\w-]+|\b(way|node) \d+|\b\w+_\w+\b"
    r"|\b(Car ferry|Boat|West|East|South|north|middle|east|west|primary|track|gp|car|median|mean|flat|quay|lon|lat"
    r"|cells|profile|nothing but length over speed|unclassified)\b|car,"
)


def leftovers(printed):
    """Return the phrases that stand in a text in English, and numbers that are written as in English."""
    text = DATA.sub("", printed)
    left = [key for key, english in english_phrases().items() if english.search(text)]
    numbers = re.findall(r"(?<![\d,])[1-9]\d{0,2}(?:,\d{3})+(?!\d)", text) + re.findall(r"(?<![\d.])\d+\.\d+", text)
    return left, numbers


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_prints_no_phrase_in_english(verb, folder, no_pictures, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (folder / "out").mkdir(exist_ok=True)
    monkeypatch.setattr(console, "_width", 1000)
    places = {"FROM": "{:.5f},{:.5f}".format(*degrees(0.5, 0.5)), "TO": "{:.5f},{:.5f}".format(*degrees(27.5, -9.5))}
    monkeypatch.setattr("sys.argv", ["geoaccess", *(places.get(word, word) for word in VERBS[verb])])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed, wrong = capsys.readouterr()
    assert (ended.value.code or 0) == 0, wrong
    assert printed.strip()
    assert leftovers(printed) == ([], []), printed


def test_that_guard_can_fail():
    assert "report.l_sites" in leftovers("Sites left out, with no road nearby: A.")[0]
    assert "terminal.unreached" in leftovers("\u2502 unreached \u2502")[0]
    assert "notes.by_row" in leftovers("25 min by row 2 of the table")[0]
    assert leftovers("1,928 innbyggere, 3.5 min, 0,123 og 12,5") == ([], ["1,928", "3.5"])
    assert len(english_phrases()) > 300


def test_what_is_left_to_fetch_by_hand_is_in_the_language(tmp_path):
    norwegian = {"what": "Befolkning i ruter", "instructions": "velg året 2019"}
    file = SourceFile(
        what="Population on a grid",
        publisher="P",
        licence="L",
        attribution="A",
        path="rutenett.gml",
        manual=True,
        page="https://example.org/rutenett",
        instructions="choose the year 2019",
        translations={"nb": norwegian},
    )
    line = by_hand(Wanted(file, tmp_path / "rutenett.gml"), language="nb")
    for words in (*norwegian.values(), "Lagre den som"):
        assert words in line
    assert leftovers(line)[0] == []


def test_a_note_is_translated_back_and_forth():
    """Every note that is kept in English is known again, whatever stands in its blanks."""
    english = {
        key: text for key, text in phrases.section("en", "notes").items() if key not in phrases.section("en", "units")
    }
    for key, text in english.items():
        names = re.findall(r"\{(\w+)\}", text)
        values = {name: f"{number}7" for number, name in enumerate(names, start=1)}
        assert note_in("nb", note(key, **values)) == phrases.text("nb", f"notes.{key}", **values), key
        assert note_in("en", note(key, **values)) == note(key, **values)


def test_notes_are_translated_part_by_part_and_what_is_unknown_stays():
    text = "; ".join([note("no_duration"), "toll=yes", note("wait_planned", planned=15, unplanned=30)])
    assert note_in("nb", text) == (
        "ingen varighet; toll=yes; ventetid for dem som velger avgang; planlagt 15 min, uplanlagt 30 min"
    )
    assert note_in("nb", note("stopped", method=note("highs_among", n=20), s="7.5")) == (
        "HiGHS blant 20 steder, stanset etter 7,5 s"
    )
    assert note_in("nb", "") == ""


def test_the_statistics_that_are_understood_are_named_alike():
    assert note("statistics") == STATISTICS
