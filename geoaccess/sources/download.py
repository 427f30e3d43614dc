"""One file over HTTP: taken up again after a broken connection, checked, and put in place whole or not at all.

While a file is on its way it is `<name>.part`; beside it `<name>.part.json` says of which version of which address, so
that a later try asks the server for the rest of the same version and starts from zero if there is a newer one.
`<name>.part.lock` is held by the process that downloads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal, TypeVar

import requests

from geoaccess import files
from geoaccess.errors import FetchError, GeoaccessWarning
from geoaccess.sources.file_checks import digest, readable_size, require_room, wrong_content
from geoaccess.sources.responses import PARTIAL, beginning, retry_after_s, sent_on_without_tls, validator_of, whole_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Progress", "Step", "alone_with", "download", "new_session"]

_Got = TypeVar("_Got")

_CHUNK_BYTES = 1 << 16
_LONGEST_WAIT_S = 120.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses that a later try may not meet
_FORBIDDEN = frozenset({401, 403, 407})
_OK, _RANGE_REFUSED = 200, 416
_LOOK_BYTES = 16 << 20
"""After so many more bytes of a file of unknown size the disk is asked for room again."""
_MOST_OF_MD5 = 200


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far one file has come; given to the progress callback.

    `done_bytes` and `total_bytes` are of the download; `total_bytes` is None where the server does not say.
    """

    path: Path
    state: Literal["present", "downloading", "waiting", "checking", "unpacking", "done", "by hand"]
    done_bytes: int = 0
    total_bytes: int | None = None


Progress = Callable[[Step], None]


