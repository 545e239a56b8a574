// What an operator sets by hand: the balance of taught and typed actions, learning, and marks to go back to.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

const NEITHER = 0.02;

export function createTuning(box) {
  const slider = element("input", { id: "am-balance", type: "range", min: "-1", max: "1", step: "0.05", value: "0", "aria-describedby": "am-balance-words", oninput: describe, onchange: balance });
  const told = element("p", { id: "am-balance-words", class: "am-small" });
  const learns = element("input", { id: "am-learns", type: "checkbox", onchange: freeze });
  const marks = element("ul", { class: "am-list am-marks" });
  const wrong = element("p", { class: "am-wrong", role: "alert", hidden: "" });
  const done = element("p", { class: "am-small", role: "status", "aria-live": "polite" });
  box.append(
    element("label", { for: "am-balance" }, "Actions you have shown, and actions you have only typed"),
    element("div", { class: "am-balance" }, element("span", { "aria-hidden": "true" }, "shown"), slider, element("span", { "aria-hidden": "true" }, "typed")),
    told,
    element("p", { class: "am-tick" }, learns, element("label", { for: "am-learns" }, "Learn by itself from what it recognises")),
    element("div", { class: "am-head" }, element("h3", {}, "Marks"), element("button", { type: "button", class: "am-switch", onclick: mark }, "Mark now")),
    element("p", { class: "am-small" }, "What was taught can be taken back to each of these, newest first."),
    marks,
    wrong,
    done,
  );

  function refuse(text) {
    set(wrong, "hidden", text ? null : "");
    say(wrong, text ?? "");
  }

  function describe() {
    const value = Number(slider.value);
    const words =
      Math.abs(value) < NEITHER
        ? "Neither is favoured."
        : value > 0
          ? "Typed actions are favoured: what was shown has to be that much clearer."
          : "Shown actions are favoured: what was only typed has to be that much clearer.";
    say(told, words);
    set(slider, "aria-valuetext", words);
  }

  async function balance() {
    const answer = await api.setBalance(Number(slider.value));
    refuse(answer.error);
    if (!answer.error) say(done, "The balance is kept.");
  }

  async function freeze() {
    const answer = await api.freeze(!learns.checked);
    refuse(answer.error);
    if (answer.error) learns.checked = !learns.checked;
  }

  async function mark() {
    const answer = await api.markBank();
    refuse(answer.error);
    await refresh();
  }

  async function goBack({ number, reason }) {
    const answer = await api.rollBack(number);
    refuse(answer.error);
    if (!answer.error) say(done, `What was taught is as it was ${before(reason)}.`);
    await refresh();
  }

  async function refresh() {
    const [tuning, bank] = await Promise.all([api.tuning(), api.bank()]);
    refuse(tuning.error ?? bank.error);
    if (!tuning.error) slider.value = String(tuning.balance);
    describe();
    if (bank.error) return;
    learns.checked = !bank.frozen;
    const rows = [...bank.marks].reverse().map((one) =>
      element(
        "li",
        {},
        element("b", {}, before(one.reason)),
        element("small", {}, new Date(one.recorded).toLocaleString()),
        element("button", { type: "button", class: "am-switch", "aria-label": `Go back to ${before(one.reason)}`, onclick: () => goBack(one) }, "Go back"),
      ),
    );
    marks.replaceChildren(...(rows.length ? rows : [element("li", { class: "am-empty" }, "Nothing has been taught yet.")]));
  }

  return { open: refresh };
}

function before(reason) {
  return reason === "mark" ? "when you marked it" : `before “${reason}”`;
}
