"""Pages that need no other file: templates, style and policy, pictures inside, and the same as PDF."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from geoaccess.errors import InputError
from geoaccess.files import writing
from geoaccess.maps.assets import palette_style

__all__ = ["embedded", "few_colours", "page_pdf", "rendered"]

_TEMPLATES: Final = Path(__file__).with_name("templates")
_COLOURS: Final = 128
_WIDEST_PX: Final = 2400
_REST: Final = "base-uri 'none'; form-action 'none'"
_PNG: Final = b"\x89PNG"
_COLOUR_TYPE, _PALETTE = 25, 3
"""Where a PNG says how its pixels are coloured, and the number for a palette."""
_ACCESSIBLE: Final = "pdf/ua-1"
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


def few_colours(picture: bytes) -> bytes:
    """Return a PNG in 128 colours, which is a third of the bytes; what is so already, or no PNG, as it is.

    One wider than a page shows, as of many dots per inch for print, becomes so wide.
    """
    if not picture.startswith(_PNG) or picture[_COLOUR_TYPE] == _PALETTE:
        return picture
    from PIL import Image  # matplotlib's own

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.width > _WIDEST_PX:
        image = image.resize((_WIDEST_PX, round(image.height * _WIDEST_PX / image.width)), Image.Resampling.LANCZOS)
    image = image.quantize(_COLOURS, dither=Image.Dither.NONE)
    small = io.BytesIO()
    image.save(small, format="PNG", optimize=False)
    return small.getvalue()


def page_pdf(page: Path, path: Path, *, most_pages: int | None = None) -> str:
    """Write a page as PDF for print; return "", or why there is none: weasyprint is an extra.

    The PDF is tagged, for those who have it read to them (PDF/UA-1). Nothing is fetched: the page has all it needs.

    Parameters
    ----------
    most_pages
        The type becomes smaller, from 9.5 points down to 6.5, until the page fits on so many sheets.

    Raises
    ------
    InputError
        If it does not fit even so, or wants to load something.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError where Pango, which it draws with, is not on the system
        reason = str(error).strip().splitlines()[0]
        return f"no PDF: weasyprint is not usable here ({reason}); pip install geoaccess[pdf], and Pango"

    class Nothing(weasyprint.URLFetcher):  # type: ignore[misc]
        """Fetches what is in the page itself."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith("data:"):
                raise InputError(f"a page loads nothing, and not {url}")
            return super().fetch(url, headers)

    html = weasyprint.HTML(string=page.read_text(encoding="utf-8"), url_fetcher=Nothing())
    for size_pt in _SIZES_PT:
        size = weasyprint.CSS(string=f"@media print {{ html {{ font-size: {size_pt}pt !important; }} }}")
        document = html.render(stylesheets=[] if most_pages is None else [size], pdf_variant=_ACCESSIBLE)
        if most_pages is None or len(document.pages) <= most_pages:
            break
    else:
        raise InputError(f"{page}: more than {most_pages} pages of print; shorten its texts, such as limits and note")
    with writing(path) as temporary:
        document.write_pdf(temporary, pdf_variant=_ACCESSIBLE)
    return ""
