// Will it work? Said while a name is being typed, before anything is added.

import { api } from "./api.js";
import { element } from "./dom.js";

const PAUSE_MS = 350;
const VERDICTS = { good: "Should work", doubtful: "May work", poor: "Will hardly work", refused: "Cannot be added" };

export function createCheck(box, { name, description }) {
  let timer = null;
  let asked = 0;

  function clear() {
    asked += 1; // whatever is on its way is no longer wanted
    clearTimeout(timer);
    box.replaceChildren();
  }

  async function check() {
    asked += 1;
    const mine = asked;
    const { check: found } = await api.check(name.value, description.value);
    if (mine !== asked || !found) return;
    const [notice] = found.notices;
    const suggestions = found.suggestions.map((text) =>
      element("button", { type: "button", class: "am-chip", onclick: () => take(text) }, text),
    );
    const words = element("p", {}, element("b", { "data-verdict": found.verdict }, VERDICTS[found.verdict]), notice ? ` · ${notice.message}` : "");
    const instead = suggestions.length ? [element("p", { class: "am-chips" }, "Or: ", ...suggestions)] : [];
    box.replaceChildren(words, ...instead);
  }

  function take(text) {
    name.value = text;
    name.focus();
    check();
  }

  for (const field of [name, description]) {
    field.addEventListener("input", () => {
      clearTimeout(timer);
      if (!name.value.trim()) return clear();
      timer = setTimeout(check, PAUSE_MS);
      return null;
    });
  }

  return { clear };
}
