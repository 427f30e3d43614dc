"""[basemap] of a study file: land and names under the cells, where the extract has none."""

from __future__ import annotations

from geoaccess.toml import Table

__all__ = ["BasemapSettings"]


class BasemapSettings(Table):
    """[basemap]: polygons of land and a table of places, in place of coastline and `place` nodes of the extract."""

    land: str | None = None
    places: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """The files that are read, by what each is for."""
        named = {"basemap land": self.land, "basemap places": self.places}
        return {what: file for what, file in named.items() if file}
