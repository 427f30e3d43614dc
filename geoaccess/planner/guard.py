"""The door of the planner: who may ask, from where, and how much."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from geoaccess.phrases import FALLBACK, languages, section

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    from geoaccess.planner.doors import Door, Entrance

    App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["MOST_AT_ONCE", "MOST_BYTES", "Guard", "wanted_language"]

MOST_BYTES = 2 * 1024 * 1024
"""Room for the longest list of changes."""

MOST_AT_ONCE = 32
"""Requests that are worked at, or wait for it, behind one door."""

_MOST_FIELDS = 5
_NEAR = {"no": "nb", "nn": "nb"}
"""Languages that are read by those whose own has no phrases."""
_log = logging.getLogger("geoaccess.planner")

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "cache-control": "no-store",
}


class _Denied(Exception):  # noqa: N818 - it never leaves this file
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Guard:
    """Let through what the page of this planner asks, and nothing else.

    A request must name a host of the entrance, come from no other origin, and show the cookie that the address with the
    token gave; a body must be JSON, no longer than `most_bytes`, and be there within `body_s` seconds. Behind each door
    no more than `most_at_once` requests are worked at. Every answer forbids the browser to load from elsewhere.
    What is let through has its door in the scope, and the path behind it.

    Parameters
    ----------
    app
        What is guarded.
    entrance
        The doors, their secrets, and where they stand.
    language
        Of the study: who finds the door shut reads why in it, or in that of the browser.
    """

    def __init__(
        self,
        app: App,
        entrance: Entrance,
        *,
        most_bytes: int = MOST_BYTES,
        body_s: float = 10.0,
        most_at_once: int = MOST_AT_ONCE,
        language: str = FALLBACK,
    ) -> None:
        self.app, self.entrance, self.language = app, entrance, language
        self.most_bytes, self.body_s, self.most_at_once = most_bytes, body_s, most_at_once
        self.at_once: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or pass it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the last door: nobody is to see a traceback
            _log.error("%s: the planner met an error it did not foresee: %s", scope["path"], repr(error)[:500])
            if not started:
                await self._send_json(send, 500, "unforeseen", f"an error not foreseen ({type(error).__name__})")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not let through; pass on what is."""
        try:
            headers = self._headers(scope)
            door = self._door(scope)
            if self._brings_token(scope, door):
                heads = {"location": door.path, "set-cookie": self.entrance.set_cookie(door)}
                await self._send_plain(send, 303, b"", heads)
                return
            self._check_cookie(scope, door)
            body = await self._body(headers, receive) if scope["method"] == "POST" else b""
            with self._one_more(door):  # a body that is long in coming keeps nobody out
                await self.app(_behind(scope, door), _given(body, receive), self._adding(send))
        except _Denied as denied:
            if scope["path"].endswith("/"):  # for people
                kind = {"content-type": "text/plain; charset=utf-8"}
                text = self._phrase(denied, scope)
                await self._send_plain(send, denied.status, text.encode(), kind)
            else:
                await self._send_json(send, denied.status, denied.code, str(denied))

    def _phrase(self, denied: _Denied, scope: Scope) -> str:
        """Return what somebody reads who finds the door shut, where that may differ from what an open page says."""
        phrases = section(wanted_language(scope["headers"], self.language), "planner")
        key = "token_before" if denied.code == "token" else denied.code
        return phrases.get(key, str(denied))

    def _headers(self, scope: Scope) -> dict[str, str]:
        """Return the headers, checked for where the request comes from."""
        entrance = self.entrance
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in entrance.hosts:
            raise _Denied(421, "host", "this planner answers only at the address it printed")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if {"content-length", "transfer-encoding"} <= {*headers}:  # a proxy may take another of them for the true one
            raise _Denied(400, "http", "Content-Length and Transfer-Encoding: give one of them")
        if entrance.scheme == "https" and headers.get("x-forwarded-proto", "").lower() != "https":
            raise _Denied(
                421, "not_by_proxy", "this planner answers only through its proxy, which says X-Forwarded-Proto: https"
            )
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            raise _Denied(405, "method", "only GET and POST are understood")
        foreign = "origin" in headers and headers["origin"] not in entrance.origins
        if foreign or (headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not _opened(headers)):
            raise _Denied(403, "origin", "another site may not ask this planner")
        if scope["method"] == "POST" and "origin" not in headers:
            raise _Denied(403, "origin", "a request that changes something must say its origin")
        return headers

    @contextlib.contextmanager
    def _one_more(self, door: Door) -> Iterator[None]:
        """Count a request while it is worked at."""
        if self.at_once[door.path] >= self.most_at_once:
            raise _Denied(503, "busy", "too many questions at once; try again in a moment")
        self.at_once[door.path] += 1
        try:
            yield
        finally:
            self.at_once[door.path] -= 1

    def _door(self, scope: Scope) -> Door:
        door = next((one for one in self.entrance.doors if scope["path"].startswith(one.path)), None)
        if door is None:
            raise _Denied(404, "no_file", "there is no such page; open the whole address that you were given")
        return door

    def _brings_token(self, scope: Scope, door: Door) -> bool:
        if scope["path"] != door.path or scope["method"] != "GET":
            return False
        try:
            given = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=_MOST_FIELDS).get("token", [])
        except ValueError:  # more fields than the address that is printed has
            return False
        if not given:
            return False
        if len(given) == 1 and _same(given[0], door.token):
            return True
        raise _Denied(401, "token", "the token in the address is not that of the planner that is running")

    def _check_cookie(self, scope: Scope, door: Door) -> None:
        if not any(_same(given, door.key) for given in _cookies(scope, self.entrance.cookie)):
            raise _Denied(
                401, "token", "open the address that `geoaccess serve` printed; it holds the key to this page"
            )

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise _Denied(415, "content_type", "send JSON (content-type: application/json)")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > self.most_bytes:
            raise _Denied(413, "too_large", f"the request is larger than {self.most_bytes // 1024} kB")
        try:
            async with asyncio.timeout(self.body_s):
                return await self._read(receive)
        except TimeoutError:
            raise _Denied(408, "too_slow", f"the request was not there after {self.body_s:g} s") from None

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Denied(400, "cut_off", "the request was cut off")
            body += message.get("body", b"")
            if len(body) > self.most_bytes:
                raise _Denied(413, "too_large", f"the request is larger than {self.most_bytes // 1024} kB")
            if not message.get("more_body", False):
                return bytes(body)

    async def _send_json(self, send: Send, status: int, code: str, message: str) -> None:
        body = json.dumps({"error": code, "message": message}).encode()
        await self._send_plain(send, status, body, {"content-type": "application/json"})

    async def _send_plain(self, send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
        send = self._adding(send)
        lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        lines.append((b"content-length", str(len(body)).encode()))
        if status == HTTPStatus.BAD_REQUEST:  # where it ended is not known: what follows is not taken for a request
            lines.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})

    def _adding(self, send: Send) -> Send:
        """Return a `send` that adds our headers."""

        async def add(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                theirs = [line for line in message.get("headers", []) if line[0].decode("latin-1") not in _HEADERS]
                message = {**message, "headers": [*theirs, *ours]}
            await send(message)

        return add


def wanted_language(headers: Iterable[tuple[bytes, bytes]], otherwise: str) -> str:
    """Return the language of the page for a browser: its own where that has phrases and is not English, else another.

    As `choose` of the page (words.js) has it.

    Examples
    --------
    >>> wanted_language([(b"accept-language", b"nn-NO,nn;q=0.9,en;q=0.8")], "en"), wanted_language([], "en")
    ('nb', 'en')
    """
    asked = [value.decode("latin-1").lower() for name, value in headers if name == b"accept-language"]
    words = [part.split(";")[0].split("-")[0].strip() for text in asked for part in text.split(",")]
    known = [_NEAR.get(word, word) for word in words]
    return next((word for word in known if word in languages() and word != FALLBACK), otherwise)


def _opened(headers: dict[str, str]) -> bool:
    """Whether the user opened the page by a link elsewhere: that shows them nothing they could not open themselves."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _behind(scope: Scope, door: Door) -> Scope:
    """Return what a request asks for behind its door."""
    inner = "/" + scope["path"].removeprefix(door.path)
    return {**scope, "path": inner, "raw_path": inner.encode(), "root_path": "", "door": door}


def _cookies(scope: Scope, name: str) -> Iterator[str]:
    """Yield the values of a cookie.

    Cookies know no ports: those of whatever else runs on this machine stand beside ours, and some hold what the reader
    of Python stops at, such as JSON.
    """
    for head, line in scope["headers"]:
        for pair in line.decode("latin-1").split(";") if head == b"cookie" else ():
            key, _, value = pair.strip().partition("=")
            if key == name:
                yield value


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


def _given(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that has the whole body at once."""
    waiting = [body]

    async def give() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give
