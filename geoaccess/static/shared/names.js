"use strict";
// Names of places on the canvas: as many as have room, those with most people first, as maps/names.py places them on paper.
(function () {
  const { palette } = geoaccess;
  const FONT = '12px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';
  const HIGH = 13;
  const BESIDE = 7; // from a place to its name, pixels
  const APART = 12; // between names
  const CHIEF = 8; // so many are also tried farther off, and then over marks
  const CLOSE = 1 / 40; // pixels of a metre from where hamlets and parts of towns are named
  const MARK = 6;
  const SIDES = [[1, 0], [-1, 0], [0, 1], [0, -1]];
  const FARTHER = [[2.5, false], [4.5, false], [1, true]];
  const SQUARE = 128;

  // Boxes in squares, so that only those near by are looked at.
  function shelf() {
    const squares = new Map();
    const each = (box, visit) => {
      for (let across = Math.floor(box[0] / SQUARE); across <= Math.floor(box[2] / SQUARE); across += 1) {
        for (let up = Math.floor(box[1] / SQUARE); up <= Math.floor(box[3] / SQUARE); up += 1) {
          if (visit(across * 1e6 + up)) return true;
        }
      }
      return false;
    };
    return {
      add(box) {
        each(box, (key) => {
          if (!squares.has(key)) squares.set(key, []);
          squares.get(key).push(box);
          return false;
        });
      },
      meets(box, apart) {
        const wide = [box[0] - apart, box[1] - apart, box[2] + apart, box[3] + apart];
        return each(wide, (key) =>
          (squares.get(key) || []).some((one) => one[0] < wide[2] && one[2] > wide[0] && one[1] < wide[3] && one[3] > wide[1])
        );
      },
    };
  }

  // Where names stand: [row, x, y] of the middle of each that has room. `points` are pixels [x, y], by rank; `taken` are
  // places of marks.
  function placedNames(points, widths, taken) {
    const [names, marks] = [shelf(), shelf()];
    for (const [x, y] of taken) marks.add([x - MARK, y - MARK, x + MARK, y + MARK]);
    const found = [];
    const place = (row) => {
      const [x, y] = points[row];
      for (const [off, over] of row < CHIEF ? [[1, false], ...FARTHER] : [[1, false]]) {
        for (const [across, down] of SIDES) {
          const middleX = x + across * (off * BESIDE + widths[row] / 2);
          const middleY = y + down * (off * BESIDE + HIGH / 2);
          const box = [middleX - widths[row] / 2, middleY - HIGH / 2, middleX + widths[row] / 2, middleY + HIGH / 2];
          if (names.meets(box, APART) || (!over && marks.meets(box, 0))) continue;
          names.add(box);
          found.push([row, middleX, middleY]);
          return;
        }
      }
    };
    for (let row = 0; row < points.length; row += 1) place(row);
    return found;
  }

  function widthsOf(context, places, count) {
    context.font = FONT;
    places.widths = places.widths || [];
    for (let row = places.widths.length; row < count; row += 1) places.widths.push(context.measureText(places.name[row]).width);
    return places.widths;
  }

  // The same names stay while the map is moved: they are placed once for each zoom, in pixels of the whole world.
  function labelsAt(context, view, spots, scale) {
    const { places } = view;
    const count = scale > CLOSE ? places.name.length : places.small;
    const key = `${scale} ${spots.map((site) => `${site.x},${site.y}`).join(" ")}`;
    if (places.kept && places.kept.key === key) return places.kept.labels;
    const at = ({ x, y }) => [x * scale, -y * scale];
    const points = Array.from({ length: count }, (_, row) => at({ x: places.x[row], y: places.y[row] }));
    const labels = placedNames(points, widthsOf(context, places, count), spots.map(at));
    places.kept = { key, labels };
    return labels;
  }

  // `spots` are the places of marks, in metres; `f` the frame of the canvas.
  function paintNames(context, view, spots, f) {
    if (!view.places || !view.places.name.length) return;
    const labels = labelsAt(context, view, spots, f.scale);
    Object.assign(context, { font: FONT, textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 3.5 });
    context.strokeStyle = palette.halo;
    context.fillStyle = palette.ink;
    for (const [row, x, y] of labels) {
      const [left, top] = [x - f.left * f.scale, y + f.top * f.scale];
      if (left < -200 || top < -20 || left > f.width + 200 || top > f.height + 20) continue;
      context.strokeText(view.places.name[row], left, top);
      context.fillText(view.places.name[row], left, top);
    }
  }

  // Whether a box of pixels of the world, as names are placed in, meets a name or a mark.
  function takenBy(context, view, spots, scale, named) {
    const taken = shelf();
    for (const { x, y } of spots) taken.add([x * scale - MARK, -y * scale - MARK, x * scale + MARK, -y * scale + MARK]);
    if (named && view.places && view.places.name.length) {
      for (const [row, x, y] of labelsAt(context, view, spots, scale)) {
        const half = view.places.widths[row] / 2;
        taken.add([x - half, y - HIGH / 2, x + half, y + HIGH / 2]);
      }
    }
    return (box) => taken.meets(box, 1);
  }

  Object.assign(geoaccess, { placedNames, paintNames, takenBy });
})();
