"""A study from its file to its answers and the files that show them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from geoaccess import demand, files, nvdb
from geoaccess.arguments import checks_arguments
from geoaccess.background import background
from geoaccess.frames import beside, crs_of
from geoaccess.network.prepared import release
from geoaccess.phrases import Writer
from geoaccess.progress import Stages
from geoaccess.study import stages
from geoaccess.study.answers import Answers
from geoaccess.study.cell_shapes import describe_shapes
from geoaccess.study.closed_roads import describe_closures, table_of_closures
from geoaccess.study.counted_people import refuse_lost_people
from geoaccess.study.doubtful_counts import doubtful_counts
from geoaccess.study.doubtful_sites import far_off, lacking_capacity, loose_features, same_places
from geoaccess.study.file_sizes import said_size
from geoaccess.study.idle_filters import idle_filters
from geoaccess.study.sections.demand_groups import larger_groups
from geoaccess.study.sections.inputs import PeopleInput, SolvedInput
from geoaccess.study.sections.registry import add_sections, check_names, check_sections, classes_asked_for
from geoaccess.study.stamps import InputStamps
from geoaccess.study.zonings import join_zonings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.background import Started
    from geoaccess.network import Network
    from geoaccess.study.settings.study_file import Study

__all__ = ["check", "check_inputs", "run_study", "solve_study", "solve_telling", "solve_times", "write_report"]

_STAGES, _STAGES_OF_CHECK = 10, 2
_FEW, _CROWDED = 10, 20_000  # people per km2


@checks_arguments
def solve_study(study: Study, *, network: Network | None = None, show: bool = True) -> Answers:
    """Compute a study without writing anything but the cache of its network; on a `network` where that is given."""
    check_names(study)
    with Stages(_STAGES - 1, show=show).running() as progress:
        return _solve(study, progress, network=network)


def solve_telling(
    study: Study, places_known: Callable[..., object], snapped_known: Callable[..., object], *, show: bool = True
) -> Answers:
    """Compute a study as `solve_study` does, and tell of its places before any search.

    `places_known` is called with `cells`, `sites`, `municipalities` and `network`, and `snapped_known` with cells and
    sites as they are attached to it.
    """
    check_names(study)
    with Stages(_STAGES - 1, show=show).running() as progress:
        return _solve(study, progress, places_known=places_known, snapped_known=snapped_known)


@checks_arguments
def solve_times(study: Study, *, show: bool = True) -> Answers:
    """Compute a study as `solve_study` does, but no classes, unless a section of it asks for them."""
    check_names(study)
    with Stages(_STAGES - 1, show=show).running() as progress:
        return _solve(study, progress, classes=classes_asked_for(study))


@checks_arguments
def run_study(study: Study, *, show: bool = True) -> Answers:
    """Compute a study and write its files into its output folder: all of them, or none.

    The files of a run before are replaced; whatever else is in the folder stays.

    Raises
    ------
    GeoaccessError
        With what is wrong with the study or its data, and how to fix it; nothing is written then.
    """
    with files.run_alone(study.output, what=f"geoaccess run {study.path.as_posix()}"):
        return _run(study, show=show)


def _run(study: Study, *, show: bool) -> Answers:
    """Compute a study and write its files into its output folder, which is held for it."""
    from geoaccess.study.results.output import known_of, refuse_clashes, write  # drawing libraries are slow to import
    from geoaccess.study.results.overview import INDICES, start_indices
    from geoaccess.study.results.pictures import IMPORTS, Pictures

    files.clear_leftovers(study.cache)
    refuse_clashes(study)
    check_names(study)
    tables: dict[str, Started[pd.DataFrame]] = {}
    with background(imports=IMPORTS) as pool, Stages(_STAGES, show=show).running() as progress:
        pictures = Pictures(pool, study)

        def draw(*, whole: bool, **known: Any) -> None:
            pictures.start(**known)
            release(known["network"])  # what was looked at to attach places, and to say why some reach no site
            if whole:  # else the indices count rows that are not there yet
                tables[INDICES] = start_indices(pool, study, known["results"])

        answers = _solve(
            study,
            progress,
            read_ahead=pictures.read_ahead,
            look_ahead=pictures.look_ahead,
            places_known=pictures.lay_ground,
            cells_known=draw,
        )
        pictures.start(**known_of(answers))
        with progress.stage("writing tables, maps and figures"):
            answers.files.extend(write(answers, pictures.started, tables=tables))
        return answers


@checks_arguments
def write_report(study: Study, *, show: bool = True) -> tuple[list[Path], str]:
    """Write the report of a study, as a page and as PDF; return the files, and why there is no PDF, "" if there is.

    The PDF has at most 12 sheets, what was found first; long tables are in a second one, the annex.

    The study is run first, unless its output folder holds a whole run of the same study, inputs and version.

    Raises
    ------
    GeoaccessError
        As `run_study`.
    """
    from geoaccess.study.results.output import REPORT, REPORT_ANNEX, REPORT_PDF, add_pdf, refuse_clashes, up_to_date

    refuse_clashes(study)
    check_inputs(study)
    with files.run_alone(study.output, what=f"geoaccess report {study.path.as_posix()}"):
        if not up_to_date(study):
            _run(study, show=show)
        why_not = add_pdf(study)  # of this run: another one would have another record
    return [study.output / name for name in ((REPORT,) if why_not else (REPORT, REPORT_PDF, REPORT_ANNEX))], why_not


def _solve(
    study: Study,
    progress: Stages,
    *,
    network: Network | None = None,
    read_ahead: Callable[[], object] | None = None,
    look_ahead: Callable[[gpd.GeoDataFrame], Callable[[], object]] | None = None,
    places_known: Callable[..., object] | None = None,
    snapped_known: Callable[..., object] | None = None,
    cells_known: Callable[..., None] | None = None,
    classes: bool = True,
) -> Answers:
    """Solve a study, and say in between what pictures can be drawn of.

    `read_ahead` is called once the extracts are read for a network that is then built, and begins to ask them what is
    asked next; `look_ahead` with the people once the network is kept, and what it returns waits for both.
    `places_known` is called with cells, sites, municipalities and network before any search, `snapped_known` with where
    these places are attached; `cells_known` with what the first got, times and sites once there are times, and again
    with the classes, before sections follow. `classes` may be left out.
    """
    study.refuse_absent()
    stamps = InputStamps.of(study)
    begun: list[Callable[[], object]] = []
    with stages.loading_ahead(study) if network is None else nullcontext() as ahead:
        with progress.stage("reading people"):
            people = stages.read_people(study)
            _figures_fit(study, people)
        with progress.stage("building the network"):
            from_cache = network is not None
            if network is None:
                also = stages.with_other_profiles(study, classes=classes)
                kept = None if look_ahead is None else (lambda: begun.append(look_ahead(people)))
                network, from_cache = stages.build_or_load_network(
                    study, also=also, say=progress.say, sifted=read_ahead, kept=kept, ahead=ahead
                )
        with progress.stage("reading sites"):
            for wait in begun:
                wait()
            mapped = stages.read_mapped(study)
            sites = stages.read_places(study, mapped)
            stages.refuse_swapped(study, sites, people)
        with progress.stage("joining municipalities"):
            cells, municipalities = stages.remembered_of(
                "people in zones",
                (people, sites, mapped),
                stages.before_roads(study),
                lambda: _in_zones(study, people, sites, mapped),
            )
            if places_known is not None:
                places_known(cells=cells, sites=sites, municipalities=municipalities, network=network)
        with progress.stage("snapping cells and sites"):  # needs no order, which is loaded meanwhile
            snapped = stages.snap_all(study, network, people, sites)  # the same for whatever is said of them
            if snapped_known is not None:
                snapped_known(snapped)
        with progress.stage("contracting the network"):
            # What lies under maps is made meanwhile, which needs people in municipalities and the network alone.
            hierarchy = stages.contract_or_load(study, network, ahead=ahead)
            vehicles = stages.roads_of_vehicles(study, stages.vehicle_hierarchy(study), people, sites)
    with progress.stage("searching the nearest sites"):
        times = stages.search_nearest(study, hierarchy, snapped, sites, vehicles=vehicles).columns()
        known = {"sites": sites, "municipalities": municipalities, "network": network}
        if cells_known is not None:
            cells_known(results=beside(cells, times), whole=False, **known)
    with progress.stage("joining classes"):
        if classes:
            given, centrality = stages.join_classes(study, hierarchy, mapped, snapped, cells, sites)
        else:
            given, centrality = stages.no_classes(study, cells)
    with progress.stage("summing up"):
        results = beside(cells, given, times)
        if cells_known is not None:
            cells_known(results=results, whole=not people.attrs.get(demand.UNPLACED), **known)
        added = add_sections(
            SolvedInput(study, results, sites, municipalities, people, mapped, hierarchy, snapped, vehicles)
        )
        results = beside(results, added.columns)
        results = results[[*(name for name in results.columns if name != "geometry"), "geometry"]]
        refuse_lost_people(results, cells, study)
    lost = sites.index[(snapped.sites["edge"] < 0).to_numpy()]
    return Answers(
        study=study,
        hierarchy=hierarchy,
        results=results,
        sites=sites,
        zones=municipalities,
        snapped=snapped,
        centrality=centrality,
        tables=added.tables,
        sites_not_snapped=[str(label) for label in lost],
        from_cache=from_cache,
        seconds=progress.seconds,
        files=[],
        vehicles=vehicles,
        unplaced=people.attrs.get(demand.UNPLACED, {}),
        stamps=stamps,
        classes=classes,
    )


def _in_zones(
    study: Study, people: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, mapped: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, stages.Municipalities | None]:
    """Return cells with all that is known of their people before any search, and the municipalities."""
    joined, municipalities = stages.join_zones(study, people)
    kept = people[["population", "geometry"]]
    named = join_zonings(study, people, joined)
    cells = beside(kept, joined[["municipality_id", "municipality", "region", "zone_note"]], named)
    known = PeopleInput(study, cells, sites, municipalities, people, mapped)
    cells = beside(cells, check_sections(known))
    return beside(cells, stages.own_norms(study, cells, people)), municipalities


def _figures_fit(study: Study, cells: gpd.GeoDataFrame) -> None:
    """Raise, before any search, what the maps would raise of the projection that [figures] asks for."""
    if study.settings.figures.crs is not None:
        from geoaccess.study.results.pictures import drawing_crs

        drawing_crs(study, cells)


def check_inputs(study: Study) -> None:
    """Check what can be checked at once: that every input is there, the profile and the table of ferries.

    Raises
    ------
    GeoaccessError
        With what is wrong, and how to fix it.
    """
    from geoaccess.osm import read_closures, read_ferry_table, read_profile

    study.refuse_absent()
    read_profile(study.profile)
    if study.ferries is not None:
        read_ferry_table(study.ferries)
    if study.closures is not None:
        read_closures(study.closures)
    stages.check_scheme(study)
    check_names(study)


def _plausible(cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Say how densely people live, and what may be no number of people."""
    density = demand.people_per_km2(cells)
    lines = [writer.text("c_density", n=writer.number(density, 1 if density < _FEW else 0))]
    if density > _CROWDED:
        lines.append(writer.text("c_crowded", n=writer.people(density)))
    if doubted := demand.doubtful_value(cells):
        value, number = doubted
        lines.append(writer.text("c_doubtful", n=writer.people(number), value=f"{value:.0f}"))
    return lines


