"""What is put in place of words, numbers and bytes, whatever the file."""

from __future__ import annotations

NUMBERS = (
    "0", "-0", "1", "-1", "1.5", "1e308", "-1e308", "1e-308", "5e-324", "1e999", "-1e999", "nan", "inf", "-inf", "NaN",
    "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "1" * 400, "1" * 5000, "0" * 400, "1,5", "1.000,5", "1_0", "१२", "0x10", "1e", "٣", "½",
)  # fmt: skip
WORDS = (
    "", " ", "\t", "\0", "\ufeff", "\u202e", "e\u0301", "🚑", "ß", "İ", "\ud800", "a" * 300, "a" * 70_000, "..", "/", "\\",
    "../../etc/passwd", "con", "aux.toml", "=1+1", "@SUM(A1)", "<script>", "{0}", "%s", "${x}", "{name!r}", "'", '"', "`",
    "true", "null", "None", "no", "yes", "24/7", "Mo-Fr 08:00-24:00", "Mo-Fr 99:99", "2024-02-30", "20240230", "25:61",
    "00:00", "99:00:00", "-1:00", "PT1H", "12 Jan-31 Feb", "no @ (Jan-Mar)", "no @ (", "50 mph", "fast", "NO:urban",
    "EPSG:4326", "EPSG:99999", "+proj=longlat", "K-0301", "0301", "301", "0301 Oslo",
)  # fmt: skip
BYTES = (
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\r\n",
    b'"',
    b",",
    b";",
    b"\t",
    b"\x1a",
)


def change_bytes(rng, data):
    """Change some bytes, cut, double or insert a piece."""
    content = bytearray(data)
    at = rng.randrange(len(content) + 1)
    kind = rng.randrange(5)
    if kind == 0 and at < len(content):
        content[at] ^= 1 << rng.randrange(8)
    elif kind == 1 and at < len(content):
        content[at] = rng.randrange(256)
    elif kind == 2:
        del content[at : at + rng.choice((1, 2, 8, 100, 10**9))]
    elif kind == 3:
        content[at:at] = content[at : at + rng.choice((1, 8, 100))]
    else:
        content[at:at] = rng.choice(BYTES)
    return bytes(content)
