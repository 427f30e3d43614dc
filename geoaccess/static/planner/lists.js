"use strict";
// The lists from which everything on the map can be done without it: offices, ferries and roads; and the card of what is chosen.
(function () {
  const { model, talk, chart, tables } = geoaccess;
  const { say } = talk;
  const { make, button } = tables;
  const byId = (name) => document.getElementById(name);
  const FAR_M = 200; // from where on the walk to a new office is worth a word
  const lists = { filter: "", picked: null };

  const change = (what, site, more) => ({ what, service: model.service, site, ...more });

  function restoreOrRemove(site) {
    if (site.closed) return model.make(change("restore", site.site), "restored");
    return model.make(change("remove", site.site), "closed_office");
  }

  function setDay(site, day, on) {
    const days = on ? [...site.days, day] : site.days.filter((one) => one !== day);
    if (!days.length) return Promise.resolve(false);
    return model.make(change("days", site.site, { days: days.sort() }), "days_changed");
  }

  function dayBoxes(site) {
    const boxes = [0, 1, 2, 3, 4].map((day) => {
      const box = make("input", { type: "checkbox", checked: site.days.includes(day), on: { change: (event) => setDay(site, day, event.target.checked) } });
      // An office is open on one day at least; to be open on none is to be closed.
      box.disabled = site.days.length === 1 && site.days[0] === day;
      box.setAttribute("aria-label", talk.dayLong(day));
      box.dataset.day = day;
      return make("label", { class: "day" }, box, make("span", { "aria-hidden": "true" }, talk.day(day)));
    });
    return make("fieldset", { class: "days" }, make("legend", {}, say("days_open")), ...boxes);
  }

  // ---- the list of offices

  const nameOf = (site) => site.name || site.site;

  function marks(site) {
    const words = [];
    if (site.closed) words.push(say("closed"));
    if (site.added) words.push(say("new_mark"));
    if (!site.closed && site.moved && !site.added) words.push(say("moved_mark"));
    if (!site.closed && site.days.length < 5) words.push(talk.dayCount(site.days.length));
    if (!site.closed && site.off_road) words.push(say("off_road_mark"));
    return words.join(", ");
  }

  function siteRow(site) {
    const name = button("", () => lists.pick({ kind: "site", site: site.site }, true), { class: "link" });
    name.append(nameOf(site));
    const notes = marks(site);
    const row = make("li", { class: site.closed ? "gone" : "" }, make("span", { class: "what" }, name, notes ? make("small", {}, notes) : ""));
    row.dataset.site = site.site;
    if (!site.closed) row.append(button(say("move"), () => startMove(site), { "aria-label": `${say("move")}: ${nameOf(site)}` }));
    const label = site.closed ? say("open_again") : site.added ? say("remove_office") : say("close");
    row.append(button(label, () => restoreOrRemove(site), { "aria-label": `${label}: ${nameOf(site)}` }));
    return row;
  }

  function siteRows(list) {
    const wanted = lists.filter.toLocaleLowerCase();
    const collator = new Intl.Collator(talk.language);
    const changed = (site) => Number(Boolean(site.closed || site.added || site.moved || site.days.length < 5));
    const sites = model
      .sites()
      .filter((site) => nameOf(site).toLocaleLowerCase().includes(wanted))
      .sort((a, b) => changed(b) - changed(a) || collator.compare(nameOf(a), nameOf(b)));
    keepFocus(list, () => list.replaceChildren(...sites.map(siteRow)));
  }

  // A list that is drawn again keeps the focus on the same thing.
  function keepFocus(box, draw) {
    const held = box.contains(document.activeElement) ? document.activeElement : null;
    const label = held && (held.getAttribute("aria-label") || held.textContent);
    const row = held && held.closest("[data-site], [data-way]");
    const key = row && (row.dataset.site || row.dataset.way);
    draw();
    if (!held) return;
    const same = [...box.querySelectorAll("[data-site], [data-way]")].find((one) => (one.dataset.site || one.dataset.way) === key);
    const all = [...(same || box).querySelectorAll("button, input")];
    const again = all.find((one) => (one.getAttribute("aria-label") || one.textContent) === label) || all.at(-1);
    if (again) again.focus();
    else box.closest("[tabindex]")?.focus();
  }

  lists.sites = function (box) {
    const built = `sites ${talk.language} ${model.service}`;
    if (box.dataset.built === built && box.querySelector("ul.sites")) return siteRows(box.querySelector("ul.sites"));
    box.dataset.built = built;
    const list = make("ul", { class: "rows sites" });
    const filter = make("input", { type: "search", value: lists.filter, "aria-label": say("filter"), placeholder: say("filter"), on: { input: (event) => { lists.filter = event.target.value; siteRows(list); } } });
    box.replaceChildren(make("p", { class: "finder" }, filter), list);
    return siteRows(list);
  };

  function startMove(site) {
    chart.goTo(site.lon, site.lat);
    chart.use("move", site.site);
    chart.map.getContainer().focus();
  }

  // ---- ferries and roads

  const isClosed = (way) => model.answer.closed.some((one) => one.way === way || (one.ferries || []).includes(way));
  const wayName = (way) => {
    const together = { name: "closed_name", polygon: "closed_polygon", ferries: "closed_ferries" };
    if (way.kind === "group") return say(together[way.choice], { s: way.name, n: talk.number(way.ways) });
    const ferry = model.study.ferries.find((one) => one.way === way.way);
    if (ferry) return ferry.name || say("ferry");
    return say("road_of", { c: talk.road(way.name), km: talk.number(way.length_m / 1000, 1), w: way.way });
  };
  const toggleWay = (way) =>
    model.make({ what: isClosed(way) ? "open" : "close", way }, isClosed(way) ? "opened_way" : "closed_way");

  function wayRow(way, name, facts, isFerry) {
    const label = isClosed(way) ? say("open_again") : say(isFerry ? "close_ferry" : "close_road");
    const row = make("li", { class: isClosed(way) ? "gone" : "" }, make("span", { class: "what" }, name, facts ? make("small", {}, facts) : ""));
    row.dataset.way = way;
    row.append(button(label, () => toggleWay(way), { "aria-label": `${label}: ${name}` }));
    return row;
  }

  // What closed together opens together.
  function groupRow(group) {
    const name = wayName(group);
    const row = make("li", { class: "gone" }, make("span", { class: "what" }, name));
    row.dataset.way = group.group;
    row.append(button(say("open_again"), () => model.make({ what: "open_group", group: group.group }, "opened_way"), { "aria-label": `${say("open_again")}: ${name}` }));
    return row;
  }

  function ferryFacts(ferry) {
    const facts = [];
    if (ferry.crossing !== null) facts.push(say("crossing", { t: talk.time(60 * ferry.crossing) }));
    if (ferry.wait !== null) facts.push(say("wait", { t: talk.time(60 * ferry.wait) }));
    return facts.join(" · ");
  }

  lists.ways = function (box) {
    box.dataset.built = "ways";
    const collator = new Intl.Collator(talk.language);
    const cars = model.study.ferries.filter((ferry) => ferry.cars).map((ferry) => ({ ...ferry, name: ferry.name || say("ferry") }));
    cars.sort((a, b) => collator.compare(a.name, b.name));
    const roads = model.answer.closed.filter((way) => way.kind === "road");
    const groups = model.answer.closed.filter((way) => way.kind === "group");
    keepFocus(box, () =>
      box.replaceChildren(
        make("ul", { class: "rows" }, ...groups.map(groupRow), ...roads.map((way) => wayRow(way.way, wayName(way), "", false)), ...cars.map((ferry) => wayRow(ferry.way, ferry.name, ferryFacts(ferry), true)))
      )
    );
  };

  // ---- the card of what is chosen

  function siteCard(picked) {
    const site = model.sites().find((one) => one.site === picked.site);
    if (!site) return null;
    const facts = [model.spec().label, site.level, site.proxy ? say("proxy") : ""].filter(Boolean).join(", ");
    const body = [];
    if (site.added) {
      body.push(make("label", { class: "field" }, say("name"), " ", make("input", { type: "text", maxLength: 250, value: site.name, on: { change: (event) => model.rename(site.site, event.target.value.replace(/\p{Cc}/gu, "")) } })));
    }
    if (!site.closed) body.push(dayBoxes(site), ...geoaccess.reach.part(picked));
    const label = site.closed ? say("open_again") : site.added ? say("remove_office") : say("close_office");
    body.push(make("p", { class: "acts" }, site.closed ? "" : button(say("move"), () => startMove(site)), button(label, () => restoreOrRemove(site))));
    const near = site.off_road_m >= FAR_M ? say("off_road", { m: talk.number(site.off_road_m) }) : "";
    const far = site.off_road ? say("off_road_site", { m: talk.number(model.study.snap_m) }) : near;
    return [nameOf(site), [facts, site.note, marks(site), far], body];
  }

  function ferryCard(picked) {
    const ferry = model.study.ferries.find((one) => one.way === picked.way);
    const label = isClosed(picked.way) ? say("open_again") : say("close_ferry");
    return [ferry.name || say("ferry"), [ferryFacts(ferry), isClosed(picked.way) ? say("closed_way") : ""], [make("p", { class: "acts" }, button(label, () => toggleWay(picked.way)))]];
  }

  function roadCard(picked) {
    const label = isClosed(picked.way) ? say("open_again") : say("close_road");
    return [wayName(picked), [isClosed(picked.way) ? say("closed_way") : ""], [make("p", { class: "acts" }, button(label, () => toggleWay(picked.way)))]];
  }

  const partName = (part) => {
    if (part.part === "off_network") return say("off_network");
    if (part.part === "before_start") return say("before_start");
    if (part.part === "road") return talk.road(part.detail);
    return part.part === "wait" ? say("wait", { t: "" }).trim() : part.detail;
  };

  // The parts of a journey with a name and a time, those that follow each other under one name as one, and none that
  // would be shown as no minutes.
  function stepsOf(parts) {
    const steps = [];
    for (const part of parts) {
      const name = partName(part);
      if (steps.length && steps.at(-1)[0] === name) steps.at(-1)[1] += part.time_s;
      else steps.push([name, part.time_s]);
    }
    return steps.filter(([, seconds]) => seconds >= 30);
  }

  function cellCard(picked) {
    const add = button(say("add_here"), () => model.emit("add", picked));
    if (picked.square < 0) return [chart.nameNear(picked) || say("place"), [], [...geoaccess.reach.part(picked), make("p", { class: "acts" }, add)]];
    const facts = chart.cellFacts(picked.square);
    const table = make("ul", { class: "route" });
    for (const found of picked.journeys || []) {
      const steps = stepsOf(found.parts).map(([name, seconds]) => `${name} ${talk.time(seconds)}`);
      const days = picked.journeys.length > 1 || found.days.length < 5 ? `${talk.dayList(found.days)}: ` : "";
      table.append(make("li", {}, make("strong", {}, `${days}${found.name || found.site}, ${talk.time(found.time_s)}`), make("small", {}, steps.join(" · "))));
    }
    return [chart.timeWords(picked.square), [`${facts.people}${facts.zone ? `, ${facts.zone}` : ""}`], [table, ...geoaccess.reach.part(picked), make("p", { class: "acts" }, add)]];
  }

  const cards = { site: siteCard, ferry: ferryCard, road: roadCard, cell: cellCard };

  lists.drawCard = function () {
    const card = byId("card");
    const picked = lists.picked;
    const drawn = picked && model.answer ? cards[picked.kind](picked) : null;
    card.hidden = !drawn;
    if (!drawn) return;
    const [title, facts, body] = drawn;
    const close = button("×", () => lists.pick(null), { class: "close", "aria-label": say("close_box") });
    const draw = () => card.replaceChildren(close, make("h2", { id: "card-name" }, title), ...facts.filter(Boolean).map((text) => make("p", { class: "quiet" }, text)), ...body);
    const held = card.contains(document.activeElement) ? document.activeElement : null;
    const key = held && (held.dataset.day ?? held.textContent);
    draw();
    aside(card, picked);
    if (!held) return;
    const again = [...card.querySelectorAll("input, button")].find((one) => (one.dataset.day ?? one.textContent) === key && !one.disabled);
    (again || card).focus();
  };

  // The card does not lie on what it is about.
  function aside(card, picked) {
    card.classList.remove("right");
    const at = picked.kind === "site" ? model.sites().find((one) => one.site === picked.site) : picked;
    if (!Number.isFinite(at.lat)) return;
    const point = chart.map.latLngToContainerPoint([at.lat, at.lon]);
    const under = point.x < card.offsetLeft + card.offsetWidth + 20 && point.y > card.offsetTop - 20;
    const room = chart.map.getSize().x - card.offsetWidth > card.offsetWidth;
    card.classList.toggle("right", under && room);
    if (under && !room) chart.map.panBy([0, point.y - (card.offsetTop - 60)], { animate: false });
  }

  const journey = model.latest("/api/journey");
  function readJourney() {
    const picked = lists.picked;
    if (!picked || picked.kind !== "cell" || picked.square < 0) return;
    journey({ cell: chart.cellFacts(picked.square).cell }, (found) => {
      if (lists.picked !== picked) return;
      picked.journeys = found;
      chart.route(found);
      lists.drawCard();
      if (found && found.length) geoaccess.announce(`${chart.timeWords(picked.square)}, ${found[0].name || found[0].site}`);
    });
  }

  lists.pick = function (picked, show = false) {
    lists.picked = picked;
    chart.tip(null);
    const site = picked && picked.kind === "site" ? model.sites().find((one) => one.site === picked.site) : null;
    if (site && show) chart.goTo(site.lon, site.lat);
    const at = site || (picked && picked.kind === "cell" ? picked : null);
    chart.pin(at ? { lon: at.lon, lat: at.lat } : null);
    lists.drawCard();
    if (picked) byId("card").focus({ preventScroll: !show });
    if (!picked) geoaccess.reach.shown = "";
    geoaccess.reach.read(picked);
    readJourney();
  };

  lists.afterAnswer = function () {
    const picked = lists.picked;
    if (picked && picked.kind === "site") {
      const site = model.sites().find((one) => one.site === picked.site);
      if (!site) return lists.pick(null);
      chart.pin({ lon: site.lon, lat: site.lat });
    }
    lists.drawCard();
    geoaccess.reach.read(picked);
    return readJourney();
  };

  Object.assign(lists, { wayName, toggleWay });
  geoaccess.lists = lists;
})();
