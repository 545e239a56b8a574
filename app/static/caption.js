// The caption: what is recognised, in the largest type on the page.

import { percent, say, seconds, set } from "./dom.js";

const ANNOUNCE_AFTER_MS = 700; // a caption that lasts shorter is not read out

const CALM = {
  idle: ["idle", "standing still"],
  unknown: ["unknown", "a movement that none of your actions names"],
  nobody: ["nobody in view", "step in front of the camera"],
  empty: ["ready", "type an action to begin"],
  starting: ["starting", "the engine and the camera are waking up"],
  finished: ["the end", "the recording is over"],
  closed: ["reconnecting", "this page has lost its server"],
};

export function createCaption(find) {
  const [box, word, odds, hint, announcer] = ["caption", "word", "odds", "hint", "announcer"].map(find);
  let timer = null;
  let announced = "";

  function announce(text) {
    if (text === announced) return;
    announced = text;
    clearTimeout(timer);
    timer = setTimeout(() => say(announcer, text), ANNOUNCE_AFTER_MS);
  }

  function show(state, text, share, below) {
    set(box, "data-state", state);
    set(word, "data-length", text.length > 44 ? "longest" : text.length > 17 ? "long" : "short");
    say(word, text);
    say(odds, share === null ? "" : percent(share));
    say(hint, below);
    announce(text);
  }

  return {
    calm(kind) {
      show(kind, CALM[kind][0], null, CALM[kind][1]);
    },
    person({ state, name, probability, closest, lasted_ms: lasted }) {
      if (state === "action") {
        return show(state, name, probability, lasted ? `for ${seconds(lasted / 1000)}` : "\u00a0");
      }
      const [text, below] = CALM[state];
      const near = state === "unknown" && closest ? `closest: ${closest}` : below;
      return show(state, text, null, near);
    },
  };
}
