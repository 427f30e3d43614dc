"""Degrees to metres around the middle of a network, the same to the centimetre on every machine.

The formulas stand here rather than in PROJ because its releases differ by a tenth of a millimetre in the equal-area
projections, enough to round a second differently; these need no series, and what machines differ by (a unit in the
last place of a sine) is a millionth of what is rounded away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels.threads import parts_of, share

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LocalProjection", "between_degrees"]

_A = 6378137.0
_E2 = 6.69437999014e-3  # WGS84
_E = np.sqrt(_E2)
_AT_ONCE = 1 << 13
_LARGEST_LAT = 89.999
"""A middle nearer to a pole than this is taken here: the formulas for an oblique centre divide by its cosine."""


class LocalProjection(NamedTuple):
    """Lambert's azimuthal equal-area projection of the WGS84 ellipsoid around a place in degrees.

    References
    ----------
    Snyder (1987), Map Projections: A Working Manual, USGS Professional Paper 1395, equations 3-12 and 24-17 to 24-20.

    Examples
    --------
    >>> x, y = LocalProjection(10.0, 60.0).project(np.array([10.0, 10.001, 200.0]), np.array([60.0, 60.0, 95.0]))
    >>> x.tolist(), y.tolist()
    ([0.0, 55.8, nan], [0.0, 0.0, nan])
    """

    lon: float
    lat: float

    @classmethod
    def around(cls, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> LocalProjection:
        """Return the projection around the middle of places, also of those on both sides of the 180th meridian."""
        west, east = float(lon.min()), float(lon.max())
        eastward = lon % 360.0
        if float(np.ptp(eastward)) < east - west:
            west, east = float(eastward.min()), float(eastward.max())
        middle = (west + east) / 2
        lat_0 = float(np.clip((lat.min() + lat.max()) / 2, -_LARGEST_LAT, _LARGEST_LAT))
        return cls(round(middle - 360.0 if middle > 180.0 else middle, 3), round(lat_0, 3))  # noqa: PLR2004

    @property
    def crs(self) -> str:
        """The same projection in the words of PROJ."""
        return f"+proj=laea +lat_0={self.lat:.3f} +lon_0={self.lon:.3f} +datum=WGS84 +units=m +no_defs"

    def project(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return metres east and north of the centre, to the centimetre; NaN for what is no place on the earth."""
        lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        if lon.size <= _AT_ONCE:
            return self._projected(lon, lat)
        x, y = np.empty(lon.shape), np.empty(lon.shape)
        of, to = (lon.reshape(-1), lat.reshape(-1)), (x.reshape(-1), y.reshape(-1))

        def work(first: int, last: int) -> None:
            some = slice(first, last)
            to[0][some], to[1][some] = self._projected(of[0][some], of[1][some])

        share(work, parts_of(lon.size, _AT_ONCE))  # each fits the cache, and on all threads
        return x, y

    def _projected(
        self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        wrong = ~((np.abs(lon) <= 360) & (np.abs(lat) <= 90))  # noqa: PLR2004 -- degrees, also counted from 0 to 360
        turn = np.radians(np.where(wrong, np.nan, lon) - self.lon)
        sine_pole = _authalic(np.ones(1))[0]
        sine = np.clip(_authalic(np.sin(np.radians(np.where(wrong, np.nan, lat)))) / sine_pole, -1, 1)
        cosine = np.sqrt(1 - sine**2)
        own = np.sin(np.radians(self.lat))
        own_sine = float(_authalic(np.array([own]))[0] / sine_pole)
        own_cosine = float(np.sqrt(1 - own_sine**2))
        radius = _A * np.sqrt(sine_pole / 2)
        stretch = _A * np.sqrt((1 - own**2) / (1 - _E2 * own**2)) / (radius * own_cosine)
        facing = cosine * np.cos(turn)
        scale = radius * np.sqrt(2 / np.maximum(1 + own_sine * sine + own_cosine * facing, 1e-12))
        x = scale * stretch * cosine * np.sin(turn)
        y = scale / stretch * (own_cosine * sine - own_sine * facing)
        return np.round(x, 2) + 0.0, np.round(y, 2) + 0.0


def _authalic(sine: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return q of Snyder's equation 3-12, the sine of the authalic latitude times its value at the pole."""
    return np.asarray((1 - _E2) * (sine / (1 - _E2 * sine**2) - np.log((1 - _E * sine) / (1 + _E * sine)) / (2 * _E)))


def between_degrees(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    point: npt.NDArray[np.int64],
    share: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return places a share of the way from points to the ones after them, over the 180th meridian too.

    >>> lon, lat = between_degrees(np.array([179.0, -179.0]), np.array([0.0, 1.0]), np.array([0]), np.array([0.75]))
    >>> lon.tolist(), lat.tolist()
    ([-179.5], [0.75])
    """
    after = np.minimum(point + 1, lon.size - 1)
    turn = lon[after] - lon[point]
    east = lon[point] + share * (turn - 360.0 * np.rint(turn / 360.0))
    east -= 360.0 * np.rint(east / 360.0)
    return np.where(share == 1, lon[after], east), lat[point] + share * (lat[after] - lat[point])
