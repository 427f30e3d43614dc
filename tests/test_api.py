"""The names that users see: where they stand, their types, and what they answer to arguments of a wrong type."""

import inspect
import pickle
import re
import subprocess
import sys
import typing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geoaccess as ga

ROOT = Path(__file__).parents[1]
SPACES = [
    "ambulance",
    "catchment",
    "demand",
    "equity",
    "measures",
    "network",
    "routing",
    "scenarios",
    "services",
    "siting",
    "studies",
    "zones",
]


def line():
    return ga.Network.from_edges(
        lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    )


def points(**lon):
    return gpd.GeoSeries.from_xy(list(lon.values()), [60.0] * len(lon), index=list(lon), crs="EPSG:4326")


def functions():
    found = {}
    for name in ga.__all__:
        if inspect.isfunction(getattr(ga, name)):
            found[name] = getattr(ga, name)
    for space in SPACES:
        room = getattr(ga, space)
        for name in room.__all__:
            if inspect.isfunction(getattr(room, name)):
                found[f"{space}.{name}"] = getattr(room, name)
    return found


FUNCTIONS = functions()
PAPERS = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("[!_]*/*.md"))]
SHOWN = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in PAPERS)
WRONG = {"text": "hospital", "number": -3, "nothing": None, "object": object(), "list": ["gp"], "table": pd.DataFrame()}


def test_every_name_is_there_and_is_kept_once_it_was_asked_for():
    assert 40 <= len([name for name in ga.__all__ if name not in ga._NAMESPACES]) <= 46
    assert set(ga.__all__) == set(ga._NAMESPACES) | set(ga._ROOM_OF)
    assert set(ga.__all__) <= set(dir(ga))
    for name in ga.__all__:
        assert getattr(ga, name) is vars(ga)[name]
    with pytest.raises(AttributeError, match="no attribute 'within'"):
        ga.within  # noqa: B018


def test_every_name_that_the_readme_and_the_documentation_take_from_the_package_is_there():
    names = sorted(set(re.findall(r"\bga\.(\w+(?:\.\w+)?)", SHOWN)))
    assert len(names) > 40
    for name in names:
        space, _, rest = name.partition(".")
        assert space in ga.__all__, name
        assert not rest or rest in getattr(ga, space).__all__, name


def test_importing_the_package_imports_no_table_library():
    code = "import geoaccess, sys; sys.exit(bool({'pandas', 'numba', 'geopandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_error_is_one_of_ours():
    for name in ga.errors.__all__:
        assert issubclass(getattr(ga.errors, name), (ga.GeoaccessError, ga.GeoaccessWarning))
    for kind in vars(ga.errors).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert kind.__name__ in ga.errors.__all__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_public_function_returns_one_of_two_types(name):
    returned = inspect.get_annotations(FUNCTIONS[name])["return"]
    assert " | " not in returned or returned.endswith("| None"), returned
    assert not typing.get_overloads(FUNCTIONS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_is_the_same_after_pickling(name):
    assert pickle.loads(pickle.dumps(FUNCTIONS[name])) is FUNCTIONS[name]


GOOD = {
    "network": line(),
    "cells": points(home=10.1, farm=10.2),
    "sites": points(west=10.0, east=10.2),
    "origins": points(home=10.1),
    "destinations": points(west=10.0),
    "candidates": points(new=10.05),
    "points": points(home=10.1),
    "values": [1.0, 2.0],
    "weights": [3.0, 4.0],
    "groups": ["a", "b"],
    "cutoff_s": 600.0,
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_wrong_argument_ends_in_a_message_of_ours(name, wrong, tmp_path, monkeypatch):
    """Each parameter in turn is of a wrong type, the others right where one can say what is right, else wrong too."""
    monkeypatch.chdir(tmp_path)
    function = FUNCTIONS[name]
    parameters = inspect.signature(function).parameters
    for asked in parameters:
        args, kwargs = [], {}
        for other, parameter in parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            if other == asked:
                value = WRONG[wrong]
            elif other in GOOD:
                value = GOOD[other]
            elif parameter.default is not parameter.empty:
                continue
            else:
                value = WRONG[wrong]
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.VAR_POSITIONAL):
                args.append(value)
            else:
                kwargs[other] = value
        try:
            function(*args, **kwargs)
        except ga.GeoaccessError:
            continue
        except Exception as error:  # noqa: BLE001
            pytest.fail(f"{name}({asked}={WRONG[wrong]!r}): {type(error).__name__}: {error}")


def test_the_message_names_function_parameter_value_and_what_to_give():
    with pytest.raises(ga.errors.ArgumentError) as caught:
        ga.nearest(line(), points(home=10.1), "hospital")
    assert str(caught.value) == (
        "nearest: sites is the str 'hospital'; it must be a GeoDataFrame, a GeoSeries or a DataFrame"
    )
    assert isinstance(caught.value, TypeError)
    with pytest.raises(ga.InputError, match=r"nearest: 2 arguments\n  - network is None.*\n  - k is the str 'two'"):
        ga.nearest(None, points(home=10.1), points(west=10.0), k="two")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ga.measures.expected_response(TEXTS, availability=0.5, last_resort_s=60), "expected_response"),
        (lambda: ga.measures.dependable_time(TEXTS, availability=0.5, probability=0.9), "dependable_time"),
        (lambda: ga.measures.expected_coverage(TEXTS, norm_s=60, availability=0.5), "expected_coverage"),
    ],
)
def test_text_in_a_column_of_numbers_is_named(call, name):
    with pytest.raises(ga.InputError, match=f"^{name}.*"):
        call()
    with pytest.raises(ga.InputError, match="soon"):
        call()


