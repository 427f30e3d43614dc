"use strict";
// Everything on the map is painted on one canvas, which Leaflet moves and zooms.
(function () {
  const HALF_WORLD = Math.PI * 6378137;
  const { palette } = geoaccess;

  // What turns Web Mercator metres into pixels of the canvas.
  function frame(map, bounds) {
    const scale = (256 * 2 ** map.getZoom()) / (2 * HALF_WORLD);
    const corner = map.getPixelOrigin().add(bounds.min);
    const size = bounds.getSize();
    return { scale, left: corner.x / scale - HALF_WORLD, top: HALF_WORLD - corner.y / scale, width: size.x, height: size.y };
  }

  function outside(drawn, i, f) {
    const b = drawn.boxes;
    return (
      b[4 * i] > f.left + f.width / f.scale || b[4 * i + 2] < f.left || b[4 * i + 1] > f.top || b[4 * i + 3] < f.top - f.height / f.scale
    );
  }

  // One path of all lines that can be seen; points closer than half a pixel to the last one are left out.
  function trace(context, drawn, f, wanted) {
    context.beginPath();
    for (let i = 0; i < drawn.ends.length; i += 1) {
      if (outside(drawn, i, f) || (wanted && !wanted(i))) continue;
      const first = i ? drawn.ends[i - 1] : 0;
      let [lastX, lastY] = [NaN, NaN];
      for (let p = first; p < drawn.ends[i]; p += 1) {
        const x = (drawn.xy[2 * p] - f.left) * f.scale;
        const y = (f.top - drawn.xy[2 * p + 1]) * f.scale;
        if (p === first) context.moveTo(x, y);
        else if (p < drawn.ends[i] - 1 && Math.abs(x - lastX) < 0.5 && Math.abs(y - lastY) < 0.5) continue;
        else context.lineTo(x, y);
        [lastX, lastY] = [x, y];
      }
    }
  }

  function stroke(context, colour, width, dash) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash || []);
    context.stroke();
    context.setLineDash([]);
  }

  // Light stripes on near-black: not reached.
  function hatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const context = tile.getContext("2d");
    context.fillStyle = palette.unreached;
    context.fillRect(0, 0, 8, 8);
    context.strokeStyle = palette.paper;
    context.lineWidth = 1.6;
    for (const shift of [-8, 0, 8]) {
      context.moveTo(shift - 1, 9);
      context.lineTo(shift + 9, -1);
    }
    context.stroke();
    return tile;
  }

  function trail(context, xy, f) {
    context.beginPath();
    for (let p = 0; p < xy.length; p += 2) context.lineTo((xy[p] - f.left) * f.scale, (f.top - xy[p + 1]) * f.scale);
    context.closePath();
  }

  function outline(context, cells, i, f) {
    if (cells.outline) {
      trail(context, cells.outline[i], f);
      return;
    }
    const x = (cells.x[i] - f.left) * f.scale;
    const y = (f.top - cells.y[i]) * f.scale;
    const [ux, uy] = [cells.ux[i] * f.scale, -cells.uy[i] * f.scale];
    const [vx, vy] = [cells.vx[i] * f.scale, -cells.vy[i] * f.scale];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + ux, y + uy);
    context.lineTo(x + ux + vx, y + uy + vy);
    context.lineTo(x + vx, y + vy);
    context.closePath();
  }

  function paintCell(context, cells, i, f, fill, look) {
    const x = (geoaccess.middleX(cells, i) - f.left) * f.scale;
    const y = (f.top - geoaccess.middleY(cells, i)) * f.scale;
    const across = Math.max(Math.hypot(cells.ux[i], cells.uy[i]) * f.scale, look.smallest);
    const room = cells.reach ? Math.max(across, cells.reach[i] * f.scale) : across;
    if (x < -room || y < -room || x > f.width + room || y > f.height + room) return;
    context.fillStyle = fill;
    if (across <= look.smallest) {
      if (look.halo) {
        context.fillStyle = palette.paper;
        context.fillRect(x - across / 2 - 1, y - across / 2 - 1, across + 2, across + 2);
        context.fillStyle = fill;
      }
      context.fillRect(x - across / 2, y - across / 2, across, across);
      return;
    }
    outline(context, cells, i, f);
    context.fill();
    // A line of the same colour closes the hair between neighbours; far in, a faint line sets them apart.
    context.lineWidth = 0.7;
    context.strokeStyle = across > 14 ? palette.cell_edge : fill;
    context.stroke();
  }

  // A cell of a sparse country stays visible however far out: together they may cover a few per cent of the picture.
  const smallest = (count, f) => Math.min(5, Math.max(2.5, Math.sqrt((0.03 * f.width * f.height) / count)));

  // Where there are blocks, they give way to smaller ones, or to single cells, before they look like blocks.
  const WIDEST_PX = 5;
  const levelAt = (view, scale) => view.tiles.levelFor(WIDEST_PX / scale);

  // What is painted: the cells of the page, or those of the tiles in sight; and how many there are in the whole region.
  function shownCells(view, f) {
    if (!view.tiles) return { sets: [view.cells], count: view.cells.count };
    const level = levelAt(view, f.scale);
    const edge = WIDEST_PX / f.scale;
    const seen = [f.left - edge, f.top - f.height / f.scale - edge, f.left + f.width / f.scale + edge, f.top + edge];
    return { sets: view.tiles.within(level, seen).map((tile) => tile.cells), count: level.count };
  }

  // Cells come with the fewest people first, so that most people end on top. Where there is room, those not reached are
  // larger and above all; where cells are crowded that would make them seem many.
  // Where only some are `lit`, the others are faint.
  const FAINT = 0.22;

  function paintCells(context, view, layer, f, lit = null) {
    const { sets, count } = shownCells(view, f);
    const look = { smallest: smallest(count, f), halo: false };
    const roomy = look.smallest > 4;
    const lost = roomy ? { smallest: 1.4 * look.smallest, halo: true } : look;
    const wide = sets.some((cells) => cells.side * f.scale > 7);
    const striped = wide ? context.createPattern(hatch(), "repeat") : palette.unreached;
    const paintSet = (cells, wanted) => {
      const code = layer.kind === "class" ? cells.classNumber : cells.times[layer.key][layer.band || "band"];
      for (let i = 0; i < cells.count; i += 1) {
        const unreached = code[i] === geoaccess.UNREACHED;
        if (!wanted(unreached)) continue;
        context.globalAlpha = lit && !lit[i] ? FAINT : 1;
        if (unreached) paintCell(context, cells, i, f, striped, lost);
        else paintCell(context, cells, i, f, layer.colours[code[i]], look);
      }
    };
    for (const cells of sets) paintSet(cells, (unreached) => !roomy || !unreached);
    for (const cells of roomy ? sets : []) paintSet(cells, (unreached) => unreached);
    context.globalAlpha = 1;
  }

  // Lighter cells are painted beside the map and laid over it: where they overlap they would be darker otherwise.
  function layCells(context, view, layer, f, { opacity = 1, lit = null }) {
    if (opacity >= 1) return paintCells(context, view, layer, f, lit);
    const { canvas } = context;
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [canvas.width, canvas.height];
    const own = sheet.getContext("2d");
    own.setTransform(context.getTransform());
    own.lineJoin = "round";
    paintCells(own, view, layer, f, lit);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = opacity;
    context.drawImage(sheet, 0, 0);
    context.restore();
    return null;
  }

  // Of a layer with several ways to break times into classes, the chosen one.
  function layerOf(view, state) {
    const layer = view.layers[state.layer];
    if (!layer.breaks) return layer;
    const name = layer.breaks[state.breaks] ? state.breaks : "norms";
    return { ...layer, ...layer.breaks[name], band: name === "norms" ? "band" : `band_${name}` };
  }

  // Pixels of a metre from where roads are drawn, by rank; the largest there are always are.
  const ROADS_FROM = [0, 0.0006, 0.0015];
  const NUMBERS_FROM = 0.0005;
  const NUMBERS_APART = 150;

  function roadShown(view, f) {
    if (!view.roads || !view.roads.length) return () => true;
    const first = Math.min(...view.roads.map(([rank]) => rank));
    return (i) => {
      const [rank] = view.roads[view.lines.roads.owner[i]];
      return rank === first || f.scale >= ROADS_FROM[rank];
    };
  }

  // Numbers of roads on white plates: one in a square of the screen, the largest roads first, where no
  // name and no mark stands; the squares lie still on the ground while the map is moved.
  function paintRoadNumbers(context, view, state, f, shown) {
    if (!view.roads || f.scale < NUMBERS_FROM) return;
    const { roads } = view.lines;
    const taken = new Set();
    const meets = geoaccess.takenBy(context, view, markedSpots(view, state), f.scale, !state.hidden.has("names"));
    const order = Array.from(roads.ends.keys()).filter((i) => view.roads[roads.owner[i]][1] && shown(i) && !outside(roads, i, f));
    order.sort((a, b) => view.roads[roads.owner[a]][0] - view.roads[roads.owner[b]][0] || a - b);
    Object.assign(context, { font: '600 10px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif', textAlign: "center", textBaseline: "middle" });
    for (const i of order) {
      const text = view.roads[roads.owner[i]][1];
      for (let p = (i ? roads.ends[i - 1] : 0) + 1; p < roads.ends[i]; p += 1) {
        const [east, north] = [(roads.xy[2 * p] + roads.xy[2 * p - 2]) / 2, (roads.xy[2 * p + 1] + roads.xy[2 * p - 1]) / 2];
        const [x, y] = [(east - f.left) * f.scale, (f.top - north) * f.scale];
        if (x < 0 || y < 0 || x > f.width || y > f.height) continue;
        const [column, row] = [Math.floor((east * f.scale) / NUMBERS_APART), Math.floor((north * f.scale) / NUMBERS_APART)];
        const near = [-1, 0, 1].some((across) => [-1, 0, 1].some((up) => taken.has(`${text} ${column + across} ${row + up}`)));
        if (near || taken.has(`${column} ${row}`)) continue;
        const wide = context.measureText(text).width + 6;
        const [worldX, worldY] = [east * f.scale, -north * f.scale];
        if (meets([worldX - wide / 2, worldY - 7, worldX + wide / 2, worldY + 7])) continue;
        taken.add(`${text} ${column} ${row}`).add(`${column} ${row}`);
        context.fillStyle = palette.paper;
        context.fillRect(x - wide / 2, y - 7, wide, 14);
        context.lineWidth = 0.8;
        context.strokeStyle = palette.quiet;
        context.strokeRect(x - wide / 2, y - 7, wide, 14);
        context.fillStyle = palette.quiet;
        context.fillText(text, x, y + 0.5);
      }
    }
  }

  // Real sites are blue dots, stand-ins hollow magenta diamonds.
  function mark(context, x, y, proxy, size) {
    context.beginPath();
    if (proxy) {
      context.moveTo(x, y - size * 1.3);
      context.lineTo(x + size * 1.3, y);
      context.lineTo(x, y + size * 1.3);
      context.lineTo(x - size * 1.3, y);
      context.closePath();
    } else context.arc(x, y, size, 0, 2 * Math.PI);
    context.fillStyle = proxy ? palette.paper : palette.site;
    context.fill();
    context.strokeStyle = palette.paper;
    context.lineWidth = proxy ? size : Math.min(1.6, 0.6 * size);
    context.stroke();
    if (!proxy) return;
    context.fill();
    context.strokeStyle = palette.proxy;
    context.lineWidth = Math.min(2.4, size / 2);
    context.stroke();
  }

  const shownSites = (view, layer) => view.sites.filter((site) => layer.kind === "class" || site.service === layer.key);

  // The places of marks that names keep clear of; hundreds of marks leave no room for that.
  function markedSpots(view, state) {
    const spots = state.hidden.has("sites") ? [] : view.spots || shownSites(view, view.layers[state.layer]);
    return spots.length > 150 ? [] : spots;
  }

  function paintNames(context, view, state, f) {
    if (!state.hidden.has("names")) geoaccess.paintNames(context, view, markedSpots(view, state), f);
  }

  // Names on a canvas of their own, for pages that draw more between the map and its names (`namesAbove`).
  function paintOnlyNames(context, view, state, f) {
    context.clearRect(0, 0, f.width, f.height);
    paintNames(context, view, state, f);
  }

  function paint(context, view, state, f) {
    const layer = layerOf(view, state);
    const on = (name) => view.lines[name] && !state.hidden.has(name);
    context.fillStyle = view.lines.land ? palette.sea : palette.no_land;
    context.fillRect(0, 0, f.width, f.height);
    context.lineJoin = "round";
    if (view.lines.land) {
      trace(context, view.lines.land, f);
      context.fillStyle = palette.land;
      context.fill("nonzero");
      stroke(context, palette.coast, 0.8);
    }
    for (const [name, colour] of [["ice", palette.ice], ["lakes", palette.sea]]) {
      if (!view.lines[name]) continue;
      trace(context, view.lines[name], f);
      context.fillStyle = colour;
      context.fill("nonzero");
      stroke(context, palette.coast, 0.5);
    }
    if (on("roads")) {
      trace(context, view.lines.roads, f, roadShown(view, f));
      stroke(context, palette.road, f.scale > 0.01 ? 1.4 : 0.8);
    }
    layCells(context, view, layer, f, state);
    if (on("borders")) {
      trace(context, view.lines.borders, f);
      stroke(context, palette.border, f.scale > 0.001 ? 0.9 : 0.5);
    }
    for (const [name, cars] of [["ferries", true], ["ferries_people", false]]) {
      if (!view.lines.ferries || state.hidden.has(name)) continue;
      trace(context, view.lines.ferries, f, (i) => view.ferries[view.lines.ferries.owner[i]].cars === cars);
      stroke(context, palette.halo, 4);
      stroke(context, cars ? palette.ferry : palette.ferry_people, 2, cars ? [8, 5] : [1.5, 4.5]);
    }
    if (on("roads")) paintRoadNumbers(context, view, state, f, roadShown(view, f));
    if (!state.hidden.has("sites")) {
      const shown = shownSites(view, layer);
      // Hundreds of dots on a whole country are small ones, or they would hide the cells.
      const size = shown.length > 150 && f.scale < 0.002 ? Math.max(1.4, 2.6 * Math.min(1, Math.sqrt(300 / shown.length))) : 5;
      for (const site of shown) mark(context, (site.x - f.left) * f.scale, (f.top - site.y) * f.scale, site.proxy, size);
    }
    if (!state.namesAbove) paintNames(context, view, state, f);
    if (state.at) {
      const [x, y] = [(state.at.x - f.left) * f.scale, (f.top - state.at.y) * f.scale];
      for (const [colour, width] of [[palette.paper, 5], [palette.ink, 2]]) {
        context.beginPath();
        context.arc(x, y, 11, 0, 2 * Math.PI);
        stroke(context, colour, width);
      }
    }
  }

  geoaccess.Painter = L.Renderer.extend({
    initialize(view, state, draw = paint) {
      L.Renderer.prototype.initialize.call(this, { padding: 0.25 });
      this._view = view;
      this._state = state;
      this._draw = draw;
    },
    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
    },
    _destroyContainer() {
      this._container.remove();
      delete this._container;
    },
    _updatePaths() {},
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dense = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.round(dense * size.x);
      this._container.height = Math.round(dense * size.y);
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      this._dense = dense;
      this.repaint();
    },
    repaint() {
      const context = this._container.getContext("2d");
      context.setTransform(this._dense, 0, 0, this._dense, 0, 0);
      this._draw(context, this._view, this._state, frame(this._map, this._bounds));
    },
  });

  Object.assign(geoaccess, { mark, hatch, shownSites, levelAt, layerOf, roadShown, paintOnlyNames });
})();
