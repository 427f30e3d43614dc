"use strict";
// What the changes bring: the headline, the legend, and the figures by class and municipality. Text only ever becomes text.
(function () {
  const { model, talk, chart } = geoaccess;
  const { say } = talk;
  const tables = { order: "change", filter: "" };

  function make(tag, given, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(given || {})) {
      if (name === "class") element.className = value;
      else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
      else if (name in element && !name.startsWith("aria")) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }
  const button = (text, run, given) => make("button", { type: "button", ...given, on: { click: run } }, text);

  // ---- the headline, and what screen readers announce after a change

  function lines(answer) {
    const { effect } = answer;
    const spec = model.spec();
    const effects = [];
    const count = (value) => talk.number(value);
    if (effect.quicker >= 0.5) effects.push(["better", say("quicker", { n: count(effect.quicker) })]);
    if (effect.slower >= 0.5) effects.push(["worse", say("slower", { n: count(effect.slower) })]);
    spec.norms_s.forEach((norm, i) => {
      const net = effect.into_norm[i] - effect.out_of_norm[i];
      const m = talk.norm(norm);
      if (net >= 0.5) effects.push(["better", say("into_norm", { n: count(net), m })]);
      if (net <= -0.5) effects.push(["worse", say("out_of_norm", { n: count(-net), m })]);
    });
    if (effect.newly_reached >= 0.5) effects.push(["better", say("reached", { n: count(effect.newly_reached) })]);
    if (effect.newly_lost >= 0.5) effects.push(["worse", say("lost", { n: count(effect.newly_lost) })]);
    const hours = effect.saved_min / 60;
    if (Math.abs(hours) >= 0.5) {
      const saved = spec.yearly ? "person_hours_year" : "person_hours";
      const lost = spec.yearly ? "person_hours_lost_year" : "person_hours_lost";
      effects.push([hours > 0 ? "better" : "worse", say(hours > 0 ? saved : lost, { n: count(Math.abs(hours)) })]);
    }
    return effects;
  }
  tables.spoken = (answer) => (lines(answer).length ? lines(answer).map((line) => line[1]).join("; ") : say("no_effect"));

  tables.lines = lines;
  tables.leftOut = () => (model.plan.leftOut.length ? say("left_out", { what: model.plan.leftOut.join("; ") }) : "");

  function headline(answer) {
    if (!model.changes.length) return make("p", { class: "quiet" }, say("no_change"));
    const effects = lines(answer);
    if (!effects.length) return make("p", {}, say("no_effect"));
    return make("ul", { class: "headline" }, ...effects.map(([kind, text]) => make("li", { class: kind }, text)));
  }

  function legend() {
    const rows = chart.legend().map((row) => {
      const swatch = make("span", { class: row.colour ? "swatch" : "swatch hatch", "aria-hidden": "true" });
      if (row.colour) swatch.style.backgroundColor = row.colour;
      const name = make("th", { scope: "row" }, make("span", { class: "named" }, swatch, row.name, row.norm ? make("em", {}, row.norm) : ""));
      return make("tr", {}, name, make("td", {}, talk.number(row.people)));
    });
    const spec = model.spec();
    const caption = say(chart.view === "change" ? (spec.from_call ? "change_of_response" : "change_of") : spec.from_call ? "response_time" : "travel_time", { s: spec.label });
    const own = spec.norms_s.find((norm) => norm.length > 1);
    const norms = own ? say("own_norm", { a: talk.norm(own.slice(0, 1)), b: talk.norm(own.slice(1)) }) : "";
    const notes = [say(spec.direction), norms, spec.proxy_note, model.study.factor > 1 ? say("block", { k: model.study.factor }) : "", model.study.mask_below ? say("few", { n: model.study.mask_below }) : ""];
    return make(
      "table",
      { class: "legend" },
      make("caption", {}, caption, ...notes.filter(Boolean).map((text) => make("small", {}, text))),
      make("tbody", {}, ...rows)
    );
  }

  tables.effect = function (box) {
    if (!model.answer) return;
    const sites = model.sites();
    const part = sites.some((site) => !site.closed && site.days.length < 5);
    box.replaceChildren(
      make("h2", {}, say("effect")),
      headline(model.answer),
      tables.leftOut() ? make("p", { class: "note" }, tables.leftOut()) : "",
      part ? make("p", { class: "quiet" }, say("expected")) : "",
      legend()
    );
  };

  // ---- figures with what they were before

  const arrow = (delta, lessIsBetter) => (delta === 0 ? "" : (delta < 0) === lessIsBetter ? "better" : "worse");

  // One number, and below it how it changed.
  function pair(now, before, write, { lessIsBetter = true, least = 0.5, unit = "", digits = 0, scale = 1 } = {}) {
    const cell = make("td", {}, write(now));
    if (now === null || before === null) {
      if (now !== before) cell.append(make("small", {}, `(${write(before)})`));
      return cell;
    }
    const delta = (now - before) / scale;
    if (Math.abs(delta) < least) return cell;
    cell.append(make("small", { class: arrow(delta, lessIsBetter) }, talk.signed(delta, digits, unit)));
    return cell;
  }
  const timePair = (now, before) => pair(now, before, (value) => talk.time(value), { least: 0.05, digits: 1, scale: 60 });
  const sharePair = (now, before, people) =>
    pair(people ? now / people : null, people ? before / people : null, (value) => (value === null ? "–" : talk.share(value)), { lessIsBetter: false, least: 0.05, digits: 1, scale: 0.01 });

  const className = (row) => model.study.class_names[talk.language][row] ?? say("unclassified");

  function classTable() {
    const [now, before] = [model.answer.figures, model.base[model.service].figures];
    const norms = model.spec().norms_s;
    const row = (name, a, b, i) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, name),
        make("td", {}, talk.number(a.people[i])),
        timePair(a.mean_s[i], b.mean_s[i]),
        timePair(a.median_s[i], b.median_s[i]),
        timePair(a.p90_s[i], b.p90_s[i]),
        ...norms.map((_, n) => sharePair(a.within[n][i], b.within[n][i], a.people[i]))
      );
    const heads = [say("class"), say("people"), say("mean"), say("median"), say("p90"), ...norms.map((norm) => say("in_norm", { n: talk.norm(norm) }))];
    return make(
      "div",
      { class: "wide" },
      make(
        "table",
        { class: "figures byclass" },
        make("caption", {}, say("classes")),
        make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
        make("tbody", {}, ...model.study.class_names[talk.language].map((_, i) => row(className(i), now.classes, before.classes, i)), row(say("all"), now.everybody, before.everybody, 0))
      )
    );
  }

  function equityTable() {
    const [now, before] = [model.answer.figures.equity, model.base[model.service].figures.equity];
    const plain = (value) => (value === null ? "–" : talk.number(value, 3));
    const index = { least: 0.0005, digits: 3 };
    const rows = [
      ["gini", say("gini"), plain, index],
      ["theil", say("theil"), plain, index],
      ["theil_within", say("theil_within"), plain, index],
      ["theil_between", say("theil_between"), plain, index],
    ];
    if (now.most_central >= 0) {
      const between = { far: className(now.least_central), near: className(now.most_central) };
      rows.push(["gap_s", say("gap", between), (value) => (value === null ? "–" : talk.time(value, 1)), { least: 0.05, digits: 1, scale: 60 }]);
      rows.push(["ratio", say("gap_ratio"), (value) => (value === null ? "–" : talk.number(value, 2)), { least: 0.005, digits: 2 }]);
    }
    return make(
      "table",
      { class: "figures" },
      make("caption", {}, say("equity")),
      make("tbody", {}, ...rows.map(([key, name, write, how]) => make("tr", {}, make("th", { scope: "row" }, name), pair(now[key], before[key], write, how))))
    );
  }

  function meansNote() {
    const { newly_reached: reached, newly_lost: lost } = model.answer.effect;
    return reached >= 0.5 || lost >= 0.5 ? make("p", { class: "note" }, say("means_reached")) : "";
  }

  tables.figures = (box) => box.replaceChildren(...[classTable(), meansNote(), equityTable()].filter(Boolean));

  // ---- municipalities

  function zones() {
    const [now, before] = [model.answer.figures.municipalities, model.base[model.service].figures.municipalities];
    return model.study.zones.map((name, i) => {
      const delta = now.mean_s[i] === null || before.mean_s[i] === null ? 0 : now.mean_s[i] - before.mean_s[i];
      const lost = before.reached[i] - now.reached[i];
      return { name: name === "unclassified" ? say("unclassified") : name, people: now.people[i], now: now.mean_s[i], before: before.mean_s[i], within: now.within.map((norm) => norm[i]), was: before.within.map((norm) => norm[i]), weight: Math.abs(delta) * now.people[i] + Math.abs(lost) * 3600 };
    });
  }

  function zoneRows(body) {
    const wanted = tables.filter.toLocaleLowerCase();
    const collator = new Intl.Collator(talk.language);
    const orders = {
      change: (a, b) => b.weight - a.weight || collator.compare(a.name, b.name),
      name: (a, b) => collator.compare(a.name, b.name),
      time: (a, b) => (b.now ?? Infinity) - (a.now ?? Infinity),
    };
    const rows = zones()
      .filter((zone) => zone.name.toLocaleLowerCase().includes(wanted))
      .sort(orders[tables.order]);
    body.replaceChildren(
      ...rows.map((zone) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, zone.name),
          make("td", {}, talk.number(zone.people)),
          timePair(zone.now, zone.before),
          ...zone.within.map((inside, n) => sharePair(inside, zone.was[n], zone.people))
        )
      )
    );
  }

  tables.municipalities = function (box) {
    const norms = model.spec().norms_s;
    const heads = [say("municipality"), say("people"), say("mean"), ...norms.map((norm) => say("in_norm", { n: talk.norm(norm) }))];
    const existing = box.querySelector("table.zones tbody");
    if (existing && box.dataset.built === `zones ${talk.language} ${model.service}`) return zoneRows(existing);
    box.dataset.built = `zones ${talk.language} ${model.service}`;
    const body = make("tbody", {});
    const filter = make("input", { type: "search", value: tables.filter, "aria-label": say("filter"), placeholder: say("filter"), on: { input: (event) => { tables.filter = event.target.value; zoneRows(body); } } });
    const sort = make("select", { "aria-label": say("sort"), on: { change: (event) => { tables.order = event.target.value; zoneRows(body); } } });
    for (const key of ["change", "name", "time"]) sort.append(make("option", { value: key, selected: key === tables.order }, say(`by_${key}`)));
    box.replaceChildren(
      make("p", { class: "finder" }, filter, sort),
      make("div", { class: "wide" }, make("table", { class: "figures zones" }, make("caption", { class: "spoken" }, say("municipalities")), make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), body))
    );
    return zoneRows(body);
  };

  Object.assign(tables, { make, button, className });
  geoaccess.tables = tables;
})();
