"""The sample studies that come with the program, written into a folder of one's own with all their data."""

from __future__ import annotations

import re
from pathlib import Path

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.shipped import shipped
from geoaccess.study.settings.study_file import load_study
from geoaccess.toml import did_you_mean

__all__ = ["EXAMPLES", "write_example"]

EXAMPLES = {"iceland": ("iceland",), "troms": ("troms",)}
"""The studies of each sample, by its name."""


@checks_arguments
def write_example(name: str, folder: Path) -> list[Path]:
    """Write a sample study with its data and scenarios into a folder; every path in it is below that folder.

    Iceland is a whole country on real roads; Troms has real people and services on a modelled network of roads. The
    terms of their data stand in `data/README.md` of the folder.

    Returns
    -------
    The files of the sample, the study first. Those of it that are there already stay, so that what was interrupted goes
    on.

    Raises
    ------
    InputError
        If there is no such sample, or the study or another file of one of the names is in the folder already; nothing
        is written then.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> written = write_example("troms", folder)
    >>> written[0].name, load_study(written[0]).settings.output
    ('troms.toml', 'results')
    """
    if name not in EXAMPLES:
        raise InputError(f'example "{name}"{did_you_mean(name, EXAMPLES)}')
    contents: dict[Path, bytes] = {}
    for study in EXAMPLES[name]:
        path = shipped(f"{study}.toml")
        contents[folder / path.name] = _own(path.read_text(encoding="utf-8"), name).encode()
    for scenario in _scenarios(name):
        contents[folder / "scenarios" / scenario.name] = _own(scenario.read_text(encoding="utf-8"), name).encode()
    for source, target in _data(name).items():
        contents[folder / target] = source.read_bytes()
    studies = [folder / f"{study}.toml" for study in EXAMPLES[name]]
    there = [
        path for path, content in contents.items() if (path in studies and path.exists()) or _is_other(path, content)
    ]
    if there:
        raise InputError(f"{there[0]} is there already; give another folder or remove it")
    for path in reversed(contents):  # the studies last: after a kill there is none, and the next time goes on
        if not path.exists():
            with files.writing(path) as temporary:
                temporary.write_bytes(contents[path])
    return list(contents)


def _is_other(path: Path, content: bytes) -> bool:
    """Whether a file of that name is there that a sample does not have."""
    return path.exists() and not (path.is_file() and path.read_bytes() == content)


def _data(name: str) -> dict[Path, Path]:
    """Return the files that the studies of a sample read beside the program's own, and where they stand below one."""
    root = shipped(f"{name}.toml").parent.parent.resolve()
    found = {root / "data" / name / "README.md": Path("data/README.md")}
    for study in EXAMPLES[name]:
        path = shipped(f"{study}.toml")
        text = path.read_text(encoding="utf-8")
        for source in load_study(path).inputs.values():
            place = source.resolve().relative_to(root)
            if place.parts[:2] == ("data", name):
                found[root / place] = Path("data", *place.parts[2:])
            elif f'"{Path(*place.parts[1:]).as_posix()}"' in text:  # beside the study
                found[root / place] = Path(*place.parts[1:])
    for scenario in _scenarios(name):  # which read further files of the sample
        for file in re.findall(rf'"\.\./\.\./data/{name}/([^"]+)"', scenario.read_text(encoding="utf-8")):
            found[root / "data" / name / file] = Path("data", file)
    return found


def _scenarios(name: str) -> list[Path]:
    return sorted(shipped(f"{name}.toml").parent.glob(f"scenarios/{name}-*.toml"))


def _own(text: str, name: str) -> str:
    """Return a study or scenario with paths below its own folder."""
    text = text.replace(", or `make run`", "").replace("configs/", "").replace(f"../data/{name}/", "data/")
    text = text.replace(f"data/{name}/", "data/").replace('"../.cache"', '".cache"')
    return re.sub(rf'"\.\./maps/{name}([^"]*)"', r'"results\1"', text)
