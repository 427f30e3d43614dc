"use strict";
// The finished table, as the page holds it, made into typed arrays; and which cell is at a place.
const geoaccess = {}; // eslint-disable-line no-redeclare -- the one place where it is made

(function () {
  const kinds = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };
  const UNREACHED = 255;
  const NO_TIME = 65535;

  function unpack(packed) {
    const text = atob(packed.data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    return new kinds[packed.kind](bytes.buffer);
  }

  // Lines lie one after another in xy; ends holds the number of points up to and with each.
  function lines(packed) {
    const ends = unpack(packed.ends);
    const xy = typeof packed.xy === "string" ? geoaccess.points(packed.xy, ends.length ? ends[ends.length - 1] : 0) : unpack(packed.xy);
    const boxes = new Float64Array(4 * ends.length);
    let start = 0;
    for (let i = 0; i < ends.length; i += 1) {
      let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let p = start; p < ends[i]; p += 1) {
        west = Math.min(west, xy[2 * p]);
        east = Math.max(east, xy[2 * p]);
        south = Math.min(south, xy[2 * p + 1]);
        north = Math.max(north, xy[2 * p + 1]);
      }
      boxes.set([west, south, east, north], 4 * i);
      start = ends[i];
    }
    return { xy, ends, boxes, owner: packed.owner ? unpack(packed.owner) : null };
  }

  // Cells that are no squares have an outline each. Stands for each, besides: the square of its area about its middle;
  // and how far it reaches from there.
  function fitOutlines(cells, outline) {
    Object.assign(cells, { outline, side: 0, reach: new Float64Array(outline.length) });
    outline.forEach((xy, i) => {
      let [area, middleEast, middleNorth] = [0, 0, 0];
      for (let p = 0; p + 3 < xy.length; p += 2) {
        const [ax, ay, bx, by] = [xy[p] - xy[0], xy[p + 1] - xy[1], xy[p + 2] - xy[0], xy[p + 3] - xy[1]];
        const cross = ax * by - bx * ay;
        area += cross / 2;
        middleEast += (cross * (ax + bx)) / 6;
        middleNorth += (cross * (ay + by)) / 6;
      }
      const side = Math.sqrt(Math.abs(area));
      const [x, y] = area ? [xy[0] + middleEast / area, xy[1] + middleNorth / area] : [xy[0], xy[1]];
      [cells.x[i], cells.y[i], cells.ux[i], cells.uy[i], cells.vx[i], cells.vy[i]] = [x - side / 2, y - side / 2, side, 0, 0, side];
      for (let p = 0; p < xy.length; p += 2) cells.reach[i] = Math.max(cells.reach[i], Math.hypot(xy[p] - x, xy[p + 1] - y));
      cells.side = Math.max(cells.side, 2 * cells.reach[i]);
    });
  }

  // Whether a place is inside an outline, by even and odd.
  function encloses(xy, x, y) {
    let inside = false;
    for (let p = 0; p + 3 < xy.length; p += 2) {
      const [ax, ay, bx, by] = [xy[p], xy[p + 1], xy[p + 2], xy[p + 3]];
      if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
    }
    return inside;
  }

  function decodeCells(packed) {
    const cells = {};
    for (const name of ["x", "y", "ux", "uy", "vx", "vy", "people", "about", "members", "municipality", "classNumber"]) {
      cells[name] = unpack(packed[name]);
    }
    cells.count = cells.x.length;
    cells.side = 0;
    for (let i = 0; i < cells.count; i += 1) {
      cells.side = Math.max(cells.side, Math.hypot(cells.ux[i], cells.uy[i]), Math.hypot(cells.vx[i], cells.vy[i]));
    }
    cells.times = {};
    if (packed.outlines) {
      const [xy, ends] = [unpack(packed.outlines.xy), unpack(packed.outlines.ends)];
      fitOutlines(cells, Array.from(ends, (end, i) => xy.subarray(i ? 2 * ends[i - 1] : 0, 2 * end)));
    }
    for (const key of Object.keys(packed.times)) {
      cells.times[key] = {};
      for (const name of Object.keys(packed.times[key])) cells.times[key][name] = unpack(packed.times[key][name]);
    }
    return cells;
  }

  // Cells by the square of a coarse grid that their middle is in; no cell is wider than a square.
  function index(cells) {
    const found = new Map();
    const size = Math.max(cells.side, 1);
    for (let i = 0; i < cells.count; i += 1) {
      const key = bucket(middleX(cells, i), middleY(cells, i), size);
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(i);
    }
    return { found, size };
  }

  const middleX = (cells, i) => cells.x[i] + (cells.ux[i] + cells.vx[i]) / 2;
  const middleY = (cells, i) => cells.y[i] + (cells.uy[i] + cells.vy[i]) / 2;
  const bucket = (x, y, size) => Math.floor(x / size) * 1e7 + Math.floor(y / size);

  // The cell that holds a place, or the one whose middle is nearest and at most `reach` metres away, or -1.
  function cellAt(cells, grid, x, y, reach) {
    let best = -1;
    let bestDistance = reach;
    const steps = Math.min(Math.ceil(reach / grid.size), 12) || 1;
    for (let across = -steps; across <= steps; across += 1) {
      for (let up = -steps; up <= steps; up += 1) {
        for (const i of grid.found.get(bucket(x + across * grid.size, y + up * grid.size, grid.size)) || []) {
          const [dx, dy] = [x - cells.x[i], y - cells.y[i]];
          const area = cells.ux[i] * cells.vy[i] - cells.uy[i] * cells.vx[i];
          const s = (dx * cells.vy[i] - dy * cells.vx[i]) / area;
          const t = (cells.ux[i] * dy - cells.uy[i] * dx) / area;
          if (cells.outline ? encloses(cells.outline[i], x, y) : s >= 0 && s < 1 && t >= 0 && t < 1) return i;
          const distance = Math.hypot(x - middleX(cells, i), y - middleY(cells, i));
          if (distance <= bestDistance) [best, bestDistance] = [i, distance];
        }
      }
    }
    return best;
  }

  // The line that passes within `reach` metres of a place, or -1; where lines have owners, the owner.
  function lineAt(drawn, x, y, reach) {
    let [best, bestDistance] = [-1, reach];
    for (let i = 0; i < drawn.ends.length; i += 1) {
      const [west, south, east, north] = drawn.boxes.subarray(4 * i, 4 * i + 4);
      if (x < west - reach || x > east + reach || y < south - reach || y > north + reach) continue;
      for (let p = i ? drawn.ends[i - 1] : 0; p < drawn.ends[i] - 1; p += 1) {
        const [ax, ay] = [drawn.xy[2 * p], drawn.xy[2 * p + 1]];
        const [bx, by] = [drawn.xy[2 * p + 2] - ax, drawn.xy[2 * p + 3] - ay];
        const along = Math.max(0, Math.min(1, ((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by || 1)));
        const distance = Math.hypot(x - ax - along * bx, y - ay - along * by);
        if (distance <= bestDistance) [best, bestDistance] = [drawn.owner ? drawn.owner[i] : i, distance];
      }
    }
    return best;
  }

  function decode(data) {
    const view = { ...data, lines: {} };
    if (data.levels) view.tiles = geoaccess.tiled(data.levels);
    else {
      view.cells = decodeCells(data.cells);
      view.grid = index(view.cells);
    }
    for (const name of Object.keys(data.lines)) view.lines[name] = lines(data.lines[name]);
    return view;
  }

  Object.assign(geoaccess, { unpack, decode, index, fitOutlines, cellAt, lineAt, middleX, middleY, UNREACHED, NO_TIME });
})();
