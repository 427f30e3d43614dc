"""What a report says, as numbers and tables: found elsewhere, in words and on paper here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geoaccess.zones import read_scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from geoaccess.zones import CentralityScheme

__all__ = ["Data", "Extra", "Norm", "Origin", "Report", "ServiceFindings"]


@dataclass(frozen=True)
class Norm:
    """A norm of a service and who meets it; of those beyond, how many live in districts and where most live.

    `limits_s` are the seconds of the norm: one, or those of which each cell is held against its own. `after_share` is
    the share within if the nearest site of everybody closed; shares are of all people.
    """

    limits_s: tuple[float, ...]
    people_within: float
    people_beyond: float
    share: float
    after_share: float
    share_by_class: Mapping[str, float]
    beyond_in_districts: float
    beyond_most: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ServiceFindings:
    """What was found of one service: times in seconds, inf where the quantile falls on people who are not reached.

    `municipalities` has a row per municipality: `municipality`, `centrality_class`, `population`, `median_s`,
    `p90_s`. `slack` has a row for everybody and per class, `exposed` one per municipality that loses most if the
    nearest closes; both as `geoaccess.measures.slack_table_of_services`. `equity` maps the name of an index to its row
    in `geoaccess.equity.equity_table`. `who` names the people that the service is asked about, "" where that is
    everybody; `population` are those, `in_districts` those of them who live in districts. `from_call`: times count from
    the call until help is there, as of ambulances. `limits` are known gaps of the data of this service.
    """

    key: str
    label: str
    direction: str
    proxy_note: str
    norms_s: tuple[float, ...]
    from_call: bool
    sites: int
    proxies: int
    population: float
    in_districts: float
    reached: float
    unreached: float
    reasons: Mapping[str, float]
    mean_s: float
    median_s: float
    p90_s: float
    norms: tuple[Norm, ...]
    contrast: Mapping[str, float | str]
    municipalities: pd.DataFrame
    slack: pd.DataFrame
    exposed: pd.DataFrame
    equity: Mapping[str, Mapping[str, float]]
    who: str = ""
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """One kind of data: what it is for (a key of the report's words), where it is from, and of when."""

    what: str
    source: str
    date: str = ""


@dataclass(frozen=True)
class Boats:
    """What boats do that follow a timetable.

    Its day (a date, or the English name of a weekday) and hours, the files it is from, each with what it is called as
    an input; how many ferry ways follow it, and by their names the ferries without a timetable, those that do not sail
    within the hours (`people_late` use them on their way to a service), and those that are closed for want of a boat
    for a week.
    """

    day: str
    hours: tuple[str, str]
    files: tuple[tuple[str, str], ...]
    timed: int
    without: tuple[str, ...]
    late: tuple[str, ...]
    people_late: float
    shut: tuple[str, ...]


@dataclass(frozen=True)
class Data:
    """What the study was made from and how: counts by name, and the digest of every file that was read."""

    origins: tuple[Origin, ...]
    counts: Mapping[str, float]
    centrality_note: str
    left_out: tuple[str, ...]
    digests: tuple[tuple[str, str, str], ...]
    profile: str
    version: str
    study_file: str
    boats: Boats | None = None


@dataclass(frozen=True)
class Extra:
    """A table of an optional part of the study: heads and units are those of its columns, in order."""

    name: str
    title: str
    note: str
    heads: tuple[str, ...]
    units: tuple[str, ...]
    table: pd.DataFrame
    rows_in_all: int


@dataclass(frozen=True)
class Report:
    """Everything in a report. `pictures` are PNG files by their names, as `service_map` and the like write them.

    `figure_texts` say in a sentence what some of them show, by the same names.

    `scheme` names the centrality classes, in `classes` and in every table by class.
    """

    title: str
    subtitle: str
    language: str
    disclaimer: str
    note: str
    limits: tuple[str, ...]
    author: str
    year: str
    attribution: tuple[str, ...]
    population: float
    classes: Mapping[str, float]
    services: tuple[ServiceFindings, ...]
    unreached: pd.DataFrame
    islands: pd.DataFrame
    data: Data
    pictures: Mapping[str, bytes]
    extras: tuple[Extra, ...] = field(default=())
    figure_texts: Mapping[str, str] = field(default_factory=dict)
    scheme: CentralityScheme = field(default_factory=read_scheme)

    @property
    def classed(self) -> bool:
        """Whether anybody lives in a class; else nothing is said by class."""
        return any(name in self.classes for name in self.scheme.ids)

    @property
    def zoned(self) -> bool:
        """Whether anybody lives in a municipality; else nothing is said by municipality."""
        return self.data.counts["municipalities"] > 0
