"""[figures] of a study file: how maps and figures look."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal

import pyproj
from pydantic import Field, field_validator

from geoaccess.bounds import Minutes
from geoaccess.defaults import FIGURE_DPI, FIGURE_FORMATS, FIGURE_PALETTE
from geoaccess.frames import in_metres
from geoaccess.toml import Table, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["FigureSettings"]

MOST_BREAKS: Final = 7
"""Eight colours are as many as can be told apart, in grey too."""

Breaks = Annotated[list[Minutes], Field(min_length=1, max_length=MOST_BREAKS)]
Form = Literal["png", "svg", "pdf"]


class FigureSettings(Table):
    """[figures]: projection, forms, colours, class breaks, names and width of maps and figures."""

    crs: str | None = None
    formats: Annotated[list[Form], Field(min_length=1, max_length=3)] = [*FIGURE_FORMATS]
    dpi: Annotated[int, Field(ge=72, le=1200)] = FIGURE_DPI
    breaks: Breaks | dict[str, Breaks] = {}
    palette: Literal["sunset", "viridis", "cividis", "blues", "greys"] = FIGURE_PALETTE
    labels: bool | Annotated[int, Field(ge=0, le=400)] = True
    width_mm: Annotated[float, Field(ge=80, le=1000)] | None = None

    @field_validator("crs")
    @classmethod
    def _projected(cls, given: str | None) -> str | None:
        if given is None:
            return None
        try:
            crs = pyproj.CRS.from_user_input(given)
        except pyproj.exceptions.CRSError as error:
            raise ValueError(f'"{given}" is unknown; write it as "EPSG:25833"') from error
        if not in_metres(crs):
            raise ValueError(f'"{given}" is no projection in metres; give a national grid or a UTM zone, "EPSG:25833"')
        return given

    @field_validator("breaks")
    @classmethod
    def _rising(cls, given: list[float] | dict[str, list[float]]) -> list[float] | dict[str, list[float]]:
        for edges in given.values() if isinstance(given, dict) else [given]:
            if any(lower >= upper for lower, upper in pairwise(edges)):
                raise ValueError(f"{edges} must rise: the upper edges of all classes but the last, in minutes")
        return given

    def problems(self, services: Collection[str]) -> list[str]:
        """Return what does not fit the services of the study."""
        named = self.breaks if isinstance(self.breaks, dict) else {}
        return [
            f'[figures] breaks names the service "{key}"{did_you_mean(key, services)}'
            for key in named
            if key not in services
        ]

    @property
    def breaks_min(self) -> dict[str, tuple[float, ...]]:
        """The breaks by service, or under "" for all."""
        if isinstance(self.breaks, dict):
            return {key: tuple(edges) for key, edges in self.breaks.items()}
        return {"": tuple(self.breaks)}
