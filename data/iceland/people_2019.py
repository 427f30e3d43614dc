# ruff: noqa: INP001 - a script beside its data, not part of a package
"""Make population_1km_2019.csv: people of 1 January 2019 where the census of 2011 counted them.

    python data/iceland/people_2019.py

The grid of 2011 says where people live. The table municipalities.csv says how many: figures of the register for each
municipality of 2023, of 1 January 2012 (the census is of 31 December 2011) and of 2019. Cells of a municipality are
multiplied by one factor, so that they add up to its figure of 2019 exactly (whole people, largest remainders up).

A cell belongs to the municipality that its centre lies in. Where that goes wrong by more than a twentieth and more than
30 people (streets on both sides of a border, and the border of Hörgársveit in the extract), neighbours are scaled
together: the towns of the capital area, and Akureyri with Hörgársveit. The one cell that lies in no municipality, with
30 people, is as it was.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from geoaccess.study import stages
from geoaccess.study.settings.study_file import Study, load_study

FOLDER = Path(__file__).resolve().parent
MERGED = {
    "Múlaþing": ["Djúpavogshreppur", "Borgarfjarðarhreppur", "Seyðisfjarðarkaupstaður", "Fljótsdalshérað"],
    "Húnabyggð": ["Blönduósbær", "Húnavatnshreppur"],
    "Skagafjörður": ["Akrahreppur", "Sveitarfélagið Skagafjörður"],
    "Þingeyjarsveit": ["Skútustaðahreppur", "Þingeyjarsveit"],
    "Langanesbyggð": ["Svalbarðshreppur", "Langanesbyggð"],
    "Sveitarfélagið Stykkishólmur": ["Helgafellssveit", "Stykkishólmsbær"],
    "Akureyrarbær": ["Akureyrarkaupstaður"],
}
"""Municipalities of 2023 by what they were in the extract of May 2019."""
TOGETHER = [
    ["Reykjavíkurborg", "Kópavogsbær", "Seltjarnarnesbær", "Garðabær", "Hafnarfjarðarkaupstaður", "Mosfellsbær"],
    ["Akureyrarbær", "Hörgársveit"],
]


def main() -> None:
    """Write the grid of 2019."""
    grid = pd.read_csv(FOLDER / "population_1km_2011.csv")
    register = pd.read_csv(FOLDER / "municipalities.csv", index_col="municipality")
    groups = _groups(_municipalities(grid), register)
    wanted = register["population_2019"].groupby(lambda name: _pooled(str(name))).sum()
    people = grid["population"].copy()
    for name, rows in grid.groupby(groups):
        if name:
            people[rows.index] = _shared(rows["population"].to_numpy(float), int(wanted[str(name)]))
    grid.assign(population=people).query("population > 0").to_csv(FOLDER / "population_1km_2019.csv", index=False)


def _municipalities(grid: pd.DataFrame) -> pd.Series[str]:
    """Return the municipality of each cell, by the study's own rule; "" for a cell in none."""
    iceland = load_study(FOLDER.parents[1] / "configs/iceland.toml")
    population = iceland.settings.population.model_copy(
        update={"file": str(FOLDER / "population_1km_2011.csv"), "year": 2011, "people": "population"}
    )
    study = Study(iceland.path, iceland.settings.model_copy(update={"population": population}))
    names: pd.Series[str] = stages.join_zones(study, stages.read_people(study))[0]["municipality"]
    return names.reindex(grid["cell_id"])


def _groups(municipalities: pd.Series[str], register: pd.DataFrame) -> np.ndarray:
    """Return what each cell is scaled with: a municipality of 2023, or the first of those that belong together."""
    now = {old: new for new, olds in MERGED.items() for old in olds}
    names = [now.get(name, name) for name in municipalities.fillna("")]
    if unknown := sorted({*names} - {"", *register.index}):
        raise ValueError(f"municipalities.csv has no {', '.join(unknown)}")
    return np.array([_pooled(name) for name in names])


def _pooled(name: str) -> str:
    return next((group[0] for group in TOGETHER if name in group), name)


def _shared(before: np.ndarray, total: int) -> np.ndarray:
    """Return whole numbers in the shares of `before` that add up to a total, the largest remainders rounded up."""
    exact = before * total / before.sum()
    whole = np.floor(exact).astype(int)
    first = np.argsort(whole - exact, kind="stable")[: total - whole.sum()]
    whole[first] += 1
    return whole


if __name__ == "__main__":
    main()
