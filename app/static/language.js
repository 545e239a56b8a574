// The interface's words in the visitor's language. Every language has a file with the same keys.

import { say, set } from "./dom.js";

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", zh: "中文", ar: "العربية" };
const RIGHT_TO_LEFT = new Set(["ar"]);

export function createLanguage(root) {
  let words = {};
  let current = "";
  return {
    get code() {
      return current;
    },
    get keyboard() {
      return words.keyboard;
    },
    /** The text of a key, its {names} filled in. */
    text(key, values = {}) {
      return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    },
    /** Show everything that has `data-text` in this language. */
    async choose(code) {
      if (code !== current) words = await (await fetch(`/page/languages/${code}.json`)).json();
      current = code;
      set(root, "lang", code);
      set(root, "dir", RIGHT_TO_LEFT.has(code) ? "rtl" : "ltr");
      for (const shown of root.querySelectorAll("[data-text]")) say(shown, this.text(shown.dataset.text));
      for (const named of root.querySelectorAll("[data-label]")) set(named, "aria-label", this.text(named.dataset.label));
    },
  };
}
