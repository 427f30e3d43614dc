"""The figure of a validation: computed against published numbers, a panel for each statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geoaccess.errors import InputError
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.phrases import language_code
from geoaccess.zones import read_scheme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from geoaccess.zones import CentralityScheme

__all__ = ["validation_figure"]

MOST_PANELS: Final = 6
# Of more statistics than there is room for, these are the most informative.
FIRST: Final = ("median", "P50", "mean", "P90", "P10", "P75", "P25", "P95", "P99")
COLUMNS: Final = ("zoning", "group", "name", "statistic", "unit", "computed", "published", "difference")


def validation_figure(
    path: Path,
    *,
    table: pd.DataFrame,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    scheme: CentralityScheme | None = None,
    look: Look = USUAL_LOOK,
) -> None:
    """Write computed against published numbers: a panel for each statistic, at most six of them.

    The line is where both are equal. Marks distinguish zonings by colour and shape; the largest differences have names.
    What is never reached by the computation lies on the upper edge.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    table
        As of `geoaccess.measures.compare_statistics`, of one service.
    scheme
        Names the classes; those of Statistics Norway if not given.
    look
        Further forms, dots and width.

    Raises
    ------
    InputError
        If there is no row or a column is missing.
    """
    language_code(language)
    missing = [name for name in COLUMNS if name not in table]
    if missing or table.empty:
        raise InputError(f"validation_figure: the table has no {', '.join(missing) or 'row'}")
    from geoaccess.maps.scatter import draw_scatter  # matplotlib is slow to import

    draw_scatter(
        path,
        table=table,
        statistics=chosen_statistics([*table["statistic"].unique()]),
        heads={"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution},
        language=language,
        scheme=scheme or read_scheme(),
        look=look,
    )


def chosen_statistics(there: Sequence[str]) -> list[str]:
    """Choose the statistics that are drawn, in their own order.

    >>> chosen_statistics(["P1", "P2", "P3", "P10", "P50", "P98", "P90", "share_within_30"])
    ['P1', 'P2', 'P10', 'P50', 'P90', 'share_within_30']
    """
    wanted = [name for name in FIRST if name in there]
    wanted += [name for name in there if "_" in name]
    wanted += [name for name in there if name not in wanted]
    return [name for name in there if name in wanted[:MOST_PANELS]]
