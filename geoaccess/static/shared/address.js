"use strict";
// The view in the address of a page, so that whoever opens it sees the same: `#service=gp&z=9&lat=69.36&lon=17.03&at=69.36/17.03`.
(function () {
  const numbers = (values, count) => {
    const found = values.map((value) => (value === null || value.trim() === "" ? NaN : Number(value)));
    return found.length === count && found.every(Number.isFinite) ? found : null;
  };

  // Of cells, as a share; what makes no sense is as if it were not there.
  const opacityOf = (percent) => (percent && percent >= 20 && percent <= 100 ? Number(percent) / 100 : 1);

  // What the address says; what makes no sense is as if it were not there. `layer` and `view=z/lat/lon` are older words.
  function read(hash = window.location.hash) {
    const given = new URLSearchParams(hash.slice(1));
    const parted = (name) => (given.get(name) || "").split("/");
    const place = numbers(["z", "lat", "lon"].map((name) => given.get(name)), 3) || numbers(parted("view"), 3);
    const onEarth = (at) => (at && Math.abs(at[0]) <= 90 && Math.abs(at[1]) <= 180 ? at : null);
    return {
      service: given.get("service") ?? given.get("layer") ?? "",
      view: place && onEarth(place.slice(1)) ? { zoom: place[0], lat: place[1], lon: place[2] } : null,
      at: onEarth(numbers(parted("at"), 2)),
      shown: given.get("shown") || "",
      breaks: given.get("breaks") || "",
      opacity: opacityOf(given.get("opacity")),
      language: given.get("language") || "",
      hidden: new Set((given.get("hide") || "").split(",").filter(Boolean)),
    };
  }

  function hashOf({ service, zoom, lat, lon, at = null, shown = "", breaks = "", opacity = 1, language = "", hidden = [] }) {
    const parts = [`service=${encodeURIComponent(service)}`, `z=${zoom}`, `lat=${lat.toFixed(4)}`, `lon=${lon.toFixed(4)}`];
    if (shown) parts.push(`shown=${encodeURIComponent(shown)}`);
    if (breaks) parts.push(`breaks=${encodeURIComponent(breaks)}`);
    if (opacity < 1) parts.push(`opacity=${Math.round(100 * opacity)}`);
    if (language) parts.push(`language=${encodeURIComponent(language)}`);
    if (hidden.length) parts.push(`hide=${[...hidden].sort().map(encodeURIComponent).join(",")}`);
    if (at) parts.push(`at=${at.lat.toFixed(4)}/${at.lon.toFixed(4)}`);
    return `#${parts.join("&")}`;
  }

  function write(view) {
    try {
      window.history.replaceState(window.history.state, "", hashOf(view));
    } catch {
      // A browser that forbids this for local files still shows the map.
    }
  }

  geoaccess.address = { read, write, hashOf };
})();
