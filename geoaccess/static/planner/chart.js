"use strict";
// The map: cells on canvases, offices as marks that can be dragged, what is closed, and the route of a place.
(function () {
  const { model, talk } = geoaccess;
  const { say } = talk;
  const byId = (name) => document.getElementById(name);
  const { colours, palette } = geoaccess;
  const HOVERS = window.matchMedia("(hover: hover)");
  const VIEWS = ["now", "change", "before", "slide"];
  const PANES = { before: 399, areas: 410, lines: 420, names: 430 }; // the cells lie at 400, marks at 600
  const chart = { view: "now", tool: "look", moving: null, map: null };
  const state = { layer: "now", hidden: new Set(), at: null, lit: null, opacity: 1, namesAbove: true };
  const beforeState = { ...state, layer: "before" };
  let view;
  let painter;
  let beforePainter;
  let namesPainter;
  let marks;
  let closedLines;
  let routeLines;
  let spots;
  let areaShapes;

  // ---- offices as marks

  function markOf(site) {
    const look = ["site"];
    if (site.closed) look.push("closed");
    else if (site.added) look.push("added");
    else if (site.proxy) look.push("proxy");
    if (!site.closed && site.moved) look.push("moved");
    if (!site.closed && site.days.length < 5) look.push("part");
    if (!site.closed && site.off_road) look.push("nowhere");
    const label = document.createElement("span");
    label.textContent = site.closed ? "×" : site.days.length < 5 ? site.days.length : site.added ? "+" : "";
    return L.divIcon({ html: label, className: look.join(" "), iconSize: null });
  }

  chart.legend = () => colours.legend(chart.view === "slide" ? "now" : chart.view);

  chart.siteName = (site) => site.name || site.site;

  function drawMarks(answer) {
    marks.clearLayers();
    const sites = model.sites(answer);
    view.spots = sites.map((site) => toMetres({ lat: site.lat, lng: site.lon }));
    const many = sites.length > 150 && chart.map.getZoom() < 8;
    chart.map.getContainer().classList.toggle("many", many);
    for (const site of sites) {
      const mark = L.marker([site.lat, site.lon], { icon: markOf(site), draggable: !site.closed, keyboard: false, autoPan: true });
      mark.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        if (chart.tool === "look") model.emit("pick", { kind: "site", site: site.site });
        else act(event.latlng);
      });
      mark.on("mouseover", () => tip([chart.siteName(site), site.closed ? say("closed") : talk.dayList(site.days)], mark.getLatLng()));
      mark.on("mouseout", () => tip(null));
      mark.on("dragstart", () => (chart.dragged = site.site));
      mark.on("drag", () => model.preview(moveTo(site.site, mark.getLatLng())));
      mark.on("dragend", () => {
        chart.dragged = null;
        model.dropPreview();
        model.make(moveTo(site.site, mark.getLatLng()), "moved");
      });
      marks.addLayer(mark);
    }
  }

  const rounded = (value) => Math.round(value * 1e5) / 1e5;
  const moveTo = (site, place) => ({ what: "move", service: model.service, site, lon: rounded(place.lng), lat: rounded(place.lat) });

  function drawClosed(answer) {
    closedLines.clearLayers();
    for (const way of answer.closed) {
      for (const [colourOf, weight, dash] of [[palette.paper, 8, null], [palette.ink, 4, "2 7"]]) {
        closedLines.addLayer(
          L.polyline(way.lines.map((line) => line.map(([lon, lat]) => [lat, lon])), { pane: "lines", color: colourOf, weight, dashArray: dash, interactive: false })
        );
      }
    }
  }

  // ---- what is under the pointer

  const toMetres = (place) => L.CRS.EPSG3857.project(place);
  const metresPerPixel = () => (2 * Math.PI * 6378137) / (256 * 2 ** chart.map.getZoom());

  // What is at a place that is named, not pointed at: its cell, however many marks are near.
  function spotAt(place) {
    const { x, y } = toMetres(place);
    return { kind: "cell", square: geoaccess.cellAt(view.cells, view.grid, x, y, 4 * metresPerPixel()), lon: rounded(place.lng), lat: rounded(place.lat) };
  }
  chart.spotAt = spotAt;

  function under(place) {
    const { x, y } = toMetres(place);
    const reach = metresPerPixel();
    const near = model
      .sites()
      .map((site) => [chart.map.latLngToContainerPoint([site.lat, site.lon]).distanceTo(chart.map.latLngToContainerPoint(place)), site])
      .sort((a, b) => a[0] - b[0])[0];
    if (near && near[0] <= 9) return { kind: "site", site: near[1].site };
    const ferry = view.lines.ferries ? geoaccess.lineAt(view.lines.ferries, x, y, 6 * reach) : -1;
    const cell = geoaccess.cellAt(view.cells, view.grid, x, y, 4 * reach);
    if (ferry >= 0 && view.ferries[ferry].cars && cell < 0) return { kind: "ferry", way: view.ferries[ferry].way };
    return { kind: "cell", square: cell, lon: rounded(place.lng), lat: rounded(place.lat) };
  }

  function act(place) {
    if (chart.tool === "add") return model.emit("add", { lon: rounded(place.lng), lat: rounded(place.lat) });
    if (chart.tool === "road") return model.emit("road", { lon: rounded(place.lng), lat: rounded(place.lat), within_m: Math.min(20000, Math.max(300, 12 * metresPerPixel())) });
    if (chart.tool === "move") {
      const site = chart.moving;
      chart.use("look");
      return model.make(moveTo(site, place), "moved");
    }
    return model.emit("pick", under(place));
  }

  chart.use = function (tool, moving = null) {
    chart.tool = tool;
    chart.moving = moving;
    chart.map.getContainer().classList.toggle("aiming", tool !== "look");
    model.emit("tool", tool);
  };

  // ---- the tip beside the pointer, and the route

  function tip(lines, place) {
    const box = byId("tip");
    box.hidden = !lines || !HOVERS.matches;
    if (box.hidden) return;
    box.replaceChildren(
      ...lines.filter(Boolean).map((line, i) => {
        const element = document.createElement(i ? "div" : "strong");
        element.textContent = line;
        return element;
      })
    );
    const at = chart.map.latLngToContainerPoint(place);
    const size = chart.map.getSize();
    box.style.left = `${Math.max(4, Math.min(at.x + 14, size.x - box.offsetWidth - 6))}px`;
    box.style.top = `${at.y + 18 + box.offsetHeight > size.y ? at.y - box.offsetHeight - 10 : at.y + 16}px`;
  }

  chart.timesAt = function (square) {
    const at = (name) => {
      const time = view.cells.times[name].time[square];
      return time < 0 ? Infinity : time / 10;
    };
    return { before: at("before"), now: at("now") };
  };

  chart.timeWords = function (square) {
    const { before, now } = chart.timesAt(square);
    const after = Number.isFinite(now) ? talk.time(now) : say("not_reached");
    if (before === now) return after;
    const was = Number.isFinite(before) ? talk.time(before) : say("not_reached");
    return `${was} → ${after}`;
  };

  let hovered = -1;
  const journey = model.latest("/api/journey");
  function hover(place) {
    if (chart.dragged || !model.answer) return;
    const { x, y } = toMetres(place);
    const square = geoaccess.cellAt(view.cells, view.grid, x, y, 4 * metresPerPixel());
    if (square < 0) {
      hovered = -1;
      tip(null);
      if (!chart.pinned) chart.route(null);
      return;
    }
    const zone = view.municipalities[view.cells.municipality[square]];
    tip([chart.timeWords(square), talk.people(view.cells.people[square], view.mask_below, view.cells.about[square]), zone], place);
    if (square === hovered || chart.pinned) return;
    hovered = square;
    journey({ cell: view.cells.chief[square] }, (found) => {
      if (hovered === square && !chart.pinned) chart.route(found);
    });
  }

  chart.route = function (journeys) {
    routeLines.clearLayers();
    for (const found of journeys || []) {
      for (const part of found.parts) {
        const line = part.line.map(([lon, lat]) => [lat, lon]);
        const dash = part.part === "road" ? null : part.part === "off_network" ? "1 6" : "9 6";
        for (const [colourOf, weight] of [[palette.paper, 7], [palette.ink, 3]]) {
          routeLines.addLayer(L.polyline(line, { pane: "lines", color: colourOf, weight, dashArray: colourOf === palette.paper ? null : dash, interactive: false }));
        }
      }
    }
  };

  chart.cellFacts = (square) => ({
    people: talk.people(view.cells.people[square], view.mask_below, view.cells.about[square]),
    zone: view.municipalities[view.cells.municipality[square]],
    cell: view.cells.chief[square],
    classNumber: view.cells.classNumber[square],
  });
  chart.pin = function (place) {
    state.at = beforeState.at = place ? { ...toMetres(L.latLng(place.lat, place.lon)), lat: place.lat, lng: place.lon } : null;
    chart.pinned = Boolean(place);
    if (!place) chart.route(null);
    chart.repaint();
    model.emit("pinned");
  };
  chart.goTo = function (lon, lat) {
    const map = chart.map;
    if (map.getBounds().pad(-0.1).contains([lat, lon]) && map.getZoom() >= 8) return;
    map.setView([lat, lon], Math.max(map.getZoom(), 9), { animate: false });
  };

  // Places proposed by the search, with their rank.
  chart.propose = function (places) {
    spots.clearLayers();
    places.forEach((place, i) => {
      const label = document.createElement("span");
      label.textContent = i + 1;
      const spot = L.marker([place.lat, place.lon], { icon: L.divIcon({ html: label, className: "spot", iconSize: null }), keyboard: false });
      spot.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        model.emit("proposed", [place]);
      });
      spots.addLayer(spot);
    });
  };

  // The name of the nearest place, "" where there is none within some kilometres; one that is not near says how far it is.
  const [NEAR_M, FAR_M] = [5000, 50_000];
  chart.nameNear = function ({ lon, lat }, { farther = false } = {}) {
    const { x, y } = toMetres(L.latLng(lat, lon));
    const scale = Math.cos((lat * Math.PI) / 180);
    const { places } = view;
    let [best, least] = ["", farther ? FAR_M : NEAR_M];
    for (let i = 0; i < places.name.length; i += 1) {
      const away = scale * Math.hypot(places.x[i] - x, places.y[i] - y);
      if (away < least) [best, least] = [places.name[i], away];
    }
    return best && least >= NEAR_M ? say("away_from", { km: talk.number(least / 1000), s: best }) : best;
  };

  // ---- how the map looks

  chart.useOpacity = function (opacity) {
    state.opacity = beforeState.opacity = opacity;
    chart.repaint();
  };

  // ---- the areas around what is chosen

  chart.areas = function (found) {
    areaShapes.clearLayers();
    for (const area of [...found].reverse()) {
      const rings = area.rings.map((ring) => ring.map(([lon, lat]) => [lat, lon]));
      areaShapes.addLayer(L.polygon(rings, { pane: "areas", interactive: false, color: palette.ink, weight: 1.6, fillColor: palette.accent, fillOpacity: 0.22, fillRule: "evenodd" }));
    }
  };

  // Only some squares as they are, all others faint; all of them for null.
  chart.lit = function (squares) {
    state.lit = beforeState.lit = squares;
    chart.repaint();
  };

  // ---- before and after

  function clip() {
    const sliding = chart.view === "slide";
    const before = byId("map").querySelector(".leaflet-before-pane");
    before.hidden = !sliding;
    byId("slide").hidden = !sliding;
    for (const one of [painter, beforePainter]) {
      const canvas = one._container;
      if (!sliding) {
        canvas.style.clipPath = "";
        continue;
      }
      const at = chart.map.getSize().x * (byId("slide").value / 100);
      const inside = chart.map.containerPointToLayerPoint([at, 0]).x - one._bounds.min.x;
      const whole = one._bounds.getSize().x;
      canvas.style.clipPath = one === painter ? `inset(0 0 0 ${inside}px)` : `inset(0 ${whole - inside}px 0 0)`;
    }
    document.documentElement.style.setProperty("--split", `${byId("slide").value}%`);
    byId("map").classList.toggle("sliding", sliding);
  }

  chart.repaint = function () {
    if (!view || !view.layers.now) return;
    painter.repaint();
    namesPainter.repaint();
    if (chart.view === "slide") beforePainter.repaint();
    clip();
  };

  chart.show = function (name) {
    chart.view = name;
    state.layer = name === "slide" ? "now" : name;
    chart.repaint();
    model.emit("view", name);
  };

  chart.canvas = () => painter._container;
  chart.namesCanvas = () => namesPainter._container;
  chart.frame = () => ({ bounds: painter._bounds, dense: painter._dense });

  // ---- setting up

  function listen(map) {
    map.on("mousemove", (event) => hover(event.latlng));
    map.on("mouseout", () => {
      tip(null);
      hovered = -1;
      if (!chart.pinned) chart.route(null);
    });
    map.on("click", (event) => act(event.latlng));
    map.on("moveend zoomend resize", () => {
      tip(null);
      clip();
    });
    map.on("move", clip);
    map.on("zoomend", () => model.answer && drawMarks(model.answer));
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === map.getContainer()) {
        event.preventDefault();
        act(map.getCenter());
      }
      if (event.key === "Escape") {
        chart.use("look");
        model.emit("pick", null);
      }
    });
    byId("slide").addEventListener("input", clip);
  }

  chart.begin = function (study) {
    const first = !chart.map;
    view = geoaccess.decode(study);
    view.cells.chief = geoaccess.unpack(study.cells.chief);
    Object.assign(view, { sites: [], layers: {}, cells: view.cells });
    if (first) {
      const map = L.map("map", { zoomControl: false, attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, zoomAnimation: false });
      chart.map = map;
      L.control.scale({ imperial: false }).addTo(map);
      chart.zoom = L.control.zoom({}).addTo(map);
      for (const [name, level] of Object.entries(PANES)) map.createPane(name).style.zIndex = level;
      areaShapes = L.layerGroup().addTo(map);
      marks = L.layerGroup().addTo(map);
      closedLines = L.layerGroup().addTo(map);
      routeLines = L.layerGroup().addTo(map);
      spots = L.layerGroup().addTo(map);
    }
    const bounds = L.latLngBounds(study.bounds);
    chart.map.fitBounds(bounds, { animate: false, padding: [24, 24] });
    chart.map.setMaxZoom(15);
    chart.map.setMinZoom(Math.floor(chart.map.getZoom()) - 1);
    chart.map.setMaxBounds(bounds.pad(0.6));
    view.metresPerPixel = metresPerPixel;
    for (const old of [painter, beforePainter, namesPainter]) if (old) old.remove();
    // Until the first answer there is nothing to colour.
    const none = { band: new Uint8Array(view.cells.count), time: new Int32Array(view.cells.count) };
    view.cells.times = { now: none, before: none, change: none };
    view.layers = Object.fromEntries(["now", "before", "change"].map((key) => [key, { kind: "time", key, colours: [palette.waiting] }]));
    painter = new geoaccess.Painter(view, state);
    beforePainter = new geoaccess.Painter(view, beforeState);
    namesPainter = new geoaccess.Painter(view, state, geoaccess.paintOnlyNames);
    beforePainter.options.pane = "before";
    namesPainter.options.pane = "names";
    for (const one of [painter, beforePainter, namesPainter]) one.addTo(chart.map);
    if (first) listen(chart.map);
    chart.words();
    chart.show(chart.view);
  };

  chart.words = function () {
    if (!chart.map) return;
    const container = chart.map.getContainer();
    container.setAttribute("role", "application");
    container.setAttribute("aria-label", `${say("map")}. ${say("hint")}`);
    for (const [name, key] of [["in", "zoom_in"], ["out", "zoom_out"]]) {
      const button = container.querySelector(`.leaflet-control-zoom-${name}`);
      button.title = say(key);
      button.setAttribute("aria-label", say(key));
    }
  };

  // What the address says of the map, and the map for the address.
  chart.lookAt = function ({ view: seen, shown, opacity }) {
    if (seen) chart.map.setView([seen.lat, seen.lon], seen.zoom, { animate: false });
    chart.useOpacity(opacity);
    if (VIEWS.includes(shown)) chart.show(shown);
  };
  chart.seen = function () {
    const { lat, lng } = chart.map.getCenter();
    const at = state.at && { lat: state.at.lat, lon: state.at.lng };
    return { zoom: chart.map.getZoom(), lat, lon: lng, at, shown: chart.view === "now" ? "" : chart.view, opacity: state.opacity, breaks: model.breaks === "norms" ? "" : model.breaks };
  };
  chart.find = function (entry) {
    geoaccess.goTo(chart.map, entry);
    if (entry.box) return chart.pin(null);
    return model.emit("pick", entry.kind === "site" ? { kind: "site", site: entry.site } : spotAt(geoaccess.lonLat(entry.x, entry.y)));
  };
  chart.entries = (zoneWord) => geoaccess.entriesOf(view, zoneWord);

  model.on("answer", (answer) => {
    colours.apply(view, answer);
    drawMarks(answer);
    drawClosed(answer);
    chart.repaint();
  });
  model.on("preview", (answer) => {
    colours.apply(view, answer);
    chart.repaint();
  });

  Object.assign(chart, { tip, latLng: (lon, lat) => L.latLng(lat, lon), markOf, views: VIEWS });
  geoaccess.chart = chart;
})();
