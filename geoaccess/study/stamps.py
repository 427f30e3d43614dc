"""Whether files that a question reads were replaced while something was computed from them: a leaf."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study

__all__ = ["InputStamps"]


@dataclass(frozen=True)
class InputStamps:
    """What the inputs of a question looked like before the first of them was read, as `files.stamp_of` says.

    Study files, and those of scenarios and variations, are not among them: they are read at once before anything else,
    and may be edited for the next run. The files that they name are.
    """

    subject: str = ""
    stamps: Mapping[Path, tuple[tuple[int, ...], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> InputStamps:
        """Look at the inputs of a study."""
        paths = [path for what, path in study.inputs.items() if what != "study"]
        return cls(study.path.as_posix(), {path: files.stamp_of(path) for path in paths})

    def also(self, paths: Iterable[Path]) -> InputStamps:
        """Look at files that are read beside those of the study: what is asked about, and what scenarios name."""
        return replace(self, stamps={path: files.stamp_of(path) for path in paths} | {**self.stamps})

    def since(self, earlier: InputStamps) -> InputStamps:
        """Return these and earlier ones, of each file that which was looked at first."""
        return replace(self, stamps={**self.stamps, **earlier.stamps})

    def refuse_replaced(self) -> None:
        """Raise an `InputError` if an input was replaced: what was read is not what lies there now.

        Asked by every verb once all that it writes is made, and before anything of it is put in its place.
        """
        problems = [
            f"{path} was replaced while the study was computed, and part of the results may be of what it was before; "
            "run again"
            for path, stamp in self.stamps.items()
            if files.stamp_of(path) != stamp
        ]
        if problems:
            raise InputError.listing(self.subject, problems)