def _asked_about(known: PeopleInput, columns: pd.DataFrame, writer: Writer) -> list[str]:
    """Say how many are asked about for each service that is not for everybody, and which groups are doubtful."""
    lines = [
        writer.text("c_asked", service=spec.key, who=spec.who, n=writer.people(columns[spec.population].sum()))
        for spec in known.study.specs
        if spec.population in columns
    ]
    return lines + [
        writer.text("c_larger", name=name, cell=cell, n=number)
        for name, cell, number in (larger_groups(known) if len(columns.columns) else [])
    ]


def _files_and_texts(study: Study, writer: Writer) -> list[str]:
    """Name the files that are read, and the texts that lack the language of the study."""
    lines = [
        writer.text("c_file", what=writer.input_name(what), path=path, size=said_size(path, writer))
        for what, path in study.inputs.items()
    ]
    lacks = writer.text("c_lacks", n=len(study.lacking), keys=writer.listed(study.lacking))
    return [*lines, lacks] if study.lacking else lines


def _remarks(study: Study, cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Say what was taken of the file of people where it left something open, and whom it has in no cell."""
    known = cells.attrs
    found = [writer.text("c_layer", layer=known["layer"])] if "layer" in known else []
    found += [writer.text("c_nodata", n=writer.people(known["nodata"]))] if "nodata" in known else []
    if "grid" in known:
        found.append(writer.text("c_grid" if known["grid_tried"] else "c_grid_untried", grid=known["grid"]))
    for name, number in known.get(demand.UNPLACED, {}).items():
        found.append(writer.text("c_unplaced", n=writer.people(number), name=name))
    found += [writer.text("c_no_border", tag=known["no_border"])] if "no_border" in known else []
    if study.settings.population.crs == "auto":
        found.append(writer.text("c_crs", crs=crs_of(cells).to_string()))
    return found + ([writer.text("c_anchor", anchor=known["anchor"])] if "anchor" in known else [])


def _roads_found(study: Study, writer: Writer) -> list[str]:
    """Refuse an extract of a form that is not read; look through the NVDB Ruteplan, of which there is more to say."""
    from geoaccess.osm.formats import check_format

    for name in study.settings.network.osm:
        check_format(files.require(study.resolve(name)))
    if study.nvdb is not None:
        return [writer.text("c_links", n=nvdb.check_links(study.nvdb)), writer["c_nvdb_lacks"]]
    return []


def _attached(
    study: Study, people: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, writer: Writer, *, show: bool
) -> tuple[Network, list[str]]:
    """Attach cells and sites to the roads as a run does, and say what is too far off; look at what closes roads."""
    with Stages(_STAGES_OF_CHECK, show=show).running() as progress:
        with progress.stage("building the network"):
            network, _ = stages.build_or_load_network(study, say=progress.say)
            driven = stages.vehicle_network(study)
        with progress.stage("snapping cells and sites"):
            snapped = stages.snap_all(study, network, people, sites)
            if driven is not None:
                stages.snap_all(study, driven[1], people, sites)
    metres = writer.plain(study.settings.snap.max_m)
    far = (snapped.cells["edge"] < 0).to_numpy()
    found = []
    if far.any():
        total, lost = people["population"].sum(), people["population"][far].sum()
        share = writer.share(lost / total if total else 0.0)
        found.append(writer.text("c_snapped", n=writer.people(lost), share=share, m=metres))
    lost_sites = sites.index[(snapped.sites["edge"] < 0).to_numpy()]
    if len(lost_sites):
        found.append(writer.text("left_out", m=metres, names=", ".join(map(str, lost_sites))))
    found += stages.lost_ferry_rows(study, network, writer)
    return network, found + describe_closures(study, [network, *([] if driven is None else driven[1:])], writer)


@checks_arguments
def check(study: Study, *, show: bool = True) -> list[str]:
    """Read the configuration and every input, compute no travel times, and return what was found, a line each.

    Cells and sites are attached to the roads as in a run; the network, where cells are attached, and which municipality
    each lies in are kept in the cache, for the run that follows.

    Raises
    ------
    GeoaccessError
        With the first input that is wrong, and how to fix it.
    """
    from geoaccess import maps
    from geoaccess.study.results.output import refuse_clashes

    refuse_clashes(study)
    check_inputs(study)
    writer = Writer(study.settings.language, ("terminal",), study.words)
    found = [*_files_and_texts(study, writer), *_roads_found(study, writer)]
    timetables = stages.check_timetables(study)
    if study.settings.reliability is not None:
        table_of_closures(study, table=None, season=None)
    cells = stages.read_people(study)
    _figures_fit(study, cells)
    found.append(writer.text("c_cells", n=writer.people(len(cells)), people=writer.people(cells["population"].sum())))
    found += _plausible(cells, writer)
    found += _remarks(study, cells, writer)
    found += describe_shapes(cells, stages.grid_of_people(study), writer)
    found += idle_filters(study, cells, writer)
    mapped = stages.read_mapped(study)
    sites = stages.read_places(study, mapped)
    stages.refuse_swapped(study, sites, cells)
    found += loose_features(mapped, writer)
    counts = sites["service"].value_counts(sort=False)
    found += [writer.text("c_sites", n=count, service=service) for service, count in counts.items()]
    found += same_places(sites, writer)
    joined, municipalities = stages.join_zones(study, cells)
    joined = joined.join(join_zonings(study, cells, joined))
    known = cells[["population", "geometry"]].join(joined)
    given = PeopleInput(study, known, sites, municipalities, cells, mapped)
    columns = check_sections(given)
    stages.own_norms(study, known, cells)
    found += _asked_about(given, columns, writer)
    found += [*lacking_capacity(study, sites, writer), *doubtful_counts(study, writer)]
    maps.check_raster_grid(known, stages.grid_of_people(study))
    found += far_off(sites, cells, writer)
    network, said = _attached(study, cells, sites, writer, show=show)
    found += said + stages.describe_timetables(study, timetables, network, writer)
    inside = joined["municipality_id"] != ""
    outside = cells["population"].to_numpy()[~inside.to_numpy()].sum()
    number = joined["municipality_id"][inside].nunique()
    found.append(writer.text("c_municipalities", n=number, people=writer.people(outside)))
    known_classes = stages.classes_without_roads(study, cells[["population", "geometry"]].join(joined))
    if known_classes is not None:
        found.append(writer.text("c_classes", n=len(known_classes[1])))
    return found
