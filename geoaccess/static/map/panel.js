"use strict";
// Title, choices, legend and the card beside the pointer. Names from the data only ever become text nodes.
(function () {
  const { palette } = geoaccess;
  const byId = (name) => document.getElementById(name);
  let view;
  let map;
  let painter;
  const state = { layer: "", hidden: new Set(), at: null, breaks: "", opacity: 1 };

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  const say = (key, values) => geoaccess.fill(view.words[key], values || {});
  const { people, time } = geoaccess.formats(() => view.language, say);

  // ---- header and footer

  function attribution(text) {
    const parts = [];
    text.split(/(OpenStreetMap)/).forEach((part) => {
      if (part !== "OpenStreetMap") return parts.push(part);
      const link = make("a", "", part);
      link.href = "https://www.openstreetmap.org/copyright";
      link.rel = "noopener noreferrer";
      return parts.push(link);
    });
    return parts;
  }

  function fillHeader() {
    document.title = view.title;
    byId("title").textContent = view.title;
    byId("subtitle").textContent = view.subtitle;
    byId("subtitle").hidden = !view.subtitle;
    byId("disclaimer").textContent = view.disclaimer;
    byId("disclaimer").hidden = !view.disclaimer;
    byId("attribution").replaceChildren(`${view.words.attribution}: `, ...attribution(view.attribution));
    byId("hint").textContent = view.words.hint;
  }

  // ---- choices

  function choice(type, name, value, checked, onChange, ...label) {
    const input = make("input");
    Object.assign(input, { type, name, value, checked });
    input.addEventListener("change", () => onChange(input));
    return make("label", "", input, ...label);
  }

  function picture(draw) {
    const canvas = make("canvas", "picture");
    canvas.width = 48;
    canvas.height = 32;
    canvas.setAttribute("aria-hidden", "true");
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    draw(context);
    return canvas;
  }

  const lineOf = (colour, width, dash) =>
    picture((context) => {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      context.setLineDash(dash);
      context.moveTo(0, 8);
      context.lineTo(24, 8);
      context.stroke();
    });

  function letters(context) {
    Object.assign(context, { font: "600 13px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", fillStyle: palette.ink });
    context.fillText("Aa", 12, 8.5);
  }

  function overlays() {
    const shown = [["sites", picture((context) => geoaccess.mark(context, 12, 8, false, 4.5))]];
    if (view.lines.ferries && view.ferries.some((ferry) => ferry.cars)) shown.push(["ferries", lineOf(palette.ferry, 2, [8, 5])]);
    if (view.lines.ferries && view.ferries.some((ferry) => !ferry.cars)) {
      shown.push(["ferries_people", lineOf(palette.ferry_people, 2, [1.5, 4.5])]);
    }
    if (view.lines.borders) shown.push(["borders", lineOf(palette.border, 1, [])]);
    if (view.lines.roads) shown.push(["roads", lineOf(palette.road, 2, [])]);
    if (view.places.name.length) shown.push(["names", picture(letters)]);
    return shown;
  }

  function fillChoices() {
    byId("layers").replaceChildren(
      make("legend", "", view.words.show),
      ...view.order.map((key) =>
        choice("radio", "layer", key, key === state.layer, (input) => change({ layer: input.value }), view.layers[key].label)
      )
    );
    const toggle = (input) => {
      const hidden = new Set(state.hidden);
      if (input.checked) hidden.delete(input.value);
      else hidden.add(input.value);
      change({ hidden });
    };
    byId("overlays").replaceChildren(
      make("legend", "", view.words.overlays),
      ...overlays().map(([name, drawn]) =>
        choice("checkbox", "overlay", name, !state.hidden.has(name), toggle, drawn, view.words[name])
      )
    );
    if (!view.sites.some((site) => site.proxy)) return;
    const proxy = picture((context) => geoaccess.mark(context, 12, 8, true, 4.5));
    byId("overlays").append(make("p", "key", proxy, `${view.words.proxy}: ${view.words.proxy_long}`));
  }

  const BREAKS = { norms: "breaks_norms", fixed: "breaks_fixed", quantiles: "breaks_quantiles" };

  // How times are broken into classes, and how strong cells are painted.
  function fillLook() {
    const breaks = make("select");
    breaks.id = "breaks";
    for (const name of view.breaks) {
      const key = name === "norms" && view.own_breaks ? "breaks_own" : BREAKS[name];
      breaks.append(Object.assign(make("option", "", view.words[key]), { value: name }));
    }
    breaks.addEventListener("change", () => change({ breaks: breaks.value === "norms" ? "" : breaks.value }));
    const opacity = Object.assign(make("input"), { type: "range", id: "opacity", min: 20, max: 100, step: 10 });
    opacity.addEventListener("input", () => change({ opacity: opacity.value / 100 }));
    const rows = view.breaks.length > 1 ? [make("label", "row", view.words.breaks, breaks)] : [];
    byId("look").replaceChildren(...rows, make("label", "row", view.words.opacity, opacity));
  }

  // ---- legend

  // Cells, or the blocks of them that are drawn at this zoom.
  const level = () => geoaccess.levelAt(view, 1 / view.metresPerPixel());

  function swatch(row) {
    const element = make("span", row.code === geoaccess.UNREACHED ? "swatch hatch" : "swatch");
    if (row.code !== geoaccess.UNREACHED) element.style.backgroundColor = geoaccess.layerOf(view, state).colours[row.code];
    return element;
  }

  function legendRow(row) {
    const name = make("th", "", make("span", "named", row.code === null ? "" : swatch(row), row.label));
    name.scope = "row";
    const line = make("tr", row.code === null ? "total" : "", name, make("td", "", row.people), make("td", "", row.share));
    if (!row.norm) return [line];
    const norm = make("td", "", row.norm);
    norm.colSpan = 3;
    return [line, make("tr", "norm", norm)];
  }

  function fillLegend() {
    const layer = geoaccess.layerOf(view, state);
    const heads = ["", view.words.people, view.words.share].map((text) => {
      const head = make("th", "", text);
      head.scope = "col";
      return head;
    });
    const table = make(
      "table",
      "",
      make("caption", "", layer.caption, layer.direction ? make("small", "", layer.direction) : ""),
      make("thead", "", make("tr", "", ...heads)),
      make("tbody", "", ...layer.rows.flatMap(legendRow))
    );
    const { factor } = level();
    const notes = [...layer.notes, ...(factor > 1 ? [say("blocks", { k: factor })] : [])];
    byId("legend").replaceChildren(table, ...notes.map((text) => make("p", "note", text)));
  }

  // ---- the card

  function timeRow(key, cells, i) {
    const times = cells.times[key];
    const row = make("tr", key === state.layer ? "shown" : "", make("th", "", view.layers[key].label));
    if (times.band[i] === geoaccess.UNREACHED) {
      row.append(make("td", "", view.words.not_reached), make("td", "", view.reasons[times.reason[i]]));
      return row;
    }
    const site = times.site[i] < 0 ? "" : view.sites[times.site[i]].name || view.words.site;
    const second = times.second_site[i] < 0 ? "" : view.sites[times.second_site[i]].name;
    const next = times.second[i] === geoaccess.NO_TIME ? "" : say("second", { t: time(6 * times.second[i]) });
    const where = make("td", "", site);
    if (next) where.append(make("small", "", second ? `${next}, ${second}` : next));
    const lost = times.lost ? times.lost[i] : 0;
    if (lost) where.append(make("small", "", `${say("not_reached_share", { p: `${lost} %` })}: ${view.reasons[times.reason[i]]}`));
    row.append(make("td", "time", time(6 * times.time[i])), where);
    return row;
  }

  function cellCard({ cells, i }) {
    const names = [view.municipalities[cells.municipality[i]]];
    const ofClass = cells.classNumber[i];
    if (view.layers.centrality) names.push(view.classes[ofClass]);
    if (cells.members[i] > 1) names.push(say("block_of", { n: cells.members[i] }));
    return [
      make("strong", "", people(cells.people[i], view.mask_below, cells.about[i])),
      make("p", "", names.filter((name) => name).join(" · ")),
      make("table", "", make("tbody", "", ...view.order.filter((key) => cells.times[key]).map((key) => timeRow(key, cells, i)))),
    ];
  }

  function siteCard(site) {
    const kind = [view.labels[site.service] || site.service, site.level].filter((text) => text).join(", ");
    const lines = [kind, site.proxy ? `${view.words.proxy}: ${view.words.proxy_long}` : "", site.note];
    return [make("strong", "", site.name || view.words.site), ...lines.filter((text) => text).map((text) => make("p", "", text))];
  }

  function ferryCard(ferry) {
    const facts = [view.words[ferry.cars ? "ferry" : "ferries_people"]];
    if (ferry.crossing !== null) facts.push(say("crossing", { t: time(60 * ferry.crossing) }));
    if (ferry.wait !== null) facts.push(say("wait", { t: time(60 * ferry.wait) }));
    return [make("strong", "", ferry.name || view.words.ferry), make("p", "", facts.join(" · "))];
  }

  function cardAt(x, y) {
    const metres = view.metresPerPixel();
    if (!state.hidden.has("sites")) {
      const near = geoaccess
        .shownSites(view, view.layers[state.layer])
        .map((site) => [Math.hypot(site.x - x, site.y - y), site])
        .sort((a, b) => a[0] - b[0])[0];
      if (near && near[0] <= 8 * metres) return siteCard(near[1]);
    }
    const found = view.tiles.cellAt(level(), x, y, 4 * metres);
    if (found) return cellCard(found);
    const ferry = view.lines.ferries ? geoaccess.lineAt(view.lines.ferries, x, y, 5 * metres) : -1;
    const seen = ferry >= 0 && !state.hidden.has(view.ferries[ferry].cars ? "ferries" : "ferries_people");
    return seen ? ferryCard(view.ferries[ferry]) : null;
  }

  function showCard(content, point) {
    const card = byId("card");
    card.hidden = !content;
    if (!content) return;
    card.replaceChildren(...content);
    const size = map.getSize();
    const left = point.x + 18 + card.offsetWidth > size.x ? point.x - 18 - card.offsetWidth : point.x + 18;
    const top = Math.min(point.y + 14, size.y - card.offsetHeight - 6);
    card.style.left = `${Math.max(left, 6)}px`;
    card.style.top = `${Math.max(top, 6)}px`;
  }

  function hover(latlng) {
    const place = L.CRS.EPSG3857.project(latlng);
    showCard(cardAt(place.x, place.y), map.latLngToContainerPoint(latlng));
  }

  function pinned() {
    if (!state.at) return;
    if (map.getBounds().contains(state.at)) hover(L.latLng(state.at));
    else showCard(null);
    byId("spoken").textContent = byId("card").hidden ? "" : byId("card").innerText;
  }

  // ---- state, also in the address, so that a view can be shared

  // A place that has something to show, or null.
  function telling(latlng) {
    const place = latlng && L.CRS.EPSG3857.project(latlng);
    return place && cardAt(place.x, place.y) ? { x: place.x, y: place.y, lat: latlng.lat, lng: latlng.lng } : null;
  }

  const pin = (latlng) => change({ at: telling(latlng) });

  function writeAddress() {
    const { lat, lng } = map.getCenter();
    const at = state.at && { lat: state.at.lat, lon: state.at.lng };
    geoaccess.address.write({ service: state.layer, zoom: map.getZoom(), lat, lon: lng, at, hidden: [...state.hidden], breaks: state.breaks, opacity: state.opacity });
  }

  function readAddress() {
    const { service, view: seen, at, hidden, breaks, opacity } = geoaccess.address.read();
    state.breaks = view.breaks.includes(breaks) && breaks !== "norms" ? breaks : "";
    state.opacity = opacity;
    state.layer = view.order.includes(service) ? service : state.layer || view.order[0];
    state.hidden = hidden;
    if (seen) map.setView([seen.lat, seen.lon], seen.zoom, { animate: false });
    state.at = telling(at && L.latLng(at[0], at[1]));
  }

  // ---- search

  function entries() {
    const sites = view.sites.map((site) => {
      const { service, name, x, y } = site;
      return { kind: "site", name: name || view.words.site, others: [], detail: view.labels[service] || service, service, x, y };
    });
    return [...geoaccess.entriesOf(view, view.words.zoning_municipality), ...sites];
  }

  function showFound(entry) {
    const ofSite = entry.kind === "site" && view.order.includes(entry.service);
    geoaccess.goTo(map, entry);
    const at = entry.box ? null : geoaccess.lonLat(entry.x, entry.y);
    change({ layer: ofSite ? entry.service : state.layer, at: at && { x: entry.x, y: entry.y, lat: at.lat, lng: at.lng } });
  }

  function change(changes) {
    Object.assign(state, changes);
    refresh();
    writeAddress();
  }

  function refresh() {
    const root = document.documentElement;
    root.dataset.layer = state.layer;
    for (const input of document.querySelectorAll("#layers input, #overlays input")) {
      input.checked = input.type === "radio" ? input.value === state.layer : !state.hidden.has(input.value);
    }
    if (byId("breaks")) {
      byId("breaks").value = state.breaks || "norms";
      byId("breaks").disabled = !view.layers[state.layer].breaks;
    }
    byId("opacity").value = Math.round(100 * state.opacity);
    fillLegend();
    painter.repaint();
    if (state.at) pinned();
    else showCard(null);
  }

  function listen() {
    const container = map.getContainer();
    map.on("mousemove", (event) => hover(event.latlng));
    map.on("mouseout", () => (state.at ? pinned() : showCard(null)));
    map.on("click", (event) => pin(event.latlng));
    map.on("movestart", () => showCard(null));
    map.on("zoomend", fillLegend);
    map.on("moveend", () => {
      pinned();
      writeAddress();
    });
    container.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === container) pin(map.getCenter());
      if (event.key === "Escape") pin(null);
    });
    window.addEventListener("hashchange", () => {
      readAddress();
      refresh();
    });
  }

  function fillSearch() {
    let kept = null;
    const given = () => (kept = kept || entries());
    geoaccess.searchBox(byId("search"), byId("found"), { entries: given, pick: showFound, say });
    L.DomEvent.disableClickPropagation(byId("finder"));
  }

  geoaccess.show = function (leafletMap) {
    map = leafletMap;
    view = geoaccess.decode(JSON.parse(byId("geoaccess-data").textContent));
    view.metresPerPixel = () => (2 * Math.PI * 6378137) / (256 * 2 ** map.getZoom());
    const container = map.getContainer();
    container.setAttribute("role", "application");
    container.setAttribute("aria-label", view.words.map);
    fillHeader();
    L.control.zoom({ zoomInTitle: view.words.zoom_in, zoomOutTitle: view.words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    container.append(byId("card"));
    map.invalidateSize({ animate: false });
    const bounds = L.latLngBounds(view.bounds);
    map.fitBounds(bounds, { animate: false, padding: [24, 24] });
    map.setMaxZoom(15);
    map.setMinZoom(Math.floor(map.getZoom()) - 1);
    map.setMaxBounds(bounds.pad(0.6));
    readAddress();
    painter = new geoaccess.Painter(view, state).addTo(map);
    fillChoices();
    fillLook();
    fillSearch();
    refresh();
    listen();
    document.documentElement.dataset.ready = "yes";
  };
})();
