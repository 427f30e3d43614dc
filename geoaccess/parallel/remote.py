"""Workers of a dask scheduler that somebody has started."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess.errors import InputError
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

__all__ = ["joined"]

_CONNECT_S = 15


@contextlib.contextmanager
def joined(address: str) -> Iterator[Client]:
    """Yield a client of the scheduler at an address, which has workers of this version."""
    from distributed import Client

    if address.startswith("tls:"):
        _require_certificates(address)
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"{address}: no dask scheduler answers there ({error}); `dask scheduler` starts one, and "
            "`dask worker ADDRESS --nthreads 1` its workers"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError as error:
            raise InputError(
                f"{address}: the scheduler has no worker; `dask worker {address} --nthreads 1` starts one"
            ) from error
        _refuse_other_versions(client, address)
        yield client


def _require_certificates(address: str) -> None:
    """Refuse an address by TLS where dask has not been given what it shows and what it trusts."""
    import dask

    names = [f"distributed.comm.tls.{name}" for name in ("ca-file", "client.cert", "client.key")]
    found = {name: dask.config.get(name, None) for name in names}
    lacking = [name for name, file in found.items() if not file]
    if lacking:
        raise InputError(
            f"{address}: dask is not configured with {', '.join(lacking)}; name the files in its configuration or in "
            f"the environment, such as DASK_{lacking[0].upper().replace('.', '__').replace('-', '_')}"
        )
    absent = [f"{name} is {file}" for name, file in found.items() if not Path(str(file)).is_file()]
    if absent:
        raise InputError.listing(address, [f"{one}, which is not there" for one in absent])


def _refuse_other_versions(client: Client, address: str) -> None:
    theirs = client.get_versions(packages=["geoaccess"])["workers"]
    found = {worker: info["packages"].get("geoaccess") for worker, info in theirs.items()}
    problems = [
        f"the worker {worker} has geoaccess {version or '(none)'}, and this machine {__version__}; "
        "install the same on both"
        for worker, version in sorted(found.items())
        if version != __version__
    ]
    if problems:
        raise InputError.listing(address, problems)
