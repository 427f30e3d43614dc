"""Files and folders written whole or not at all, at any kill, and their digests."""

from geoaccess.files.digests import (
    beside,
    followed,
    is_there,
    json_of,
    json_values,
    remembered_sha256,
    require,
    sha256,
    size_bytes,
    stamp_of,
    stated,
)
from geoaccess.files.disk import is_device
from geoaccess.files.faults import as_named, cannot_write, explained, kept_if_possible, naming, reason_of
from geoaccess.files.holding import held_by, hold
from geoaccess.files.keeping import drop_oldest, mark_used
from geoaccess.files.spare import clear_leftovers, link, put_first, put_folder, scratch, spare, writing, writing_folder
from geoaccess.files.swap import refuse_clashes, run_alone, settle, writing_among
from geoaccess.files.swelling import ZIP_ERRORS, check_zip, read_gzip, refuse_swelling

__all__ = [
    "ZIP_ERRORS",
    "as_named",
    "beside",
    "cannot_write",
    "check_zip",
    "clear_leftovers",
    "drop_oldest",
    "explained",
    "followed",
    "held_by",
    "hold",
    "is_device",
    "is_there",
    "json_of",
    "json_values",
    "kept_if_possible",
    "link",
    "mark_used",
    "naming",
    "put_first",
    "put_folder",
    "read_gzip",
    "reason_of",
    "refuse_clashes",
    "refuse_swelling",
    "remembered_sha256",
    "require",
    "run_alone",
    "scratch",
    "settle",
    "sha256",
    "size_bytes",
    "spare",
    "stamp_of",
    "stated",
    "writing",
    "writing_among",
    "writing_folder",
]
