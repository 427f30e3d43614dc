"""What the check of a study finds of its extracts before a network is built: damaged blocks, cells far from them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import numpy as np

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.network import snap
from geoaccess.study import stages

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.phrases import Writer
    from geoaccess.study.settings.study_file import Study

__all__ = ["cells_and_roads", "check_extracts"]

_SAMPLE: Final = 3000
_DEGREE_M: Final = 111_000.0


def check_extracts(study: Study) -> None:
    """Refuse an extract of a form that is not read, and one with a block that is cut or damaged.

    Raises
    ------
    InputError
        Naming the file and where in it.
    """
    from geoaccess.osm.formats import check_format, is_pbf
    from geoaccess.osm.pbf import check_blocks

    for name in study.settings.network.osm:
        path = files.require(study.resolve(name))
        check_format(path)
        if is_pbf(path):
            check_blocks(path)


def cells_and_roads(study: Study, cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Say how many people live farther from every road than the study allows, as far as is known before a run.

    Where the network is kept from a run before, a sample of cells is attached to it; else the boxes of the extracts say
    who lives outside all of them.
    """
    folder = stages.network_folder(study)
    if folder.exists():
        with contextlib.suppress(InputError):  # what is damaged is built again by the run
            return _sampled(study, cells, writer)
    return _outside(study, cells, writer)


def _sampled(study: Study, cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    network = stages.load_kept(study, stages.network_folder(study))
    chosen = np.sort(np.random.default_rng(0).permutation(len(cells))[:_SAMPLE])
    sample = cells.iloc[chosen]
    snapped = snap(
        network,
        sample,
        max_snap_m=study.settings.snap.max_m,
        off_network_kph=study.settings.snap.off_network_kph,
        min_component_m=study.settings.network.min_component_km * 1000,
    )
    people = sample["population"].to_numpy(np.float64)
    lost = (snapped["edge"] < 0).to_numpy()
    return [
        writer.text(
            "c_snapped",
            n=writer.people(len(sample)),
            share=writer.share(float(people[lost].sum() / people.sum())),
            km=writer.plain(study.settings.snap.max_m / 1000),
        )
    ]


def _outside(study: Study, cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    from geoaccess.osm.blobs import OtherPackingError, list_blobs
    from geoaccess.osm.formats import is_pbf

    boxes = []
    for name in study.settings.network.osm:
        path = study.resolve(name)
        box = None
        if is_pbf(path):
            with contextlib.suppress(OtherPackingError):
                box = list_blobs(path)[0]
        if box is None:
            return []
        boxes.append(box)
    if not boxes:
        return []
    centres = cells.geometry.centroid.to_crs(4326)
    lon, lat = centres.x.to_numpy(), centres.y.to_numpy()
    room = study.settings.snap.max_m / _DEGREE_M
    wide = room / np.maximum(np.cos(np.radians(lat)), 0.01)
    outside = np.ones(len(cells), np.bool_)
    for west, south, east, north in boxes:
        beside = (lon < west - wide) | (lon > east + wide)
        outside &= beside | (lat < south - room) | (lat > north + room)
    lost = float(cells["population"].to_numpy(np.float64)[outside].sum())
    if not lost:
        return []
    share = writer.share(lost / float(cells["population"].sum()))
    return [writer.text("c_outside", n=writer.people(lost), share=share)]
