"""What closing some edges does to the attached cells of a field, for many sets of edges, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels import closings, graph
from geoaccess.kernels.keys import SHIFT
from geoaccess.kernels.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from geoaccess.network import Arcs
    from geoaccess.routing.field import NearestField

__all__ = ["Beside", "closing_effects", "closing_touches"]

_AT_ONCE = 4096


class Beside(NamedTuple):
    """Cells that a closing leaves no more than some ends of their edge, as it is known on which side of it they live.

    Those of closing i are cell[first[i]:first[i + 1]], sorted, by their place among the attached cells. Each `keeps` 1
    for the end u, 2 for v, 3 for both, 0 for none. No site is along their edge.
    """

    first: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int32]
    keeps: npt.NDArray[np.int8]

    @classmethod
    def none(cls, closings: int) -> Beside:
        """Return that no closing has such cells."""
        return cls(np.zeros(closings + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int8))


@checks_arguments
def closing_effects(
    field: NearestField,
    edges: Sequence[npt.NDArray[np.int32]],
    *,
    norms_ds: Sequence[float | npt.NDArray[np.float64]] = (),
    beside: Beside | None = None,
    begun: npt.NDArray[np.float64] | None = None,
    keep: Callable[[int, npt.NDArray[np.float64]], None] | None = None,
    done: Callable[[int], None] | None = None,
) -> npt.NDArray[np.float64]:
    """Close each set of edges on its own, as `close_edges` would, and sum up what that does to people.

    The field stays as it is. A closing costs what it touches, however many cells and sites there are; all threads work.

    Parameters
    ----------
    field
        Solved for k = 1, with cells attached and their people.
    edges
        The edges that close together, for each closing.
    norms_ds
        Target times in deciseconds, each one for all cells or one for each.
    beside
        Cells along closed edges that do not keep both ends of them; all others do.
    begun
        The rows of the first closings, from a run before on the same field.
    keep
        Called with the number of the first closing of some that are finished, and their rows.
    done
        Called with how many more closings are finished.

    Returns
    -------
    A row for each closing, columns as `geoaccess.kernels.closings` names them: people delayed, people cut off, cells in
    which they live, person-deciseconds lost by the former, the longest delay in deciseconds, and per norm the people
    who were within it and are not.

    Raises
    ------
    InputError
        If the field was solved for more than one site, no cells are attached, or `beside` is of other closings.
    """
    beside = _checked(field, edges, beside)
    cells, out, back, n_edges = field.cells(), field.out, field.back, field.network.n_edges
    limits = np.empty((len(norms_ds), len(cells.rows)))
    for row, norm_ds in zip(limits, norms_ds, strict=True):
        row[:] = norm_ds
    found = np.zeros((len(edges), closings.OVER + len(limits)))
    known = 0 if begun is None else min(len(begun), len(edges))
    if begun is not None:
        found[:known] = begun[:known]
    if done and known:
        done(known)
    if known == len(edges):
        return found
    threads = min(thread_count(), len(edges))
    keys = np.repeat(field.keys[:, 0][None], threads, axis=0)
    cost, back_cost = np.repeat(out.cost_ds[None], threads, axis=0), np.repeat(back.cost_ds[None], threads, axis=0)
    nodes, old, seen = _room(field, threads)
    by_edge, by_edge_back = _arcs_by_edge(out, n_edges), _arcs_by_edge(back, n_edges)
    before, direct, (first, listed) = field.attached_times_ds(), _direct(field), _listed(edges)
    for begin in range(known, len(edges), _AT_ONCE):
        end = min(begin + _AT_ONCE, len(edges))
        closings.close_each(
            keys, out.start, out.head, cost, back.start, back.head, back_cost,
            *by_edge, by_edge_back[0], by_edge_back[2], *field.standing.seeds_by_node(),
            cells.first, cells.listed, cells.rows, direct, before, cells.people, limits,
            first[begin : end + 1], listed, beside.first[begin : end + 1], beside.cell, beside.keeps,
            nodes, old, seen, found[begin:end],
        )  # fmt: skip
        if keep:
            keep(begin, found[begin:end])
        if done:
            done(end - begin)
    return found


@checks_arguments
def closing_touches(
    field: NearestField, edges: Sequence[npt.NDArray[np.int32]], *, beside: Beside | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return (first, cell, time_ds): what the cells that each closing touches have for a time then.

    Closing i touches the attached cells cell[first[i]:first[i + 1]], sorted; those that reach nothing have `FAR`. The
    field stays as it is. Arguments and errors are those of `closing_effects`.
    """
    beside = _checked(field, edges, beside)
    if not edges:
        return np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int64)
    cells, out, back, n_edges = field.cells(), field.out, field.back, field.network.n_edges
    by_edge, by_edge_back = _arcs_by_edge(out, n_edges), _arcs_by_edge(back, n_edges)
    nodes, old, seen = _room(field, 1)
    found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64]] = closings.touched_by_each(
        field.keys[:, 0].copy(), out.start, out.head, out.cost_ds.copy(), back.start, back.head, back.cost_ds.copy(),
        *by_edge, by_edge_back[0], by_edge_back[2], *field.standing.seeds_by_node(),
        cells.first, cells.listed, cells.rows, _direct(field), *_listed(edges), beside.first, beside.cell, beside.keeps,
        nodes[0], old[0], seen[0],
    )  # fmt: skip
    return found


def _checked(field: NearestField, edges: Sequence[npt.NDArray[np.int32]], beside: Beside | None) -> Beside:
    if field.k != 1:
        raise InputError(f"the field has k = {field.k}; solve it for k = 1, which is all that closing looks at")
    beside = Beside.none(len(edges)) if beside is None else beside
    if len(beside.first) != len(edges) + 1:
        raise InputError(f"beside is of {len(beside.first) - 1} closings, but {len(edges)} are asked for")
    return beside


def _room(
    field: NearestField, threads: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    """Return what each thread writes to: nodes and their keys before, and marks of cells."""
    n = field.network.n_nodes
    return (
        np.empty((threads, n), np.int32),
        np.empty((threads, n), np.uint64),
        np.zeros((threads, len(field.cells().rows)), np.bool_),
    )


def _direct(field: NearestField) -> npt.NDArray[np.int32]:
    """Return the time of each attached cell to a site that it comes to by no node."""
    return (field.keys_aside()[:, 0] >> SHIFT).astype(np.int32)


def _listed(edges: Sequence[npt.NDArray[np.int32]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    first = np.concatenate([[0], np.cumsum([part.size for part in edges])]).astype(np.int64)
    return first, np.concatenate(edges).astype(np.int32)


def _arcs_by_edge(
    arcs: Arcs, n_edges: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (first, tail, arc): the arcs of edge e and where they begin stand at first[e]:first[e + 1]."""
    real = np.flatnonzero(arcs.edge >= 0).astype(np.int32)
    tail = np.repeat(np.arange(arcs.start.size - 1, dtype=np.int32), np.diff(arcs.start))[real]
    first, tails, _, at = graph.rows(
        n_edges, np.ascontiguousarray(arcs.edge[real], np.int32), tail, np.zeros_like(tail)
    )
    return first, tails, real[at]
