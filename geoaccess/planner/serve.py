"""Start the planner on this machine."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from geoaccess.errors import InputError
from geoaccess.planner.state import PlannerState
from geoaccess.study import solve_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import uvicorn

    from geoaccess.study import Study

__all__ = ["DEFAULT_PORT", "planner_server", "serve"]

DEFAULT_PORT = 8642
"""Fixed, so that a page that is open finds the planner again after it was started anew."""

HEAD_S, TAKEN_S, MOST = 10.0, 30.0, 128
"""Of one connection: seconds for the head of a request, and for an answer to be taken; and how many there are."""

_HOST = "127.0.0.1"


def serve(
    study: Study, *, announce: Callable[[str], None], port: int | None = None, browser: bool = True, show: bool = True
) -> None:
    """Solve a study and serve its planner to the browsers of this machine until it is stopped.

    Parameters
    ----------
    announce
        Gets the lines for the user: the address with its token first of all.
    port
        Where to listen on 127.0.0.1; `DEFAULT_PORT` or, if that is taken, any that is free.
    browser
        Open the address in a browser.

    Raises
    ------
    GeoaccessError
        What is wrong with the study, or that the port is taken.
    """
    from geoaccess.planner.app import planner_app

    with _listening(port) as listener:
        state = PlannerState(solve_study(study, show=show))
        for service in state.specs:
            state.field(service)
        at = int(listener.getsockname()[1])
        token, key = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        folder = scenario_folder(study)
        app = planner_app(state, token=token, key=key, port=at, scenarios=folder)
        address = f"http://{_HOST}:{at}/?token={token}"

        def listening() -> None:
            announce(f"The planner is at {address}")
            announce(f"Only this machine can reach it. Plans are saved in {folder}. Stop it with Ctrl+C.")
            if browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        planner_server(app, listening=listening).run(sockets=[listener])


def planner_server(
    app: Any, *, listening: Callable[[], None], head_s: float = HEAD_S, taken_s: float = TAKEN_S, most: int = MOST
) -> uvicorn.Server:
    """Return a server for the planner.

    Parameters
    ----------
    listening
        Is called when it answers.
    head_s
        Seconds in which the head of a request must be there.
    taken_s
        Seconds that an answer may wait for its reader to take more of it.
    most
        Connections at once; where there are more, the one that has waited longest for a request is closed.
    """
    import uvicorn

    from geoaccess.planner.connections import connection_class

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                listening()

    config = uvicorn.Config(
        app,
        log_level="critical",  # what goes wrong is answered, and said by the guard in one line
        access_log=False,  # a log of addresses would hold the token
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=connection_class(head_s=head_s, taken_s=taken_s, most=most),
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=16 * 1024,
    )
    return Server(config)


def scenario_folder(study: Study) -> Path:
    """Return the folder beside the study file in which its plans are kept."""
    return study.path.parent / f"{study.name}-plans"


def _listening(port: int | None) -> socket.socket:
    """Return a socket that listens on this machine alone."""
    wanted = [DEFAULT_PORT, 0] if port is None else [port]
    for number in wanted:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, number))
        except OSError as error:
            listener.close()
            if number == wanted[-1]:
                raise InputError(f"--port {number}: cannot be listened on ({error.strerror}); choose another") from None
        else:
            return listener
    raise AssertionError  # not reached: the last port either works or raises
