"use strict";
// Where more sites would help most: one, with its alternatives, or several together, with what each number of them brings.
(function () {
  const { model, talk, chart, tables, dialogs } = geoaccess;
  const { say } = talk;
  const { make, button } = tables;
  const MOST = 5;
  const SVG = "http://www.w3.org/2000/svg";
  const shown = { objective: "minutes", number: 1 };
  let parts; // of the open dialog
  let turn = 0; // an answer to an older question is not shown
  let several = null; // what was found for these changes, this service and this objective

  // ---- a row for each place

  function gainsOf(place, norm_s) {
    const gains = place.saved_min >= 30 ? [say(model.spec().yearly ? "suggest_gain_year" : "suggest_gain", { h: talk.number(place.saved_min / 60) })] : [];
    if (place.newly_reached >= 0.5) gains.push(say("reached", { n: talk.number(place.newly_reached) }));
    if (place.within_norm >= 0.5) gains.push(say("suggest_norm", { n: talk.number(place.within_norm), m: talk.norm(norm_s) }));
    return gains;
  }

  const nameOf = (place) => [chart.nameNear(place, { farther: true }), place.zone].filter((name, i, all) => name && all.indexOf(name) === i).join(", ") || talk.number(place.lat, 3);

  function rowOf(place, i, norm_s, add) {
    const label = `${i + 1}. ${nameOf(place)}`;
    const goThere = () => {
      dialogs.box.close();
      chart.map.setView([place.lat, place.lon], Math.max(chart.map.getZoom(), 9), { animate: false });
    };
    return make(
      "li",
      {},
      make("span", { class: "what" }, label, make("small", {}, gainsOf(place, norm_s).join(" · "))),
      button(say("try_place"), goThere, { "aria-label": `${say("try_place")}: ${label}` }),
      button(say("add_here"), (event) => add(place, event.currentTarget), { "aria-label": `${say("add_here")}: ${label}` })
    );
  }

  const unreachedWord = (places) =>
    places.some((place) => place.newly_reached >= 0.5) && !shown.objective.startsWith("norm") ? say("suggest_unreached") : "";

  // ---- one site: the best places that lie apart, each for itself

  function showOne(found) {
    chart.propose(found.places);
    const add = (place) => {
      dialogs.box.close();
      chart.propose([]);
      model.emit("proposed", [place]);
    };
    parts.list.replaceChildren(...(found.places.length ? found.places.map((place, i) => rowOf(place, i, found.norm_s, add)) : [make("li", {}, say("no_gain"))]));
    const numbers = { n: talk.number(found.tried), all: talk.number(found.all), km: talk.number(found.apart_km) };
    parts.how.textContent = [say(found.tried === found.all ? "suggest_all" : "suggest_some", numbers), unreachedWord(found.places)].join(" ");
    geoaccess.announce(found.places.length ? [nameOf(found.places[0]), ...gainsOf(found.places[0], found.norm_s)].join(": ") : say("no_gain"));
  }

  // ---- several sites together, and the curve

  const certainty = ({ gap }) => (gap === 0 ? say("proved") : gap === null ? say("greedy") : say("gap_at_most", { p: talk.share(gap) }));

  function drawn(name, given, ...children) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // A figure against the number of sites: a dot and its value for each, the chosen one filled.
  function curve(caption, values, write) {
    const [width, height, left, right, top, low] = [300, 132, 26, 26, 30, 24];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const x = (i) => left + (i * (width - left - right)) / Math.max(1, values.length - 1);
    const y = (value) => height - low - (most > least ? ((value - least) / (most - least)) * (height - top - low) : 0);
    const points = values.map((value, i) => `${x(i)},${y(value)}`).join(" ");
    const dots = values.map((value, i) => drawn("circle", { cx: x(i), cy: y(value), r: 4.5, class: i === shown.number ? "dot chosen" : "dot" }));
    const texts = values.flatMap((value, i) => [
      drawn("text", { x: x(i), y: y(value) - 9, class: "value" }, write(value)),
      drawn("text", { x: x(i), y: height - 6, class: "axis" }, String(i)),
    ]);
    const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, drawn("polyline", { points, class: "curve" }), ...dots, ...texts);
    return make("figure", { class: "trade" }, make("figcaption", {}, caption), picture);
  }

  function curves(found) {
    const { steps, norm_s } = found;
    const m = norm_s ? talk.norm(norm_s) : "";
    const within = norm_s ? [curve(say("curve_within", { m }), steps.map((one) => one.within / found.people), (value) => talk.share(value))] : [];
    const minutes = (one) => (one.mean_min === null ? say("not_reached") : talk.time(60 * one.mean_min, 1));
    const heads = [say("number_of_sites"), ...(norm_s ? [say("in_norm", { n: m })] : []), say("mean"), ""];
    const row = (one, i) =>
      make(
        "tr",
        { class: i === shown.number ? "chosen" : "" },
        make("th", { scope: "row" }, talk.number(i)),
        ...(norm_s ? [make("td", {}, `${talk.number(one.within)} (${talk.share(one.within / found.people)})`)] : []),
        make("td", {}, minutes(one)),
        make("td", {}, i ? certainty(one) : say("before"))
      );
    const table = make(
      "table",
      { class: "figures" },
      make("caption", {}, say("curve")),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...steps.map(row))
    );
    const times = steps.every((one) => one.mean_min !== null) ? [curve(say("curve_minutes"), steps.map((one) => one.mean_min), (value) => talk.number(value, 1))] : [];
    return [...(steps.length > 1 ? [...within, ...times] : []), make("div", { class: "wide" }, table)];
  }

  function showSeveral(found) {
    const step = found.steps[Math.min(shown.number, found.steps.length - 1)];
    const n = step.places.length;
    const left = new Set(step.places);
    chart.propose(step.places);
    const add = (places, from) => {
      for (const place of places) left.delete(place);
      chart.propose([...left]);
      for (const one of from) {
        one.disabled = true;
        one.textContent = say("added_mark");
      }
      model.emit("proposed", places);
      if (!left.size) dialogs.box.close();
    };
    parts.list.replaceChildren(...(n ? step.places.map((place, i) => rowOf(place, i, found.norm_s, (one, from) => add([one], [from]))) : [make("li", {}, say("no_gain"))]));
    const all = button(say("add_all", { n: talk.number(n) }), () => add([...left], []), { id: "add-all" });
    parts.acts.replaceChildren(...(n > 1 ? [all] : []));
    const fewer = n && n < shown.number ? say("no_more", { n: talk.number(n) }) : "";
    const key = step.gap === 0 ? "together_proved" : step.gap === null ? "together_greedy" : "together_gap";
    const how = n ? say(key, { n: talk.number(n), p: talk.share(step.gap) }) : "";
    parts.how.textContent = [fewer, how, unreachedWord(step.places)].filter(Boolean).join(" ");
    parts.curve.replaceChildren(...curves(found));
    geoaccess.announce([...step.places.map(nameOf), how].join(". "));
  }

  // ---- the dialog

  const clear = () => {
    for (const part of [parts.acts, parts.how, parts.curve]) part.replaceChildren();
  };

  async function look() {
    turn += 1;
    const mine = turn;
    const { changes, service } = model;
    clear();
    parts.list.replaceChildren(make("li", {}, say("waiting")));
    const known = several && several.changes === changes && several.service === service && several.objective === shown.objective;
    try {
      const path = shown.number > 1 ? "/api/suggest/several" : "/api/suggest";
      const found = shown.number > 1 && known ? several : await model.ask(path, model.question({ objective: shown.objective }));
      if (mine !== turn) return;
      if (shown.number > 1) several = Object.assign(found, { changes, service, objective: shown.objective });
      if (shown.number > 1) showSeveral(found);
      else showOne(found);
    } catch (error) {
      if (mine === turn) parts.list.replaceChildren(make("li", {}, geoaccess.why(error)));
    }
  }

  function chooser(id, label, options) {
    const select = make("select", { id, on: { change: () => { shown[id] = id === "number" ? Number(select.value) : select.value; look(); } } });
    select.append(...options.map(([value, text]) => make("option", { value, selected: String(shown[id]) === String(value) }, text)));
    return make("label", { class: "field" }, say(label), " ", select);
  }

  dialogs.suggest = function () {
    const norms = model.spec().norms_s;
    const districts = model.study.districts[talk.language];
    const objectives = [["minutes", say("objective_minutes")]];
    if (districts) objectives.push(["districts", say("objective_districts", { districts })]);
    norms.forEach((norm, i) => objectives.push([`norm_${i}`, say("objective_norm", { m: talk.norm(norm) })]));
    if (!objectives.some(([value]) => value === shown.objective)) shown.objective = "minutes";
    const numbers = Array.from({ length: MOST }, (_, i) => [i + 1, i ? say("sites_together", { n: talk.number(i + 1) }) : say("one_site")]);
    parts = { list: make("ol", { class: "rows places" }), acts: make("p", { class: "acts" }), how: make("p", { class: "quiet" }), curve: make("div", {}) };
    dialogs.open(say("suggest_title"), chooser("objective", "objective", objectives), chooser("number", "number_of_sites", numbers), parts.list, parts.acts, parts.how, parts.curve);
    look();
  };
})();
