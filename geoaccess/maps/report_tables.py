"""The tables of the report: every value as it is read, in the language of the reader."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from geoaccess.maps.labels import reason_label
from geoaccess.phrases import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoaccess.maps.report_content import Extra, Report, ServiceFindings
    from geoaccess.phrases import Writer
    from geoaccess.zones import CentralityScheme

__all__ = [
    "Table",
    "asked_table",
    "data_table",
    "digest_table",
    "equity_table",
    "exposed_table",
    "extra_table",
    "island_table",
    "norm_table",
    "reason_table",
    "slack_table",
    "unreached_table",
]

_TIMES: Final = ("s", "person s")
_MOST_ISLANDS: Final = 20
_UNREADABLE: Final = 12  # a table of more columns than this is set in smaller type


@dataclass(frozen=True)
class Table:
    """A table as it is read; the first `texts` columns are words, the rest numbers, unless `texts` is None."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[int, ...]
    note: str = ""

    @property
    def wide(self) -> bool:
        """Whether it has so many columns that it needs smaller type."""
        return len(self.heads) >= _UNREADABLE


def _table(
    caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]], *, texts: int = 1, note: str = ""
) -> Table:
    return Table(caption, tuple(heads), tuple(tuple(row) for row in rows), tuple(range(texts)), note)


def asked_table(report: Report, writer: Writer) -> Table:
    """Return the services with their norms and sites."""
    rows = [
        [
            found.label,
            writer[found.direction],
            ", ".join(writer.norm(norm.limits_s) for norm in found.norms) or NOTHING,
            writer.people(found.sites),
            writer["see_note"] if found.proxy_note and not found.proxies else writer.people(found.proxies),
        ]
        for found in report.services
    ]
    heads = [writer[key] for key in ("service", "direction", "norms_min", "sites", "stand_ins")]
    return _table(writer["t_asked"], heads, rows, texts=2)


def data_table(report: Report, writer: Writer) -> Table:
    """Return where the data are from."""
    rows = [
        [writer["origin_sites" if origin.what == "sites" else origin.what], origin.source, origin.date or NOTHING]
        for origin in report.data.origins
    ]
    return _table(writer["t_data"], [writer[key] for key in ("what", "source", "date")], rows, texts=3)


def norm_table(report: Report, writer: Writer) -> Table:
    """Return who meets each norm, everybody and by class."""
    classes = list(report.classes) if report.classed else []
    heads = [writer[key] for key in ("service", "norm", "within", "beyond", "share")]
    heads += [_class(name, report.scheme, writer) for name in classes]
    rows = [
        [
            found.label,
            f"{writer.norm(norm.limits_s)} {writer['min']}",
            writer.people(norm.people_within),
            writer.people(norm.people_beyond),
            writer.share(norm.share),
            *(writer.share(norm.share_by_class.get(name, math.nan)) for name in classes),
        ]
        for found in report.services
        for norm in found.norms
    ]
    if not report.classed:
        return _table(writer["norms_plain"], heads, rows)
    return _table(writer["t_norms"], heads, rows, note=writer["norms_note"])


def _class(name: Any, scheme: CentralityScheme, writer: Writer) -> str:
    return scheme.short(str(name), writer.language) if str(name) in scheme.ids else writer["unclassified"]


def equity_table(report: Report, writer: Writer) -> Table:
    """Return the indices of inequality of every service."""
    heads = [writer[key] for key in ("service", "gini", "theil_t", "between", "within_classes", "concentration")]
    heads += [writer["palma"], writer["left_out"]]
    rows = []
    for found in report.services:
        value = {name: row.get("value", math.nan) for name, row in found.equity.items()}
        theil = found.equity.get("theil_t", {})
        whole = theil.get("value", math.nan)
        parts = [theil.get(name, math.nan) / whole if whole > 0 else math.nan for name in ("between", "within")]
        rows.append(
            [
                found.label,
                _with_interval(found.equity.get("gini", {}), writer),
                writer.significant(whole),
                *(writer.share(part) for part in parts),
                writer.significant(value.get("concentration", math.nan)),
                writer.significant(value.get("palma", math.nan)),
                writer.people(found.unreached),
            ]
        )
    if report.classed:
        return _table(writer["t_equity"], heads, rows, note=writer["equity_note"])
    kept = [0, 1, 2, 6, 7]  # not those that compare classes
    rows = [[row[place] for place in kept] for row in rows]
    return _table(writer["t_equity"], [heads[place] for place in kept], rows, note=writer["equity_plain"])


def _with_interval(row: Mapping[str, float], writer: Writer) -> str:
    value, low, high = (row.get(name, math.nan) for name in ("value", "low", "high"))
    if not math.isfinite(low):
        return writer.significant(value)
    return f"{writer.significant(value)} ({writer.significant(low)}\u2013{writer.significant(high)})"


def reason_table(report: Report, writer: Writer) -> Table:
    """Return people not reached, a row per reason that somebody has, a column per service."""
    reasons = [name for name in report.services[0].reasons if any(found.reasons[name] > 0 for found in report.services)]
    rows = [
        [
            reason_label(name, language=writer.language),
            *(writer.people(found.reasons[name]) for found in report.services),
        ]
        for name in reasons
    ]
    if len(rows) > 1:
        rows.append([writer["all"], *(writer.people(found.unreached) for found in report.services)])
    return _table(writer["t_reasons"], [writer["reason"], *(found.label for found in report.services)], rows)


