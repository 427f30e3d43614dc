"""Small files that unpack to many times their size are refused before they fill memory, with one message."""

from __future__ import annotations

import bz2
import gzip
import time
import zipfile

import numpy as np
import pytest
from fuzzing.targets import spreadsheets_of_libreoffice

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.kernels import pbf as kernel
from geoaccess.osm import blobs, read_border, read_features, read_road_names
from geoaccess.osm.formats import deleted_by_editor, osmium_file
from geoaccess.osm.pbf import PbfFile
from geoaccess.routing import read_ferry_feed
from geoaccess.tables import read_table, sheets
from tests import pbf_writer

MIB = 1 << 20


def zeros(path, mib):
    """Write a zip with one CSV of so many MiB of one value."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("people.csv", "w") as member:
        member.write(b"a,b\n")
        for _ in range(mib):
            member.write(b"0,0\n" * (MIB // 4))
    return path


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    path = zeros(tmp_path_factory.mktemp("bomb") / "grid.zip", 257)
    assert path.stat().st_size < 2 * MIB
    return path


# An .osm.pbf


def extract(path, claims):
    """Write an extract of blocks of 1 kB that say that they unpack to so many bytes."""
    body = pbf_writer.run(3, b"x" * 1000)
    blocks = [pbf_writer.framed(pbf_writer.number(2, size) + body) for size in claims]
    path.write_bytes(pbf_writer.header() + b"".join(blocks))
    return path


@pytest.mark.parametrize("raw_size_first", [True, False])
def test_an_extract_says_how_large_it_becomes_wherever_it_says_so(tmp_path, raw_size_first):
    said, data = pbf_writer.number(2, 12_345), pbf_writer.run(3, b"x" * 500)
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(pbf_writer.header() + pbf_writer.framed(said + data if raw_size_first else data + said))
    _, (blob,) = blobs.list_blobs(path)
    assert blob.unpacked == 12_345


def test_an_extract_that_swells_is_refused_before_any_block_is_unpacked(tmp_path, monkeypatch):
    path = extract(tmp_path / "a.osm.pbf", [32 * MIB] * 1000)
    monkeypatch.setattr(blobs, "_inflated", lambda *_: pytest.fail("a block was unpacked"))
    with pytest.raises(InputError, match=r"a\.osm\.pbf: its \d+ bytes would unpack to 335544\d+, \d+ times"):
        PbfFile(path)
    with pytest.raises(InputError, match="would unpack to"):
        osmium_file(path)  # and so for what else reads it


@pytest.mark.parametrize(
    ("claims", "refused"), [([32 * MIB] * 2, False), ([32 * MIB] * 3, True), ([20_000] * 4000, False)]
)
def test_small_files_and_maps_that_are_packed_well_are_read(tmp_path, claims, refused):
    path = extract(tmp_path / "a.osm.pbf", claims)
    if refused:
        with pytest.raises(InputError, match="would unpack"):
            blobs.list_blobs(path)
    else:
        assert len(blobs.list_blobs(path)[1]) == len(claims)


def test_only_so_much_is_unpacked_at_a_time(tmp_path, monkeypatch):
    """Five blocks of 32 MiB would be five times 700 MB in their arrays."""
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(pbf_writer.header() + pbf_writer.blob(b"x" * 100) * 40)
    monkeypatch.setattr(blobs, "_AT_ONCE", 250)
    begun, most = [], []
    for done, _ in enumerate(blobs.unpacked(path, blobs.list_blobs(path)[1], begun.append), start=1):
        time.sleep(0.005)
        most.append(len(begun) - done)
    assert len(begun) == 40
    assert max(most) <= 2


def test_a_block_of_fields_that_no_block_has_is_refused(tmp_path):
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(pbf_writer.header() + pbf_writer.framed(pbf_writer.number(2, 1) * 1000))
    with pytest.raises(InputError, match="more fields than a block can have"):
        PbfFile(path)


def test_objects_without_anything_in_them_take_no_room():
    block = pbf_writer.run(1, pbf_writer.run(1, b"")) + pbf_writer.run(2, pbf_writer.run(3, b"") * 10_000)
    with pytest.raises(ValueError, match="objects have no numbers"):
        kernel.outline(np.frombuffer(block, np.uint8))


# Words with a byte that is 0


def test_a_word_with_a_byte_that_is_0_is_never_given_to_osmium(tmp_path):
    def town(*words):
        tags = [("highway", "primary"), *(("name", word) for word in words)]
        nodes = [("dense", [(1, 0, 0, []), (2, 10, 10, [])])]
        block = pbf_writer.block([*nodes, ("ways", [(1, [1, 2], tags)])])
        return pbf_writer.write(tmp_path / f"{len(words)}{hash(words)}.osm.pbf", [block])

    for words in ((), ("a",), ("", "b"), ("x" * 128, "x" * 1000)):
        assert len(read_features([town(*words)], [("highway", "primary")])) == 1
    for words in (("a\0b",), ("\0",), ("", "b\0")):
        with pytest.raises(InputError, match=r"the block at byte \d+ holds a word with a byte that is 0"):
            read_features([town(*words)], [("highway", "primary")])


# XML


@pytest.mark.parametrize("opened", [gzip.open, bz2.open])
def test_an_xml_file_that_swells_is_refused(tmp_path, monkeypatch, opened):
    monkeypatch.setattr("geoaccess.files.swelling._ALWAYS", MIB)
    path = tmp_path / ("a.osm.gz" if opened is gzip.open else "a.osm.bz2")
    with opened(path, "wb") as file:
        file.write(b"<osm>" + b"\n" * 8 * MIB)
    with pytest.raises(InputError, match=r"a\.osm.*unpack"):
        deleted_by_editor(path)
    for read in (osmium_file, lambda one: read_border([one], "name", "A"), lambda one: read_road_names([one])):
        with pytest.raises(InputError, match=r"a\.osm.*unpack"):
            read(path)


@pytest.mark.parametrize("opened", [gzip.open, bz2.open])
def test_a_packed_file_is_unpacked_once_to_see_how_large_it_becomes(tmp_path, monkeypatch, opened):
    path = tmp_path / ("A.OSM.GZ" if opened is gzip.open else "a.osm.bz2")
    pieces = []
    monkeypatch.setattr("geoaccess.files.refuse_swelling", lambda *_, **__: pieces.append(1))
    for nodes in ("", '<node id="1" lat="1" lon="1"/>'):  # another file under the same name is looked at again
        with opened(path, "wb") as file:
            file.write(f'<osm version="0.6">{nodes}</osm>'.encode())
        before = len(pieces)
        osmium_file(path)
        osmium_file(path)
        assert len(pieces) == before + 1
    path.write_bytes(path.read_bytes()[:-12])  # damaged: osmium says so
    osmium_file(path)


def test_deleted_objects_are_found_wherever_a_piece_of_the_file_ends(tmp_path, monkeypatch):
    path = tmp_path / "a.osm"
    path.write_text(
        '<osm><node id="1" action="delete"/><way id="-22" version="1" action="delete"></way>' * 3 + "</osm>"
    )
    expected = {("n", 1), ("w", -22)}
    for chunk in (40, 41, 43, 47, 53, 59, 1000):
        monkeypatch.setattr("geoaccess.osm.formats._CHUNK", chunk)
        assert deleted_by_editor(path) == expected, chunk


# Tables


@pytest.mark.parametrize("name", ["grid.zip", "feed.zip", "sheet.xlsx"])
def test_a_zip_that_swells_is_refused_by_every_reader(tmp_path, bomb, name):
    path = tmp_path / name
    path.symlink_to(bomb)
    with pytest.raises(InputError, match=r"its \d+ bytes unpack to 269484036 or more"):
        (read_ferry_feed if name == "feed.zip" else read_table)(path)


def test_a_table_in_gzip_that_swells_is_refused_and_others_are_read(tmp_path, monkeypatch):
    path = tmp_path / "grid.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"a,b\n" + b"0,0\n" * MIB)
    assert len(read_table(path)) == MIB
    monkeypatch.setattr("geoaccess.files.swelling._ALWAYS", MIB)
    with pytest.raises(InputError, match=r"grid\.csv\.gz: its \d+ bytes unpack to"):
        read_table(path)
    (tmp_path / "cut.csv.gz").write_bytes(path.read_bytes()[:-30])
    monkeypatch.undo()
    with pytest.raises(InputError, match="compress it again"):
        files.read_gzip(tmp_path / "cut.csv.gz")


# Spreadsheets


def sheet(*cells):
    return f"<worksheet><sheetData>{''.join(cells)}</sheetData></worksheet>".encode()


@pytest.mark.parametrize(
    ("text", "area"),
    [
        (sheet('<row r="1"><c r="A1"><v>1</v></c></row>', '<row r="3"><c r="C3" t="s"><v>1</v></c></row>'), 9),
        (
            sheet('<row r="1"><c r="A1"><v>1</v></c></row>', '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            2**34,
        ),
        (sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="3"/></row>', '<row r="1048576"/>'), 1),  # only styles
        (sheet("<row><c><v>1</v></c><c><v>2</v></c></row>", "<row><c/><c/><c><v>3</v></c></row>"), 6),
        (b'<x:row r="2"><x:c r="AA2" ><x:v>1</x:v></x:c></x:row>', 54),
        (b"", 0),
    ],
)
def test_the_area_of_a_sheet_is_that_up_to_its_last_cell(text, area):
    assert sheets._area_of_xlsx(text) == area


def ods(*tables):
    """Return the content of a spreadsheet; a table has rows (repeated, cells), and cells are (repeated, filled)."""
    filled = ' office:value-type="float" office:value="1"'

    def one(kind, what, number, inside=""):
        repeats = f' table:number-{what}-repeated="{number}"' if number > 1 else ""
        return f"<table:{kind}{repeats}{inside}"

    out = []
    for table in tables:
        rows = []
        for number, cells in table:
            written = "".join(one("table-cell", "columns", n, filled if full else "") + "/>" for n, full in cells)
            rows.append(one("table-row", "rows", number) + f">{written}</table:table-row>")
        out.append(f'<table:table table:name="T{len(out)}"><table:table-column/>{"".join(rows)}</table:table>')
    return "".join(out).encode()


@pytest.mark.parametrize(
    ("tables", "area"),
    [
        ([[(1, [(1, True), (1, True)]), (1, [(1, True)])]], 4),
        ([[(1, [(1, True), (16_382, False)]), (1_048_574, [(16_384, False)])]], 1),  # empty, with nothing behind it
        ([[(9, [(4, False)]), (1, [(1, True)])]], 10),
        ([[(1, [(9, False), (1, True)])]], 10),
        ([[(1, [(1, True)]), (7, [(4, False)]), (1, [(5, False), (1, True)])]], 9 * 6),
        ([[(3, [(2, True)])], [(2, [(5, True)])]], 6 + 10),  # two sheets
        ([[(1, [(3, False), (1, True)]), (5, [(1, True)])]], 6 * 4),
        ([[]], 0),
    ],
)
def test_the_area_of_a_spreadsheet_is_that_up_to_its_last_cell(tables, area):
    assert sheets._area_of_ods(ods(*tables)) == area


@pytest.mark.parametrize(
    "mark",
    [b'office:value-type="string"', b'office:value="1"', b'office:boolean-value="true"', b'table:formula="of:=1"'],
)
def test_whatever_fills_a_cell_of_a_spreadsheet_counts(mark):
    text = b'<table:table-row-group><table:table-row><table:table-cell table:number-columns-repeated="9"/>'
    assert sheets._area_of_ods(text + b"<table:covered-table-cell " + mark + b"></table:covered-table-cell>") == 10


def test_reading_how_large_a_sheet_is_ends_where_it_is_too_large():
    far = sheet(
        '<row r="9000"><c r="XFD9000"><v>1</v></c></row>', '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    assert sheets._area_of_xlsx(far) == 9000 * 16_384
    far = ods([(9000, [(16_383, False), (1, True)]), (1_039_576, [(16_384, True)])])
    assert sheets._area_of_ods(far) == 9000 * 16_384


def test_a_cell_behind_empty_rows_and_columns_without_end_is_refused(tmp_path):
    (good,) = spreadsheets_of_libreoffice()
    (tmp_path / "people.ods").write_bytes(good)
    with zipfile.ZipFile(tmp_path / "people.ods") as archive:
        content = archive.read("content.xml")
    (_, far) = ods([(1_000_000, [(1, False)]), (1, [(16_000, False), (1, True)])]).split(b"<table:table-column/>")
    far = far.removesuffix(b"</table:table>")
    with zipfile.ZipFile(tmp_path / "far.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content.replace(b"</table:table>", far + b"</table:table>", 1))
    with pytest.raises(InputError, match=r"far\.ods: a sheet of 1600\d{7} cells .*far off"):
        read_table(tmp_path / "far.ods")


def test_a_workbook_with_a_cell_far_off_is_refused(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["id", "people"])
    book.active.append(["a", 3])
    book.save(tmp_path / "people.xlsx")
    assert read_table(tmp_path / "people.xlsx")["people"].tolist() == ["3"]
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(InputError, match=r"far\.xlsx: a sheet of 17179869184 cells .*far off"):
        read_table(tmp_path / "far.xlsx")


def test_a_sheet_whose_table_does_not_end_is_refused(tmp_path):
    (good,) = spreadsheets_of_libreoffice()
    (tmp_path / "people.ods").write_bytes(good)
    with zipfile.ZipFile(tmp_path / "people.ods") as archive:
        content = archive.read("content.xml")
    with zipfile.ZipFile(tmp_path / "endless.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content.replace(b"</table:table>", b"</tble:table>"))
    with pytest.raises(InputError, match=r"endless\.ods: cannot be read as a spreadsheet: .*save it again"):
        read_table(tmp_path / "endless.ods")


def test_a_sheet_that_repeats_cells_without_end_is_refused(tmp_path):
    (good,) = spreadsheets_of_libreoffice()
    (tmp_path / "people.ods").write_bytes(good)
    assert read_table(tmp_path / "people.ods")["people"].tolist() == ["12.5"]
    with zipfile.ZipFile(tmp_path / "people.ods") as archive:
        content = archive.read("content.xml")
    for times, repeats in (
        ("number-rows", b"<table:table-row"),
        ("number-columns", b'<table:table-cell office:value-type="float"'),
    ):
        hostile = content.replace(repeats, repeats + b" table:" + times.encode() + b'-repeated="900000000"', 3)
        with zipfile.ZipFile(tmp_path / "far.ods", "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("content.xml", hostile)
        with pytest.raises(InputError, match=r"far\.ods: a sheet of \d{9,} cells"):
            read_table(tmp_path / "far.ods")
