"""The data of a region, from the addresses in the table of sources."""

from __future__ import annotations

import datetime as dt
import json
import lzma
import shutil
import time
import warnings
import zipfile
import zlib
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Annotated, Literal

from geoaccess.errors import ConfigError, FetchError, GeoaccessWarning
from geoaccess.files import sha256, writing
from geoaccess.phrases import FALLBACK, language_code, text
from geoaccess.shipped import shipped
from geoaccess.sources.download import Progress, Step, download, new_session
from geoaccess.sources.file_checks import require_room, wrong_content
from geoaccess.toml import AfterValidator, Field, Table, did_you_mean, model_validator, read_toml

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Region", "SourceFile", "Sources", "fetch", "left_to_do", "read_sources"]

_FOLDER = Path("data/downloads")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)


def _landing(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in value or ":" in value:
        raise ValueError("must be a path below the folder for downloads, as 'norge/norway-latest.osm.pbf'")
    return value


_Text = Annotated[str, Field(min_length=1)]
_Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]


class SourceFile(Table):
    """One file of the table of sources."""

    what: _Text
    """What it is, in a few words for people."""
    publisher: _Text
    licence: _Text
    attribution: _Text
    """The attribution to show wherever the data is shown."""
    path: Annotated[str, AfterValidator(_landing)]
    """Where the file lands, below the folder for downloads; `/` between the parts."""
    url: _Address | None = None
    page: _Address | None = None
    """A page for people about the file."""
    manual: bool = False
    """There is no address to download from; `page` and `instructions` say how to get the file by hand."""
    instructions: _Text | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    """Of the download, so of the archive where there is an `unzip`."""
    md5_url: _Address | None = None
    min_bytes: Annotated[int, Field(ge=1)] = 1
    """Smallest size of the download that is taken for the real file."""
    unzip: _Text | None = None
    """The download is a zip archive; pattern for the name of the one member that lands at `path`."""

    translations: dict[str, dict[Literal["what", "instructions"], _Text]] = {}
    """What people read of the file in other languages, by their codes."""

    def written(self, key: Literal["what", "instructions"], language: str) -> str:
        """Return what people read of the file in a language, else in English."""
        return self.translations.get(language_code(language), {}).get(key) or str(getattr(self, key))

    @model_validator(mode="after")
    def _one_way_to_get_it(self) -> SourceFile:
        if self.manual and (self.url is not None or self.page is None or self.instructions is None):
            raise ValueError("with manual = true it needs page and instructions, and no url")
        if not self.manual and self.url is None:
            raise ValueError("needs a url; or manual = true with page and instructions")
        return self


class Region(Table):
    """A region and the keys of the files that it needs."""

    title: _Text
    files: Annotated[tuple[str, ...], Field(min_length=1)]


class Sources(Table):
    """The table of sources: files by key and regions by name."""

    files: dict[str, SourceFile]
    regions: dict[str, Region]

    @model_validator(mode="after")
    def _keys_and_paths_agree(self) -> Sources:
        problems = [
            f"regions.{name}.files: there is no [files.{key}]{did_you_mean(key, self.files)}"
            for name, region in self.regions.items()
            for key in region.files
            if key not in self.files
        ]
        paths: dict[str, str] = {}
        for key, file in self.files.items():
            if paths.setdefault(file.path, key) != key:
                problems.append(f'files.{key}.path: "{file.path}" is also the path of files.{paths[file.path]}')
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def of(self, region: str) -> list[SourceFile]:
        """List the files of a region.

        Raises
        ------
        ConfigError
            If there is no such region; the message names the nearest.

        Examples
        --------
        >>> [file.path for file in read_sources().of("iceland")]
        ['iceland/iceland-latest.osm.pbf']
        >>> read_sources().of("icland")
        Traceback (most recent call last):
        geoaccess.errors.ConfigError: region "icland": not in the table of sources; did you mean "iceland"?
        """
        if region not in self.regions:
            raise ConfigError(
                f'region "{region}": not in the table of sources{did_you_mean(region.lower(), self.regions)}'
            )
        return [self.files[key] for key in self.regions[region].files]


