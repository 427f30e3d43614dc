"""The figures of the ambulance chain, from a table in which each has its source."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.bounds import Kph, Minutes, Wait, Weight
from geoaccess.errors import InputError
from geoaccess.shipped import shipped
from geoaccess.toml import BaseModel, Field, Table, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["CRAFTS", "MODES", "AmbulanceFigures", "ChainTimes", "Mode", "ResponseNorms", "read_ambulance_figures"]

CRAFTS: Final = ("boat", "helicopter", "aeroplane")
"""Modes that do not follow the roads."""
MODES: Final = ("car", *CRAFTS)
"""How a patient may be reached and brought to treatment, as columns, figures, colours and phrases name them."""


@dataclass(frozen=True)
class ChainTimes:
    """The parts of the ambulance chain that are not travel, in seconds.

    Parameters
    ----------
    call_handling_s
        From the call until the crew is alerted.
    mobilisation_s
        From the alert until the ambulance moves.
    on_scene_s
        From arrival at the patient until leaving with the patient.
    handover_s
        From arrival at the hospital until leaving it; only the time that the vehicle is busy needs it.

    Raises
    ------
    InputError
        If one is negative, infinite or missing.

    Examples
    --------
    >>> ChainTimes(call_handling_s=120, mobilisation_s=90, on_scene_s=1260).start_s
    210
    """

    call_handling_s: float
    mobilisation_s: float
    on_scene_s: float
    handover_s: float = 0.0

    def __post_init__(self) -> None:
        """Check the invariant."""
        _refuse(self, {name.name: (0.0, math.inf, "seconds >= 0") for name in fields(self)})

    @property
    def start_s(self) -> float:
        """From the call until the ambulance moves."""
        return self.call_handling_s + self.mobilisation_s


@dataclass(frozen=True)
class Mode:
    """A kind of ambulance: its times, how it travels, and how often it can.

    Parameters
    ----------
    times
        The parts of its chain that are not travel.
    availability
        Share of the time that weather lets it go, in [0, 1].
    cruise_kph
        Speed between two places; None for what follows the roads.
    leg_s
        Added to every crossing or flight: cast off and moor; take off, climb, approach and land.
    detour
        Length of the way over the straight line between its ends, >= 1.

    Raises
    ------
    InputError
        With every value out of range.
    """

    times: ChainTimes
    availability: float = 1.0
    cruise_kph: float | None = None
    leg_s: float = 0.0
    detour: float = 1.0

    def __post_init__(self) -> None:
        """Check the invariant."""
        ranges = {
            "availability": (0.0, 1.0, "a share from 0 to 1"),
            "leg_s": (0.0, math.inf, "seconds >= 0"),
            "detour": (1.0, math.inf, "a number >= 1"),
        }
        if self.cruise_kph is not None:
            ranges["cruise_kph"] = (math.ulp(0.0), math.inf, "kilometres per hour above 0")
        _refuse(self, ranges)


@dataclass(frozen=True)
class ResponseNorms:
    """Within what time an ambulance should be with the patient, and in what share of the calls.

    Parameters
    ----------
    built_up_s, sparse_s
        The norm of built-up and of sparsely built areas, seconds above 0; inf is no norm, which everybody is inside.
    share
        Share of the calls in which it should be kept, above 0 and at most 1.

    Raises
    ------
    InputError
        With every value out of range.
    """

    built_up_s: float
    sparse_s: float
    share: float

    def __post_init__(self) -> None:
        """Check the invariant."""
        problems = [
            f"{name} is {value}; it must be {what}"
            for name, value, most, what in (
                ("built_up_s", self.built_up_s, math.inf, "seconds above 0"),
                ("sparse_s", self.sparse_s, math.inf, "seconds above 0"),
                ("share", self.share, 1.0, "above 0 and at most 1"),
            )
            if not 0 < value <= most
        ]
        if problems:
            raise InputError.listing("ResponseNorms", problems)


@dataclass(frozen=True, eq=False)
class AmbulanceFigures:
    """What `read_ambulance_figures` found: `norms`, `modes` by name, and `sources`, a row per figure."""

    norms: ResponseNorms
    modes: Mapping[str, Mode]
    sources: pd.DataFrame


@checks_arguments
def read_ambulance_figures(path: Path | None = None) -> AmbulanceFigures:
    """Read the figures of the ambulance chain: those that are shipped, or a copy of that file with figures of yours.

    Parameters
    ----------
    path
        A file like `configs/figures/ambulance.toml`, the one that is read when None.

    Returns
    -------
    `norms`; `modes`, which are "car", "boat", "helicopter" and "aeroplane"; and `sources`, a table with `kind` (norms
    or the mode), `figure` (with its unit: min, kph), `value` and `source`. Not one of the shipped figures is a
    measurement of your own service: those without a source say "our estimate".

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        With all that is wrong: unknown and missing keys, a figure without source, values out of range.

    Examples
    --------
    >>> figures = read_ambulance_figures()
    >>> figures.norms
    ResponseNorms(built_up_s=720.0, sparse_s=1500.0, share=0.9)
    >>> figures.modes["car"].times.start_s
    210.0
    >>> figures.sources.query("kind == 'helicopter' and figure == 'mobilisation_min'")["source"].item()[:38]
    'Median activation time of primary miss'
    """
    file = read_toml(path or shipped("figures/ambulance.toml"), _File)
    norms = ResponseNorms(**_values(file.norms))
    modes = {}
    for kind in MODES:
        values = _values(getattr(file, kind))
        times = ChainTimes(**{part.name: values.pop(part.name) for part in fields(ChainTimes) if part.name in values})
        modes[kind] = Mode(times=times, **values)
    rows = [
        {"kind": kind, "figure": name, "value": figure["value"], "source": figure["source"]}
        for kind, group in file.model_dump().items()
        for name, figure in group.items()
    ]
    return AmbulanceFigures(norms=norms, modes=modes, sources=pd.DataFrame(rows))


class _Figure(Table):
    value: Weight
    source: str = Field(min_length=1)


class _Minutes(_Figure):
    value: Wait


class _Norm(_Figure):
    value: Minutes


class _Share(_Figure):
    value: float = Field(ge=0, le=1)


class _Norms(Table):
    built_up_min: _Norm
    sparse_min: _Norm
    share: _Share


class _Car(Table):
    call_handling_min: _Minutes
    mobilisation_min: _Minutes
    on_scene_min: _Minutes
    handover_min: _Minutes
    availability: _Share


class _Speed(_Figure):
    value: Kph


class _Detour(_Figure):
    value: float = Field(ge=1, le=100)


class _Craft(Table):
    call_handling_min: _Minutes
    mobilisation_min: _Minutes
    on_scene_min: _Minutes
    availability: _Share
    cruise_kph: _Speed
    leg_min: _Minutes
    detour: _Detour


class _File(Table):
    norms: _Norms
    car: _Car
    boat: _Craft
    helicopter: _Craft
    aeroplane: _Craft


def _values(group: BaseModel) -> dict[str, Any]:
    """Return the values of a table of figures, minutes as seconds."""
    values = {}
    for name, figure in group:
        minutes = name.endswith("_min")
        values[f"{name.removesuffix('_min')}_s" if minutes else name] = figure.value * (60.0 if minutes else 1.0)
    return values


def _refuse(value: object, ranges: dict[str, tuple[float, float, str]]) -> None:
    """Raise an `InputError` that names every field outside its range [least, most], or not finite."""
    problems = []
    for name, (least, most, what) in ranges.items():
        number = getattr(value, name)
        if not (math.isfinite(number) and least <= number <= most):
            problems.append(f"{name} is {number}; it must be {what}")
    if problems:
        raise InputError.listing(type(value).__name__, problems)
