"""How numbers, shares, times and dates are written in a language: one function per kind.

Separators and signs are those of the Unicode locale data, by Babel; halves are rounded away from zero, as browsers
do, so that a page and a table show the same digits. A minus is U+2212, a space inside a number does not break, and
what is missing is an en dash. `static/shared/format.js` writes the same in the pages; a test holds the two together.
"""

from __future__ import annotations

import datetime as dt
import decimal
import importlib
import math
import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from geoaccess.errors import InputError
from geoaccess.phrases.catalogue import FALLBACK, language_code, text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "NOTHING",
    "date",
    "duration",
    "listed",
    "minutes",
    "number",
    "people",
    "plain",
    "require_time_zone",
    "share",
    "signed",
    "significant",
    "threshold",
]

NOTHING: Final = "\u2013"
_MINUS: Final = "\u2212"
_INFINITE: Final = "\u221e"
_LONG_MIN: Final = 119.5  # what rounds to two hours is written in hours
_UNWRITTEN: Final = 1e20
"""Of numbers from here on no digit is written out: no count is so large, and a wrong one should be seen as it is."""
_ROUNDING: Final = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_UP)


def require_time_zone() -> None:
    """Refuse a TZ of the environment that is no time zone: Babel reads it when it is loaded, and names no TZ.

    Raises
    ------
    InputError
        With what it is.
    """
    try:
        importlib.import_module("babel.localtime")
    except (LookupError, OSError, ValueError) as error:
        raise InputError(
            f"TZ is {os.environ.get('TZ')!r} in the environment, which is no time zone ({type(error).__name__}); write "
            "one such as Europe/Oslo, or leave it out"
        ) from error


@cache
def _locale(language: str) -> Any:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language_code(language))
    except UnknownLocaleError:
        return Locale.parse(FALLBACK)


@cache
def _pattern(decimals: int) -> Any:
    from babel.numbers import parse_pattern

    return parse_pattern(f"#,##0.{'0' * decimals}" if decimals else "#,##0")


def number(value: float, decimals: int = 0, *, language: str = "en") -> str:
    """Write a number with so many decimals, always.

    Examples
    --------
    >>> number(348342.4), number(-0.25, 1), number(float("nan"))
    ('348,342', '−0.3', '–')
    >>> number(12345.6, 2, language="nb").replace(chr(160), "_")
    '12_345,60'
    """
    value = float(value)
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return _INFINITE if value > 0 else f"{_MINUS}{_INFINITE}"
    if abs(value) >= _UNWRITTEN:
        return f"{value:.6g}".replace("-", _MINUS)
    rounded = decimal.Decimal(repr(value)).quantize(decimal.Decimal(1).scaleb(-decimals), context=_ROUNDING)
    written = str(_pattern(decimals).apply(abs(rounded), _locale(language)))
    return f"{_MINUS}{written}" if rounded < 0 else written


def people(value: float, *, language: str = "en") -> str:
    """Write a number of people, rounded to whole ones.

    Examples
    --------
    >>> people(348342.4), people(348342.4, language="nb").replace(chr(160), "_")
    ('348,342', '348_342')
    """
    return number(value, language=language)


def share(part: float, decimals: int = 1, *, language: str = "en") -> str:
    """Write a share in per cent; nothing and all have no decimals, and a share above nothing is never "0".

    Examples
    --------
    >>> share(0.123), share(0.123, language="nb").replace(chr(160), "_"), share(0.0001), share(0.0), share(1.0)
    ('12.3%', '12,3_%', '<0.1%', '0%', '100%')
    """
    if not math.isfinite(part):
        return NOTHING
    least = 10.0**-decimals
    if 0 < 100 * part < least / 2:
        written = f"<{number(least, decimals, language=language)}"
    else:
        written = number(100 * part, 0 if part in {0, 1} else decimals, language=language)
    sign = str(_locale(language).percent_formats[None].pattern).rpartition("0")[2]
    return f"{written}{sign}"


def minutes(time_s: float, decimals: int = 1, *, language: str = "en") -> str:
    """Write a time that was computed, in minutes with one decimal, always: 16.0 beside 11.1.

    Examples
    --------
    >>> minutes(960), minutes(667, language="nb")
    ('16.0', '11,1')
    """
    return number(time_s / 60, decimals, language=language)


