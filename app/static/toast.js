// One line at the foot of the page that says what was done and takes it back. It stays until the next one.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

export function createToast(box) {
  const words = element("p", { role: "status", "aria-live": "polite" });
  const undo = element("button", { type: "button", class: "am-link", hidden: "" }, "Undo");
  const close = element("button", { type: "button", class: "am-icon", "aria-label": "Close", onclick: hide }, "×");
  let takeBack = null;
  box.append(words, undo, close);

  function show(text, { wrong = false } = {}) {
    takeBack = null;
    set(undo, "hidden", "");
    set(box, "data-wrong", wrong ? "" : null);
    set(box, "hidden", null);
    say(words, text);
  }

  function hide() {
    set(box, "hidden", "");
    say(words, "");
  }

  undo.addEventListener("click", async () => {
    const [wanted, undone] = [takeBack.undo, takeBack.undone];
    const answer = await api.undo(wanted);
    show(answer.error ?? undone, { wrong: Boolean(answer.error) });
  });

  return {
    hide,
    wrong: (text) => show(text, { wrong: true }),
    /** Say what was done; with `undo` as the server gave it, offer to take it back, and say `undone` then. */
    done(text, undo_ = null, undone = "Undone.") {
      show(text);
      if (!undo_) return;
      takeBack = { undo: undo_, undone };
      set(undo, "hidden", null);
    },
  };
}
