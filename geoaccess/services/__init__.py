"""Sites: places where a service is given."""

from geoaccess.services.sites import combine, merge_near, read_sites, sites_from_features, sites_from_review

__all__ = ["combine", "merge_near", "read_sites", "sites_from_features", "sites_from_review"]
