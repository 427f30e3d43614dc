"""Route relations of ferries: their tags complete those of the ways they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geoaccess.osm.ways import Relation

__all__ = ["RELATION_DURATION", "RELATION_ID", "RELATION_WAYS", "completed", "relation_tags"]

RELATION_ID, RELATION_DURATION, RELATION_WAYS = "relation:id", "relation:duration", "relation:ways"
"""Keys under which a way keeps what only its relation can say: its number, its duration, how many ways share it."""

_COMPLETED = ("name", "interval", "opening_hours", "seasonal", "access", "foot", "vehicle", "motor_vehicle", "motorcar")
_NO_CROSSING = ("stop", "platform", "stop_entry_only", "stop_exit_only", "platform_entry_only", "platform_exit_only")


def relation_tags(relations: Iterable[Relation], car_keys: Sequence[str]) -> dict[int, dict[str, str]]:
    """Return for each way that is a member of a ferry relation what its relation says of it.

    Of several relations the one that names cars decides, then the one with the smaller number.
    """
    found: dict[int, dict[int, dict[str, str]]] = {}
    for number, tags, members in relations:
        if tags.get("route") == "ferry" and tags.get("type") == "route":
            ways = [ref for kind, ref, role in members if kind == "w" and role not in _NO_CROSSING]
            said = _said(tags, number, len(set(ways)))
            for way in ways:
                found.setdefault(way, {})[number] = said

    def best(relations: dict[int, dict[str, str]]) -> dict[str, str]:
        return min(relations.values(), key=lambda tags: (not set(car_keys) & set(tags), int(tags[RELATION_ID])))

    return {way: best(relations) for way, relations in found.items()}


def _said(tags: Mapping[str, str], number: int, ways: int) -> dict[str, str]:
    said = {key: tags[key] for key in _COMPLETED if key in tags}
    said |= {RELATION_ID: str(number), RELATION_WAYS: str(ways)}
    if "duration" in tags:
        said[RELATION_DURATION] = tags["duration"]
    return said


def completed(tags: Iterable[tuple[str, str]], relation: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the tags of a way, completed by those of its relation; what the way says itself wins.

    >>> completed([("foot", "no")], {"relation:id": "7", "foot": "yes", "name": "Herjólfur"})
    (('foot', 'no'), ('route', 'ferry'), ('relation:id', '7'), ('name', 'Herjólfur'))
    """
    own: dict[str, Any] = dict(tags)
    return tuple(
        (own | {key: value for key, value in {"route": "ferry", **relation}.items() if key not in own}).items()
    )
