"""What verbs answer: at three widths of the terminal with no number cut, and as one JSON document."""

from __future__ import annotations

import json
import math
import re

import pandas as pd
import pytest
from rich.cells import cell_len

from geoaccess import cli, phrases
from geoaccess.cli import answer as answers
from geoaccess.cli import terminal
from geoaccess.cli.answer import Answer, json_text
from geoaccess.cli.terminal import rich_tables, wrapped
from tests.test_norwegian import VERBS, folder  # noqa: F401 - a fixture
from tests.test_study_tiny import degrees

WIDTHS = (80, 120, 200)
NUMBER = re.compile(r"\d(?:[\d.,\u00a0\u202f]*\d)?")


def shown_at(width, monkeypatch, capsys, answer):
    """Return what an answer looks like at a width."""
    monkeypatch.setattr(terminal.out, "_width", width)
    monkeypatch.setattr(terminal, "_is_narrow", lambda: True)
    capsys.readouterr()
    answer.show()
    return capsys.readouterr().out


def is_readable(text, width):
    """No line is longer than the width, unless it is one word, such as a path; nothing is cut off by an ellipsis."""
    for line in text.splitlines():
        assert cell_len(line) <= width or " " not in line.strip(), line
        assert not re.fullmatch(r" *\d[\d.,%\u00a0\u202f]*[.,;]?", line), line  # a number, alone
    assert "\u2026" not in text
    for head in re.findall(r"\u250f[^\n]*\n(.*?)\n\u2521", text, re.DOTALL):
        assert len(head.splitlines()) <= 3, head


@pytest.fixture
def answered(monkeypatch, folder):  # noqa: F811
    """Return a function that runs a verb with --json and gives the answer instead of printing it."""
    monkeypatch.chdir(folder)
    (folder / "out").mkdir(exist_ok=True)
    for name in ("ferries_all.csv", "ny.toml", "car.toml"):
        (folder / "out" / name).unlink(missing_ok=True)
    places = {"FROM": "{:.5f},{:.5f}".format(*degrees(0.5, 0.5)), "TO": "{:.5f},{:.5f}".format(*degrees(27.5, -9.5))}

    def run(verb, language):
        kept, asked = [], []
        with monkeypatch.context() as patched:
            patched.setattr(Answer, "show", lambda self, **how: (kept.append(self), asked.append(how)))
            patched.setattr(
                "sys.argv",
                [
                    "geoaccess",
                    *(places.get(word, word) for word in VERBS[verb]),
                    "--json",
                    *(["--language", language] if language != "nb" else []),
                ],
            )
            with pytest.raises(SystemExit) as ended:
                cli.main()
        assert (ended.value.code or 0) == 0
        assert [how["as_json"] for how in asked] == [True]
        return kept[0]

    return run


def figures_in(value):
    """Yield every number of a document."""
    if isinstance(value, dict):
        for one in value.values():
            yield from figures_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from figures_in(one)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def written(values, language):
    """Return how these numbers may stand in a table: as they are, as minutes, kilometres, hours or shares."""
    found = set()
    for value in values:
        for scaled in (value, value / 60, value / 3600, value / 1000, 100 * value):
            found |= {phrases.number(scaled, decimals, language=language) for decimals in range(5)}
            found |= {phrases.significant(scaled, digits, language=language) for digits in (3, 4)}
        found |= {phrases.share(value, decimals, language=language) for decimals in (1, 2)}
    return found


ASKED = [
    *((verb, "nb") for verb in VERBS if verb not in {"site fewest", "site in a scenario"}),
    *((verb, "en") for verb in ("check", "compare", "info", "profile", "reliability", "validate", "vulnerable")),
]


