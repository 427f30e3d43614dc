"""Work shared between threads is all done, by whoever is free; many questions at once get the answers of one."""

from __future__ import annotations

import ast
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import numba
import numpy as np
import pytest

import geoaccess as ga
from geoaccess.hierarchy import parts
from geoaccess.kernels import threads
from geoaccess.kernels.threads import share, thread_count
from geoaccess.routing.kept_room import kept_room
from geoaccess.routing.node_keys import nearest_keys


def test_each_part_is_worked_on_once():
    done = np.zeros(100, np.int64)

    def work(first, last):
        done[first:last] += 1

    share(work, [(first, first + 10) for first in range(0, 100, 10)])
    share(work, [])
    assert done.tolist() == [1] * 100


def test_a_caller_may_ask_for_fewer_threads():
    usual = thread_count()
    numba.set_num_threads(1)
    try:
        assert thread_count() == 1
    finally:
        numba.set_num_threads(usual)


def test_the_caller_does_what_no_thread_is_free_for():
    """Others' long work fills all threads; it ends only after the caller has done its own."""
    released, done = threading.Event(), []
    with ThreadPoolExecutor(1) as others:
        long = others.submit(share, lambda *_: released.wait(60), [(i, i + 1) for i in range(100)])
        try:
            share(lambda first, _: done.append(first), [(i, i + 1) for i in range(20)])
            assert sorted(done) == list(range(20))
            assert not long.done()
        finally:
            released.set()


def test_what_goes_wrong_in_a_thread_is_not_lost():
    def work(first, _last):
        if first:
            raise ValueError("part 1")

    with pytest.raises(ValueError, match="part 1"):
        share(work, [(0, 1), (1, 2)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_process_has_threads_of_its_own():
    share(lambda *_: None, [(0, 1), (1, 2)])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        share(lambda first, _: os.write(writing, b"ab"[first : first + 1]), [(0, 1), (1, 2)])
        os._exit(0)
    os.waitpid(child, 0)
    assert sorted(os.read(reading, 2)) == sorted(b"ab")


def test_room_is_lent_to_one_at_a_time():
    with kept_room(10) as one, kept_room(20) as other:
        assert (one.size, other.size) == (10, 20)
        assert not np.shares_memory(one, other)
    with kept_room(5) as again:
        assert again.size == 5
        assert np.shares_memory(again, one) or np.shares_memory(again, other)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_sixteen_questions_at_once_are_answered_as_one_after_the_other(k):
    rng = np.random.default_rng(3)
    u, v = rng.integers(0, 300, (2, 900))
    u, v = u[u != v], v[u != v]
    times = rng.integers(1, 900, u.size)
    road = ga.Network.from_edges(
        lon=rng.uniform(10, 11, 300), lat=rng.uniform(60, 61, 300), u=u, v=v, forward_s=times, backward_s=times
    )
    sites = [rng.choice(300, 9).astype(np.int32) for _ in range(16)]
    with (
        mock.patch.object(parts, "_SMALL", 0),
        mock.patch.object(threads, "_ALONE", 0),
        mock.patch.object(threads, "thread_count", return_value=4),
    ):
        hierarchy = ga.contract(road)

        def ask(node):
            zero, number = np.zeros(9, np.int32), np.arange(9, dtype=np.int32)
            return nearest_keys(hierarchy, node, zero, number, k=k, reverse=True)

        expected = [ask(node) for node in sites]
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(ask, sites * 4))
    assert all(np.array_equal(one, expected[i % 16]) for i, one in enumerate(found))


def products(source: str) -> list[int]:
    """Return the lines that leave a sum of products to BLAS: its last bit depends on threads and kind of processor."""
    names = {"dot", "vdot", "matmul", "einsum", "tensordot", "cov", "corrcoef", "linalg", "polyfit"}
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult))
        or (isinstance(node, ast.Attribute) and node.attr in names)
    ]


def test_no_sum_depends_on_the_threads_of_blas():
    package = Path(ga.__file__).parent
    whole_numbers = package / "maps" / "colours.py"  # below 2^24 in single precision: exact in any order
    found = {
        path.relative_to(package).as_posix(): lines
        for path in package.rglob("*.py")
        if path != whole_numbers and (lines := products(path.read_text(encoding="utf-8")))
    }
    assert found == {}, "write (weights * values).sum(), which is the same on any number of threads"


def test_that_guard_sees_products():
    assert sorted(products("a = b @ c\nd = np.dot(b, c)\nb @= c\ne = (b * c).sum()\n")) == [1, 2, 3]
