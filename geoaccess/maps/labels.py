"""Names of reasons and classes for readers."""

from __future__ import annotations

from geoaccess.measures import REASONS
from geoaccess.phrases import section

__all__ = ["class_label", "reason_label"]


def reason_label(reason: str, *, language: str = "en") -> str:
    """Say why people are not reached; a reason without words of its own is shown as it is.

    Examples
    --------
    >>> reason_label("island_without_ferry", language="nb")
    'Øy uten ferje'
    """
    return section(language, "map")[reason] if reason in REASONS else reason.replace("_", " ")


def class_label(number: int, *, language: str = "en") -> str:
    """Name a centrality class, saying which end is which; 0 is "no class".

    Examples
    --------
    >>> class_label(1), class_label(4), class_label(6, language="nb"), class_label(0)
    ('Class 1, most central', 'Class 4', 'Klasse 6, minst sentral', 'No class')
    """
    words = section(language, "map")
    if not number:
        return words["class_unknown"]
    end = {1: f", {words['central']}", 6: f", {words['remote']}"}.get(number, "")
    return words["class"].format(n=number) + end
