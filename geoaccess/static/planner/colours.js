"use strict";
// Times made into colours: bands of travel time, and how it changes; and the rows of their legend.
(function () {
  const { model, talk, palette, unpack, UNREACHED } = geoaccess;
  const { say } = talk;
  // Blue where it becomes shorter, orange-brown where longer: distinguishable with any kind of colour vision.
  const CHANGE_COLOURS = palette.change;
  const [FOUND, LOST] = [9, 10]; // newly reached, no longer reached
  const FOUND_COLOURS = [palette.newly_reached, palette.newly_lost];

  function bandsOf(times, edges_s) {
    const band = new Uint8Array(times.length);
    for (let i = 0; i < times.length; i += 1) {
      if (times[i] < 0) band[i] = UNREACHED;
      else {
        let at = 0;
        while (at < edges_s.length && times[i] > edges_s[at] * 10) at += 1;
        band[i] = at;
      }
    }
    return band;
  }

  // The classes of the service, as they are broken now.
  const classes = () => {
    const { breaks } = model.spec();
    return breaks[model.breaks] || breaks.norms;
  };

  function changeOf(before, now) {
    const edges = model.study.change_edges_min;
    const band = new Uint8Array(now.length);
    for (let i = 0; i < now.length; i += 1) {
      if (now[i] < 0) band[i] = before[i] < 0 ? UNREACHED : LOST;
      else if (before[i] < 0) band[i] = FOUND;
      else {
        const minutes = (now[i] - before[i]) / 600;
        let at = 0;
        while (at < edges.length && (at < 4 ? minutes > edges[at] : minutes >= edges[at])) at += 1;
        band[i] = at;
      }
    }
    return band;
  }

  // Colour the squares of a view for an answer, and for the study as it is.
  function apply(view, answer) {
    const { edges_s: edges, colours } = classes();
    const base = model.base[model.service];
    if (!base || !answer) return;
    base.decoded = base.decoded || unpack(base.times);
    answer.decoded = answer.decoded || unpack(answer.times);
    view.cells.times.before = { band: bandsOf(base.decoded, edges), time: base.decoded };
    view.cells.times.now = { band: bandsOf(answer.decoded, edges), time: answer.decoded };
    view.cells.times.change = { band: changeOf(base.decoded, answer.decoded), time: answer.decoded };
    view.layers = {
      now: { kind: "time", key: "now", colours },
      before: { kind: "time", key: "before", colours },
      change: { kind: "time", key: "change", colours: [...CHANGE_COLOURS, ...FOUND_COLOURS] },
    };
  }

  // ---- the legend

  const bandName = (edges, i) => {
    const m = (seconds) => talk.number(seconds / 60, seconds % 60 ? 1 : 0);
    if (i === 0) return say("up_to", { m: m(edges[0]) });
    if (i === edges.length) return say("over", { m: m(edges[i - 1]) });
    return `${m(edges[i - 1])}–${m(edges[i])} ${say("min")}`;
  };

  function changeRows(people) {
    const edges = model.study.change_edges_min;
    const last = edges.at(-1);
    const names = edges.map((edge, i) => {
      if (i === 0) return `${say("shorter")}: ${say("over", { m: last })}`;
      if (i < 4) return `${say("shorter")}: ${-edge}–${-edges[i - 1]} ${say("min")}`;
      if (i === 4) return say("same", { m: edge });
      return `${say("longer")}: ${edges[i - 1]}–${edge} ${say("min")}`;
    });
    names.push(`${say("longer")}: ${say("over", { m: last })}`);
    const rows = names.map((name, i) => ({ name, colour: CHANGE_COLOURS[i], people: people[i] }));
    rows.unshift({ name: say("newly_reached"), colour: FOUND_COLOURS[0], people: people[FOUND], rare: true });
    rows.push({ name: say("newly_lost"), colour: FOUND_COLOURS[1], people: people[LOST], rare: true });
    rows.push({ name: say("never_reached"), people: people[LOST + 1], rare: true });
    return rows;
  }

  function timeRows(people) {
    const spec = model.spec();
    const { edges_s: edges, colours } = classes();
    const rows = colours.map((colour, i) => {
      const norm = spec.norms_s.flat().includes(edges[i]) ? `${say("norm")} ${talk.norm([edges[i]])} ${say("min")}` : "";
      return { name: bandName(edges, i), colour, norm, people: people[i] };
    });
    return [...rows, { name: say("not_reached"), people: people.at(-1), rare: true }];
  }

  // Rows of the legend of what is shown ("now", "before" or "change"): colour (none: hatched), name, norm, people.
  function legend(shown) {
    const rows = shown === "change" ? changeRows(model.answer.people.change) : timeRows((shown === "before" ? model.base[model.service] : model.answer).people.now);
    return rows.filter((row) => !row.rare || row.people > 0);
  }

  geoaccess.colours = { apply, legend, bandsOf, changeOf };
})();
