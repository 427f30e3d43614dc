"use strict";
// Plans and exports: what asks for a word more than a click.
(function () {
  const { model, talk, chart, tables } = geoaccess;
  const { say } = talk;
  const { make, button } = tables;
  const dialogs = {};
  const box = document.getElementById("dialog");

  function open(title, ...children) {
    const close = button("×", () => box.close(), { class: "close", "aria-label": say("close_box") });
    box.replaceChildren(close, make("h2", {}, title), ...children);
    if (!box.open) box.showModal();
  }

  // ---- plans

  // Saves under the title in the field; `replace` is the etag of what somebody else saved and may be written over.
  let saving = false; // Enter twice is one save
  async function savePlan(field, note, replace = null) {
    const title = field.value.replace(/\p{Cc}+/gu, " ").trim();
    if (!title) return field.focus();
    if (saving) return null;
    saving = true;
    const { changes, plan } = model;
    try {
      const saved = await model.ask("/api/plans/save", { title, changes, base: plan.base, replace });
      Object.assign(plan, { title, base: saved.base, kept: changes });
      box.close();
      return geoaccess.announce(say("saved", { t: `${saved.name}.toml` }), true);
    } catch (error) {
      note.hidden = false;
      note.replaceChildren(geoaccess.why(error), ...choices(error, field, note));
      return (note.querySelector("button") || field).focus();
    } finally {
      saving = false;
    }
  }

  // What can be done where another plan stands in the way.
  function choices(error, field, note) {
    const title = field.value.trim();
    const over = button(say("replace_plan"), () => savePlan(field, note, error.etag), { id: "plan-replace" });
    if (error.code === "plan_exists") return [make("p", { class: "acts" }, over)];
    if (error.code === "plan_lost") {
      const anew = () => { model.plan.base = null; savePlan(field, note); };
      return [make("p", { class: "acts" }, button(say("save_shown"), anew))];
    }
    if (error.code !== "plan_changed") return [];
    const copy = () => { field.value = say("copy_of", { t: title }).slice(0, field.maxLength); savePlan(field, note); };
    return [
      make(
        "p",
        { class: "acts" },
        button(say("save_copy"), copy, { id: "plan-copy" }),
        button(say("compare_plans"), () => comparePlans(error.plan), { id: "plan-compare" }),
        button(say("open_theirs"), () => openPlan(error.plan)),
        over
      ),
    ];
  }

  async function openPlan(name) {
    try {
      const plan = await model.ask("/api/plans/load", { name });
      const title = plan.titles[talk.language];
      if (!(await model.open(plan.changes, { title, base: plan.base, leftOut: plan.left_out }))) return;
      box.close();
      tables.effect(document.getElementById("effect"));
      geoaccess.announce(`${say("opened", { t: title })}. ${tables.spoken(model.answer)}. ${tables.leftOut()}`);
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
      box.close();
    }
  }

  // What an answer has that the study has not, a line each.
  function differences(answer) {
    const own = model.study.services.find((service) => service.key === answer.service).sites;
    const sites = Object.entries(answer.sites).map(([label, site]) => {
      const known = own.find((one) => one.site === label);
      const name = (site && site.name) || (known && known.name) || label;
      if (!site) return `${say("closed_office")}: ${name}`;
      const what = site.added ? "added" : site.moved ? "moved" : "days_changed";
      const at = site.added || site.moved ? ` (${talk.number(site.lat, 4)}, ${talk.number(site.lon, 4)})` : "";
      return `${say(what)}: ${name}${at}${site.days.length < 5 ? `, ${talk.dayList(site.days)}` : ""}`;
    });
    return [...sites, ...answer.closed.map((way) => `${say("closed_way")}: ${geoaccess.lists.wayName(way)}`)];
  }

  // What a list of changes does, for all services: its effect, and the changes in words.
  async function described(changes) {
    const found = { effects: [], lines: new Set() };
    for (const { key, label } of model.study.services) {
      const answer = await model.ask("/api/answer", { ...model.question({ changes }), service: key });
      const many = model.study.services.length > 1 ? `${label}: ` : "";
      for (const [, text] of tables.lines(answer)) found.effects.push(`${many}${text}`);
      for (const line of differences(answer)) found.lines.add(line);
    }
    return found;
  }

  // The plan in this page beside the one that stands in its file now.
  async function comparePlans(name) {
    try {
      const mine = await described(model.changes);
      const other = await described((await model.ask("/api/plans/load", { name })).changes);
      const list = (words) => make("ul", {}, ...(words.length ? words : ["–"]).map((text) => make("li", {}, text)));
      const side = (title, one, than) => [
        make("h3", {}, title),
        list(one.effects.length ? one.effects : [say("no_effect")]),
        make("p", { class: "quiet" }, say("only_here")),
        list([...one.lines].filter((line) => !than.lines.has(line))),
      ];
      const back = make("p", { class: "acts" }, button(say("plans"), () => dialogs.plans()));
      open(say("compare_plans"), ...side(say("yours"), mine, other), ...side(say("theirs"), other, mine), back);
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
    }
  }

  dialogs.plans = async function () {
    let kept;
    try {
      kept = await model.ask("/api/plans");
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
      return;
    }
    const note = make("div", { class: "note", role: "alert", hidden: true });
    const field = make("input", { type: "text", id: "plan-title", maxLength: 250, value: model.plan.title });
    const form = make(
      "form",
      { on: { submit: (event) => { event.preventDefault(); savePlan(field, note); } } },
      make("label", { class: "field" }, say("title_of_plan"), " ", field),
      make("button", { type: "submit", id: "plan-save" }, say("save")),
      note
    );
    const rows = kept.plans.map(({ name, titles }) => {
      const title = titles[talk.language];
      const what = make("span", { class: "what" }, title, make("small", {}, `${name}.toml`));
      return make("li", {}, what, button(say("open"), () => openPlan(name), { "aria-label": `${say("open")}: ${title}` }));
    });
    open(
      say("plans"),
      make("h3", {}, say("save_plan")),
      kept.may_save ? form : make("p", { class: "quiet" }, say("read_only")),
      make("h3", {}, say("open_plan")),
      rows.length ? make("ul", { class: "rows" }, ...rows) : make("p", { class: "quiet" }, say("no_plans", { folder: kept.folder })),
      rows.length ? make("p", { class: "quiet" }, say("in_folder", { folder: kept.folder })) : ""
    );
    if (kept.may_save) field.focus();
  };

  // ---- exports

  function download(blob, name) {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // A note takes some seconds to draw: until it is there the buttons wait, and whoever closes the box gets it all the same.
  async function fromServer(kind) {
    const buttons = [...box.querySelectorAll(".stack button")];
    const note = box.querySelector("[role=alert]");
    const tell = (text, wrong) => {
      note.textContent = text;
      note.className = wrong ? "note" : "quiet";
      note.hidden = false;
    };
    for (const one of buttons) one.disabled = true;
    tell(say("waiting"), false);
    try {
      const { title, base } = model.plan;
      const response = await model.request(`/api/export/${kind}`, model.question({ title, language: talk.language, base }));
      const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") || "");
      const name = named ? named[1] : `plan.${kind}`;
      download(await response.blob(), name);
      if (note.isConnected) box.close();
      geoaccess.announce(say("exported", { f: name }), true);
    } catch (error) {
      for (const one of buttons) one.disabled = false;
      tell(geoaccess.why(error), true);
      if (!box.open || !note.isConnected) geoaccess.announce(geoaccess.why(error), true);
    }
  }

  dialogs.export = function () {
    const name = (suffix) => `${(model.title || model.study.title).replace(/[^\p{L}\p{N}]+/gu, "-")}-${model.service}.${suffix}`;
    const picture = async () => {
      download(await geoaccess.picture(chart.view === "slide" ? "now" : chart.view), name("png"));
      box.close();
    };
    const kinds = [["note_html", "html"], ["note_pdf", "pdf"], ["csv", "csv"], ["geopackage", "gpkg"]];
    open(
      say("export"),
      make(
        "p",
        { class: "stack" },
        ...kinds.map(([key, kind]) => button(say(key), () => fromServer(kind), { id: `export-${kind}` })),
        button(say("picture"), picture, { id: "export-png" })
      ),
      make("p", { class: "note", role: "alert", hidden: true })
    );
  };

  Object.assign(dialogs, { open, box });
  geoaccess.dialogs = dialogs;
})();