@pytest.mark.parametrize(("verb", "language"), ASKED)
def test_an_answer_at_three_widths_and_as_json(verb, language, answered, monkeypatch, capsys):
    answer = answered(verb, language)
    cells = [
        cell if isinstance(cell, str) else phrases.number(cell, language=answer.language)
        for _, table in answer.shown
        if table is not None
        for cell in table.to_numpy().ravel()
    ]
    numbers = {number for text in (*cells, *answer.lines) for number in NUMBER.findall(text)}
    for width in WIDTHS:
        text = shown_at(width, monkeypatch, capsys, answer)
        is_readable(text, width)
        assert {number for number in numbers if number not in text} == set()
    document = json.loads(json_text(answer.document()), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["verb"] == verb.split()[0].replace("template", "validate")
    assert document["language"] == language
    assert all(re.fullmatch(r"[\w. %-]+", key) for rows in document["tables"].values() for key in keys_of(rows))
    known = written(figures_in(document), language) | set(
        re.findall(r'"([^"]*)"', json_text(document))
    )  # classes are words
    for _, table in answer.shown:
        for cell in [] if table is None else table.to_numpy().ravel():
            text = cell if isinstance(cell, str) else phrases.number(cell, language=language)
            if re.fullmatch(r"[\d\u00a0]+(,\d+)?(\u00a0%)?" if language == "nb" else r"[\d,]+(\.\d+)?%?", text):
                assert text in known, text


def keys_of(rows):
    return {key for row in rows for key in row} if isinstance(rows, list) else set()


def test_the_document_is_all_that_stands_on_standard_output(folder, monkeypatch, capsys):  # noqa: F811
    monkeypatch.chdir(folder)
    for argv in (["check", "study.toml", "--json"], ["run", "study.toml", "--json"]):
        monkeypatch.setattr("sys.argv", ["geoaccess", *argv])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == 0
        out, _ = capsys.readouterr()
        document = json.loads(out)
        assert document["verb"] == argv[0]
    services = {row["service"]: row for row in document["tables"]["services"]}
    cells = pd.read_parquet(folder / "out" / "cells.parquet")
    for key, row in services.items():
        inside = cells[cells[f"{key}_reason"] == ""]
        assert row["population"] == pytest.approx(cells["population"].sum())
        assert row["reached"] == pytest.approx(inside["population"].sum())
        if row["reached"] < row["population"] / 2:
            assert row["median_s"] is None
            assert row["median_s_missing"] == "not_reached"


def test_json_knows_no_inf_and_no_nan():
    table = pd.DataFrame({"gp_s": [60.0, math.inf, math.nan], "gp_reason": ["", "no_road_within", ""], "n": [1, 2, 3]})
    found = json.loads(json_text({"t": table, "regret": -math.inf}))
    assert found["t"][0] == {"gp_s": 60.0, "gp_reason": "", "n": 1}
    assert found["t"][1] == {"gp_s": None, "gp_s_missing": "not_reached", "gp_reason": "no_road_within", "n": 2}
    assert found["t"][2] == {"gp_s": None, "gp_reason": "", "n": 3}
    assert (found["regret"], found["regret_missing"]) == (None, "infinite")
    assert json.loads(answers.json_text(pd.Series({"a": pd.NA, "b": pd.NaT}))) == {"a": None, "b": None}


def test_lines_break_between_words_and_never_inside_a_number():
    line = "GP: 193\u00a0468 innbyggere f\u00e5r kortere reisetid; /a/path/that/is/longer/than/the/width.toml"
    lines = wrapped(line, 20).split("\n")
    assert [one for one in lines if len(one) > 20] == ["/a/path/that/is/longer/than/the/width.toml"]
    assert any("193\u00a0468" in one for one in lines)
    assert wrapped("til sammen 84 persontimer, over 12", 30).split("\n")[1] == "over 12"
    assert wrapped("  two spaces stay in front", 12).split("\n")[1].startswith("  ")


def cells_of(text):
    """Return each drawn table as rows of cells, lines of one cell joined."""
    tables = []
    for line in text.splitlines():
        if line[:1] in "\u250f\u250c":
            tables.append([])
        elif line[:1] in "\u2503\u2502":
            cells = [cell.strip() for cell in re.split("[\u2503\u2502]", line)[1:-1]]
            tables[-1].append(cells)
    return tables


def wide(rows):
    """A table of so many rows and 10 columns of long headings, no number twice."""
    names = [f"Kommune {letter}" for letter in "ABCDEFGH"[:rows]]
    numbers = {f"innbyggere med reisetid over {n} min": [f"{n}{row}\u00a0{n}{row}7" for row in range(rows)]
               for n in range(1, 10)}  # fmt: skip
    return pd.DataFrame({"kommune": names, **numbers})


def test_a_name_of_a_map_with_ends_of_lines_stays_in_its_row(monkeypatch, capsys):
    monkeypatch.setattr(terminal.out, "_width", 80)
    table = pd.DataFrame({"name": ["Nordre\ngate\r\n2", "Kai\tvei"], "minutes": [1, 2]})
    terminal.print_table_of("", table)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("\u2502")]
    assert [re.sub(r"[\u2502\s]+", " ", row).strip() for row in rows] == ["Nordre gate 2 1", "Kai vei 2"]


