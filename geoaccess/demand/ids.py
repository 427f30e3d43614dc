"""What the ids of population grids say: where a cell lies and, for most of them, how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.tables import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["make_cell_ids", "parse_cell_ids", "recognise_ids"]

UNDERSTOOD = (
    "understood are CRS3035RES1000mN4775000E2918000 (INSPIRE), 1kmN4775E2918 (its short form) and "
    "25100007584000 (Statistics Norway)"
)

_INSPIRE = (
    r"^(?P<system>CRS(?P<epsg>[0-9]{4,6})RES)?(?P<size>[0-9]{1,6})(?P<unit>k?m)"
    r"(?P<axis>[NE])(?P<first>-?[0-9]{1,9})(?P<other>[NE])(?P<second>-?[0-9]{1,9})$"
)
_SHORT_FORM_EPSG = 3035
_SSB_EPSG = 25833
_SSB_FALSE_EASTING = 2_000_000
# Mainland Norway, Jan Mayen and Svalbard in EPSG:25833, in grids of 50 m and more; any other number of 14 digits is
# some other kind of id.
_SSB_EASTINGS = (-500_000, 1_300_000)
_SSB_NORTHINGS = (6_300_000, 9_100_000)
_SSB_FINEST_M = 50


@checks_arguments
def parse_cell_ids(ids: Sequence[str] | pd.Series[str] | pd.Index[str]) -> pd.DataFrame:
    """Read the lower-left corner, the size and the CRS of grid cells out of their ids.

    Three kinds are understood. INSPIRE and GEOSTAT ids hold the EPSG code, the size and the corner in metres. Their
    short form leaves out the code, which is 3035 by the INSPIRE grid's definition, and gives the corner in units of
    ten to the number of zeros that end the size (1 km: kilometres, 250 m: tens of metres). Both may name N or E
    first. Ids of Statistics Norway are 14 digits: easting plus 2 000 000, then northing, in EPSG:25833.

    Parameters
    ----------
    ids
        Text, shape (n,); numbers are read as they are written.

    Returns
    -------
    Table on the same index (0 to n - 1 for a sequence): `x`, `y` (int64, metres, lower-left corner), `size_m` (float64;
    NaN where the id does not hold it, as Statistics Norway's do not) and `epsg` (int64).

    Raises
    ------
    InputError
        If any id is of no kind that is understood; the first few are named with their positions, counted from 1.

    Examples
    --------
    >>> parse_cell_ids(["CRS3035RES1000mN4775000E2918000", "250mN478123E293475", "19250006618250"])
             x        y  size_m   epsg
    0  2918000  4775000  1000.0   3035
    1  2934750  4781230   250.0   3035
    2   -75000  6618250     NaN  25833
    """
    series = ids if isinstance(ids, pd.Series) else pd.Series(list(ids), dtype="object")
    series = series if isinstance(series.dtype, pd.StringDtype) else as_text(series)
    codes = recognise_ids(series)
    unknown = np.flatnonzero(~codes["known"].to_numpy())
    if unknown.size:
        first = ", ".join(f"number {i + 1} ({series.iloc[i]!r})" for i in unknown[:5])
        raise InputError(f"cell ids: {unknown.size} of {len(series)} are not understood: {first}; {UNDERSTOOD}")
    codes["epsg"] = codes["epsg"].where(codes["epsg"] > 0, _SHORT_FORM_EPSG)
    return codes.drop(columns="known")


def recognise_ids(ids: pd.Series[str]) -> pd.DataFrame:
    """Read those ids that are understood, as `parse_cell_ids` does, and mark them in a further column `known`.

    Rows that are not understood hold zeros. `epsg` is 0 where the id leaves it to the reader (the short form).

    >>> recognise_ids(pd.Series(["1kmN4775E2918", "A1"]))
             x        y  size_m  epsg  known
    0  2918000  4775000  1000.0     0   True
    1        0        0     NaN     0  False
    """
    codes = _inspire(ids)
    ssb = _ssb(ids)
    codes.loc[ssb["known"]] = ssb.loc[ssb["known"]]
    return codes


@checks_arguments
def make_cell_ids(
    x: npt.ArrayLike, y: npt.ArrayLike, *, size_m: float, epsg: int = _SHORT_FORM_EPSG
) -> npt.NDArray[np.object_]:
    """Write the INSPIRE id of each cell from its lower-left corner; `parse_cell_ids` reads it back.

    Parameters
    ----------
    x, y
        Lower-left corners, whole metres, shape (n,).
    size_m
        Side of every cell, whole metres.
    epsg
        Code of the CRS of `x` and `y`.

    Returns
    -------
    Text, shape (n,).

    Raises
    ------
    InputError
        If a corner or the size is not a whole number of metres, which the id could not hold.

    Examples
    --------
    >>> make_cell_ids([2918000], [4775000], size_m=1000)
    array(['CRS3035RES1000mN4775000E2918000'], dtype=object)
    """
    east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    for name, values in (("x", east), ("y", north), ("size_m", np.atleast_1d(np.float64(size_m)))):
        odd = values[~(values == np.round(values))]
        if odd.size:
            raise InputError(f"cell ids: {name} is {odd[0]:g}, and an INSPIRE id holds whole metres only")
    text = (
        f"CRS{epsg}RES{int(size_m)}mN"
        + pd.Series(north.astype(np.int64)).astype(str)
        + "E"
        + pd.Series(east.astype(np.int64)).astype(str)
    )
    return text.to_numpy(dtype=object)


def _inspire(ids: pd.Series[str]) -> pd.DataFrame:
    import pyarrow as pa  # a large import that only reading needs
    import pyarrow.compute as pc

    parts = pc.extract_regex(pa.array(ids.array, type=pa.large_string(), from_pandas=True), _INSPIRE)
    known = parts.is_valid().to_numpy(zero_copy_only=False)
    if not known.any():
        return _not_understood(ids, epsg=0)

    def text(name: str) -> npt.NDArray[np.object_]:
        return np.asarray(pc.struct_field(parts, name).fill_null("").to_numpy(zero_copy_only=False), dtype=object)

    def number(name: str) -> npt.NDArray[np.int64]:
        values = text(name)
        return np.where(values == "", "0", values).astype(np.int64)

    size = number("size") * np.where(text("unit") == "km", 1000, 1)
    known &= (text("axis") != text("other")) & (size > 0)
    unit = np.ones_like(size)
    for zeros in range(1, 9):
        unit = np.where(size % 10**zeros == 0, 10**zeros, unit)
    unit = np.where(text("system") == "", unit, 1)
    north_first = text("axis") == "N"
    first, second = number("first") * unit, number("second") * unit
    return pd.DataFrame(
        {
            "x": np.where(known, np.where(north_first, second, first), 0),
            "y": np.where(known, np.where(north_first, first, second), 0),
            "size_m": np.where(known, size, np.nan),
            "epsg": np.where(known, number("epsg"), 0),
            "known": known,
        },
        index=ids.index,
    )


def _ssb(ids: pd.Series[str]) -> pd.DataFrame:
    digits = (ids.str.len() == 14) & ids.str.fullmatch("[0-9]{14}")  # noqa: PLR2004 - two numbers of seven digits
    digits = digits.fillna(value=False).astype(bool)
    if not digits.any():
        return _not_understood(ids, epsg=_SSB_EPSG)
    whole = ids.where(digits, "0").astype(np.int64)
    x, y = whole // 10**7 - _SSB_FALSE_EASTING, whole % 10**7
    known = x.between(*_SSB_EASTINGS) & y.between(*_SSB_NORTHINGS) & (x % _SSB_FINEST_M == 0) & (y % _SSB_FINEST_M == 0)
    return pd.DataFrame({"x": x, "y": y, "size_m": np.nan, "epsg": _SSB_EPSG, "known": known}, index=ids.index)


def _not_understood(ids: pd.Series[str], *, epsg: int) -> pd.DataFrame:
    columns = {"x": 0, "y": 0, "size_m": np.nan, "epsg": epsg, "known": False}
    return pd.DataFrame(columns, index=ids.index)
