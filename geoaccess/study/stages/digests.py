"""A digest of all that the figures of a study depend on: the same for one study under two spellings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.osm import profile_digest
from geoaccess.study.stages.extracts import content_digest
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection

    from geoaccess.study.settings.study_file import Study

__all__ = ["figures_digest"]

_NO_FIGURES = frozenset(
    (
        *("title", "subtitle", "disclaimer", "note", "limits", "author", "year"),
        *("output", "cache", "attribution", "fetch", "sources", "figures"),
    )
)
"""What only stands beside figures, or says where they are to be written."""
_PROFILES = "profile", "centrality profile"


def figures_digest(study: Study, network: str) -> str:
    """Return a digest of the version, the settings and the content of the inputs of a study.

    Where an input lies does not matter, nor how a setting is written, nor what the study is called. `network` is the
    name of the folder that the network is kept in, which stands for all that makes it.

    Raises
    ------
    MissingFileError
        If an input is not there.
    """
    inputs = {what: path for what, path in study.inputs.items() if what != "study"}
    settings = {key: value for key, value in study.decisive().items() if key not in _NO_FIGURES}
    for table in ("network", "centrality"):
        settings[table].pop("profile", None)  # a name or a path; its content is digested below
    described = json.dumps(_unplaced(study, settings, set(inputs.values())))
    digest = hashlib.sha256(f"{__version__} {network} {described}".encode())
    for what, path in inputs.items():
        content = profile_digest(path) if what in _PROFILES else content_digest(study, files.require(path))
        digest.update(f"{what} {content}".encode())
    return digest.hexdigest()


def _unplaced(study: Study, value: Any, inputs: Collection[Path]) -> Any:
    """Return settings with only the form of each input in place of its path."""
    if isinstance(value, dict):
        return {key: _unplaced(study, one, inputs) for key, one in value.items()}
    if isinstance(value, list):
        return [_unplaced(study, one, inputs) for one in value]
    if isinstance(value, str) and study.resolve(value) in inputs:
        return Path(value).suffix.lower()
    return value
