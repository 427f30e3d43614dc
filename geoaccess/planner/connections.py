"""The connections of the planner: nobody who sends or reads slowly keeps others out.

uvicorn has no limit of time for the head of a request, and turns everybody away while too many connections are open.
Here a head must be there in time, an answer must be taken in time, and where connections are short the one that has
waited longest for a request makes way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["connection_class"]


def connection_class(*, head_s: float, taken_s: float, most: int) -> type[asyncio.Protocol]:
    """Return the protocol for uvicorn's `http`, with the limits that `planner_server` explains."""
    return type("Connection", (_Connection,), {"head_s": head_s, "taken_s": taken_s, "most": most})


class _Connection(H11Protocol):
    """One connection."""

    head_s: ClassVar[float]
    taken_s: ClassVar[float]
    most: ClassVar[int]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a request; make room first, where there is none."""
        self.late: asyncio.TimerHandle | None = None
        self.stuck: asyncio.TimerHandle | None = None
        self.since = self.loop.time()
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._make_room()
        self._watch()

    def _make_room(self) -> None:
        """Close the connection that has waited longest for a request, or this one if all others are being answered."""
        others = [one for one in self.connections if isinstance(one, _Connection) and one is not self and one.is_idle]
        oldest = min(others, key=lambda one: one.since, default=self)
        oldest.transport.abort()
        self.connections.discard(oldest)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered: head or body of a request are still to come, or all was answered."""
        coming = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        cycle: Any = self.cycle  # None until the first request
        return coming or (cycle is not None and cycle.response_complete)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        for clock in (self.late, self.stuck):
            if clock is not None:
                clock.cancel()
        self.late = self.stuck = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; the clock runs until a head is whole."""
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - what no HTTP is, in a way that nobody has thought of
            self.transport.abort()
            return
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as all else is refused."""
        body = json.dumps({"error": "http", "message": msg}).encode()
        lines = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        answer = h11.Response(status_code=400, headers=[*lines, (b"connection", b"close")], reason=b"Bad Request")
        for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
            if found := self.conn.send(event):
                self.transport.write(found)
        if self.cycle is not None:  # its head was one: whoever works at it has nobody to answer any more
            self.cycle.disconnected = True
        self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.since = self.loop.time()
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Run a clock exactly while the head of a request is waited for; bytes that dribble in do not set it back."""
        waits = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if waits and self.late is None:
            self.late = self.loop.call_later(self.head_s, self._give_up)
        elif not waits and self.late is not None:
            self.late.cancel()
            self.late = None

    def _give_up(self) -> None:
        self.late = None
        self.transport.abort()

    def pause_writing(self) -> None:
        """Run a clock while nobody takes the answer."""
        super().pause_writing()
        if self.stuck is None:
            self.stuck = self.loop.call_later(self.taken_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it was taken."""
        if self.stuck is not None:
            self.stuck.cancel()
            self.stuck = None
        super().resume_writing()
