"""Arguments of another type than a function can use, named in words: one rule for every public function.

Nothing is looked at while a call goes well. Where one fails, its arguments are held against the annotations of the
function, and an argument that does not fit them is what the message is about; else a text within them, if it failed as
that is no number.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import numbers
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from geoaccess.errors import ArgumentError, GeoaccessError

__all__ = ["checks_arguments"]

P = ParamSpec("P")
R = TypeVar("R")

_ARRAY = object()
_NO_NUMBER = re.compile(
    r"(?:could not convert string to float|invalid literal for int\(\) with base 10): (.*)", re.DOTALL
)
"""What numpy and Python say of text in a table where a number should be; annotations do not tell columns apart."""

_LOOKED_AT = 1000  # so many elements of a list are checked, before it is taken to be as it should
_SCALARS: dict[Any, tuple[type, ...]] = {
    bool: (bool, np.bool_),
    int: (numbers.Integral,),
    float: (numbers.Real,),
    str: (str,),
}


def checks_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function say which of its arguments is of a wrong type, where it fails on one.

    >>> @checks_arguments
    ... def half(people: float) -> float:
    ...     return people / 2
    >>> half("many")
    Traceback (most recent call last):
    geoaccess.errors.ArgumentError: half: people is the str 'many'; it must be a number
    """
    explain = _explain

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            explain(function, args, kwargs, error)
            raise

    # With the globals of the function's own module, so that its doctests are found there.
    made: Any = types.FunctionType(
        call.__code__,
        function.__globals__,
        function.__name__,
        None,
        call.__closure__,
    )
    return typing.cast("Callable[P, R]", functools.update_wrapper(made, function))


