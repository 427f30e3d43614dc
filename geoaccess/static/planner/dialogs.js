"use strict";
// Plans, exports and proposals: what asks for a word more than a click.
(function () {
  const { model, talk, chart, tables } = geoaccess;
  const { say } = talk;
  const { make, button } = tables;
  const dialogs = {};
  const box = document.getElementById("dialog");

  function open(title, ...children) {
    const close = button("×", () => box.close(), { class: "close", "aria-label": say("cancel") });
    box.replaceChildren(close, make("h2", {}, title), ...children);
    if (!box.open) box.showModal();
  }

  // ---- plans

  async function savePlan(field, note, again) {
    const title = field.value.trim();
    if (!title) return field.focus();
    try {
      const { changes } = model;
      const saved = await model.ask("/api/plans/save", { title, changes, replace: again });
      [model.title, model.kept] = [title, changes];
      box.close();
      return geoaccess.announce(say("saved", { t: `${saved.name}.toml` }), true);
    } catch (error) {
      note.textContent = geoaccess.why(error);
      note.hidden = false;
      field.dataset.again = error.code === "plan_exists" ? title : "";
      return field.focus();
    }
  }

  async function openPlan(name) {
    try {
      const plan = await model.ask("/api/plans/load", { name });
      if (!(await model.open(plan.changes))) return;
      const title = plan.titles[talk.language];
      [model.title, model.kept] = [title, plan.changes];
      model.leftOut = plan.left_out.length ? say("left_out", { what: plan.left_out.join("; ") }) : "";
      box.close();
      tables.effect(document.getElementById("effect"));
      geoaccess.announce(`${say("opened", { t: title })}. ${tables.spoken(model.answer)}. ${model.leftOut}`);
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
      box.close();
    }
  }

  dialogs.plans = async function () {
    const kept = await model.ask("/api/plans").catch(() => null);
    if (!kept) return;
    const note = make("p", { class: "note", role: "alert", hidden: true });
    const field = make("input", { type: "text", id: "plan-title", maxLength: 120, value: model.title });
    const form = make(
      "form",
      { on: { submit: (event) => { event.preventDefault(); savePlan(field, note, field.dataset.again === field.value.trim() && field.value.trim() !== ""); } } },
      make("label", { class: "field" }, say("title_of_plan"), " ", field),
      make("button", { type: "submit", id: "plan-save" }, say("save")),
      note
    );
    const rows = kept.plans.map((name) => make("li", {}, make("span", { class: "what" }, name), button(say("open"), () => openPlan(name), { "aria-label": `${say("open")}: ${name}` })));
    open(
      say("plans"),
      make("h3", {}, say("save_plan")),
      form,
      make("h3", {}, say("open_plan")),
      rows.length ? make("ul", { class: "rows" }, ...rows) : make("p", { class: "quiet" }, say("no_plans", { folder: kept.folder })),
      rows.length ? make("p", { class: "quiet" }, say("in_folder", { folder: kept.folder })) : ""
    );
    field.focus();
  };

  // ---- exports

  function download(blob, name) {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async function fromServer(kind) {
    try {
      const response = await model.request(`/api/export/${kind}`, model.question({ title: model.title }));
      const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") || "");
      download(await response.blob(), named ? named[1] : `plan.${kind}`);
      box.close();
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
    }
  }

  dialogs.export = function () {
    const name = (suffix) => `${(model.title || model.study.title).replace(/[^\p{L}\p{N}]+/gu, "-")}-${model.service}.${suffix}`;
    const picture = async () => {
      download(await geoaccess.picture(chart.view === "slide" ? "now" : chart.view), name("png"));
      box.close();
    };
    const report = async () => {
      download(geoaccess.report(), name("html"));
      box.close();
    };
    open(
      say("export"),
      make(
        "p",
        { class: "stack" },
        button(say("picture"), picture, { id: "export-png" }),
        button(say("csv"), () => fromServer("csv"), { id: "export-csv" }),
        button(say("geopackage"), () => fromServer("gpkg"), { id: "export-gpkg" }),
        button(say("report"), report, { id: "export-report" })
      )
    );
  };

  // ---- proposals

  async function propose(objective, list) {
    list.replaceChildren(make("li", {}, say("waiting")));
    let found;
    try {
      found = await model.ask("/api/suggest", model.question({ objective }));
    } catch (error) {
      list.replaceChildren(make("li", {}, geoaccess.why(error)));
      return;
    }
    chart.propose(found.places);
    const row = (place, i) => {
      const gain = place.saved_min >= 30 ? [say(model.spec().yearly ? "suggest_gain_year" : "suggest_gain", { h: talk.number(place.saved_min / 60) })] : [];
      if (place.newly_reached >= 0.5) gain.push(say("reached", { n: talk.number(place.newly_reached) }));
      if (place.within_norm >= 0.5) gain.push(say("suggest_norm", { n: talk.number(place.within_norm), m: talk.norm(found.norm_s) }));
      const label = `${i + 1}. ${place.zone || talk.number(place.lat, 3)}`;
      const what = make("span", { class: "what" }, label, make("small", {}, gain.join(" · ")));
      const add = button(say("add_here"), () => { box.close(); chart.propose([]); model.emit("proposed", place); }, { "aria-label": `${say("add_here")}: ${label}` });
      const look = button(say("try_place"), () => { box.close(); chart.map.setView([place.lat, place.lon], Math.max(chart.map.getZoom(), 9), { animate: false }); }, { "aria-label": `${say("try_place")}: ${label}` });
      return make("li", {}, what, look, add);
    };
    const how = found.tried === found.all ? say("suggest_all", { n: talk.number(found.all), km: talk.number(found.apart_km) }) : say("suggest_some", { n: talk.number(found.tried), all: talk.number(found.all) });
    list.replaceChildren(...(found.places.length ? found.places.map(row) : [make("li", {}, say("no_gain"))]));
    const why = found.places.some((place) => place.newly_reached >= 0.5) && !objective.startsWith("norm") ? ` ${say("suggest_unreached")}` : "";
    list.nextElementSibling.textContent = how + why;
    geoaccess.announce(found.places.length ? `${found.places[0].zone}: ${say(model.spec().yearly ? "suggest_gain_year" : "suggest_gain", { h: talk.number(found.places[0].saved_min / 60) })}` : say("no_gain"));
  }

  dialogs.suggest = function () {
    const list = make("ol", { class: "rows places" });
    const norms = model.spec().norms_s;
    const choice = make("select", { id: "objective", on: { change: () => propose(choice.value, list) } });
    choice.append(make("option", { value: "minutes" }, say("objective_minutes")));
    const districts = model.study.districts[talk.language];
    if (districts) choice.append(make("option", { value: "districts" }, say("objective_districts", { districts })));
    norms.forEach((norm, i) => choice.append(make("option", { value: `norm_${i}` }, say("objective_norm", { m: talk.norm(norm) }))));
    open(say("suggest_title"), make("label", { class: "field" }, say("objective"), " ", choice), list, make("p", { class: "quiet" }));
    propose("minutes", list);
  };

  geoaccess.dialogs = dialogs;
})();
