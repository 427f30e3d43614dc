"""Start the planner on this machine."""

from __future__ import annotations

import errno
import socket
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from geoaccess.errors import InputError
from geoaccess.garbage import collect_promptly
from geoaccess.phrases import Writer
from geoaccess.planner.doors import hosted_entrance, local_entrance
from geoaccess.planner.state import PlannerState
from geoaccess.study import solve_study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import uvicorn

    from geoaccess.planner.doors import Entrance
    from geoaccess.study import Study

__all__ = ["DEFAULT_PORT", "planner_server", "serve"]

DEFAULT_PORT = 8642
"""Fixed, so that a page that is open finds the planner again after it was started anew."""

HEAD_S, TAKEN_S, MOST = 10.0, 30.0, 128
"""Of one connection: seconds for the head of a request, and for an answer to be taken; and how many there are."""

HOST = "127.0.0.1"
_OURS = frozenset({HOST, "localhost"})


def serve(
    study: Study,
    *,
    announce: Callable[[str], None],
    port: int | None = None,
    host: str = HOST,
    url: str | None = None,
    folders: Sequence[str] = (),
    browser: bool = True,
    show: bool = True,
) -> None:
    """Solve a study and serve its planner until it is stopped: to this machine, or to others through a proxy.

    Parameters
    ----------
    announce
        Gets the lines for the user, in the language of the study: the address with its token first, when it answers.
    port
        Where to listen; `DEFAULT_PORT` or, if that is taken, any that is free.
    host
        The address of this machine to listen on; another one than 127.0.0.1 only with a `url`.
    url
        What others type: the https address of a reverse proxy that passes requests on; see
        docs/howto/serve-for-others.md. Each folder of plans has a link to edit and one to read.
    folders
        Names of folders of plans, each with links of its own, for a `url`; without any there is one.
    browser
        Open the address in a browser of this machine.

    Raises
    ------
    GeoaccessError
        What is wrong with the study, or that the port is taken.
    """
    from geoaccess.planner.app import planner_app

    if url is None and (folders or host not in _OURS):
        which = "--folder" if folders else f"--host {host}"
        raise InputError(
            f"{which}: is for a planner that others use; give --url, the https address of its reverse proxy, or leave "
            "it out for a planner of this machine alone"
        )
    root = scenario_folder(study)
    hosted = None if url is None else hosted_entrance(root, url=url, names=folders)
    _listening(port, host).close()  # a port that cannot be had is said before anything is computed
    state = PlannerState(solve_study(study, show=show))
    for service in state.specs:
        state.field(service)
    collect_promptly()
    with _listening(port, host) as listener:
        entrance = hosted or local_entrance(root, port=int(listener.getsockname()[1]))
        app = planner_app(state, entrance)
        words = Writer(study.settings.language, ("terminal",))

        def say(key: str, **values: object) -> None:
            announce(words.text(key, **values))

        def listening() -> None:
            if hosted is None:
                _announce_here(entrance, say, browser=browser)
            else:
                _announce_doors(entrance, say, listener)

        planner_server(app, listening=listening).run(sockets=[listener])


def _announce_here(entrance: Entrance, say: Callable[..., None], *, browser: bool) -> None:
    [door] = entrance.doors
    address = entrance.address(door)
    say("serve_at", address=address)
    say("serve_here", folder=door.folder)
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _announce_doors(entrance: Entrance, say: Callable[..., None], listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    say("serve_listens", host=host, port=port)
    for door in entrance.doors:
        say("serve_edit" if door.may_save else "serve_read", folder=door.folder, address=entrance.address(door))


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


def _listening(port: int | None, host: str = HOST) -> socket.socket:
    """Return a socket that listens: on this machine alone, unless another address is given.

    Several may be bound to one port as long as none of them listens, so a port is had only by who does.
    """
    wanted = [DEFAULT_PORT, 0] if port is None else [port]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in wanted:
        listener = socket.socket(family, socket.SOCK_STREAM)
        # Windows alone has the first, where the second would let any other program take the port of this one.
        listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
        try:
            listener.bind((host, number))
            listener.listen()
        except OSError as error:
            listener.close()
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise InputError(f"--host {host}: is no address of this machine ({error.strerror})") from None
            if number == wanted[-1]:
                raise InputError(f"--port {number}: cannot be listened on ({error.strerror}); choose another") from None
        else:
            return listener
    raise AssertionError  # not reached: the last port either works or raises
