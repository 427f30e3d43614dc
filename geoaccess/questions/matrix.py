"""Times between all cells and all sites of a service of a study, as one Parquet file of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from geoaccess.arguments import checks_arguments
from geoaccess.phrases import Writer
from geoaccess.questions.asked_service import find_service
from geoaccess.routing import write_travel_times
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_times
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.site_directory import site_directory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.measures import ServiceSpec
    from geoaccess.network import Network
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["MatrixFile", "RoadsOfService", "chosen_sites", "matrix_lines", "roads_of_service", "write_matrix"]


class RoadsOfService(NamedTuple):
    """Roads that times of a service are searched on, with cells and sites attached; vehicles set out after a call."""

    network: Network | Hierarchy
    plain: Network
    cells: pd.DataFrame
    sites: pd.DataFrame


@dataclass(frozen=True)
class MatrixFile:
    """The file that was written: how many cells, sites and pairs it has, and how many pairs without a time."""

    study: Study
    spec: ServiceSpec
    path: Path
    cells: int
    sites: int
    pairs: int
    without_time: int


def chosen_sites(answers: Answers, service: str, wanted: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Return the sites of a service, or those of them that are named, by id or name.

    Raises
    ------
    InputError
        If no site of the service has such a name, or several have it.
    """
    sites = answers.sites
    if not wanted:
        return sites[(sites["service"] == service).to_numpy()]
    directory = site_directory(answers.study, sites, answers.results, answers.zones)
    return sites.loc[list(dict.fromkeys(directory.find(name, service=service) for name in wanted))]


def roads_of_service(answers: Answers, service: str, sites: gpd.GeoDataFrame) -> RoadsOfService:
    """Attach cells and some sites to the roads that the times of a service are searched on, as the study does."""
    study, network, vehicles = answers.study, answers.network_of(service), answers.vehicles
    if vehicles is not None and network is vehicles.network:
        plain, cells = vehicles.plain, vehicles.snapped.cells
    else:
        plain, cells = answers.network, answers.snapped.cells
    return RoadsOfService(network, plain, cells, stages.snap_sites(study, plain, sites, service=service))


@checks_arguments
def write_matrix(
    study: Study,
    service: str,
    *,
    sites: Sequence[str] = (),
    folder: Path | None = None,
    answers: Answers | None = None,
    show: bool = True,
) -> MatrixFile:
    """Write the times of a study between all cells and all sites of a service, or some, as matrix_SERVICE.parquet.

    The least of a cell is its time in the tables of the study: in the direction of the service, those of ambulances
    from the call. See `geoaccess.routing.write_travel_times` for the columns, and how little memory it takes.

    Parameters
    ----------
    sites
        Ids or names of sites of the service; all unless given.
    folder
        The output folder of the study unless given.
    answers
        Of the study, where it has been solved already.

    Raises
    ------
    InputError
        If there is no such service, or no such site, or the file cannot be written.
    """
    spec = find_service(study, service)
    answers = solve_times(study, show=show) if answers is None else answers
    ours = chosen_sites(answers, service, sites)
    roads = roads_of_service(answers, service, ours)
    where = study.output if folder is None else folder
    name = f"matrix_{service}.parquet"
    with result_files(where, former=lambda: {name}, stamps=answers.stamps) as temporary:
        written = write_travel_times(
            temporary / name,
            roads.network,
            roads.cells,
            roads.sites,
            direction=spec.direction,
            disclaimer=study.settings.disclaimer,
        )
    return MatrixFile(study, spec, where / name, len(roads.cells), len(ours), written.pairs, written.without_time)


@checks_arguments
def matrix_lines(written: MatrixFile) -> list[str]:
    """Return what was written, in a line."""
    writer = Writer(written.study.settings.language, ("terminal",))
    counts = {name: writer.people(getattr(written, name)) for name in ("cells", "sites", "pairs", "without_time")}
    return [writer.text("matrix_written", label=written.spec.label, **counts)]
