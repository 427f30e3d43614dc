"use strict";
// The map as a picture: made here, from what is shown.
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
    const copy = (drawn) => context.drawImage(drawn, corner.x * dense, corner.y * dense, size.x * dense, size.y * dense, 0, 0, size.x, size.y);
    copy(chart.canvas());
    const at = (place) => chart.map.latLngToContainerPoint(place);
    drawClosed(context, at);
    copy(chart.namesCanvas());
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
})();
