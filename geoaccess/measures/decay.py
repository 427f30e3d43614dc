"""How much a site counts the further away it is: functions of travel time, as frozen values."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import ConfigError, InputError
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

__all__ = ["Binary", "Decay", "Exponential", "Gaussian", "Linear", "Logistic", "Power", "Stepped", "decay_from"]

_NEGLIGIBLE = 1e-100  # supply / (weight * demand) must stay a number


class Decay(Protocol):
    """A function from seconds to a weight in [0, 1] that never rises and is 0 beyond `cutoff_s`.

    Any value with these two will do where a measure asks for a decay.
    """

    @property
    def cutoff_s(self) -> float:
        """The longest time that counts, seconds; inf where there is no limit."""

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights of times of any shape; 0 for inf (unreachable) and NaN (not snapped)."""


def _weights(
    times_s: npt.ArrayLike,
    cutoff_s: float,
    formula: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]:
    times = np.asarray(times_s, dtype=np.float64)
    if (times < 0).any():
        raise InputError(f"decay: a travel time is {times.min()}; travel times are seconds >= 0")
    counts = (times <= cutoff_s) & (times < np.inf)
    with np.errstate(over="ignore"):  # what is infinitely many scales away has weight 0
        weights = np.where(counts, formula(np.where(counts, times, 0.0)), 0.0)
    return np.where(weights < _NEGLIGIBLE, 0.0, np.minimum(weights, 1.0))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _check(decay: Decay, *, finite: tuple[str, ...]) -> None:
    """Raise an `InputError` with all that is wrong with the settings of a decay: each is above 0, some are finite."""
    problems = []
    for name in dict.fromkeys((*finite, "cutoff_s")):
        value = getattr(decay, name)
        if not (_number(value) and value > 0 and (math.isfinite(value) or name not in finite)):
            kind = "a number of seconds" if name.endswith("_s") else "a number"
            problems.append(f"{name} is {value!r}; it must be {kind} above 0")
    if problems:
        raise InputError.listing(f"{type(decay).__name__} decay", problems)


@dataclass(frozen=True)
class Binary:
    """All or nothing: f(t) = 1 for t <= cutoff_s, else 0.

    With a cutoff of inf all that can be reached counts fully.

    Raises
    ------
    InputError
        If `cutoff_s` is not above 0.

    Examples
    --------
    >>> Binary(cutoff_s=1800)([0, 1800, 1801, float("inf")])
    array([1., 1., 0., 0.])
    """

    cutoff_s: float

    def __post_init__(self) -> None:
        """Check the invariant."""
        _check(self, finite=())

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        return _weights(times_s, self.cutoff_s, np.ones_like)


