"use strict";
const assert = require("node:assert/strict");
const test = require("node:test");
const { load, pack } = require("./page.js");

const geoaccess = load([]);
const SIDE = 100;

// Squares by their south-west corners, all of one side, turned by `turn` radians.
function squares(corners, turn = 0) {
  const [cos, sin] = [SIDE * Math.cos(turn), SIDE * Math.sin(turn)];
  const all = (value) => pack("f4", corners.map(() => value));
  const none = pack("u1", corners.map(() => 0));
  return {
    x: pack("f4", corners.map(([x]) => x)),
    y: pack("f4", corners.map(([, y]) => y)),
    ux: all(cos),
    uy: all(sin),
    vx: all(-sin),
    vy: all(cos),
    people: none,
    about: none,
    members: none,
    municipality: none,
    classNumber: none,
    times: { gp: { time: pack("u2", corners.map((_, i) => 600 * i)) } },
  };
}

const viewOf = (corners, lines = {}, turn = 0) => geoaccess.decode({ cells: squares(corners, turn), lines });
const at = (view, x, y, reach = 10) => geoaccess.cellAt(view.cells, view.grid, x, y, reach);

test("numbers come little end first, as written by hand", () => {
  assert.deepEqual(Array.from(geoaccess.unpack({ kind: "u2", data: "AQD//w==" })), [1, 65535]); // 01 00, ff ff
  assert.deepEqual(Array.from(geoaccess.unpack({ kind: "i4", data: "/v///wABAAA=" })), [-2, 256]); // fe ff ff ff, 00 01 00 00
  assert.deepEqual(Array.from(geoaccess.unpack({ kind: "f4", data: "AACAPwAAAMA=" })), [1, -2]);
  assert.equal(geoaccess.unpack({ kind: "u1", data: "" }).length, 0);
});

test("cells are decoded with the times of each service", () => {
  const view = viewOf([[0, 0], [300, 0]]);
  assert.equal(view.cells.count, 2);
  assert.equal(view.cells.side, SIDE);
  assert.deepEqual(Array.from(view.cells.times.gp.time), [0, 600]);
  assert.equal(geoaccess.middleX(view.cells, 1), 350);
  assert.equal(geoaccess.middleY(view.cells, 1), 50);
});

test("the cell that holds a place; its south and west edges are its own", () => {
  const view = viewOf([[0, 0], [100, 0], [0, 100]]);
  assert.equal(at(view, 50, 50), 0);
  assert.equal(at(view, 100, 50), 1);
  assert.equal(at(view, 50, 100), 2);
  assert.equal(at(view, 0, 0), 0);
  assert.equal(at(view, 150, 150), -1);
  assert.equal(at(view, -1, 50), -1);
});

test("beside all cells the nearest middle counts, within reach", () => {
  const view = viewOf([[0, 0], [1000, 0]]);
  assert.equal(at(view, 500, 50, 440), -1); // 450 m from the one, 550 m from the other
  assert.equal(at(view, 500, 50, 460), 0);
  assert.equal(at(view, 600, 50, 460), 1);
});

test("a cell that is turned holds what lies inside its edges", () => {
  const view = viewOf([[0, 0]], {}, Math.PI / 4); // a diamond from (0, 0) to (0, 141)
  assert.equal(at(view, 0, 70, 1), 0);
  assert.equal(at(view, 60, 70, 1), 0);
  assert.equal(at(view, 60, 20, 1), -1);
});

test("cells west and south of the origin are found", () => {
  const view = viewOf([[-5_000_000, -150], [-5_000_000, -1_000_150]]);
  assert.equal(at(view, -4_999_950, -100), 0);
  assert.equal(at(view, -4_999_950, -1_000_100), 1);
});

const road = (xy, ends, owner) => ({ xy: pack("i4", xy), ends: pack("i4", ends), ...(owner ? { owner: pack("i4", owner) } : {}) });

test("the line nearest to a place, and of parts the line they belong to", () => {
  const lines = { roads: road([0, 0, 100, 0, 0, 50, 100, 50], [2, 4]), ferries: road([0, 0, 100, 0, 0, 50, 100, 50], [2, 4], [7, 7]) };
  const { roads, ferries } = viewOf([[0, 0]], lines).lines;
  assert.equal(geoaccess.lineAt(roads, 50, 20, 30), 0);
  assert.equal(geoaccess.lineAt(roads, 50, 30, 30), 1);
  assert.equal(geoaccess.lineAt(roads, 50, 90, 30), -1);
  assert.equal(geoaccess.lineAt(roads, 103, 4, 5), 0); // 5 m from the end
  assert.equal(geoaccess.lineAt(roads, 104, 4, 5), -1);
  assert.equal(geoaccess.lineAt(ferries, 50, 30, 30), 7);
  assert.deepEqual(Array.from(roads.boxes), [0, 0, 100, 0, 0, 50, 100, 50]);
});

test("a line of one point twice is a point", () => {
  const { roads } = viewOf([[0, 0]], { roads: road([10, 10, 10, 10], [2]) }).lines;
  assert.equal(geoaccess.lineAt(roads, 13, 14, 5), 0);
  assert.equal(geoaccess.lineAt(roads, 13, 15, 5), -1);
});

// Two cells that are no squares: a triangle with its middle at (20, 10), and an L whose middle is not inside of it.
const OUTLINES = [[0, 0, 60, 0, 0, 30, 0, 0], [100, 0, 200, 0, 200, 10, 110, 10, 110, 100, 100, 100, 100, 0]];

function withOutlines() {
  const packed = squares([[0, 0], [100, 0]]);
  packed.outlines = { xy: pack("i4", OUTLINES.flat()), ends: pack("i4", [4, 11]) };
  return geoaccess.decode({ cells: packed, lines: {} });
}

test("a cell that is no square is stood for by one of its area about its middle", () => {
  const { cells } = withOutlines();
  assert.ok(Math.abs(geoaccess.middleX(cells, 0) - 20) < 1e-9 && Math.abs(geoaccess.middleY(cells, 0) - 10) < 1e-9);
  assert.ok(Math.abs(cells.ux[0] ** 2 - 900) < 1e-9); // half of 60 by 30
  assert.ok(Math.abs(cells.reach[0] - Math.hypot(40, 10)) < 1e-9);
});

test("a place is in the outline that encloses it, not in its box", () => {
  const view = withOutlines();
  assert.equal(at(view, 25, 10, 0), 0);
  assert.equal(at(view, 50, 25, 0), -1); // in the box of the triangle alone
  assert.equal(at(view, 195, 5, 0), 1);
  assert.equal(at(view, 105, 95, 0), 1);
  assert.equal(at(view, 150, 50, 0), -1);
});
