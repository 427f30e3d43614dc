"use strict";
const { test } = require("node:test");
const assert = require("node:assert");
const { load, plain } = require("./page.js");

const geoaccess = load(["shared/names.js", "shared/search.js", "shared/address.js"], { window: { location: { hash: "" } }, URLSearchParams: globalThis.URLSearchParams });
const HIGH = 13;

// Numbers that look like chance and are the same each time.
function chance(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

test("no two names overlap, and one that is left out has no free side", () => {
  for (const seed of [1, 2, 3, 4]) {
    const next = chance(seed * 7919);
    const points = Array.from({ length: 200 }, () => [900 * next() - 450, 900 * next() - 450]);
    const widths = points.map(() => 20 + 80 * next());
    const taken = points.slice(20, 60);
    const labels = plain(geoaccess.placedNames(points, widths, taken));
    const boxOf = (row, x, y) => [x - widths[row] / 2, y - HIGH / 2, x + widths[row] / 2, y + HIGH / 2];
    const gap = (a, b) => Math.max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3]);
    const boxes = labels.map((label) => boxOf(...label));
    const marks = taken.map(([x, y]) => [x - 6, y - 6, x + 6, y + 6]);
    assert.ok(labels.length > 20 && labels.length < 200);
    boxes.forEach((one, i) => boxes.slice(i + 1).forEach((other) => assert.ok(gap(one, other) >= 12 - 1e-6)));
    labels.forEach(([row], i) => {
      if (row >= 8) for (const mark of marks) assert.ok(gap(boxes[i], mark) >= -1e-6);
    });
    const drawn = new Set(labels.map(([row]) => row));
    points.forEach(([x, y], row) => {
      if (drawn.has(row)) return;
      const earlier = boxes.filter((_, i) => labels[i][0] < row);
      for (const [across, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        const box = boxOf(row, x + across * (7 + widths[row] / 2), y + down * (7 + HIGH / 2));
        assert.ok(earlier.some((other) => gap(box, other) < 12) || marks.some((mark) => gap(box, mark) < 0), `row ${row}`);
      }
    });
  }
});

test("names are found without the keys that some keyboards lack", () => {
  const typed = { Tromsø: "tromso", "Čáhput": "cahput", "Leaŋgáviika": "leangaviika", Höfn: "HOFN", "Þórshöfn": "thorshofn", "Sørkjosen": "sørkjos", Ænes: "aenes" };
  for (const [name, query] of Object.entries(typed)) {
    const found = geoaccess.search([{ name: "Alta", others: [] }, { name, others: [] }], query);
    assert.deepStrictEqual(plain(found.map(({ entry }) => entry.name)), [name]);
  }
});

test("the name itself comes first, then beginnings, then words, then parts; other names say so", () => {
  const names = ["Storbergvik", "Nordre Berg", "Bergen", "Berg"];
  const entries = names.map((name) => ({ name, others: [] })).concat({ name: "Skibotn", others: ["Ivgobahta", "Bergo"] });
  const found = geoaccess.search(entries, "berg");
  assert.deepStrictEqual(plain(found.map(({ entry, by }) => [entry.name, by])), [
    ["Berg", ""],
    ["Bergen", ""],
    ["Skibotn", "Bergo"],
    ["Nordre Berg", ""],
    ["Storbergvik", ""],
  ]);
  assert.strictEqual(geoaccess.search(entries, "  ").length, 0);
  assert.strictEqual(geoaccess.search(entries, "berg", 2).length, 2);
});

test("an address says again what it was written from", () => {
  const view = { service: "gp & more", zoom: 9.25, lat: 69.36301, lon: 17.032, at: { lat: 69.3, lon: -17 }, shown: "change", hidden: ["sites", "roads"] };
  const hash = geoaccess.address.hashOf(view);
  assert.ok(hash.startsWith("#service=gp%20%26%20more&z=9.25&lat=69.3630&lon=17.0320"));
  const read = geoaccess.address.read(hash);
  assert.deepStrictEqual(plain([read.service, read.view, read.at, read.shown, [...read.hidden]]), [
    "gp & more",
    { zoom: 9.25, lat: 69.363, lon: 17.032 },
    [69.3, -17],
    "change",
    ["roads", "sites"],
  ]);
});

test("an address holds the language where it was chosen", () => {
  const view = { service: "gp", zoom: 9, lat: 69, lon: 17 };
  assert.strictEqual(geoaccess.address.hashOf({ ...view, language: "" }), geoaccess.address.hashOf(view));
  const hash = geoaccess.address.hashOf({ ...view, language: "nb" });
  assert.ok(hash.endsWith("&language=nb"));
  assert.strictEqual(geoaccess.address.read(hash).language, "nb");
});

test("older words of an address are understood, and what makes no sense is left aside", () => {
  const old = geoaccess.address.read("#layer=hospital&view=7/65/-18&hide=roads");
  assert.deepStrictEqual(plain([old.service, old.view]), ["hospital", { zoom: 7, lat: 65, lon: -18 }]);
  const odd = geoaccess.address.read("#z=9&lat=&lon=1&at=95/1&view=a/b/c");
  assert.deepStrictEqual(plain([odd.service, odd.view, odd.at, [...odd.hidden]]), ["", null, null, []]);
});

test("a plate has no room where a mark or a name stands", () => {
  const context = { measureText: (text) => ({ width: 6 * text.length }) };
  const view = { places: { name: ["Vik"], x: [0], y: [0], small: 1 } };
  const plate = (x, y) => [x - 10, y - 7, x + 10, y + 7];
  const meets = geoaccess.takenBy(context, view, [{ x: 1000, y: 500 }], 0.1, true);
  assert.deepStrictEqual([plate(100, -50), plate(100, 50), plate(16, 0), plate(-30, 0)].map(meets), [true, false, true, false]);
  const unnamed = geoaccess.takenBy(context, view, [{ x: 1000, y: 500 }], 0.1, false);
  assert.deepStrictEqual([plate(100, -50), plate(16, 0)].map(unnamed), [true, false]);
});
