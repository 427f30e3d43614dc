"use strict";
// The cells of the page, tile by tile, made into typed arrays when they come into view; the format is that of maps/tiles.py.
(function () {
  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const STEPS = [
    ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145],
    ...[8193, 12289, 16385, 24577],
  ];
  const STEP_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const LONGEST = 15;

  // A Huffman code by the lengths of its words: how many words there are of each length, and the symbols in their order.
  function codeOf(lengths) {
    const counts = new Uint16Array(LONGEST + 1);
    for (const length of lengths) counts[length] += 1;
    counts[0] = 0;
    const next = new Uint16Array(LONGEST + 2);
    for (let length = 1; length <= LONGEST; length += 1) next[length + 1] = next[length] + counts[length];
    const symbols = new Uint16Array(lengths.length);
    lengths.forEach((length, symbol) => {
      if (length) symbols[next[length]++] = symbol;
    });
    return { counts, symbols };
  }

  const filled = (runs) => runs.flatMap(([count, value]) => new Array(count).fill(value));
  const FIXED = codeOf(filled([[144, 8], [112, 9], [24, 7], [8, 8]]));
  const FIXED_STEPS = codeOf(filled([[30, 5]]));

  // Raw deflate (RFC 1951), undone.
  function inflate(bytes) {
    let [place, held, bits] = [0, 0, 0];
    let out = new Uint8Array(4 * bytes.length + 256);
    let size = 0;

    function take(count) {
      while (bits < count) {
        if (place >= bytes.length) throw new Error("the data of the map end too soon");
        held |= bytes[place++] << bits;
        bits += 8;
      }
      const value = held & ((1 << count) - 1);
      held >>>= count;
      bits -= count;
      return value;
    }

    function symbol(code) {
      let [word, first, at] = [0, 0, 0];
      for (let length = 1; length <= LONGEST; length += 1) {
        word |= take(1);
        const count = code.counts[length];
        if (word - first < count) return code.symbols[at + word - first];
        at += count;
        first = (first + count) << 1;
        word <<= 1;
      }
      throw new Error("the data of the map are damaged");
    }

    function room(more) {
      if (size + more <= out.length) return;
      const larger = new Uint8Array(2 * (size + more));
      larger.set(out);
      out = larger;
    }

    function stored() {
      [held, bits] = [0, 0];
      const length = bytes[place] | (bytes[place + 1] << 8);
      room(length);
      out.set(bytes.subarray(place + 4, place + 4 + length), size);
      place += 4 + length;
      size += length;
    }

    function ownCodes() {
      const [literals, steps, given] = [take(5) + 257, take(5) + 1, take(4) + 4];
      const lengths = new Array(19).fill(0);
      for (let i = 0; i < given; i += 1) lengths[ORDER[i]] = take(3);
      const code = codeOf(lengths);
      const all = [];
      while (all.length < literals + steps) {
        const found = symbol(code);
        if (found < 16) all.push(found);
        else if (found === 16) all.push(...new Array(take(2) + 3).fill(all[all.length - 1]));
        else all.push(...new Array(found === 17 ? take(3) + 3 : take(7) + 11).fill(0));
      }
      return [codeOf(all.slice(0, literals)), codeOf(all.slice(literals))];
    }

    function block(code, steps) {
      for (;;) {
        const found = symbol(code);
        if (found === 256) return;
        if (found < 256) {
          room(1);
          out[size++] = found;
          continue;
        }
        const length = LENGTHS[found - 257] + take(LENGTH_BITS[found - 257]);
        const step = symbol(steps);
        const back = STEPS[step] + take(STEP_BITS[step]);
        room(length);
        for (let i = 0; i < length; i += 1, size += 1) out[size] = out[size - back];
      }
    }

    for (let last = 0; !last; ) {
      last = take(1);
      const kind = take(2);
      if (kind === 0) stored();
      else if (kind === 1) block(FIXED, FIXED_STEPS);
      else block(...ownCodes());
    }
    return out.subarray(0, size);
  }

  function bytesOf(text) {
    const read = atob(text);
    const bytes = new Uint8Array(read.length);
    for (let i = 0; i < read.length; i += 1) bytes[i] = read.charCodeAt(i);
    return bytes;
  }

  const KINDS = { 1: Uint8Array, 2: Uint16Array, 4: Int32Array };

  // Planes of bytes as numbers; `against` is a column that they are differences to, or "before".
  function column(bytes, start, count, size, against) {
    const values = new KINDS[size](count);
    for (let i = 0; i < count; i += 1) {
      let value = 0;
      for (let plane = 0; plane < size; plane += 1) value |= bytes[start + plane * count + i] << (8 * plane);
      if (against === "before") value += i ? values[i - 1] : 0;
      else if (against) value += against[i];
      values[i] = value;
    }
    return values;
  }

  // Lines as they are painted: places in metres, one after another.
  function points(text, count) {
    const bytes = inflate(bytesOf(text));
    const [x, y] = [column(bytes, 0, count, 4, "before"), column(bytes, 4 * count, count, 4, "before")];
    const xy = new Int32Array(2 * count);
    for (let i = 0; i < count; i += 1) {
      xy[2 * i] = x[i];
      xy[2 * i + 1] = y[i];
    }
    return xy;
  }

  // Weights of the three places at 0, 1/2 and 1 for what lies at t between them.
  const weights = (t) => [(2 * t - 1) * (t - 1), 4 * t * (1 - t), t * (2 * t - 1)];

  function placeAt(head, s, t) {
    const [across, up] = [weights(s), weights(t)];
    let [x, y] = [0, 0];
    for (let row = 0; row < 3; row += 1) {
      for (let at = 0; at < 3; at += 1) {
        const weight = across[at] * up[row];
        x += weight * head[1 + 2 * (3 * row + at)];
        y += weight * head[2 + 2 * (3 * row + at)];
      }
    }
    return [x / 10, y / 10];
  }

  function corners(cells, head, place, across) {
    for (const name of ["x", "y", "ux", "uy", "vx", "vy"]) cells[name] = new Float64Array(cells.count);
    cells.side = 0;
    for (let i = 0; i < cells.count; i += 1) {
      const [at, row] = [place[i] % across, Math.floor(place[i] / across)];
      const [x, y] = placeAt(head, at / across, row / across);
      const [rightX, rightY] = placeAt(head, (at + 1) / across, row / across);
      const [upX, upY] = placeAt(head, at / across, (row + 1) / across);
      [cells.x[i], cells.y[i], cells.ux[i], cells.uy[i], cells.vx[i], cells.vy[i]] = [x, y, rightX - x, rightY - y, upX - x, upY - y];
      cells.side = Math.max(cells.side, Math.hypot(rightX - x, rightY - y), Math.hypot(upX - x, upY - y));
    }
  }

  // The outlines of cells that are no squares: steps from point to point in decimetres, the first from that of the tile.
  function outlines(bytes, start, sizes, head) {
    const count = sizes.reduce((sum, one) => sum + one, 0);
    const [x, y] = [column(bytes, start, count, 4, "before"), column(bytes, start + 4 * count, count, 4, "before")];
    let first = 0;
    return Array.from(sizes, (size) => {
      const xy = new Float64Array(2 * size);
      for (let p = 0; p < size; p += 1, first += 1) {
        xy[2 * p] = (head[1] + x[first]) / 10;
        xy[2 * p + 1] = (head[2] + y[first]) / 10;
      }
      return xy;
    });
  }

  // Rows of a set of columns in another order.
  const reordered = (values, order) => values.constructor.from(order, (i) => values[i]);

  function decodeTile(level, text) {
    const bytes = inflate(bytesOf(text));
    const head = new Int32Array(bytes.slice(0, 76).buffer);
    const cells = { count: head[0], times: {} };
    const found = {};
    let start = 76;
    for (const [name, size, against] of level.columns) {
      found[name] = column(bytes, start, cells.count, size, against === "before" ? against : found[against]);
      start += size * cells.count;
    }
    corners(cells, head, found.place, level.across);
    if (found.points) geoaccess.fitOutlines(cells, outlines(bytes, start, found.points, head));
    // With the fewest people first, most people end on top where squares are drawn wider than they are.
    const people = Float64Array.from(found.people, (tenths) => (tenths >>> 0) / 10);
    const order = Array.from(people.keys()).sort((a, b) => people[a] - people[b]);
    found.members = found.members || new Int32Array(cells.count).fill(1);
    found.about = found.about || new Uint8Array(cells.count);
    for (const name of ["x", "y", "ux", "uy", "vx", "vy"]) cells[name] = reordered(cells[name], order);
    if (cells.outline) Object.assign(cells, { outline: order.map((i) => cells.outline[i]), reach: reordered(cells.reach, order) });
    cells.people = reordered(people, order);
    for (const name of ["municipality", "classNumber", "members", "about"]) cells[name] = reordered(found[name], order);
    for (const name of Object.keys(found).filter((own) => own.includes("."))) {
      const [key, part] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
      cells.times[key] = cells.times[key] || {};
      cells.times[key][part] = reordered(found[name], order);
    }
    return cells;
  }

  const meets = (box, seen) => box[0] <= seen[2] && box[2] >= seen[0] && box[1] <= seen[3] && box[3] >= seen[1];

  // The levels of a page, the coarsest first. A tile is decoded when it is first asked for, and kept.
  function tiled(packed) {
    const levels = packed.map((level) => ({ ...level, kept: new Array(level.tiles.length).fill(null) }));

    function tile(level, i) {
      if (!level.kept[i]) level.kept[i] = { cells: decodeTile(level, level.tiles[i][1]), grid: null };
      return level.kept[i];
    }

    return {
      levels,
      // The coarsest level whose squares are at most `most` metres wide on the map, else the finest.
      levelFor: (most) => levels.find((level) => level.widest <= most) || levels[levels.length - 1],
      within: (level, seen) => level.tiles.flatMap(([box], i) => (meets(box, seen) ? [tile(level, i)] : [])),
      // The cells of the tile, and the number of the one, that `cellAt` finds there; null where there is none.
      cellAt(level, x, y, reach) {
        let [best, bestDistance] = [null, Infinity];
        for (const one of this.within(level, [x - reach, y - reach, x + reach, y + reach])) {
          one.grid = one.grid || geoaccess.index(one.cells);
          const i = geoaccess.cellAt(one.cells, one.grid, x, y, reach);
          const far = i < 0 ? Infinity : Math.hypot(x - geoaccess.middleX(one.cells, i), y - geoaccess.middleY(one.cells, i));
          if (far < bestDistance) [best, bestDistance] = [{ cells: one.cells, i }, far];
        }
        return best;
      },
    };
  }

  Object.assign(geoaccess, { inflate, points, decodeTile, tiled });
})();
