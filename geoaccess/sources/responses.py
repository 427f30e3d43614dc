"""What an answer over HTTP says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

__all__ = ["PARTIAL", "beginning", "retry_after_s", "sent_on_without_tls", "validator_of", "whole_size"]

PARTIAL = 206
_MOST_DIGITS = 18  # of a size in bytes


def sent_on_without_tls(response: requests.Response) -> str:
    """Return the address without TLS by way of which the server of an https address sent on; "" where there is none.

    Also where that one sends on to https again: whoever changes what it says decides where.
    """
    first, *others = (one.url for one in (*response.history, response))
    if not first.startswith("https:"):
        return ""
    return next((url for url in others if not url.startswith("https:")), "")


def retry_after_s(response: requests.Response) -> float | None:
    """Read how many seconds the server asks to wait; a date in that place is not read."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def whole_size(response: requests.Response) -> int | None:
    """Size of the whole file as the server gives it, whether it sends all or the rest."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    if response.status_code == PARTIAL:
        value = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        value = response.headers.get("Content-Length", "")
    return int(value) if value.isdecimal() and len(value) <= _MOST_DIGITS else None


def validator_of(response: requests.Response) -> str | None:
    """Name this version of the file for If-Range: by a strong ETag, else by the date of the last change."""
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified") or None


def beginning(response: requests.Response, most: int) -> bytes:
    """Return the first bytes of a body, which need not end."""
    found = b""
    for piece in response.iter_content(most):
        found += piece
        if len(found) >= most:
            break
    return found[:most]
