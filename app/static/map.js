// The actions as a map: near each other where they look alike to the program.

import { api } from "./api.js";
import { element, say, set, shape } from "./dom.js";

const WIDTH = 640, HEIGHT = 400, MARGIN = 40, LINE = 15;

export function createMap(box) {
  const words = element("p", { class: "am-lead", role: "status", "aria-live": "polite" });
  const sheet = element("div", { class: "am-map" });
  const key = element("p", { class: "am-small" }, "Ring: where the description lies. Dot: where the action lies now, moved by what people have shown.");
  box.append(words, sheet, key);

  return {
    async open() {
      const { map, error } = await api.map();
      set(words, "data-wrong", error ? "" : null);
      if (error) return say(words, error);
      const rest = map.total > map.ids.length ? ` The oldest ${map.ids.length} of ${map.total} are shown.` : "";
      say(words, map.ids.length ? `These two dimensions show ${Math.round(100 * map.kept)} % of what tells the actions apart.${rest}` : "No action yet.");
      return sheet.replaceChildren(draw(map));
    },
  };
}

function draw({ names, texts, prototypes }) {
  const points = [...texts, ...prototypes];
  const place = fit(points);
  const taken = [];
  const marks = names.flatMap((name, n) => {
    const [from, to] = [place(texts[n]), place(prototypes[n])];
    const label = free(taken, to, name);
    return [
      shape("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: "am-map-way" }),
      shape("circle", { cx: from[0], cy: from[1], r: 6, class: "am-map-text" }),
      shape("circle", { cx: to[0], cy: to[1], r: 4, class: "am-map-now" }),
      shape("text", { x: label.x, y: label.y, "text-anchor": label.end ? "end" : "start" }, name.length > 24 ? `${name.slice(0, 23)}…` : name),
    ];
  });
  return shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `A map of ${names.length} actions; the tab “How alike” has the same in numbers` }, ...marks);
}

/** From the map's plane to the drawing, both axes by one scale. */
function fit(points) {
  const spans = [0, 1].map((axis) => {
    const values = points.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const room = [WIDTH - 2 * MARGIN - 80, HEIGHT - 2 * MARGIN];
  const scale = Math.min(...spans.map(([low, high], axis) => room[axis] / Math.max(1e-6, high - low)));
  return ([x, y]) => [WIDTH / 2 + (x - (spans[0][0] + spans[0][1]) / 2) * scale, HEIGHT / 2 - (y - (spans[1][0] + spans[1][1]) / 2) * scale];
}

/** A place for a name beside its dot that no other name has. */
function free(taken, [x, y], name) {
  const end = x > WIDTH * 0.6;
  const width = 7.5 * Math.min(24, name.length);
  const left = end ? x - 10 - width : x + 10;
  let row = y + 5;
  for (let tries = 0; tries < 12 && taken.some((one) => Math.abs(one.row - row) < LINE && left < one.left + one.width && one.left < left + width); tries += 1) {
    row = y + 5 + LINE * Math.ceil((tries + 1) / 2) * (tries % 2 ? -1 : 1);
  }
  taken.push({ row, left, width });
  return { x: end ? x - 10 : x + 10, y: row, end };
}
