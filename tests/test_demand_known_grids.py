"""Population grids that are known by their columns."""

from __future__ import annotations

import re

import geopandas as gpd
import pytest
import shapely
import test_study_tiny as tiny
from test_study_tiny import write_study

from geoaccess.demand import KNOWN_GRIDS, recognise_grid
from geoaccess.study import check, load_study, stages

PEOPLE = tiny.STUDY.replace('people = "people"\n', "", 1)


def studied(folder, name, write):
    path = write_study(folder, PEOPLE.replace("people.csv", name))
    write(path.parent / name)
    return load_study(path)


def test_every_known_grid_is_recognised_by_its_own_columns_only():
    for grid in KNOWN_GRIDS:
        found = recognise_grid(["fid", grid.cell_id, grid.people, "geometry"])
        assert found is not None
        assert found[1:] == (grid.cell_id, grid.people)
        assert recognise_grid([grid.cell_id]) is None


def test_finnish_ids_lie_in_the_grid_of_finland(tmp_path):
    study = studied(
        tmp_path, "vaki.csv", lambda path: path.write_text("id_nro,kunta,grd_id,vaesto\n1,091,1kmN6672E386,150\n")
    )
    cells = stages.read_people(study)
    assert cells.crs.to_epsg() == 3067
    assert cells.total_bounds.tolist() == [386_000, 6_672_000, 387_000, 6_673_000]
    assert cells["population"].tolist() == [150]


def test_norwegian_grid_with_semicolons(tmp_path):
    content = "SSBID0250M;pop_tot\n25000007700250;12\n25002507700250;3\n"
    study = studied(tmp_path, "rutenett.csv", lambda path: path.write_text(content))
    cells = stages.read_people(study)
    assert cells.total_bounds.tolist() == [500_000, 7_700_250, 500_500, 7_700_500]


def test_swedish_squares_are_placed_by_their_shapes(tmp_path):
    squares = gpd.GeoDataFrame(
        {"Ruta": ["6740007200000", "6750007200000"], "POP": [7, 9]},
        geometry=[shapely.box(x, 7_200_000, x + 1000, 7_201_000) for x in (674_000, 675_000)],
        crs=3006,
    )
    study = studied(tmp_path, "ruta.gpkg", lambda path: squares.to_file(path, engine="pyogrio"))
    cells = stages.read_people(study)
    assert (cells.crs.to_epsg(), cells["population"].sum(), len(cells)) == (3006, 16, 2)


def test_people_whose_number_is_not_given_are_counted_by_the_form_of_eurostat(tmp_path):
    rows = "CRS3035RES1000mN4775000E2918000,-8888\nCRS3035RES1000mN4775000E2919000,4\n"
    study = studied(tmp_path, "census.csv", lambda path: path.write_text("GRD_ID,T\n" + rows))
    cells = stages.read_people(study)
    assert cells["population"].tolist() == [4]
    assert cells.attrs["nodata"] == 1


def test_check_says_which_grid_and_what_the_study_names_goes_before(tmp_path):
    path = write_study(tmp_path, PEOPLE)
    people = path.parent / "people.csv"
    people.write_text(people.read_text().replace("cell_id,people", "GRD_ID,TOT_P"))
    lines = check(load_study(path))
    assert any(
        re.search("recognised by its columns: Eurostat, GEOSTAT grid of 2011.*not tried", line) for line in lines
    )
    path.write_text(PEOPLE.replace('file = "people.csv"', 'file = "people.csv"\npeople = "T"'))
    with pytest.raises(Exception, match=r"no column .*\"T\""):
        check(load_study(path))