def test_few_rows_stand_side_by_side_where_the_columns_do_not_fit(monkeypatch, capsys):
    monkeypatch.setattr(terminal.out, "_width", 80)
    table = wide(3)
    terminal.print_table_of("", table)
    text = capsys.readouterr().out
    is_readable(text, 80)
    (drawn,) = cells_of(text)
    assert drawn[0] == ["kommune", *table["kommune"]]
    for name in table.columns[1:]:
        row = next(row for row in drawn if row[1] == table[name][0])
        assert row[1:] == table[name].tolist()


@pytest.mark.parametrize("width", [80, 120])
def test_more_rows_keep_their_names_in_every_part(width, monkeypatch, capsys):
    monkeypatch.setattr(terminal.out, "_width", width)
    table = wide(8)
    terminal.print_table_of("", table)
    text = capsys.readouterr().out
    is_readable(text, width)
    parts = cells_of(text)
    assert 1 <= len(parts) <= 3
    seen = []
    for part in parts:
        rows = {row[0]: row[1:] for row in part if row[0].startswith("Kommune ")}
        assert list(rows) == table["kommune"].tolist()
        seen.append(pd.DataFrame(rows).T)
    together = pd.concat(seen, axis=1)
    assert together.to_numpy().tolist() == table.drop(columns="kommune").to_numpy().tolist()


def test_a_column_of_numbers_stands_to_the_right_also_with_a_word_among_them(monkeypatch, capsys):
    monkeypatch.setattr(terminal.out, "_width", 80)
    terminal.print_table_of("", pd.DataFrame({"klasse": ["1", "uten"], "P90": ["12,5", "aldri"], "by": ["A", ""]}))
    lines = capsys.readouterr().out.splitlines()
    assert any("\u2502  12,5 \u2502 A " in line for line in lines)
    assert any("\u2502 aldri \u2502" in line for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_with_long_headings_and_numbers_in_words(width, monkeypatch, capsys):
    monkeypatch.setattr(terminal.out, "_width", width)
    table = pd.DataFrame(
        {
            "rank of the stretch": ["1", "2"],
            "innenfor 12 minutter av alle som bor her": ["12: 1\u00a0234 inn, 5 ut; 25: 123\u00a0456 inn, 7 ut"] * 2,
            **{f"innbyggere med lengre reisetid {n}": ["1\u00a0234\u00a0567", "\u221212,5"] for n in range(4)},
        }
    )
    terminal.print_table_of("tittel", table)
    text = capsys.readouterr().out
    is_readable(text, width)
    for number in ("1\u00a0234\u00a0567", "\u221212,5", "1\u00a0234", "123\u00a0456"):
        assert number in text
    assert all(part.row_count >= 2 for part in rich_tables(table))