def _explain(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> None:
    """Raise an `ArgumentError` if an argument does not fit its annotation, or holds text for a number; else nothing."""
    if isinstance(error, GeoaccessError) and not isinstance(error, ArgumentError):
        return
    problems = _wrong_arguments(function, args, kwargs)
    if len(problems) == 1:
        raise ArgumentError(f"{function.__name__}: {problems[0]}") from error
    if problems:
        raise ArgumentError("\n  - ".join([f"{function.__name__}: {len(problems)} arguments", *problems])) from error
    text = _NO_NUMBER.fullmatch(str(error)) if isinstance(error, ValueError) else None
    if text:
        raise ArgumentError(
            f"{function.__name__}: {text[1]} is not a number; give numbers, and NaN or inf where there is none"
        ) from error


def _wrong_arguments(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    signature = inspect.signature(function)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:  # one too many or too few, which Python says well
        return []
    expected = _annotations(function)
    problems = []
    for name, value in given.items():
        kind = signature.parameters[name].kind
        values = value if kind is inspect.Parameter.VAR_POSITIONAL else [value]
        if kind is inspect.Parameter.VAR_KEYWORD or name not in expected:
            continue
        for one in values:
            if not _fits(one, expected[name]):
                problems.append(f"{name} is {_described(one)}; it must be {_words(expected[name])}")
                break
    return problems


@functools.cache
def _annotations(function: Any) -> dict[str, Any]:
    """Return the types of the parameters; without those whose names cannot be found."""
    names = _names(function.__module__)
    found = {}
    for name, annotation in inspect.get_annotations(function).items():
        try:
            found[name] = _evaluated(annotation, names)
        except (AttributeError, NameError, SyntaxError, TypeError):
            continue
    return found


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    while isinstance(annotation, str):  # an alias may be written as text too
        plain = re.sub(r"\b(pd\.(?:Series|Index)|nx\.\w+)\[[^\[\]]*\]", r"\1", annotation)
        annotation = eval(plain, names)  # noqa: S307  the text of our own source
    return annotation


@functools.cache
def _names(module: str) -> dict[str, Any]:
    """Return the names that a module uses in annotations, those it imports for typing alone among them."""
    loaded: Any = sys.modules[module]
    names: dict[str, Any] = {"Any": Any, "np": np, "npt": npt, "Sequence": Sequence, "Mapping": Mapping}
    names |= {"pd": importlib.import_module("pandas"), "gpd": importlib.import_module("geopandas")}
    names["Hashable"] = typing.Hashable
    source = ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(source):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            continue
        for line in node.body:
            if isinstance(line, ast.Import | ast.ImportFrom):
                names |= _imported(line)
    names |= vars(loaded)
    return names


def _imported(line: ast.Import | ast.ImportFrom) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for alias in line.names:
        try:
            if isinstance(line, ast.Import):
                found: Any = importlib.import_module(alias.name)
            else:
                found = getattr(importlib.import_module(str(line.module)), alias.name)
        except (AttributeError, ImportError):
            continue
        names[alias.asname or alias.name] = found
    return names


def _members(expected: Any) -> tuple[Any, ...]:
    """Return what a type is made of; all that numpy takes for an array, a union of its own, is one member."""
    inner = typing.get_args(expected)
    array = typing.get_args(npt.ArrayLike)
    if typing.get_origin(expected) not in (typing.Union, types.UnionType) or not set(array) <= set(inner):
        return inner
    return (*(one for one in inner if one not in array), _ARRAY)


def _fits(value: Any, expected: Any) -> bool:  # noqa: PLR0911  a rule per line
    origin, inner = typing.get_origin(expected), _members(expected)
    if expected is _ARRAY:
        return _is_numbers(value)
    if expected is None or expected is type(None):
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is typing.Literal:
        return any(type(value) is type(one) for one in inner)  # which of them, the function itself says
    if expected in _SCALARS:
        return isinstance(value, _SCALARS[expected]) and (expected is bool or not isinstance(value, bool))
    if origin in (Sequence, list, tuple, Mapping, dict):
        return _fits_container(value, origin, inner)
    if origin is Callable or expected is Callable:
        return callable(value)
    return _is_kind(value, origin or expected)


def _is_kind(value: Any, kind: Any) -> bool:
    if kind is Any or not isinstance(kind, type):
        return True
    if not getattr(kind, "_is_protocol", False):
        return isinstance(value, kind)
    parts = [part for part in kind.__mro__ if getattr(part, "_is_protocol", False)]
    asked = {name for part in parts for name in (*vars(part), *getattr(part, "__annotations__", ()))}
    return all(hasattr(value, name) for name in asked if not name.startswith("_"))


def _fits_container(value: Any, origin: Any, inner: tuple[Any, ...]) -> bool:
    import pandas as pd

    if origin in (Mapping, dict):
        if not isinstance(value, Mapping):
            return False
        return all(_fits(one, inner[1]) for one in list(value.values())[:_LOOKED_AT]) if inner else True
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray | pd.Series | pd.Index):
        return False
    if origin is tuple and (not inner or inner[-1] is not Ellipsis):
        return not inner or (len(value) == len(inner) and all(map(_fits, value, inner)))
    return all(_fits(one, inner[0]) for one in value[:_LOOKED_AT]) if inner else True


def _is_numbers(value: Any) -> bool:
    """Whether numpy can make an array of numbers of it."""
    if isinstance(value, str | bytes | Mapping | set) or value is None:
        return False
    try:
        return np.asarray(value).dtype.kind in "biufM" or np.asarray(value, dtype=np.float64).size >= 0
    except (TypeError, ValueError):
        return False


def _described(value: Any) -> str:
    if value is None:
        return "None"
    kind = type(value).__name__
    return f"the {kind} {value!r}" if isinstance(value, str | numbers.Number) else f"a {kind}"


def _words(expected: Any) -> str:  # noqa: PLR0911  a rule per line
    """Return a type in words."""
    origin, inner = typing.get_origin(expected), _members(expected)
    plain = {float: "a number", int: "a whole number", str: "text", bool: "True or False", type(None): "None"}
    if expected is _ARRAY:
        return "numbers (an array, Series or list)"
    if expected in plain:
        return plain[expected]
    if origin in (typing.Union, types.UnionType):
        words = list(dict.fromkeys(_words(one) for one in inner))
        return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    if origin is typing.Literal:
        return " or ".join(repr(one) for one in inner)
    if origin in (Sequence, list, tuple) and inner:
        return f"a list of {_words(inner[0]).removeprefix('a ')}"
    if origin in (Mapping, dict) and inner:
        return f"a mapping to {_words(inner[-1])}"
    if origin is Callable:
        return "a function"
    return f"a {getattr(origin or expected, '__name__', str(expected))}"
