"""What a planner does to a small country: a scenario that is opened, and a list of changes; answered, saved, undone, compared."""

from __future__ import annotations

import functools
import json
import shutil
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from test_study_tiny import STUDY, WAYS, degrees, write_roads, write_study

from fuzzing import mutations
from fuzzing.comparisons import NAMED, answer_or_error, change_scenario, scenarios_of_the_country
from fuzzing.values import NUMBERS, WORDS

_COPIES = '[services.clinic]\nlabel = "Clinic"\nsites_of = "hospital"\n\n[services.hospital]'
_PLACES = [
    degrees(*km)
    for km in ((27.5, -9.5), (10.5, 0.5), (22.5, 10.5), (15.5, -9.5), (16.0, 0.6), (-9.5, 0.5), (30.0, 8.0), (4.5, 2.4))
]
_SITES = {
    "gp": ("gp-west", "gp-east", "west"), "hospital": ("hospital-west",), "clinic": ("clinic-west",), "birth_unit": ("birth_unit-holm",),
    "ambulance_base": ("ambulance_base-middle", "middle"),
}  # fmt: skip
_BOX = [list(degrees(*km)) for km in ((21, -12), (30, -12), (30, 3), (21, 3))]
_GROUPS = ({"name": "Vestveien"}, {"name": "E 6", "what": "roads"}, {"what": "ferries"}, {"polygon": _BOX}, {"polygon": _BOX, "what": "roads"},
           {"polygon": [[0, 0], [1, 0], [1, 1]]}, {"name": "Nowhere"}, {"osm_id": 8})  # fmt: skip
_KINDS = ("add", "add", "move", "remove", "restore", "days", "close", "open", "close_group", "open_group")


@functools.cache
def planner():
    """Return a small country with services that share sites, as a planner has it, and a folder for plans."""
    import tempfile

    from geoaccess.planner import PlannerState
    from geoaccess.planner.drawing import Drawing
    from geoaccess.questions.scenario_run import solve_baseline
    from geoaccess.study import load_study

    kept = tempfile.TemporaryDirectory()
    path = write_study(Path(kept.name), STUDY.replace("[services.hospital]", _COPIES))
    ways = [(ends, {**tags, **NAMED.get(at, {})}) for at, (ends, tags) in enumerate(WAYS)]
    write_roads(path.parent / "roads.osm.pbf", ways)
    study = load_study(path)
    base = solve_baseline(study, names=True, show=False)
    state = PlannerState(base.answers)
    return SimpleNamespace(
        kept=kept, folder=path.parent / "plans", study=study, base=base, state=state, drawing=Drawing(state)
    )


def plans():
    """Return scenarios with what is done to them after they are opened; "" is a new plan."""
    at = [{"lon": lon, "lat": lat} for lon, lat in _PLACES]
    lists = [
        [_at("add", "gp", "new-1", name="New", days=[0, 2], **at[0]), _at("move", "gp", "gp-west", **at[1]), _at("remove", "gp", "gp-east")],
        [_at("remove", "hospital", "hospital-west"), _at("add", "hospital", "new-5", **at[1]), _at("days", "clinic", "clinic-west", days=[4])],
        [_at("remove", "gp", "gp-west"), _at("restore", "gp", "gp-west"), _at("days", "gp", "gp-west", days=[0, 4])],
        [{"what": "close", "way": 8}, {"what": "close", "way": 1}, {"what": "open", "way": 8}, {"what": "close_group", "select": _GROUPS[0]}],
        [{"what": "close_group", "select": {"polygon": _BOX}}, {"what": "close", "way": 2}, _at("add", "birth_unit", "new-7", off_road=True, **at[6])],
    ]  # fmt: skip
    texts = ["", *(data.decode() for data in scenarios_of_the_country())]
    found = [{"text": text, "changes": lists[number % len(lists)]} for number, text in enumerate(texts)]
    return [json.dumps(one).encode() for one in (*found, *({"text": "", "changes": some} for some in lists))]


def _at(what, service, site, **more):
    return {"what": what, "service": service, "site": site, **more}


# Changes


def change_plan(rng, data):
    """Change the scenario that is opened, or what is done to it."""
    if rng.random() < 0.1:
        return mutations.change_json(rng, data)
    try:
        plan = json.loads(data)
        changes = plan["changes"]
        if rng.random() < 0.3 and plan["text"]:
            plan["text"] = change_scenario(rng, plan["text"].encode()).decode("utf-8", "replace")
        elif rng.random() < 0.5 or not changes:
            changes.insert(rng.randrange(len(changes) + 1), _change(rng))
        else:
            _change_list(rng, changes)
        return json.dumps(plan).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001 - it is no plan any more
        return mutations.change_json(rng, data)


