"use strict";
// Runs scripts of the pages as a browser would, one after another in one place of their own, and gives what they share.
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const STATIC = path.join(__dirname, "..", "..", "geoaccess", "static");
const text = (name) => fs.readFileSync(path.join(STATIC, name), "utf8");
const palette = JSON.parse(text("palette.json"));

// The phrases of the planner, as Python writes them for the page.
const PYTHON = "import sys; from geoaccess.phrases import phrases_script; sys.stdout.reconfigure(encoding='utf-8'); print(phrases_script('planner', 'map'))";
const phrases = execFileSync(process.env.PYTHON || "python3", ["-c", PYTHON], { encoding: "utf8", cwd: path.join(STATIC, "..", "..") });

// `given` becomes part of `geoaccess` before the scripts run.
function load(scripts, { given = {}, ...globals } = {}) {
  const context = vm.createContext({ atob, Intl, ...globals });
  const run = (code, filename) => vm.runInContext(code, context, { filename });
  run(text("shared/decode.js"), "shared/decode.js");
  run(`geoaccess.palette = ${JSON.stringify(palette)};`, "palette.js");
  run(phrases, "phrases.js");
  Object.assign(run("geoaccess", "test"), given);
  for (const name of scripts) run(text(name), name);
  return run("geoaccess", "test");
}

// Values of the page as values of the test: two realms have two kinds of Array.
const plain = (value) => JSON.parse(JSON.stringify(value));

const KINDS = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };
const pack = (kind, values) => ({ kind, data: Buffer.from(KINDS[kind].from(values).buffer).toString("base64") });

module.exports = { load, pack, palette, plain };
