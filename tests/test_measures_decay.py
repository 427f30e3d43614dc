"""Decay functions against their formulas one number at a time, and the laws every decay keeps."""

from __future__ import annotations

import dataclasses
import math
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import ConfigError, InputError
from geoaccess.measures import Binary, Exponential, Gaussian, Logistic, Power, Stepped, decay_from

pytestmark = pytest.mark.filterwarnings("error")

INF, NAN = float("inf"), float("nan")

seconds = st.floats(1.0, 20_000.0)
cutoffs = st.one_of(st.just(INF), seconds)


def rising(values):
    return tuple(sorted(values))


steps = st.lists(st.tuples(seconds, st.floats(0, 1)), min_size=1, max_size=5, unique_by=lambda step: step[0]).map(
    lambda rows: Stepped(rising(edge for edge, _ in rows), rising(w for _, w in rows)[::-1])
)
decays = st.one_of(
    st.builds(Binary, cutoffs),
    steps,
    st.builds(Exponential, seconds, cutoffs),
    st.builds(Gaussian, seconds, cutoffs),
    st.builds(Power, st.floats(0.1, 5), seconds, cutoffs),
    st.builds(Logistic, seconds, seconds, cutoffs),
)
times = st.lists(st.one_of(st.sampled_from([0.0, INF, NAN]), st.floats(0, 40_000)), max_size=30)


def logistic(t, median, sd):
    """As R's accessibility has it: g(0) / g(t), g(t) = 1 + exp((t - median) pi / (sd sqrt(3)))."""
    at_zero, at_t = (1 + math.exp(min((x - median) * math.pi / (sd * math.sqrt(3)), 700)) for x in (0, t))
    return at_zero / at_t


FORMULAS = {
    Binary: lambda f, t: 1.0,
    Stepped: lambda f, t: next(w for edge, w in zip(f.edges_s, f.weights, strict=True) if t <= edge),
    Exponential: lambda f, t: math.exp(-t / f.scale_s),
    Gaussian: lambda f, t: math.exp(-t * t / (2 * f.sigma_s**2)),
    Power: lambda f, t: 1.0 if t <= f.scale_s else (f.scale_s / t) ** f.exponent,
    Logistic: lambda f, t: logistic(t, f.midpoint_s, f.sd_s),
}


def weight_of(decay, t):
    """The definition, in plain arithmetic."""
    counts = math.isfinite(t) and t <= decay.cutoff_s
    return FORMULAS[type(decay)](decay, t) if counts else 0.0


@given(decays, times)
def test_weights_are_those_of_the_formula(decay, ts):
    np.testing.assert_allclose(decay(ts), [weight_of(decay, t) for t in ts], rtol=1e-9, atol=1e-90)


@given(decays, times)
def test_weights_lie_in_zero_to_one_never_rise_and_end_at_the_cutoff(decay, ts):
    found = decay(np.sort(ts))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) <= 0).all()
    assert decay(0.0) == pytest.approx(decay.weights[0] if isinstance(decay, Stepped) else 1, rel=1e-15)
    assert decay([INF, NAN]).tolist() == [0, 0]
    if math.isfinite(decay.cutoff_s):
        assert decay(math.nextafter(decay.cutoff_s, INF)) == 0
        assert decay(decay.cutoff_s) == pytest.approx(weight_of(decay, decay.cutoff_s), rel=1e-9, abs=1e-90)


@given(decays)
def test_a_decay_is_a_frozen_value(decay):
    assert decay == dataclasses.replace(decay)
    assert hash(decay) == hash(dataclasses.replace(decay))
    with pytest.raises(dataclasses.FrozenInstanceError):
        decay.cutoff_s = 3


def test_arrays_of_any_shape_and_kind_keep_their_shape():
    assert Exponential(60)(np.zeros((2, 3), dtype=np.float32)).shape == (2, 3)
    assert Binary(60)(30).shape == ()
    assert Binary(60)(np.array([30, 90], dtype=np.int32)).tolist() == [1, 0]
    assert Binary(60)([]).size == 0


def test_a_weight_that_is_next_to_nothing_is_nothing():
    """Supply divided by a weight and multiplied by it again must stay a number."""
    assert Exponential(1.0)([200.0, 1e300])[0] > 0
    assert Exponential(1.0)([240.0, 1e300]).tolist() == [0, 0]
    assert Gaussian(1.0)(1e200) == 0


