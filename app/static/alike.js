// How alike the actions are to the program: what may be taken for what.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

const MOST = 14; // more cannot be read
const PAIRS = 3;

export function createAlike(box) {
  const words = element("p", { class: "am-lead", role: "status", "aria-live": "polite" });
  const sheet = element("div", { class: "am-alike", tabindex: "0", role: "group", "aria-label": "Table of how alike the actions are" });
  const key = element("p", { class: "am-small" }, "1 is the same to the program, 0 and less has nothing in common. Describe two that are alike in different words, or show an example of each.");
  box.append(words, sheet, key);

  return {
    async open() {
      const { map, error } = await api.map();
      set(words, "data-wrong", error ? "" : null);
      if (error) return say(words, error);
      const pairs = pairsOf(map);
      const worst = pairs.slice(0, PAIRS).map(({ one, other, cosine }) => `“${map.names[one]}” and “${map.names[other]}” (${cosine.toFixed(2)})`);
      say(words, worst.length ? `Most alike: ${worst.join(", ")}.` : "Two actions make a pair: add another one.");
      return sheet.replaceChildren(table(map, chosen(map, pairs)));
    },
  };
}

/** Every pair, most alike first. */
function pairsOf({ cosines }) {
  const pairs = cosines.flatMap((row, one) => row.slice(one + 1).map((cosine, n) => ({ one, other: one + 1 + n, cosine })));
  return pairs.sort((first, second) => second.cosine - first.cosine);
}

/** Those of the most alike pairs, in the order of the list. */
function chosen({ names }, pairs) {
  const picked = new Set();
  for (const { one, other } of pairs) {
    if (picked.size + 2 > MOST) break;
    picked.add(one).add(other);
  }
  return names.map((_, n) => n).filter((n) => names.length <= MOST || picked.has(n));
}

function table({ names, cosines }, shown) {
  const heads = shown.map((n) => element("th", { scope: "col" }, element("span", { title: names[n] }, names[n])));
  const rows = shown.map((n) =>
    element("tr", {}, element("th", { scope: "row", title: names[n] }, names[n]), ...shown.map((m) => cell(cosines[n][m], n === m))),
  );
  return element("table", {}, element("thead", {}, element("tr", {}, element("td"), ...heads)), element("tbody", {}, ...rows));
}

function cell(cosine, itself) {
  if (itself) return element("td", { class: "am-itself" }, "–");
  const share = Math.max(0, Math.min(1, cosine));
  return element("td", { style: `--share: ${Math.round(100 * share)}%`, "data-high": share > 0.55 ? "" : null }, cosine.toFixed(2));
}
