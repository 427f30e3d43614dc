"use strict";
const assert = require("node:assert/strict");
const test = require("node:test");
const { load, pack, palette, plain } = require("./page.js");

const UNREACHED = 255;
const EDGES = [-30, -15, -5, -1, 1, 5, 15, 30];
const [NEWLY_REACHED, NEWLY_LOST] = [9, 10];
const SPEC = {
  key: "gp",
  norms_s: [[600]],
  breaks: { norms: { edges_s: [300, 600], colours: ["a", "b", "c"] }, fixed: { edges_s: [1200], colours: ["a", "c"] } },
};

function page() {
  const model = { study: { change_edges_min: EDGES }, service: "gp", base: {}, answer: null, breaks: "norms", spec: () => SPEC };
  return load(["shared/format.js", "planner/words.js", "planner/colours.js"], { given: { model } });
}

test("a band holds its upper edge, in deciseconds; below zero is not reached", () => {
  const { bandsOf } = page().colours;
  assert.deepEqual(Array.from(bandsOf([0, 3000, 3001, 6000, 6001, -1], [300, 600])), [0, 0, 1, 1, 2, UNREACHED]);
});

test("changes of less than a minute are no change; what ends on an edge is the smaller change", () => {
  const { changeOf } = page().colours;
  const minutes = [-31, -30, -29, -15, -5, -4.9, -1, -0.99, 0, 0.99, 1, 4.9, 5, 15, 30, 31];
  const before = minutes.map(() => 36_000);
  const found = Array.from(changeOf(before, minutes.map((change) => 36_000 + 600 * change)));
  assert.deepEqual(found, [0, 0, 1, 1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8, 8]);
});

test("who is reached now or no longer has a colour of their own", () => {
  const { changeOf } = page().colours;
  assert.deepEqual(Array.from(changeOf([-1, 600, -1], [600, -1, -1])), [NEWLY_REACHED, NEWLY_LOST, UNREACHED]);
});

test("an answer colours the squares of now, before and the change", () => {
  const geoaccess = page();
  const { model } = geoaccess;
  model.base.gp = { times: pack("i4", [3000, 9000]) };
  const view = { cells: { times: {} } };
  geoaccess.colours.apply(view, { times: pack("i4", [3000, 3000]) });
  assert.deepEqual(Array.from(view.cells.times.before.band), [0, 2]);
  assert.deepEqual(Array.from(view.cells.times.now.band), [0, 0]);
  assert.deepEqual(Array.from(view.cells.times.change.band), [4, 2]); // 10 minutes shorter
  assert.deepEqual(plain(view.layers.change.colours), [...palette.change, palette.newly_reached, palette.newly_lost]);
});

test("there is a colour for every band of change", () => {
  assert.equal(palette.change.length, EDGES.length + 1);
});

test("the legend names bands and the norm, and leaves out what nobody is", () => {
  const geoaccess = page();
  geoaccess.model.answer = { people: { now: [10, 20, 30, 0], change: [0, 0, 0, 0, 55, 0, 0, 0, 0, 0, 5, 0] } };
  const rows = plain(geoaccess.colours.legend("now"));
  assert.deepEqual(rows.map((row) => row.name), ["up to 5 min", "5–10 min", "over 10 min"]);
  assert.deepEqual(rows.map((row) => row.people), [10, 20, 30]);
  assert.deepEqual(rows.map((row) => row.norm !== ""), [false, true, false]);
  const change = plain(geoaccess.colours.legend("change"));
  assert.equal(change.length, EDGES.length + 2);
  assert.deepEqual(change.at(-1), { name: "No longer reached", colour: palette.newly_lost, people: 5, rare: true });
  assert.equal(change[4].people, 55);
  assert.equal(change[4].colour, palette.change[4]);
});

test("times are broken as the reader wants, or by the norms where a service has no such classes", () => {
  const geoaccess = page();
  const { model, colours } = geoaccess;
  model.base.gp = { times: pack("i4", [600, 12_000, 12_001, -1]) };
  const answer = () => ({ times: pack("i4", [600, 12_000, 12_001, -1]), people: { now: [5, 6, 7] } });
  const view = { cells: { times: {} } };
  model.breaks = "fixed";
  model.answer = answer();
  colours.apply(view, answer());
  assert.deepEqual(Array.from(view.cells.times.now.band), [0, 0, 1, UNREACHED]);
  assert.deepEqual(plain(view.layers.before.colours), ["a", "c"]);
  assert.deepEqual(plain(colours.legend("now")).map((row) => [row.name, row.norm]), [["up to 20 min", ""], ["over 20 min", ""], ["Not reached", undefined]]);
  model.breaks = "quantiles";
  colours.apply(view, answer());
  assert.deepEqual(plain(view.layers.now.colours), ["a", "b", "c"]);
});