TEXTS = pd.DataFrame({"a": ["300", "soon"]})


def test_points_and_snapped_points_give_the_same_answer_everywhere():
    network, cells, sites = GOOD["network"], GOOD["cells"], GOOD["sites"]
    snapped = ga.snap(network, cells), ga.snap(network, sites)
    pd.testing.assert_frame_equal(ga.nearest(network, cells, sites), ga.nearest(network, *snapped))
    matrix = ga.travel_times(network, cells, sites)
    assert matrix.tolist() == [[300.0, 400.0], [700.0, 0.0]]
    assert np.array_equal(matrix, ga.travel_times(network, snapped[0], sites))
    assert np.array_equal(ga.shortest_path_trees(network, cells), ga.shortest_path_trees(network, snapped[0]))
    pairs = [ga.travel_times_within(network, *two, cutoff_s=1e4) for two in ((cells, sites), snapped)]
    pd.testing.assert_frame_equal(*pairs)
    other = ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[300])
    with pytest.raises(ga.InputError, match="cells: snapped on another network"):
        ga.nearest(other, *snapped)


USER = """
import geopandas as gpd
import geoaccess as ga

network = ga.read_osm("region.osm.pbf")
cells: gpd.GeoDataFrame = ga.read_cells("people.csv")
sites: gpd.GeoDataFrame = ga.read_sites("sites.csv")
times = ga.nearest(network, cells, sites)
reached = times["travel_time_s"].notna()
uneven: float = ga.gini(times["travel_time_s"][reached], weights=cells["population"][reached])
parts = ga.equity.decompose_theil_t([1.0, 2.0], groups=["a", "b"])
share = float(parts.loc["everybody"].to_dict()["between"])
"""


def test_a_user_file_is_typed(tmp_path):
    """Right use passes `mypy --strict`, and a slip in it is found: the types are there, and none of them is Any."""
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "slip.py").write_text(
        USER.replace("uneven: float", "uneven: str").replace("sites: gpd.GeoDataFrame", "sites: int")
    )
    names = ("user.py", "slip.py")
    # With the settings of the package, so that what mypy knows of it is taken from the cache, where it was run before.
    command = [sys.executable, "-m", "mypy", "--strict", *(str(tmp_path / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    ours = {
        name: [line for line in done.stdout.splitlines() if f"{name}:" in line and "error:" in line] for name in names
    }
    assert "checked 2 source files" in done.stdout, done.stdout + done.stderr
    assert ours["user.py"] == [], done.stdout
    assert len(ours["slip.py"]) >= 2, done.stdout


def test_plots_are_drawn_on_the_axes_given():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert ga.plot_times([300.0, np.nan], weights=[1, 3], axes=axes) is axes
    assert axes.get_lines()[0].get_ydata()[-1] == pytest.approx(25)
    square = ga.plot_lorenz([1.0, 3.0])
    assert ga.plot_lorenz([2.0, 2.0], axes=square) is square
    assert len(square.get_lines()) == 3
    assert square.get_lines()[1].get_ydata().tolist() == pytest.approx([0, 25, 100])
    bars = ga.plot_classes([60.0, 120.0, np.inf], classes=["1", "6", "6"])
    assert [bar.get_height() for bar in bars.patches] == [1, 2]
    with pytest.raises(ga.InputError, match="one number per cell"):
        ga.plot_times([1.0, 2.0], weights=[1.0])
