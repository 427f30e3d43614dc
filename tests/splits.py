"""A decomposition by the names of its parts, so that tests of it read as its formula does."""

from functools import partial
from types import SimpleNamespace

from geoaccess import equity


def split(index, *args, **kwargs):
    """Return total, between, within and groups of the table by which `equity` splits an index."""
    if isinstance(index, partial):
        return split(index.func, *args, **{**index.keywords, **kwargs})
    table = getattr(equity, f"decompose_{index.__name__}")(*args, **kwargs)
    parts = table.loc["everybody"]
    groups = table.drop("everybody")
    return SimpleNamespace(total=parts["index"], between=parts["between"], within=parts["within"], groups=groups)
