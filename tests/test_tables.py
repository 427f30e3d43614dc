"""The one reader of tables: separators, encodings, numbers, spreadsheets, layers, and what it refuses."""

import csv
import datetime as dt
import errno
import gzip
import io
import string
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from geoaccess import tables
from geoaccess.demand import read_cells
from geoaccess.errors import InputError, MissingFileError, OutputError
from geoaccess.osm.ferry_table import read_ferry_table
from geoaccess.services import read_sites
from geoaccess.tables import csv_text, parse_number, read_numbers, read_table, read_yes, to_numbers
from geoaccess.tables.writing import safe_text
from geoaccess.zones import read_centrality

ROWS = [["nr", "navn", "tid"], ["0301", "Tromsø, by", "2,5"], ["1kmN1E1", "Å; sted", "1 234"], ["7", 'hun sa "ja"', ""]]
WANTED = {
    2: {"nr": "0301", "navn": "Tromsø, by", "tid": "2,5"},
    3: {"nr": "1kmN1E1", "navn": "Å; sted", "tid": "1 234"},
    4: {"nr": "7", "navn": 'hun sa "ja"', "tid": ""},
}


def text_of(rows, separator, end="\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue()


def put(folder, content, name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(path, **options):
    with pytest.raises(InputError) as caught:
        read_table(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_encodings_and_line_ends_give_one_table(tmp_path, separator, encoding, end):
    found = read_table(put(tmp_path, text_of(ROWS, separator, end).encode(encoding)))
    assert found.to_dict("index") == WANTED


def test_a_sign_that_only_windows_1252_has(tmp_path):
    assert read_table(put(tmp_path, b"a\n5 \x80\n"))["a"].tolist() == ["5 €"]
    assert read_table(put(tmp_path, b"a\n\xf8\x81x\n"))["a"].tolist() == ["ø\x81x"]  # a byte that Windows-1252 has not


def test_compressed_text(tmp_path):
    assert read_table(put(tmp_path, gzip.compress(b"a;b\n1;2\n"), "t.csv.gz")).to_dict("index") == {
        2: {"a": "1", "b": "2"}
    }
    assert "cannot be read" in refused(put(tmp_path, gzip.compress(b"a;b\n1;2\n")[:-6], "t.csv.gz"))


def test_names_with_commas_do_not_hide_the_semicolons(tmp_path):
    path = put(tmp_path, "id;navn, sted, fylke\n1;Oslo, by, Oslo\n2;Moss\n")
    assert read_table(path).columns.tolist() == ["id", "navn, sted, fylke"]


def test_a_line_that_names_the_separator(tmp_path):
    assert read_table(put(tmp_path, "sep=;\na;b\n1;2,5\n")).to_dict("index") == {3: {"a": "1", "b": "2,5"}}


def test_blanks_rows_without_a_value_and_columns_without_a_name_are_left_out(tmp_path):
    path = put(tmp_path, ' a , b ,,\n\n 1 ," x, y ",,\n,,,\n\u00a02\u00a0,,\n')
    assert read_table(path).to_dict("index") == {3: {"a": "1", "b": "x, y"}, 5: {"a": "2", "b": ""}}
    first = put(tmp_path, ",a\n0,5\n1,6\n", "pandas.csv")  # as pandas writes its index
    assert read_table(first).to_dict("index") == {2: {"a": "5"}, 3: {"a": "6"}}


def test_empty_values_at_the_end_of_rows_are_no_fault(tmp_path):
    assert read_table(put(tmp_path, "a,b\n1,2,\n3,4,\n")).to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}
    assert read_table(put(tmp_path, "a,b\n1,2,,\n3\n")).to_dict("list") == {"a": ["1", "3"], "b": ["2", ""]}


def test_every_fault_of_the_rows_is_reported_at_once(tmp_path):
    message = refused(put(tmp_path, "a,b,a\n1,2,3,4\n1,2,3\n\n1,2,3,4,5\n"))
    assert "3 problems" in message
    assert '2 columns are called "a"' in message
    assert "row 2: 4 values, but the header names 3 columns" in message
    assert "row 5: 5 values, but the header names 3 columns" in message


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ("", "is empty"),
        ("\n\na,b\n", "its first line is"),
        ('a,b\n1,2\n3,"4\n5,6\n7,8,9\n', "row 3: .*quotation marks"),
        (b"a,b\n\x00,1\n", "not a text file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
        ("a;" * 10_000 + "b\n1\n", "names 10001 columns; 10000 is the most"),
    ],
)  # fmt: skip
def test_text_that_is_no_table(tmp_path, content, refusal):
    path = put(tmp_path, content)
    with pytest.raises(InputError, match=refusal):
        read_table(path)


def test_files_of_no_kind_missing_files_and_layers_of_text(tmp_path):
    assert "is no kind of table" in refused(put(tmp_path, "a\n1\n", "table.docx"))
    assert "files of this kind have none" in refused(put(tmp_path, "a\n1\n"), layer="x")
    with pytest.raises(MissingFileError, match="look elsewhere"):
        read_table(tmp_path / "none.csv", hint="look elsewhere")


names = st.text(string.ascii_lowercase, min_size=1, max_size=4)
values = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\u2028\u2029", exclude_categories=("Cc", "Cs")))


@given(
    st.lists(names, min_size=2, max_size=4, unique=True).flatmap(
        lambda header: st.tuples(
            st.just(header), st.lists(st.lists(values, min_size=len(header), max_size=len(header)), max_size=5)
        )
    ),
    st.sampled_from(",;\t"),
)
def test_what_is_written_is_read(tmp_path_factory, table, separator):
    header, rows = table
    path = put(tmp_path_factory.mktemp("t"), text_of([header, *rows], separator))
    text = path.read_text(encoding="utf-8")
    if any(text.count(other) for other in {",", ";", "\t"} - {separator}) and not rows:
        return
    found = read_table(path)
    kept = [[value.strip() for value in row] for row in rows]
    kept = [row for row in kept if any(row)]
    if found.columns.tolist() == header:  # else another separator fits the few rows as well
        assert found.to_numpy().tolist() == kept


# Numbers


@pytest.mark.parametrize(
    ("text", "plain", "comma"),
    [
        ("12", 12.0, 12.0), ("12.5", 12.5, 12.5), ("12,5", 12.5, 12.5), ("0,250", 0.25, 0.25), ("-3,75", -3.75, -3.75),
        ("1,234", None, 1.234), ("12,345,678", None, None), ("1.234,5", None, None), ("1,234.5", None, None),
        ("1 234", 1234.0, 1234.0), ("1\u00a0234,5", 1234.5, 1234.5), ("1\u202f234\u202f567", 1234567.0, 1234567.0),
        ("12 34", None, None), ("\u22125", -5.0, -5.0), ("+5", 5.0, 5.0), ("1e3", 1000.0, 1000.0), (".5", 0.5, 0.5),
        ("0301", 301.0, 301.0), ("1_000", None, None), ("nan", None, None), ("0x10", None, None), ("", None, None),
        ("12 %", None, None), ("inf", np.inf, np.inf),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text, plain, comma):
    assert parse_number(text) == plain
    assert parse_number(text, decimal_comma=True) == comma
    found = to_numbers(pd.Series([text, "1"]))
    assert found[1] == 1
    assert np.isnan(found[0]) if plain is None else found[0] == plain


@given(st.lists(st.one_of(st.floats(allow_nan=False), st.integers(-(10**20), 10**20)), min_size=1))
def test_a_column_of_plain_numbers_is_read_as_python_reads_them(numbers):
    written = [repr(number) for number in numbers]
    found = to_numbers(pd.Series(written, dtype="str"))
    assert found.tolist() == [float(text) for text in written]
    assert not np.signbit(found[found == 0]).any()
    beside = to_numbers(pd.Series([*written, "4,5"], dtype="str"))  # such a column is read value by value
    assert np.allclose(beside, [*found, 4.5], rtol=1e-15)


def test_a_comma_separates_thousands_only_where_nobody_can_tell(tmp_path):
    semicolons = read_table(put(tmp_path, "id;t\n1;1,234\n2;0,5\n"))
    assert read_numbers(semicolons, "t")[0].tolist() == [1.234, 0.5]
    commas = read_table(put(tmp_path, 'id,t\n1,"1,234"\n2,"0,5"\n'))
    _, problems = read_numbers(commas, "t")
    assert problems == [
        "t is not a number in 1 row: row 2 ('1,234'); write decimals with a point, thousands without a mark"
    ]


def test_points_beside_decimal_commas_are_not_guessed_at(tmp_path):
    both = read_table(put(tmp_path, "id;t\n1;1.234\n2;0,5\n"))
    _, problems = read_numbers(both, "t")
    assert len(problems) == 1
    assert "has decimal commas, but points in 1 row: row 2 ('1.234')" in problems[0]


@pytest.mark.parametrize("word", ["yes", "Yes", "JA", "true", "1", " ja "])
def test_words_for_yes(tmp_path, word):
    rows = read_table(put(tmp_path, f"id;open\na;{word}\nb;nei\nc;\nd;kanskje\n"))
    refusal, problems = read_yes(rows, "open")
    assert refusal.tolist() == [True, False, False, False]
    assert problems == ['row 5: open is "kanskje"; write yes or no']


# Spreadsheets: written here by hand, as the format is defined (ECMA-376), so that no other program vouches for itself.

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cell(place, value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, dt.date):
        return f'<c r="{place}" s="1"><v>{(value - dt.date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def workbook(path, sheets):
    """Write an .xlsx: sheets by name, each a dict of rows by number."""
    names = list(sheets)
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    links += f'<Relationship Id="s" Type="{_DOC}/styles" Target="styles.xml"/>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", _TYPES)
        root = f'<Relationship Id="r1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/>'
        file.writestr("_rels/.rels", f'<Relationships xmlns="{_RELS}">{root}</Relationships>')
        file.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{listed}</sheets></workbook>'
        )
        file.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_RELS}">{links}</Relationships>')
        styles = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
        file.writestr("xl/styles.xml", f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>')
        for n, name in enumerate(names, 1):
            rows = "".join(
                f'<row r="{r}">{"".join(cell(f"{string.ascii_uppercase[c]}{r}", v) for c, v in enumerate(row))}</row>'
                for r, row in sheets[name].items()
            )
            file.writestr(
                f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
            )
    return path


def test_a_sheet_is_read_as_text_by_the_numbers_of_its_rows(tmp_path):
    day = dt.date(2024, 5, 1)
    path = workbook(
        tmp_path / "a.xlsx",
        {"Ark1": {2: ["nr", " navn ", "tid", "dag", "ja", None], 3: ["0301", "Oslo", 2.5, day, True, None],
                  6: [301, " Moss ", 12, None, False, None]}, "Ark2": {}},
    )  # fmt: skip
    assert read_table(path).to_dict("index") == {
        3: {"nr": "0301", "navn": "Oslo", "tid": "2.5", "dag": "2024-05-01", "ja": "yes"},
        6: {"nr": "301", "navn": "Moss", "tid": "12", "dag": "", "ja": "no"},
    }


def test_sheets_are_chosen_by_layer(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"one": {1: ["a"], 2: [1]}, "two": {1: ["a"], 2: [2]}})
    assert read_table(path, layer="two")["a"].tolist() == ["2"]
    assert "2 sheets with values (one, two)" in refused(path)
    assert "has no sheet 'three' (it has one, two)" in refused(path, layer="three")
    assert "is empty" in refused(workbook(tmp_path / "b.xlsx", {"one": {}}))
    wide = workbook(tmp_path / "c.xlsx", {"one": {1: ["a", "a"], 2: [1, 2, 3]}})
    assert '2 columns are called "a"' in refused(wide)
    assert "cannot be read as a spreadsheet" in refused(put(tmp_path, b"PK", "d.xlsx"))


