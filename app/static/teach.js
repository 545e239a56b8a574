// "Show me": count down, watch somebody do it, and keep the example or take it again. Up to five in a row.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

const COUNT_FROM = 3;
const RECORD_MS = 3200; // the engine looks at windows of 2.4 s: the last ones lie wholly within it
const LAST_S = 0.8;
const MOST = 5;
const ANSWER_MS = 500; // the last window is on its way

export function createTeach(box, { people }) {
  const title = element("p", { class: "am-teach-title" });
  const big = element("p", { class: "am-teach-big", role: "status", "aria-live": "assertive" });
  const time = element("div", { class: "am-teach-time", hidden: "" }, element("i"));
  const row = element("div", { class: "am-row" });
  box.append(title, big, time, row);
  let action = null;
  let shown = 0; // examples kept in this sitting
  let undo = null;
  let timer = null;
  let opener = null;

  function say2(text, detail) {
    say(big, text);
    say(title, detail);
  }

  function button(text, onclick, kind = "am-switch") {
    return element("button", { type: "button", class: kind, onclick }, text);
  }

  function choices(...buttons) {
    row.replaceChildren(...buttons);
    row.querySelector("button")?.focus();
  }

  function close() {
    clearTimeout(timer);
    set(box, "hidden", "");
    if (opener?.isConnected) opener.focus();
  }

  function count(left) {
    clearTimeout(timer);
    const somebody = people()[0];
    say2(somebody ? String(left) : "…", somebody ? `Get ready to show “${action.name}”` : "Step in front of the camera");
    if (!left) return record(somebody);
    timer = setTimeout(() => count(somebody ? left - 1 : COUNT_FROM), somebody ? 1000 : 400);
    return null;
  }

  function record(somebody) {
    say2("Now", `Do it: “${action.name}”`);
    set(time, "hidden", null);
    time.firstChild.style.animation = `am-teach ${RECORD_MS}ms linear forwards`;
    timer = setTimeout(() => keep(somebody), RECORD_MS + ANSWER_MS);
  }

  async function keep(somebody) {
    set(time, "hidden", "");
    time.firstChild.style.animation = "none";
    const answer = await api.point({ right: action.id, stream: somebody.stream, track: somebody.track, last_s: LAST_S });
    if (answer.error) {
      say2("Not seen", answer.error);
      return choices(button("Try again", start, "am-go"), button("Stop", close));
    }
    ({ undo } = answer);
    shown += 1;
    say2("Got it", `Example ${shown} of up to ${MOST} for “${action.name}”. Keep it?`);
    const more = shown < MOST ? [button("Keep, show one more", start)] : [];
    return choices(button("Keep", close, "am-go"), ...more, button("Take it again", retake));
  }

  async function retake() {
    const answer = await api.rollBack(undo.mark);
    if (answer.error) return say2("Kept", answer.error);
    shown -= 1;
    return start();
  }

  function start() {
    choices(button("Stop", close));
    return count(COUNT_FROM);
  }

  box.addEventListener("keydown", ({ key }) => key === "Escape" && close());

  return {
    open(wanted, from) {
      [action, opener, shown, undo] = [wanted, from, 0, null];
      set(box, "hidden", null);
      start();
    },
  };
}
