"""Names of reasons and classes for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.measures import REASONS
from geoaccess.phrases import section

if TYPE_CHECKING:
    from geoaccess.zones import CentralityScheme

__all__ = ["class_label", "reason_label"]


def reason_label(reason: str, *, language: str = "en") -> str:
    """Say why people are not reached; a reason without words of its own is shown as it is.

    Examples
    --------
    >>> reason_label("island_without_ferry", language="nb")
    'Øy uten ferje'
    """
    return section(language, "map")[reason] if reason in REASONS else reason.replace("_", " ")


def class_label(name: str, scheme: CentralityScheme, *, language: str = "en") -> str:
    """Name a centrality class as its scheme does; what is no class of it is "no class".

    Examples
    --------
    >>> from geoaccess.zones import read_scheme
    >>> class_label("6", read_scheme(), language="nb"), class_label("", read_scheme())
    ('Klasse 6, minst sentral', 'No class')
    """
    return scheme.label(name, language) if name in scheme.ids else section(language, "map")["class_unknown"]
