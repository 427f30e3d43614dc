"use strict";
// A search box over places, municipalities and sites. Names from the data only ever become text nodes.
(function () {
  // Letters that are no sign on another letter: o with a stroke, ae, oe, eth, d with a stroke, thorn, sharp s, eng, t and l with a
  // stroke, i without its dot.
  const LETTERS = { "\u00f8": "o", "\u00e6": "ae", "\u0153": "oe", "\u00f0": "d", "\u0111": "d", "\u00fe": "th", "\u00df": "ss", "\u014b": "n", "\u0167": "t", "\u0142": "l", "\u0131": "i" };
  const MOST = 8;

  // A name as people without the keys for it type it: with and without its accents and strokes it is the same.
  const fold = (text) =>
    text
      .toLowerCase()
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .replace(/[^\x20-\x7f]/g, (letter) => LETTERS[letter] ?? letter)
      .trim();

  // How well a name answers what was typed: 0 is the name itself, then its beginning, the beginning of a word, a part of it.
  function rankOf(name, wanted) {
    if (name === wanted) return 0;
    if (name.startsWith(wanted)) return 1;
    const at = name.indexOf(wanted);
    if (at < 0) return Infinity;
    return /[^\p{L}\p{N}]/u.test(name[at - 1]) ? 2 : 3;
  }

  // An entry has a name and other names; what is found comes best first, and among equals in the order of the entries.
  function search(entries, typed, most = MOST) {
    const wanted = fold(typed);
    if (!wanted) return [];
    const found = [];
    entries.forEach((entry, i) => {
      entry.folded = entry.folded || [entry.name, ...entry.others].map(fold);
      const ranks = entry.folded.map((name) => rankOf(name, wanted));
      const best = Math.min(...ranks);
      if (Number.isFinite(best)) found.push([best, i, entry, ranks.indexOf(best)]);
    });
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    // What was found by another name says so.
    return found.slice(0, most).map(([, , entry, at]) => ({ entry, by: at ? entry.others[at - 1] : "" }));
  }

  // Places and municipalities of a view as entries; those without a box have no people.
  function entriesOf(view, zoneWord) {
    const { places, boxes } = view;
    const named = places.name.map((name, row) => ({
      kind: "place",
      name,
      others: places.alt[row].split("; ").filter(Boolean),
      detail: places.zone[row] === name ? "" : places.zone[row],
      x: places.x[row],
      y: places.y[row],
    }));
    const zones = view.municipalities.map((name, i) => ({ kind: "zone", name, others: [], detail: zoneWord, box: boxes[i] || [] }));
    return [...named, ...zones.filter((entry) => entry.name && entry.box.length)];
  }

  const lonLat = (x, y) => L.CRS.EPSG3857.unproject(L.point(x, y));

  // Show what was found on a map: a municipality whole, a place or site close enough to see the places around it.
  function goTo(map, entry) {
    if (entry.box) {
      const [west, south, east, north] = entry.box;
      map.fitBounds(L.latLngBounds(lonLat(west, south), lonLat(east, north)), { animate: false, padding: [24, 24] });
    } else map.setView(lonLat(entry.x, entry.y), Math.max(map.getZoom(), 11), { animate: false });
  }

  // Make an input and a list behave as one box. `entries()` are looked through, `pick` is called with the one that is chosen.
  function searchBox(input, list, { entries, pick, say }) {
    let shown = [];
    let active = -1;

    function mark(at) {
      active = at;
      [...list.querySelectorAll("[role=option]")].forEach((option, i) => option.setAttribute("aria-selected", i === at));
      if (at < 0) input.removeAttribute("aria-activedescendant");
      else input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    }

    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
    }

    function choose(at) {
      const found = shown[at];
      if (!found) return;
      input.value = found.entry.name;
      close();
      pick(found.entry);
    }

    function row({ entry, by }, i) {
      const option = document.createElement("li");
      option.id = `${list.id}-${i}`;
      option.setAttribute("role", "option");
      const small = document.createElement("small");
      small.textContent = [by, entry.detail].filter(Boolean).join(" · ");
      option.append(entry.name, " ", small);
      option.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
      option.addEventListener("click", () => choose(i));
      return option;
    }

    function show() {
      shown = search(entries(), input.value);
      const none = document.createElement("li");
      none.textContent = say("search_none");
      list.replaceChildren(...(shown.length ? shown.map(row) : [none]));
      list.hidden = !input.value.trim();
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark(shown.length ? 0 : -1);
    }

    for (const [name, value] of Object.entries({ role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) {
      input.setAttribute(name, value);
    }
    list.setAttribute("role", "listbox");
    input.addEventListener("input", show);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose(active);
      else if (event.key === "Escape" && !list.hidden) close();
      else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden && shown.length) {
        mark((active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    const words = () => {
      input.placeholder = say("search");
      input.setAttribute("aria-label", say("search"));
      list.setAttribute("aria-label", say("search"));
    };
    words();
    return { words };
  }

  Object.assign(geoaccess, { fold, search, entriesOf, goTo, lonLat, searchBox });
})();
