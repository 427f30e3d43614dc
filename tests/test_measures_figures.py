"""The figures of the ambulance chain: what is shipped, and what is refused."""

from __future__ import annotations

import pytest

from geoaccess import phrases
from geoaccess.errors import ConfigError, InputError, MissingFileError
from geoaccess.measures import ChainTimes, Mode, ResponseNorms, read_ambulance_figures
from geoaccess.measures.figures import CRAFTS, MODES
from geoaccess.shipped import shipped
from geoaccess.study.columns import WORDS
from geoaccess.study.settings.ambulance import AmbulanceSettings


@pytest.fixture(scope="module")
def text():
    return shipped("figures/ambulance.toml").read_text(encoding="utf-8")


def test_shipped_figures_are_seconds_and_each_has_a_source():
    figures = read_ambulance_figures()
    assert figures.norms == ResponseNorms(built_up_s=12 * 60, sparse_s=25 * 60, share=0.9)
    assert list(figures.modes) == ["car", "boat", "helicopter", "aeroplane"]
    assert figures.modes["car"] == Mode(ChainTimes(120, 90, 1260, 1200), availability=0.99)
    assert figures.modes["helicopter"] == Mode(ChainTimes(120, 300, 1260), 0.9, cruise_kph=220, leg_s=360)
    assert (figures.sources["source"].str.len() > 0).all()
    assert len(figures.sources) == 3 + 5 + 3 * 7
    boat = figures.sources.query("kind == 'boat'").set_index("figure")["value"]
    assert figures.modes["boat"].leg_s == 60 * boat["leg_min"]
    assert figures.modes["boat"].cruise_kph == pytest.approx(28.7 * 1.852, abs=0.5)  # knots, as the source has it


def test_a_copy_with_figures_of_ones_own_is_read(text, tmp_path):
    copy = tmp_path / "ours.toml"
    copy.write_text(text.replace("mobilisation_min = { value = 1.5", "mobilisation_min = { value = 2.5"), "utf-8")
    assert read_ambulance_figures(copy).modes["car"].times.start_s == 270


def test_all_that_is_wrong_with_a_copy_is_reported_at_once(text, tmp_path):
    copy = tmp_path / "ours.toml"
    copy.write_text(
        text.replace("handover_min = { value = 20", "handover_min = { value = -20")
        .replace('leg_min = { value = 4, source = "our estimate" }', "leg_min = { value = 4 }", 1)
        .replace("detour = { value = 1.3", "detuor = { value = 0.3", 1)
        .replace("share = { value = 0.9", "share = { value = 90", 1),
        "utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        read_ambulance_figures(copy)
    message = str(caught.value)
    for words in ("ours.toml", '"car.handover_min.value"', "-20", '"boat.leg_min.source" is missing', "detuor"):
        assert words in message
    assert '"norms.share.value"' in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"nowhere\.toml"):
        read_ambulance_figures(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: ChainTimes(-1, float("nan"), 0),
            ["ChainTimes: 2 problems", "call_handling_s is -1", "mobilisation_s"],
        ),
        (lambda: ChainTimes(0, 0, float("inf")), ["on_scene_s is inf", "seconds >= 0"]),
        (lambda: Mode(ChainTimes(0, 0, 0), availability=1.2, detour=0.9), ["availability is 1.2", "detour is 0.9"]),
        (lambda: Mode(ChainTimes(0, 0, 0), cruise_kph=0), ["cruise_kph is 0"]),
        (
            lambda: ResponseNorms(built_up_s=0, sparse_s=float("nan"), share=90),
            ["built_up_s", "sparse_s", "share is 90"],
        ),
    ],
)
def test_values_out_of_range_are_refused(make, words):
    with pytest.raises(InputError) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def test_modes_are_named_alike_by_figures_studies_columns_and_colours():
    assert tuple(read_ambulance_figures().modes) == MODES
    assert {name for name in MODES if name in AmbulanceSettings.model_fields} == {*CRAFTS}
    assert set(WORDS["mode"]) == {*CRAFTS}
    craft = {"stations": {"service": "base"}}
    given = {name: craft | ({} if name == "helicopter" else {"ports": {"service": "quay"}}) for name in CRAFTS}
    assert {*AmbulanceSettings.model_validate({"base": "base", "site": "site", **given}).crafts} == {*CRAFTS}
    for language in ("en", "nb"):
        assert all(phrases.text(language, f"map.mode_{name}") for name in MODES)