def test_zones_of_minutes_hold_their_far_edge():
    luo_and_qi = Stepped(edges_s=[600, 1200, 1800], weights=[1, 0.68, 0.22])
    assert luo_and_qi([0, 600, 601, 1200, 1201, 1800, 1801]).tolist() == [1, 1, 0.68, 0.68, 0.22, 0.22, 0]
    assert luo_and_qi == Stepped(edges_s=(600.0, 1200.0, 1800.0), weights=(1.0, 0.68, 0.22))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Binary(0), "Binary decay: cutoff_s is 0; it must be a number of seconds above 0"),
        (lambda: Binary(NAN), "cutoff_s is nan"),
        (lambda: Binary("60"), "cutoff_s is '60'"),
        (lambda: Exponential(-1, cutoff_s=0), "2 problems\n  - scale_s is -1.*\n  - cutoff_s is 0"),
        (lambda: Exponential(INF), "scale_s is inf"),
        (lambda: Gaussian(True), "sigma_s is True"),
        (lambda: Power(0, 60), "exponent is 0; it must be a number above 0"),
        (lambda: Logistic(60, NAN), "sd_s is nan"),
        (lambda: Stepped((), ()), r"edges_s is \(\); it must be a list of numbers"),
        (lambda: Stepped(600, (1,)), "edges_s is 600; it must be a list"),
        (lambda: Stepped((600, 600), (1, 1)), "rising order"),
        (lambda: Stepped((0, 600), (1, 1)), "above 0"),
        (lambda: Stepped((600, INF), (1, 1)), "above 0"),
        (lambda: Stepped((600, 1200), (1,)), "edges_s has 2 values and weights 1"),
        (lambda: Stepped((600, 1200), (0.5, 0.6)), "not be above that of a nearer zone"),
        (lambda: Stepped((600, 1200), (1.5, -0.1)), r"must lie in \[0, 1\]"),
        (lambda: Stepped((600,), (NAN,)), r"must lie in \[0, 1\]"),
        (lambda: Binary(60)([30, -1]), "a travel time is -1.0; travel times are seconds >= 0"),
    ],
)
def test_what_makes_no_decay_is_refused(make, message):
    with pytest.raises(InputError, match=f"(?s){message}"):
        make()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{kind = "binary", cutoff_min = 30}', Binary(1800)),
        ('{kind = "stepped", edges_min = [10, 20.5], weights = [1, 0.5]}', Stepped((600, 1230), (1, 0.5))),
        ('{kind = "exponential", scale_min = 10}', Exponential(600)),
        ('{kind = "gaussian", sigma_min = 15, cutoff_min = 60}', Gaussian(900, 3600)),
        ('{kind = "gaussian", sigma_min = 15, cutoff_min = inf}', Gaussian(900)),
        ('{kind = "power", exponent = 2, scale_min = 1, cutoff_min = 90}', Power(2, 60, 5400)),
        ('{kind = "logistic", midpoint_min = 30, sd_min = 10}', Logistic(1800, 600)),
    ],
)
def test_a_study_file_names_a_decay_in_minutes(text, expected):
    assert decay_from(tomllib.loads(f"decay = {text}")["decay"]) == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, '"kind" is None; use one of binary, stepped'),
        ({"kind": "gausian", "sigma_min": 3}, 'did you mean "gaussian"'),
        ({"kind": ["binary"]}, r'"kind" is \[\'binary\'\]'),
        ({"kind": "gaussian", "cutoff_min": 60}, '"sigma_min" is missing'),
        ({"kind": "gaussian", "sigma_s": 60}, 'unknown key "sigma_s"; did you mean "sigma_min"'),
        ({"kind": "binary", "cutoff_min": "30"}, "\"cutoff_min\" must be a number .found '30'"),
        ({"kind": "binary", "cutoff_min": True}, "must be a number .found True"),
        ({"kind": "binary", "cutoff_min": [30]}, "must be a number"),
        ({"kind": "stepped", "edges_min": 30, "weights": [1]}, '"edges_min" must be a list of numbers'),
        ({"kind": "stepped", "edges_min": [30, "x"], "weights": [1]}, '"edges_min" must be a list of numbers'),
        ({"kind": "power", "scale_min": -1, "exponent": 2}, "scale_s is -60.0.*a study file has minutes"),
        ({"kind": "power", "scal_min": 1}, "3 problems"),
    ],
)
def test_a_study_file_lists_all_that_is_wrong_with_a_decay(settings, message):
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        decay_from(settings)
