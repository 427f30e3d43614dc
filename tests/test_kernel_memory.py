"""Free memory goes back to the system, and nothing happens where the C library knows no such thing."""

from __future__ import annotations

import ctypes
import sys

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
