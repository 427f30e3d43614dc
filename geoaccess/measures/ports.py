"""Ambulances that need a port and a road: boats between quays, aeroplanes between airports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.groups import require_columns

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.figures import ChainTimes

__all__ = ["aeroplane_chain", "boat_chain", "port_times"]


@checks_arguments
def port_times(from_stations: pd.DataFrame, between: pd.DataFrame, *, site_s: pd.Series) -> pd.DataFrame:
    """How long a boat or an aeroplane needs to each port (quay or airport), and from there on to treatment.

    coming_q = min over stations of station -> q; onward_q = min over ports a of (q -> a + a -> site).

    Parameters
    ----------
    from_stations
        Seconds from where the vehicles lie (rows) to every port (columns): `crossing_times`, or times of your own.
    between
        Seconds between the ports, from rows to columns; the same ports in both.
    site_s
        Seconds by road from each port to the nearest site that can treat; inf where there is no way.

    Returns
    -------
    Table on the ports: `coming_s` and `onward_s`, inf where there is no way.

    Raises
    ------
    InputError
        If the three do not have the same ports, there is no station, or a time is negative or missing.

    Examples
    --------
    >>> from_stations = pd.DataFrame({"island": [900.0], "town": [0.0]}, index=["town"])
    >>> between = pd.DataFrame({"island": [0.0, 900.0], "town": [900.0, 0.0]}, index=["island", "town"])
    >>> port_times(from_stations, between, site_s=pd.Series({"island": float("inf"), "town": 300.0}))
            coming_s  onward_s
    island     900.0    1200.0
    town         0.0     300.0
    """
    ports = between.index
    for name, labels in (
        ("from_stations", from_stations.columns),
        ("the columns of between", between.columns),
        ("site_s", site_s.index),
    ):
        if not (labels.is_unique and len(labels) == len(ports) and labels.isin(ports).all()):
            raise InputError(
                f"port_times: {name} has other ports than the rows of between; give the same ports in each"
            )
    if not len(from_stations):
        raise InputError("port_times: there is no station")
    coming = from_stations[ports].to_numpy(dtype=np.float64)
    crossing = between[ports].to_numpy(dtype=np.float64)
    road = site_s.loc[ports].to_numpy(dtype=np.float64, na_value=np.nan)
    for name, values in (("from_stations", coming), ("between", crossing), ("site_s", road)):
        if not (values >= 0).all():
            raise InputError(f"port_times: a time of {name} is negative or missing; give seconds >= 0, inf for no way")
    return pd.DataFrame({"coming_s": coming.min(axis=0), "onward_s": (crossing + road).min(axis=1)}, index=ports)


@checks_arguments
def boat_chain(
    cells: pd.Index, ports: pd.DataFrame, *, from_ports: pd.DataFrame, to_ports: pd.DataFrame, times: ChainTimes
) -> pd.DataFrame:
    """Time from the call to the patient and to treatment by a boat, whose crew drives from the quay to the patient.

    to_patient = call handling + mobilisation + min over quays q of (coming_q + q -> patient)
    to_treatment = call handling + mobilisation + on scene + min over q of (coming_q + q -> patient + patient -> q +
    onward_q)

    The two may use different quays: each is the best there is.

    Parameters
    ----------
    cells
        The index of the result.
    ports
        From `port_times`.
    from_ports, to_ports
        The quays near each cell and the seconds by road from the quay to the cell and back: tables of
        `geoaccess.travel_times_within`, direction="to_people" and direction="to_sites", with
        `cell_id`, `site_id` (the quay) and `travel_time_s`.
        A pair that only one of them has does not count for treatment.
    times
        Of the boat.

    Returns
    -------
    Table on `cells`: `to_patient_s`, `to_patient_port`, `to_treatment_s`, `to_treatment_port`; inf and "" where no quay
    is near or no boat or site reaches it.

    Raises
    ------
    InputError
        If a column is missing, a cell or port is not known, or a time is negative or missing.

    Examples
    --------
    >>> from geoaccess.measures import ChainTimes
    >>> ports = pd.DataFrame({"coming_s": [900.0], "onward_s": [1200.0]}, index=["island"])
    >>> road = pd.DataFrame({"cell_id": ["farm"], "site_id": ["island"], "travel_time_s": [300.0]})
    >>> times = ChainTimes(call_handling_s=120, mobilisation_s=600, on_scene_s=1260)
    >>> boat_chain(pd.Index(["farm"]), ports, from_ports=road, to_ports=road, times=times)
          to_patient_s to_patient_port  to_treatment_s to_treatment_port
    farm        1920.0          island          4680.0            island
    """
    cell, port, road_s = _pairs(from_ports, cells, ports.index, "from_ports")
    back_cell, back_port, back_s = _pairs(to_ports, cells, ports.index, "to_ports")
    coming_s, onward_s = _port_columns(ports)
    pair, back_pair = cell * len(ports) + port, back_cell * len(ports) + back_port
    there_s = pd.Series(road_s).groupby(pair).min().reindex(back_pair, fill_value=np.inf).to_numpy()
    whole_s = coming_s[back_port] + there_s + back_s + onward_s[back_port]
    return _best(
        cells,
        ports.index,
        (cell, port, times.start_s + coming_s[port] + road_s),
        (back_cell, back_port, times.start_s + times.on_scene_s + whole_s),
    )


@checks_arguments
def aeroplane_chain(
    fetched_s: pd.Series, ports: pd.DataFrame, *, to_ports: pd.DataFrame, times: ChainTimes
) -> pd.DataFrame:
    """Time from the call until an aeroplane's crew has the patient, and to treatment; a car brings the patient to it.

    at airport q: met_q = max(call handling + mobilisation + coming_q, fetched + patient -> q)
    to_patient = min over q of met_q; to_treatment = min over q of (met_q + on scene + onward_q)

    Parameters
    ----------
    fetched_s
        Seconds from the call until a car leaves with the patient: `to_patient_s` of `road_chain` + the car's time on
        scene; inf or NaN where no car comes.
    ports
        From `port_times`, for airports.
    to_ports
        As in `boat_chain`, for the airports near each cell.
    times
        Of the aeroplane; on scene is the time to take the patient over.

    Returns
    -------
    As `boat_chain`, on the index of `fetched_s`.

    Raises
    ------
    InputError
        As `boat_chain`.

    Examples
    --------
    >>> from geoaccess.measures import ChainTimes
    >>> ports = pd.DataFrame({"coming_s": [1500.0], "onward_s": [3000.0]}, index=["Vadsø"])
    >>> road = pd.DataFrame({"cell_id": ["farm"], "site_id": ["Vadsø"], "travel_time_s": [1200.0]})
    >>> times = ChainTimes(call_handling_s=120, mobilisation_s=1800, on_scene_s=900)
    >>> aeroplane_chain(pd.Series({"farm": 2400.0}), ports, to_ports=road, times=times)
          to_patient_s to_patient_port  to_treatment_s to_treatment_port
    farm        3600.0           Vadsø          7500.0             Vadsø
    """
    cell, port, road_s = _pairs(to_ports, fetched_s.index, ports.index, "to_ports")
    coming_s, onward_s = _port_columns(ports)
    ready_s = fetched_s.to_numpy(dtype=np.float64, na_value=np.inf)
    if not (ready_s >= 0).all():
        raise InputError(f"fetched_s: the least is {ready_s.min()}; give seconds >= 0")
    met_s = np.maximum(times.start_s + coming_s[port], ready_s[cell] + road_s)
    treated_s = met_s + times.on_scene_s + onward_s[port]
    return _best(fetched_s.index, ports.index, (cell, port, met_s), (cell, port, treated_s))


def _pairs(
    pairs: pd.DataFrame, cells: pd.Index, ports: pd.Index, name: str
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the numbers of cell and port of each pair, and the time between them."""
    require_columns(pairs, ["cell_id", "site_id", "travel_time_s"], subject=name)
    for what, index in (("cells", cells), ("ports", ports)):
        if not index.is_unique:
            raise InputError(f"{what}: the index is not unique ({index[index.duplicated()][0]!r} is repeated)")
    cell, port = cells.get_indexer(pd.Index(pairs["cell_id"])), ports.get_indexer(pd.Index(pairs["site_id"]))
    seconds = pairs["travel_time_s"].to_numpy(dtype=np.float64, na_value=np.nan)
    problems = []
    for wrong, column, hint in (
        (cell < 0, "cell_id", "is no cell"),
        (port < 0, "site_id", "is not among the ports"),
        (~(seconds >= 0), "travel_time_s", "is negative or missing"),
    ):
        if wrong.any():
            first = int(np.argmax(wrong))
            problems.append(f"{column} {hint} in {int(wrong.sum())} rows (row {first}: {pairs[column].iloc[first]!r})")
    if problems:
        raise InputError.listing(name, problems)
    return cell, port, seconds


def _port_columns(ports: pd.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    require_columns(ports, ["coming_s", "onward_s"], subject="ports")
    coming_s, onward_s = (ports[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("coming_s", "onward_s"))
    if not ((coming_s >= 0) & (onward_s >= 0)).all():
        raise InputError("ports: a time is negative or missing; give seconds >= 0, inf for no way")
    return coming_s, onward_s


def _best(
    cells: pd.Index,
    ports: pd.Index,
    patient: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]],
    treatment: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]],
) -> pd.DataFrame:
    """Return the least time of each cell over its ports, and the port (of equally good ones the first)."""
    out = pd.DataFrame(index=cells)
    names = np.append(ports.to_numpy(dtype=object), "")
    for what, (cell, port, seconds) in (("to_patient", patient), ("to_treatment", treatment)):
        best_s, best = np.full(len(cells), np.inf), np.full(len(cells), len(ports))
        np.minimum.at(best_s, cell, seconds)
        reached = (seconds == best_s[cell]) & (seconds < np.inf)
        np.minimum.at(best, cell[reached], port[reached])
        out[f"{what}_s"], out[f"{what}_port"] = best_s, names[best]
    return out
