"""The palettes seen with every colour vision, in grey print, and by how much neighbours differ.

Colour vision is simulated with the matrices of Machado, Oliveira and Fernandes (2009), IEEE Transactions on
Visualization and Computer Graphics 15(6), 1291-1298, severity 1.0, on linear RGB. Differences are CIEDE2000; the
formula is checked against the 34 pairs of Sharma, Wu and Dalal (2005), Color Research and Application 30(1), 21-30.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import geoaccess
from geoaccess.maps import band_colours
from geoaccess.maps.bands import PALETTES
from geoaccess.zones import read_scheme

PALETTE = json.loads((Path(geoaccess.__file__).parent / "static" / "palette.json").read_text())
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(axis=1)
SEEN_BY = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "grey": [TO_XYZ[1].tolist()] * 3,
    "normal": np.eye(3).tolist(),
}

NEIGHBOURS = 6.0
"""Neighbours differ by this at least: squares of three pixels side by side are seen as two."""
NOT_REACHED = 10.0
"""The darkest band and what is not reached, whose stripes do not show at three pixels."""

PAIRS = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def ciede2000(one, other):
    """Return the difference of two colours in CIELAB, by equations 2 to 22 of Sharma, Wu and Dalal."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    grow = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    c1, c2 = np.hypot(grow * a1, b1), np.hypot(grow * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, grow * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = h2 - h1
    if c1 * c2 == 0:
        turn = 0.0
    elif abs(turn) > 180:
        turn -= np.copysign(360, turn)
    d_l, d_c, d_h = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = (h1 + h2) / 2
    if c1 * c2 == 0:
        h = h1 + h2
    elif abs(h1 - h2) > 180:
        h += 180 if h1 + h2 < 360 else -180
    cos = [np.cos(np.radians(k * h - shift)) for k, shift in ((1, 30), (2, 0), (3, -6), (4, 63))]
    t = 1 - 0.17 * cos[0] + 0.24 * cos[1] + 0.32 * cos[2] - 0.20 * cos[3]
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    turned = 60 * np.exp(-(((h - 275) / 25) ** 2))
    r_t = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * np.sin(np.radians(turned))
    parts = d_l / s_l, d_c / s_c, d_h / s_h
    return float(np.sqrt(sum(part**2 for part in parts) + r_t * parts[1] * parts[2]))


def lab(colour, seen_by="normal"):
    """Return a colour in CIELAB (D65) as it is seen."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SEEN_BY[seen_by]) @ linear, 0, 1)
    share = TO_XYZ @ seen / WHITE
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share * (29 / 6) ** 2 / 3 + 4 / 29)
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def apart(one, other, seen_by):
    return ciede2000(lab(one, seen_by), lab(other, seen_by))


def too_near(colours, seen_by, least):
    return [
        (one, other, round(apart(one, other, seen_by), 2))
        for one, other in pairwise(colours)
        if apart(one, other, seen_by) < least
    ]


@pytest.mark.parametrize("line", PAIRS.split("\n")[1:-1])
def test_the_difference_is_that_of_the_published_pairs(line):
    *pair, expected = map(float, line.split())
    assert ciede2000(pair[:3], pair[3:]) == pytest.approx(expected, abs=5e-5)
    assert ciede2000(pair[3:], pair[:3]) == pytest.approx(expected, abs=5e-5)


def test_cielab_has_white_black_and_the_primaries_in_their_places():
    assert lab("#ffffff") == pytest.approx((100, 0, 0), abs=1e-3)
    assert lab("#000000") == pytest.approx((0, 0, 0), abs=1e-9)
    assert lab("#ff0000") == pytest.approx((53.24, 80.09, 67.20), abs=0.01)
    assert lab("#0000ff") == pytest.approx((32.30, 79.19, -107.86), abs=0.01)


def test_simulations_keep_white_and_confuse_what_the_colour_blind_confuse():
    for seen_by in SEEN_BY:
        assert lab("#ffffff", seen_by) == pytest.approx((100, 0, 0), abs=0.05), seen_by
    # Red and green of one lightness, and blue and green, which are far apart for others.
    assert apart("#a05000", "#607000", "deuteranopia") < apart("#a05000", "#607000", "normal") / 2
    assert apart("#007070", "#0070a0", "tritanopia") < apart("#007070", "#0070a0", "normal") / 2


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("palette", PALETTES)
def test_bands_of_time_can_be_told_apart(palette, seen_by):
    for number in range(2, 9):
        colours = band_colours(number, palette=palette)
        assert too_near(colours, seen_by, NEIGHBOURS) == []
        assert apart(colours[-1], PALETTE["unreached"], seen_by) >= NOT_REACHED
        assert apart(colours[0], PALETTE["land"], seen_by) >= NEIGHBOURS
        assert apart(colours[0], PALETTE["paper"], seen_by) >= NEIGHBOURS


@pytest.mark.parametrize("seen_by", SEEN_BY)
def test_minutes_won_and_lost_can_be_told_apart(seen_by):
    for name in ("difference", "change"):
        scale = PALETTE[name]
        middle = len(scale) // 2
        assert too_near(scale[: middle + 1], seen_by, NEIGHBOURS) == [], name
        assert too_near(scale[middle:], seen_by, NEIGHBOURS) == [], name
        if seen_by != "grey":  # two arms of one lightness are one in grey: there the numbers say which is which
            for won, lost in zip(scale[:middle], scale[:middle:-1], strict=True):
                assert apart(won, lost, seen_by) >= NEIGHBOURS, (name, won, lost)


@pytest.mark.parametrize("seen_by", [seen_by for seen_by in SEEN_BY if seen_by != "grey"])
def test_services_can_be_told_apart(seen_by):
    colours = PALETTE["services"]
    near = [
        (one, other, round(apart(one, other, seen_by), 1))
        for place, one in enumerate(colours)
        for other in colours[place + 1 :]
        if apart(one, other, seen_by) < NEIGHBOURS
    ]
    assert near == []


@pytest.mark.parametrize("seen_by", [seen_by for seen_by in SEEN_BY if seen_by != "grey"])  # in grey, lines have dashes
@pytest.mark.parametrize("name", ["norway", "degurba", "scotland", "finland", "none"])
def test_classes_next_to_each_other_can_be_told_apart(name, seen_by):
    assert too_near(read_scheme(name).colours, seen_by, NEIGHBOURS) == []
