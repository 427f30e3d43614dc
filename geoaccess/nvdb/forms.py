"""The two generations of fields in which NVDB Ruteplan was published, and what each of them calls a thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FORMS", "Form", "form_of"]


@dataclass(frozen=True)
class Form:
    """Fields of one generation, by what we call them; the case of letters does not matter.

    `link` is "" where a link is known by the number of its row. `turn` names the fields of the layer of banned turns:
    link that is left, link that is entered.
    """

    year: int
    needed: dict[str, str]
    optional: dict[str, str]
    turn: tuple[str, str]

    @property
    def fields(self) -> dict[str, str]:
        """All fields, by what we call them."""
        return self.needed | self.optional


FORMS: Final = (
    Form(
        2022,
        {
            "link": "linkid",
            "from_node": "fromnode",
            "to_node": "tonode",
            "oneway": "oneway",
            "forward_min": "drivetime_fw",
            "backward_min": "drivetime_bw",
            "functional_class": "funcroadclass",
            "road_class": "roadclass",
            "ferry": "isferry",
            "bridge": "isbridge",
            "tunnel": "istunnel",
        },
        {
            "forward_kph": "speedfw",
            "backward_kph": "speedbw",
            "number": "roadnumber",
            "road": "roadid",
            "category": "category",
            "name": "streetname",
            "max_weight_t": "maxweight",
            "max_height_m": "maxheight",
        },
        ("fromlinkid", "tolinkid"),
    ),
    Form(
        2021,
        {
            "from_node": "fromnodeid",
            "to_node": "tonodeid",
            "oneway": "oneway",
            "forward_min": "ft_minutes",
            "backward_min": "tf_minutes",
            "functional_class": "funcroadclass",
            "road_class": "roadclass",
        },
        {
            "forward_kph": "ft_fart",
            "backward_kph": "tf_fart",
            "number": "vegnummer",
            "road": "vegid",
            "category": "vegtype",
            "name": "gatenavn",
            "medium": "medium",
            "barred": "sperring",
            "bicycle": "isbikeroad",
            "max_weight_t": "totalvikt",
            "max_height_m": "sk_ho_ft",
        },
        ("edge1fid", "edge2fid"),
    ),
)

_ENOUGH = 4
"""A layer with so many of the needed fields is meant to be the links: what it lacks is named."""


def form_of(names: Iterable[str]) -> tuple[Form, list[str]] | None:
    """Return the generation that the fields of a layer are nearest to, and the needed fields that it lacks.

    None where the layer has other contents.

    >>> form_of(["FromNodeID", "ToNodeID", "ONEWAY", "FT_MINUTES", "TF_MINUTES", "RoadClass"])[1]
    ['funcroadclass']
    >>> form_of(["name", "population"]) is None
    True
    """
    there = {name.lower() for name in names}
    found = [(form, [field for field in form.needed.values() if field not in there]) for form in FORMS]
    form, missing = max(found, key=lambda one: len(one[0].needed) - len(one[1]))
    return (form, missing) if len(form.needed) - len(missing) >= _ENOUGH else None
