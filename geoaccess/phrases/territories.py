"""What countries and territories are called, and their codes, as CLDR has them."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from babel.core import get_global

__all__ = ["codes_of_three", "territory_names"]

_OLD = frozenset(("DDR", "YMD", "FXX", "SUN", "YUG", "SCG", "ZAR", "TMP", "BUR", "ROM", "QMM", "QUU"))
_NO_COUNTRIES = frozenset(("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"))


@cache
def territory_names(language: str) -> dict[str, str]:
    """Return the names of countries and territories in a language, by their codes of two letters (ISO 3166-1).

    >>> territory_names("nb")["NO"], territory_names("en")["FO"]
    ('Norge', 'Faroe Islands')
    """
    named = Locale(language).territories.items()
    return {code: str(name) for code, name in named if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRIES}


@cache
def codes_of_three() -> dict[str, str]:
    """Return the codes of three letters of countries and territories, by those of two.

    >>> codes_of_three()["FI"], codes_of_three()["DE"]
    ('FIN', 'DEU')
    """
    aliases = get_global("territory_aliases").items()
    pairs = {two[0]: three for three, two in aliases if len(two) == 1 and three not in _OLD and three.isalpha()}
    return {
        two: three for two, three in pairs.items() if re.fullmatch("[A-Z]{2}", two) and re.fullmatch("[A-Z]{3}", three)
    }