def _change(rng):
    """Return something that is done on the page, if most often to what is there."""
    from geoaccess.planner.plan import group_id
    from geoaccess.scenarios import Close

    what, service = rng.choice(_KINDS), rng.choice([*_SITES])
    lon, lat = rng.choice(_PLACES)
    days = sorted(rng.sample(range(5), rng.choice((1, 2, 3, 5))))
    if what in ("close", "open"):
        return {"what": what, "way": rng.choice((1, 2, 3, 4, 8, 9, 10, 99))}
    if what == "close_group":
        return {"what": what, "select": rng.choice(_GROUPS)}
    if what == "open_group":
        return {"what": what, "group": rng.choice([group_id(Close(**one)) for one in _GROUPS])}
    site = (
        f"new-{rng.choice((1, 2, 3, 4, 5, 6))}" if what == "add" or rng.random() < 0.3 else rng.choice(_SITES[service])
    )
    more = {"lon": lon, "lat": lat} if what in ("add", "move") else {"days": days} if what == "days" else {}
    if what == "add":
        more |= {
            "name": rng.choice(("", "A", "Ærøy «1»", "west", "E 6")),
            "days": days if rng.random() < 0.3 else [0, 1, 2, 3, 4],
        }
    if what in ("add", "move") and rng.random() < 0.2:
        more["off_road"] = True
    return _at(what, service, site, **more)


def _change_list(rng, changes):
    """Let a change come again, elsewhere, not at all, or with another value."""
    at, draw = rng.randrange(len(changes)), rng.randrange(6)
    if draw == 0:
        changes.insert(rng.randrange(len(changes) + 1), changes[at])
    elif draw == 1:
        del changes[at]
    elif draw == 2:
        changes.append(changes.pop(at))
    elif draw == 3:
        changes[at] |= (
            {"service": rng.choice([*_SITES])}
            if "service" in changes[at]
            else {"way": rng.choice((1, 8, 0, -1, 2**63))}
        )
    else:
        key = rng.choice([*changes[at]])
        changes[at][key] = rng.choice(
            (0, 5, 91, -1e-9, [], [5], [0, 0], None, True, "new-1", "new-0", *WORDS[:-1], *NUMBERS[:20])
        )


# The law


def plan_holds(path):
    """Open the scenario, make the changes, answer, save, open again and undo: nothing is lost, and compare says the same."""
    from geoaccess.planner.saving import load_plan
    from geoaccess.planner.shelf import Shelf

    plan = _read(path)
    there = planner()
    shutil.rmtree(there.folder, ignore_errors=True)
    there.folder.mkdir()
    shelf = Shelf(there.folder)
    opened = {"title": "Any", "changes": [], "base": None, "left_out": []}
    if plan["text"]:
        (there.folder / "plan.toml").write_bytes(plan["text"].encode("utf-8", "surrogatepass"))
        compared, refused = answer_or_error(_compared, there, there.folder / "plan.toml")
        opened, unopened = answer_or_error(load_plan, there.state, shelf, "plan")
        assert refused or not unopened, f"compare answers what the planner does not open: {unopened}"
        if unopened:
            raise unopened
        if refused:  # it may be of what the page leaves to it: files, slow roads, boats, people
            assert opened["left_out"], f"the planner opens what compare refuses: {refused}"
            return
        _is_that_of_compare(there, opened, compared)
    _edited(there, shelf, opened, plan)


def _read(path):
    """Return the text and the changes of a file; whatever is no such file stands for no changes."""
    try:
        plan = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        plan = {}
    plan = plan if isinstance(plan, dict) else {"changes": plan}
    return {"text": text if isinstance(text := plan.get("text"), str) else "", "changes": plan.get("changes", [])}


def _compared(there, path):
    """Return the results of a scenario."""
    from geoaccess.questions.scenario_run import apply_scenario, solve_scenario
    from geoaccess.scenarios import read_scenario

    return solve_scenario(apply_scenario(there.base, read_scenario(path)))


