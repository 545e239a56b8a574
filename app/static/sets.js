// Whole sets of actions: a dialog to save, load, export and import them.

import { api } from "./api.js";
import { element, icon, say, set } from "./dom.js";

export function createSets(page, { opener, toast }) {
  const list = element("ul", { class: "am-list" });
  const wrong = element("p", { class: "am-wrong", role: "alert", hidden: "" });
  const name = element("input", { id: "am-set-name", type: "text", maxlength: "80", placeholder: "morning gymnastics" });
  const file = element("input", { type: "file", accept: ".json,application/json", class: "am-unseen", tabindex: "-1", "aria-hidden": "true" });
  const saveForm = element(
    "form",
    { novalidate: "", onsubmit: save },
    element("label", { for: "am-set-name" }, "Save the actions of now as"),
    element("div", { class: "am-field" }, name, element("button", { class: "am-go" }, "Save")),
  );
  const dialog = element(
    "dialog",
    { class: "am-sheet", "aria-labelledby": "am-sets-title" },
    element("h2", { id: "am-sets-title" }, "Sets of actions"),
    list,
    saveForm,
    wrong,
    element(
      "div",
      { class: "am-row" },
      element("a", { class: "am-switch", href: "/api/v1/vocabulary", download: "actions.anymove.json" }, "Export to a file"),
      element("button", { type: "button", class: "am-switch", onclick: () => file.click() }, "Import a file"),
      file,
      element("button", { type: "button", class: "am-switch am-end", onclick: () => dialog.close() }, "Close"),
    ),
  );
  page.append(dialog);
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

  function refuse(text) {
    set(wrong, "hidden", text ? null : "");
    say(wrong, text ?? "");
  }

  function show({ error, sets }) {
    refuse(error);
    if (error) return;
    const rows = sets.map((saved) =>
      element(
        "li",
        {},
        element("b", {}, saved),
        element("button", { type: "button", class: "am-switch", "aria-label": `Load ${saved}`, onclick: () => load(saved) }, "Load"),
        icon("remove", `Remove the set ${saved}`, async () => show(await api.removeSet(saved))),
      ),
    );
    if (!rows.length) rows.push(element("li", { class: "am-empty" }, "No set saved yet."));
    list.replaceChildren(...rows);
  }

  async function save(event) {
    event.preventDefault();
    const answer = await api.saveSet(name.value);
    show(answer);
    if (!answer.error) name.value = "";
  }

  function became(answer, what) {
    if (answer.error) return refuse(answer.error);
    dialog.close();
    const undo = answer.undo.steps ? answer.undo : null;
    return toast.done(`${answer.actions} actions from ${what}.`, undo, "The actions are as they were.");
  }

  async function load(saved) {
    became(await api.loadSet(saved), `“${saved}”`);
  }

  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (chosen) became(await api.importFile(await chosen.arrayBuffer()), `“${chosen.name}”`);
  });

  opener.addEventListener("click", async () => {
    dialog.showModal();
    name.focus();
    show(await api.sets());
  });
}
