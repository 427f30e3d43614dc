"""The planner as a web application on this machine."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints
from starlette.exceptions import HTTPException

from geoaccess.bounds import Id, Lat, Lon
from geoaccess.errors import GeoaccessError
from geoaccess.maps.assets import asset_text, palette_script, palette_style
from geoaccess.phrases import ONE_LINE, languages, phrases_script, section
from geoaccess.planner.areas import areas_around, catchment_of
from geoaccess.planner.changes import MOST_CHANGES, ChangeError, fitting, read_changes
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.export import figures_csv, plan_gpkg
from geoaccess.planner.failures import OUTDATED, failing, failure_json
from geoaccess.planner.guard import Guard, wanted_language
from geoaccess.planner.note import note_html, note_pdf, plan_note
from geoaccess.planner.pool import BusyError, SessionPool
from geoaccess.planner.saving import load_plan, opened_from, save_plan
from geoaccess.planner.serialise import (
    answer_json,
    areas_json,
    catchment_json,
    journeys_json,
    proposal_json,
    several_json,
    way_json,
)
from geoaccess.planner.several import suggest_several
from geoaccess.planner.shelf import PlanClashError, Shelf, slug
from geoaccess.planner.suggest import suggest
from geoaccess.toml import TITLE_LETTERS, Table

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.planner.doors import Door, Entrance
    from geoaccess.planner.state import PlannerState
    from geoaccess.zones import CentralityScheme

__all__ = ["planner_app"]

_SCRIPTS = (
    *("words", "model", "colours", "chart", "tables", "reach", "lists", "picture", "dialogs", "suggestions", "main"),
)
_ASSETS = (
    *("leaflet/leaflet.js", "leaflet/leaflet.css", "shared/shared.css", "planner/planner.css"),
    *(f"shared/{name}.js" for name in ("decode", "format", "names", "paint", "search", "address")),
    *(f"planner/{name}.js" for name in _SCRIPTS),
)
_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
MOST_EDGES, LONGEST_EDGE_S = 20, 1e6
_EXPORTS = {
    "csv": "text/csv; charset=utf-8",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
}
_ROAD_NEAR_M = 500.0
MOST_ADDS = 1_000_000

Tab = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, StringConstraints(max_length=100)]
Label = Annotated[str, StringConstraints(max_length=20)]
Etag = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=TITLE_LETTERS, pattern=ONE_LINE)]


class _Question(Table):
    tab: Tab
    service: Annotated[str, StringConstraints(max_length=200)]
    changes: list[Any] = []


class _Map(_Question):
    edges_s: Annotated[list[Annotated[float, Field(ge=0.01, le=LONGEST_EDGE_S)]], Field(max_length=MOST_EDGES)] = []


class _AboutCell(_Question):
    cell: Id


class _AboutSite(_Question):
    site: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class _AboutPlace(_Question):
    lon: Lon
    lat: Lat


class _Objective(_Question):
    objective: Annotated[str, StringConstraints(max_length=20)] = "minutes"


class _Place(Table):
    lon: Lon
    lat: Lat
    within_m: Annotated[float, Field(ge=0.001, le=20_000)] = _ROAD_NEAR_M


class _Fit(Table):
    changes: Annotated[list[Any], Field(max_length=MOST_CHANGES)]


class _Base(Table):
    name: Name
    etag: Etag
    adds: Annotated[dict[Label, Annotated[int, Field(ge=1, le=MOST_ADDS)]], Field(max_length=MOST_CHANGES)] = {}


class _Export(_Question):
    title: Annotated[str, StringConstraints(max_length=TITLE_LETTERS, pattern=ONE_LINE)] = ""
    language: Annotated[str, StringConstraints(max_length=20)] = ""
    base: _Base | None = None


class _Save(Table):
    title: Title
    changes: list[Any]
    base: _Base | None = None
    replace: Etag | None = None


class _Load(Table):
    name: Name


def planner_app(state: PlannerState, entrance: Entrance, *, body_s: float = 10.0, longest_s: float = 60.0) -> Any:
    """Return the application for a study that is solved.

    Parameters
    ----------
    entrance
        Its doors, each with the folder in which its plans are kept.
    body_s, longest_s
        Seconds that a request may take to arrive, and to be answered.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    pool, drawing = SessionPool(state, longest_s=longest_s), Drawing(state)
    shelves = {door.folder: Shelf(door.folder) for door in entrance.doors}
    _serve_files(app, drawing)
    _serve_answers(app, pool, drawing)
    _serve_siting(app, pool)
    _serve_areas(app, pool, drawing)
    _serve_fitting(app, pool)
    _serve_plans(app, pool, shelves)
    _serve_exports(app, pool, shelves)
    _report_errors(app, state)
    return Guard(app, entrance, body_s=body_s, language=state.study.settings.language)


