"use strict";
// The map as a picture, and the plan as a page to print: made here, from what is shown.
(function () {
  const { model, talk, chart, tables, palette } = geoaccess;
  const { say } = talk;
  const { make } = tables;
  const DENSE = 2;
  const SIDE = 380;
  const PAD = 20;
  const FONT = 'system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';

  function wrapped(context, text, width) {
    const lines = [];
    let line = "";
    for (const word of text.split(/\s+/)) {
      const longer = line ? `${line} ${word}` : word;
      if (line && context.measureText(longer).width > width) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    return [...lines, line];
  }

  // Write text from a place downwards; returns where the next line begins.
  function write(context, text, x, y, { size = 15, weight = 400, colour = palette.ink, width = 1e9 } = {}) {
    context.font = `${weight} ${size}px ${FONT}`;
    context.fillStyle = colour;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    let at = y;
    for (const line of wrapped(context, text, width)) {
      at += size * 1.3;
      context.fillText(line, x, at);
    }
    return at;
  }

  function drawSites(context, at) {
    for (const site of model.sites()) {
      const { x, y } = at([site.lat, site.lon]);
      const special = site.closed || site.added || site.days.length < 5;
      if (!special) {
        geoaccess.mark(context, x, y, site.proxy, site.proxy ? 4.5 : 5);
        continue;
      }
      context.beginPath();
      if (site.added) context.rect(x - 9, y - 9, 18, 18);
      else context.arc(x, y, 9, 0, 2 * Math.PI);
      const filled = site.added && site.days.length === 5;
      context.fillStyle = filled ? palette.ink : palette.paper;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = site.added || site.closed ? palette.ink : palette.site;
      context.stroke();
      context.font = `700 13px ${FONT}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillStyle = filled ? palette.paper : context.strokeStyle;
      context.fillText(site.closed ? "×" : site.days.length < 5 ? site.days.length : "+", x, y + 1);
    }
  }

  function drawClosed(context, at) {
    context.lineJoin = "round";
    for (const [colour, width, dash] of [[palette.paper, 8, []], [palette.ink, 4, [2, 7]]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      context.setLineDash(dash);
      for (const way of model.answer.closed) {
        for (const line of way.lines) {
          context.beginPath();
          line.forEach(([lon, lat], i) => {
            const { x, y } = at([lat, lon]);
            if (i) context.lineTo(x, y);
            else context.moveTo(x, y);
          });
          context.stroke();
        }
      }
    }
    context.setLineDash([]);
  }

  // What the map shows now, in one of the views.
  function mapCanvas(view) {
    const shown = chart.view;
    chart.pin(null);
    chart.show(view);
    const size = chart.map.getSize();
    const { bounds, dense } = chart.frame();
    const corner = chart.map.containerPointToLayerPoint([0, 0]).subtract(bounds.min);
    const canvas = make("canvas", { width: size.x * DENSE, height: size.y * DENSE });
    const context = canvas.getContext("2d");
    context.scale(DENSE, DENSE);
    context.drawImage(chart.canvas(), corner.x * dense, corner.y * dense, size.x * dense, size.y * dense, 0, 0, size.x, size.y);
    const at = (place) => chart.map.latLngToContainerPoint(place);
    drawClosed(context, at);
    drawSites(context, at);
    const rows = chart.legend();
    chart.show(shown);
    return { canvas, size, rows };
  }

  function drawLegend(context, rows, x, top, width) {
    let y = top;
    for (const row of rows) {
      context.fillStyle = row.colour || palette.ink;
      context.fillRect(x, y + 5, 26, 16);
      context.lineWidth = 1;
      context.strokeStyle = palette.shade;
      context.strokeRect(x, y + 5, 26, 16);
      write(context, row.norm ? `${row.name} (${row.norm})` : row.name, x + 36, y, { size: 14 });
      context.textAlign = "right";
      context.font = `400 14px ${FONT}`;
      context.fillText(talk.number(row.people), x + width, y + 18.2);
      y += 25;
    }
    return y;
  }

  const caption = (view) =>
    view === "change" ? say(model.spec().from_call ? "change_of_response" : "change_of", { s: model.spec().label }) : `${say(model.spec().from_call ? "response_time" : "travel_time", { s: model.spec().label })} (${say(view).toLocaleLowerCase(talk.language)})`;

  geoaccess.picture = function (view) {
    const { canvas: map, size, rows } = mapCanvas(view);
    const { study } = model;
    const width = size.x + SIDE;
    const inner = SIDE - 2 * PAD;
    const canvas = make("canvas", {});
    const context = canvas.getContext("2d");
    // Once to find out how high it becomes, once to draw.
    const draw = () => {
      let head = write(context, model.title ? `${study.title}: ${model.title}` : study.title, PAD, 8, { size: 24, weight: 700, width: width - 2 * PAD });
      if (study.subtitle) head = write(context, study.subtitle, PAD, head, { colour: palette.quiet, width: width - 2 * PAD });
      if (study.disclaimer) head = write(context, study.disclaimer, PAD, head + 4, { weight: 700, colour: palette.warning, width: width - 2 * PAD });
      const top = head + 14;
      context.drawImage(map, 0, top, size.x, size.y);
      const x = size.x + PAD;
      let side = write(context, caption(view), x, top, { size: 16, weight: 700, width: inner });
      side = drawLegend(context, rows, x, side + 6, inner);
      if (model.changes.length) {
        side = write(context, say("effect"), x, side + 14, { size: 16, weight: 700, width: inner });
        for (const line of tables.spoken(model.answer).split("; ")) side = write(context, line, x, side + 2, { width: inner });
      }
      const foot = Math.max(top + size.y, side + 10) + 4;
      return write(context, `${say("attribution")}: ${study.attribution}`, PAD, foot, { size: 11, colour: palette.quiet, width: width - 2 * PAD }) + 12;
    };
    const height = Math.ceil(draw());
    canvas.width = width * DENSE;
    canvas.height = height * DENSE;
    context.scale(DENSE, DENSE);
    context.fillStyle = palette.paper;
    context.fillRect(0, 0, width, height);
    draw();
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  };

  // ---- the page to print: no script, nothing loaded, text as text

  const STYLE = `body{max-width:60rem;margin:1.5rem auto;padding:0 1rem;font:1rem/1.4 system-ui,"Noto Sans","DejaVu Sans",sans-serif;color:${palette.ink}}
h1{margin:0}h2{margin:1.2rem 0 .4rem;font-size:1.15rem}p{margin:.3rem 0}.quiet,footer,small{color:${palette.quiet}}
.warn{padding:.4rem .8rem;border-left:.4rem solid ${palette.warning};background:${palette.warning_wash};font-weight:600}
img{max-width:100%;border:1px solid ${palette.line}}figure{margin:0 0 1rem}figcaption{font-weight:600}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;margin-bottom:1rem;page-break-inside:auto}
caption{text-align:left;font-weight:700;padding:.3rem 0}th,td{padding:.15rem .4rem;border-top:1px solid ${palette.line};text-align:right;vertical-align:top;font-weight:400}
th:first-child{text-align:left}td small{display:block}tr{page-break-inside:avoid}.key td:first-child,.key th{text-align:left}
.swatch{display:inline-block;width:1.4em;height:1em;border:1px solid ${palette.control};vertical-align:-.1em;margin-right:.5em}`;

  function changeLines() {
    const lines = [];
    for (const site of model.sites()) {
      const name = site.name || site.site;
      const at = `${talk.number(site.lat, 4)}, ${talk.number(site.lon, 4)}`;
      const days = !site.closed && site.days.length < 5 ? `, ${talk.dayList(site.days)}` : "";
      if (site.closed) lines.push(`${say("closed_office")}: ${name}`);
      else if (site.added) lines.push(`${say("added")}: ${name} (${at})${days}`);
      else if (site.moved) lines.push(`${say("moved")}: ${name} (${at})${days}`);
      else if (days) lines.push(`${say("days_changed")}: ${name}${days}`);
    }
    for (const way of model.answer.closed) lines.push(`${say("closed_way")}: ${geoaccess.lists.wayName(way)}`);
    return lines;
  }

  function figure(view) {
    const { canvas, rows } = mapCanvas(view);
    const key = rows.map((row) => {
      const swatch = make("span", { class: "swatch" });
      swatch.style.backgroundColor = row.colour || palette.ink;
      return make("tr", {}, make("th", { scope: "row" }, swatch, row.name, row.norm ? ` (${row.norm})` : ""), make("td", {}, talk.number(row.people)));
    });
    return make(
      "figure",
      {},
      make("figcaption", {}, caption(view)),
      make("img", { src: canvas.toDataURL("image/png"), alt: caption(view) }),
      make("table", { class: "key" }, make("tbody", {}, ...key))
    );
  }

  geoaccess.report = function () {
    const { study } = model;
    const [figures, zones] = [make("div", {}), make("div", {})];
    tables.figures(figures);
    const filter = tables.filter;
    tables.filter = "";
    tables.municipalities(zones);
    tables.filter = filter;
    const finder = zones.querySelector(".finder");
    if (finder) finder.remove();
    const body = make("body", {});
    const lines = changeLines();
    body.append(
      make("h1", {}, model.title || study.title),
      make("p", { class: "quiet" }, [model.title ? study.title : "", study.subtitle, model.spec().label].filter(Boolean).join(" · ")),
      study.disclaimer ? make("p", { class: "warn" }, study.disclaimer) : "",
      make("h2", {}, say("changes")),
      lines.length ? make("ul", {}, ...lines.map((line) => make("li", {}, line))) : make("p", {}, say("no_change")),
      make("h2", {}, say("effect")),
      make("ul", {}, ...tables.spoken(model.answer).split("; ").map((line) => make("li", {}, line))),
      model.changes.length ? figure("change") : "",
      figure("now"),
      figures,
      make("h2", {}, say("municipalities")),
      zones,
      make("footer", {}, `${say("attribution")}: ${study.attribution}`)
    );
    for (const element of body.querySelectorAll("[id]")) element.removeAttribute("id");
    const title = make("title", {}, model.title || study.title);
    const policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">";
    const page = `<!DOCTYPE html>\n<html lang="${talk.language}"><head><meta charset="utf-8">${policy}${title.outerHTML}<style>${STYLE}</style></head>${body.outerHTML}</html>\n`;
    return new Blob([page], { type: "text/html" });
  };
})();
