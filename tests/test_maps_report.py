"""The page of a report: words and numbers as they should be read, names as text, nothing loaded."""

from __future__ import annotations

import contextlib
import html
import io
import itertools
import math
import re
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from geoaccess import maps
from geoaccess.errors import InputError
from geoaccess.maps import report_sentences as sentences
from geoaccess.maps import report_tables as tables
from geoaccess.maps.report_dots import dot_plot
from geoaccess.phrases import Writer
from geoaccess.zones import read_scheme
from tests.conftest import need, width_in_a_browser

INF = math.inf
HOSTILE = "<script>alert(1)</script>`${x}`\" onload='x' {{ 7*7 }}"
EN, NB = Writer("en", ("report", "map")), Writer("nb", ("report", "map"))


def findings(names=("Bø", "Ås"), **changes):
    """A service of 1 000 people: 900 reached, 800 within half an hour."""
    municipalities = pd.DataFrame(
        {
            "municipality": list(names),
            "centrality_class": ["1", "6"] * (len(names) // 2) + ["3"] * (len(names) % 2),
            "population": 1000.0 / len(names),
            "median_s": np.linspace(300.0, 5400.0, len(names)),
            "p90_s": [*np.linspace(600.0, 7200.0, len(names) - 1), INF],
        }
    )
    slack = pd.DataFrame(
        {
            "zoning": ["everybody", "centrality_class", "centrality_class"],
            "centrality_class": ["everybody", "1", "6"],
            "reached": [900.0, 600.0, 300.0],
            "without_second": [50.0, 0.0, 50.0],
            "median_slack_s": [450.0, 300.0, 1200.0],
            "p90_slack_s": [1800.0, 600.0, INF],
        }
    )
    exposed = municipalities[["municipality", "centrality_class"]].assign(
        municipality_id="1", reached=1.0, without_second=0.0, median_slack_s=60.0, p90_slack_s=120.0
    )
    norm = maps.Norm(
        limits_s=(1800.0,),
        people_within=800.0,
        people_beyond=200.0,
        share=0.8,
        after_share=0.25,
        share_by_class={"1": 1.0, "6": 0.5},
        beyond_in_districts=150.0,
        beyond_most=((names[-1], 120.0), (names[0], 30.0)),
    )
    contrast = {"most_central": "1", "least_central": "6", "mean_most_central_s": 300.0, "mean_least_central_s": 3600.0}
    given = {
        "key": "gp",
        "label": "GP",
        "direction": "to_sites",
        "proxy_note": "",
        "norms_s": (1800.0,),
        "from_call": False,
        "sites": 2,
        "proxies": 0,
        "population": 1000.0,
        "in_districts": 400.0,
        "reached": 900.0,
        "unreached": 100.0,
        "reasons": {
            "no_road_within": 60.0,
            "island_without_ferry": 40.0,
            "passenger_ferry_only": 0.0,
            "no_site_reachable": 0.0,
        },
        "mean_s": 700.0,
        "median_s": 450.0,
        "p90_s": INF,
        "norms": (norm,),
        "contrast": contrast,
        "municipalities": municipalities,
        "slack": slack,
        "exposed": exposed.head(10),
        "equity": {"theil_t": {"value": 0.4, "between": 0.1, "within": 0.3}, "gini": {"value": 0.5}},
    }
    return maps.ServiceFindings(**(given | changes))


def report(language="en", name="Bø", **changes):
    counts = {"cells": 8, "municipalities": 2, "snap_max_m": 2500.0, "off_network_kph": 5.0, "ferries": 3}
    counts |= {"ferries_with_cars": 1, "ferries_by_table": 1, "ferries_by_duration": 1, "median_wait_s": 600.0}
    counts |= dict.fromkeys(("cells_not_snapped", "people_not_snapped", "cells_by_nearest_municipality"), 2.0)
    data = maps.Data(
        origins=(maps.Origin("people", "a census", "2024"), maps.Origin("roads", "roads.osm.pbf")),
        counts=counts | {"people_without_class": 0.0},
        centrality_note="",
        left_out=(),
        digests=(("study", "study.toml", "ab" * 32), ("osm 1", "roads.osm.pbf", "cd" * 32)),
        profile="car",
        version="0.1.0",
        study_file="study.toml",
    )
    unreached = pd.DataFrame({"municipality": [name, ""], "reason": ["no_road_within", "island_without_ferry"]})
    given = {
        "title": f"Access & {name}",
        "subtitle": "of 2024",
        "language": language,
        "disclaimer": "made up",
        "note": "",
        "limits": ("The far side is not counted.",),
        "author": "",
        "year": "",
        "attribution": ("a census",),
        "population": 1000.0,
        "classes": {"1": 600.0, "6": 400.0},
        "services": (findings(names=(name, "Ås")),),
        "unreached": unreached.assign(gp=[60.0, 40.0]),
        "islands": pd.DataFrame(
            {
                "tied_by": ["mainland", "car ferry", "no road"],
                "municipality": [name, name, ""],
                "people": [900.0, 40.0, 60.0],
                "cells": [5, 1, 2],
                "lon": [10.0, -20.5, np.nan],
                "lat": [60.0, 61.25, np.nan],
            }
        ),
        "data": data,
        "pictures": {},
    }
    return maps.Report(**(given | changes))


class Page(HTMLParser):
    """What is on a page: its elements with their attributes, and the text outside of styles."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.within = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.within = tag

    def handle_data(self, data):
        if self.within != "style":
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def written(tmp_path, made):
    maps.report_page(tmp_path / "report.html", report=made)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def plain(text):
    return text.replace("\u00a0", " ")


# Words


def test_numbers_are_written_as_each_language_does():
    assert EN.people(12345.6) == "12,346"
    assert plain(NB.people(12345.6)) == "12 346"
    assert (EN.minutes(270), NB.minutes(270), NB.minutes(3600 * 24)) == ("4.5", "4,5", "1\u00a0440,0")
    assert plain(NB.share(0.123)) == "12,3 %"
    assert (EN.significant(0.05278), EN.significant(1234567.0), EN.significant(0.0), EN.significant(-0.4567)) == (
        "0.0528",
        "1,234,567",
        "0",
        "\u22120.457",
    )
    assert (EN.minutes(INF), NB.minutes(INF), EN.minutes(math.nan)) == ("not reached", "ikke nådd", "\u2013")
    assert EN.listed(["a", "b", "c"]) == "a, b and c"
    assert NB.listed(["a", "b"]) == "a og b"


def test_the_findings_say_the_numbers():
    sentences_found = sentences.findings(findings(), report(), EN)
    assert sentences_found == [
        "800 of 1,000 people (80.0%) are within 30 minutes; 200 are beyond.",
        "For half of the people it takes at most 7.5 minutes; more than one in ten cannot reach any site.",
        (
            "Of the people beyond 30 minutes, 75.0% live in centrality classes 4\u20136, compared with 40.0% of all "
            "people."
        ),
        "Most people beyond it live in Ås (120) and Bø (30).",
        (
            "The mean travel time is 60.0 minutes in centrality class 6 and 5.0 minutes in centrality class 1: "
            "12 times as long."
        ),
        (
            "100 people (10.0%) cannot reach any site by road or car ferry: 60 have no road within 2.5 km and 40 live "
            "on an island without a ferry."
        ),
    ]


def test_the_findings_in_norwegian():
    sentences_found = [plain(text) for text in sentences.findings(findings(), report("nb"), NB)]
    assert (
        sentences_found[0]
        == "800 av 1 000 innbyggere (80,0 %) har høyst 30 minutters reisetid; 200 har lengre eller når ikke fram."
    )
    assert sentences_found[4] == (
        "Gjennomsnittlig reisetid er 60,0 minutter i sentralitetsklasse 6 og 5,0 minutter i sentralitetsklasse 1, "
        "altså 12 ganger så lang."
    )


def test_an_ambulance_is_driven_from_and_its_drive_is_not_its_response():
    base = findings(key="ambulance_base", direction="to_people", p90_s=INF)
    sentences_found = sentences.findings(base, report(), EN)
    assert sentences_found[0] == (
        "800 of 1,000 people (80.0%) live within a 30-minute drive of the nearest ambulance base; 200 do not. "
        "This is drive time, not response time: call handling and mobilisation come in addition."
    )
    assert sentences_found[1].endswith("more than one in ten cannot be reached.")
    assert sentences_found[-1].startswith("100 people (10.0%) cannot be reached by road or car ferry: 60")
    assert not any("response time" in text for text in sentences.findings(findings(), report(), EN))
    sentences_found = [plain(text) for text in sentences.findings(base, report("nb"), NB)]
    assert sentences_found[0] == (
        "800 av 1 000 innbyggere (80,0 %) har høyst 30 minutters kjøretid fra nærmeste ambulansestasjon; 200 har ikke "
        "det. Dette er kjøretid, ikke responstid: Tiden i AMK-sentralen og til utrykning kommer i tillegg."
    )
    other = sentences.findings(findings(key="home_nursing", direction="to_people"), report(), EN)
    assert "nearest site" in other[0]
    assert not any("response time" in text for text in other)


def test_findings_where_all_is_well_and_where_nobody_is_reached():
    well = replace(findings().norms[0], people_within=1000.0, people_beyond=0.0, share=1.0, beyond_most=())
    none = dict.fromkeys(findings().reasons, 0.0)
    good = findings(norms=(well,), unreached=0.0, reached=1000.0, reasons=none, p90_s=900.0)
    sentences_found = sentences.findings(good, report(), EN)
    assert sentences_found[0] == "All 1,000 people are within 30 minutes."
    assert sentences_found[1].endswith("for nine out of ten at most 15.0.")
    assert sentences_found[-1] == "Everybody can reach a site."
    contrast = findings().contrast | {"mean_most_central_s": math.nan, "mean_least_central_s": math.nan}
    bad = findings(norms=(), median_s=INF, reached=0.0, unreached=1000.0, contrast=contrast)
    assert sentences.findings(bad, report(), EN)[:2] == [
        "No norm is set for this service.",
        "More than half of the people cannot reach any site.",
    ]


def test_what_it_costs_if_the_nearest_closes():
    (sentences_found,) = sentences.slack_sentences(findings(), EN)
    assert sentences_found == (
        "GP: if the nearest site closes, half of the people need at most 7.5 minutes more, and one in ten more than "
        "30.0. 50 people would reach no other. The share within 30 minutes would fall from 80.0% to 25.0%."
    )
    only = findings().slack.assign(median_slack_s=INF, p90_slack_s=INF, without_second=900.0)
    (sentences_found,) = sentences.slack_sentences(findings(slack=only), EN)
    assert "900 people reach no other: more than half" in sentences_found
    nobody = findings().slack.assign(reached=0.0)
    assert sentences.slack_sentences(findings(slack=nobody), EN) == ["GP: nobody is reached."]


def test_shares_of_the_inequality_sum_to_all_of_it():
    table = tables.equity_table(report(), EN)
    assert table.rows[0][:5] == ("GP", "0.500", "0.400", "25.0%", "75.0%")
    drawn = {"gini": {"value": 0.5, "low": 0.4321, "high": 0.61}}
    table = tables.equity_table(report(services=(findings(equity=drawn),)), EN)
    assert table.rows[0][1] == "0.500 (0.432\u20130.610)"
    assert sentences.equity_sentences(report(), EN)[0].startswith("GP: 25.0% of the inequality")


def test_places_are_west_and_east_in_the_reader_s_language():
    assert tables.island_table(report(), EN).rows[0][1:3] == ("car ferry", "61.25° N, 20.50° W")
    assert tables.island_table(report("nb"), NB).rows[0][1:3] == ("bilferje", "61,25° N; 20,50° V")


def test_an_optional_table_is_written_by_its_units():
    table = pd.DataFrame(
        {"a": ["x", "y"], "b": [90.0, INF], "c": [0.5, np.nan], "d": [1234.4, 0.0], "e": [True, False]}
    )
    heads = ("A", "B", "C", "D", "E")
    extra = maps.Extra("staff", "Staff", "", heads, ("", "s", "share", "people", ""), table, rows_in_all=9)
    made = tables.extra_table(extra, EN)
    assert made.heads == ("A", "B (min)", "C", "D", "E")
    assert made.rows == (("x", "1.5", "50.0%", "1,234", "yes"), ("y", "not reached", "\u2013", "0", "no"))
    assert made.note == "2 of 9 rows; all are in staff.csv."


# Dots


@pytest.mark.parametrize("number", [1, 2, 24, 45, 46, 65, 357])
def test_every_municipality_is_one_dot_in_order(number):
    names = tuple(f"M{n:03} Bolungarvíkurkaupstaður, north" for n in range(number)) if number > 1 else ("Bø",)
    plot = dot_plot(findings(names=names), read_scheme(), EN)
    dots = [dot for panel in plot.panels for dot in panel.dots]
    assert len(dots) == number
    assert len({dot.text for dot in dots}) == number
    assert max(len(dot.name) for dot in dots) <= (30 if number <= 45 else 22)  # letters that there is room for
    medians = [dot.median_x for dot in dots]
    assert medians == sorted(medians, reverse=True)
    assert all(plot.left <= x <= plot.right for x in medians)
    assert plot.few == (number <= 45)
    for panel in plot.panels:
        assert all(0 < dot.y < panel.height for dot in panel.dots)
        assert len(panel.dots) <= 72


def test_a_place_on_the_axis_is_in_proportion_to_the_time():
    plot = dot_plot(findings(), read_scheme(), EN)
    marks = [(float(label), x) for x, label in plot.ticks]
    (first, low), (last, high) = marks[0], marks[-1]
    assert (first, low, high) == (0, plot.left, plot.right)
    assert plot.norms[0][0] == pytest.approx(low + (high - low) * 30 / last, abs=0.01)
    assert plot.panels[0].dots[-1].p90_x == pytest.approx(low + (high - low) * 10 / last, abs=0.01)
    assert plot.panels[0].dots[0].p90_x is None  # not reached: an arrow, and the caption says so
    assert "not reached" in plot.caption


def test_nobody_is_no_plot():
    assert dot_plot(findings(municipalities=findings().municipalities.head(0)), read_scheme(), EN) is None


# The page


@pytest.mark.parametrize("language", ["en", "nb"])
def test_the_page_is_whole_and_loads_nothing(tmp_path, language):
    text = written(tmp_path, report(language))
    page = Page(text)
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("h1")) == 1
    anchors = {link["href"].removeprefix("#") for link in page.all("a")}
    assert anchors <= {attributes.get("id") for _, attributes in page.elements}
    assert {"short", "norms", "equity", "unreached", "slack", "method", "limits", "cite", "again"} <= anchors
    assert [tag for tag, _ in page.elements if tag in {"script", "link", "iframe", "object", "base"}] == []
    assert not re.search(r"https?://", text)
    assert all(image["src"].startswith("data:") and image["alt"] for image in page.all("img"))
    assert all(drawing.get("aria-label") or drawing.get("aria-hidden") for drawing in page.all("svg"))
    assert len(page.all("caption")) == len(page.all("table"))
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert not any("style" in attributes for _, attributes in page.elements)  # the policy would stop them


def test_headings_step_down_one_at_a_time(tmp_path):
    levels = [int(tag[1]) for tag, _ in Page(written(tmp_path, report())).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_hostile_names_are_text(tmp_path):
    extra = maps.Extra("x", HOSTILE, HOSTILE, (HOSTILE,), ("",), pd.DataFrame({"a": [HOSTILE]}), 1)
    made = report(name=HOSTILE, disclaimer=HOSTILE, note=HOSTILE, attribution=(HOSTILE,), extras=(extra,))
    text = written(tmp_path, replace(made, services=(findings(names=(HOSTILE, "Ås"), label=HOSTILE),)))
    page = Page(text)
    assert page.all("script") == []
    assert not any("onload" in attributes for _, attributes in page.elements)
    assert HOSTILE in html.unescape(text)
    assert "{{ 7*7 }}" in "".join(page.words)


def test_no_name_widens_the_page(tmp_path):
    made = report(name="N" * 200, disclaimer="D" * 300)
    written(tmp_path, replace(made, services=(findings(names=("M" * 300, "Ås"), label="H" * 120),)))
    assert width_in_a_browser(tmp_path / "report.html", 360) == 360


def test_equal_reports_are_equal_bytes_and_hold_no_clock(tmp_path):
    first = written(tmp_path / "a", report())
    assert written(tmp_path / "b", report()) == first
    assert re.findall(r"\b\d\d:\d\d\b", first) == []


def test_pictures_are_inside(tmp_path):
    from PIL import Image

    Image.new("RGB", (40, 30), "#123456").save(tmp_path / "map.png")
    text = written(tmp_path, report(pictures={"map_gp.png": (tmp_path / "map.png").read_bytes()}))
    (image,) = Page(text).all("img")
    assert image["src"].startswith("data:image/png;base64,")
    assert "800 of 1,000 people" in image["alt"]


def test_bibtex_survives_special_characters(tmp_path):
    text = html.unescape(written(tmp_path, report(name="50 % & {Ås}_#")))
    assert r"Access \& 50 \% \& \{Ås\}\_\#" in text


def test_a_language_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(InputError, match="language"):
        maps.report_page(tmp_path / "report.html", report=report("fr"))
    assert not (tmp_path / "report.html").exists()


# PDF


def test_in_print_the_sentence_of_a_service_stands_with_its_map():
    weasyprint = pytest.importorskip("weasyprint")
    style = resources.files("geoaccess.maps").joinpath("templates/report.css").read_text(encoding="utf-8")
    page = (
        f"<style>:root {{ --paper: #fff; --ink: #000 }} {style}</style><div style='height: 21cm'>above</div>"
        "<section class='service' style='break-before: auto'><h2>Heading</h2><p class='lead'>Sentence</p>"
        "<figure class='picture'><div style='height: 9cm'>Picture</div></figure></section>"
    )
    pages = weasyprint.HTML(string=page).render().pages
    texts = [" ".join(getattr(box, "text", "") for box in one._page_box.descendants()) for one in pages]
    assert len(texts) == 2
    for word in ("Heading", "Sentence", "Picture"):
        assert [word in text for text in texts] == [False, True], word


def test_in_print_no_column_of_a_wide_table_is_cut_off():
    weasyprint = pytest.importorskip("weasyprint")
    style = resources.files("geoaccess.maps").joinpath("templates/report.css").read_text(encoding="utf-8")
    heads = ["Områdeinndeling", "Område", *(f"Ekstra reisetid, gjennomsnitt {n} (minutter)" for n in range(11))]
    rows = "".join(f"<th class='n' scope='col'>{head}</th>" for head in heads)
    cells = "".join("<td class='n'>123 456,7</td>" for _ in heads)
    page = (
        f"<html lang='nb'><style>:root {{ --paper: #fff; --ink: #000 }} {style}</style><section id='more'>"
        f"<table class='wide'><thead><tr>{rows}</tr></thead><tr>{cells}</tr></table></section></html>"
    )
    for one in weasyprint.HTML(string=page).render().pages:
        for box in one._page_box.descendants():
            if hasattr(box, "text"):
                assert box.position_x + box.width <= one.width


def test_a_pdf_is_pages_of_print(tmp_path):
    need("weasyprint")
    written(tmp_path, report())
    assert maps.page_pdf(tmp_path / "report.html", tmp_path / "report.pdf") == ""
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def inside(path):
    """All text of a PDF's objects, those in compressed streams too."""
    pdf = path.read_bytes()
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(stream))
    return b"\n".join(parts)