def unreached_table(report: Report, writer: Writer) -> Table:
    """Return people not reached, by municipality and reason."""
    keys = [found.key for found in report.services]
    rows = [
        [
            str(row["municipality"]) or writer["no_municipality"],
            reason_label(str(row["reason"]), language=writer.language),
            *(writer.people(float(row[key])) for key in keys),
        ]
        for row in report.unreached.to_dict("records")
    ]
    everything = int(report.unreached.attrs.get("rows_in_all", len(rows)))
    heads = [writer["municipality"], writer["reason"], *(found.label for found in report.services)]
    note = _trimmed(len(rows), everything, "cells.parquet", writer)
    return _table(writer["t_unreached"], heads, rows, texts=2, note=note)


def _trimmed(shown: int, everything: int, file: str, writer: Writer) -> str:
    if shown >= everything:
        return ""
    return writer.text("trimmed", shown=writer.people(shown), all=writer.people(everything), file=file)


def island_table(report: Report, writer: Writer) -> Table:
    """Return the places that are not on the mainland."""
    places = report.islands[~report.islands["tied_by"].isin(["mainland", "no road"])]
    rows = [
        [
            str(row["municipality"]) or writer["no_municipality"],
            writer[str(row["tied_by"])],
            _position(row["lon"], row["lat"], writer),
            writer.people(row["people"]),
            writer.people(row["cells"]),
        ]
        for row in places.head(_MOST_ISLANDS).to_dict("records")
    ]
    heads = [writer[key] for key in ("place", "tied_by", "position", "people", "cells")]
    note = _trimmed(len(rows), len(places), "islands.csv", writer)
    return _table(writer["t_islands"], heads, rows, texts=3, note=note)


def _position(lon: float, lat: float, writer: Writer) -> str:
    ends = (lat, "north", "south"), (lon, "east", "west")
    parts = [f"{writer.number(abs(value), 2)}° {writer[plus if value >= 0 else minus]}" for value, plus, minus in ends]
    return (", " if writer.language == "en" else "; ").join(parts)


def slack_table(report: Report, writer: Writer) -> Table:
    """Return what the second nearest costs, everybody and by class, for every service."""
    heads = [writer[key] for key in ("service", "class_head", "people", "no_other", "median_more", "p90_more")]
    rows = []
    for found in report.services:
        for row in found.slack.to_dict("records"):
            everybody = row["zoning"] == "everybody"
            if not (everybody or report.classed):
                continue
            rows.append(
                [
                    found.label,
                    writer["all"] if everybody else _class(row["centrality_class"], report.scheme, writer),
                    writer.people(row["reached"]),
                    writer.people(row["without_second"]),
                    writer.minutes(row["median_slack_s"], never="none"),
                    writer.minutes(row["p90_slack_s"], never="none"),
                ]
            )
    if report.classed:
        return _table(writer["t_slack"], heads, rows, texts=2)
    heads, rows = [heads[0], *heads[2:]], [[row[0], *row[2:]] for row in rows]
    return _table(writer["slack_plain"], heads, rows)


def exposed_table(found: ServiceFindings, scheme: CentralityScheme, writer: Writer) -> Table:
    """Return the municipalities that lose most if the nearest closes."""
    heads = [writer[key] for key in ("municipality", "class_head", "people", "no_other", "median_more", "p90_more")]
    rows = [
        [
            str(row["municipality"]) if row["municipality_id"] != "unclassified" else writer["no_municipality"],
            str(row["centrality_class"]) if str(row["centrality_class"]) in scheme.ids else NOTHING,
            writer.people(row["reached"]),
            writer.people(row["without_second"]),
            writer.minutes(row["median_slack_s"], never="none"),
            writer.minutes(row["p90_slack_s"], never="none"),
        ]
        for row in found.exposed.to_dict("records")
    ]
    return _table(writer.text("t_exposed", service=found.label), heads, rows)


def digest_table(report: Report, writer: Writer) -> Table:
    """Return the files that were read, with their digests."""
    rows = [[writer.input_name(what), file, digest] for what, file, digest in report.data.digests]
    return _table(writer["t_digests"], [writer[key] for key in ("what", "file", "digest")], rows, texts=3)


def extra_table(extra: Extra, writer: Writer) -> Table:
    """Return an optional table, every value written by its unit."""
    rows = [
        tuple(_written(value, unit, writer) for value, unit in zip(row, extra.units, strict=True))
        for row in extra.table.itertuples(index=False)
    ]
    shown_in = {**dict.fromkeys(_TIMES, " (min)"), "per person": f" ({writer['per_1000']})"}
    heads = tuple(head + shown_in.get(unit, "") for head, unit in zip(extra.heads, extra.units, strict=True))
    note = _trimmed(len(rows), extra.rows_in_all, f"{extra.name}.csv", writer)
    texts = tuple(number for number, unit in enumerate(extra.units) if not unit)
    return Table(extra.note or extra.title, heads, tuple(rows), texts, note)


def _written(value: Any, unit: str, writer: Writer) -> str:
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return writer["yes" if value else "no"]
    if value is None or value != value or str(value) == "<NA>":  # noqa: PLR0124 - NaN is not itself
        return NOTHING
    if not unit or isinstance(value, str):
        return writer.known(f"v_{value}", otherwise=str(value))
    number = float(value)
    if unit in _TIMES:
        return writer.minutes(number)
    if unit in ("people", "count"):
        return writer.people(number)
    return (
        writer.share(number) if unit == "share" else writer.significant(number * (1000 if unit == "per person" else 1))
    )
