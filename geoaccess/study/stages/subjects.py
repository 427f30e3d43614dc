"""What an error in the data is about, and where to get a file that is missing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoaccess.study.settings.study_file import Study


__all__ = ["about", "fetch_hint", "refuse_absent"]


@contextlib.contextmanager
def about(subject: str) -> Iterator[None]:
    """Say of an error in the data what data it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{subject}: {error}") from error


def fetch_hint(study: Study) -> str:
    """Say where a missing file of a study can be had."""
    if study.settings.sources:
        return f"`geoaccess fetch {study.path}` downloads it"
    if study.settings.fetch:
        return f"`geoaccess fetch {study.settings.fetch}` downloads it"
    return f"check the path in {study.path}"


def refuse_absent(study: Study) -> None:
    """Refuse a study that names files that are not there, whether a verb needs them or not: results name them all.

    Raises
    ------
    InputError
        With all of them, and where they can be had.
    """
    absent = [f"{what}: {path} is not there" for what, path in study.inputs.items() if not files.is_there(path)]
    if absent:
        raise InputError.listing(str(study.path), [f"{line}; {fetch_hint(study)}" for line in absent])
