"""The columns of the tables of a comparison, with their units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geoaccess.scenarios import CHANGES
from geoaccess.study.columns import unitless

if TYPE_CHECKING:
    from geoaccess.study.columns import Columns

__all__ = ["COMPARED"]

COMPARED: Final[Columns] = {
    **unitless("scenario", "measure", "rank", "place", "index", "norm"),
    **unitless("site_before", "name_before", "site_after", "name_after"),
    **dict.fromkeys(CHANGES, "people"),
    **dict.fromkeys(("people_before", "people_after", "unreached_before", "unreached_after"), "people"),
    **dict.fromkeys(("within_norm_{n}_before", "within_norm_{n}_after", "into_norm_{n}", "out_of_norm_{n}"), "people"),
    **dict.fromkeys(("n_people_before", "n_people_after", "n_people_both"), "people"),
    **dict.fromkeys(("{measure}_before_s", "{measure}_after_s", "mean_difference_s", "mean_change_s"), "s"),
    **dict.fromkeys(("mean_from_people_s", "mean_from_reach_s", "mean_from_time_s"), "s"),
    **dict.fromkeys(("share_{n}_before", "share_{n}_after", "share_{n}_change"), "share"),
    **dict.fromkeys(("share_{n}_from_people", "share_{n}_from_norm", "share_{n}_from_time"), "share"),
    **dict.fromkeys(("person_min", "person_min_won", "person_min_lost"), "number"),
    **dict.fromkeys(("person_hours_per_year_won", "person_hours_per_year_lost"), "number"),
    **dict.fromkeys(("mean_per_person_before", "mean_per_person_after"), "per person"),
    **dict.fromkeys(("gini_before", "gini_after", "before", "after", "difference"), "number"),
    **dict.fromkeys(("before_both", "after_both", "between_before", "between_after"), "number"),
}
"""Those of all its tables, beside the columns that every table of a study may have; supply is in its own unit."""
