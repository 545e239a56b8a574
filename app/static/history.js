// What happened: a minute as a strip for each person, and the events in words.

import { element, say, seconds, set } from "./dom.js";

const SPAN_MS = 60_000;
const SHOWN = 24;
const MOST_LANES = 4; // of those who did something last

export function createHistory(timeline, list) {
  const blocks = new Map();
  const rows = new Map();
  const lanes = new Map();
  let events = [];

  function row(event) {
    if (!rows.has(event.id)) {
      rows.set(event.id, element("li", {}, element("b", { title: event.name }, event.name), element("span")));
      blocks.set(event.id, element("i", { title: event.name }));
    }
    return rows.get(event.id);
  }

  /** A strip for everybody who did something within the minute, in the order of their numbers. */
  function arrange(now) {
    const recent = events.filter(({ began, open, duration_ms: lasted }) => open || now - began - lasted < SPAN_MS);
    const tracks = [...new Set(recent.map(({ track }) => track))].slice(0, MOST_LANES).sort((one, other) => one - other);
    for (const [track, lane] of lanes) {
      if (tracks.includes(track)) continue;
      lane.remove();
      lanes.delete(track);
    }
    for (const track of tracks) {
      if (!lanes.has(track)) lanes.set(track, element("div", { class: "am-lane", "data-track": track }));
      set(lanes.get(track), "data-person", tracks.length > 1 ? `person ${track + 1}` : null);
    }
    const shown = tracks.map((track) => lanes.get(track));
    if (shown.some((lane, place) => timeline.children[place] !== lane)) timeline.replaceChildren(...shown);
    for (const event of recent) {
      const [lane, block] = [lanes.get(event.track), blocks.get(event.id)];
      if (lane && block.parentNode !== lane) lane.append(block);
    }
  }

  function tick() {
    const now = performance.now();
    events.forEach(row);
    arrange(now);
    for (const event of events) {
      const lasted = event.open ? now - event.began : event.duration_ms;
      const ended = event.began + lasted;
      const ago = event.open ? "now" : `${seconds((now - ended) / 1000)} ago`;
      const made = row(event);
      const who = lanes.size > 1 ? `person ${event.track + 1} · ` : "";
      say(made.lastChild, `${who}${seconds(lasted / 1000)} · ${ago}`);
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
