"use strict";
const assert = require("node:assert/strict");
const test = require("node:test");
const { load } = require("./page.js");

const WORDS = {
  en: { min: "min", hour: "h", people_n: "{n} {n:person|people}", people_band: "{band} people", people_about: "about {n} {n:person|people}" },
  nb: { min: "min", hour: "t", people_n: "{n} {n:innbygger|innbyggere}", people_band: "{band} innbyggere", people_about: "omtrent {n} {n:innbygger|innbyggere}" },
};
const geoaccess = load(["shared/format.js"]);
let language = "en";
const say = (key, values) => geoaccess.fill(WORDS[language][key], values || {});
const format = geoaccess.formats(() => language, say);
const written = (value) => value.replace(/[\u00a0\u202f]/g, "_"); // spaces that do not break

function both(write, en, nb) {
  for (const [name, wanted] of Object.entries({ en, nb })) {
    language = name;
    assert.equal(written(write()), wanted, name);
  }
  language = "en";
}

test("numbers have the separators of the language", () => {
  both(() => format.number(348342.4), "348,342", "348_342");
  both(() => format.number(0.125, 2), "0.13", "0,13");
  both(() => format.number(0), "0", "0");
});

test("shares are per cent with one decimal; none is a dash", () => {
  both(() => format.share(0.1234), "12.3%", "12,3_%");
  assert.equal(format.share(NaN), "–");
  assert.equal(format.share(0 / 0), "–");
});

test("times are minutes, and hours from what rounds to two of them", () => {
  both(() => format.time(754), "13 min", "13 min");
  both(() => format.time(119.4 * 60), "119 min", "119 min");
  both(() => format.time(119.5 * 60), "2 h 00 min", "2 t 00 min");
  both(() => format.time(125 * 60), "2 h 05 min", "2 t 05 min");
  both(() => format.time(754, 1), "12.6 min", "12,6 min");
  both(() => format.time(-200 * 60), "−3 h 20 min", "−3 t 20 min");
});

test("what is not reached has no time", () => {
  for (const value of [null, Infinity, NaN]) assert.equal(format.time(value), "–");
});

test("a change has its sign, a change that is written as nothing none", () => {
  assert.equal(format.signed(3.14159, 1), "+3.1");
  assert.equal(format.signed(-3.14159, 1, " min"), "−3.1 min");
  assert.equal(format.signed(-0.04, 1), "±0");
  assert.equal(format.signed(0.05, 1), "+0.1");
  assert.equal(format.signed(0, 0, " %"), "±0 %");
});

test("one person is no people, and few people are a band", () => {
  both(() => format.people(1), "1 person", "1 innbygger");
  both(() => format.people(0.7), "1 person", "1 innbygger");
  both(() => format.people(0), "0 people", "0 innbyggere");
  both(() => format.people(1234), "1,234 people", "1234 innbyggere".replace("1234", "1_234"));
  both(() => format.people(2.5, 5), "1–4 people", "1–4 innbyggere");
  both(() => format.people(5, 5), "5 people", "5 innbyggere");
  both(() => format.people(0, 5), "0 people", "0 innbyggere");
});

test("a block with cells of few people has about so many", () => {
  both(() => format.people(7.5, 5, true), "about 8 people", "omtrent 8 innbyggere");
  both(() => format.people(2.5, 5, true), "1–4 people", "1–4 innbyggere"); // a cell, or a block with nobody else
  both(() => format.people(50, 5, 0), "50 people", "50 innbyggere");
});