def read_sources(path: Path | None = None) -> Sources:
    """Read a table of sources; the one that comes with the program if no `path` is given.

    Raises
    ------
    ConfigError
        If it is not TOML or has unknown, missing or wrong keys; all of them in one message.
    MissingFileError
        If there is no such file.

    Examples
    --------
    >>> sorted(read_sources().regions)
    ['iceland', 'nord-norge', 'norge']
    """
    return read_toml(path or shipped("sources.toml"), Sources, hint="name a table of sources")


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
    """Download what a region needs and is not there yet.

    A file is there if it is what was fetched from the same address before (its SHA-256 is kept beside it in
    `<name>.source.json`, with address, publisher, licence and time) or if somebody put it in place by hand. A failure
    of one file does not keep the others from coming.

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
        Of what the warning says is left to do by hand.

    Returns
    -------
    The files of the region that are there, in the order of the table.

    Raises
    ------
    ConfigError
        If the region is unknown or the table of sources wrong.
    FetchError
        If files could not be had; all of them in one message.

    Warns
    -----
    GeoaccessWarning
        If files are left that can only be had by hand; says how.

    Examples
    --------
    >>> fetch("norway")
    Traceback (most recent call last):
    geoaccess.errors.ConfigError: region "norway": not in the table of sources; ...
    """
    files = read_sources(sources).of(region)
    get = partial(download, session=new_session(), progress=progress, retries=retries, timeout_s=timeout_s, sleep=sleep)
    paths: list[Path] = []
    problems: list[str] = []
    for file in files:
        path = folder / file.path
        try:
            if (file.manual or not force) and _is_there(file, path):
                _say(progress, Step(path=path, state="present", done_bytes=path.stat().st_size))
            elif file.url is None:
                _say(progress, Step(path=path, state="by hand"))
                continue
            else:
                _get_file(file, path, url=file.url, get=get, progress=progress)
                _say(progress, Step(path=path, state="done", done_bytes=path.stat().st_size))
            paths.append(path)
        except OSError as error:
            problems.append(str(error) if isinstance(error, FetchError) else f"{path}: {error.strerror or error}")
    left = left_to_do(region, sources=sources, folder=folder, language=language)
    if left:
        warnings.warn("\n  - ".join([text(language, "terminal.by_hand"), *left]), GeoaccessWarning, stacklevel=2)
    if problems:
        count = f"{len(problems)} of {len(files)} files could not be fetched; the others are in place"
        raise FetchError("\n  - ".join([f"{region}: {count}", *problems]))
    return paths


def left_to_do(
    region: str, *, sources: Path | None = None, folder: Path = _FOLDER, language: str = FALLBACK
) -> list[str]:
    """Say how to get by hand the files of a region that cannot be downloaded and are not there.

    Returns
    -------
    A sentence per file; empty when nothing is left.

    Examples
    --------
    >>> left_to_do("iceland")
    []
    """
    left = []
    for file in read_sources(sources).of(region):
        path = folder / file.path
        if file.manual and not _is_there(file, path):
            what, how = (file.written(key, language) for key in ("what", "instructions"))
            line = text(language, "terminal.get_by_hand", what=what, page=file.page, how=how, path=path)
            if path.is_file():
                line += text(language, "terminal.not_usable", why=_unusable(file, path))
            left.append(line)
    return left


def _say(progress: Progress | None, step: Step) -> None:
    if progress is not None:
        progress(step)


def _get_file(file: SourceFile, path: Path, *, url: str, get: Callable[..., Path], progress: Progress | None) -> None:
    """Download one file, unpack it if it is an archive, and keep beside it where it came from."""
    page = f"look on {file.page} for it" if file.page else "look for it on the pages of the publisher"
    hint = f"{page} and put the new address into the table of sources, or save the file as {path}"
    get = partial(get, url, sha256=file.sha256, md5_url=file.md5_url, min_bytes=file.min_bytes, hint=hint)
    if file.unzip is None:
        get(path)
    else:
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
    with writing(_record(path)) as temporary:
        temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _unpack(archive: Path, path: Path, *, pattern: str, url: str) -> None:
    """Put the one member of a zip archive that fits the pattern in place."""
    try:
        with zipfile.ZipFile(archive) as opened:
            member = _one_member(opened, pattern=pattern, url=url)
            require_room(path, size=member.file_size)
            with opened.open(member) as packed, writing(path) as temporary:
                _unpack_member(packed, temporary, name=path.name, url=url)
    except _ZIP_ERRORS as error:
        raise FetchError(f"{url}: the archive is damaged and was removed ({error}); fetch it again") from error
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(
            f"{path}: cannot be unpacked ({error.strerror or error}); make room and fetch again"
        ) from error


def _one_member(opened: zipfile.ZipFile, *, pattern: str, url: str) -> zipfile.ZipInfo:
    members = [member for member in opened.infolist() if not member.is_dir()]
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


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.source.json")


def _is_there(file: SourceFile, path: Path) -> bool:
    """Whether a file needs no fetching: it is what was fetched before, or was put in place by hand and can be used."""
    if not path.is_file():
        return False
    if file.unzip is None and file.sha256 is not None:
        return sha256(path) == file.sha256.lower()
    try:
        record = json.loads(_record(path).read_text(encoding="utf-8"))
        return bool(record["url"] == file.url and record["sha256"] == sha256(path))
    except FileNotFoundError:
        return _unusable(file, path) is None
    except (KeyError, TypeError, ValueError):
        return False


def _unusable(file: SourceFile, path: Path) -> str | None:
    size = path.stat().st_size
    least = file.min_bytes if file.unzip is None else 1
    return f"it has {size} bytes and should have {least}" if size < least else wrong_content(path, name=path.name)