class _PassingError(Exception):
    """A failure that may be gone at the next try."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One download; the settings do not change while it runs."""

    url: str
    path: Path
    hint: str
    accept: str | None
    session: requests.Session
    progress: Progress | None
    retries: int
    timeout_s: float
    sleep: Callable[[float], None]

    @property
    def part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part.json")

    def kept_bytes(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def say(self, state: Literal["downloading", "waiting", "checking"], done: int, total: int | None) -> None:
        if self.progress is not None:
            self.progress(Step(path=self.path, state=state, done_bytes=done, total_bytes=total))


@dataclass(frozen=True, kw_only=True)
class _Note:
    """What is known of the file that a `.part` is the beginning of."""

    url: str
    validator: str
    total_bytes: int | None


def download(
    url: str,
    path: Path,
    *,
    sha256: str | None = None,
    md5_url: str | None = None,
    min_bytes: int = 1,
    accept: str | None = None,
    hint: str = "check the address",
    session: requests.Session | None = None,
    progress: Progress | None = None,
    retries: int = 3,
    timeout_s: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Download one file, replacing `path` when the whole of it has come and passed the checks.

    Parameters
    ----------
    url
        An http or https address.
    path
        Where the file goes; its folder is made. Only a complete and checked file gets this name.
    sha256
        64 hexadecimal digits that the SHA-256 of the file must equal.
    md5_url
        Address of a text that begins with the MD5 of the file. Where that text is missing (404 and the like), the size
        alone is the check, with a warning.
    min_bytes
        Smallest size that is taken for the real file.
    accept
        The form that the server is asked for, where it gives several: "text/csv".
    hint
        What to do when the address no longer works; the end of that error message.
    session
        Made by `new_session` if not given. Proxies set in the environment are used.
    progress
        Called with a `Step` at the start, after every 64 kB, before each wait and before the checks.
    retries
        Further tries after a broken connection, a timeout or a status such as 503; >= 0. The waits before them are
        1, 2, 4 ... seconds, or as long as the server asks for, at most two minutes.
    timeout_s
        Longest silence of the server, in seconds.
    sleep
        Waits that many seconds.

    Returns
    -------
    `path`.

    Raises
    ------
    FetchError
        If the file could not be had, or another process is downloading it. What has come of it stays in `<name>.part`
        for the next call after a broken connection or on a full disk; it is removed if it is wrong.

    Warns
    -----
    GeoaccessWarning
        If there is no digest at `md5_url`, so that only the size was checked.
    """
    job = _Job(
        url=url,
        path=path,
        hint=hint,
        accept=accept,
        session=session if session is not None else new_session(),
        progress=progress,
        retries=retries,
        timeout_s=timeout_s,
        sleep=sleep,
    )
    with alone_with(path):
        _persist(job, lambda: _receive(job))
        _check(job, sha256=sha256, md5_url=md5_url, min_bytes=min_bytes)
        job.part.replace(path)
        with contextlib.suppress(OSError):  # the file is there, and a note without its part says nothing
            job.note.unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Hold a file that is on its way, whose folder is made, until the block ends.

    Raises
    ------
    FetchError
        If another process holds it, with which one; or if it cannot be written.
    """
    held = path.with_name(f"{path.name}.part.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = files.hold(held, what="downloading")
    except OSError as error:
        raise _disk_error(path, error) from error
    if lock is None:
        raise FetchError(f"{path}: {files.held_by(held)} is fetching it already; fetch again when that has ended")
    try:
        yield
    except FetchError:
        raise
    except OSError as error:
        raise _disk_error(path, error) from error
    finally:
        lock.release()


def new_session() -> requests.Session:
    """Make a session that says which program is asking."""
    try:
        version = metadata.version("geoaccess")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        version = "unreleased"
    session = requests.Session()
    # A compressed answer has no size to check against and cannot be taken up in the middle.
    session.headers.update({"User-Agent": f"geoaccess/{version}", "Accept-Encoding": "identity"})
    return session


def _persist(job: _Job, attempt: Callable[[], _Got]) -> _Got:
    """Try until it works, something is wrong for good, or the tries are used up."""
    for failures in range(job.retries + 1):
        try:
            return attempt()
        except _PassingError as error:
            reason, wait_s, cause = str(error), error.wait_s, error.__cause__
        if failures < job.retries:
            job.say("waiting", job.kept_bytes(), None)
            job.sleep(min(2.0**failures if wait_s is None else wait_s, _LONGEST_WAIT_S))
    kept = job.kept_bytes() if _read_note(job) is not None else 0
    goes_on = f"; {readable_size(kept)} of it are kept and the next call goes on from there" if kept else ""
    tries = "once" if job.retries == 0 else f"{job.retries + 1} times"
    raise FetchError(
        f"{job.url}: {reason} (tried {tries}); check the internet connection or try again later{goes_on}"
    ) from cause


def _receive(job: _Job) -> None:
    """Ask once for what is missing of the file and append it to the part."""
    note, start = _read_note(job), job.kept_bytes()
    if note is None:
        start = 0
    elif note.total_bytes is not None and start == note.total_bytes:
        return  # all of it came before; only the checks are left
    headers = {"Range": f"bytes={start}-", "If-Range": note.validator} if note is not None and start else {}
    if job.accept is not None:
        headers["Accept"] = job.accept
    with _get(job, job.url, headers=headers) as response:
        total = whole_size(response)
        goes_on = "Range" in headers
        if goes_on and response.status_code in {PARTIAL, _RANGE_REFUSED} and not _continues(response, start, note):
            response.close()
            job.discard()  # the part is of no use to this server, from which the whole is then requested
            _receive(job)
            return
        if response.status_code == _RANGE_REFUSED or (response.status_code == PARTIAL and not goes_on):
            raise FetchError(f"{job.url}: the server answered {response.status_code} to a plain request; {job.hint}")
        if response.status_code == _OK:
            start = 0
            job.discard()
        _append(job, response, start=start, total=total)


def _get(job: _Job, url: str, *, headers: dict[str, str]) -> requests.Response:
    """Send a request; an answer of 2xx or 416 is returned, everything else raised in plain words."""
    try:
        response = job.session.get(url, headers=headers, stream=True, timeout=job.timeout_s)
    except requests.exceptions.SSLError as error:
        raise FetchError(
            f"{url}: the certificate of the server cannot be trusted ({error}); check the clock and the network"
        ) from error
    except requests.exceptions.Timeout as error:
        raise _PassingError(f"no answer within {job.timeout_s:g} seconds") from error
    except requests.exceptions.ConnectionError as error:
        raise _PassingError("the connection could not be made or broke off") from error
    except requests.exceptions.RequestException as error:
        raise FetchError(f"{url}: cannot be requested ({error}); {job.hint}") from error
    if unsafe := sent_on_without_tls(response):
        response.close()
        raise FetchError(f"{url}: the server sends on to {unsafe}, which anybody on the way can change; {job.hint}")
    status, reason = response.status_code, f"{response.status_code} {response.reason}".strip()
    if status in _PASSING:
        response.close()
        raise _PassingError(f"the server answered {reason}", wait_s=retry_after_s(response))
    if status in {_OK, PARTIAL, _RANGE_REFUSED}:
        if status != _RANGE_REFUSED and response.headers.get("Content-Type", "").lower().startswith("text/html"):
            response.close()
            raise FetchError(
                f"{url}: the server sent a web page (HTML) in place of the data; a login or notice may stand "
                f"in between: open the address in a browser, or {job.hint}"
            )
        return response
    response.close()
    if status in _FORBIDDEN:
        raise FetchError(
            f"{url}: the server refuses ({reason}); a proxy or a login may stand in between, or {job.hint}"
        )
    raise FetchError(f"{url}: the server answered {reason}; the file may have moved: {job.hint}")


def _continues(response: requests.Response, start: int, note: _Note | None) -> bool:
    """Whether an answer is the rest of the file that the part is the beginning of."""
    begins = re.match(r"bytes ([0-9]{1,18})-", response.headers.get("Content-Range", ""))
    if response.status_code != PARTIAL or note is None or begins is None or int(begins[1]) != start:
        return False
    return validator_of(response) in {None, note.validator} and whole_size(response) in {None, note.total_bytes}


def _append(job: _Job, response: requests.Response, *, start: int, total: int | None) -> None:
    """Write the body of an answer behind the first `start` bytes of the part."""
    if total is not None:
        require_room(job.path, size=total - start)
    validator = validator_of(response)
    if validator is not None and "Content-Encoding" not in response.headers:
        note = {"url": job.url, "validator": validator, "total_bytes": total}
        job.note.write_text(json.dumps(note), encoding="utf-8")
    done = start
    job.say("downloading", done, total)
    try:
        with job.part.open("ab" if start else "wb") as file:
            for chunk in response.iter_content(_CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                if total is None and done % _LOOK_BYTES < len(chunk):
                    _require_more_room(job)
                job.say("downloading", done, total)
            file.flush()
            os.fsync(file.fileno())
    except requests.exceptions.RequestException as error:
        raise _PassingError(f"the connection broke off after {_amount(done, total)}") from error
    if total is not None and done < total:
        raise _PassingError(f"the connection broke off after {_amount(done, total)}")
    if total is not None and done > total:
        job.discard()
        raise FetchError(f"{job.url}: the server sent {done} bytes and had announced {total}; try again")


def _require_more_room(job: _Job) -> None:
    """Remove what came of a file of unknown size, which need not end, before it fills the disk."""
    try:
        require_room(job.path, size=_LOOK_BYTES)
    except FetchError:
        job.discard()
        raise


def _amount(done: int, total: int | None) -> str:
    return readable_size(done) if total is None else f"{readable_size(done)} of {readable_size(total)}"


def _check(job: _Job, *, sha256: str | None, md5_url: str | None, min_bytes: int) -> None:
    """Check the complete part; remove it if it is wrong."""
    size = job.kept_bytes()
    job.say("checking", size, size)
    problem = wrong_content(job.part, name=job.path.name)
    if problem is not None:
        problem = f"{problem}; open the address in a browser, or {job.hint}"
    elif size < min_bytes:
        problem = f"it has {size} bytes, and the file should have at least {min_bytes}; {job.hint}"
    elif sha256 is not None and digest(job.part, "sha256") != sha256.lower():
        problem = f"its SHA-256 is {digest(job.part, 'sha256')} and not {sha256.lower()}; fetch it again, or {job.hint}"
    elif md5_url is not None:
        expected = _persist(job, lambda: _published_md5(job, md5_url))
        if expected is not None and digest(job.part, "md5") != expected:
            problem = (
                f"its MD5 is {digest(job.part, 'md5')} and {md5_url} says {expected}; "
                "the file may have been renewed meanwhile: fetch it again"
            )
    if problem is not None:
        job.discard()
        raise FetchError(f"{job.url}: what came is wrong and was removed: {problem}")


def _published_md5(job: _Job, md5_url: str) -> str | None:
    """Read the digest that the publisher gives; None where there is no such text."""
    try:
        with _get(job, md5_url, headers={}) as response:
            text = beginning(response, _MOST_OF_MD5).decode(errors="replace")
    except requests.exceptions.RequestException as error:
        raise _PassingError(f"the connection broke off while reading {md5_url}") from error
    except FetchError:
        text = ""
    found = re.match(r"\s*([0-9a-fA-F]{32})\b", text)
    if found is None:
        warnings.warn(
            f"{md5_url}: no digest there; only the size of {job.path.name} was checked", GeoaccessWarning, stacklevel=2
        )
        return None
    return found[1].lower()


def _read_note(job: _Job) -> _Note | None:
    """Read what the part is the beginning of; None if it is not known or is another address."""
    try:
        note = _Note(**files.json_of(job.note))
    except (OSError, TypeError, ValueError):
        return None
    return note if note.url == job.url and job.part.is_file() else None


def _disk_error(path: Path, error: OSError) -> FetchError:
    """Return the error that says of the file, not of its parts, why it cannot be written."""
    why = files.cannot_write(OSError(error.errno, files.reason_of(error)), path)
    return FetchError(f"{why}; then fetch again")
