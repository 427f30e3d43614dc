"""Figures on axes of matplotlib that the caller has: people by time, a Lorenz curve, times by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import equity
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec, weighted_quantile
from geoaccess.phrases import section
from geoaccess.zones import CentralityScheme, read_scheme

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from matplotlib.axes import Axes

__all__ = ["plot_classes", "plot_lorenz", "plot_times"]


def _axes(axes: Axes | None) -> Axes:
    if axes is not None:
        return axes
    from matplotlib.figure import Figure  # slow to import

    return Figure(layout="constrained").subplots()


def _table(
    times_s: npt.ArrayLike, weights: npt.ArrayLike | None, classes: npt.ArrayLike | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], pd.DataFrame]:
    """Return times (inf where not reached), people, and the classes as a table of results has them."""
    times = np.asarray(times_s, dtype=np.float64)
    people = np.ones(times.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if times.ndim != 1 or people.shape != times.shape:
        raise InputError(f"times have shape {times.shape}, weights {people.shape}; give one number per cell")
    if not (people >= 0).all() or not people.sum() > 0:
        raise InputError("weights: there is nobody, or a number of people that is negative or missing")
    table = pd.DataFrame(index=range(len(times)))
    if classes is not None:
        table["centrality_class"] = pd.Series(np.asarray(classes, dtype=object))
        if np.shape(classes) != times.shape:
            raise InputError(f"times have shape {times.shape}, classes {np.shape(classes)}; give one class per cell")
    return np.where(np.isfinite(times), times, np.inf), people, table


@checks_arguments
def plot_times(
    times_s: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    classes: npt.ArrayLike | None = None,
    norms_s: Sequence[float] = (),
    scheme: CentralityScheme | None = None,
    axes: Axes | None = None,
    language: str = "en",
) -> Axes:
    """Draw which share of the people reach a site within each time: a line for each class, and one for everybody.

    Parameters
    ----------
    times_s
        Seconds, shape (n,); inf or NaN is not reached, and counts among all people.
    weights
        People, shape (n,), >= 0; everybody counts once when left out.
    classes
        The class of each value, of the scheme; one line for everybody when left out.
    norms_s
        Times that are marked.
    scheme
        What the classes are; those of Statistics Norway when left out.
    axes
        Of matplotlib; new ones when left out.
    language
        Of the labels.

    Returns
    -------
    The axes: minutes across, per cent up.

    Raises
    ------
    InputError
        If there is not one weight and one class per value, nobody, or a class that the scheme does not have.

    Examples
    --------
    >>> axes = plot_times([300.0, 900.0, float("inf")], weights=[50, 30, 20], norms_s=[600])
    >>> round(float(axes.get_lines()[0].get_ydata()[-1]), 3)
    80.0
    """
    from geoaccess.maps.curves import class_groups, draw_panel

    axes = _axes(axes)
    times, people, table = _table(times_s, weights, classes)
    groups = class_groups(table, people, scheme or read_scheme(), language)
    service = ServiceSpec(key="times", label="times", norms_s=tuple(norms_s))
    draw_panel(axes, service, times, people, groups, words=section(language, "map"), language=language)
    axes.set_title("", loc="left")
    for line, group in zip(axes.get_lines(), groups, strict=False):
        line.set_label(group.label)
    return axes


@checks_arguments
def plot_lorenz(
    values: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    label: str = "",
    axes: Axes | None = None,
    language: str = "en",
) -> Axes:
    """Draw the Lorenz curve of travel times, beside the line of equality. Called again, it adds a curve.

    Parameters
    ----------
    values, weights
        As in `geoaccess.lorenz`.
    label
        Of the curve in a legend.
    axes
        Of matplotlib; new ones when left out.
    language
        Of the labels.

    Returns
    -------
    The axes: per cent of the people across, per cent of all time up.

    Raises
    ------
    InputError
        As `geoaccess.lorenz`.

    Examples
    --------
    >>> axes = plot_lorenz([600.0, 1800.0], weights=[3, 1])
    >>> axes.get_lines()[1].get_ydata().round(3).tolist()
    [0.0, 50.0, 100.0]
    """
    from geoaccess.maps.curves import draw_curve, draw_equality

    points = equity.lorenz(values, weights=weights)
    axes = _axes(axes)
    if not axes.get_lines():
        draw_equality(axes, words=section(language, "map"))
    number = len(axes.get_lines()) - 1
    draw_curve(axes, points["population_share"], points["value_share"], number=number, label=label)
    return axes


@checks_arguments
def plot_classes(
    times_s: npt.ArrayLike,
    *,
    classes: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    scheme: CentralityScheme | None = None,
    axes: Axes | None = None,
    language: str = "en",
) -> Axes:
    """Draw the median time of each class as a bar, and the time that nine of ten of its people do not exceed as a line.

    Both are over all people of the class, as `geoaccess.weighted_quantile` has them; where a time falls on people who
    are not reached there is nothing to draw.

    Parameters
    ----------
    times_s, weights, scheme, axes, language
        As in `plot_times`.
    classes
        The class of each value, of the scheme.

    Returns
    -------
    The axes: a bar for each class that has people, the most central first; minutes up.

    Raises
    ------
    InputError
        As `plot_times`.

    Examples
    --------
    >>> axes = plot_classes([300.0, 900.0, 2400.0], weights=[50, 30, 20], classes=[1, 6, 6])
    >>> [float(bar.get_height()) for bar in axes.patches]
    [5.0, 15.0]
    """
    from geoaccess.maps.curves import class_groups

    axes = _axes(axes)
    times, people, table = _table(times_s, weights, classes)
    groups = class_groups(table, people, scheme or read_scheme(), language)[:-1]
    for place, group in enumerate(groups):
        median, most = (weighted_quantile(times[group.rows], people[group.rows], q) / 60 for q in (0.5, 0.9))
        if np.isfinite(median):
            axes.bar(place, median, color=group.look["color"], width=0.7)
        if np.isfinite(most):
            axes.plot([place - 0.35, place + 0.35], [most, most], color=group.look["color"], linewidth=2)
    axes.set_xticks(range(len(groups)), [group.label for group in groups])
    axes.set_ylabel(section(language, "map")["curve_x"])
    axes.set_ylim(bottom=0)
    return axes
