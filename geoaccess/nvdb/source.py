"""What a published file of NVDB Ruteplan is made of: a FileGDB folder, its zip, or a GeoPackage, and its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.errors import InputError, MissingFileError
from geoaccess.nvdb.forms import form_of
from geoaccess.tables import bytes_as_text, check_count, gdal_address, read_table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.nvdb.forms import Form

__all__ = ["Rows", "Source", "are_whole", "open_source", "read_rows", "read_turns"]

_THIRD = "edge3fid"
_MOST_WHOLE, _SHOWN = 2**53, 5
_WHAT = "Ruteplan is a FileGDB (a folder named .gdb, or its zip) or a GeoPackage"


class Source(NamedTuple):
    """Where GDAL finds the layers of a file, the layer of links, its form, and the layer of banned turns ("": none)."""

    path: Path
    address: str
    links: str
    form: Form
    turns: str


class Rows(NamedTuple):
    """Rows of a layer of links by what we call its fields, on the number of the row; their shapes and their CRS."""

    table: pd.DataFrame
    shapes: npt.NDArray[np.object_]
    crs: str


def open_source(path: Path) -> Source:
    """Find the layers of links and of banned turns.

    Raises
    ------
    MissingFileError
        If there is no such file or folder.
    InputError
        If it is none of the kinds that are read, has no layer of links (the layers that it has are named), or if that
        layer lacks fields.
    """
    import pyogrio

    if not path.exists():
        raise MissingFileError(f"{path}: no such file or folder; check [network] nvdb in the study. {_WHAT}")
    address = gdal_address(path)
    try:
        layers = [(str(name), kind is not None) for name, kind in pyogrio.list_layers(address)]
        fields = {name: [str(one) for one in pyogrio.read_info(address, layer=name)["fields"]] for name, _ in layers}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(f"{path}: cannot be read ({error}). {_WHAT}; fetch it again") from error
    found = [(name, of) for name, shapes in layers if shapes and (of := form_of(fields[name])) is not None]
    if not found:
        names = ", ".join(name for name, _ in layers) or "none"
        raise InputError(f"{path}: has no layer of links with fromnode, tonode and drivetime_fw; its layers: {names}")
    links, (form, missing) = min(found, key=lambda one: len(one[1][1]))
    if missing:
        have = ", ".join(fields[links])
        raise InputError(
            f"{path}: layer {links} lacks {', '.join(missing)}, fields of Ruteplan of {form.year}; it has {have}"
        )
    turns = [name for name, _ in layers if {*form.turn} <= {field.lower() for field in fields[name]}]
    return Source(path, address, links, form, turns[0] if turns else "")


def read_rows(source: Source, *, shapes: bool = True) -> Rows:
    """Read the layer of links; fields that it does not have are missing values."""
    import pyogrio
    import shapely

    check_count(source.path, source.address, source.links)
    info = pyogrio.read_info(source.address, layer=source.links)
    spelled = {str(name).lower(): str(name) for name in info["fields"]}
    wanted = {ours: spelled[field] for ours, field in source.form.fields.items() if field in spelled}
    try:
        meta, rows, geometry, columns = pyogrio.raw.read(
            source.address,
            layer=source.links,
            columns=list(dict.fromkeys(wanted.values())),
            read_geometry=shapes,
            return_fids=True,
        )
        with np.errstate(invalid="ignore"):  # a place that is NaN is looked for later
            lines = shapely.from_wkb(geometry) if shapes else np.empty(0, object)
    except (ValueError, RuntimeError, shapely.errors.GEOSException) as error:  # a day that is none, a shape of no kind
        raise InputError(f"{source.path}: layer {source.links} cannot be read ({error}); fetch it again") from error
    by_field = dict(zip((str(name) for name in meta["fields"]), columns, strict=True))
    table = pd.DataFrame({ours: by_field[field] for ours, field in wanted.items()}, index=pd.Index(rows, name="row"))
    bytes_as_text(table)
    return Rows(table.reindex(columns=[*source.form.fields]), lines, str(meta["crs"] or ""))


def read_turns(source: Source) -> pd.DataFrame:
    """Read the layer of banned turns: the numbers of the links `left`, `over` (-1: none) and `entered`."""
    if not source.turns:
        return pd.DataFrame({"left": [], "over": [], "entered": []}, dtype="int64")
    found = read_table(source.path, layer=source.turns)
    found.columns = [str(name).lower() for name in found.columns]
    left, second = (pd.to_numeric(found[name], errors="coerce") for name in source.form.turn)
    third = pd.to_numeric(found[_THIRD], errors="coerce") if _THIRD in found else pd.Series(np.nan, found.index)
    longer = third > 0  # a turn over a link in between
    turns = pd.DataFrame({"left": left, "over": second.where(longer, -1), "entered": third.where(longer, second)})
    turns = turns.dropna()
    odd = ~turns.apply(are_whole).all(axis=1)
    if odd.any():
        rows = ", ".join(str(row) for row in turns.index[odd][:_SHOWN])
        raise InputError(f"{source.path}: layer {source.turns}: links are no whole numbers in {odd.sum()} rows: {rows}")
    return turns.astype("int64")


def are_whole(numbers: pd.Series[float]) -> pd.Series[bool]:
    """Return which numbers are whole, and small enough that a float holds each of them."""
    return (numbers.abs() <= _MOST_WHOLE) & (numbers == numbers.round())
