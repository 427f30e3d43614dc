"""[services.<key>.referral]: from the nearest site onward to a service of a higher level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures
from geoaccess.routing import travel_times
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.sections.service_sites import sites_of_service

if TYPE_CHECKING:
    from geoaccess.study.sections.inputs import SolvedInput
    from geoaccess.study.settings.config_sections import ReferralSettings
    from geoaccess.study.settings.study_file import Study

__all__ = ["REFERRAL", "referral_columns"]


def _referrals(study: Study) -> dict[str, ReferralSettings]:
    """Return the services whose people may be sent on, and how."""
    services = study.settings.services
    return {key: service.referral for key, service in services.items() if service.referral is not None}


def _onward(solved: SolvedInput, key: str, to: str) -> pd.DataFrame:
    """Return the seconds from each site of a service to each that it sends people on to; inf where no road is near."""
    first, second = (sites_of_service(solved, one).index for one in (key, to))
    places = solved.snapped.sites
    times = travel_times(solved.network, places.loc[first], places.loc[second])
    return pd.DataFrame(np.where(np.isnan(times), np.inf, times), index=first, columns=second)


def referral_columns(solved: SolvedInput, key: str, asked: ReferralSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return, of a service, the columns of the cells and the table of links."""
    results = solved.results
    onward = _onward(solved, key, asked.to)
    population = next(spec.population for spec in solved.study.specs if spec.key == key)
    site, times = results[f"{key}_site"].fillna("").astype("str"), results[f"{key}_s"]
    whole = measures.referral_times(site, times, onward_s=onward, stay_s=asked.stay_min * 60)
    columns = pd.DataFrame({f"{key}_onward_s": whole["time_s"], f"{key}_onward_site": whole["site"]})
    links = measures.referral_links(
        site,
        times,
        onward_s=onward,
        people=results[population],
        onward_share=asked.onward_share,
        stay_s=asked.stay_min * 60,
        direct_s=results[f"{asked.to}_s"],
    )
    links.insert(0, "service", key)
    names = solved.sites["name"]
    links.insert(2, "name", links["site_id"].map(names).fillna("").astype("str"))
    links.insert(4, "onward_name", links["onward_id"].map(names).fillna("").astype("str"))
    return columns, links


def _answer(solved: SolvedInput) -> SectionResult:
    found = [referral_columns(solved, key, asked) for key, asked in _referrals(solved.study).items()]
    columns = pd.concat([one for one, _ in found], axis=1)
    return SectionResult(columns, {"referral": pd.concat([links for _, links in found], ignore_index=True)})


REFERRAL = Section(
    name="referral",
    asked=lambda study: ["referral"] if _referrals(study) else [],
    answer=_answer,
    cells={"{service}_onward_s": "s", "{service}_onward_site": ""},
    tables={
        "referral": {
            "name": "",
            "onward_id": "",
            "onward_name": "",
            "referred": "people",
            "link_s": "s",
            "mean_first_s": "s",
            "mean_total_s": "s",
            "mean_extra_s": "s",
        }
    },
)
