"use strict";
// Times made into colours: bands of travel time, and how it changes; and the rows of their legend.
(function () {
  const { model, talk, UNREACHED } = geoaccess;
  const { say } = talk;
  const EDGES_MIN = [-30, -15, -5, -1, 1, 5, 15, 30];
  // Blue where it becomes shorter, orange-brown where longer: told apart with any kind of colour vision.
  const CHANGE_COLOURS = ["#08306b", "#2171b5", "#6baed6", "#c6dbef", "#d3d0c7", "#fdd0a2", "#fd8d3c", "#d94801", "#7f2704"];
  const FOUND = 9; // newly reached
  const FOUND_COLOUR = "#005a32";

  const unpack = (packed) => {
    const text = atob(packed.data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    return new Int32Array(bytes.buffer);
  };

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

  function changeOf(before, now) {
    const band = new Uint8Array(now.length);
    for (let i = 0; i < now.length; i += 1) {
      if (now[i] < 0) band[i] = before[i] < 0 ? 4 : UNREACHED;
      else if (before[i] < 0) band[i] = FOUND;
      else {
        const minutes = (now[i] - before[i]) / 600;
        let at = 0;
        while (at < EDGES_MIN.length && (at < 4 ? minutes > EDGES_MIN[at] : minutes >= EDGES_MIN[at])) at += 1;
        band[i] = at;
      }
    }
    return band;
  }

  // Colour the squares of a view for an answer, and for the study as it is.
  function apply(view, answer) {
    const spec = model.spec();
    const base = model.base[model.service];
    if (!base || !answer) return;
    base.decoded = base.decoded || unpack(base.times);
    answer.decoded = answer.decoded || unpack(answer.times);
    view.cells.times.before = { band: bandsOf(base.decoded, spec.bands_s), time: base.decoded };
    view.cells.times.now = { band: bandsOf(answer.decoded, spec.bands_s), time: answer.decoded };
    view.cells.times.change = { band: changeOf(base.decoded, answer.decoded), time: answer.decoded };
    view.layers = {
      now: { kind: "time", key: "now", colours: spec.colours },
      before: { kind: "time", key: "before", colours: spec.colours },
      change: { kind: "time", key: "change", colours: [...CHANGE_COLOURS, FOUND_COLOUR] },
    };
  }

  // ---- the legend

  const bandName = (edges, i) => {
    const m = (seconds) => talk.number(seconds / 60, seconds % 60 ? 1 : 0);
    if (i === 0) return say("up_to", { m: m(edges[0]) });
    if (i === edges.length) return say("over", { m: m(edges[i - 1]) });
    return `${m(edges[i - 1])}–${m(edges[i])} ${say("min")}`;
  };

  function peopleBy(view, band) {
    const total = new Map();
    for (let i = 0; i < band.length; i += 1) total.set(band[i], (total.get(band[i]) || 0) + view.cells.people[i]);
    return total;
  }

  // Rows of the legend of what is shown ("now", "before" or "change"): code, colour, name, people.
  function legend(view, shown) {
    const spec = model.spec();
    const { band } = view.cells.times[shown];
    const people = peopleBy(view, band);
    const rows = [];
    if (shown === "change") {
      const names = EDGES_MIN.map((edge, i) => {
        if (i === 0) return `${say("shorter")}: ${say("over", { m: 30 })}`;
        if (i < 4) return `${say("shorter")}: ${-edge}–${-EDGES_MIN[i - 1]} ${say("min")}`;
        if (i === 4) return say("same", { m: 1 });
        return `${say("longer")}: ${EDGES_MIN[i - 1]}–${edge} ${say("min")}`;
      });
      names.push(`${say("longer")}: ${say("over", { m: 30 })}`);
      names.forEach((name, i) => rows.push({ code: i, colour: CHANGE_COLOURS[i], name }));
      if (people.get(FOUND)) rows.unshift({ code: FOUND, colour: FOUND_COLOUR, name: say("reached", { n: "" }).trim() });
      if (people.get(UNREACHED)) rows.push({ code: UNREACHED, name: say("lost", { n: "" }).trim() });
    } else {
      spec.colours.forEach((colourOf, i) => {
        const norm = spec.norms_s.includes(spec.bands_s[i]) ? `${say("norm")} ${talk.number(spec.bands_s[i] / 60)} ${say("min")}` : "";
        rows.push({ code: i, colour: colourOf, name: bandName(spec.bands_s, i), norm });
      });
      if (people.get(UNREACHED)) rows.push({ code: UNREACHED, name: say("not_reached") });
    }
    return rows.map((row) => ({ ...row, people: people.get(row.code) || 0 }));
  }

  geoaccess.colours = { apply, legend, unpack };
})();
