// The bars: the best classes of the last window, the unnamed one, and the line to beat.

import { element, percent, say, set } from "./dom.js";

const ROWS = 6;
const UNNAMED = "\u0000unnamed";

const SETTLED = 0.04;

/** Best first, but two that are about equal keep their places, so that the rows come to rest. */
function settle(top, before) {
  const order = [...top].sort((one, other) => (before.get(one.id) ?? ROWS) - (before.get(other.id) ?? ROWS));
  for (let pass = 1; pass < order.length; pass += 1) {
    for (let i = 0; i + 1 < order.length; i += 1) {
      const [upper, lower] = [order[i], order[i + 1]];
      if (lower.probability > upper.probability + SETTLED) order.splice(i, 2, lower, upper);
    }
  }
  return order;
}

export function createScores(root, whose) {
  const threshold = element("div", { class: "am-threshold" });
  const rows = new Map();
  let ranks = new Map();
  root.append(threshold);

  function row(id) {
    if (!rows.has(id)) {
      const made = element(
        "div",
        { class: "am-score", "data-unnamed": id === UNNAMED ? "" : null },
        element("span"),
        element("div", { class: "am-bar" }, element("i")),
        element("span"),
      );
      rows.set(id, made);
      root.append(made);
    }
    return rows.get(id);
  }

  function fill(made, { name, share, rank, named }) {
    const [label, bar, odds] = made.children;
    say(label, name);
    set(label, "title", name);
    say(odds, share === null ? "" : percent(share));
    bar.firstChild.style.setProperty("--share", (share ?? 0).toFixed(3));
    made.style.setProperty("--rank", rank);
    set(made, "data-named", named ? "" : null);
  }

  return {
    /** @param scores {top, unknown, threshold, named, track, people} of the person captioned, or null */
    update(scores, actions) {
      const top = scores?.top ?? actions.map(({ id, name }) => ({ id, name, probability: null }));
      const shown = settle(top.slice(0, ROWS), ranks);
      ranks = new Map(shown.map(({ id }, rank) => [id, rank]));
      const kept = new Set([UNNAMED, ...shown.map((entry) => entry.id)]);
      for (const [id, made] of rows) {
        if (!kept.has(id)) {
          made.remove();
          rows.delete(id);
        }
      }
      shown.forEach(({ id, name, probability }, rank) => {
        fill(row(id), { name, share: probability, rank, named: id === scores?.named });
      });
      const unknown = scores?.unknown ?? null;
      fill(row(UNNAMED), { name: "unnamed", share: unknown, rank: shown.length, named: false });
      root.style.setProperty("--rows", shown.length + 1);
      threshold.style.setProperty("--share", (scores?.threshold ?? 0).toFixed(3));
      set(threshold, "hidden", scores ? null : "");
      const who = scores?.people > 1 ? `person ${scores.track + 1}, ` : "";
      say(whose, scores ? `${who}named from ${percent(scores.threshold)}` : "");
      set(whose, "data-line", scores ? "" : null);
    },
  };
}
