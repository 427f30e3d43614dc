"""What many closings do, each on its own: rows that are kept while they are made, by one process or by several."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels.closings import OVER
from geoaccess.network import DECISECONDS
from geoaccess.routing import closing_effects
from geoaccess.scenarios.closing_unit import cells_beside, crossings_with_sites, effect_of_unit
from geoaccess.scenarios.kept_rows import digest_of, kept_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.measures.specification import Limit
    from geoaccess.routing import NearestField
    from geoaccess.scenarios.crossings import Unit

__all__ = ["Closings", "rows_between"]

_WHOLE, _SPLIT = 16_384, 256
"""How many closings are one task: of those that kernels solve, and of crossings with a site, which take longer."""
_ORDER = 2
"""Rows that were kept in another order are of no use."""


@dataclass(frozen=True, eq=False)
class Closings:
    """Units of a field that close, each on its own, and the target times of people in deciseconds.

    They are closed in the order of `turn`: first those that kernels solve, then crossings along which a site is, one by
    one. With a `path`, rows stand in that file as they are made, in that order.
    """

    field: NearestField
    units: Sequence[Unit]
    norms_ds: Sequence[Limit]
    path: Path | None

    @classmethod
    def of(
        cls, field: NearestField, units: Sequence[Unit], *, norms_s: Sequence[Limit], keep_in: Path | None
    ) -> Closings:
        """Return closings that are kept in a folder under a digest of all that decides what they do."""
        norms_ds = [norm * DECISECONDS for norm in norms_s]
        path = None if keep_in is None else (keep_in / f"{_digest(field, units, norms_ds)}.rows").absolute()
        return cls(field, units, norms_ds, path)

    @property
    def columns(self) -> int:
        """How many figures a row has."""
        return OVER + len(self.norms_ds)

    @cached_property
    def _apart(self) -> npt.NDArray[np.bool_]:
        """Along the edge of which crossings a site is: on one side of it, so that it keeps one end."""
        return crossings_with_sites(self.field, self.units)

    @cached_property
    def turn(self) -> npt.NDArray[np.int64]:
        """The numbers of the units in the order in which they close."""
        return np.concatenate([np.flatnonzero(~self._apart), np.flatnonzero(self._apart)])

    def rows(
        self,
        begin: int,
        end: int,
        *,
        begun: npt.NDArray[np.float64] | None = None,
        keep: Callable[[int, npt.NDArray[np.float64]], None] | None = None,
        done: Callable[[int], None] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return the rows, as of `closing_effects`, of the closings from number `begin` to before `end`.

        `begun` are the first of them, known already; `keep` and `done` as there.
        """
        found = np.zeros((end - begin, self.columns))
        solved = min(max(len(self.units) - int(self._apart.sum()) - begin, 0), end - begin)
        whole = [self.units[number] for number in self.turn[begin : begin + solved].tolist()]

        def keep_on(first: int, rows: npt.NDArray[np.float64]) -> None:
            if keep:
                keep(begin + first, rows)

        found[:solved] = closing_effects(
            self.field,
            [unit.edges for unit in whole],
            norms_ds=self.norms_ds,
            beside=cells_beside(self.field, whole),
            begun=begun,
            keep=keep_on,
            done=done,
        )
        known = 0 if begun is None else len(begun)
        for place, number in enumerate(self.turn[begin + solved : end].tolist(), start=solved):
            if begun is not None and place < known:
                found[place] = begun[place]
            else:
                found[place] = effect_of_unit(self.field, self.units[number], self.norms_ds)
                keep_on(place, found[[place]])
            if done:
                done(1)
        return found

    def ranges(self) -> list[tuple[int, int]]:
        """Return what is still to be solved, parted into tasks: of each the first closing and the one after its last.

        What the file holds already is left out, where it has the whole of a task.
        """
        split, n = len(self.units) - int(self._apart.sum()), len(self.units)
        begins = [*range(0, split, _WHOLE), *range(split, n, _SPLIT)]
        held = np.zeros(n, np.bool_)
        with kept_rows(self.path, self.columns) as kept:
            there = min(len(kept.held), n)
            held[:there] = kept.held[:there]
        tasks = zip(begins, [*begins[1:], n], strict=True)
        return [(begin, end) for begin, end in tasks if not held[begin:end].all()]

    def joined(
        self, ranges: Sequence[tuple[int, int]], parts: Sequence[npt.NDArray[np.float64]]
    ) -> npt.NDArray[np.float64]:
        """Return the rows of all closings: those of `ranges`, and for the others what the file holds."""
        found = np.zeros((len(self.units), self.columns))
        with kept_rows(self.path, self.columns) as kept:
            there = min(len(kept.table), len(found))
            found[:there] = kept.table[:there]
        for (begin, end), rows in zip(ranges, parts, strict=True):
            found[begin:end] = rows
        return found

    def effects(
        self,
        solve: Callable[[Closings], npt.NDArray[np.float64]] | None = None,
        *,
        done: Callable[[int], None] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return what closing each unit does, in the order of the units; once all is known, nothing of it is kept.

        `solve` returns the rows of all closings in the order of `turn`, from wherever they are solved; without it that
        is done here.
        """
        effects = np.zeros((len(self.units), self.columns))
        if solve is not None:
            effects[self.turn] = solve(self)
        else:
            with kept_rows(self.path, self.columns) as kept:
                effects[self.turn] = self.rows(0, len(self.units), begun=kept.rows, keep=kept.put, done=done)
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        return effects


def rows_between(closings: Closings, task: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the rows of some closings, and put them into the file; for a task of a process of its own."""
    with kept_rows(closings.path, closings.columns) as kept:
        return closings.rows(*task, keep=kept.put)


def _digest(field: NearestField, units: Sequence[Unit], norms_ds: Sequence[Limit]) -> str:
    cells, sites, network = field.cells(), field.standing, field.network
    parts = np.array([(part.edge, part.begin, part.end) for unit in units for part in unit.parts], np.float64)
    sizes = np.array([(unit.edges.size, len(unit.parts)) for unit in units], np.int64)
    edges = np.concatenate([unit.edges for unit in units]) if units else np.empty(0, np.int32)
    shape = network.edge_forward_ds, network.edge_backward_ds, *field.out[:3], *field.back[:3]
    places = cells.rows, cells.people, *cells.spots, sites.rows, *sites.spots, *sites.seeds_by_node()
    asked = edges, sizes, parts, *(np.atleast_1d(norm) for norm in norms_ds), np.array([field.turned, _ORDER])
    return digest_of([field.keys, cells.keys, *shape, *places, *asked])
