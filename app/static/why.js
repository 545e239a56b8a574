// Why this caption: a figure whose joints shine where they made it, and a strip of the window's time.

import { api } from "./api.js";
import { element, say, seconds, set, shape } from "./dom.js";

const MENTIONED = 3;
const LEAST = 0.15; // of the largest share: less is not worth a word
const SIZE = 200; // units of the drawing to a metre
const HEAD = 3;

export function createWhy(box, { captioned }) {
  const words = element("p", { class: "am-lead", role: "status", "aria-live": "polite" });
  const figure = element("div", { class: "am-why-figure" });
  const strip = element("div", { class: "am-why-strip", role: "img" });
  const ends = element("p", { class: "am-why-ends" }, element("span"), element("span", {}, "the caption"));
  const again = element("button", { type: "button", class: "am-go", onclick: explain }, "Explain what is done now");
  const small = element(
    "p",
    { class: "am-small" },
    "Each joint was held still in turn, then each stretch of time: the brighter, the more the caption's lead shrank. A hint, not a proof.",
  );
  box.append(words, element("div", { class: "am-why" }, figure, element("div", {}, strip, ends, again, small)));

  async function explain() {
    const person = captioned();
    again.disabled = true;
    const answer = await api.explain({ id: person?.class_id ?? null, stream: person?.stream ?? null, track: person?.track ?? null });
    again.disabled = false;
    set(words, "data-wrong", answer.error ? "" : null);
    if (answer.error) return say(words, answer.error);
    return show(answer);
  }

  function show({ explanation, bones, names }) {
    const { joints, stretches } = explanation;
    const shares = sharesOf(joints);
    say(words, sentence(explanation, shares, names));
    figure.replaceChildren(drawing(explanation.pose, bones, shares));
    const times = sharesOf(stretches);
    const best = times.indexOf(Math.max(...times));
    const step = explanation.length_s / stretches.length;
    strip.replaceChildren(...times.map((share) => element("i", { style: `--share: ${Math.max(0, share).toFixed(3)}` })));
    set(strip, "aria-label", `The window's time: most of it lies ${seconds(explanation.length_s - (best + 1) * step)} before the caption`);
    say(ends.firstChild, `${seconds(explanation.length_s)} before`);
  }

  return { open: explain };
}

/** Shares of the largest drop; all 0 where nothing drops. */
function sharesOf(drops) {
  const most = Math.max(...drops);
  return drops.map((drop) => (most > 1e-6 ? drop / most : 0));
}

function sentence({ name, rival, lead }, shares, names) {
  const order = shares.map((share, joint) => ({ share, joint })).sort((one, other) => other.share - one.share);
  const told = order.filter(({ share }) => share > LEAST).slice(0, MENTIONED);
  const beaten = rival ? ` It is ${lead >= 0 ? "ahead of" : "behind"} “${rival}”.` : "";
  if (!told.length) return `No single joint makes “${name}”: the posture as a whole does.${beaten}`;
  const parts = told.map(({ joint }) => `the ${names[joint]}`);
  return `“${name}” comes from ${new Intl.ListFormat("en").format(parts)}.${beaten}`;
}

/** The person from the front, as a mirror would not show them: their left is on the right. */
function drawing(pose, bones, shares) {
  const at = pose.map(([x, y]) => [-x * SIZE, -y * SIZE]);
  const xs = at.map(([x]) => x);
  const ys = at.map(([, y]) => y);
  const margin = 30;
  const frame = [Math.min(...xs) - margin, Math.min(...ys) - margin];
  const size = [Math.max(...xs) - frame[0] + margin, Math.max(...ys) - frame[1] + margin];
  const lines = bones.map(([child, parent]) =>
    shape("line", { x1: at[child][0], y1: at[child][1], x2: at[parent][0], y2: at[parent][1], "stroke-width": 7, stroke: colour(shares[child]) }),
  );
  const dots = at.map(([cx, cy], joint) => {
    const share = Math.max(0, shares[joint]);
    const r = (joint === HEAD ? 14 : 4) + 9 * share;
    return shape("circle", { cx, cy, r: r.toFixed(1), fill: colour(shares[joint]), "data-joint": joint, "data-share": shares[joint].toFixed(2) });
  });
  return shape("svg", { viewBox: [...frame, ...size].map((value) => value.toFixed(0)).join(" "), role: "img", "aria-label": "A figure: the larger and brighter a joint, the more it made the caption", "stroke-linecap": "round" }, ...lines, ...dots);
}

function colour(share) {
  const mix = Math.round(100 * Math.min(1, Math.abs(share)));
  return `color-mix(in srgb, var(${share < 0 ? "--unnamed" : "--named"}) ${mix}%, #46525e)`;
}
