"""The folder that plans are kept in, as scenario files: nothing is written over what somebody else saved meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess import files, services
from geoaccess.errors import ConfigError, GeoaccessError, InputError, MissingFileError
from geoaccess.files.disk import take_lock
from geoaccess.phrases import Text
from geoaccess.planner.failures import PlannerError
from geoaccess.scenarios import Scenario
from geoaccess.toml import TITLE_LETTERS, toml_tables, validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MOST_PLANS", "Kept", "Listed", "PlanClashError", "Shelf", "has_title", "in_all_languages", "slug"]

MOST_PLANS = 1000
"""Room for all plans that a study is discussed by; a folder that is full says so."""

_MOST_BYTES = 1 << 20
_MOST_REMEMBERED = 64
_LOCK = ".plans.lock"
_LOCK_S = 5.0
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 60
_NO_FILE = re.compile(r"aux|con|nul|prn|com[0-9]|lpt[0-9]")
"""What Windows calls devices, with any suffix."""


def slug(title: str) -> str:
    """Return the name of a file for a title: letters, digits and single hyphens, and never a path or a device.

    >>> slug("Utekontor på Husøy, 2 dager"), slug("../../etc/passwd"), slug("..."), slug("AUX")
    ('utekontor-pa-husoy-2-dager', 'etc-passwd', '', 'plan-aux')
    """
    found = services.slug(title)[:_LONGEST].strip("-")
    return f"plan-{found}" if _NO_FILE.fullmatch(found) else found


class PlanClashError(PlannerError):
    """Somebody else's plan stands where this one would be written: `code` says which, `name` and `etag` what is there.

    `plan_exists`: a plan of the same title. `plan_changed`: the plan that was opened is another by now, or gone.
    `plan_lost`: as it was opened it is no longer known.
    """

    def __init__(self, code: str, message: str, *, name: str, etag: str | None) -> None:
        super().__init__(message, code=code)
        self.name, self.etag = name, etag


class PlanMissingError(PlannerError, MissingFileError):
    """A plan that is not in the folder, or not any more."""


@dataclass(frozen=True)
class Kept:
    """A plan as it stands in the folder; `etag` is another one for other bytes."""

    name: str
    etag: str
    text: str


@dataclass(frozen=True)
class Listed:
    """A plan in the list: the name of its file, and its title; a file that is no plan has its name for a title."""

    name: str
    title: Text


class Shelf:
    """The folder that plans are kept in. Names are slugs; nothing outside the folder is read or written."""

    def __init__(self, folder: Path, *, most: int = MOST_PLANS) -> None:
        self.folder, self.most = folder, most
        self._remembered: OrderedDict[str, str] = OrderedDict()

    def names(self) -> list[str]:
        """Return the names of the plans that are there, in order."""
        if not self.folder.is_dir():
            return []
        found = (path.stem for path in self.folder.glob("*.toml") if path.is_file() and not path.is_symlink())
        return sorted(name for name in found if _SLUG.fullmatch(name))

    def listed(self) -> list[Listed]:
        """Return the plans that are there, in order of their names."""
        return [Listed(name, self._title(name) or Text(name)) for name in self.names()]

    def kept(self, name: str) -> Kept:
        """Return a plan as it stands, and remember it as it is now.

        Raises
        ------
        PlannerError
            If there is none, or it is too large for one.
        InputError
            If it cannot be read.
        """
        if name not in self.names():
            raise self._missing(name)
        path = self._path(name)
        try:
            with _reading(path):
                if path.stat().st_size > _MOST_BYTES:
                    raise _too_large(f"{path}: is larger than {_MOST_BYTES >> 20} MB", name)
                data = path.read_bytes()
        except FileNotFoundError:  # somebody removed it meanwhile
            raise self._missing(name) from None
        try:
            found = Kept(name, _etag(data), data.decode())
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not a TOML file in UTF-8: {error}") from error
        self._remember(found)
        return found

    def scenario(self, kept: Kept) -> Scenario:
        """Return what a plan says; files that it names are as it names them.

        Raises
        ------
        ConfigError
            If it is no scenario.
        """
        path = self._path(kept.name)
        try:
            raw = toml_tables(kept.text)
        except ValueError as error:
            raise ConfigError(f"{path}: not a TOML file in UTF-8: {error}") from error
        return validate(raw, Scenario, subject=str(path))

    def etag(self, name: str) -> str | None:
        """Return the etag of a file as it stands, None where there is none.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        path = self._path(name)
        with contextlib.suppress(FileNotFoundError), _reading(path):
            return _etag(path.read_bytes()) if path.is_file() else None
        return None  # somebody removed it meanwhile

    def remembered(self, name: str, etag: str) -> str:
        """Return a plan as it was under an etag.

        Raises
        ------
        PlanClashError
            If it is another by now, and what it was is not known any more: this planner was started since.
        """
        if etag not in self._remembered:
            with contextlib.suppress(GeoaccessError):
                self.kept(name)
        if etag not in self._remembered:
            raise PlanClashError(
                "plan_lost",
                f"the plan {name} is another than when it was opened, and what it was is not known any more",
                name=name,
                etag=self.etag(name),
            )
        return self._remembered[etag]

    def find(self, title: str) -> str | None:
        """Return the name of the plan that has a title in one of its languages, in any case of letters."""
        return next((name for name in self.names() if _is_called(self._title(name), title)), None)

    def new_name(self, title: str) -> str:
        """Return the name of a file for a new plan: the slug of its title, with a number where that is taken.

        Raises
        ------
        PlannerError
            If the title has no letter or digit or is longer than files may have, or the folder is full.
        """
        if len(title) > TITLE_LETTERS:
            message = f"title: write at most {TITLE_LETTERS} letters; this has {len(title)}"
            raise PlannerError(message, code="title_too_long", n=TITLE_LETTERS)
        own = slug(title)
        if not own:
            message = f"title: {title!r} makes no name for a file; use letters or digits"
            raise PlannerError(message, code="title_no_letters")
        if len(self.names()) >= self.most:
            message = f"{self.folder} holds {self.most} plans, which is the most; remove some of them"
            raise PlannerError(message, code="folder_full", n=self.most)
        found, number = own, 2
        while self._path(found).exists() or self._path(found).is_symlink():
            found, number = f"{own[: _LONGEST - 5].rstrip('-')}-{number}", number + 1
        return found

    def write(self, name: str, text: str, *, over: str | None) -> Kept:
        """Write a plan over the one of an etag, or where none is (None).

        Raises
        ------
        PlanClashError
            If what is there is another by now: nothing is written.
        PlannerError
            If it is too large to be opened again.
        """
        data = text.encode()
        if len(data) > _MOST_BYTES:
            message = f"{self._path(name)}: would be larger than {_MOST_BYTES >> 20} MB, and could not be opened again"
            raise _too_large(message, name)
        with files.explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            now = self.etag(name)
            if now != over:
                raise PlanClashError(
                    "plan_changed" if over else "plan_exists",
                    f"the plan {name} was saved by somebody else meanwhile",
                    name=name,
                    etag=now,
                )
            with files.writing(self._path(name)) as temporary:
                temporary.write_bytes(data)
        found = Kept(name, _etag(data), text)
        self._remember(found)
        return found

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other planners from writing to the folder."""
        end = time.monotonic() + _LOCK_S
        with files.explained(self.folder):
            while (lock := take_lock(self.folder / _LOCK)) is None:
                if time.monotonic() > end:
                    message = f"{self.folder}: another planner writes there all the time; try again in a moment"
                    raise PlannerError(message, code="folder_busy")
                time.sleep(0.01)
        try:
            yield
        finally:
            lock.release()

    def _title(self, name: str) -> Text | None:
        path = self._path(name)
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            return _title_of(path.read_bytes().decode())
        except (OSError, ValueError, GeoaccessError):
            return None

    def _remember(self, kept: Kept) -> None:
        self._remembered[kept.etag] = kept.text
        self._remembered.move_to_end(kept.etag)
        while len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)

    def _path(self, name: str) -> Path:
        if not _SLUG.fullmatch(name):  # it may come from a page, and lead out of the folder
            raise self._missing(name)
        return self.folder / f"{name}.toml"

    def _missing(self, name: str) -> PlanMissingError:
        return PlanMissingError(f"there is no plan {name!r} in {self.folder}", code="plan_missing", plan=name)


def _too_large(message: str, name: str) -> PlannerError:
    message = f"{message}; a plan is a small file"
    return PlannerError(message, code="plan_too_large", plan=name, n=_MOST_BYTES >> 20)


def in_all_languages(text: str) -> set[str]:
    """Return a text in all its languages."""
    return {text, *Text(text).by_language.values()}


def has_title(text: str, title: str) -> bool:
    """Whether the text of a plan has a title in one of its languages, in any case of letters."""
    return _is_called(_title_of(text), title)


def _title_of(text: str) -> Text | None:
    found = toml_tables(text).get("title")
    return Text(found) if isinstance(found, str | dict) and found else None


def _is_called(known: Text | None, title: str) -> bool:
    return known is not None and _plain(title) in {_plain(one) for one in in_all_languages(known)}


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say of which plan it is that the system does not give it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); allow reading it") from error


def _etag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
