"use strict";
const assert = require("node:assert/strict");
const test = require("node:test");
const { load, plain } = require("./page.js");

const STUDY = { number: "one", services: [{ key: "gp", breaks: { norms: { edges_s: [300] }, fixed: { edges_s: [600, 1200] } }, sites: [{ site: "gp-west", name: "West", lon: 18, lat: 69 }] }, { key: "hospital", breaks: { norms: { edges_s: [300] } }, sites: [] }] };
const office = (site, more) => ({ what: "add", service: "gp", site, lon: 18, lat: 69, days: [0, 1, 2, 3, 4], ...more });
const close = (way) => ({ what: "close", way });

// A server that gives set answers, and remembers what it was asked.
function server() {
  const asked = [];
  const made = { asked, refuse: () => null, hold: () => null, aside: () => [], study: STUDY };
  made.fetch = async function (path, { body }) {
    const question = body === undefined ? null : JSON.parse(body);
    asked.push([path, question]);
    await made.hold(path, question);
    const refused = path !== "/api/fit" && question && question.changes && made.refuse(question.changes);
    if (refused) return { ok: false, status: refused.status, json: async () => refused };
    if (path === "/api/fit") return { ok: true, status: 200, json: async () => ({ aside: made.aside(question.changes) }) };
    const answer = path === "/api/study" ? made.study : { study: made.study.number, service: question.service, sites: {}, closed: [], asked: question.changes };
    return { ok: true, status: 200, json: async () => structuredClone(answer) };
  };
  return made;
}

async function page() {
  const made = server();
  const intervals = [];
  const { model } = load(["planner/model.js"], {
    crypto: { getRandomValues: (bytes) => bytes.fill(7) },
    fetch: made.fetch,
    AbortSignal: { timeout: () => undefined },
    window: { setInterval: (task) => intervals.push(task), clearInterval: () => intervals.splice(0) },
  });
  const heard = [];
  for (const name of ["answer", "refused", "announced", "lost", "found", "service", "set_aside"]) model.on(name, (value) => heard.push([name, value]));
  await model.start();
  heard.splice(0);
  return { model, made, heard, intervals };
}

const lists = (model) => plain([model.changes, model.past, model.undone]);

test("the first service is shown, and asked with no change", async () => {
  const { model, made } = await page();
  assert.equal(model.service, "gp");
  assert.equal(model.tab, "07".repeat(16));
  assert.deepEqual(made.asked.map(([path]) => path), ["/api/study", "/api/answer", "/api/answer"]);
  assert.deepEqual(made.asked[1][1], { tab: model.tab, service: "gp", changes: [] });
});

test("changes are made, undone and redone in order", async () => {
  const { model, heard } = await page();
  const [one, two] = [office("new-1"), close(8)];
  await model.make(one, "added");
  await model.make(two, "closed_way");
  assert.deepEqual(lists(model), [[one, two], [[], [one]], []]);
  assert.deepEqual(plain(model.answer.asked), [one, two]);
  await model.undo();
  assert.deepEqual(lists(model), [[one], [[]], [[one, two]]]);
  await model.undo();
  assert.equal(await model.undo(), false);
  assert.deepEqual(lists(model), [[], [], [[one, two], [one]]]);
  await model.redo();
  await model.redo();
  assert.equal(await model.redo(), false);
  assert.deepEqual(lists(model), [[one, two], [[], [one]], []]);
  assert.deepEqual(heard.filter(([name]) => name === "announced").map(([, key]) => key), ["added", "closed_way", "undone", "undone", "redone", "redone"]);
});

test("several changes are one step, which is undone as one", async () => {
  const { model, made } = await page();
  const [one, two] = [office("new-1"), office("new-2")];
  await model.makeAll([one, two], "added");
  assert.deepEqual(lists(model), [[one, two], [[]], []]);
  assert.deepEqual(made.asked.at(-1)[1].changes, [one, two]);
  await model.undo();
  assert.deepEqual(lists(model), [[], [], [[one, two]]]);
});

