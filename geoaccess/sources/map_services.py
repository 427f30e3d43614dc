"""Questions to the services of OpenStreetMap that answer in JSON: Nominatim (places) and Overpass (map data)."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import requests

from geoaccess.errors import FetchError
from geoaccess.files import json_of, json_values, writing
from geoaccess.sources.responses import retry_after_s, sent_on_without_tls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["ANSWER_WITHIN_S", "MapServices"]

ANSWER_WITHIN_S = 180
"""Seconds that a service may work on one question; Overpass is told so in the question."""

_CONNECT_WITHIN_S = 30
_BUSY = frozenset({429, 504})
_WAITS_S = (15.0, 60.0)  # before the second and third time that a busy service is asked
_LONGEST_WAIT_S = 120.0
_MOST_BYTES, _PIECE = 1 << 29, 1 << 20
"""So much one answer may hold; the roads of 50 km by 50 km of a large city are a fifth of it."""


@dataclass(frozen=True, kw_only=True)
class MapServices:
    """Asks services for JSON and keeps what they answered, if it was whole, in a folder.

    `about` begins every message, as in 'place "Senja"'; `kept` is the folder, None where nothing is kept.
    """

    about: str
    session: requests.Session
    kept: Path | None = None

    def ask(
        self,
        url: str,
        *,
        fits: Callable[[Any], bool],
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Any:
        """Return what a service answers to `params` in the address (GET) or to a `form` (POST).

        `fits` says whether an answer has the form of those of this service.

        Raises
        ------
        FetchError
            If it cannot be reached, is busy three times, answers with an error or something else than JSON, or gave up.
        """
        place = None
        if self.kept is not None:
            question = json.dumps([url, params, form], sort_keys=True)
            place = self.kept / f"{sha256(question.encode()).hexdigest()[:24]}.json"
            with contextlib.suppress(OSError, ValueError):  # there is none, or it is damaged: it is asked for again
                if fits(kept := json_of(place)):
                    return kept
        answer = self._whole(self._answer(url, params, form), url)
        if not fits(answer):
            raise FetchError(
                f"{self.about}: {url} answered in a form that is not known here ({json.dumps(answer)[:80]}); check the "
                f"address of the service"
            )
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            with writing(place) as temporary:
                temporary.write_text(json.dumps(answer), encoding="utf-8")
        return answer

    def _answer(self, url: str, params: Mapping[str, str] | None, form: Mapping[str, str] | None) -> requests.Response:
        """Send the question, again where the service is busy."""
        for wait_s in (*_WAITS_S, None):
            try:
                response = self.session.request(
                    "GET" if form is None else "POST",
                    url,
                    params=params,
                    data=form,
                    stream=True,
                    timeout=(_CONNECT_WITHIN_S, ANSWER_WITHIN_S + _CONNECT_WITHIN_S),
                )
            except requests.exceptions.RequestException as error:
                raise FetchError(
                    f"{self.about}: {url} gave no answer; check the internet connection, try again later, or name "
                    f"another service with overpass_url and nominatim_url"
                ) from error
            if response.status_code not in _BUSY:
                return response
            response.close()
            if wait_s is not None:
                asked_s = retry_after_s(response)
                time.sleep(wait_s if asked_s is None else min(asked_s, _LONGEST_WAIT_S))
        raise FetchError(f"{self.about}: {url} is busy ({response.status_code}); try again in some minutes")

    def _whole(self, response: requests.Response, url: str) -> Any:
        """Read an answer and refuse half of one."""
        with response:
            if unsafe := sent_on_without_tls(response):
                raise FetchError(
                    f"{self.about}: {url} sends on to {unsafe}, which anybody on the way can change; check the address "
                    f"of the service"
                )
            if not response.ok:
                raise FetchError(
                    f"{self.about}: {url} answered {response.status_code} {response.reason}; check the address of the "
                    f"service, or try again later"
                )
            body = self._body(response, url)
        try:
            answer = json_values(body)
        except ValueError as error:
            raise FetchError(
                f"{self.about}: {url} answered with something else than JSON ({body[:80].decode(errors='replace')!r}); "
                f"check the address of the service"
            ) from error
        if isinstance(answer, dict) and "remark" in answer:
            raise FetchError(
                f"{self.about}: {url} gave up: {answer['remark']}; take a smaller place, try again later, or use an "
                f"extract (.osm.pbf) in place of it"
            )
        return answer

    def _body(self, response: requests.Response, url: str) -> bytes:
        """Read what a service sends, which need not end."""
        found = bytearray()
        try:
            for piece in response.iter_content(_PIECE):
                found += piece
                if len(found) > _MOST_BYTES:
                    raise FetchError(
                        f"{self.about}: {url} answered with more than {_MOST_BYTES >> 20} MB; take a smaller place, or "
                        f"use an extract (.osm.pbf) in place of it"
                    )
        except requests.exceptions.RequestException as error:
            raise FetchError(f"{self.about}: the answer of {url} broke off; try again") from error
        return bytes(found)
