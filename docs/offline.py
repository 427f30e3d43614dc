"""Fail where a built page loads something from elsewhere; links that a reader may follow are allowed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\ssrc\s*=\s*["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?=[^>]*?\srel\s*=\s*["']?(?:stylesheet|preload|icon|preconnect|dns-prefetch))[^>]*?\shref\s*=\s*["']?(?:https?:)?//[^"'\s>]+"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^"')\s]+"""
    r"""|url\(\s*["']?(?:https?:)?//[^"')\s]+""",
    re.IGNORECASE,
)


def loaded_from_elsewhere(text: str) -> list[str]:
    """Return what a page or style sheet loads from another host.

    >>> loaded_from_elsewhere('<a href="https://example.org">x</a> <script src="https://example.org/a.js"></script>')
    ['<script src="https://example.org/a.js']
    """
    return [found[0] for found in LOADED.finditer(text)]


def main() -> None:
    """Look at every page and style sheet of a folder."""
    found = [
        f"{file}: {one}"
        for file in sorted(Path(sys.argv[1]).rglob("*"))
        if file.suffix in {".html", ".css"}
        for one in loaded_from_elsewhere(file.read_text(encoding="utf-8"))
    ]
    print("\n".join(found) or "nothing is loaded from elsewhere")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