test("other classes are asked for before and now, also of a service that is chosen later", async () => {
  const { model, made, heard } = await page();
  await model.make(close(8), "");
  const since = () => made.asked.splice(0).filter(([path]) => path === "/api/answer").map(([, { service, changes, edges_s }]) => [service, changes.length, edges_s]);
  since();
  await model.useBreaks("fixed");
  assert.deepEqual(since(), [["gp", 0, [600, 1200]], ["gp", 1, [600, 1200]]]);
  await model.choose("hospital"); // which has no such classes
  assert.deepEqual(since(), [["hospital", 0, undefined], ["hospital", 1, undefined]]);
  await model.choose("gp");
  assert.deepEqual(since(), [["gp", 1, [600, 1200]]]);
  await model.useBreaks("norms");
  assert.deepEqual(since(), [["gp", 0, undefined], ["gp", 1, undefined]]);
  assert.equal(heard.at(-1)[1].breaks, "norms");
});

test("new offices are renamed in every list, and that is no step", async () => {
  const { model } = await page();
  await model.make(office("new-1", { name: "New site 1" }), "added");
  await model.make(office("new-2", { name: "Own" }), "added");
  await model.undo();
  assert.equal(model.renameNew((name) => name.replace("New site", "Nytt tjenestested")), true);
  assert.equal(model.renameNew((name) => name), false);
  assert.equal(model.past.length, 1);
  await model.redo();
  assert.deepEqual(plain(model.changes.map((change) => change.name)), ["Nytt tjenestested 1", "Own"]);
});

test("a new change forgets what was undone", async () => {
  const { model } = await page();
  await model.make(close(8), "");
  await model.undo();
  await model.make(close(9), "");
  assert.deepEqual(lists(model), [[close(9)], [[]], []]);
  assert.equal(await model.redo(), false);
});

test("a change that is refused leaves everything as it was", async () => {
  const { model, made, heard } = await page();
  await model.make(close(8), "");
  const before = lists(model);
  made.refuse = (changes) => (changes.some((change) => change.way === 9) ? { status: 422, error: "no_way", message: "no such way", number: 1 } : null);
  assert.equal(await model.make(close(9), ""), false);
  assert.deepEqual(lists(model), before);
  const refused = heard.find(([name]) => name === "refused")[1];
  assert.deepEqual([refused.code, refused.number, refused.message, refused.status], ["no_way", 1, "no such way", 422]);
});

test("changes that come at once are made one after another, around one that is refused", async () => {
  const { model, made } = await page();
  made.refuse = (changes) => (changes.some((change) => change.way === 9) ? { status: 422, error: "no_way" } : null);
  const done = await Promise.all([model.make(close(8), ""), model.make(close(9), ""), model.make(close(10), "")]);
  assert.deepEqual(plain(done), [true, false, true]);
  assert.deepEqual(plain(model.changes), [close(8), close(10)]);
});

test("an answer that comes late does not replace a later one", async () => {
  const { model, made } = await page();
  let release;
  made.hold = (path, question) => (question && question.changes.length === 1 ? new Promise((done) => (release = done)) : null);
  const early = model.refresh; // any question with one change is held
  model.changes = [close(8)];
  const waiting = early();
  await new Promise((done) => setTimeout(done, 5));
  model.changes = [close(8), close(9)];
  await model.refresh();
  release();
  await waiting;
  assert.equal(model.answer.asked.length, 2);
});

test("without the server the changes stay, and it is asked again", async () => {
  const { model, made, heard, intervals } = await page();
  await model.make(close(8), "");
  const works = made.hold;
  made.hold = () => Promise.reject(new Error("no server"));
  await model.make(close(9), "");
  assert.deepEqual(plain(model.changes), [close(8), close(9)]);
  assert.deepEqual(heard.filter(([name]) => name === "lost").map(([, why]) => why), ["gone"]);
  made.hold = works;
  await intervals[0]();
  assert.deepEqual(heard.filter(([name]) => name === "found").length, 1);
  assert.deepEqual(plain(model.answer.asked), [close(8), close(9)]);
  assert.equal(intervals.length, 0);
});

