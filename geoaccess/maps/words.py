"""The words on maps and figures, in English and Norwegian, and how numbers and times are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "REASONS", "Language", "class_label", "minutes", "people", "reason_label", "share", "words"]

Language = Literal["en", "nb"]
LANGUAGES: Final = ("en", "nb")

# The order is also the code in the second band of a GeoTIFF (1, 2, 3, 4), so new reasons go last.
REASONS: Final = ("no_road_within", "island_without_ferry", "passenger_ferry_only", "no_site_reachable")

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "all": ("all", "alle"),
    "attribution": ("Sources", "Kilder"),
    "block_of": ("Block of {n} cells", "Blokk av {n} ruter"),
    "blocks": (
        (
            "Drawn in blocks of {k} \u00d7 {k} cells: mean time of those reached, weighted by people; "
            "dark where more than half are not reached. The numbers of people are from the single cells."
        ),
        (
            "Tegnet i blokker på {k} \u00d7 {k} ruter: gjennomsnittlig tid for dem som nås, vektet med innbyggere; "
            "mørkt der mer enn halvparten ikke nås. Innbyggertallene er fra enkeltrutene."
        ),
    ),
    "borders": ("Municipality borders", "Kommunegrenser"),
    "cells_to": ("from the site to people", "fra tjenestestedet til innbyggerne"),
    "central": ("most central", "mest sentral"),
    "centrality": ("Centrality class", "Sentralitetsklasse"),
    "class": ("Class {n}", "Klasse {n}"),
    "class_short": ("class {n}", "klasse {n}"),
    "class_unknown": ("No class", "Uten klasse"),
    "close": ("Close", "Lukk"),
    "computed": ("Computed ({unit})", "Beregnet ({unit})"),
    "crossing": ("Crossing {t}", "Overfart {t}"),
    "curve_x": ("Travel time (minutes)", "Reisetid (minutter)"),
    "curve_y": ("People within the time (%)", "Innbyggere innenfor tiden (%)"),
    "curve_note": (
        "A curve that ends below 100 %: the rest are not reached, or need longer than the axis shows.",
        "En kurve som ender under 100 %: resten nås ikke, eller trenger lengre tid enn aksen viser.",
    ),
    "drawn": ("Drawn: {n} of {m} statistics. All are in the table.", "Tegnet: {n} av {m} mål. Alle er i tabellen."),
    "equality": ("The same time for all", "Lik tid for alle"),
    "ferry": ("Car ferry", "Bilferje"),
    "ferries": ("Car ferries", "Bilferjer"),
    "ferries_people": ("Passenger ferries (no cars)", "Passasjerbåter (uten bil)"),
    "hour": ("h", "t"),
    "hint": (
        "Point at the map or tap it. Keyboard: arrow keys move, + and - zoom, Enter reads the cell in the middle.",
        "Pek eller trykk på kartet. Tastatur: piltaster flytter, + og - zoomer, Enter leser ruten i midten.",
    ),
    "island_without_ferry": ("Island without a ferry", "Øy uten ferje"),
    "lorenz_x": (
        "Share of people, shortest time first (%)",
        "Andel innbyggere, korteste reisetid først (%)",
    ),
    "lorenz_y": ("Share of all travel time (%)", "Andel av all reisetid (%)"),
    "map": ("Map of travel times", "Kart over reisetider"),
    "mean": ("Mean", "Gjennomsnitt"),
    "median": ("Median", "Median"),
    "min": ("min", "min"),
    "need_script": ("This map needs JavaScript.", "Dette kartet trenger JavaScript."),
    "no_other": ("no other", "ingen andre"),
    "no_road_within": ("No road near by", "Ingen vei i nærheten"),
    "no_site_reachable": ("No site can be reached", "Ingen tjenestesteder kan nås"),
    "never": ("Never reached (computed)", "Nås aldri (beregnet)"),
    "norm": ("norm", "norm"),
    "not_reached": ("Not reached", "Ikke nådd"),
    "not_reached_share": ("not reached: {p}", "ikke nådd: {p}"),
    "one_to_one": ("Computed = published", "Beregnet = publisert"),
    "over": ("over", "over"),
    "overlays": ("Also show", "Vis også"),
    "passenger_ferry_only": ("Passenger ferry only", "Bare passasjerbåt"),
    "people": ("People", "Innbyggere"),
    "people_beyond": ("People beyond {n} min", "Innbyggere over {n} min"),
    "people_n": ("{n} people", "{n} innbyggere"),
    "people_within": ("People within {n} min", "Innbyggere innen {n} min"),
    "proxy": ("Stand-in site", "Stedfortreder"),
    "proxy_long": ("stands in for a real site", "står i stedet for et virkelig tjenestested"),
    "published": ("Published ({unit})", "Publisert ({unit})"),
    "remote": ("least central", "minst sentral"),
    "roads": ("Main roads", "Hovedveier"),
    "second": ("next: {t}", "neste: {t}"),
    "share": ("Share", "Andel"),
    "share_within": ("Share within {n} min", "Andel innen {n} min"),
    "show": ("Show", "Vis"),
    "site": ("Site", "Tjenestested"),
    "sites": ("Sites", "Tjenestesteder"),
    "sites_to": ("from people to the site", "fra innbyggerne til tjenestestedet"),
    "total": ("All", "Alle"),
    "travel_time": ("Travel time", "Reisetid"),
    "unit_people": ("people", "innbyggere"),
    "unit_share": ("share", "andel"),
    "wait": ("wait {t}", "venting {t}"),
    "within": ("up to", "inntil"),
    "zoning_class": ("Centrality class", "Sentralitetsklasse"),
    "zoning_everybody": ("Everybody", "Alle"),
    "zoning_municipality": ("Municipality", "Kommune"),
    "zoning_region": ("Region", "Region"),
    "zoom_in": ("Zoom in", "Zoom inn"),
    "zoom_out": ("Zoom out", "Zoom ut"),
}


def words(language: str) -> Mapping[str, str]:
    """Return every phrase in one language.

    Raises
    ------
    InputError
        If the language is not "en" or "nb".

    Examples
    --------
    >>> words("nb")["travel_time"]
    'Reisetid'
    """
    if language not in LANGUAGES:
        raise InputError(f"language: {language!r} is not known; use one of {', '.join(LANGUAGES)}")
    column = LANGUAGES.index(language)
    return {key: pair[column] for key, pair in _WORDS.items()}


def people(number: float, *, language: str = "en") -> str:
    """Write a number of people, rounded to whole ones.

    Examples
    --------
    >>> people(348342.4), people(348342.4, language="nb").replace(chr(160), "_")
    ('348,342', '348_342')
    """
    return f"{number:,.0f}".replace(",", "," if language == "en" else "\u00a0")


def share(part: float, *, language: str = "en") -> str:
    """Write a share in per cent with one decimal; a share above nothing is never written as nothing.

    Examples
    --------
    >>> share(0.123), share(0.123, language="nb").replace(chr(160), "_"), share(0.0001), share(0.0)
    ('12.3%', '12,3_%', '<0.1%', '0%')
    """
    text = f"{100 * part:.1f}" if part not in {0, 1} else f"{100 * part:.0f}"
    text = "<0.1" if text == "0.0" else text
    return f"{text}%" if language == "en" else f"{text.replace('.', ',')}\u00a0%"


def minutes(time_s: float) -> str:
    """Write a time given in seconds as minutes, without needless decimals.

    Examples
    --------
    >>> minutes(720), minutes(450)
    ('12', '7.5')
    """
    return f"{time_s / 60:.1f}".removesuffix(".0")


def reason_label(reason: str, *, language: str = "en") -> str:
    """Say why people are not reached; a reason without words of its own is shown as it is.

    Examples
    --------
    >>> reason_label("island_without_ferry", language="nb")
    'Øy uten ferje'
    """
    return words(language)[reason] if reason in REASONS else reason.replace("_", " ")


def class_label(number: int, *, language: str = "en") -> str:
    """Name a centrality class, saying which end is which; 0 is "no class".

    Examples
    --------
    >>> class_label(1), class_label(4), class_label(6, language="nb"), class_label(0)
    ('Class 1, most central', 'Class 4', 'Klasse 6, minst sentral', 'No class')
    """
    said = words(language)
    if not number:
        return said["class_unknown"]
    end = {1: f", {said['central']}", 6: f", {said['remote']}"}.get(number, "")
    return said["class"].format(n=number) + end