@dataclass(frozen=True)
class Stepped:
    """Zones of equal weight: f(t) = weights[k] for edges_s[k - 1] < t <= edges_s[k], 0 beyond the last edge.

    A time on an edge belongs to the nearer zone, as everywhere in geoaccess (R's accessibility counts it to the farther
    one). f(0) is the first weight, 1 in the literature.

    Raises
    ------
    InputError
        If the edges are not above 0, finite and rising; if there is not one weight in [0, 1] for each; if weights rise.

    References
    ----------
    Luo and Qi (2009), Health & Place 15(4), 1100-1107: zones of 10, 20 and 30 minutes.

    Examples
    --------
    >>> Stepped(edges_s=(600, 1200, 1800), weights=(1, 0.68, 0.22))([0, 600, 601, 1800, 1801])
    array([1.  , 1.  , 0.68, 0.22, 0.  ])
    """

    edges_s: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the invariant."""
        problems = []
        for name in ("edges_s", "weights"):
            values = getattr(self, name)
            if not (np.iterable(values) and all(map(_number, values)) and len(tuple(values)) > 0):
                problems.append(f"{name} is {values!r}; it must be a list of numbers")
        if not problems:
            edges, weights = tuple(map(float, self.edges_s)), tuple(map(float, self.weights))
            object.__setattr__(self, "edges_s", edges)
            object.__setattr__(self, "weights", weights)
            if not all(0 < edge < math.inf for edge in edges) or any(b <= a for a, b in pairwise(edges)):
                problems.append(f"edges_s is {edges}; write times above 0 in rising order, each once")
            if len(edges) != len(weights):
                problems.append(f"edges_s has {len(edges)} values and weights {len(weights)}; give one weight per edge")
            if not all(0 <= weight <= 1 for weight in weights):
                problems.append(f"weights is {weights}; every weight must lie in [0, 1]")
            if any(b > a for a, b in pairwise(weights)):
                problems.append(f"weights is {weights}; a weight may not be above that of a nearer zone")
        if problems:
            raise InputError.listing("Stepped decay", problems)

    @property
    def cutoff_s(self) -> float:
        """The last edge."""
        return self.edges_s[-1]

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        edges, weights = np.array(self.edges_s), np.array(self.weights)
        return _weights(times_s, self.cutoff_s, lambda times: weights[np.searchsorted(edges, times, side="left")])


@dataclass(frozen=True)
class Linear:
    """f(t) = 1 for t <= full_s, falling evenly to 0 at cutoff_s: (cutoff_s - t) / (cutoff_s - full_s); 0 beyond.

    `gravity` with it is the mean of cumulative opportunities over all cutoffs from `full_s` to `cutoff_s`, see
    `cumulative_interval`. With `full_s` of 0 it is the linear impedance.

    Raises
    ------
    InputError
        If `cutoff_s` is not finite and above 0, or `full_s` not from 0 to below it.

    References
    ----------
    Tomasiello, Herszenhut, Oliveira, Braga and Pereira (2023), Applied Geography 157, 103007: intervals.

    Examples
    --------
    >>> Linear(cutoff_s=1800)([0, 900, 1800, float("inf")]), Linear(cutoff_s=1800, full_s=600)([600, 1200])
    (array([1. , 0.5, 0. , 0. ]), array([1. , 0.5]))
    """

    cutoff_s: float
    full_s: float = 0.0

    def __post_init__(self) -> None:
        """Check the invariant."""
        _check(self, finite=("cutoff_s",))
        if not (_number(self.full_s) and 0 <= self.full_s < self.cutoff_s):
            raise InputError(
                f"Linear decay: full_s is {self.full_s!r}; it must be from 0 to below cutoff_s ({self.cutoff_s:g})"
            )

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        span = self.cutoff_s - self.full_s
        return _weights(times_s, self.cutoff_s, lambda times: np.minimum((self.cutoff_s - times) / span, 1.0))


@dataclass(frozen=True)
class Exponential:
    """f(t) = exp(-t / scale_s) for t <= cutoff_s, else 0.

    The weight falls to 1/e = 0.37 at `scale_s` and to a half at 0.69 `scale_s`; a rate beta per minute is a scale of
    60 / beta seconds.

    Raises
    ------
    InputError
        If `scale_s` or `cutoff_s` is not above 0.

    Examples
    --------
    >>> Exponential(scale_s=600)([0, 600, 1200]).round(3)
    array([1.   , 0.368, 0.135])
    """

    scale_s: float
    cutoff_s: float = math.inf

    def __post_init__(self) -> None:
        """Check the invariant."""
        _check(self, finite=("scale_s",))

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        return _weights(times_s, self.cutoff_s, lambda times: np.exp(-times / self.scale_s))


@dataclass(frozen=True)
class Gaussian:
    """f(t) = exp(-t^2 / (2 sigma_s^2)) for t <= cutoff_s, else 0: flat near the site, then falling fast.

    The weight is 0.61 at one `sigma_s`, 0.14 at two and 0.011 at three.

    Raises
    ------
    InputError
        If `sigma_s` or `cutoff_s` is not above 0.

    Examples
    --------
    >>> Gaussian(sigma_s=600, cutoff_s=1800)([0, 600, 1800, 1801]).round(3)
    array([1.   , 0.607, 0.011, 0.   ])
    """

    sigma_s: float
    cutoff_s: float = math.inf

    def __post_init__(self) -> None:
        """Check the invariant."""
        _check(self, finite=("sigma_s",))

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        return _weights(times_s, self.cutoff_s, lambda times: np.exp(-0.5 * (times / self.sigma_s) ** 2))


@dataclass(frozen=True)
class Power:
    """f(t) = (t / scale_s)^-exponent for scale_s < t <= cutoff_s, 1 for t <= scale_s, 0 beyond the cutoff.

    A power of the time alone has no value at 0 and depends on the unit; so it begins at `scale_s`: 60 is t^-exponent in
    minutes, held at 1 below one minute.

    Raises
    ------
    InputError
        If `exponent`, `scale_s` or `cutoff_s` is not above 0.

    Examples
    --------
    >>> Power(exponent=2, scale_s=300)([0, 300, 600, 1200])
    array([1.    , 1.    , 0.25  , 0.0625])
    """

    exponent: float
    scale_s: float
    cutoff_s: float = math.inf

    def __post_init__(self) -> None:
        """Check the invariant."""
        _check(self, finite=("exponent", "scale_s"))

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        return _weights(
            times_s, self.cutoff_s, lambda times: (np.maximum(times, self.scale_s) / self.scale_s) ** -self.exponent
        )


@dataclass(frozen=True)
class Logistic:
    """f(t) = (1 + exp(-midpoint_s / b)) / (1 + exp((t - midpoint_s) / b)), b = sd_s sqrt(3) / pi; 0 beyond the cutoff.

    The share of people who would travel longer than t when how far they would go is spread logistically with the mean
    `midpoint_s` and the standard deviation `sd_s`; divided by its value at 0, so that f(0) = 1. A small `sd_s` comes
    near `Binary(midpoint_s)`.

    Raises
    ------
    InputError
        If `midpoint_s`, `sd_s` or `cutoff_s` is not above 0.

    Examples
    --------
    >>> Logistic(midpoint_s=1800, sd_s=600)([0, 1200, 1800, 2400, 3600]).round(3)
    array([1.   , 0.864, 0.502, 0.141, 0.004])
    """

    midpoint_s: float
    sd_s: float
    cutoff_s: float = math.inf

    def __post_init__(self) -> None:
        """Check the invariant."""
        _check(self, finite=("midpoint_s", "sd_s"))

    def __call__(self, times_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weights."""
        b = self.sd_s * math.sqrt(3) / math.pi
        at_zero = 1 + math.exp(-self.midpoint_s / b)
        return _weights(times_s, self.cutoff_s, lambda times: at_zero / (1 + np.exp((times - self.midpoint_s) / b)))