test("changes that do not fit another study are set aside in words, and later ones go on", async () => {
  const { model, made, heard } = await page();
  const [one, two, three] = [close(8), office("new-1"), close(9)];
  await model.make(one, "");
  await model.make(two, "");
  made.study = { ...STUDY, number: "two" };
  const unfit = (changes) => changes.flatMap((change, number) => (change.way === 8 ? [{ number, message: "no way 8" }] : []));
  made.aside = unfit;
  made.refuse = (changes) => (unfit(changes).length ? { status: 422, error: "no_way", number: 0, study: "two" } : null);
  await model.make(three, ""); // the first question to the planner that was started anew
  assert.deepEqual(lists(model), [[two, three], [[], [], [two]], []]);
  assert.equal(model.study.number, "two");
  assert.deepEqual(plain(model.answer.asked), [two, three]);
  assert.deepEqual(plain(heard.filter(([name]) => name === "set_aside").map(([, aside]) => aside)), [[{ number: 0, message: "no way 8" }]]);
  assert.equal(heard.filter(([name]) => name === "refused").length, 0);
  await model.undo();
  assert.deepEqual(plain(model.changes), [two]);
});

test("undo goes back to the plan that was open before, with its title and its file", async () => {
  const { model } = await page();
  await model.make(close(8), "");
  Object.assign(model.plan, { title: "A", base: { name: "a", etag: "1" }, kept: model.changes });
  await model.open([office("new-1")], { title: "B", base: { name: "b", etag: "2" } });
  await model.make(close(9), "");
  assert.deepEqual([model.title, model.plan.base.name], ["B", "b"]);
  await model.undo();
  await model.undo();
  assert.deepEqual([model.title, model.plan.base.name], ["A", "a"]);
  assert.equal(model.plan.kept, model.changes);
  model.plan.base = { name: "a", etag: "3" }; // saved again: all lists of that plan know
  await model.undo();
  assert.equal(model.plan.base.etag, "3");
  await model.redo();
  await model.redo();
  assert.deepEqual([model.title, model.plan.base.etag], ["B", "2"]);
});

test("labels of new offices are never given twice, not even of those undone", async () => {
  const { model } = await page();
  assert.equal(model.newLabel(), "new-1");
  await model.make(office("new-7"), "");
  await model.undo();
  assert.equal(model.newLabel(), "new-8");
  assert.equal(model.newLabel(), "new-9");
});

test("a new name goes to the office of this service alone", async () => {
  const { model } = await page();
  await model.make(office("new-1", { name: "a" }), "");
  await model.make(office("new-1", { name: "b", service: "hospital" }), "");
  await model.rename("new-1", "Husøy");
  assert.deepEqual(plain(model.changes.map((change) => change.name)), ["Husøy", "b"]);
});

test("offices are those of the study with their changes, and the new ones", async () => {
  const { model } = await page();
  const found = (sites) => plain(model.sites({ sites }));
  const [west] = found({});
  assert.deepEqual([west.site, west.days, west.closed], ["gp-west", [0, 1, 2, 3, 4], false]);
  assert.equal(found({ "gp-west": null })[0].closed, true);
  const moved = found({ "gp-west": { lon: 19, days: [2] }, "new-1": { name: "N", days: [1], added: true } });
  assert.deepEqual([moved[0].lon, moved[0].lat, moved[0].days], [19, 69, [2]]);
  assert.deepEqual([moved[1].site, moved[1].days, moved[1].closed], ["new-1", [1], false]);
});

test("of questions that come while one is asked only the last follows", async () => {
  const { model, made } = await page();
  made.asked.splice(0);
  const answers = [];
  const journey = model.latest("/api/journey");
  await Promise.all([1, 2, 3].map((cell) => journey({ cell }, () => answers.push(cell))));
  assert.deepEqual(made.asked.map(([, question]) => question.cell), [1, 3]);
  assert.deepEqual(answers, [3]);
});