def _is_that_of_compare(there, opened, results):
    """Check that a plan gives the times of compare, where both know of all of it: weekdays are means over five of them."""
    from geoaccess.planner import Session, read_changes

    changes = read_changes(opened["changes"])
    weekly = any(
        getattr(change, "days", frozenset(range(5))) not in (frozenset(range(5)), frozenset()) for change in changes
    )
    if opened["left_out"] or weekly:
        return
    for service in there.state.specs:
        times = results[f"{service}_s"].to_numpy(dtype=float)
        found = Session(there.state).answer(changes, service).figures.times_s
        np.testing.assert_allclose(
            found, np.where(np.isnan(times), np.inf, times), atol=1e-6, err_msg=f"{service} is another in compare"
        )


def _edited(there, shelf, opened, plan):
    """Make the changes that can be made, and those alone; save and open, do and undo."""
    from geoaccess.planner import read_changes
    from geoaccess.planner.changes import fitting, planned
    from geoaccess.planner.saving import load_plan, save_plan

    state = there.state
    more = plan["changes"] if isinstance(plan["changes"], list) else []
    if plan["text"]:
        base = save_plan(state, shelf, read_changes(opened["changes"]), title=opened["title"], base=opened["base"])[
            "base"
        ]
        assert (there.folder / "plan.toml").read_bytes() == plan["text"].encode("utf-8", "surrogatepass"), (
            "nothing was changed"
        )
        opened = opened | {"base": base}
    raw = [*opened["changes"], *more]
    fit = fitting(state, raw)
    _all_or_said(state, raw, fit)
    made = read_changes([raw[number] for number in fit.kept])
    saved = save_plan(state, shelf, made, title=opened["title"], base=opened["base"])
    again = load_plan(state, shelf, saved["name"])
    text = (there.folder / f"{saved['name']}.toml").read_text(encoding="utf-8")
    _keeps(plan["text"], text)
    _same_plan(
        state,
        planned(state, made),
        planned(state, read_changes(again["changes"])),
        saved["base"]["adds"],
        again["base"]["adds"],
    )
    _undone(there, made)
    compared, refused = answer_or_error(_compared, there, there.folder / f"{saved['name']}.toml")
    assert not refused, f"compare refuses what was saved: {refused}"
    _is_that_of_compare(there, again, compared)
    save_plan(state, shelf, read_changes(again["changes"]), title=again["title"], base=again["base"])
    assert (there.folder / f"{saved['name']}.toml").read_text(encoding="utf-8") == text, (
        "opened and saved it is another"
    )


def _all_or_said(state, raw, fit):
    """Check that a list is refused exactly where some of it is set aside."""
    from geoaccess.planner import read_changes
    from geoaccess.planner.changes import planned

    _, refused = answer_or_error(lambda: planned(state, read_changes(raw)))
    assert bool(refused) == bool(fit.aside), f"the list: {refused or 'is taken'}; set aside of it: {fit.aside}"


def _keeps(before, after):
    """Check that what the planner does not edit is as it was."""
    one, two = (tomllib.loads(text.removeprefix("\ufeff")) for text in (before, after))
    for key in ("description", "slow", "boats", "network", "population") + (("title", "study") if before else ()):
        assert one.get(key) == two.get(key), f"{key} is lost"


def _same_plan(state, one, two, adds, adds_again):
    """Check that two plans are the same; new sites are called by their place in the file."""
    ours, theirs = ({label: f"add {number}" for label, number in some.items()} for some in (adds, adds_again))
    assert _ways(state, one) == _ways(state, two)
    for service, sites in one.sites.items():
        first, second = (
            {_known(label, known): (site.lon, site.lat, site.days, site.name) for label, site in some.items()}
            for some, known in ((sites, ours), (two.sites[service], theirs))
        )
        assert first == second, service


def _known(label, known):
    return next(
        (label.replace(own, place) for own, place in known.items() if label == own or label.endswith(own)), label
    )


def _ways(state, plan):
    """Return what is closed; roads of few ways that close together are written and opened way by way."""
    together = [ways for group in plan.groups if (ways := state.closes_as_ways(group))]
    return plan.closed.union(*together), {group for group in plan.groups if not state.closes_as_ways(group)}


def _undone(there, made):
    """Check that answers are the same whatever was asked before: the whole list, then less and less of it, then all again."""
    from geoaccess.planner import Session
    from geoaccess.planner.serialise import answer_json

    state = there.state
    session = Session(state)
    service = [*state.specs][len(made) % len(state.specs)]
    for count in (len(made), len(made) // 2, 0, len(made)):
        shown, alone = (
            answer_json(one.answer(made[:count], service), state.figures(service), there.drawing)
            for one in (session, Session(state))
        )
        assert json.dumps(shown, allow_nan=False) == json.dumps(alone, allow_nan=False), (
            "it depends on what was asked before"
        )
