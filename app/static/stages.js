// Where the time goes and what was dropped: the engine's own measurements, once a second while they are looked at.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

const EVERY_MS = 1000;
const STAGES = {
  wait: "waiting for its turn",
  embed: "through the encoder",
  decide: "decision",
  capture_to_decision: "from exposure to decision",
  request: "answering a request",
};

export function createStages(box) {
  const words = element("p", { class: "am-lead" });
  const stages = element("table", { class: "am-stages" });
  const counts = element("dl", { class: "am-counts" });
  box.append(words, stages, element("h3", {}, "Counted since the engine started"), counts);
  let timer = null;

  async function refresh() {
    const answer = await api.stages();
    set(words, "data-wrong", answer.error || answer.health?.backend_failure ? "" : null);
    if (answer.error) return say(words, answer.error);
    const { health, stats } = answer;
    say(words, health.backend_failure ? `${health.backend_failure}; a slower one has taken over.` : `${health.backend} in ${health.precision ?? "float32"}, bank ${health.bank ?? ""}, ${stats.waiting} windows wait.`);
    const head = element("tr", {}, ...["Milliseconds", "median", "95 %", "99 %", "longest"].map((text) => element("th", { scope: "col" }, text)));
    const rows = Object.entries(STAGES).flatMap(([key, label]) => (stats.latencies_ms[key] ? [row(label, stats.latencies_ms[key])] : []));
    stages.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
    const counted = Object.entries(stats.counters).sort(([one], [other]) => one.localeCompare(other));
    return counts.replaceChildren(...counted.flatMap(([name, value]) => [element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, String(value))]));
  }

  return {
    open() {
      clearInterval(timer);
      timer = setInterval(refresh, EVERY_MS);
      return refresh();
    },
    close: () => clearInterval(timer),
  };
}

function row(label, { p50, p95, p99, max }) {
  return element("tr", {}, element("th", { scope: "row" }, label), ...[p50, p95, p99, max].map((value) => element("td", {}, value.toFixed(1))));
}
