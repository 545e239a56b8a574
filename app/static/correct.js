// One tap puts a wrong caption right: "no, it is ...", or "none of these".

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

const OFFERED = 3;

export function createCorrect(box, { toast, why }) {
  const words = element("span");
  const choices = element("span", { class: "am-fix-choices" });
  const ask = element("button", { type: "button", class: "am-chip", onclick: () => why(ask) }, "Why?");
  box.append(words, choices, ask);
  let held = false; // somebody is about to choose: nothing moves under the finger
  let key = "";

  async function correct(person, right) {
    held = false;
    const wrong = person.class_id;
    const { stream, track } = person;
    const answer = await api.point({ right: right?.id ?? null, wrong, stream, track });
    if (answer.error) return toast.wrong(answer.error);
    return toast.done(right ? `Learnt: that was “${right.name}”.` : `Learnt: that was not “${person.name}”.`, answer.undo);
  }

  function offer(text, onclick) {
    return element("button", { type: "button", class: "am-chip", onclick }, text);
  }

  for (const kind of ["pointerenter", "focusin"]) box.addEventListener(kind, () => (held = true));
  for (const kind of ["pointerleave", "focusout"]) box.addEventListener(kind, () => (held = false));

  return {
    /** @param person whose caption is shown, or null */
    update(person) {
      const shown = person && (person.state === "action" || (person.state === "unknown" && person.top.length));
      if (held && shown) return;
      set(box, "data-off", shown ? null : "");
      if (!shown) return;
      const others = person.top.filter(({ id }) => id !== person.class_id).slice(0, OFFERED);
      // Best first would change places all the time.
      others.sort((one, other) => one.name.localeCompare(other.name));
      const now = JSON.stringify([person.track, person.class_id, others.map(({ id }) => id)]);
      if (now === key) return;
      key = now;
      say(words, person.class_id ? `Not “${person.name}”? It is` : "It is");
      const none = person.class_id ? [offer("none of these", () => correct(person, null))] : [];
      choices.replaceChildren(...others.map((other) => offer(other.name, () => correct(person, other))), ...none);
    },
  };
}
