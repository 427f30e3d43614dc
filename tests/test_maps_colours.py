"""Pictures in few colours: what is filled keeps its colour, and all else gets the nearest there is."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from geoaccess.maps import few_colours
from geoaccess.maps.bands import band_colours


def picture_of(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def pixels_of(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def busy(high: int, wide: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (high, wide, 3), dtype=np.uint8)


def test_what_is_filled_keeps_its_colour_among_thousands_of_others():
    bands = [tuple(int(code[at : at + 2], 16) for at in (1, 3, 5)) for code in band_colours(9)]
    assert len(set(bands)) == 9
    drawn = np.full((300, 600, 3), 255, np.uint8)
    drawn[:100] = busy(100, 600)
    for number, band in enumerate(bands):
        drawn[150:180, 10 + 60 * number : 60 + 60 * number] = band
    small = few_colours(picture_of(drawn))
    assert Image.open(io.BytesIO(small)).mode == "P"
    found = pixels_of(small)
    np.testing.assert_array_equal(found[100:], drawn[100:])
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 128


def test_every_pixel_gets_the_nearest_colour_of_the_palette():
    drawn = busy(90, 120)
    found = pixels_of(few_colours(picture_of(drawn))).reshape(-1, 3).astype(int)
    palette = np.unique(found, axis=0)
    apart = ((drawn.reshape(-1, 1, 3).astype(int) - palette) ** 2).sum(axis=2)
    np.testing.assert_array_equal(((found - drawn.reshape(-1, 3)) ** 2).sum(axis=1), apart.min(axis=1))


def test_a_picture_of_128_colours_stays_as_it_is():
    drawn = np.repeat(busy(1, 128), 3, axis=0)
    drawn[1, 5] = drawn[1, 6]  # no grid of every third pixel sees all of them alike
    small = few_colours(picture_of(drawn))
    np.testing.assert_array_equal(pixels_of(small), drawn)
    assert few_colours(small) == small
    assert few_colours(b"no picture") == b"no picture"


def test_a_picture_of_many_dots_becomes_as_wide_as_a_page_shows_and_of_the_usual_look_stays():
    assert pixels_of(few_colours(picture_of(busy(20, 5000)))).shape == (10, 2500, 3)
    assert pixels_of(few_colours(picture_of(busy(20, 2410)))).shape == (20, 2410, 3)
