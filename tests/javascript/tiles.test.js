"use strict";
const assert = require("node:assert/strict");
const test = require("node:test");
const zlib = require("node:zlib");
const { load, plain } = require("./page.js");

const geoaccess = load(["map/tiles.js"]);
const SEED = 7;

// Bytes of a generator of our own, so that every run has the same ones.
function noise(count, most) {
  let state = SEED;
  return Uint8Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state >>> 16) % most;
  });
}

const bytes = (values, size) => values.map((value) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255));
const planes = (values, size) => Array.from({ length: size }, (_, i) => bytes(values, size).map((one) => one[i])).flat();
const deflated = (values) => zlib.deflateRawSync(Uint8Array.from(values)).toString("base64");

test("what zlib deflates comes back: stored, fixed and own codes, long and far matches", () => {
  const samples = [noise(0, 1), noise(1, 256), noise(70000, 256), noise(70000, 3), new Uint8Array(100000), noise(300, 9)];
  const far = new Uint8Array(60000);
  far.set(noise(300, 256));
  far.set(noise(300, 256), 32000);
  for (const sample of [...samples, far]) {
    for (const how of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: zlib.constants.Z_FIXED }, { strategy: zlib.constants.Z_HUFFMAN_ONLY }]) {
      const back = geoaccess.inflate(new Uint8Array(zlib.deflateRawSync(sample, how)));
      assert.ok(Buffer.from(sample).equals(Buffer.from(back)), JSON.stringify(how));
    }
  }
});

test("data that are cut or damaged are no endless loop", () => {
  const whole = new Uint8Array(zlib.deflateRawSync(noise(5000, 30)));
  assert.throws(() => geoaccess.inflate(whole.subarray(0, whole.length >> 1)), /end too soon/);
  assert.throws(() => geoaccess.inflate(Uint8Array.from([7])), /./); // a kind of block that is none
});

test("lines are sums of their steps, below zero too", () => {
  const text = deflated([...planes([100, -300, 5], 4), ...planes([-7, 70000, -1], 4)]);
  assert.deepEqual(plain(Array.from(geoaccess.points(text, 3))), [100, -7, -200, 69993, -195, 69992]);
});

// A tile of 4 by 4 squares of 10 m, its corner at 1000, 2000: the nine places are 20 m apart.
const HEAD = [0, 1, 2].flatMap((row) => [0, 1, 2].flatMap((at) => [10000 + 200 * at, 20000 + 200 * row]));
const COLUMNS = [
  ["place", 2, "before"],
  ["people", 4, ""],
  ["municipality", 4, "before"],
  ["classNumber", 1, "before"],
  ["gp.band", 1, "before"],
  ["gp.time", 2, "before"],
  ["gp.second", 2, "gp.time"],
  ["gp.site", 4, "before"],
];

function level(factor, side) {
  const columns = [
    planes([0, 5, 10], 2), // places 0, 5 and 15: the corner, the next diagonal one, the last
    planes([20, 4000000000, 10], 4), // tenths of people
    planes([3, -1, 0], 4),
    planes([1, 0, 5], 1),
    planes([0, 255, 1], 1),
    planes([600, 64935, 1000], 2), // 600, 65535 (none), 999
    planes([10, 0, 64536], 2), // 610, none, 65535 (none)
    planes([2, -3, 8], 4),
  ];
  const text = deflated([...planes([3], 4), ...HEAD.flatMap((value) => planes([value], 4)), ...columns.flat()]);
  return { factor, widest: side, count: 3, across: 4, columns: COLUMNS, tiles: [[[1000, 2000, 1040, 2040], text]] };
}

test("a tile is its squares, those with the fewest people first", () => {
  const cells = geoaccess.decodeTile(level(1, 10), level(1, 10).tiles[0][1]);
  assert.deepEqual(plain(Array.from(cells.people)), [1, 2, 400000000]);
  assert.deepEqual(plain(Array.from(cells.x)), [1030, 1000, 1010]);
  assert.deepEqual(plain(Array.from(cells.y)), [2030, 2000, 2010]);
  for (const [name, side] of [["ux", 10], ["uy", 0], ["vx", 0], ["vy", 10]]) {
    for (const value of cells[name]) assert.ok(Math.abs(value - side) < 1e-9, name);
  }
  assert.deepEqual(plain(Array.from(cells.municipality)), [2, 3, 2]);
  assert.deepEqual(plain(Array.from(cells.classNumber)), [6, 1, 1]);
  assert.deepEqual(plain(Array.from(cells.members)), [1, 1, 1]);
  assert.deepEqual(plain(Array.from(cells.times.gp.band)), [0, 0, 255]);
  assert.deepEqual(plain(Array.from(cells.times.gp.time)), [999, 600, 65535]);
  assert.deepEqual(plain(Array.from(cells.times.gp.second)), [65535, 610, 65535]);
  assert.deepEqual(plain(Array.from(cells.times.gp.site)), [7, 2, -1]);
});

test("blocks until they would look like blocks, then cells; only tiles in sight are decoded", () => {
  const tiles = geoaccess.tiled([level(6, 60), level(1, 10)]);
  assert.equal(tiles.levelFor(100).factor, 6);
  assert.equal(tiles.levelFor(59).factor, 1);
  assert.equal(tiles.levelFor(1).factor, 1);
  const [, fine] = tiles.levels;
  assert.equal(tiles.within(fine, [0, 0, 999, 999]).length, 0);
  assert.equal(fine.kept[0], null);
  assert.equal(tiles.within(fine, [900, 1900, 1001, 2001]).length, 1);
  assert.equal(tiles.within(fine, [900, 1900, 1001, 2001])[0].cells, fine.kept[0].cells);
});

test("the cell at a place, of whichever tile", () => {
  const tiles = geoaccess.tiled([level(1, 10)]);
  const found = tiles.cellAt(tiles.levels[0], 1012, 2018, 3);
  assert.equal(found.cells.people[found.i], 400000000);
  assert.equal(tiles.cellAt(tiles.levels[0], 1025, 2005, 3), null);
});

test("a tile of cells that are no squares has their outlines, cell by cell in the order of the people", () => {
  const given = level(1, 10);
  const columns = [...COLUMNS, ["points", 4, "before"]];
  const steps = [[0, 0], [400, 0], [-400, 200], [0, -200], [800, 0], [100, 0], [0, 100], [-100, -100], [-500, 500], [10, 0], [0, 10], [-10, -10]];
  const bytesOf = zlib.inflateRawSync(Buffer.from(given.tiles[0][1], "base64"));
  const more = [...planes([4, 0, 0], 4), ...planes(steps.map(([x]) => x), 4), ...planes(steps.map(([, y]) => y), 4)];
  const cells = geoaccess.decodeTile({ ...given, columns }, deflated([...bytesOf, ...more]));
  // Tenths of people are 20, 4 000 000 000 and 10: the third outline comes first. Its first point is 1000, 2000 and all steps before it.
  assert.deepEqual(plain(Array.from(cells.outline[0])), [1030, 2050, 1031, 2050, 1031, 2051, 1030, 2050]);
  assert.deepEqual(plain(Array.from(cells.outline[1])), [1000, 2000, 1040, 2000, 1000, 2020, 1000, 2000]);
  assert.deepEqual(plain(Array.from(cells.outline[2])), [1080, 2000, 1090, 2000, 1090, 2010, 1080, 2000]);
  assert.ok(Math.abs(cells.ux[1] ** 2 - 400) < 1e-6);
});
