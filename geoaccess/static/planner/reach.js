"use strict";
// Around the site or place that is chosen: the areas within some minutes, or whom the site is the nearest for.
(function () {
  const { model, talk, chart, tables, unpack } = geoaccess;
  const { say } = talk;
  const { make, button } = tables;
  const reach = { shown: "" }; // "areas" or "catchment", and stays for what is chosen next
  let found = null; // the answer, of `found.picked`

  const fits = (picked) => picked && (picked.kind === "site" || (picked.kind === "cell" && reach.shown === "areas"));
  const askers = { site: model.latest("/api/areas/site"), cell: model.latest("/api/areas/place"), catchment: model.latest("/api/catchment") };

  function draw() {
    const areas = found && found.areas;
    chart.areas(areas || []);
    chart.lit(found && found.catchment ? found.catchment.lit : null);
  }

  // Ask for what is shown of what is chosen, and forget what was shown of anything else.
  reach.read = function (picked) {
    const site = picked && picked.kind === "site" && model.sites().find((one) => one.site === picked.site);
    const asking = reach.shown && fits(picked) && !(site && site.closed);
    if (!asking || !found || found.picked !== picked || !found[reach.shown]) {
      found = null;
      draw();
    }
    if (!asking) return;
    const about = site ? { site: site.site } : { lon: picked.lon, lat: picked.lat };
    const [wanted, changes] = [reach.shown, model.changes];
    askers[wanted === "areas" ? picked.kind : wanted](about, (answer, error) => {
      if (geoaccess.lists.picked !== picked || reach.shown !== wanted || model.changes !== changes) return;
      if (wanted === "catchment" && answer) answer.lit = unpack(answer.squares);
      found = answer ? { picked, [wanted]: answer } : { picked, why: error ? geoaccess.why(error) : "" };
      draw();
      geoaccess.lists.drawCard();
      if (answer) geoaccess.announce(spoken(answer, wanted));
    });
  };

  reach.use = function (name) {
    reach.shown = reach.shown === name ? "" : name;
    reach.read(geoaccess.lists.picked);
    geoaccess.lists.drawCard();
  };

  // ---- in words

  const minutesOf = (area) => say("up_to", { m: talk.number(area.minutes, area.minutes % 1 ? 1 : 0) });
  const inNorm = (norm) => say("in_norm", { n: talk.norm(norm) });

  function spoken(answer, wanted) {
    if (wanted === "areas") return answer.map((area) => `${minutesOf(area)}: ${say("people_n", { n: talk.number(area.people) })}`).join("; ");
    const parts = [say("people_n", { n: talk.number(answer.people) }), ...answer.norms_s.map((norm, i) => `${inNorm(norm)}: ${talk.number(answer.within[i])}`)];
    return parts.join("; ");
  }

  function table(caption, heads, rows) {
    return make(
      "table",
      { class: "figures reach" },
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...rows.map(([first, ...others]) => make("tr", {}, make("th", { scope: "row" }, first), ...others.map((text) => make("td", {}, text)))))
    );
  }

  function answerOf(picked) {
    if (!reach.shown || !fits(picked)) return "";
    if (!found || found.picked !== picked) return make("p", { class: "quiet" }, say("waiting"));
    if (found.areas) {
      const rows = found.areas.map((area) => [minutesOf(area), talk.number(area.people), talk.share(area.share), talk.number(area.km2, area.km2 < 10 ? 1 : 0)]);
      return table(say(model.spec().direction === "to_sites" ? "areas_to" : "areas_from"), ["", say("people"), say("share"), "km²"], rows);
    }
    if (found.catchment) {
      const { people, mean_s, norms_s, within } = found.catchment;
      const part = (value) => (people > 0 ? talk.share(value / people) : "–");
      const rows = [[say("people"), talk.number(people), ""], [say("mean"), talk.time(mean_s, 1), ""], ...norms_s.map((norm, i) => [inNorm(norm), talk.number(within[i]), part(within[i])])];
      return table(say("catchment_of"), ["", "", ""], rows);
    }
    return make("p", { class: "note" }, found.why);
  }

  // What stands on the card of what is chosen: the two buttons, and the answer.
  reach.part = function (picked) {
    const toggle = (name, key) => button(say(key), () => reach.use(name), { "aria-pressed": reach.shown === name });
    const toggles = [toggle("areas", "areas"), picked.kind === "site" ? toggle("catchment", "catchment") : ""];
    return [make("p", { class: "acts" }, ...toggles), answerOf(picked)];
  };

  geoaccess.reach = reach;
})();
