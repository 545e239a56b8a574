// A second look: would the last ten minutes have had an action that nobody has added yet?

import { api } from "./api.js";
import { element, percent, say, seconds, set } from "./dom.js";

export function createLook(box) {
  const name = element("input", { id: "am-look-name", type: "text", maxlength: "200", placeholder: "climb a ladder", autocomplete: "off" });
  const button = element("button", { class: "am-go" }, "Look");
  const words = element("p", { class: "am-lead", role: "status", "aria-live": "polite" });
  const list = element("ol", { class: "am-sightings" });
  box.append(
    element(
      "form",
      { novalidate: "", onsubmit: look },
      element("label", { for: "am-look-name" }, "An action to look for in the last ten minutes"),
      element("div", { class: "am-field" }, name, button),
    ),
    words,
    list,
    element("p", { class: "am-small" }, "Nothing is added or changed. Only what the encoder made of each moment is kept, no picture and no joints."),
  );

  async function look(event) {
    event.preventDefault();
    button.disabled = true;
    const { look: found, error } = await api.rescore(name.value);
    button.disabled = false;
    set(words, "data-wrong", error ? "" : null);
    say(words, error ?? told(found, name.value));
    list.replaceChildren(...(error ? [] : found.sightings.map(row)));
  }

  return { open: () => name.focus() };
}

function told({ windows, looked_back_s: back, total, best_probability: best, best_ago_s: ago }, name) {
  if (!windows) return "Nobody has been seen yet.";
  const span = `${windows} moments of the last ${minutes(back)}`;
  if (total) return `“${name}” would have been named ${total === 1 ? "once" : `${total} times`} in ${span}.`;
  const near = ago === null ? "" : ` It came nearest ${minutes(ago)} ago, with ${percent(best)}.`;
  return `“${name}” would not have been named in ${span}.${near}`;
}

function row({ began_ago_s: ago, duration_s: lasted, probability }) {
  return element("li", {}, element("b", {}, `${minutes(ago)} ago`), ` for ${seconds(lasted)}, at most ${percent(probability)}`);
}

function minutes(value) {
  return value < 90 ? seconds(value) : `${Math.round(value / 60)}\u2009min`;
}
