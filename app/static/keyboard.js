// A keyboard on the screen. It types where the caret is and never takes the focus away.

import { element } from "./dom.js";

export function createKeyboard(root, field, { onEnter }) {
  function type(text) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function back() {
    // A whole character, however many units it is made of.
    const before = [...field.value.slice(0, field.selectionStart)];
    const start = field.selectionStart === field.selectionEnd ? before.slice(0, -1).join("").length : field.selectionStart;
    field.setRangeText("", start, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function key(label, onclick, attributes = {}) {
    return element("button", { type: "button", tabindex: "-1", class: "ki-key", onclick, ...attributes }, label);
  }

  root.addEventListener("pointerdown", (event) => event.preventDefault());

  return {
    /** @param rows strings of characters, @param words what the wide keys are called */
    show(rows, words) {
      const letters = rows.map((row) => element("div", { class: "ki-keys" }, ...[...row].map((letter) => key(letter, () => type(letter)))));
      const last = element(
        "div",
        { class: "ki-keys" },
        key(words.space, () => type(" "), { "data-wide": "" }),
        key("⌫", back, { "aria-label": words.back }),
        key(words.enter, onEnter, { "data-enter": "" }),
      );
      root.replaceChildren(...letters, last);
    },
  };
}
