"""The report of a study as one page that needs no other file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geoaccess.files import writing
from geoaccess.maps import report_sentences as sentences
from geoaccess.maps import report_tables as tables
from geoaccess.maps.assets import colour
from geoaccess.maps.figures import FIGURES
from geoaccess.maps.paper import embedded, rendered
from geoaccess.maps.report_dots import DotPlot, dot_plot
from geoaccess.phrases import Writer, language_code

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.maps.report_content import Report, ServiceFindings

__all__ = ["citation", "report_page"]

_SECTIONS: Final = (
    *("short", "asked", "data", "curves", "norms", "chain", "equity", "unreached", "slack", "more"),
    *("method", "limits", "cite", "again"),
)
_SOURCES: Final = {
    "Gini, Lorenz": (
        "Lorenz (1905), Publications of the American Statistical Association 9(70), 209-219; Lerman and Yitzhaki "
        "(1989), Journal of Econometrics 42(1), 43-47"
    ),
    "Theil T": (
        "Theil (1967), Economics and Information Theory, North-Holland; Shorrocks (1980), Econometrica 48(3), 613-625"
    ),
    "concentration": "Kakwani, Wagstaff and van Doorslaer (1997), Journal of Econometrics 77(1), 87-103",
    "Palma": "Palma (2011), Development and Change 42(1), 87-153",
}
_FORMULAS: Final = (
    ("Gini", "G = Σᵢ Σⱼ wᵢ wⱼ |tᵢ \u2212 tⱼ| / (2 W² μ)"),
    ("Theil T", "T = Σᵢ (wᵢ/W) (tᵢ/μ) ln(tᵢ/μ)"),
    ("F(z)", "Σ { wᵢ : tᵢ ≤ z } / W"),
    ("s", "sᵢ = t₂ᵢ \u2212 t₁ᵢ"),
)


@dataclass(frozen=True)
class _ServicePage:
    """One service as the template sees it."""

    key: str
    label: str
    findings: list[str]
    limits: list[str]
    picture: str
    alt: str
    map_caption: str
    dots: DotPlot | None
    slack: list[str]
    exposed: tables.Table | None


def report_page(path: Path, *, report: Report) -> None:
    """Write the report as one HTML page: figures inside, nothing loaded, equal bytes for equal input.

    Raises
    ------
    InputError
        If the language is not known.
    """
    language_code(report.language)
    with writing(path) as temporary:
        temporary.write_text(_page(report), encoding="utf-8", newline="\n")


def _page(report: Report) -> str:
    writer = Writer(report.language, ("report", "map"), report.scheme.words(report.language))
    unreached = [found for found in report.services if found.unreached > 0]
    figures = _figures(report, writer)
    absent = {name for name, content in (("more", report.extras), ("chain", figures["chain"])) if not content}
    content = {
        "report": report,
        "writer": writer,
        "colour": colour,
        "sections": [name for name in _SECTIONS if name not in absent],
        "services": [_service(found, report, writer) for found in report.services],
        "asked": sentences.asked(report, writer),
        "asked_table": tables.asked_table(report, writer),
        "data_table": tables.data_table(report, writer),
        "norm_table": tables.norm_table(report, writer),
        "figures": figures,
        "equity": sentences.equity_sentences(report, writer),
        "equity_table": tables.equity_table(report, writer),
        "reason_table": tables.reason_table(report, writer) if unreached else None,
        "unreached_table": tables.unreached_table(report, writer) if unreached and report.zoned else None,
        "islands": sentences.island_sentence(report, writer),
        "island_table": tables.island_table(report, writer),
        "slack_table": tables.slack_table(report, writer),
        "extras": [(extra, tables.extra_table(extra, writer)) for extra in report.extras],
        "method": sentences.method(report, writer),
        "formulas": _FORMULAS,
        "sources": {writer.known(name, otherwise=name): source for name, source in _sources(report).items()},
        "limits": sentences.limits(report, writer),
        "apa": citation(report, writer),
        "bibtex": _bibtex(report, writer),
        "digest_table": tables.digest_table(report, writer),
    }
    return rendered("report.html.j2", content, style="report.css")


def _sources(report: Report) -> dict[str, str]:
    return {**_SOURCES, "classes": report.scheme.source.rstrip(".")} if report.classed else _SOURCES


def _service(found: ServiceFindings, report: Report, writer: Writer) -> _ServicePage:
    findings = sentences.findings(found, report, writer)
    return _ServicePage(
        key=found.key,
        label=found.label,
        findings=findings,
        limits=sentences.service_limits(found, writer),
        picture=embedded(report.pictures.get(f"map_{found.key}.png", b"")),
        alt=writer.text(
            "map_alt_response" if found.from_call else "map_alt", service=found.label, text=" ".join(findings)
        ),
        map_caption=writer.text("map_caption_response" if found.from_call else "map_caption", service=found.label),
        dots=dot_plot(found, report.scheme, writer) if report.zoned else None,
        slack=sentences.slack_sentences(found, writer),
        exposed=tables.exposed_table(found, report.scheme, writer) if report.zoned else None,
    )


def _figures(report: Report, writer: Writer) -> dict[str, list[tuple[str, str, str]]]:
    """Return the figures of each section, embedded, with their captions and what they show in a sentence."""
    found: dict[str, list[tuple[str, str, str]]] = {name: [] for name in _SECTIONS}
    for figure in FIGURES:
        if figure.name not in report.pictures:
            continue
        plain = figure.caption == "curves_caption" and not report.classed
        caption = writer["curves_plain" if plain else figure.caption]
        text = report.figure_texts.get(figure.name, "")
        found[figure.section].append((embedded(report.pictures[figure.name]), caption, text))
    return found


def citation(report: Report, writer: Writer) -> tuple[str, str, str]:
    """Return what stands before the title of a reference in the style of APA, the title, and what stands after it."""
    title = ": ".join(part.rstrip(".") for part in (report.title, report.subtitle) if part)
    year, computed = f"({report.year or writer['no_date']}).", f"{writer.text('computed', v=report.data.version)}."
    if report.author:
        return f"{report.author.rstrip('.')}. {year}", f"{title}.", computed
    return "", title, f"{year} {computed}"


def _bibtex(report: Report, writer: Writer) -> str:
    title = ": ".join(part.rstrip(".") for part in (report.title, report.subtitle) if part)
    key = re.sub(r"\W+", "", report.data.study_file.removesuffix(".toml"), flags=re.ASCII) or "geoaccess"
    note = writer.text("computed", v=report.data.version)
    fields_of = {"author": report.author, "title": title, "year": report.year, "note": note}
    fields = ",\n".join(f"  {name} = {{{_tex(text)}}}" for name, text in fields_of.items() if text)
    return f"@misc{{{key},\n{fields}\n}}"


def _tex(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return re.sub(r"[\\~^&%$#_{}]", lambda match: special.get(match[0], f"\\{match[0]}"), text)
