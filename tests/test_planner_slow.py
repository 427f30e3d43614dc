"""The planner as it listens: slow, silent and broken clients over raw sockets, who keep nobody else out."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from contextlib import ExitStack, closing

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_study_tiny import degrees, write_study

from geoaccess.planner import PlannerState
from geoaccess.planner.app import planner_app
from geoaccess.planner.doors import local_entrance
from geoaccess.planner.serve import _listening, planner_server
from geoaccess.study import load_study, solve_study

SECRET = "s" * 43
HEAD_S, MOST = 1.0, 16


class Listening:
    """A planner that listens, with little patience."""

    def __init__(self, state, folder):
        self.listener = _listening(0)
        self.port = self.listener.getsockname()[1]
        entrance = local_entrance(folder, port=self.port, token=SECRET, key=SECRET)
        self.app = planner_app(state, entrance, body_s=HEAD_S)
        ready = threading.Event()
        self.server = planner_server(self.app, listening=ready.set, head_s=HEAD_S, taken_s=HEAD_S, most=MOST)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]}, daemon=True)
        self.thread.start()
        assert ready.wait(10)
        self.here = f"http://127.0.0.1:{self.port}"

    def client(self):
        cookies = {f"geoaccess-{self.port}": SECRET}
        return httpx.Client(base_url=self.here, cookies=cookies, headers={"origin": self.here}, timeout=20)

    def connect(self, data=b""):
        found = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        found.sendall(data)
        return found

    def stop(self):
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("slow"))
    return PlannerState(solve_study(load_study(path), show=False))


@pytest.fixture(scope="module")
def listening(state, tmp_path_factory):
    found = Listening(state, tmp_path_factory.mktemp("slow-plans"))
    yield found
    found.stop()


def answers(listening):
    with listening.client() as client:
        return client.get("/api/plans").status_code == 200


def is_closed(connection):
    """Whether the other side hangs up; what it says before that is read."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("data", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: ", b"P"])
def test_half_sent_requests_keep_nobody_out(listening, data):
    """Five times as many as there is room for; each is closed in the end, and all the while others are answered."""
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(listening.connect(data))) for _ in range(5 * MOST)]
        for _ in range(5):
            assert answers(listening)
        assert all(is_closed(one) for one in slow)


def test_a_body_of_two_lengths_is_refused_and_nothing_after_it_is_read(listening):
    """What one server takes for the body is a request of its own to another: a proxy and we must not disagree."""
    hidden = b"GET /api/plans HTTP/1.1\r\nHost: x\r\n\r\n"
    head = [
        "POST /api/changes HTTP/1.1",
        f"Host: 127.0.0.1:{listening.port}",
        f"Origin: {listening.here}",
        f"Cookie: geoaccess-{listening.port}={SECRET}",
        "Content-Type: application/json",
        f"Content-Length: {len(hidden) + 5}",
        "Transfer-Encoding: chunked",
    ]
    with closing(listening.connect("\r\n".join([*head, "", ""]).encode() + b"0\r\n\r\n" + hidden)) as connection:
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()
    assert answers(listening)


def test_a_head_that_dribbles_in_is_given_up(listening):
    with closing(listening.connect(b"GET / HTTP/1.1\r\nX: ")) as slow:
        assert dribbled_until_cut_off(slow, 20 * HEAD_S)
    assert answers(listening)


def dribbled_until_cut_off(connection, longest_s):
    """Send a byte now and then; whether the other side hung up in the end."""
    end = time.monotonic() + longest_s
    while time.monotonic() < end:
        try:
            connection.sendall(b"a")
        except ConnectionError:
            return True
        time.sleep(0.05)
    return False


def begun_post(listening, *lines):
    """Return the head of a request with a body."""
    head = [
        "POST /api/answer HTTP/1.1",
        f"Host: 127.0.0.1:{listening.port}",
        f"Origin: {listening.here}",
        f"Cookie: geoaccess-{listening.port}={SECRET}",
    ]
    return "\r\n".join([*head, *lines, "", ""]).encode()


UNFINISHED = ("Content-Type: application/json", "Content-Length: 100")


def test_bodies_that_are_long_in_coming_are_not_worked_at(listening, monkeypatch):
    monkeypatch.setattr(listening.app, "most_at_once", 1)
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(closing(listening.connect(begun_post(listening, *UNFINISHED) + b"{")))
        time.sleep(HEAD_S / 4)
        assert answers(listening)


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
@pytest.mark.parametrize("cut", [True, False])
def test_a_request_that_breaks_off_is_nothing_unforeseen(listening, caplog, kind, cut):
    """What is wrong with its end is answered once, whatever else was wrong with it."""
    kinds = f"Content-Type: {kind}"
    if cut:
        spoken(listening, begun_post(listening, kinds, "Content-Length: 100") + b"{")
    else:
        said = spoken(listening, begun_post(listening, kinds, "Transfer-Encoding: chunked") + b"no length\r\n")
        assert said.count(b"HTTP/1.1 ") == 1
        assert said.startswith(b"HTTP/1.1 400")
    assert answers(listening)
    assert caplog.messages == []


