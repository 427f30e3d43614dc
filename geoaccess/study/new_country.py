"""A first study of any country, and its table of sources, written from what is known of public data.

The rules: roads and most sites from the OpenStreetMap extract that holds the country; people from the census grid of
2021 where Eurostat has it, elsewhere from WorldPop; hospitals from GISCO where it has them; municipalities from the
borders of the extract where it has any of their level (Eurostat's local administrative units stand in comments, as
their terms are not free), with their degree of urbanisation where the grid is one of 1 km. Distances are measured in
EPSG:3035, which is equal-area, in Europe, and in the UTM zone of the middle elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.phrases import FALLBACK, Writer, language_code
from geoaccess.sources.countries import country_name

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.sources.countries import Place

__all__ = ["write_country_study"]

_CENSUS = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)
"""Countries of the census grid of 2021; that Iceland is among them has not been seen."""

_GISCO = _CENSUS - {"IS", "LI"}
"""Countries whose hospitals GISCO lists, as far as public code shows."""

_EUROSTAT_CODES = {"GR": "EL"}
_EUROPE = _CENSUS | frozenset(
    ("AD", "AL", "BA", "BY", "FO", "GB", "GG", "GI", "IM", "JE", "MC", "MD", "ME", "MK", "RS", "SM", "UA", "VA", "XK")
)

_LEVELS = {
    **dict.fromkeys(("NO", "SE", "DK", "EE", "PL", "PT", "GR", "HR", "FO"), 7),
    **dict.fromkeys(("IS", "GB", "IE", "LV", "US", "CA", "AU", "NZ"), 6),
    "LT": 5,
    "SK": 9,
}
"""`admin_level` of municipalities in OpenStreetMap, as its wiki has them; 8 is the most usual."""

_WITHIN = {"AX": "FI", "SJ": "NO"}
"""Territories that are counted in the census of another country."""

_FOLDER = "downloads"
_CENSUS_FILE = "eurostat-census-grid-2021-v3.zip"
_LAU_YEAR = 2021
_LAU_FILE = f"gisco-lau-{_LAU_YEAR}.geojson"


def write_country_study(path: Path, place: Place, *, language: str = FALLBACK) -> list[Path]:
    """Write a study of a place, and beside it the table of sources that `geoaccess fetch` gets its data by.

    The study can be run as soon as its files are there. What else can be set stands in comments.

    Parameters
    ----------
    path
        The study file; the sources are `<name>-sources.toml` beside it.
    place
        As `geoaccess.sources.countries.find_place` returns it.
    language
        Of maps, figures and report.

    Returns
    -------
    The two files.

    Raises
    ------
    InputError
        If the name does not end in .toml, or one of the files is there already.

    Examples
    --------
    >>> from geoaccess.sources.countries import find_place
    >>> folder = getfixture("tmp_path")
    >>> [file.name for file in write_country_study(folder / "malta.toml", find_place("Malta"))]
    ['malta.toml', 'malta-sources.toml']
    """
    code = language_code(language)
    if path.suffix != ".toml":
        raise InputError(f"{path}: a study is a .toml file; try {path.with_suffix('.toml')}")
    sources = path.with_name(f"{path.stem}-sources.toml")
    for there in (path, sources):
        if there.exists():
            raise InputError(f"{there} is there already; give another name or remove it")
    with files.writing_among(path.parent, former=tuple) as temporary:
        (temporary / path.name).write_text(_study(path, sources, place, code), encoding="utf-8", newline="\n")
        (temporary / sources.name).write_text(_sources(path, place), encoding="utf-8", newline="\n")
    return [path, sources]


def _counted_in(place: Place) -> str:
    """Return the country whose census counts the people of a place."""
    return _WITHIN.get(place.country, place.country)


def _study(path: Path, sources: Path, place: Place, language: str) -> str:
    writer = Writer(language, ("new",))
    name = place.name if place.part and place.country not in _WITHIN else country_name(place.country, language)
    title, label = writer.text("title", name=name), {key: writer[key] for key in ("hospital", "gp")}
    head = [
        f"# A first study of {place.name}. Next: geoaccess fetch {path.name}, then geoaccess run {path.name}",
        "# All that a study can say stands in the template that `geoaccess new STUDY` writes.",
        f"title = {_quoted(title)}",
        f'language = "{language}"',
        f"limits = [{_quoted(writer['first'])}]",
        f'output = "{path.stem}-results"',
        f'sources = "{sources.name}"         # where `geoaccess fetch {path.name}` gets the files',
        'attribution = ["© OpenStreetMap contributors (ODbL 1.0)"] # those of fetched files are named too',
    ]
    mapped = [
        "# Doctors and clinics as they are mapped: look through them before you rely on the map.",
        "[[sites]]",
        'kind = "osm"',
        'service = "gp"',
        'tags = [{ amenity = "doctors" }, { amenity = "clinic" }, { healthcare = "doctor" }]',
        "merge_within_m = 100",
    ]
    blocks = [
        "\n".join(head),
        f'[network]\nosm = ["{_FOLDER}/{_roads_file(place)}"]\nprofile = "car"',
        _people(place),
        f"[services.hospital]\nlabel = {_quoted(label['hospital'])}\nnorms_min = [30, 60]",
        f"[services.gp]\nlabel = {_quoted(label['gp'])}\nnorms_min = [15, 30]",
        _hospitals(place),
        "\n".join(mapped),
        _zones(place),
    ]
    return "\n\n".join(blocks) + "\n"


def _roads_file(place: Place) -> str:
    return place.extract.url.rpartition("/")[2]


def _people(place: Place) -> str:
    country = _counted_in(place)
    lines = ["[population]"]
    if country in _CENSUS:
        code = _EUROSTAT_CODES.get(country, country)
        lines += [
            f'file = "{_FOLDER}/{_CENSUS_FILE}"   # read from the archive as it is',
            'cell_id = "GRD_ID"',
            'people = "T"',
            "# Cells on a border hold the people of both sides, and their code names both countries.",
            f'where = {{ CNTR_ID = ["{code}", "{code}-*", "*-{code}", "*-{code}-*"] }}',
            "nodata = [-8888, -9999]            # confidential, not available",
            '# carry = ["Y_LT15", "Y_GE65"]     # further columns of the cells',
            "year = 2021",
            'source = "Census 2021, population on a 1 km grid, Eurostat"',
        ]
    else:
        crs = (
            '"EPSG:3035"                  # equal-area; in Europe'
            if place.country in _EUROPE
            else ('"auto"                       # the UTM zone of the middle; the raster is in degrees')
        )
        lines += [
            f'file = "{_FOLDER}/{_worldpop_file(place)}"',
            f"crs = {crs}",
            "year = 2025",
            'source = "WorldPop R2025A, constrained, 1 km (modelled), University of Southampton"',
            "# GHS-POP of the European Commission is another such raster: have it from",
            "# https://human-settlement.emergency.copernicus.eu/download.php?ds=pop and name its .tif as the file.",
        ]
    if place.part:
        lines.append(f'border = {{ "ISO3166-2" = "{place.part}" }}   # people inside this border of the extract')
    return "\n".join(lines)


def _worldpop_file(place: Place) -> str:
    return f"{place.alpha3.lower()}_pop_2025_CN_1km_R2025A_UA_v1.tif"


def _hospitals(place: Place) -> str:
    mapped = (
        '[[sites]]\nkind = "osm"\nservice = "hospital"\n'
        'tags = [{ amenity = "hospital" }, { healthcare = "hospital" }]\nmerge_within_m = 500'
    )
    country = _counted_in(place)
    if country not in _GISCO:
        return f"# Hospitals as they are mapped: some of them are health centres.\n{mapped}"
    commented = "\n".join(f"# {line}" for line in mapped.splitlines())
    return (
        "# Hospitals as the countries report them to Eurostat. Where it is known which have an emergency department:\n"
        '# where = { emergency = ["yes"] }\n'
        f'[[sites]]\nkind = "file"\nfile = "{_FOLDER}/{_hospital_file(place)}"\nservice = "hospital"\n'
        'columns = { name = "hospital_name" }\nsource = "GISCO, Eurostat"' + "\n\n"
        f"# Or hospitals as they are mapped:\n{commented}"
    )


def _hospital_file(place: Place) -> str:
    country = _counted_in(place)
    return f"gisco-hospitals-{_EUROSTAT_CODES.get(country, country)}.csv"


def _zones(place: Place) -> str:
    country = _counted_in(place)
    lines = [
        "# Municipalities from the borders of the extract; without such borders the study has none. Their level is as",
        "# the wiki of OpenStreetMap has it.",
        '[zones]\nkind = "osm"',
        f"level = {_LEVELS.get(country, 8)}",
        "required = false",
    ]
    if country in _CENSUS:
        lines += [
            "",
            "# Or from Eurostat's local administrative units, which may not be used commercially and are not part of",
            "# this program: put these lines in place of those above, and `geoaccess fetch` gets the edition of",
            f"# {_LAU_YEAR}. It has not been tried from here; look through what it calls a municipality.",
            '# [zones]\n# kind = "file"',
            f'# file = "{_FOLDER}/{_LAU_FILE}"',
            f'# where = {{ CNTR_CODE = ["{_EUROSTAT_CODES.get(country, country)}"] }}',
            '# id = "GISCO_ID"\n# name = "LAU_NAME"',
            "",
            "# The degree of urbanisation of each municipality, computed from the grid of 1 km. Official classes of",
            '# the country are another way: kind = "table".',
            '[centrality]\nkind = "degurba"',
        ]
    else:
        lines += [
            "",
            "# Classes of municipalities may be left out. The degree of urbanisation needs people on a grid of 1 km in",
            "# metres, which this raster in degrees is not: give a table of classes, or another grid.",
            '# [centrality]\n# kind = "degurba"',
        ]
    return "\n".join(lines)


def _sources(path: Path, place: Place) -> str:
    keys = ["roads", "people", *(["hospitals"] if _counted_in(place) in _GISCO else [])]
    head = (
        f"# Where `geoaccess fetch {path.name}` gets its data. The addresses were gathered from public code and have\n"
        "# not been tried from here: one that has moved fails with an error that names its page; correct it here."
    )
    blocks = [
        head,
        "\n".join(
            [
                f"[regions.{json.dumps(place.slug)}]",
                f"title = {_quoted(place.name)}",
                f"files = {json.dumps(keys)}",
                *(['optional = ["municipalities"]'] if _counted_in(place) in _CENSUS else []),
            ]
        ),
        _source(
            "roads",
            what=f"OpenStreetMap extract of {place.extract.name}",
            publisher="Geofabrik",
            licence="ODbL 1.0",
            attribution="© OpenStreetMap contributors",
            url=place.extract.url,
            md5_url=f"{place.extract.url}.md5",
            page="https://download.geofabrik.de/",
            path=_roads_file(place),
        ),
        _census_source() if _counted_in(place) in _CENSUS else _worldpop_source(place),
    ]
    if _counted_in(place) in _GISCO:
        country = _counted_in(place)
        code = _EUROSTAT_CODES.get(country, country)
        blocks.append(
            _source(
                "hospitals",
                what=f"Hospitals of {country_name(country, FALLBACK)}, 2023",
                publisher="Eurostat, GISCO",
                licence="reuse with acknowledgement of the source",
                attribution="Eurostat, GISCO healthcare services",
                url=f"https://gisco-services.ec.europa.eu/pub/healthcare/2023/csv/{code}.csv",
                page="https://ec.europa.eu/eurostat/web/gisco/geodata/basic-services",
                path=_hospital_file(place),
            )
        )
    if _counted_in(place) in _CENSUS:
        blocks.append(_lau_source())
    return "\n\n".join(blocks) + "\n"


def _lau_source() -> str:
    return _source(
        "municipalities",
        what=f"Local administrative units (LAU) of {_LAU_YEAR}, 1:1 million",
        publisher="Eurostat, GISCO",
        licence="not for commercial use; the source and the copyright notice must be shown",
        attribution="© EuroGeographics for the administrative boundaries; Eurostat, GISCO",
        url=f"https://gisco-services.ec.europa.eu/distribution/v2/lau/geojson/LAU_RG_01M_{_LAU_YEAR}_4326.geojson",
        page="https://ec.europa.eu/eurostat/web/gisco/geodata/statistical-units/local-administrative-units",
        path=_LAU_FILE,
    )


def _census_source() -> str:
    return _source(
        "people",
        what="Census 2021, population on a 1 km grid, version 3",
        publisher="Eurostat, GISCO",
        licence="reuse with acknowledgement of the source",
        attribution="Eurostat, Census 2021 population grid",
        url="https://gisco-services.ec.europa.eu/census/2021/Eurostat_Census-GRID_2021_V3.zip",
        page="https://ec.europa.eu/eurostat/web/gisco/geodata/population-distribution/population-grids",
        path=_CENSUS_FILE,
    )


def _worldpop_source(place: Place) -> str:
    return _source(
        "people",
        what=f"Population of {country_name(place.country, FALLBACK)} on a grid of 30 seconds, 2025 (modelled)",
        publisher="WorldPop, University of Southampton",
        licence="CC BY 4.0",
        attribution="WorldPop (doi 10.5258/SOTON/WP00840)",
        url=(
            "https://data.worldpop.org/GIS/Population/Global_2015_2030/R2025A/2025/"
            f"{place.alpha3}/v1/1km_ua/constrained/{_worldpop_file(place)}"
        ),
        page="https://hub.worldpop.org/",
        path=_worldpop_file(place),
    )


def _source(key: str, **fields: str) -> str:
    return "\n".join([f"[files.{key}]", *(f"{name} = {_quoted(value)}" for name, value in fields.items())])


def _quoted(text: str) -> str:
    """Write a text as TOML, whose basic strings are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
