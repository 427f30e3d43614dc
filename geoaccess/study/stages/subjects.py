"""What an error in the data is about, and where to get a file that is missing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoaccess.study.settings.study_file import Study


__all__ = ["about", "fetch_hint"]


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
