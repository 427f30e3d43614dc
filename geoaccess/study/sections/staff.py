"""Staff who go from one office to another: the table of hours that they spend on the road."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import measures
from geoaccess.errors import InputError
from geoaccess.routing import travel_times
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.site_directory import find_sites
from geoaccess.study.study_tables import read_given
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    from geoaccess.study.sections.inputs import SectionInput, SolvedInput

__all__ = ["STAFF", "read_rota", "staff_table"]


def read_rota(known: SectionInput) -> pd.DataFrame:
    """Read the rota: columns `host_id`, `site_id`, `days` and `staff`; sites by id or name.

    Names in the columns `host` and `site`, where it has them, must be those of the ids.

    Raises
    ------
    InputError
        If the file lacks a column, names an unknown site, or has days or staff that are no numbers >= 0.
    """
    asked = known.study.settings.staff
    if asked is None:
        raise InputError(f"{known.study.path}: has no [staff]")
    columns = ["host_id", "site_id", "days", "staff"]
    names = {"host_id": "host", "site_id": "site"}
    rota = read_given(known.study, asked.file, columns, key="[staff] file", optional=[*names.values()])
    path = known.study.resolve(asked.file)
    rota, problems = find_sites(known, rota, service=None, names=names)
    for column in ("days", "staff"):
        numbers = pd.Series(to_numbers(rota[column]), index=rota.index)
        wrong = rota[column][~((numbers >= 0) & (numbers < float("inf")))]
        problems += [f'row {row}: {column} is "{found}"; write a number >= 0' for row, found in wrong.items()]
        rota[column] = numbers
    if problems:
        raise InputError.listing(str(path), problems)
    return rota


def staff_table(solved: SolvedInput) -> pd.DataFrame:
    """Return the rota with the names of both offices, the way there and back (seconds) and hours on the road per week.

    As `geoaccess.measures.staff_travel`; inf where no road or ferry leads there and back.
    """
    rota = read_rota(solved)
    there, back = _ways(solved, rota, home=False), _ways(solved, rota, home=True)
    table = measures.staff_travel(rota, there, back=back).reset_index(drop=True)
    for place, column in ((1, "host"), (3, "site")):
        table.insert(place, column, table[f"{column}_id"].map(solved.sites["name"]))
    return table


def _ways(solved: SolvedInput, rota: pd.DataFrame, *, home: bool) -> pd.DataFrame:
    """Return the time from every host to every satellite, or `home` from every satellite to every host."""
    hosts, satellites = rota["host_id"].unique(), rota["site_id"].unique()
    places = solved.snapped.sites
    ends = (places.loc[satellites], places.loc[hosts]) if home else (places.loc[hosts], places.loc[satellites])
    times = travel_times(solved.network, *ends)
    pairs = pd.MultiIndex.from_product([hosts, satellites], names=["cell_id", "site_id"])
    return pd.DataFrame({"travel_time_s": (times.T if home else times).reshape(-1)}, index=pairs).reset_index()


def _staff(solved: SolvedInput) -> SectionResult:
    return SectionResult(pd.DataFrame(index=solved.results.index), {"staff": staff_table(solved)})


STAFF = Section(
    name="staff",
    asked=lambda study: ["staff"] if study.settings.staff else [],
    answer=_staff,
    check=read_rota,
    tables={
        "staff": {
            "host_id": "",
            "host": "",
            "site": "",
            "days": "number",
            "staff": "number",
            "travel_s": "s",
            "hours_per_week": "number",
        }
    },
)
