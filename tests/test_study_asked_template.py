"""What the template of a study tells in comments can be set as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geoaccess.study import load_study
from tests.test_study_asked_supply import write

TEMPLATE = (Path(__file__).parents[1] / "configs" / "template.toml").read_text(encoding="utf-8")


def template_part(title, upto):
    """The commented lines from a title to the next blank line, as they would be written."""
    part = TEMPLATE[TEMPLATE.index(f"# {title}") :].split("\n\n")[0]
    return "\n".join(line.removeprefix("# ") for line in part.splitlines() if upto.match(line))


@pytest.mark.parametrize(
    ("title", "without"),
    [("[[zonings]]", ()), ("[catchments.gp_per_person]", ("lists",)), ("[equity]", ()), ("[staff]", ())],
)
def test_the_tables_of_the_template_load(tmp_path, title, without):
    lines = template_part(title, re.compile(r"# (\[|\w+ = )")).splitlines()
    text = "\n".join(line for line in lines if line.split(" = ")[0] not in without)
    path = write(tmp_path, f"{text}\n")
    described = load_study(path).described()
    assert described[re.sub(r"\W", " ", title).split()[0]]


@pytest.mark.parametrize("number", range(3))
def test_the_keys_of_a_service_in_the_template_load(tmp_path, number):
    """With one of the three rules at a time, and hours or days."""
    lines = template_part("levels = ", re.compile(r"# \w+ = ")).splitlines()
    rules = [line for line in lines if line.startswith("rule")]
    others = [line for line in lines if not line.startswith(("rule", "sites_of", "days_per_week"))]
    opening = template_part("[opening]", re.compile(r"# (\[|\w+ = )"))
    text = "\n".join([*others, rules[number]])
    path = write(tmp_path, f"{opening}\n[services.other]\nlabel = 'Other'\n{text}\n")
    service = load_study(path).settings.services["other"]
    assert service.rule.kind == ("own", "names", "table")[number]
    assert service.levels[1] == service.at_least == "fødeavdeling"
