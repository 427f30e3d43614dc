"""`check` finds what `run` would refuse, before any search."""

from __future__ import annotations

import pytest
from test_study_tiny import CELLS, STUDY, ZONES, cell_id, degrees, write_study

from geoaccess.errors import GeoaccessError
from geoaccess.study import check, load_study

PROJECTION = '\n[demand.projection]\nfile = "later.csv"\nyears = [2030]\n'
LATER = "kommunenummer,age,year,people\n"
RULE = 'rule = { kind = "own" }\n'


def refused(folder, text, **files):
    study = write_study(folder, text)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    with pytest.raises(GeoaccessError) as caught:
        check(load_study(study))
    return str(caught.value)


def test_projections_with_their_contents(tmp_path):
    rows = [f"{number},0+,2030,1000\n" for number in ZONES]
    near = STUDY.replace("max_nearest_m = 5000", "max_nearest_m = 50000")
    assert "2030" in refused(tmp_path / "a", near + PROJECTION, later=LATER + rows[0].replace("2030", "2031"))
    assert "zone 0103 has no row" in refused(tmp_path / "b", near + PROJECTION, later=LATER + "".join(rows[:2]))


@pytest.mark.parametrize("name", ["fid", "geom", "Geom", "geometry"])
def test_columns_that_a_geopackage_has_of_its_own(tmp_path, name):
    zoning = f'\n[[zonings]]\nkind = "column"\nname = "{name}"\ncolumn = "people"\n'
    assert "choose another name" in refused(tmp_path, STUDY + zoning)


@pytest.mark.parametrize(("key", "rule"), [("GP", ""), ("gp_allowed", RULE)])
def test_services_whose_columns_are_the_same(tmp_path, key, rule):
    text = STUDY.replace("norms_min = [10]\n", f'norms_min = [10]\n{rule}\n[services.{key}]\nlabel = "Another"\n')
    assert f"[services.{key}]: its column" in refused(tmp_path, text)


def moved(folder, at):
    study = write_study(folder)
    rows = (folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if not row.startswith("gp-east")]
    (folder / "sites.csv").write_text(
        "\n".join([*kept, f"gp-east,gp,east,{at[0]:.6f},{at[1]:.6f},no"]), encoding="utf-8"
    )
    return load_study(study)


def test_one_site_with_longitude_and_latitude_swapped(tmp_path):
    lon, lat = degrees(22.5, 0.5)
    with pytest.raises(GeoaccessError, match="swapped in 1 sites: gp-east"):
        check(moved(tmp_path, (lat, lon)))


def test_sites_far_from_everybody_are_named(tmp_path):
    found = check(moved(tmp_path, degrees(300, 0)))
    assert [line for line in found if "more than 100 km from all cells: gp-east" in line]


def test_a_grid_too_large_for_a_raster(tmp_path):
    study = write_study(tmp_path)
    far = ["CRS25833RES1000mN6000000E-3000000", "CRS25833RES1000mN9000000E4000000"]
    rows = [f"{label},1" for label in [*map(cell_id, CELLS), *far]]
    text = "\n".join(["cell_id,people", *rows]).replace("RES1000m", "RES100m")
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    with pytest.raises(GeoaccessError):
        check(load_study(study))
