"""Route relations of ferries: their tags complete those of the ways they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess.osm.values import applies, is_ferry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoaccess.osm.profile import Profile
    from geoaccess.osm.ways import Relation

__all__ = ["RELATION_DURATION", "RELATION_ID", "RELATION_WAYS", "completed", "relation_tags"]

RELATION_ID, RELATION_DURATION, RELATION_WAYS = "relation:id", "relation:duration", "relation:ways"
"""Keys under which a way keeps what only its relation can say: its number, its duration, how many ways share it."""

_OWN = ("highway", "route", "duration")
"""Keys that a relation does not hand down as they are."""

_NO_CROSSING = ("stop", "platform", "stop_entry_only", "stop_exit_only", "platform_entry_only", "platform_exit_only")
_TURNED = {"yes": "-1", "true": "-1", "1": "-1", "-1": "yes", "reverse": "yes"}


def relation_tags(relations: Iterable[Relation], profile: Profile) -> dict[int, dict[str, str]]:
    """Return for each way that is a member of a ferry relation what its relation says of it.

    That is every tag that a rule of the profile looks at; for a way whose role is `backward`, what the relation says of
    directions the other way round. Of several relations one that is in use decides, among these one that names cars,
    then the one with the smallest number.
    """
    found: dict[int, dict[int, dict[str, str]]] = {}
    for number, tags, members in relations:
        if is_ferry(tags) and tags.get("type") == "route":
            ways = [(ref, role) for kind, ref, role in members if kind == "w" and role not in _NO_CROSSING]
            along = _handed_down(tags, number, len({ref for ref, _ in ways}), profile)
            against = _turned(along)
            for way, role in ways:
                found.setdefault(way, {})[number] = against if role == "backward" else along

    def best(relations: dict[int, dict[str, str]]) -> dict[str, str]:
        return min(
            relations.values(),
            key=lambda tags: (
                any(applies(rule, tags) for rule in profile.closed),
                not profile.access.explicit & set(tags),
                int(tags[RELATION_ID]),
            ),
        )

    return {way: best(relations) for way, relations in found.items()}


def _handed_down(tags: Mapping[str, str], number: int, ways: int, profile: Profile) -> dict[str, str]:
    handed = {key: value for key, value in tags.items() if key in profile.keys and key not in _OWN}
    handed |= {RELATION_ID: str(number), RELATION_WAYS: str(ways)}
    if tags["route"] != "ferry":
        handed["route"] = tags["route"]
    if "duration" in tags:
        handed[RELATION_DURATION] = tags["duration"]
    return handed


def _turned(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as they are for a way that is drawn against its route."""
    turned = {}
    for key, value in tags.items():
        name = key.replace(":forward", ":\n").replace(":backward", ":forward").replace(":\n", ":backward")
        turned[name] = _TURNED.get(value, value) if key.split(":")[0] == "oneway" else value
    return turned


def completed(tags: Iterable[tuple[str, str]], relation: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the tags of a way, completed by those of its relation; what the way says itself wins.

    >>> completed([("foot", "no")], {"relation:id": "7", "foot": "yes", "name": "Herjólfur"})
    (('foot', 'no'), ('route', 'ferry'), ('relation:id', '7'), ('name', 'Herjólfur'))
    """
    own: dict[str, Any] = dict(tags)
    return tuple(
        (own | {key: value for key, value in {"route": "ferry", **relation}.items() if key not in own}).items()
    )
