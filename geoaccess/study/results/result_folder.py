"""Folders of results beside those of a run: written whole, and only over what was written by the same verb before."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stamps import InputStamps

__all__ = ["former_files", "result_files", "result_folder"]


@contextlib.contextmanager
def result_files(folder: Path, *, former: Callable[[], Collection[str]], stamps: InputStamps) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `folder` when the block ends, as `files.writing_among`.

    Raises
    ------
    InputError
        If inputs were replaced while the results were computed, and as `files.writing_among`.
    """
    with files.writing_among(folder, former=former) as temporary:
        yield temporary
        stamps.refuse_replaced()


@contextlib.contextmanager
def result_folder(
    folder: Path, *, record: str, facts: Mapping[str, Any], study: Study, stamps: InputStamps
) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `folder`, and `record` that describes them, when the block ends.

    The files that the record of a time before lists go; every other one stays.

    Raises
    ------
    InputError
        If `folder` is a file, or has a file of a new one's name that no time before wrote, or inputs were replaced
        while the results were computed: the record would name others than those that were read.
    """
    with result_files(folder, former=lambda: former_files(folder, record), stamps=stamps) as temporary:
        yield temporary
        about = {
            "geoaccess": __version__,
            **facts,
            "disclaimer": study.settings.disclaimer,
            "inputs": {
                what: {"path": path.as_posix(), "sha256": files.sha256(path)} for what, path in study.inputs.items()
            },
            "study": study.described(),
            "results": {path.name: files.sha256(path) for path in sorted(temporary.iterdir())},
        }
        (temporary / record).write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8")


def former_files(folder: Path, record: str) -> set[str]:
    """Return the names of those files of a folder that its record lists, and of the record itself; none without it.

    What a killed process began to move there is moved first.
    """
    files.settle(folder)
    try:
        about = files.json_of(folder / record)
        ours = {record, *about["results"]} if "geoaccess" in about else set()
        return ours & {path.name for path in folder.iterdir()}
    except (OSError, ValueError, TypeError, KeyError):
        return set()
