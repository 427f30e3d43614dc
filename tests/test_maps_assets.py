"""The files that the pages share, and that each colour is written in one of them."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

import geoaccess
from geoaccess.maps.assets import asset_bytes, asset_text, colour, palette_script, palette_style, scale

HOUSE = Path(geoaccess.__file__).parent
PALETTE = json.loads((HOUSE / "static" / "palette.json").read_text())
WRITTEN = [
    path
    for path in sorted(HOUSE.rglob("*"))
    if path.suffix in {".py", ".js", ".css", ".html", ".j2", ".toml"} and "leaflet" not in path.parts
]
COLOUR = re.compile(r"#[0-9a-fA-F]{8}\b|#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?=[\s;)\"',])|\brgba?\(|\bhsla?\(")


def text_of(path: Path) -> str:
    """Without the examples of docstrings, which show what comes out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    return re.sub(r"^\s*>>> (?:.*\n)(?:.+\n)*?(?=\s*(?:>>>|\"\"\"|\n))", "", text, flags=re.MULTILINE)


def test_a_colour_is_written_in_the_palette_and_nowhere_else():
    found = [f"{path.relative_to(HOUSE)}: {hit}" for path in WRITTEN for hit in COLOUR.findall(text_of(path))]
    assert found == []


@pytest.mark.parametrize("line", ['INK = "#16181c"', "background: #fff;", "color: rgba(0, 0, 0, 0.3)"])
def test_a_colour_elsewhere_would_be_found(line):
    assert COLOUR.search(line)


def test_every_value_is_a_colour():
    values = [value for entry in PALETTE.values() for value in ([entry] if isinstance(entry, str) else entry)]
    assert all(re.fullmatch(r"#[0-9a-f]{6}(?:[0-9a-f]{2})?", value) for value in values)


def test_styles_name_only_colours_that_there_are():
    known = {f"--{name.replace('_', '-')}" for name, value in PALETTE.items() if isinstance(value, str)}
    assert set(re.findall(r"(--[a-z-]+): #", palette_style())) == known
    for path in WRITTEN:
        if path.suffix in {".css", ".html", ".j2"}:
            text = path.read_text(encoding="utf-8")
            assert set(re.findall(r"var\((--[a-z-]+)", text)) <= known | {"--split"}, path.name


def test_scripts_and_python_name_only_colours_that_there_are():
    for path in WRITTEN:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".js":
            asked = set(re.findall(r"\bpalette\.([a-z_]+)", text))
        else:
            asked = set(re.findall(r"\b(?:colour|scale)\([\"']([a-z_]+)[\"']\)", text))
        assert asked <= set(PALETTE), path.name


def test_python_and_scripts_have_the_same_palette():
    assert json.loads(palette_script().partition("=")[2].strip().removesuffix(";")) == PALETTE
    assert colour("ink") == PALETTE["ink"]
    assert list(scale("time")) == PALETTE["time"]
    with pytest.raises(TypeError, match="scale"):
        colour("time")
    with pytest.raises(TypeError, match="colour"):
        scale("ink")


def luminance(value: str) -> float:
    """Of a colour as in WCAG 2.2, "relative luminance"."""
    parts = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *itertools.product(["ink", "quiet", "blue", "better", "worse"], ["paper"]),
        *itertools.product(["ink"], ["warning_wash", "note_wash", "wash", "hover", "new_site"]),
        *itertools.product(["paper"], ["ink", "blue"]),
        ("quiet", "wash"),
        ("disabled", "paper"),
    ],
)
def test_text_can_be_read_on_its_ground(text, ground):
    assert contrast(PALETTE[text], PALETTE[ground]) >= 4.5


def test_bands_of_time_darken_steadily():
    rising = [luminance(value) for value in scale("time")]
    assert rising == sorted(rising, reverse=True)


def test_scripts_load_nothing_from_outside():
    for path in WRITTEN:
        if "static" in path.parts and path.suffix in {".js", ".css", ".html"}:
            text = path.read_text(encoding="utf-8").replace("https://www.openstreetmap.org/copyright", "")
            text = text.replace("http://www.w3.org/2000/svg", "")  # the name of a language, which nobody fetches
            assert not re.search(r"https?://|\bimport\s*\(|url\((?!data:)", text), path.name


def test_cleaned_files_ask_for_no_pictures_or_source_maps():
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", asset_text("leaflet/leaflet.css"))
    assert "sourceMappingURL" not in asset_text("leaflet/leaflet.js")
    assert b"sourceMappingURL" in asset_bytes("leaflet/leaflet.js")
