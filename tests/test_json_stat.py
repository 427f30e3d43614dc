"""Tables of statistics banks that say what cannot be: with why they are none, and never more memory than they have."""

from __future__ import annotations

import itertools
import json

import pytest

from geoaccess.errors import InputError
from geoaccess.questions.validation.statbank import read_ssb_12764
from geoaccess.tables import parse_json_stat, read_people_by_age

PLACE = {"label": "region", "category": {"index": {"0301": 1, "K-4601": 0}, "label": {"0301": "Oslo"}}}
WHOLE = "each whole number from 0 once"
YEAR = {"label": "år", "category": {"label": {"2024": "2024"}, "unit": {"2024": {"base": "minutter"}}}}
GOOD = {
    "id": ["R", "T"],
    "size": [2, 1],
    "dimension": {"R": PLACE, "T": YEAR},
    "value": [5, None],
    "role": {"time": ["T"]},
}


def test_codes_labels_units_and_values_stand_by_their_places():
    stat = parse_json_stat(json.dumps(GOOD))
    assert stat.codes == {"R": ["K-4601", "0301"], "T": ["2024"]}
    assert stat.labels["R"] == {"K-4601": "K-4601", "0301": "Oslo"}
    assert stat.units == {"R": {}, "T": {"2024": "minutter"}}
    assert list(stat.cells()) == [({"R": "K-4601", "T": "2024"}, "5"), ({"R": "0301", "T": "2024"}, "")]
    assert parse_json_stat(json.dumps(GOOD | {"value": {"1": 7}})).values == ["", "7"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "R"}, '"id" is no list'),
        ({"id": ["R", "R"]}, "stands twice"),
        ({"id": ["R", "X"]}, 'it has no "X"'),
        ({"dimension": []}, "dimension is no table"),
        ({"size": [3, 1]}, r"its size is \[3, 1\]"),
        ({"value": 5}, "it has no list of values"),
        ({"value": [1]}, r"it has 1 values for dimensions of \[2, 1\]"),
        ({"role": ["time"]}, "role is no table"),
        ({"dimension": {"R": PLACE | {"category": {"index": {"a": "x", "b": 1}}}, "T": YEAR}}, WHOLE),
        ({"dimension": {"R": PLACE | {"category": {"index": {"a": 0, "b": 0}}}, "T": YEAR}}, WHOLE),
        ({"dimension": {"R": PLACE | {"category": {"index": ["a", "a"]}}, "T": YEAR}}, "a code of R stands twice"),
        ({"value": {"2": 7}}, "it has a value at '2'"),
        ({"value": {"01": 7}}, "it has a value at '01'"),
        ({"value": [True, 7]}, "it has True for a value"),
        ({"dimension": {"R": PLACE | {"category": {}}, "T": YEAR}}, "index of a dimension is no table"),
        ({"label": "Os\ud800lo"}, r"half of a letter .\\ud800"),
    ],
)
def test_what_is_no_table_says_why(tmp_path, change, why):
    text = json.dumps(GOOD | change)
    with pytest.raises(ValueError, match=why):
        parse_json_stat(text)
    path = tmp_path / "a.json"
    path.write_text(text)
    assert read_people_by_age(path) is None
    with pytest.raises(InputError, match=rf"a\.json: is not JSON-stat 2\.0: .*{why}"):
        read_ssb_12764(path, service="hospital")


@pytest.mark.parametrize("text", ["[" * 100_000, "5", "[1]", '"id"', "{", "1" * 5000])
def test_other_json_is_none(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_json_stat(text)


def test_a_small_table_that_claims_a_world_of_values_is_refused_at_once():
    many = {name: {"category": {"index": [str(i) for i in range(200)]}} for name in "abcdefgh"}
    with pytest.raises(ValueError, match="2560000000000000000 values"):
        parse_json_stat(json.dumps({"id": [*many], "dimension": many, "value": {"0": 1}}))
    assert 200 ** len(many) == 2_560_000_000_000_000_000


def test_years_that_are_none_are_named(tmp_path):
    year = {"label": "år", "category": {"index": ["2024", "soon"]}}
    age = {"label": "alder", "category": {"index": ["0 år"]}}
    stat = {
        "id": ["R", "A", "T"],
        "dimension": {"R": PLACE, "A": age, "T": year},
        "value": list(itertools.repeat(1, 4)),
    }
    (tmp_path / "a.json").write_text(json.dumps(stat))
    with pytest.raises(InputError, match=r"a\.json: 1 years are no years, the first 'soon'"):
        read_people_by_age(tmp_path / "a.json")


def test_a_large_table_of_next_to_nothing_is_refused():
    names = [str(number) for number in range(1100)]
    dimension = {name: {"category": {"index": names}} for name in "RT"}
    with pytest.raises(ValueError, match=r"1210000 values, and it gives 1 of them"):
        parse_json_stat(json.dumps({"id": ["R", "T"], "dimension": dimension, "value": {"0": 1}}))
