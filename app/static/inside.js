// How the program comes to its word: a dialog of tabs, each made by a file of its own.

import { createAlike } from "./alike.js";
import { element, set } from "./dom.js";
import { createLook } from "./look.js";
import { createMap } from "./map.js";
import { createStages } from "./stages.js";
import { createTuning } from "./tuning.js";
import { createWhy } from "./why.js";

const TABS = [
  ["why", "Why this caption", createWhy],
  ["map", "Map", createMap],
  ["alike", "How alike", createAlike],
  ["look", "Second look", createLook],
  ["tuning", "Tuning", createTuning],
  ["stages", "Stages", createStages],
];

export function createInside(page, { opener, captioned }) {
  const list = element("div", { class: "am-tabs", role: "tablist", "aria-label": "Inside", onkeydown: step });
  const dialog = element(
    "dialog",
    { class: "am-sheet am-inside", "aria-labelledby": "am-inside-title" },
    element(
      "div",
      { class: "am-head" },
      element("h2", { id: "am-inside-title" }, "Inside"),
      element("button", { type: "button", class: "am-switch", onclick: () => dialog.close() }, "Close"),
    ),
    list,
  );
  const tabs = TABS.map(([key, label, create]) => {
    const box = element("div", { id: `am-panel-${key}`, role: "tabpanel", tabindex: "0", "aria-labelledby": `am-tab-${key}`, hidden: "" });
    const tab = element(
      "button",
      { type: "button", id: `am-tab-${key}`, class: "am-tab", role: "tab", "aria-controls": `am-panel-${key}`, onclick: () => show(key) },
      label,
    );
    list.append(tab);
    dialog.append(box);
    return { key, tab, box, panel: create(box, { captioned }) };
  });
  page.append(dialog);
  let shown = null;
  let from = opener;

  function show(key) {
    if (shown && shown.key !== key) shown.panel.close?.();
    shown = tabs.find((one) => one.key === key);
    for (const { key: other, tab, box } of tabs) {
      set(tab, "aria-selected", String(other === key));
      tab.tabIndex = other === key ? 0 : -1;
      set(box, "hidden", other === key ? null : "");
    }
    shown.panel.open();
  }

  function step({ key }) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!by) return;
    const next = tabs[(tabs.indexOf(shown) + by + tabs.length) % tabs.length];
    show(next.key);
    next.tab.focus();
  }

  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    shown?.panel.close?.();
    if (from?.isConnected) from.focus();
  });
  // To explain costs the encoder's time: a visitor would be asked for the password.
  opener.addEventListener("click", () => open(shown?.key ?? (page.dataset.roleOf === "visitor" ? "map" : "why"), opener));

  function open(key, opened) {
    from = opened;
    dialog.showModal();
    show(key);
    shown.tab.focus();
  }

  return { open };
}
