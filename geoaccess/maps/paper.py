"""Pages that need no other file: templates, style and policy, pictures inside, and the same as PDF."""

from __future__ import annotations

import base64
import hashlib
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final

from geoaccess.errors import InputError
from geoaccess.files import writing
from geoaccess.maps.assets import palette_style
from geoaccess.maps.colours import few_colours

__all__ = ["embedded", "page_pdf", "rendered", "report_pdf"]

_TEMPLATES: Final = Path(__file__).with_name("templates")
_REST: Final = "base-uri 'none'; form-action 'none'"
_ARCHIVED: Final = "pdf/a-2a"
_SIZES_PT: Final = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5)
"""Sizes of type that are tried until all is on as many sheets as there may be; all else on a page follows them."""


@cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(template: str, content: dict[str, Any], *, style: str) -> str:
    """Return a page as text, with its style inside, and a policy that lets nothing else load or run.

    Parameters
    ----------
    template, style
        Files of the folder of templates.
    """
    css = palette_style() + (_TEMPLATES / style).read_text(encoding="utf-8")
    css = re.sub(r"\s*\n\s*", "\n", css).strip()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; {_REST}"
    return str(_environment().get_template(template).render({**content, "style": css, "policy": policy}))


def embedded(picture: bytes) -> str:
    """Return a PNG as a data URL, in few colours; "" where there is none."""
    content = few_colours(picture)
    return f"data:image/png;base64,{base64.b64encode(content).decode()}" if content else ""


def page_pdf(page: Path, path: Path, *, most_pages: int | None = None) -> str:
    """Write a page as PDF for print; return "", or why there is none: weasyprint is an extra.

    The PDF is tagged for those who have it read to them (PDF/UA-1), and has all it needs to be kept (PDF/A-2a). Nothing
    is fetched: the page has all it needs.

    Parameters
    ----------
    most_pages
        The type becomes smaller, from 9.5 points down to 6.5, until the page fits on so many sheets.

    Raises
    ------
    InputError
        If it does not fit even so, or wants to load something.
    """
    if why_not := no_pdf():
        return why_not
    sizes = (None,) if most_pages is None else _SIZES_PT
    for size_pt in sizes:
        document = laid_out(page, style="" if size_pt is None else _type_of(size_pt))
        if most_pages is None or len(document.pages) <= most_pages:
            break
    else:
        raise InputError(f"{page}: more than {most_pages} pages of print; shorten its texts, such as limits and note")
    write_document(document, path)
    return ""


def report_pdf(page: Path, path: Path, annex: Path, *, title: str) -> str:
    """Write the page of a report as PDF of at most 12 sheets, and what else it has as an annex; return as `page_pdf`.

    Parts of the page say when they may leave the report for the annex: long tables (`data-annex="1"`) always, what is
    read less often (2, 3) if the report were longer than 12 sheets. If it still is, the type becomes smaller.

    Parameters
    ----------
    title
        Of the annex.

    Raises
    ------
    InputError
        If the page wants to load something.
    """
    if why_not := no_pdf():
        return why_not
    tries = [(level, "") for level in _LEVELS] + [(_LEVELS[-1], _type_of(size_pt)) for size_pt in _SIZES_PT[1:]]
    for level, size in tries:
        document = laid_out(page, style=_without_annex(level) + size)
        if len(document.pages) <= _MOST_PAGES:
            break
    write_document(document, path)
    appended = laid_out(page, style=_only_annex(level))
    appended.metadata.title = title
    write_document(appended, annex)
    return ""


_LEVELS: Final = (1, 2, 3)
_MOST_PAGES: Final = 12


_TWO_ON_A_SHEET: Final = """
    .picture img { max-height: 9cm !important; }
    #curves .picture img { max-height: 14cm !important; }
"""


def _parts_of_annex(level: int) -> str:
    return ", ".join(f'[data-annex="{number}"]' for number in range(1, level + 1))


def _without_annex(level: int) -> str:
    """Return the style of a report whose parts up to a level are in the annex; maps alone follow each other closely.

    All of it is important, or the style of the page itself would go before it.
    """
    run_on = ".service { break-before: auto !important; }" if level > 1 else ""
    small = _TWO_ON_A_SHEET if level > 2 else ""  # noqa: PLR2004 - the last level
    hidden = f"{_parts_of_annex(level)} {{ display: none !important; }}"
    return f"@media print {{ {hidden} .to-annex {{ display: block !important; }} {run_on} {small} }}"


def _only_annex(level: int) -> str:
    """Return the style of the annex: the title, and those parts under the headings of their sections."""
    parts = _parts_of_annex(level)
    sections = ", ".join(f'section[data-annex-from="{number}"]' for number in range(1, level + 1))
    return f"""@media print {{
        .annex-title {{ display: block !important; }}
        .service {{ break-before: auto !important; }}
        main > section:not({sections}) {{ display: none !important; }}
        main > section > *:not(h2, {parts}), footer {{ display: none !important; }}
    }}"""


def _type_of(size_pt: float) -> str:
    return f"@media print {{ html {{ font-size: {size_pt}pt !important; }} }}"


def no_pdf() -> str:
    """Return why no PDF can be written, "" where it can."""
    try:
        import weasyprint  # noqa: F401 - whether it can be imported
    except (ImportError, OSError) as error:  # OSError where Pango, which it draws with, is not on the system
        reason = str(error).strip().splitlines()[0]
        return f"no PDF: weasyprint is not usable here ({reason}); pip install geoaccess[pdf], and Pango"
    return ""


def laid_out(page: Path, *, style: str) -> Any:
    """Return a page set on sheets, with a style of its own after those it has.

    Raises
    ------
    InputError
        If it wants to load something.
    """
    import weasyprint

    class Nothing(weasyprint.URLFetcher):  # type: ignore[misc]
        """Fetches what is in the page itself."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith("data:"):
                raise InputError(f"a page loads nothing, and not {url}")
            return super().fetch(url, headers)

    html = weasyprint.HTML(string=page.read_text(encoding="utf-8"), url_fetcher=Nothing())
    return html.render(stylesheets=[weasyprint.CSS(string=style)] if style else [], pdf_variant=_ARCHIVED)


def write_document(document: Any, path: Path) -> None:
    """Write what was set on sheets as PDF/A-2a that is PDF/UA-1 as well."""
    with writing(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # weasyprint leaves its file of colours open
        document.write_pdf(temporary, pdf_variant=_ARCHIVED, finisher=_say_accessible)


def _say_accessible(document: Any, pdf: Any) -> None:  # noqa: ARG001 - as weasyprint calls it
    """Say in the metadata of a PDF that it is PDF/UA-1, and, as PDF/A wants it, what that property is.

    weasyprint writes one or the other; both ask for the same tags, so that only the metadata differ.
    """
    for found in pdf.objects:
        extra = getattr(found, "extra", None)
        if extra and extra.get("Type") == "/Metadata":
            found.stream = [part.replace(_END_OF_RDF, _ACCESSIBLE + _END_OF_RDF) for part in found.stream]
            found.compress = False  # so that archives find it without unpacking


_END_OF_RDF: Final = b"</rdf:RDF>"
_ACCESSIBLE: Final = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>PDF/UA version identifier</pdfaProperty:description>
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
