"""Who may come in: one door for each folder of plans and each right to it, with a secret of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Door", "Entrance", "hosted_entrance", "local_entrance"]

_KEY_FILE = ".planner.key"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY_BYTES = 32
_HTTPS = 443


@dataclass(frozen=True)
class Door:
    """A way in.

    Attributes
    ----------
    path
        What addresses behind it begin with; the cookie is sent nowhere else.
    folder
        Of the plans that are opened and saved behind it.
    may_save
        Whether plans are saved there, or only opened.
    token, key
        The secret in the address that is opened, and the one in the cookie.
    """

    path: str
    folder: Path
    may_save: bool
    token: str
    key: str


@dataclass(frozen=True)
class Entrance:
    """All doors of a planner, and where they stand.

    Attributes
    ----------
    doors
        The one of a longer path before the one of a shorter path.
    hosts
        What the Host of a request may be.
    scheme
        "http" on this machine; "https" where a reverse proxy stands before the planner, which then says so in
        X-Forwarded-Proto.
    cookie
        The name of the cookie.
    """

    doors: tuple[Door, ...]
    hosts: frozenset[str]
    scheme: str
    cookie: str

    @property
    def origins(self) -> frozenset[str]:
        """What the Origin of a request may be."""
        return frozenset(f"{self.scheme}://{host}" for host in self.hosts)

    def set_cookie(self, door: Door) -> str:
        """Return the cookie of a door; a link in a mail opens the page, so a stranger's link may bring it, too."""
        how = "Secure; SameSite=Lax" if self.scheme == "https" else "SameSite=Strict"
        return f"{self.cookie}={door.key}; HttpOnly; {how}; Path={door.path}"

    def address(self, door: Door) -> str:
        """Return the address to open, with its secret."""
        return f"{self.scheme}://{min(self.hosts)}{door.path}?token={door.token}"


def local_entrance(folder: Path, *, port: int, token: str = "", key: str = "") -> Entrance:
    """Return the one door for the browsers of this machine; cookies know no ports, so its name has the port."""
    made = [given or secrets.token_urlsafe(_KEY_BYTES) for given in (token, key)]
    door = Door("/", folder, may_save=True, token=made[0], key=made[1])
    hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
    return Entrance((door,), hosts, "http", f"geoaccess-{port}")


def hosted_entrance(root: Path, *, url: str, names: Sequence[str] = ()) -> Entrance:
    """Return the doors of a planner behind a reverse proxy: to each folder of plans one to edit and one to read.

    Secrets come from one key, which is made once and kept beside the plans: links stay the same from start to start.
    Who removes the key makes new ones, and all old links worthless.

    Parameters
    ----------
    root
        The folder of the study's plans; `names` are folders in it, and without any it is the only one itself.
    url
        What people type, such as "https://planner.example.org".

    Raises
    ------
    InputError
        If the address is not https, or has more than a host; if a name is no plain word.
    """
    host = _host(url)
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong or len(set(names)) < len(names):
        which = ", ".join(map(repr, wrong)) or "one of them twice"
        raise InputError(f"--folder: {which}; name each folder once, with letters a to z, digits and single hyphens")
    key = _kept_key(root)
    doors = []
    for name in names or ("plans",):
        folder = root / name if names else root
        for right in ("edit", "view"):
            token, cookie = (_secret(key, what, name, right) for what in ("token", "cookie"))
            doors.append(Door(f"/{name}/{right}/", folder, may_save=right == "edit", token=token, key=cookie))
    return Entrance(tuple(doors), frozenset({host}), "https", "__Secure-geoaccess")


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.netloc and not parts.username and parts.hostname
        port = parts.port
    except ValueError:
        plain, port = None, None
    if not plain or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise InputError(f"--url {url!r}: give the address that people use, such as https://planner.example.org")
    return f"{parts.hostname}:{port}" if port and port != _HTTPS else str(parts.hostname)


def _secret(key: bytes, *words: str) -> str:
    made = hmac.new(key, "\0".join(words).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _kept_key(root: Path) -> bytes:
    """Return the key that secrets are made of; it is made where there is none, for its owner alone to read."""
    path = root / _KEY_FILE
    if not path.exists():
        with files.spare(root) as own:
            made = own / _KEY_FILE
            handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(_KEY_BYTES))
            files.put_first(made, path)  # two planners that start at once have one key: it is read back
    with files.explained(path):
        text = files.require(path).read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}", text):
        raise InputError(f"{path}: is no key that geoaccess made; remove it, and hand out the new links")
    return bytes.fromhex(text)
