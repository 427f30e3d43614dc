"""The data of a region, from the addresses in the table of sources."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import time
import warnings
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from geoaccess.errors import FetchError, GeoaccessWarning, InputError
from geoaccess.files import ZIP_ERRORS, json_of, refuse_swelling, sha256, writing
from geoaccess.phrases import FALLBACK, text
from geoaccess.sources.catalogue import read_sources
from geoaccess.sources.download import Progress, Step, alone_with, download, new_session
from geoaccess.sources.file_checks import require_room, wrong_content
from geoaccess.sources.records import record_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from geoaccess.sources.catalogue import SourceFile, Sources

__all__ = ["Wanted", "by_hand", "fetch", "fetch_wanted", "is_there", "wanted_by"]

_FOLDER = Path("data/downloads")


@dataclass(frozen=True)
class Wanted:
    """One file that is to be there: what it is, where it goes, and whether nothing can be done without it."""

    file: SourceFile
    path: Path
    needed: bool = True


def fetch(
    region: str,
    *,
    sources: Path | None = None,
    folder: Path = _FOLDER,
    progress: Progress | None = None,
    retries: int = 3,
    timeout_s: float = 30.0,
    force: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    language: str = FALLBACK,
) -> list[Path]:
    """Download the files of a region that are not there yet.

    A file is there if it is what was fetched from the same address before (its SHA-256 is kept beside it in
    `<name>.source.json`, with address, publisher, licence and time) or if somebody put it in place by hand. A failure
    of one file does not keep the others from coming, and one of an optional file is a warning.

    Parameters
    ----------
    region
        A name in the table of sources.
    sources
        Another table of sources than the one that comes with the program.
    folder
        Where the files go.
    progress
        Called with a `Step` whenever there is progress to report.
    retries, timeout_s, sleep
        As in `download`.
    force
        Fetch again what is there, to have the newest edition; the old file stays until the new one is complete.
    language
        Of what is said of files to be had by hand.

    Returns
    -------
    The files of the region that are there, in the order of the table.

    Raises
    ------
    ConfigError
        If the region is unknown or the table of sources wrong.
    FetchError
        If files that are needed could not be had; all of them in one message.

    Warns
    -----
    GeoaccessWarning
        If optional files could not be had, or are left that can only be had by hand; says how.

    Examples
    --------
    >>> fetch("norway")
    Traceback (most recent call last):
    geoaccess.errors.ConfigError: region "norway": not in the table of sources; ...
    """
    table = read_sources(sources)
    needed = {file.path for file in table.needs(region)} if region in table.regions else set()
    wanted = [Wanted(file, folder / file.path, needed=file.path in needed) for file in table.of(region)]
    return fetch_wanted(
        region,
        wanted,
        progress=progress,
        retries=retries,
        timeout_s=timeout_s,
        force=force,
        sleep=sleep,
        language=language,
    )


def wanted_by(inputs: Iterable[Path], table: Sources) -> tuple[list[Wanted], list[Path]]:
    """Find the files of a table of sources that a study reads, where it reads them, and its inputs that are in none.

    A file is meant where its path in the table is how the path of the input ends.
    """
    by_end = {PurePosixPath(file.path).parts: file for file in table.files.values()}
    found: dict[Path, Wanted] = {}
    others = []
    for path in inputs:
        file = next((file for parts, file in by_end.items() if path.parts[-len(parts) :] == parts), None)
        if file is None:
            others.append(path)
        else:
            found.setdefault(path, Wanted(file, path))
    return list(found.values()), others


def fetch_wanted(
    subject: str,
    wanted: Sequence[Wanted],
    *,
    progress: Progress | None = None,
    retries: int = 3,
    timeout_s: float = 30.0,
    force: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    language: str = FALLBACK,
) -> list[Path]:
    """Download files that are not there yet, as `fetch` does; `subject` begins the message of an error."""
    get = partial(download, session=new_session(), progress=progress, retries=retries, timeout_s=timeout_s, sleep=sleep)
    paths: list[Path] = []
    problems: list[str] = []
    notes: list[str] = []
    for one in wanted:
        file, path = one.file, one.path
        problem = ""
        try:
            if (file.manual or not force) and _is_there(file, path):
                _say(progress, Step(path=path, state="present", done_bytes=path.stat().st_size))
            elif file.url is None:
                _say(progress, Step(path=path, state="by hand"))
                problem = by_hand(one, language=language)
            else:
                _get_file(file, path, url=file.url, get=get, progress=progress)
                _say(progress, Step(path=path, state="done", done_bytes=path.stat().st_size))
        except OSError as error:
            problem = str(error) if isinstance(error, FetchError) else f"{path}: {error.strerror or error}"
        if not problem:
            paths.append(path)
        elif one.needed:
            problems.append(problem)
        else:
            notes.append(problem)
    if notes:
        warnings.warn("\n  - ".join([text(language, "terminal.optional_left"), *notes]), GeoaccessWarning, stacklevel=2)
    if problems:
        count = f"{len(problems)} of {len(wanted)} files could not be fetched; the others are in place"
        raise FetchError("\n  - ".join([f"{subject}: {count}", *problems]))
    return paths


def by_hand(one: Wanted, *, language: str = FALLBACK) -> str:
    """Say how to get a file by hand; "" if it is there and can be used."""
    file, path = one.file, one.path
    if _is_there(file, path):
        return ""
    what, how = (file.written(key, language) for key in ("what", "instructions"))
    line = text(language, "terminal.get_by_hand", what=what, page=file.page, how=how, path=path)
    if path.is_file():
        line += text(language, "terminal.not_usable", why=_unusable(file, path))
    return line


def is_there(one: Wanted) -> bool:
    """Whether a file needs no fetching."""
    return _is_there(one.file, one.path)


def _say(progress: Progress | None, step: Step) -> None:
    if progress is not None:
        progress(step)


def _get_file(file: SourceFile, path: Path, *, url: str, get: Callable[..., Path], progress: Progress | None) -> None:
    """Download one file, unpack it if it is an archive, and keep beside it where it came from."""
    page = f"look on {file.page} for it" if file.page else "look for it on the pages of the publisher"
    hint = f"{page} and put the new address into the table of sources, or save the file as {path}"
    get = partial(
        get,
        url,
        sha256=file.sha256,
        md5_url=file.md5_url,
        min_bytes=file.min_bytes,
        accept=file.accept,
        hint=hint,
    )
    if file.unzip is None:
        get(path)
    else:
        with alone_with(path):  # until it is unpacked
            archive = get(path.with_name(f"{path.name}.zip"))
            _say(progress, Step(path=path, state="unpacking"))
            try:
                _unpack(archive, path, pattern=file.unzip, url=url)
            finally:
                archive.unlink()
    record = {
        **file.model_dump(include={"url", "what", "publisher", "licence", "attribution"}),
        "fetched": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
    }
    with writing(record_file(path)) as temporary:
        temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _unpack(archive: Path, path: Path, *, pattern: str, url: str) -> None:
    """Put the one member of a zip archive that fits the pattern in place."""
    try:
        with zipfile.ZipFile(archive) as opened:
            member = _one_member(opened, pattern=pattern, url=url)
            refuse_swelling(archive, member.file_size, packed=archive.stat().st_size)
            require_room(path, size=member.file_size)
            with opened.open(member) as packed, writing(path) as temporary:
                _unpack_member(packed, temporary, name=path.name, url=url)
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(
            f"{path}: cannot be unpacked ({error.strerror or error}); make room and fetch again"
        ) from error
    except InputError as error:
        raise FetchError(f"{url}: {error}") from error
    except ZIP_ERRORS as error:
        raise FetchError(f"{url}: the archive is damaged and was removed ({error}); fetch it again") from error


def _one_member(opened: zipfile.ZipFile, *, pattern: str, url: str) -> zipfile.ZipInfo:
    members = [member for member in opened.infolist() if not member.filename.endswith("/")]
    fitting = [member for member in members if fnmatchcase(PurePosixPath(member.filename).name, pattern)]
    if len(fitting) != 1:
        held = ", ".join(member.filename for member in members[:10]) or "nothing"
        raise FetchError(
            f'{url}: {len(fitting)} members of the archive fit "{pattern}" and one should; it holds {held}; '
            f"correct the key unzip in the table of sources"
        )
    return fitting[0]


def _unpack_member(packed: IO[bytes], temporary: Path, *, name: str, url: str) -> None:
    with temporary.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1 << 20)
    problem = wrong_content(temporary, name=name)
    if problem is not None:
        raise FetchError(f"{url}: the member of the archive is wrong: {problem}")


def _is_there(file: SourceFile, path: Path) -> bool:
    """Whether a file needs no fetching: it is what was fetched before, or was put in place by hand and can be used."""
    if not path.is_file():
        return False
    if file.unzip is None and file.sha256 is not None:
        return sha256(path) == file.sha256.lower()
    try:
        record = json_of(record_file(path))
        return bool(record["url"] == file.url and record["sha256"] == sha256(path))
    except FileNotFoundError:
        return _unusable(file, path) is None
    except (OSError, KeyError, TypeError, ValueError):
        return False


def _unusable(file: SourceFile, path: Path) -> str | None:
    size = path.stat().st_size
    least = file.min_bytes if file.unzip is None else 1
    return f"it has {size} bytes and should have {least}" if size < least else wrong_content(path, name=path.name)