def counted(pdf, pattern):
    return len(re.findall(pattern, pdf))


def picture():
    """A PNG of the shape of a map."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (660, 820), "white").save(file, format="PNG")
    return file.getvalue()


@pytest.mark.parametrize("services", [1, 12])
def test_the_report_has_12_sheets_at_most_and_long_tables_are_in_the_annex(tmp_path, services):
    need("weasyprint")
    found = [findings(key=f"s{i}", label=f"Service {i}") for i in range(services)]
    unreached = report().unreached.assign(**{one.key: 1.0 for one in found})
    pictures = {f"map_{one.key}.png": picture() for one in found}
    written(tmp_path, report(services=tuple(found), pictures=pictures, unreached=unreached))
    page, *made = (tmp_path / name for name in ("report.html", "report.pdf", "report-annex.pdf"))
    assert maps.report_pdf(page, *made, title="Access: annex") == ""
    main, annex = map(inside, made)
    assert 1 <= counted(main, rb"/Type /Page\b") <= 12
    tables = page.read_text(encoding="utf-8").count("<table")
    shown = [counted(pdf, rb"/S /Table\b") for pdf in (main, annex)]
    assert sum(shown) >= tables  # one that goes over two sheets is two
    assert shown[0] <= 4
    assert counted(annex, rb"/S /Table\b") >= 4
    for pdf in (main, annex):
        assert re.search(rb"/Marked true", pdf)
        assert b"/Lang (en)" in pdf
        assert re.search(rb'pdfaid:part="2"', pdf)
        assert re.search(rb'pdfaid:conformance="A"', pdf)
        assert counted(pdf, rb'pdfuaid:part="1"') == 1
        assert b"PDF/UA identification schema" in pdf
        assert b"/OutputIntents" in pdf
    assert b"Access: annex" in annex


def test_metadata_of_a_pdf_are_well_formed(tmp_path):
    need("weasyprint")
    written(tmp_path, report())
    assert maps.page_pdf(tmp_path / "report.html", tmp_path / "report.pdf") == ""
    packet = re.search(rb"<x:xmpmeta.*?</x:xmpmeta>", (tmp_path / "report.pdf").read_bytes(), flags=re.DOTALL)
    assert packet  # readable without unpacking
    root = ET.fromstring(packet[0])
    rdf = [child for child in root if child.tag.endswith("}RDF")]
    assert len(rdf) == 1
    parts = {(name.partition("}")[0], value) for one in rdf[0] for name, value in one.attrib.items() if "part" in name}
    assert {value for name, value in parts if "pdfua" in name} == {"1"}
    assert {value for name, value in parts if "pdfa/" in name} == {"2"}


def test_without_weasyprint_one_line_says_so(tmp_path, monkeypatch):
    written(tmp_path, report())
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    sentences_found = maps.page_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert sentences_found.startswith("no PDF")
    assert "geoaccess[pdf]" in sentences_found
    assert "\n" not in sentences_found
    assert not (tmp_path / "report.pdf").exists()
    made = [tmp_path / "report.pdf", tmp_path / "report-annex.pdf"]
    assert maps.report_pdf(tmp_path / "report.html", *made, title="x") == sentences_found
    assert not any(path.exists() for path in made)


def test_a_study_says_its_limits_and_who_made_it(tmp_path):
    anonymous = plain(written(tmp_path, report()))
    assert "The far side is not counted." in anonymous
    assert "(n.d.)" in anonymous
    signed = plain(written(tmp_path, report(author="Nordmann, K.", year="2026")))
    assert "Nordmann, K. (2026)." in signed
    assert "author = {Nordmann, K.}," in signed
    assert "year = {2026}" in signed


def test_files_are_named_for_what_they_are_in_the_language_of_the_reader():
    kinds = ("osm 2", "ambulance profile", "ambulance figures", "zone names", "zoning trusts", "ferry gtfs 1", "else")
    base = report("nb")
    data = replace(base.data, digests=tuple((kind, "a file", "ab" * 32) for kind in kinds))
    rows = tables.digest_table(replace(base, data=data), Writer("nb", ("report", "map"))).rows
    assert [row[0] for row in rows] == [
        "Veier", "Regler for tolkning av veidata, ambulanse", "Tider og responstidsmål for ambulansen",
        "Navn på områder", "Områder", "Rutetabeller for ferjer", "else",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("note", "marked", "expected"), [("", 0, "0"), ("borrowed", 0, "see the note"), ("borrowed", 1, "1")]
)
def test_a_service_of_stand_ins_does_not_say_that_it_has_none(note, marked, expected):
    some = report(services=(findings(proxy_note=note, proxies=marked),))
    assert tables.asked_table(some, Writer("en", ("report", "map"))).rows[0][-1] == expected
