"""Fail where a link within the built documentation leads nowhere: to a page that is not there, or a part it has not.

Links that lead elsewhere need a network: `make docs-links EXTERNAL=1` follows them too.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_BY_SCRIPT = {"#"}
_OWN_MAPS = "maps/"
"""Maps and reports of the samples: their part of an address is the state of a map, not a place on the page."""


class _Page(HTMLParser):
    """The links of a page, and the names of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.parts: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up a tag."""
        given = dict(attrs)
        self.parts |= {str(given[name]) for name in ("id", "name") if given.get(name)}
        self.links += [str(given[name]) for name in ("href", "src") if given.get(name) and tag != "base"]


def read_page(text: str) -> _Page:
    """Read a page.

    >>> page = read_page('<h1 id="top"><a href="other.html#part">x</a></h1>')
    >>> page.links, page.parts
    (['other.html#part'], {'top'})
    """
    page = _Page()
    page.feed(text)
    return page


def broken_links(folder: Path) -> list[str]:
    """Return the links of all pages of a folder that lead to a page, a file or a part that is not there."""
    root = folder.resolve()
    files = [file for file in sorted(root.rglob("*.html")) if not str(file.relative_to(root)).startswith(_OWN_MAPS)]
    pages = {file: read_page(file.read_text(encoding="utf-8")) for file in files}
    found = []
    for file, page in pages.items():
        for link in dict.fromkeys(page.links):
            address = urlsplit(link)
            if address.scheme or address.netloc or link in _BY_SCRIPT:
                continue
            target = (file.parent / unquote(address.path)).resolve() if address.path else file
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{file.relative_to(root)}: {link} is not there")
            elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].parts:
                found.append(f"{file.relative_to(root)}: {link} has no such part")
    return found


def main() -> None:
    """Look at every page of a folder."""
    found = broken_links(Path(sys.argv[1]))
    print("\n".join(found) or "every link within the documentation leads somewhere")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