def test_a_body_that_never_comes_is_given_up(listening):
    head = begun_post(listening, *UNFINISHED)
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(listening.connect(head + b"{"))) for _ in range(2 * MOST)]
        for _ in range(3):
            time.sleep(HEAD_S / 2)
        assert answers(listening)
        assert b"408" in slow[-1].recv(100)  # the first made way for those after them
        assert all(is_closed(one) for one in slow)


def test_an_answer_that_nobody_takes_is_given_up(listening):
    head = (
        f"GET /static/leaflet.js HTTP/1.1\r\nHost: 127.0.0.1:{listening.port}\r\n"
        f"Cookie: geoaccess-{listening.port}={SECRET}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        for _ in range(MOST):
            deaf = stack.enter_context(closing(socket.socket()))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", listening.port))
            deaf.sendall(head * 40)  # more than the buffers between hold
        end = time.monotonic() + 20
        while not answers_now(listening):
            assert time.monotonic() < end, "deaf clients keep others out"
    assert answers(listening)


def answers_now(listening):
    try:
        return answers(listening)
    except httpx.HTTPError:
        return False


def test_requests_after_each_other_on_one_connection(listening):
    """The clock for the head begins anew with each, and does not run while an answer is worked at."""
    with listening.client() as client:
        for _ in range(4):
            assert client.get("/api/plans").status_code == 200
            time.sleep(HEAD_S / 2)


def spoken(listening, data):
    """Return all that the planner says to some bytes."""
    with closing(listening.connect()) as connection:
        connection.settimeout(10)
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            said = b""
            while part := connection.recv(65536):
                said += part
        except ConnectionError:
            return b""
        return said


WORDS = st.sampled_from(
    [b"GET ", b"POST ", b"/", b"/?a=1&b=2&c=3&d=4&e=5&f=6", b"/api/answer", b"/api/plans/save", b" HTTP/1.1\r\n",
     b"\r\n", b"Host: 127.0.0.1\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Cookie: a=",
     b"%00",      b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n", b"\xff\xfe", b"{}",
     b"5\r\nabcde\r\n"]
)  # fmt: skip


@given(parts=st.lists(st.one_of(WORDS, st.binary(max_size=20)), max_size=14))
@settings(max_examples=100)
def test_no_bytes_bring_it_down_or_a_traceback_out(listening, parts):
    said = spoken(listening, b"".join(parts))
    assert b"Traceback" not in said
    assert b" 500 " not in said.split(b"\r\n")[0]
    if said:
        assert said.startswith(b"HTTP/1.1 ")


PATHS = ["/api/answer", "/api/journey", "/api/road", "/api/suggest", "/api/plans/save", "/api/plans/load", "/api/fit",
         "/api/export/csv"]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
    st.sampled_from(["gp", "gp-west", "new-1", "add", "close", "close_group", "0" * 32, "Plan", "remove", "days"]),
)  # fmt: skip
FIELDS = st.sampled_from(
    ["tab", "service", "changes", "what", "site", "way", "lon", "lat", "cell", "title", "base", "name", "etag", "adds",
     "select", "polygon", "days", "replace", "objective"]
)  # fmt: skip
ANY = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(FIELDS, inner, max_size=5))
)


@given(path=st.sampled_from(PATHS), body=ANY)
@settings(max_examples=150)
def test_any_json_has_an_answer_in_json(listening, path, body):
    with listening.client() as client:
        found = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert found.status_code < 500, found.text
    assert found.status_code == 200 or found.json()["message"]
    assert "Traceback" not in found.text


def test_whatever_goes_wrong_inside_is_one_json_error(listening, state, monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("geoaccess.planner.app.answer_json", fails)
    body = {"tab": "0" * 32, "service": "gp", "changes": []}
    with listening.client() as client:
        found = client.post("/api/answer", json=body)
        assert (found.status_code, found.json()["error"]) == (500, "unforeseen")
        assert "secret detail" not in found.text
    assert answers(listening)


def test_a_busy_planner_still_answers_in_turn(listening):
    """Many at once, in any order: each gets its own answer."""
    lon, lat = degrees(27.5, -9.5)
    add = {"what": "add", "service": "gp", "site": "new-1", "lon": lon, "lat": lat}
    lists = [[add], [], [{"what": "close", "way": 8}]] * 5
    random.Random(1).shuffle(lists)
    found = {}

    def ask(number, changes):
        with listening.client() as client:
            body = {"tab": f"{number % 3:032x}", "service": "gp", "changes": changes}
            found[number] = client.post("/api/answer", json=body).json()["effect"]["quicker"]

    threads = [threading.Thread(target=ask, args=(number, changes)) for number, changes in enumerate(lists)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: 101 if changes == [add] else 0 for number, changes in enumerate(lists)}
