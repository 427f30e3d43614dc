"""The table of sources: files by key, with their addresses, and regions by name, with the files that they need."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from geoaccess.errors import ConfigError
from geoaccess.phrases import language_code
from geoaccess.shipped import shipped
from geoaccess.toml import AfterValidator, Field, Table, did_you_mean, model_validator, read_toml

__all__ = ["Region", "SourceFile", "Sources", "read_sources"]

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def _landing(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in value or ":" in value:
        raise ValueError("must be a path below the folder for downloads, as 'norge/norway-latest.osm.pbf'")
    return value


_Text = Annotated[str, Field(min_length=1)]


def _unchecked(address: str) -> bool:
    """Whether anybody between here and the server may change what comes: an address without TLS, off this machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname not in _THIS_MACHINE


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
    min_bytes: Annotated[int, Field(ge=1, le=2**63 - 1)] = 1
    """Smallest size of the download that is taken for the real file."""
    unzip: _Text | None = None
    """The download is a zip archive; pattern for the name of the one member that lands at `path`."""
    accept: _Text | None = None
    """The form that the server is asked for, where it gives several: "text/csv"."""

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
        if self.url is not None and self.sha256 is None and _unchecked(self.url):
            raise ValueError(
                f"url is {self.url}, which anybody on the way can change; write https://, or give its sha256 too"
            )
        return self


class Region(Table):
    """A region and the keys of its files: those that a study of it needs, and others that some studies use."""

    title: _Text
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    optional: tuple[str, ...] = ()
    study: _Text | None = None
    """A study that comes with the program and reads the files, to be run next: its name in configs."""


class Sources(Table):
    """The table of sources: files by key and regions by name."""

    files: dict[str, SourceFile]
    regions: dict[str, Region]

    @model_validator(mode="after")
    def _keys_and_paths_agree(self) -> Sources:
        problems = [
            f"regions.{name}.{kind}: there is no [files.{key}]{did_you_mean(key, self.files)}"
            for name, region in self.regions.items()
            for kind, keys in (("files", region.files), ("optional", region.optional))
            for key in keys
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
        """List the files of a region, those that are needed first.

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
        return [self.files[key] for key in (*self.regions[region].files, *self.regions[region].optional)]

    def needs(self, region: str) -> list[SourceFile]:
        """List the files that a region cannot do without."""
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
