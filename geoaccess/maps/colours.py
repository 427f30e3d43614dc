"""Pictures in few colours: a third of the bytes, and no difference that is seen."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["few_colours"]

_COLOURS, _CHIEF = 128, 32
"""So many in all, and so many that stay as they are: those of the most pixels."""
_WIDEST_PX: Final = 2500
"""Somewhat more than figures of the usual look have: made a little smaller they would be blurred, and larger files."""
_PNG: Final = b"\x89PNG"
_COLOUR_TYPE, _PALETTE = 25, 3
"""Where a PNG says how its pixels are coloured, and the number for a palette."""
_APART: Final = 3
"""One of so many pixels of one of so many rows is looked at for the palette: it is as good in a ninth of the time."""
_CHANNELS: Final = 0xFFFFFF
_AT_ONCE: Final = 1 << 16


def few_colours(picture: bytes) -> bytes:
    """Return a PNG in 128 colours, which is a third of the bytes; what is so already, or no PNG, as it is.

    One wider than a page shows, as of many dots per inch for print, becomes so wide. Each pixel gets the nearest of
    those colours; the most frequent stay as they are, and so do all where there are no more than 128.
    """
    if not picture.startswith(_PNG) or picture[_COLOUR_TYPE] == _PALETTE:
        return picture
    from PIL import Image  # matplotlib's own

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.width > _WIDEST_PX:
        image = image.resize((_WIDEST_PX, round(image.height * _WIDEST_PX / image.width)), Image.Resampling.LANCZOS)
    pixels = np.asarray(image.convert("RGBX")).view("<u4")[..., 0] & _CHANNELS
    table = np.zeros(_CHANNELS + 1, np.uint8)
    table[pixels] = 1
    found = np.flatnonzero(table.view(np.bool_))  # of which numpy skips what is 0
    palette = _channels(found) if len(found) <= _COLOURS else _palette_of(pixels)
    table[found] = _nearest(_channels(found), palette)
    drawn = Image.fromarray(table[pixels])
    drawn.putpalette(palette.tobytes())
    small = io.BytesIO()
    drawn.save(small, format="PNG", optimize=False)
    return small.getvalue()


def _channels(colours: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint8]:
    """Return red, green and blue of colours, a row for each."""
    return np.stack([colours & 255, colours >> 8 & 255, colours >> 16], axis=1).astype(np.uint8)


def _palette_of(pixels: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint8]:
    """Return at most 128 colours that stand for those of pixels: the most frequent, and of the rest by median cut.

    What is filled, as in a legend, thus keeps its colour: two bands of a scale never become one.
    """
    from PIL import Image

    some = pixels[::_APART, ::_APART].ravel()
    colours, number = np.unique(some, return_counts=True)
    chief = colours[np.argsort(-number, kind="stable")[:_CHIEF]]
    rest = some[~np.isin(some, chief)]
    if not len(rest):
        return _channels(chief)
    few = Image.fromarray(_channels(rest)[np.newaxis]).quantize(_COLOURS - len(chief), dither=Image.Dither.NONE)
    return np.concatenate([_channels(chief), np.array(few.getpalette(), np.uint8).reshape(-1, 3)])


def _nearest(colours: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the row of the palette that is nearest to each colour, the first of equals."""
    those = palette.astype(np.float32)
    return np.concatenate(
        [  # whole numbers below 2^24: nothing is rounded
            ((those**2).sum(axis=1) - 2 * colours[at : at + _AT_ONCE].astype(np.float32) @ those.T).argmin(axis=1)
            for at in range(0, len(colours), _AT_ONCE)
        ]
    ).astype(np.uint8)
