// How sure the program must be before it names an action: one slider of the action's sheet.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

export function createSure() {
  const slider = element("input", { id: "am-sure", type: "range", min: "50", max: "95", step: "1", oninput: describe });
  const told = element("output", { for: "am-sure" });
  const standard = element("button", { type: "button", class: "am-link", onclick: forget }, "Standard");
  const box = element(
    "div",
    {},
    element("label", { for: "am-sure" }, "How sure it must be before it is named"),
    element("div", { class: "am-row am-threshold-row" }, slider, told, standard),
  );
  let id = null;
  let usual = 0.55;
  let kept = null; // the action's own threshold, null for the standard one

  function wanted() {
    const value = Number(slider.value) / 100;
    return Math.abs(value - usual) < 0.005 ? null : value;
  }

  function describe() {
    say(told, `${slider.value}\u2009%`);
    set(slider, "aria-valuetext", `${slider.value} per cent`);
    set(standard, "hidden", wanted() === null ? "" : null);
  }

  function forget() {
    slider.value = String(Math.round(100 * usual));
    describe();
  }

  return {
    box,
    async open(shown) {
      [id, kept] = [shown, null];
      forget();
      const tuning = await api.tuning();
      if (tuning.error || id !== shown) return;
      usual = tuning.standard;
      kept = tuning.thresholds[id] ?? null;
      slider.value = String(Math.round(100 * (kept ?? usual)));
      describe();
    },
    /** Keep what was chosen; why that was refused, or nothing. */
    async save() {
      const value = wanted();
      if (value === kept) return null;
      const { error } = await api.setThreshold(id, value);
      if (!error) kept = value;
      return error ?? null;
    },
  };
}