def _files(scheme: CentralityScheme) -> dict[str, bytes]:
    """Return all files that are served, by name: requests are looked up here, never on the disk."""
    files = {name.rpartition("/")[2]: asset_text(name).encode() for name in _ASSETS}
    words = {language: scheme.words(language) for language in languages()}
    phrases = phrases_script("planner", "map", words=words)
    made = {"palette.css": palette_style(), "palette.js": palette_script(), "phrases.js": phrases}
    return files | {name: text.encode() for name, text in made.items()}


def _serve_files(app: FastAPI, drawing: Drawing) -> None:
    study = json.dumps(drawing.page(), allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    files = _files(drawing.state.study.scheme)
    start, own = asset_text("planner/index.html"), drawing.state.study.settings.language

    @app.get("/")
    async def index(request: Request) -> Response:
        language = wanted_language(request.scope["headers"], own)
        page = start.replace('"/static/', f'"{request.scope["door"].path}static/')
        page = page.replace('<html lang="en">', f'<html lang="{language}">')
        page = page.replace("{{ need_script }}", section(language, "map")["need_script"])
        return Response(page, media_type="text/html; charset=utf-8")

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in files:
            return _failure(404, "no_file", "there is no such file")
        return Response(files[name], media_type=_TYPES[name.rpartition(".")[2]])

    @app.get("/api/study")
    async def study_of_page() -> Response:
        return Response(study, media_type="application/json")


def _serve_answers(app: FastAPI, pool: SessionPool, drawing: Drawing) -> None:
    state = pool.state

    def answer(asked: _Map) -> dict[str, Any]:
        found = pool.session(asked.tab).answer(read_changes(asked.changes), asked.service)
        return answer_json(found, state.figures(asked.service), drawing, edges_s=sorted(set(asked.edges_s)))

    def journeys(asked: _AboutCell) -> list[dict[str, Any]]:
        session = pool.session(asked.tab)
        return journeys_json(session.journeys(read_changes(asked.changes), asked.service, asked.cell))

    def road(asked: _Place) -> dict[str, Any] | None:
        way = state.road_near(asked.lon, asked.lat, within_m=asked.within_m)
        return None if way is None else way_json(state, way)

    @app.post("/api/answer")
    async def post_answer(asked: _Map) -> Response:
        return _json(await pool.work(answer, asked))

    @app.post("/api/journey")
    async def post_journey(asked: _AboutCell) -> Response:
        return _json(await pool.work(journeys, asked))

    @app.post("/api/road")
    async def post_road(asked: _Place) -> Response:
        found = await pool.work(road, asked)
        return _failure(404, "no_road_here", "there is no road near that place") if found is None else _json(found)


def _serve_siting(app: FastAPI, pool: SessionPool) -> None:
    state = pool.state

    def places(asked: _Objective) -> dict[str, Any]:
        session, changes = pool.session(asked.tab), read_changes(asked.changes)
        found = suggest(session, changes, asked.service, objective=asked.objective)
        return proposal_json(state, asked.service, asked.objective, found)

    def several(asked: _Objective) -> dict[str, Any]:
        session, changes = pool.session(asked.tab), read_changes(asked.changes)
        found = suggest_several(session, changes, asked.service, objective=asked.objective)
        return several_json(state, asked.service, asked.objective, found)

    @app.post("/api/suggest")
    async def post_suggest(asked: _Objective) -> Response:
        return _json(await pool.work(places, asked))

    @app.post("/api/suggest/several")
    async def post_several(asked: _Objective) -> Response:
        return _json(await pool.work(several, asked))


def _serve_areas(app: FastAPI, pool: SessionPool, drawing: Drawing) -> None:
    state = pool.state

    def of_site(asked: _AboutSite) -> list[dict[str, Any]]:
        session, changes = pool.session(asked.tab), read_changes(asked.changes)
        return areas_json(areas_around(session, changes, asked.service, site=asked.site))

    def of_place(asked: _AboutPlace) -> list[dict[str, Any]] | None:
        if state.roads_of(asked.service).place(asked.lon, asked.lat, state.start_s(asked.service)) is None:
            return None
        session, changes = pool.session(asked.tab), read_changes(asked.changes)
        return areas_json(areas_around(session, changes, asked.service, place=(asked.lon, asked.lat)))

    def catchment(asked: _AboutSite) -> dict[str, Any]:
        found = catchment_of(pool.session(asked.tab), read_changes(asked.changes), asked.service, asked.site)
        return catchment_json(drawing, asked.service, found)

    @app.post("/api/areas/site")
    async def post_areas_of_site(asked: _AboutSite) -> Response:
        return _json(await pool.work(of_site, asked))

    @app.post("/api/areas/place")
    async def post_areas_of_place(asked: _AboutPlace) -> Response:
        found = await pool.work(of_place, asked)
        return _failure(404, "no_road_here", "there is no road near that place") if found is None else _json(found)

    @app.post("/api/catchment")
    async def post_catchment(asked: _AboutSite) -> Response:
        return _json(await pool.work(catchment, asked))


def _serve_fitting(app: FastAPI, pool: SessionPool) -> None:
    def fit(asked: _Fit) -> dict[str, Any]:
        found = fitting(pool.state, asked.changes)
        aside = [{"number": at, **failure_json(one)} for at, one in found.aside.items()]
        return {"kept": found.kept, "aside": aside}

    @app.post("/api/fit")
    async def post_fit(asked: _Fit) -> Response:
        return _json(await pool.work(fit, asked))


def _serve_plans(app: FastAPI, pool: SessionPool, shelves: dict[Path, Shelf]) -> None:
    state = pool.state

    def plans(door: Door) -> dict[str, Any]:
        listed = [
            {"name": one.name, "titles": {language: one.title.in_language(language) for language in languages()}}
            for one in shelves[door.folder].listed()
        ]
        return {"plans": listed, "folder": _shown(state, door, str(door.folder)), "may_save": door.may_save}

    def save(door: Door, asked: _Save) -> dict[str, Any]:
        base = None if asked.base is None else asked.base.model_dump()
        changes, shelf = read_changes(asked.changes), shelves[door.folder]
        with failing("not_saved"):
            return save_plan(state, shelf, changes, title=asked.title, base=base, replace=asked.replace)

    def load(door: Door, asked: _Load) -> dict[str, Any]:
        with failing("plan_unreadable", plan=asked.name):
            return load_plan(state, shelves[door.folder], asked.name)

    @app.get("/api/plans")
    async def get_plans(request: Request) -> Response:
        return _json(await pool.work(plans, request.scope["door"]))

    @app.post("/api/plans/save")
    async def post_save(asked: _Save, request: Request) -> Response:
        door: Door = request.scope["door"]
        if not door.may_save:
            return _failure(403, "read_only", "this link opens plans, but does not save them")
        return _json(await pool.work(save, door, asked))

    @app.post("/api/plans/load")
    async def post_load(asked: _Load, request: Request) -> Response:
        return _json(await pool.work(load, request.scope["door"], asked))


def _shown(state: PlannerState, door: Door, text: str) -> str:
    """Return a text without paths of this machine: to those elsewhere they mean nothing, and tell too much."""
    if door.path == "/":
        return text
    return text.replace(str(door.folder), door.folder.name).replace(f"{state.study.path.parent}{os.sep}", "")


def _serve_exports(app: FastAPI, pool: SessionPool, shelves: dict[Path, Shelf]) -> None:
    state = pool.state
    tables = {"csv": figures_csv, "gpkg": plan_gpkg}
    notes = {"html": note_html, "pdf": note_pdf}

    def made(door: Door, kind: str, asked: _Export) -> bytes:
        changes = read_changes(asked.changes)
        if kind in tables:
            return tables[kind](state, pool.session(asked.tab).answer(changes, asked.service))
        text, adds = opened_from(shelves[door.folder], None if asked.base is None else asked.base.model_dump())
        about = {"title": asked.title, "language": asked.language}
        return notes[kind](plan_note(state, changes, asked.service, **about, text=text, adds=adds))

    def export(door: Door, kind: str, asked: _Export) -> Response:
        with failing("not_exported"):
            content = made(door, kind, asked)
        name = f"{slug(asked.title) or slug(state.study.name) or 'plan'}-{slug(asked.service) or 'service'}.{kind}"
        heads = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=_EXPORTS[kind], headers=heads)

    @app.post("/api/export/{kind}")
    async def post_export(kind: str, asked: _Export, request: Request) -> Response:
        if kind not in _EXPORTS:
            return _failure(404, "no_export", f"there is no export of that kind; there are {', '.join(_EXPORTS)}")
        return await pool.work(export, request.scope["door"], kind, asked)


def _report_errors(app: FastAPI, state: PlannerState) -> None:
    study = state.number

    @app.exception_handler(GeoaccessError)
    async def ours(request: Request, error: GeoaccessError) -> Response:
        found = failure_json(error, shown=lambda text: _shown(state, request.scope["door"], text))
        if isinstance(error, ChangeError):
            found |= {"number": error.number}
        if isinstance(error, PlanClashError):
            return JSONResponse(found | {"name": error.name, "etag": error.etag}, status_code=409)
        return JSONResponse(found | {"study": study}, status_code=422)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> Response:
        found = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        return _failure(422, OUTDATED, "; ".join(found)[:2000])

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        return _failure(error.status_code, "http", str(error.detail))

    @app.exception_handler(BusyError)
    async def busy(_: Request, error: BusyError) -> Response:
        return _failure(503, "busy", str(error))

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> Response:
        return _failure(500, "unforeseen", f"an unexpected error occurred in the planner ({type(error).__name__})")


def _json(value: Any) -> Response:
    return JSONResponse(value)


def _failure(status: int, code: str, message: str, **more: Any) -> Response:
    return JSONResponse({"error": code, "message": message, **more}, status_code=status)