_KINDS: dict[str, type[Binary | Stepped | Linear | Exponential | Gaussian | Power | Logistic]] = {
    "binary": Binary,
    "stepped": Stepped,
    "linear": Linear,
    "exponential": Exponential,
    "gaussian": Gaussian,
    "power": Power,
    "logistic": Logistic,
}


@checks_arguments
def decay_from(settings: Mapping[str, Any]) -> Decay:
    """Make a decay of a table of a study file, such as {kind = "gaussian", sigma_min = 15, cutoff_min = 60}.

    `kind` is binary, stepped, linear, exponential, gaussian, power or logistic; the other keys are the settings of that
    kind, with times in minutes: `cutoff_min` for `cutoff_s`, `edges_min` for `edges_s`, and so on.

    Raises
    ------
    ConfigError
        With every problem: no or an unknown kind, unknown keys, missing keys, values of a wrong type or size.

    Examples
    --------
    >>> decay_from({"kind": "gaussian", "sigma_min": 15, "cutoff_min": 60})
    Gaussian(sigma_s=900.0, cutoff_s=3600.0)
    >>> decay_from({"kind": "stepped", "edges_min": [10, 20, 30], "weights": [1, 0.68, 0.22]}).cutoff_s
    1800.0
    """
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        hint = did_you_mean(kind, _KINDS) if isinstance(kind, str) else f"; use one of {', '.join(_KINDS)}"
        raise ConfigError(f'decay: "kind" is {kind!r}{hint}')
    known = {_in_file(field.name): field for field in fields(_KINDS[kind])}
    problems = [f'unknown key "{key}"{did_you_mean(key, known)}' for key in settings if key not in (*known, "kind")]
    problems += [
        f'"{key}" is missing' for key, field in known.items() if field.default is MISSING and key not in settings
    ]
    values: dict[str, Any] = {}
    for key in known.keys() & settings.keys():
        value, times = settings[key], 60.0 if key.endswith("_min") else 1.0
        parts = value if isinstance(value, (list, tuple)) else [value]
        listed = kind == "stepped"
        if listed != isinstance(value, (list, tuple)) or not all(map(_number, parts)):
            problems.append(f'"{key}" must be {"a list of numbers" if listed else "a number"} (found {value!r})')
            continue
        values[known[key].name] = tuple(times * part for part in parts) if listed else times * value
    if problems:
        raise ConfigError.listing(f"decay {kind}", sorted(problems))
    try:
        return _KINDS[kind](**values)
    except InputError as error:
        raise ConfigError(f"{error} (a study file has minutes, 60 seconds each)") from error


def _in_file(name: str) -> str:
    return f"{name.removesuffix('_s')}_min" if name.endswith("_s") else name
