"""The sentences of the report: numbers first, in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.demand import band_of

if TYPE_CHECKING:
    from geoaccess.maps.report_content import Boats, Norm, Report, ServiceFindings
    from geoaccess.phrases import Writer

__all__ = [
    "FindingTexts",
    "asked",
    "equity_sentences",
    "finding_texts",
    "findings",
    "island_sentence",
    "limits",
    "main_limits",
    "method",
    "service_limits",
    "slack_sentences",
    "unreached_sentence",
]

_NAMED = 12


@dataclass(frozen=True)
class FindingTexts:
    """What was found of a service, in sentences by what they are about; a part is empty where nothing is to be said."""

    norms: list[str]
    times: list[str]
    beyond: list[str]
    contrast: list[str]
    unreached: list[str]

    def all(self) -> list[str]:
        """Return every sentence, in the order in which they are read."""
        return [*self.norms, *self.times, *self.beyond, *self.contrast, *self.unreached]


def finding_texts(found: ServiceFindings, report: Report, writer: Writer) -> FindingTexts:
    """Say what was found of a service: norms, times, who is beyond, the classes, and who is not reached."""
    norms = [_norm(norm, found, writer) for norm in found.norms] or [writer["f_no_norm"]]
    if found.norms and _is_ambulance(found) and not found.from_call:
        norms[0] += f" {writer['f_drive_time']}"
    if found.who:
        norms.insert(0, writer.text("f_who", who=found.who, all=writer.people(found.population)))
    beyond = next((norm for norm in found.norms if norm.people_beyond > 0), None)
    return FindingTexts(
        norms,
        [_times(found, writer)],
        [] if beyond is None else _who_is_beyond(beyond, found, report, writer),
        _contrast(found, report, writer),
        [unreached_sentence(found, report, writer)],
    )


def findings(found: ServiceFindings, report: Report, writer: Writer) -> list[str]:
    """Return what was found of a service, all sentences in the order in which they are read."""
    return finding_texts(found, report, writer).all()


def _key(key: str, found: ServiceFindings) -> str:
    """Return the key of a sentence: another where vehicles drive to people, who do not reach but are reached."""
    return f"{key}_cells" if found.direction == "to_people" else key


def _is_ambulance(found: ServiceFindings) -> bool:
    return found.direction == "to_people" and found.key.startswith("ambulance")


def _norm(norm: Norm, found: ServiceFindings, writer: Writer) -> str:
    values = {
        "all": writer.people(found.population),
        "norm": writer.norm(norm.limits_s),
        "site": writer["at_ambulance_base" if _is_ambulance(found) else "at_site"],
    }
    some, everybody = _norm_keys(norm, found)
    if len(norm.limits_s) > 1:
        built_up, sparse = (writer.threshold(limit) for limit in norm.limits_s)
        values["norm_own"] = writer.text("norm_own", built_up=built_up, sparse=sparse)
    if norm.people_beyond <= 0:
        return writer.text(everybody, **values)
    return writer.text(
        some,
        within=writer.people(norm.people_within),
        share=writer.share(norm.share),
        beyond=writer.people(norm.people_beyond),
        **values,
    )


def _norm_keys(norm: Norm, found: ServiceFindings) -> tuple[str, str]:
    """Return the sentences of a norm, of some and of everybody: people travel, vehicles drive, or come from a call."""
    if not found.from_call:
        return _key("f_norm", found), _key("f_norm_all", found)
    if len(norm.limits_s) > 1:
        return "f_norm_response_own", "f_norm_all_response_own"
    return "f_norm_response", "f_norm_all_response"


def _times(found: ServiceFindings, writer: Writer) -> str:
    if not math.isfinite(found.median_s):
        return writer[_key("f_times_few", found)]
    usual = "f_times_response" if found.from_call else "f_times"
    key = usual if math.isfinite(found.p90_s) else _key("f_times_some", found)
    return writer.text(key, median=writer.minutes(found.median_s), p90=writer.minutes(found.p90_s))


def _who_is_beyond(norm: Norm, found: ServiceFindings, report: Report, writer: Writer) -> list[str]:
    texts = []
    districts = found.in_districts
    if districts > 0 and _is_divided(report):
        texts.append(
            writer.text(
                "f_districts_own" if len(norm.limits_s) > 1 else "f_districts",
                norm=writer.norm(norm.limits_s),
                districts=report.scheme.district_name(writer.language),
                share=writer.share(norm.beyond_in_districts / norm.people_beyond),
                of_all=writer.share(districts / found.population),
            )
        )
    if norm.beyond_most:
        places = [f"{name} ({writer.people(number)})" for name, number in norm.beyond_most]
        texts.append(writer.text("f_most", places=writer.listed(places)))
    return texts


def _contrast(found: ServiceFindings, report: Report, writer: Writer) -> list[str]:
    near, far = float(found.contrast["mean_most_central_s"]), float(found.contrast["mean_least_central_s"])
    most, least = str(found.contrast["most_central"]), str(found.contrast["least_central"])
    if most == least or not (math.isfinite(near) and math.isfinite(far)):
        return []
    ratio = far / near if near > 0 else math.inf
    keys = (
        ("f_contrast_response", "f_contrast_plain_response") if found.from_call else ("f_contrast", "f_contrast_plain")
    )
    key = keys[0 if math.isfinite(ratio) else 1]
    return [
        writer.text(
            key,
            least=report.scheme.in_text(least, writer.language),
            most=report.scheme.in_text(most, writer.language),
            far=writer.minutes(far),
            near=writer.minutes(near),
            ratio=writer.significant(ratio, digits=2),
        )
    ]


def unreached_sentence(found: ServiceFindings, report: Report, writer: Writer) -> str:
    """Say how many people do not reach a service, and why."""
    if found.unreached <= 0:
        return writer[_key("f_all_reached", found)]
    some = {reason: number for reason, number in found.reasons.items() if number > 0}
    reasons = [
        _reason(reason, writer.people(number) if len(some) > 1 else writer["they"], report, writer)
        for reason, number in some.items()
    ]
    return writer.text(
        _key("f_unreached", found),
        n=writer.people(found.unreached),
        share=writer.share(found.unreached / found.population),
        reasons=writer.listed(reasons),
    )


def _reason(reason: str, people: str, report: Report, writer: Writer) -> str:
    """Say why some people do not reach a service."""
    return writer.text(f"r_{reason}", n=people, km=_km(report, writer))


def _km(report: Report, writer: Writer) -> str:
    return writer.plain(report.data.counts["snap_max_m"] / 1000)


def asked(report: Report, writer: Writer) -> list[str]:
    """Return the question, and how many people it is about."""
    counts = report.data.counts
    districts, scheme = _people_in_districts(report), report.scheme
    texts = [
        writer.text("a_question", people=writer.people(report.population)),
        writer.text(
            "a_scale" if report.zoned else "a_scale_cells",
            cells=writer.people(counts["cells"]),
            municipalities=writer.people(counts["municipalities"]),
        ),
    ]
    if any(name in report.classes for name in scheme.ids):
        ends = [scheme.label(name, writer.language) for name in (scheme.ids[0], scheme.ids[-1])]
        texts.append(writer.text("a_classes", first=ends[0], last=ends[1]))
    if scheme.district_ids and any(name in report.classes for name in scheme.ids):
        texts.append(
            writer.text(
                "a_districts" if len(scheme.district_ids) > 1 else "a_districts_one",
                districts=scheme.district_name(writer.language),
                n=writer.people(districts),
                share=writer.share(districts / report.population),
            )
        )
    return texts


def _people_in_districts(report: Report) -> float:
    return sum(report.classes.get(name, 0.0) for name in report.scheme.district_ids)


def _is_divided(report: Report) -> bool:
    """Whether people live in classes that are no districts."""
    return any(name in report.classes for name in report.scheme.ids if name not in report.scheme.district_ids)


def equity_sentences(report: Report, writer: Writer) -> list[str]:
    """Say how much of the inequality lies between the classes."""
    texts = []
    for found in report.services if report.classed else ():
        theil = found.equity.get("theil_t", {})
        value, between = theil.get("value", math.nan), theil.get("between", math.nan)
        if value > 0 and math.isfinite(between):
            part = between / value
            shares = {"share": writer.share(part), "rest": writer.share(1 - part)}
            key = "e_between_response" if found.from_call else "e_between"
            texts.append(writer.text(key, service=found.label, **shares))
    return [*texts, writer["e_why"]] if texts else []


def slack_sentences(found: ServiceFindings, writer: Writer) -> list[str]:
    """Say what it would cost if the nearest closed."""
    own = found.slack[found.slack["zoning"] == "everybody"].iloc[0]
    median, tenth = float(own["median_slack_s"]), float(own["p90_slack_s"])
    none = writer.people(float(own["without_second"]))
    if not own["reached"] > 0:
        return [writer.text("s_nobody", service=found.label)]
    if not math.isfinite(median):
        texts = [writer.text("s_half", service=found.label, none=none)]
    else:
        key = "s_tenth" if math.isfinite(tenth) else "s_tenth_none"
        more = writer.text(key, p90=writer.minutes(tenth))
        other = writer.text("s_no_other", none=none) if own["without_second"] > 0 else writer["s_other"]
        whole = "s_text_response" if found.from_call else "s_text"
        texts = [writer.text(whole, service=found.label, median=writer.minutes(median), tenth=more, other=other)]
    shares = [(norm, writer.share(norm.share), writer.share(norm.after_share)) for norm in found.norms]
    texts += [
        writer.text(
            "s_norm_own" if len(norm.limits_s) > 1 else "s_norm",
            norm=writer.norm(norm.limits_s),
            before=before,
            after=after,
        )
        for norm, before, after in shares
        if before != after
    ]
    return [" ".join(texts)]


def island_sentence(report: Report, writer: Writer) -> str:
    """Say how many live on the mainland, and what ties the others to it."""
    people = report.islands.groupby("tied_by")["people"].sum()
    texts = [writer.text("i_text", mainland=writer.people(float(people.get("mainland", 0.0))))]
    ties = {"i_ferry": "car ferry", "i_boat": "passenger ferry", "i_nothing": "nothing", "i_no_road": "no road"}
    texts += [
        writer.text(key, n=writer.people(float(people[tie]))) for key, tie in ties.items() if people.get(tie, 0.0) > 0
    ]
    return " ".join(texts)


def method(report: Report, writer: Writer) -> list[str]:
    """Say how times are computed."""
    pace = writer.plain(report.data.counts["off_network_kph"])
    texts = [writer.text("m_time", kph=pace, km=_km(report, writer)), writer["m_quantile"]]
    if report.data.centrality_note:
        texts.append(report.data.centrality_note)
    return [*texts, writer["m_files"]]


def _boats(boats: Boats, writer: Writer) -> list[str]:
    """Say which timetable boats follow, and which ones do not."""
    begin, end = boats.hours
    day = writer.day(boats.day)
    texts = [writer.text("l_timetable", day=day, begin=begin, end=end, n=writer.people(boats.timed))]
    for key, names in (("l_boats_without", boats.without), ("l_boats_late", boats.late), ("l_boats_shut", boats.shut)):
        if names:
            shown = ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
            people = writer.people(boats.people_late)
            texts.append(writer.text(key, names=shown, n=writer.people(len(names)), people=people))
    return texts


def limits(report: Report, writer: Writer) -> list[str]:
    """Say what the numbers do not hold, and what was assumed."""
    counts = report.data.counts
    texts = [text for text in (report.disclaimer, report.note, *report.limits) if text]
    for found in report.services:
        texts += service_limits(found, writer)
    if counts["ferries"]:
        texts.append(
            writer.text(
                "l_ferries",
                n=writer.people(counts["ferries"]),
                cars=writer.people(counts["ferries_with_cars"]),
                table=writer.people(counts["ferries_by_table"]),
                tagged=writer.people(counts["ferries_by_duration"]),
                rest=writer.people(
                    counts["ferries"]
                    - counts["ferries_by_table"]
                    - counts["ferries_by_duration"]
                    - counts.get("ferries_by_timetable", 0)
                ),
                wait=writer.minutes(counts["median_wait_s"]),
            )
        )
    if report.data.boats is not None:
        texts += _boats(report.data.boats, writer)
    if counts.get("mask_below"):
        below = int(counts["mask_below"])
        numbers = {name: writer.people(counts[f"{name}_masked"]) for name in ("cells", "people")}
        whole = writer.people(counts["cells"])
        key = "l_masked_one" if counts["cells_masked"] == 1 else "l_masked"  # the people of one are its secret
        texts.append(writer.text(key, below=below, band=band_of(below), all=whole, **numbers))
    texts += _far_from_roads(report, writer)
    for key, name in (("l_nearest", "cells_by_nearest_municipality"), ("l_class", "people_without_class")):
        if counts[name] and (key != "l_class" or report.classed):
            texts.append(writer.text(key, n=writer.people(counts[name])))
    tags = {
        "unknown": counts.get("ways_with_unknown_values", 0),
        "undecided": counts.get("ways_with_undecided_conditions", 0),
        "turns": counts.get("turn_rules_ignored", 0)
        + counts.get("turn_relations_undecided", 0)
        + counts.get("turn_relations_incomplete_ignored", 0),
    }
    if any(tags.values()):
        texts.append(writer.text("l_turns", **{name: writer.people(number) for name, number in tags.items()}))
    if report.data.left_out:
        texts.append(writer.text("l_sites", names=", ".join(report.data.left_out)))
    return [*texts, writer["l_quality"]]


def service_limits(found: ServiceFindings, writer: Writer) -> list[str]:
    """Say which known gaps of the data touch the findings of one service."""
    proxy = [writer.text("l_proxy", service=found.label, note=found.proxy_note.rstrip("."))] if found.proxy_note else []
    return [*found.limits, *proxy]


def _far_from_roads(report: Report, writer: Writer) -> list[str]:
    """Say how many people have no usable road, or a long way to one."""
    counts, texts = report.data.counts, []
    if counts["cells_not_snapped"]:
        numbers = {"cells": counts["cells_not_snapped"], "people": counts["people_not_snapped"]}
        written = {name: writer.people(number) for name, number in numbers.items()}
        texts.append(writer.text("l_snapped", **written, km=_km(report, writer)))
    if counts.get("people_far_from_roads"):
        far = writer.people(counts["people_far_from_roads"])
        texts.append(writer.text("l_walks", people=far, km=writer.plain(counts["long_walk_m"] / 1000)))
    return texts


def main_limits(report: Report, writer: Writer) -> list[str]:
    """Say what one must know of the data before a decision, in few sentences; `limits` has them all."""
    texts = [text for text in (report.note, *report.limits) if text]
    if report.data.left_out:
        texts.append(writer.text("l_sites", names=", ".join(report.data.left_out[:_NAMED])))
    return [*texts, *_far_from_roads(report, writer), writer["l_quality"]]
