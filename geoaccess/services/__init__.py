"""Sites: places where a service is given."""

from geoaccess.services.sites import carrying, combine, merge_near, read_sites, sites_from_features, sites_from_review

__all__ = ["carrying", "combine", "merge_near", "read_sites", "sites_from_features", "sites_from_review"]
