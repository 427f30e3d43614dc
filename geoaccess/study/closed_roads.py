"""What the tables of a study close that is not always closed: read for those who draw closures, and looked through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.errors import InputError
from geoaccess.phrases import text
from geoaccess.scenarios import read_closures
from geoaccess.scenarios.weather import read_closure_rows
from geoaccess.study.stages.extracts import road_names_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.network import Network
    from geoaccess.phrases import Writer
    from geoaccess.scenarios import Closures
    from geoaccess.study.settings.study_file import Study

__all__ = ["closures_of", "describe_closures", "left_out_of", "table_of_closures"]


def closures_of(
    study: Study, network: Network, *, table: Path | None = None, season: str | None = None
) -> tuple[Closures, str | None]:
    """Return what may close by the table of a study or by another, and the season that counts.

    Parameters
    ----------
    table, season
        Instead of those of [reliability].

    Raises
    ------
    GeoaccessError
        If no table is named, or with what is wrong with it.
    """
    path, season = table_of_closures(study, table=table, season=season)
    return read_closures(path, network, season=season, names=road_names_of(study)), season


def table_of_closures(study: Study, *, table: Path | None, season: str | None) -> tuple[Path, str | None]:
    """Return the table of what may close, and the season that counts, with those given instead of [reliability].

    Raises
    ------
    GeoaccessError
        If no table is named, or with what is wrong with it whatever the roads are.
    """
    asked = study.settings.reliability
    if table is None:
        if asked is None:
            raise InputError(f"{study.path}: names no table; write [reliability] table = FILE, or give --table FILE")
        table, season = study.resolve(asked.table), season or asked.season
    read_closure_rows(table, season=season)
    return table, season


def left_out_of(names: Sequence[str], language: str) -> str:
    """Say which rows of the table were left out, as no road of the study is in their polygon; "" for none."""
    return text(language, "reliability.left_out", names="; ".join(names)) if names else ""


def describe_closures(study: Study, networks: Sequence[Network], writer: Writer) -> list[str]:
    """Look through the tables of a study that close or slow roads, and name the rows that find no road, a line each.

    Parameters
    ----------
    networks
        Of everybody, and of ambulances where these have others.

    Raises
    ------
    GeoaccessError
        With what is wrong with the table of [reliability].
    """
    found = [
        writer.text("c_left_out", name=f"{study.closures}: {row}", why=writer.note(why))
        for network in networks
        for row, why, objects, _ in network.unread
        if not objects  # a row of a table, not a tag of the extract
    ]
    if study.settings.reliability is not None:
        found += [left_out_of(closures_of(study, network)[0].left_out, study.settings.language) for network in networks]
    return [*dict.fromkeys(filter(None, found))]
