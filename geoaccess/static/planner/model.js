"use strict";
// What this tab knows: the list of changes, and the answers to it. The server is asked with the whole list each time, so
// that it may forget everything: the list in this page is the plan.
(function () {
  const model = {
    tab: Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    study: null,
    service: "",
    changes: [], // the list in force
    past: [], // lists before it, to undo to
    undone: [], // and after it, to redo to
    base: {},
    breaks: "norms", // how times are broken into classes; by the norms, unless the study says otherwise
    answer: null,
  };
  // Each list belongs to a plan: its title, the file that it was opened from or saved in (`base`), what of that file the
  // page does not show, and the list that was saved or opened last. Undo goes back to a list, and so to its plan.
  const plans = new WeakMap();
  const newPlan = (more) => ({ title: "", base: null, leftOut: [], kept: null, ...more });
  const follow = (list, plan) => {
    plans.set(list, plan);
    return list;
  };
  follow(model.changes, newPlan());
  Object.defineProperties(model, { plan: { get: () => plans.get(model.changes) }, title: { get: () => model.plan.title } });
  const heard = {};
  const emit = (name, value) => (heard[name] || []).forEach((listener) => listener(value));
  model.on = (name, listener) => (heard[name] = [...(heard[name] || []), listener]);

  class Refused extends Error {
    constructor(answer, status) {
      super(answer.message || "");
      const { error, values, detail, number, study, etag, name } = answer;
      Object.assign(this, { code: error || "", values: values || {}, detail: detail || "", status, number, study, etag, plan: name });
    }
  }

  // ---- talking to the server

  const LONGEST_MS = 70_000;
  const root = globalThis.location ? globalThis.location.pathname.replace(/\/[^/]*$/, "") : ""; // behind a proxy a door has a path
  let broken = false;
  async function request(path, body) {
    let response;
    try {
      response = await fetch(`${root}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: body === undefined ? {} : { "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(LONGEST_MS),
      });
    } catch {
      lose("gone");
      throw new Refused({ error: "gone" }, 0);
    }
    if (response.status === 401) {
      lose("token");
      throw new Refused({ error: "token" }, 401);
    }
    if (broken) {
      broken = false;
      emit("found");
    }
    if (response.ok) return response;
    throw new Refused(await response.json().catch(() => ({})), response.status);
  }
  const ask = async (path, body) => (await request(path, body)).json();

  // While there is no contact, ask now and then; the list of changes waits in this page.
  function lose(why) {
    emit("lost", why);
    if (broken) return;
    broken = true;
    const again = window.setInterval(async () => {
      if (broken) await model.refresh().catch(() => null);
      if (!broken) window.clearInterval(again);
    }, 2000);
  }

  const question = (more) => ({ tab: model.tab, service: model.service, changes: model.changes, ...more });
  const edges = (service = model.service) => {
    const { breaks } = model.study.services.find((one) => one.key === service);
    return model.breaks in breaks && model.breaks !== "norms" ? { edges_s: breaks[model.breaks].edges_s } : {};
  };

  // ---- answers

  let asked = 0;
  let shown = 0;
  async function answerFor(changes) {
    asked += 1;
    const mine = asked;
    const { breaks } = model;
    let answer;
    try {
      answer = await ask("/api/answer", question({ changes, ...edges() }));
    } catch (error) {
      if (!error.study || error.study === model.study.number) throw error;
      await model.start(); // the study is another one than this page was made for
      return null;
    }
    if (mine < shown) return null; // a later one is shown already
    shown = mine;
    return Object.assign(answer, { changes, breaks });
  }

  async function show(answer) {
    if (!answer) return;
    if (answer.study !== model.study.number) {
      await model.start();
      return;
    }
    if (answer.service !== model.service || answer.breaks !== model.breaks) return;
    model.answer = answer;
    emit("answer", answer);
  }

  async function baseOf(service) {
    if (!model.base[service]) model.base[service] = await ask("/api/answer", question({ service, changes: [], ...edges(service) }));
    return model.base[service];
  }

  // Break times into other classes: people are counted anew, before and now.
  model.useBreaks = async function (breaks) {
    const { service } = model;
    model.breaks = breaks;
    const base = await ask("/api/answer", question({ service, changes: [], ...edges() }));
    if (service !== model.service || breaks !== model.breaks) return;
    model.base = { [service]: base }; // others count people by other classes
    await model.refresh();
  };

  model.refresh = async function () {
    await baseOf(model.service);
    await show(await answerFor(model.changes));
  };

  model.start = async function () {
    model.study = await ask("/api/study");
    [model.base, model.answer] = [{}, null]; // of the study before
    if (!model.study.services.some((service) => service.key === model.service)) model.service = model.study.services[0].key;
    emit("study", model.study);
    await setAside();
    await model.refresh();
  };

  // In a study that was edited meanwhile some changes may not fit any more: they are set aside, and later ones go on.
  async function setAside() {
    if (!model.changes.length) return;
    const { aside } = await ask("/api/fit", { changes: model.changes });
    if (!aside.length) return;
    const gone = new Set(aside.map(({ number }) => model.changes[number]));
    const without = (list) => (list.some((change) => gone.has(change)) ? follow(list.filter((change) => !gone.has(change)), plans.get(list)) : list);
    [model.changes, model.past, model.undone] = [without(model.changes), model.past.map(without), model.undone.map(without)];
    emit("set_aside", aside); // what stands is drawn with the answer to it
  }

  model.choose = async function (service) {
    model.service = service;
    model.answer = null;
    emit("service", service);
    await model.refresh();
  };

  // ---- changes

  // Put another list in force; one that is refused leaves everything as it was.
  async function replace(changes, past, undone, phrase) {
    const before = [model.changes, model.past, model.undone];
    [model.changes, model.past, model.undone] = [changes, past, undone];
    emit("changes");
    try {
      await baseOf(model.service);
      await show(await answerFor(changes));
      if (phrase) emit("announced", phrase);
      return true;
    } catch (error) {
      if (error.status !== 0 && error.status !== 401) {
        if (model.changes === changes) [model.changes, model.past, model.undone] = before;
        emit("changes");
        emit("refused", error);
        if (model.answer) emit("answer", model.answer); // what was tried while dragging goes
      }
      return false;
    }
  }

  // One change after the other: each begins from the list that the one before it left, made or refused.
  let turn = Promise.resolve();
  function inTurn(task) {
    const mine = turn.then(task);
    turn = mine.catch(() => null);
    return mine;
  }

  const MOST_KEPT = 500;
  const advance = (next, phrase, plan) =>
    inTurn(() => replace(follow(next(model.changes), plan || model.plan), [...model.past, model.changes].slice(-MOST_KEPT), [], phrase));
  model.makeAll = (some, phrase) => advance((changes) => [...changes, ...some], phrase);
  model.make = (change, phrase) => model.makeAll([change], phrase);
  model.open = (changes, plan) => advance(() => changes, "", newPlan({ kept: changes, ...plan }));
  model.undo = () =>
    inTurn(() => model.past.length > 0 && replace(model.past.at(-1), model.past.slice(0, -1), [...model.undone, model.changes], "undone"));
  model.redo = () =>
    inTurn(() => model.undone.length > 0 && replace(model.undone.at(-1), [...model.past, model.changes], model.undone.slice(0, -1), "redone"));

  model.rename = (site, name) =>
    advance(
      (changes) =>
        changes.map((change) =>
          change.what === "add" && change.site === site && change.service === model.service ? { ...change, name } : change
        ),
      ""
    );

  // Give other names to new offices in every list; no step that could be undone. Says whether any changed.
  model.renameNew = function (rename) {
    const added = new Set([...model.past, model.changes, ...model.undone].flat().filter((change) => change.what === "add"));
    const changed = [...added].filter((change) => rename(change.name) !== change.name);
    for (const change of changed) change.name = rename(change.name);
    return changed.length > 0;
  };

  // A label that no office has in any list: what was undone may come back.
  let given = 0;
  model.newLabel = function () {
    const used = [...model.past, model.changes, ...model.undone].flat().map((change) => Number((change.site || "").replace("new-", "")) || 0);
    given = Math.max(given, ...used) + 1;
    return `new-${given}`;
  };

  // While an office is dragged: the answer for where it is now, one question at a time.
  let dragging = null;
  let busy = false;
  model.preview = async function (change) {
    dragging = change;
    if (busy) return;
    busy = true;
    try {
      while (dragging) {
        const next = dragging;
        dragging = null;
        const answer = await answerFor([...model.changes, next]).catch(() => null);
        if (answer && answer.service === model.service) emit("preview", answer);
      }
    } finally {
      busy = false;
    }
  };
  model.dropPreview = () => (dragging = null);

  // ---- what stands now

  model.spec = () => model.study.services.find((service) => service.key === model.service);

  // The offices of the service: those of the study with what was changed, and the new ones.
  model.sites = function (answer = model.answer) {
    const changed = answer ? answer.sites : {};
    const all = model.spec().sites.map((site) => ({ ...site, days: [0, 1, 2, 3, 4], ...changed[site.site], closed: changed[site.site] === null }));
    const own = new Set(all.map((site) => site.site));
    for (const [label, site] of Object.entries(changed)) {
      if (!own.has(label)) all.push({ level: "", note: "", proxy: false, ...site, site: label, closed: false });
    }
    return all;
  };

  // One question of a kind at a time, and of those that came meanwhile only the last.
  model.latest = function (path) {
    let waiting = null;
    let running = false;
    return async function (more, done) {
      waiting = [more, done];
      if (running) return;
      running = true;
      try {
        while (waiting) {
          const [asking, resolve] = waiting;
          waiting = null;
          let error = null;
          const found = await ask(path, question(asking)).catch((one) => {
            error = one;
            return null;
          });
          if (!waiting) resolve(found, error);
        }
      } finally {
        running = false;
      }
    };
  };

  Object.assign(model, { ask, request, question, emit });
  geoaccess.model = model;
})();
