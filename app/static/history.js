// What happened: a minute as a strip, and the events in words.

import { element, say, seconds, set } from "./dom.js";

const SPAN_MS = 60_000;
const SHOWN = 24;

export function createHistory(timeline, list) {
  const blocks = new Map();
  const rows = new Map();
  let events = [];

  function row(event) {
    if (!rows.has(event.id)) {
      rows.set(event.id, element("li", {}, element("b", { title: event.name }, event.name), element("span")));
      blocks.set(event.id, element("i"));
      timeline.append(blocks.get(event.id));
    }
    return rows.get(event.id);
  }

  function tick() {
    const now = performance.now();
    for (const event of events) {
      const lasted = event.open ? now - event.began : event.duration_ms;
      const ended = event.began + lasted;
      const ago = event.open ? "now" : `${seconds((now - ended) / 1000)} ago`;
      const made = row(event);
      say(made.lastChild, `${seconds(lasted / 1000)} · ${ago}`);
      set(made, "data-open", event.open ? "" : null);
      const block = blocks.get(event.id);
      block.style.left = `${100 * (1 - (now - event.began) / SPAN_MS)}%`;
      block.style.width = `${(100 * lasted) / SPAN_MS}%`;
      set(block, "data-open", event.open ? "" : null);
    }
  }

  setInterval(tick, 250);

  return {
    update(received) {
      const now = performance.now();
      events = received.slice(0, SHOWN).map((event) => ({ ...event, began: now - event.began_ago_ms }));
      const kept = new Set(events.map((event) => event.id));
      for (const [id, made] of rows) {
        if (kept.has(id)) continue;
        made.remove();
        blocks.get(id).remove();
        rows.delete(id);
        blocks.delete(id);
      }
      tick();
      const shown = events.map(row);
      if (!shown.length) shown.push(element("li", { class: "am-empty" }, "No action yet."));
      list.replaceChildren(...shown);
    },
    /** How long the open event of this track has lasted, milliseconds, or null. */
    lasted(track) {
      const open = events.find((event) => event.open && event.track === track);
      return open ? performance.now() - open.began : null;
    },
  };
}