def threshold(time_s: float, *, language: str = "en") -> str:
    """Write a time that somebody chose, such as a threshold, in minutes without needless decimals.

    Examples
    --------
    >>> threshold(720), threshold(450), threshold(450, language="nb")
    ('12', '7.5', '7,5')
    """
    return plain(round(time_s / 60, 1), language=language)


def duration(time_s: float, decimals: int = 0, *, language: str = "en") -> str:
    """Write a time with its unit: minutes, and from two hours on hours and minutes.

    Examples
    --------
    >>> duration(754), duration(8100), duration(8100, language="nb"), duration(float("inf"))
    ('13 min', '2 h 15 min', '2 t 15 min', '–')
    """
    if not math.isfinite(time_s):
        return NOTHING
    value = time_s / 60
    unit = text(language, "units.min")
    if abs(value) < _LONG_MIN:
        return f"{number(value, decimals, language=language)} {unit}"
    whole = math.floor(abs(value) + 0.5)
    sign = _MINUS if value < 0 else ""
    return f"{sign}{whole // 60} {text(language, 'units.hour')} {whole % 60:02d} {unit}"


def signed(value: float, decimals: int, *, language: str = "en") -> str:
    """Write a change with its sign, and one that rounds to nothing as ±0.

    Examples
    --------
    >>> signed(3.14159, 1), signed(-3.14159, 1, language="nb"), signed(-0.04, 1)
    ('+3.1', '−3,1', '±0')
    """
    if math.isnan(value):
        return NOTHING
    written = number(abs(value), decimals, language=language)
    if written == number(0.0, decimals, language=language):
        return "±0"
    return f"{_MINUS if value < 0 else '+'}{written}"


def significant(value: float, digits: int = 3, *, language: str = "en") -> str:
    """Write a number with so many digits that count; whole numbers as they are.

    Examples
    --------
    >>> significant(0.5276), significant(-0.2541, language="nb"), significant(2.0), significant(1234.5)
    ('0.528', '−0,254', '2', '1,235')
    """
    if not math.isfinite(value) or value == 0 or float(value).is_integer() or abs(value) >= 10 ** (digits - 1):
        return number(value, language=language)
    return number(value, min(digits - 1 - math.floor(math.log10(abs(value))), 6), language=language)


def plain(value: float, *, language: str = "en") -> str:
    """Write a number as somebody chose it, such as a setting: no more decimals than it has.

    Examples
    --------
    >>> plain(3.5), plain(3.5, language="nb"), plain(20.0), plain(0.000001)
    ('3.5', '3,5', '20', '0.000001')
    """
    if not math.isfinite(value):
        return number(value, language=language)
    shown = decimal.Decimal(f"{value:.6g}").normalize()
    return number(float(shown), max(0, -int(shown.as_tuple().exponent)), language=language)


def date(day: dt.date, *, language: str = "en") -> str:
    """Write a date.

    Examples
    --------
    >>> import datetime as dt
    >>> date(dt.date(2025, 1, 7)), date(dt.date(2025, 1, 7), language="nb")
    ('7 January 2025', '7. januar 2025')
    """
    from babel.dates import format_date

    return str(format_date(day, text(language, "units.date"), locale=_locale(language)))


def day(name: str, *, language: str = "en") -> str:
    """Write a day that is given by its date or by its English name.

    Examples
    --------
    >>> day("2026-01-13"), day("2026-01-13", language="nb"), day("tuesday"), day("tuesday", language="nb")
    ('Tuesday 13 January 2026', 'tirsdag 13. januar 2026', 'Tuesday', 'tirsdag')
    """
    from babel.dates import get_day_names

    names = dict(get_day_names("wide", locale=_locale(language)))
    in_english = dict(get_day_names("wide", locale=_locale("en")))
    english = [str(in_english[number]).lower() for number in range(7)]
    if name in english:
        return str(names[english.index(name)])
    moment = dt.date.fromisoformat(name)
    return f"{names[moment.weekday()]} {date(moment, language=language)}"


def listed(parts: Sequence[str], *, language: str = "en") -> str:
    """Write a list.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b"], language="nb"), listed(["a"])
    ('a, b and c', 'a og b', 'a')
    """
    if len(parts) < 2:  # noqa: PLR2004 - one needs no "and"
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {text(language, 'units.and')} {parts[-1]}"
