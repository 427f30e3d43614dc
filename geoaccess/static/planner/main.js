"use strict";
// The page put together: tools, views, tabs, language, and what screen readers announce.
(function () {
  const { model, talk, chart, tables, lists, dialogs } = geoaccess;
  const { say } = talk;
  const { make, button } = tables;
  const byId = (name) => document.getElementById(name);
  const page = { tab: "figures", loud: 0, error: null };
  const KINDS = ["norms", "fixed", "quantiles"];
  const TABS = { figures: "figures", sites: "sites", ways: "ferries", municipalities: "municipalities" };

  // ---- telling

  // Why something could not be done, in the language of the page; what a reader of files says of them follows in English.
  geoaccess.why = function (error) {
    const own = talk.has(error.code || "");
    const values = Object.entries(error.values || {}).map(([name, value]) => [name, typeof value === "number" ? talk.number(value) : value]);
    const phrase = say(own ? error.code : error.code === undefined ? "unforeseen" : "refused", Object.fromEntries(values));
    return [phrase, error.detail || (own ? "" : error.message)].filter(Boolean).join(" ");
  };
  geoaccess.announce = function (text, shown = false) {
    byId("spoken").textContent = text;
    if (!shown) return;
    const mode = byId("mode");
    mode.textContent = text;
    mode.hidden = false;
    mode.classList.add("news");
    page.loud += 1;
    const mine = page.loud;
    window.setTimeout(() => {
      if (mine === page.loud) showMode();
    }, 6000);
  };

  function showMode() {
    const mode = byId("mode");
    mode.classList.remove("news");
    const site = chart.moving && model.sites().find((one) => one.site === chart.moving);
    mode.hidden = chart.tool === "look";
    mode.textContent = mode.hidden ? "" : say(`mode_${chart.tool}`, { s: site ? site.name || site.site : "" });
    byId("tool-add").setAttribute("aria-pressed", chart.tool === "add");
    byId("tool-road").setAttribute("aria-pressed", chart.tool === "road");
  }

  // ---- what is always there

  // What the author of the study wrote, in the language of the moment.
  function written() {
    const { services, ...heads } = model.study.texts[talk.language];
    Object.assign(model.study, heads);
    for (const service of model.study.services) Object.assign(service, services[service.key]);
  }

  function header() {
    const { study } = model;
    written();
    document.documentElement.lang = talk.language;
    document.title = study.title;
    byId("title").textContent = study.title;
    for (const name of ["subtitle", "disclaimer"]) {
      byId(name).textContent = study[name];
      byId(name).hidden = !study[name];
    }
    byId("attribution").replaceChildren(`${say("attribution")}: `, ...attribution(study.attribution));
    for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
    for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
    for (const [id, key] of Object.entries({ "tool-add": "add_tool", "tool-road": "road_tool", suggest: "suggest", undo: "undo", redo: "redo", plans: "plans", export: "export" })) {
      byId(id).textContent = say(key);
    }
    byId("slide").setAttribute("aria-label", say("slide_label"));
    byId("languages").replaceChildren(
      ...Object.entries(talk.languages).map(([key, name]) => button(name, () => speak(key), { lang: key, "aria-pressed": key === talk.language, class: "link" }))
    );
    byId("service").replaceChildren(...study.services.map((service) => make("option", { value: service.key, selected: service.key === model.service }, service.label)));
  }

  function attribution(text) {
    return text.split(/(OpenStreetMap)/).map((part) => {
      if (part !== "OpenStreetMap") return part;
      return make("a", { href: "https://www.openstreetmap.org/copyright", rel: "noopener noreferrer", target: "_blank" }, part);
    });
  }

  function speak(language) {
    // Offices that nobody named are called in the language of the page.
    const numbers = Array.from({ length: 500 }, (_, i) => [say("new_office", { n: i + 1 }), i + 1]);
    const usual = new Map(numbers);
    talk.language = language;
    page.chosen = true; // and not what the browser wants
    if (model.renameNew((name) => (usual.has(name) ? say("new_office", { n: usual.get(name) }) : name))) model.refresh().catch(() => null);
    for (const name of ["sheet"]) delete byId(name).dataset.built;
    header();
    views();
    tabs();
    chart.words();
    page.search.words();
    looks();
    refresh();
    showMode();
    trouble(page.error);
    writeAddress();
  }

  // How the map looks: where classes part, and how much of the ground shows through.
  function looks() {
    const { breaks } = model.spec();
    const now = model.breaks in breaks ? model.breaks : "norms";
    const word = (kind) => say(kind === "norms" && model.study.own_breaks ? "breaks_own" : `breaks_${kind}`);
    byId("breaks").replaceChildren(...Object.keys(breaks).map((kind) => make("option", { value: kind, selected: kind === now }, word(kind))));
    byId("opacity").value = 100 * chart.seen().opacity;
  }

  function views() {
    const choice = (name) =>
      make(
        "label",
        {},
        make("input", { type: "radio", name: "view", value: name, checked: chart.view === name, on: { change: () => chart.show(name) } }),
        make("span", {}, say(name))
      );
    byId("views").replaceChildren(make("legend", { class: "spoken" }, say("show")), ...chart.views.map(choice));
  }

  // ---- the sheet with tabs

  function tabs() {
    byId("tabs").setAttribute("aria-label", say("show"));
    byId("tabs").replaceChildren(
      ...Object.entries(TABS).map(([key, word]) => {
        const on = key === page.tab;
        return make("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-selected": on, "aria-controls": "sheet", tabIndex: on ? 0 : -1, on: { click: () => turn(key), keydown: arrows } }, say(word));
      })
    );
    byId("sheet").setAttribute("aria-labelledby", `tab-${page.tab}`);
  }

  function arrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const keys = Object.keys(TABS);
    turn(keys[(keys.indexOf(page.tab) + step + keys.length) % keys.length]);
    byId(`tab-${page.tab}`).focus();
  }

  function turn(key) {
    page.tab = key;
    tabs();
    byId("sheet").replaceChildren();
    delete byId("sheet").dataset.built;
    sheet();
  }

  function sheet() {
    if (!model.answer) return;
    const draw = { figures: tables.figures, municipalities: tables.municipalities, sites: lists.sites, ways: lists.ways };
    draw[page.tab](byId("sheet"));
  }

  function refresh() {
    if (!model.answer) return;
    byId("undo").disabled = !model.past.length;
    byId("redo").disabled = !model.undone.length;
    tables.effect(byId("effect"));
    sheet();
    lists.afterAnswer();
  }

  // ---- what the map and the lists ask for

  // One step for all of them, which is undone as one.
  async function add(places, show = false) {
    const added = places.map(({ lon, lat }) => {
      const site = model.newLabel();
      const name = say("new_office", { n: site.replace("new-", "") });
      return { what: "add", service: model.service, site, name, lon, lat, days: [0, 1, 2, 3, 4] };
    });
    if (!(await model.makeAll(added, "added"))) return;
    chart.use("look"); // or the next click, meant to look, would add another
    lists.pick({ kind: "site", site: added.at(-1).site }, show);
  }

  async function findRoad(place) {
    try {
      const way = await model.ask("/api/road", place);
      lists.pick({ kind: "road", ...way });
      await lists.toggleWay(way.way);
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
    }
  }

  function listen() {
    byId("service").addEventListener("change", (event) => model.choose(event.target.value).catch((error) => geoaccess.announce(geoaccess.why(error), true)));
    byId("tool-add").addEventListener("click", () => aim("add"));
    byId("tool-road").addEventListener("click", () => aim("road"));
    byId("undo").addEventListener("click", () => model.undo());
    byId("redo").addEventListener("click", () => model.redo());
    byId("plans").addEventListener("click", () => dialogs.plans());
    byId("export").addEventListener("click", () => dialogs.export());
    byId("breaks").addEventListener("change", (event) => model.useBreaks(event.target.value).catch((error) => geoaccess.announce(geoaccess.why(error), true)));
    byId("opacity").addEventListener("input", (event) => chart.useOpacity(event.target.value / 100));
    byId("opacity").addEventListener("change", writeAddress);
    page.search = geoaccess.searchBox(byId("search"), byId("found"), { entries, pick: found, say });
    chart.map.on("moveend", writeAddress);
    window.addEventListener("hashchange", () => readAddress().catch((error) => geoaccess.announce(geoaccess.why(error), true)));
    byId("suggest").addEventListener("click", () => dialogs.suggest());
    // A plan that is not saved is lost with the page.
    window.addEventListener("beforeunload", (event) => {
      if (model.changes.length && model.changes !== model.plan.kept) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.matches("input[type=text], input[type=search]");
      if (typing || document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") {
        chart.use("look");
        chart.propose([]);
        lists.pick(null);
      }
      if (!(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key === "z" || key === "y") {
        event.preventDefault();
        if (key === "y" || event.shiftKey) model.redo();
        else model.undo();
      }
    });
  }

  // ---- search, and the view in the address

  function entries() {
    const sites = model.study.services.flatMap((service) =>
      (service.key === model.service ? model.sites() : service.sites).map((site) => {
        const { x, y } = L.CRS.EPSG3857.project(chart.latLng(site.lon, site.lat));
        return { kind: "site", name: site.name || site.site, others: [], detail: service.label, service: service.key, site: site.site, x, y };
      })
    );
    return [...chart.entries(say("municipality")), ...sites];
  }

  async function found(entry) {
    try {
      if (entry.kind === "site" && entry.service !== model.service) {
        byId("service").value = entry.service;
        await model.choose(entry.service);
      }
      chart.find(entry);
    } catch (error) {
      geoaccess.announce(geoaccess.why(error), true);
    }
  }

  const writeAddress = () => model.answer && page.ready && geoaccess.address.write({ service: model.service, ...chart.seen(), language: page.chosen ? talk.language : "" });

  async function readAddress() {
    const given = geoaccess.address.read();
    const known = model.study.services.some((service) => service.key === given.service);
    if (known && given.service !== model.service) {
      byId("service").value = given.service;
      await model.choose(given.service);
    }
    if (given.language in talk.languages && given.language !== talk.language) speak(given.language);
    chart.lookAt(given);
    const breaks = KINDS.includes(given.breaks) ? given.breaks : "norms";
    if (breaks !== model.breaks) await model.useBreaks(breaks);
    looks();
    if (given.at) lists.pick(chart.spotAt(L.latLng(...given.at)));
  }

  function aim(tool) {
    chart.use(chart.tool === tool ? "look" : tool);
    if (chart.tool !== "look") chart.map.getContainer().focus({ preventScroll: true });
  }

  model.on("study", (study) => {
    if (!page.begun) talk.language = talk.choose(navigator.languages, study.language);
    header();
    views();
    tabs();
    chart.begin(study);
    looks();
    if (!page.begun) listen();
    page.begun = true;
  });
  model.on("answer", refresh);
  model.on("answer", writeAddress);
  model.on("pinned", writeAddress);
  model.on("changes", () => {
    byId("undo").disabled = !model.past.length;
    byId("redo").disabled = !model.undone.length;
    if (model.answer) {
      sheet();
      lists.drawCard();
    }
  });
  model.on("service", () => {
    lists.pick(null);
    looks();
    chart.use("look");
    chart.propose([]);
  });
  model.on("announced", (key) => geoaccess.announce(`${say(key)}. ${tables.spoken(model.answer)}`));
  model.on("refused", (error) => geoaccess.announce(geoaccess.why(error), true));
  model.on("set_aside", (aside) => {
    const why = new Set(aside.map((one) => geoaccess.why({ ...one, code: one.error })));
    geoaccess.announce(say("set_aside", { n: talk.number(aside.length), why: [...why].join(" ") }), true);
  });
  function trouble(error) {
    page.error = error;
    byId("trouble").textContent = error ? geoaccess.why(error) : "";
    byId("trouble").hidden = !error;
  }

  model.on("lost", (code) => trouble({ code }));
  model.on("found", () => {
    trouble(null);
    geoaccess.announce(say("back"), true);
  });
  model.on("view", () => {
    for (const input of document.querySelectorAll("#views input")) input.checked = input.value === chart.view;
    if (model.answer) tables.effect(byId("effect"));
    writeAddress();
  });
  model.on("tool", showMode);
  model.on("pick", (picked) => lists.pick(picked));
  model.on("add", (place) => add([place]));
  model.on("road", findRoad);
  model.on("proposed", (places) => add(places, true)); // which may lie outside what the map shows

  model
    .start()
    .then(readAddress)
    .then(() => {
      page.ready = true;
      document.documentElement.dataset.ready = "yes";
    })
    .catch(trouble);
})();
