"""results.json, RESULTS.md and the figure of growth, all from what was measured."""

from __future__ import annotations

import json
import math
import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba

from benchmarks import osrm
from benchmarks.graphs import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.growth import Point
    from benchmarks.measure import Row

__all__ = ["line", "record", "record_country", "write"]

COUNTRY = "## A country"
_MET = {True: "yes", False: "**no**", None: ""}

PACKAGES = ("numpy", "numba", "scipy", "networkit", "pandana", "pyrosm", "pyroutingkit", "spopt")
AXES = {"nodes": "nodes", "sites": "sites", "cells": "cells", "lanes": "trees in one batch"}
COLOURS = {"scipy": "#d1495b", "bare": "#2a9d5c", "building": "#8d6e3f", "hierarchy": "#1b6ca8"}
OTHERS = ("#1b6ca8", "#8a6bbf", "#d98c21")

REASONS_OF_A_COUNTRY: dict[str, str] = {
    "run, nothing in the cache": (
        "What a second run finds in the cache took three quarters of the CPU time: reading the extract, two networks, "
        "attached cells. Both cores are busy nearly all the time."
    ),
    "info": "A second is the import of libraries and of our own rooms; the rest reads the network's tables.",
    "site, one gp": (
        "The study is solved as it stands before a place is chosen, and every service of it, not only the one asked "
        "about; one core waits while the main thread puts tables together."
    ),
    "isochrones": (
        "Areas are the land beside every road within reach: 200 000 lines, drawn on a grid by squares of 8 km. The "
        "water of each square is made, taken away and its area joined with the next by plane geometry, not on the grid."
    ),
}
REASONS: dict[str, str] = {
    "run configs/iceland.toml, warm": (
        "A run also computes the ambulance chain, a catchment, 200 draws around every index and the report; "
        "pictures are drawn by a second process, and on two cores it shares them with the tables."
    ),
    "pbf -> ways": (
        "Blocks are inflated and decoded in one pass over two threads, and places of nodes looked up in a second; one "
        "fused pass would save most of the second."
    ),
    "pbf -> network": (
        "pyrosm is about three times as fast on this machine as where the target was set (11.6 s). About a second of "
        "ours is the import of libraries."
    ),
    "network -> hierarchy": (
        "Nine tenths of the time go into finding the order (nested dissection), which depends on no time of travel and "
        "is kept; new times for it are measured apart. pandana is faster here than where the target was set."
    ),
    "new times -> hierarchy": (
        "A generated lattice has no small separators: its hierarchy has 66 million triangles, gone over twice by all "
        "threads. Four fifths of them are over nodes that stand on one another, and are lowered eight at once: a tenth "
        "of the time. The rest goes by in short lists that wait for each other. Roads of a country of twice as many "
        "nodes take a quarter of this."
    ),
    "nearest site with label": (
        "The goal was set from a trial on the order by contraction, of 2.5 arcs a node on the lattice; by nested "
        "dissection, which has new times in a fraction of a second, it has 4.1. Of 9 ms of CPU at a million nodes 4.4 "
        "go down (1.1 ns an arc, bound by instructions: four arcs at once instead of two are no sooner, one by one "
        "twice as slow), 2.3 go up, 1.6 write keys by node (written in place at once, they take 10 ms instead of 6: "
        "where a key goes is then known too late). Iceland: 0.5 ms with all in the cache of the processor, twice that "
        "without."
    ),
    "5 nearest sites with labels": (
        "pandana is several times faster on this graph than where the target was set (18.9 s at a million nodes). Of "
        "53 ms of CPU on the lattice 33 go down: along one arc in three (one in seven of Iceland) the sites of both "
        "nodes are not the same in the same order, and are merged by 130 instructions. 9 go up, the rest is new memory "
        "and rows written by node."
    ),
    "one-to-all": (
        "A third of the time is new memory for the answer, 256 bytes a node, which the system clears first. A row of "
        "64 times is read for every arc: 4 x the bytes of the answer on the lattice, twice on roads. Times between "
        "some places only (the matrix) take far less."
    ),
    "add one site": (
        "The change touches one node in forty: half a millisecond of searching. The rest goes by in Python, with "
        "taking back the one before. A whole solve of Iceland takes 5 ms."
    ),
    "move one site": (
        "A move takes a site away and adds it elsewhere: twice the nodes. The full solve beside it is the "
        "hierarchy's; it is 0.5 s without one."
    ),
    "sweep for the nearest site": (
        "The copy streams; a sweep waits for the key of one node before it can have the next, and going up it waits "
        "for arcs that lie scattered in memory. Threads meet at the top of the hierarchy, which is for one of them, "
        "and wait for each other on a busy machine."
    ),
    "sweep of": (
        "A row is written where its node stands in the answer, not one after another as the copy does, and read again "
        "for every arc that leads to it: 4.1 arcs a node on the lattice. Going up takes a tenth."
    ),
}
"""Why a target is not met, measured, and what would be needed: by how the names of the tasks begin."""