def test_a_layer_of_a_geopackage(tmp_path):
    path = tmp_path / "a.gpkg"
    first = gpd.GeoDataFrame({"n": [1]}, geometry=[Point(1, 2)], crs="EPSG:4326")
    first.to_file(path, layer="first")
    pd_styles = gpd.GeoDataFrame({"style": ["red"]}, geometry=[None], crs=None)
    import pyogrio

    pyogrio.write_dataframe(pd.DataFrame(pd_styles.drop(columns="geometry")), path, layer="layer_styles", append=False)
    assert read_table(path)["n"].tolist() == [1]  # the only layer with shapes
    first.assign(n=2).to_file(path, layer="second")
    assert "name one with layer" in refused(path)
    assert read_table(path, layer="second")["n"].tolist() == [2]
    assert not isinstance(read_table(path, layer="layer_styles"), gpd.GeoDataFrame)
    assert "has no layer 'third'" in refused(path, layer="third")


def test_parquet_keeps_a_named_index_as_a_column(tmp_path):
    frame = pd.DataFrame({"people": [3.0, 4.0]}, index=pd.Index(["0301", "4601"], name="nr"))
    frame.to_parquet(tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet")
    assert found.to_dict("index") == {1: {"nr": "0301", "people": 3.0}, 2: {"nr": "4601", "people": 4.0}}


# The readers of the package ask it


def test_cells_from_every_form_are_the_same(tmp_path):
    header, west, east = ["cell_id", "population"], "1kmN4775E2918", "1kmN4776E2918"
    comma = read_cells(put(tmp_path, text_of([header, [west, "3,5"], [east, "4"]], ";").encode("cp1252")))
    excel = read_cells(workbook(tmp_path / "p.xlsx", {"x": {1: header, 2: [west, 3.5], 3: [east, 4]}}))
    pd.DataFrame({"cell_id": [west, east], "population": [3.5, 4.0]}).to_parquet(tmp_path / "p.parquet")
    parquet = read_cells(tmp_path / "p.parquet")
    assert comma["population"].to_dict() == {west: 3.5, east: 4.0}
    assert comma.equals(excel)
    assert comma.equals(parquet)


def test_sites_centrality_and_ferries_of_a_norwegian_export(tmp_path):
    sites = put(tmp_path, "id;name;lon;lat\n0301;Tromsø;18,95;69,65\n".encode("cp1252"), "s.csv")
    found = read_sites(sites, service="gp", columns={"id": "id"})
    assert (found.index.tolist(), found["name"].tolist()) == (["0301"], ["Tromsø"])
    assert found.geometry.iloc[0].equals(Point(18.95, 69.65))
    classes = put(
        tmp_path, "kommunenummer;sentralitetsklasse;sentralitetsindeks\n301;1;1000,0\n5501;3;803,5\n", "c.csv"
    )
    assert read_centrality(classes)["centrality_index"].to_dict() == {"0301": 1000.0, "5501": 803.5}
    ferries = put(
        tmp_path, "way_id;minutes;note;from_lon;from_lat;to_lon;to_lat\n1;12,5;Hurtigbåt;18,9;69,6;19;69,7\n", "f.csv"
    )
    (row,) = read_ferry_table(ferries)
    assert (row.crossing_s, row.note, row.ends) == (750.0, "Hurtigbåt", ((18.9, 69.6), (19.0, 69.7)))


def test_sites_from_a_sheet_and_a_layer(tmp_path):
    book = workbook(
        tmp_path / "s.xlsx",
        {"notes": {1: ["x"], 2: ["y"]}, "sites": {1: ["name", "lon", "lat"], 2: ["Tromsø", 18.95, 69.65]}},
    )
    assert read_sites(book, service="gp", layer="sites")["name"].tolist() == ["Tromsø"]
    with pytest.raises(InputError, match="name one with layer"):
        read_sites(book, service="gp")


def test_csv_is_written_with_quotes_where_needed():
    assert csv_text(pd.DataFrame({"a": ["x, y", 'say "no"'], "b": [1.5, np.nan]})) == 'a,b\n"x, y",1.5\n"say ""no""",\n'


@given(st.data())
def test_csv_is_that_of_pandas_to_the_byte(data):
    """But for texts that a spreadsheet takes for a formula, which stand behind an apostrophe."""
    rows = data.draw(st.integers(0, 12))
    texts = st.one_of(st.none(), st.text(st.sampled_from("a,\";\n\r='å -1\u2003"), max_size=5))
    rounded = st.floats(-1e12, 1e12).map(lambda number: round(number, 6))
    numbers = st.one_of(st.floats(), rounded, st.sampled_from([0.1 + 0.2, -0.0, 1e-4, 9e-5, 1e10, 1e15]))

    def drawn(values):
        return [data.draw(values) for _ in range(rows)]

    columns = {
        "text": pd.Series(drawn(texts), dtype="str"),
        "a, b": pd.Series(drawn(texts), dtype=object),
        "number": pd.Series(drawn(numbers), dtype="float64"),
        "single": pd.Series(drawn(st.floats(width=32)), dtype="float32"),
        "whole": pd.Series(drawn(st.integers(-(2**63), 2**63 - 1)), dtype="int64"),
        "rank": pd.Series(drawn(st.one_of(st.none(), st.integers(0, 9))), dtype="Int64"),
        "yes": pd.Series(drawn(st.booleans()), dtype="bool"),
        "maybe": pd.Series(drawn(st.one_of(st.none(), st.booleans())), dtype="boolean"),
        "kind": pd.Series(drawn(st.sampled_from(["x", "y"])), dtype="category"),
        "mixed": pd.Series(drawn(st.one_of(st.booleans(), st.integers(0, 3), st.just("=1+1"))), dtype=object),
    }
    dropped = data.draw(st.sampled_from([{"kind", "mixed"}, {"kind"}, {"mixed"}, set()]))  # pandas alone writes these
    table = pd.DataFrame({name: column for name, column in columns.items() if name not in dropped})
    safe = table.copy()
    for name in table:
        if str(table[name].dtype) in {"str", "object"}:
            plain = [safe_text(value) if isinstance(value, str) else value for value in table[name]]
            safe[name] = pd.Series(plain, dtype=object, index=table.index)
    written = csv_text(table, float_format="%.15g")
    assert written == safe.to_csv(index=False, float_format="%.15g", lineterminator="\n")


def test_nothing_else_in_the_package_reads_tables():
    from pathlib import Path

    root = Path(tables.__file__).parents[1]
    words = (
        "read_csv(",
        "csv.reader",
        "DictReader",
        "read_excel(",
        "gpd.read_file(",
        "read_dataframe(",
        "to_csv(",
        "DictWriter",
    )
    found = [
        f"{file.relative_to(root)}: {word}"
        for file in root.rglob("*.py")
        if file.parent.name != "tables"
        for word in words
        if word in file.read_text(encoding="utf-8")
    ]
    assert found == []


# Tables in a zip, and large ones


def zipped_tables(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(f"deep/{name.replace('_dot_', '.')}", content)
    return path


def test_the_one_table_of_a_zip_is_read(tmp_path):
    path = zipped_tables(tmp_path / "grid.zip", grid_dot_csv="id,T\n0301,5\n", about_dot_pdf="x")
    assert read_table(path).to_dict("index") == {2: {"id": "0301", "T": "5"}}
    parquet = pd.DataFrame({"id": ["a"], "T": [7]}).to_parquet()
    path = zipped_tables(tmp_path / "both.zip", grid_dot_csv="id,T\n0301,5\n", grid_dot_parquet=parquet)
    assert read_table(path)["T"].tolist() == [7]
    path = zipped_tables(tmp_path / "two.zip", a_dot_csv="id\n1\n", b_dot_csv="id\n2\n")
    with pytest.raises(InputError, match=r"holds 2 tables.*unpack it and name one"):
        read_table(path)


def test_what_is_wrong_with_a_table_in_a_zip_names_the_zip(tmp_path):
    path = zipped_tables(tmp_path / "grid.zip", grid_dot_csv="id,T\n1,2,3\n")
    with pytest.raises(InputError, match=r"grid\.zip: deep/grid\.csv"):
        read_table(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="no whole zip"):
        read_table(path)


def test_any_text_in_what_is_asked_of_a_column(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("id,code\n1,FI\n2,FI-SE\n3,SE\n4,NO-FI-SE\n5,FIJI\n6,FI*\n")
    asked = ["FI", "FI-*", "*-FI", "*-FI-*"]
    assert read_table(path, where={"code": asked})["id"].tolist() == ["1", "2", "4"]
    assert read_table(path, where={"code": ["FI"]})["id"].tolist() == ["1"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_large_table_is_read_by_its_columns(tmp_path, monkeypatch, separator):
    rows = [f'c{n}{separator}{n}{separator}"x{separator}y"' for n in range(1000)]
    path = tmp_path / "large.csv"
    path.write_text("\n".join([separator.join(("\ufeffid", "T", "note")), *rows, ""]), encoding="utf-8")
    whole = read_table(path)
    monkeypatch.setattr("geoaccess.tables.reading.LARGE_BYTES", 100)
    found = read_table(path, columns=["id", "T"], only=True)
    assert found.columns.tolist() == ["id", "T"]
    pd.testing.assert_frame_equal(found, whole[["id", "T"]], check_dtype=False)
    assert read_table(path, columns=["id", "P"], only=True).columns.tolist() == [
        "id",
        "T",
        "note",
    ]  # to say what it has


def test_a_damaged_member_of_a_zip_and_a_full_disk_are_told_apart(tmp_path, monkeypatch):
    path = zipped_tables(tmp_path / "grid.zip", grid_dot_csv="id,T\n" + "".join(f"{i},{i * i}\n" for i in range(2000)))
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + bytes(60) + whole[260:])  # inside the deflated bytes
    with pytest.raises(InputError, match=r"grid\.zip: deep/grid\.csv cannot be unpacked"):
        read_table(path)
    path.write_bytes(whole)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("geoaccess.tables.packed.shutil.copyfileobj", full)
    with pytest.raises(OutputError, match=r"the disk is full .*TMPDIR names another one"):
        read_table(path)
