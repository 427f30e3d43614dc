"""Where the files of a study are from: what was kept beside those that were fetched, beside what the study says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.sources.records import SourceRecord, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.study.settings.study_file import Study

__all__ = ["attribution_of", "records_of"]


def records_of(study: Study, *, digests: Mapping[str, str] | None = None) -> dict[str, SourceRecord]:
    """Return where the inputs of a study were fetched from, by what they are for; those of which it is known.

    Parameters
    ----------
    digests
        SHA-256 of inputs: a file that is no longer what was fetched has no record.
    """
    found = {}
    for what, path in study.inputs.items():
        record = read_record(path) if path.is_file() else None
        if record is not None and (digests or {}).get(what, record.sha256) == record.sha256:
            found[what] = record
    return found


def attribution_of(study: Study) -> list[str]:
    """Return whom to name wherever results are shown: those that the study names, then those of its fetched files."""
    named: list[str] = list(study.settings.attribution)
    written = [text for one in study.settings.attribution for text in (str(one), *one.by_language.values())]
    for record in records_of(study).values():
        if not any(record.attribution in one for one in (*written, *named)):
            named.append(record.credit)
    return named
