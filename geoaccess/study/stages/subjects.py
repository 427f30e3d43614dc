"""What an error in the data is about."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["about"]


@contextlib.contextmanager
def about(subject: str) -> Iterator[None]:
    """Say of an error in the data what data it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{subject}: {error}") from error
