"""A run that asks for roads under several profiles reads the extracts once."""

from __future__ import annotations

import pytest
from test_study_tiny import PLACES, STUDY, write_roads, write_study

from geoaccess.osm import build
from geoaccess.osm.extract import read_files
from geoaccess.study import load_study, solve_study, stages

COMPUTED = """kind = "computed"
profile = "car"
most_central = 1000
note = "of the people"
[centrality.functions]
shop = [{ shop = "yes" }]
"""


def written(folder):
    path = write_study(folder, STUDY[: STUDY.index('kind = "table"')] + COMPUTED)
    write_roads(path.parent / "roads.osm.pbf", features=[(*PLACES["east"], {"shop": "yes"})])
    return load_study(path)


def kept(study):
    """Return the bytes of every array of each network in a cache, by the names of the folders."""
    folders = sorted(study.cache.glob("network-*"))
    return {folder.name: {file.name: file.read_bytes() for file in sorted(folder.rglob("*.npy"))} for folder in folders}


@pytest.fixture
def readings(monkeypatch):
    """For how many profiles files were read, reading by reading."""
    found = []

    def counted(paths, profiles, **options):
        found.append(len(profiles))
        return read_files(paths, profiles, **options)

    monkeypatch.setattr(build, "read_files", counted)
    return found


def test_the_network_of_computed_classes_comes_of_the_same_reading(tmp_path, readings):
    study = written(tmp_path / "together")
    (other,) = stages.with_other_profiles(study)
    assert other.settings.network.profile == "car"
    answers = solve_study(study, show=False)
    assert readings == [2]

    apart = written(tmp_path / "apart")
    for one in (apart, *stages.with_other_profiles(apart)):  # each by itself
        assert not stages.build_or_load_network(one)[1]
    assert readings == [2, 1, 1]
    assert kept(study) == kept(apart)
    assert len(kept(study)) == 2
    again = solve_study(apart, show=False)
    assert readings == [2, 1, 1]
    assert again.results.drop(columns="geometry").equals(answers.results.drop(columns="geometry"))


def test_a_network_that_is_kept_is_not_built_again_for_another(tmp_path, readings):
    study = written(tmp_path / "study")
    (other,) = stages.with_other_profiles(study)
    stages.build_or_load_network(other)
    stages.build_or_load_network(study, also=[other, other, study])
    assert readings == [1, 1]
