"""Free memory goes back to the system, and nothing happens where the C library knows no such thing."""

from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import pytest

from geoaccess.kernels import memory


class Library:
    def __init__(self, calls):
        self.malloc_trim = calls.append


def test_it_asks_the_c_library_of_linux_to_trim(monkeypatch):
    calls = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library(calls))
    memory.give_back()
    assert calls == [0]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch, platform):
    def refuse(name):
        raise AssertionError(name)

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    memory.give_back()


def test_a_c_library_without_it_is_no_failure(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.give_back()


def test_what_pyarrow_keeps_is_given_back_where_it_is_imported(monkeypatch):
    calls = []
    pool = SimpleNamespace(release_unused=lambda: calls.append("pool"))
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(default_memory_pool=lambda: pool))
    memory.give_back()
    assert calls == ["pool"]
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace())  # another thread imports it
    memory.give_back()
    monkeypatch.delitem(sys.modules, "pyarrow")
    memory.give_back()
    assert calls == ["pool"]
