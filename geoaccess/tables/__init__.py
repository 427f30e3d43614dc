"""The one reader of tables, whatever program saved them, and the one writer of CSV, and of Parquet in pieces."""

from geoaccess.tables.areas import read_areas, swapped_hint
from geoaccess.tables.columns import (
    as_text,
    bytes_as_text,
    column_numbers,
    empty_rows,
    missing_columns,
    read_numbers,
    read_text,
    read_yes,
    show_rows,
)
from geoaccess.tables.json_stat import JsonStat, parse_json_stat
from geoaccess.tables.layers import LAYER_TAKEN, check_count, gdal_address
from geoaccess.tables.named_places import read_named_places
from geoaccess.tables.numbers import parse_number, to_numbers
from geoaccess.tables.packages import write_layer
from geoaccess.tables.pxweb import read_people_by_age
from geoaccess.tables.reading import read_table
from geoaccess.tables.text import read_text_file, split_rows
from geoaccess.tables.thousands import may_be_thousands
from geoaccess.tables.writing import csv_text, number_text, write_csv, writing_parquet
from geoaccess.tables.zone_numbers import match_zones, read_zone_changes, zone_name, zone_number

__all__ = [
    "LAYER_TAKEN",
    "JsonStat",
    "as_text",
    "bytes_as_text",
    "check_count",
    "column_numbers",
    "csv_text",
    "empty_rows",
    "gdal_address",
    "match_zones",
    "may_be_thousands",
    "missing_columns",
    "number_text",
    "parse_json_stat",
    "parse_number",
    "read_areas",
    "read_named_places",
    "read_numbers",
    "read_people_by_age",
    "read_table",
    "read_text",
    "read_text_file",
    "read_yes",
    "read_zone_changes",
    "show_rows",
    "split_rows",
    "swapped_hint",
    "to_numbers",
    "write_csv",
    "write_layer",
    "writing_parquet",
    "zone_name",
    "zone_number",
]
