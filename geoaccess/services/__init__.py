"""Sites: places where a service is given, at what level, when, and to whom."""

from geoaccess.services.levels import at_least, read_levels
from geoaccess.services.offices import fte_days_per_thousand, move_days, open_chance
from geoaccess.services.opening import open_days, open_hours
from geoaccess.services.providers import allowed_by_names, allowed_by_zone, change_permissions
from geoaccess.services.review import sites_from_review
from geoaccess.services.site_ids import made_ids, plain_name, slug
from geoaccess.services.site_names import SAME_SITE_M, SiteDirectory
from geoaccess.services.sites import (
    SAME_PLACE_M,
    carrying,
    combine,
    merge_near,
    read_sites,
    same_places,
    sites_from_features,
)

__all__ = [
    "SAME_PLACE_M",
    "SAME_SITE_M",
    "SiteDirectory",
    "allowed_by_names",
    "allowed_by_zone",
    "at_least",
    "carrying",
    "change_permissions",
    "combine",
    "fte_days_per_thousand",
    "made_ids",
    "merge_near",
    "move_days",
    "open_chance",
    "open_days",
    "open_hours",
    "plain_name",
    "read_levels",
    "read_sites",
    "same_places",
    "sites_from_features",
    "sites_from_review",
    "slug",
]
