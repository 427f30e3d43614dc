"""Cells and sites attached to the network."""

from __future__ import annotations

import hashlib
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.defaults import OFF_NETWORK_KPH
from geoaccess.errors import InputError
from geoaccess.network import Network, check_any_snapped, setting_out_after, snap, walking_at
from geoaccess.network.prepared import release
from geoaccess.network.snapping import Attachment, attach, snap_attached
from geoaccess.remembering import is_remembering, remembered, remembered_of, remembered_with
from geoaccess.study.stages.kept_tables import kept_tables, update_by_shapes
from geoaccess.study.stages.networks import cache_folder, same_places
from geoaccess.study.stages.sites import names_of_sites
from geoaccess.study.stages.subjects import about

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.study.settings.study_file import Study

__all__ = ["Snapped", "digest_of_shapes", "places_digest", "snap_all", "snap_as_set", "snap_cells", "snap_sites"]


_ATTACHED: weakref.WeakKeyDictionary[Network, dict[str, Attachment]] = weakref.WeakKeyDictionary()
"""Where the cells last asked about are attached."""
_MANY = 10_000
"""So many places take longer to attach than to read again."""
_MOST_SETS = 16
"""Where so many sets of places are attached is remembered: those of one kind of function each."""
_SEVERAL = 100
"""So many places look at shapes all over a network, of which searches need none."""


@dataclass(frozen=True)
class Snapped:
    """Cells and sites attached to the network."""

    cells: pd.DataFrame
    sites: pd.DataFrame


def snap_all(study: Study, network: Network, cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> Snapped:
    """Attach the centres of cells, and the sites; refuse a service none of whose sites is near a road."""
    cells_snapped = snap_cells(study, network, cells)
    with about(names_of_sites(study)):
        sites_snapped = snap_sites(study, network, sites, service=sites["service"])
        near = (sites_snapped["edge"] >= 0).groupby(sites["service"].to_numpy()).any()
        problems = [
            f'no site of "{key}" lies within {study.settings.snap.max_m:g} m of a road; are lon and lat swapped?'
            for key in near.index[~near]
        ]
        if problems:
            raise InputError.listing("sites", problems)
    return Snapped(cells_snapped, sites_snapped)


def snap_cells(study: Study, network: Network, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Attach the centres of cells; on a network of the cache this is kept beside it, once for all speeds off roads."""
    with about(str(study.resolve(study.settings.population.file))):
        folder = cache_folder(network)
        if folder is None:
            return snap_as_set(study, network, cells)
        key = folder, *_rules(study)
        table = remembered_of("cells", (cells,), key, lambda: _kept_places(study, network, cells, folder))
        kph = study.settings.snap.off_network_kph
        at_pace: dict[float, pd.DataFrame] = remembered_of("cells at a pace", (table,), "", dict)
        found = at_pace.get(kph)
        if found is None:
            found = walking_at(table, kph)
            at_pace.clear()  # each of them has a row for each cell
            at_pace[kph] = found
        return found


def places_digest(snapped: pd.DataFrame) -> str:
    """Return a digest of places that are attached: all that searches read of them, and what they are called."""
    digest = hashlib.sha256()
    for name, values in ((name, column.to_numpy()) for name, column in snapped.reset_index().items()):
        digest.update(f"{name} {values.dtype}".encode())
        digest.update("\0".join(map(str, values)).encode() if values.dtype == object else values.tobytes())
    return digest.hexdigest()


def digest_of_shapes(places: gpd.GeoDataFrame) -> str:
    """Return a digest of the shapes of a table; found once for the very table."""

    def found() -> str:
        digest = hashlib.sha256()
        update_by_shapes(digest, places.geometry)
        return digest.hexdigest()

    kind, most = ("shapes of many", 2) if len(places) >= _MANY else ("shapes", _MOST_SETS)
    return remembered_of(kind, (places,), "", found, most=most)


def _rules(study: Study) -> tuple[float, float]:
    """Return what decides where places are attached."""
    return study.settings.snap.max_m, study.settings.network.min_component_km


def _kept_places(study: Study, network: Network, cells: gpd.GeoDataFrame, folder: Path) -> pd.DataFrame:
    """Return places as they are attached with the speed off roads that is usual, from the folder of their network."""
    max_m, min_component_km = _rules(study)
    asked = hashlib.sha256(f"{max_m!r} {min_component_km}".encode())
    update_by_shapes(asked, cells.geometry)
    digest = asked.hexdigest()[:20]

    def snapped() -> dict[str, pd.DataFrame]:
        found = snap_attached(network, cells.index, where(), off_network_kph=OFF_NETWORK_KPH)
        check_any_snapped(network, found, max_snap_m=max_m)
        release(network)
        return {"cells": found.reset_index(drop=True)}

    def where() -> Attachment:
        """Attach the places, or take what was found for another network that differs in its times alone."""
        known = _ATTACHED.setdefault(same_places(network), {})
        found = known.get(digest)
        if found is None:
            release(network)  # and what stages before have freed, so that it does not stand beside trees and shores
            found = attach(network, cells, max_snap_m=max_m, min_component_m=min_component_km * 1000)
            release(network)  # trees and shores, which are searched no more
            known.clear()  # one is enough: a study has its cells
            known[digest] = found
        return found

    kept = folder / f"snapped-{digest}"
    table: pd.DataFrame = remembered("snapped", kept, lambda: kept_tables(kept, snapped))["cells"]
    return table.set_axis(cells.index)


def snap_sites(
    study: Study, network: Network, sites: gpd.GeoDataFrame, *, service: str | pd.Series[str]
) -> pd.DataFrame:
    """Attach sites of a service, or of several, as the study sets it: ambulances set out some time after the call."""
    usual = remembered_with(
        network,
        "sites attached",
        _rules(study),
        lambda: _attached(study, network, sites),
        values=(sites,),
    )
    snapped, rule = walking_at(usual, study.settings.snap.off_network_kph), study.response
    if rule is None:
        return snapped
    bases = np.broadcast_to(np.asarray(service) == rule.service, len(sites))
    return setting_out_after(snapped, np.where(bases, rule.start_s, 0.0)) if bases.any() else snapped


def _attached(study: Study, network: Network, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Attach places at the usual pace; where they are many, as candidates may be, this is kept as that of cells is."""
    folder = cache_folder(network)
    if folder is None or len(places) < _MANY:
        return _snapped(study, network, places, OFF_NETWORK_KPH)
    return _kept_places(study, network, places, folder)


def snap_as_set(study: Study, network: Network, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Attach places to the network as the study sets it; refuse them if none is near a road.

    For many questions this is done once for all speeds off roads.
    """
    kph = study.settings.snap.off_network_kph
    if not is_remembering():
        return _snapped(study, network, places, kph)
    usual = remembered_with(
        network,
        "places attached",
        (digest_of_shapes(places), *_rules(study)),
        lambda: _snapped(study, network, places, OFF_NETWORK_KPH),
        most=_MOST_SETS,
    )
    return walking_at(usual, kph).set_axis(places.index)


def _snapped(study: Study, network: Network, places: gpd.GeoDataFrame, off_network_kph: float) -> pd.DataFrame:
    several = len(places) >= _SEVERAL
    if several:
        release(network)
    snapped = snap(
        network,
        places,
        max_snap_m=study.settings.snap.max_m,
        off_network_kph=off_network_kph,
        min_component_m=study.settings.network.min_component_km * 1000,
    )
    check_any_snapped(network, snapped, max_snap_m=study.settings.snap.max_m)
    if several:
        release(network)
    return snapped