def machine() -> dict[str, Any]:
    """Return what was measured on, and with which versions."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "missing"
    versions["OSRM"] = osrm.version()
    return {
        "cores": os.cpu_count(),
        "numba_threads": numba.get_num_threads(),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    try:
        listing = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(entry.split(":", 1)[1].strip() for entry in listing if entry.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def line(row: Row) -> str:
    """Return a row as one line of the terminal."""
    met, entry = {True: "met", False: "NOT MET", None: ""}[row.target.met(row)], row.as_json()
    peer = f"{row.peer} {_seconds(entry, 'peer')}".strip()
    parts = [row.task, row.graph, _seconds(entry, "ours"), peer, _times(entry), met, row.note]
    return " | ".join(part for part in parts if part)


def write(rows: Sequence[Row], points: Sequence[Point]) -> None:
    """Write all three beside this file."""
    _write([row.as_json() for row in rows], [point.as_json() for point in points], machine())
    if points:
        _figure(points)


def record(rows: Sequence[Row]) -> None:
    """Put rows into results.json and RESULTS.md in place of those of the same task, graph and peer.

    What was not measured, as on a graph that is not here, keeps its row, and the growth its points. A row whose peer is
    missing now replaces none.
    """
    known = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
    there = {_which(entry): entry for entry in known["results"]}
    for entry in (row.as_json() for row in rows if row.ours is not None):
        if "peer_s" in entry or "peer_s" not in there.get(_which(entry), {}):
            there[_which(entry)] = entry
    on, before = machine(), known["machine"]["versions"]
    on["versions"] = {name: before.get(name, now) if now == "missing" else now for name, now in on["versions"].items()}
    _write([*there.values()], known["growth"], on)


def _which(entry: dict[str, Any]) -> tuple[str, str, str]:
    """Return what tells a row from others: versions of a peer do not."""
    return entry["task"], entry["graph"], re.sub(r" [v\d.]+(?=[ ,]|$)", "", entry.get("peer", ""))


def _write(results: list[dict[str, Any]], growth: list[dict[str, Any]], on: dict[str, Any]) -> None:
    """Write results.json and RESULTS.md."""
    measured = {"machine": on, "results": results, "growth": growth}
    (HERE / "results.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    text = "\n".join(_text(results, on, grown=bool(growth))) + "\n"
    (HERE / "RESULTS.md").write_text(with_country(text, _country_lines()), encoding="utf-8")


def record_country(rows: Sequence[Row], *, described: str) -> None:
    """Put rows of a country into country.json and RESULTS.md; a task that is not among them keeps its row."""
    path = HERE / "country.json"
    known = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
    there = {(entry["task"], entry["graph"]): entry for entry in known}
    there |= {(row.task, row.graph): row.as_json() for row in rows}
    kept = {"machine": machine(), "country": described, "results": [*there.values()]}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    results = HERE / "RESULTS.md"
    text = results.read_text(encoding="utf-8") if results.exists() else "# Measured\n"
    results.write_text(with_country(text, _country_lines()), encoding="utf-8")


def with_country(text: str, lines: Sequence[str]) -> str:
    """Return RESULTS.md with the part on the country in place of the one that it has, before the part that follows."""
    before, _, rest = text.partition(f"\n{COUNTRY}\n")
    _, mark, after = rest.partition("\n## ")
    if not rest:
        before, mark, after = text.partition("\n## ")
    part = "\n".join(["", *lines, ""]) if lines else ""
    return before.rstrip("\n") + "\n" + part + (mark + after if mark else "")


def _country_lines() -> list[str]:
    """Return the part on the country, from country.json; nothing where none was measured."""
    path = HERE / "country.json"
    if not path.exists():
        return []
    kept = json.loads(path.read_text(encoding="utf-8"))
    on, graphs = kept["machine"], dict.fromkeys(entry["graph"] for entry in kept["results"])
    lines = [
        COUNTRY,
        "",
        f"{', '.join(graphs)}: {kept['country']}. On {on['cores']} cores ({on['processor']}), {on['memory_gb']} GB.",
        "Whole processes from start to end, once each; memory is that of all processes together, pages that they share",
        "counted once. Written by `python -m benchmarks.country --record`.",
        "",
        "| verb | graph | wall s | CPU s | MB | target | met | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in kept["results"]:
        numbers = [f"{entry[name]:.3g}" if name in entry else "" for name in ("ours_s", "ours_cpu_s")]
        numbers.append(f"{entry['peak_mb']:.0f}" if "peak_mb" in entry else "")
        cells = [
            entry["task"],
            entry["graph"],
            *numbers,
            entry.get("target", ""),
            _MET[entry.get("met")],
            entry.get("note", ""),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    unmet = [entry["task"] for entry in kept["results"] if entry.get("met") is False]
    if unmet:
        lines += ["", "Not met:", ""]
        lines += [f"- {task}: {REASONS_OF_A_COUNTRY.get(task, 'no reason written down yet.')}" for task in unmet]
    return lines


def _text(results: Sequence[dict[str, Any]], on: dict[str, Any], *, grown: bool) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in on["versions"].items())
    yield "# Measured"
    yield ""
    yield f"On {on['cores']} cores ({on['processor']}), {on['memory_gb']} GB, Python {on['python']}; {versions}."
    yield ""
    yield "Wall seconds, and CPU seconds of all threads in brackets; medians of several runs, ours and the peer's in"
    yield "turns in one process. Every answer was compared with the peer's or with scipy's, to the decisecond where the"
    yield "peer computes in whole numbers. The ratio is the peer's wall time over ours. Written by `make bench`, or in"
    yield "part by `python -m benchmarks.run --only NAME --record`."
    yield ""
    yield "| task | graph | geoaccess | peer | ratio | target | met |"
    yield "|---|---|---|---|---|---|---|"
    for entry in results:
        memory = f", {entry['peak_mb']:.0f} MB" if entry.get("peak_mb") else ""
        peer = f"{entry['peer']}: {_seconds(entry, 'peer') or 'not measured'}" if "peer" in entry else ""
        cells = [
            f"{_seconds(entry, 'ours')}{memory}",
            peer,
            _times(entry),
            entry.get("target", ""),
            _MET[entry.get("met")],
        ]
        yield f"| {' | '.join([entry['task'], entry['graph'], *cells])} |"
    yield from _notes(results)
    if grown:
        yield ""
        yield "## Growth"
        yield ""
        yield "![How cost grows with nodes, sites, cells and lanes](growth.png)"
        yield ""
        yield "Generated country; 500 sites where nodes vary, one million nodes elsewhere. All axes are logarithmic."


def _notes(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    described = dict.fromkeys((entry["graph"], entry["graph_is"]) for entry in results if "graph_is" in entry)
    if described:
        yield from ("", "## Graphs that are not, or not wholly, real", "")
        for name, about in described:
            yield f"- {name}: {about}."
    unmet = [entry for entry in results if entry.get("met") is False]
    if unmet:
        yield from ("", "## Not met", "")
        for (task, reason), graphs in _by_reason(unmet).items():
            yield f"- {task} ({'; '.join(graphs)}): {reason}"
    noted = [entry for entry in results if "note" in entry]
    if noted:
        yield from ("", "## Notes", "")
        for entry in noted:
            peer = f" ({entry['peer']})" if "peer" in entry else ""
            yield f"- {entry['task']}, {entry['graph']}{peer}: {entry['note']}."


def _by_reason(unmet: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Return the graphs on which a task does not reach its target, by the task and the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for entry in unmet:
        reasons = [reason for task, reason in REASONS.items() if entry["task"].startswith(task)]
        said = entry["task"], " ".join(reasons) or "no reason written down yet."
        found.setdefault(said, []).append(entry["graph"])
    return found


def _times(entry: dict[str, Any]) -> str:
    """Return how many times as fast as the peer, or as slow as a limit."""
    if "ratio" not in entry:
        return ""
    against = "the limit" in entry.get("target", "")
    return f"{1 / entry['ratio']:.2g} x the limit" if against else f"{entry['ratio']:.3g} x"


def _seconds(entry: dict[str, Any], whose: str) -> str:
    """Return wall seconds, and CPU seconds in brackets where they are known."""
    if f"{whose}_s" not in entry:
        return ""
    cpu = f" ({entry[f'{whose}_cpu_s']:.3g})" if f"{whose}_cpu_s" in entry else ""
    return f"{entry[f'{whose}_s']:.3g} s{cpu}"


def _figure(points: Sequence[Point]) -> None:
    """Draw one panel per axis."""
    from matplotlib.figure import Figure

    axes = [axis for axis in AXES if any(point.axis == axis for point in points)]
    height = (len(axes) + 1) // 2
    figure = Figure(figsize=(9, 3.6 * height), layout="constrained")
    panels = figure.subplots(height, 2, squeeze=False).ravel()
    for panel, axis in zip(panels, axes, strict=False):
        _panel(panel, axis, [point for point in points if point.axis == axis])
    for panel in panels[len(axes) :]:
        panel.set_visible(False)
    figure.savefig(HERE / "growth.png", dpi=90)


def _panel(panel: Any, axis: str, points: Sequence[Point]) -> None:
    series = list(dict.fromkeys(point.series for point in points))
    for i, name in enumerate(series):
        line = sorted((point.x, point.seconds) for point in points if point.series == name)
        colour = next((colour for word, colour in COLOURS.items() if word in name), OTHERS[i % len(OTHERS)])
        panel.plot(*zip(*line, strict=True), "o-", color=colour, label=name, markersize=3.5, linewidth=1.4)
    panel.set(xscale="log", yscale="log", xlabel=AXES[axis], ylabel="seconds")
    # Whole decades, so that two or more are labelled, and room for the legend above the lines.
    low = math.floor(math.log10(min(point.seconds for point in points)))
    high = math.ceil(math.log10(max(point.seconds for point in points)))
    room = 0.055 * len(series) + 0.04
    panel.set_ylim(10.0**low, 10.0 ** (low + (high - low) / (1 - room)))
    panel.grid(visible=True, color="#e4e4e4", linewidth=0.7)
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_axisbelow(True)
    panel.legend(frameon=False, fontsize=8, loc="upper left", labelspacing=0.3)
    panel.set_title(f"Growth with {AXES[axis]}", loc="left", fontsize=10)
