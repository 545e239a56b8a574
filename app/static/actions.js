// The set of actions: type one, see what it is recognised by, change it, remove it.

import { api } from "./api.js";
import { createCheck } from "./check.js";
import { element, icon, say, seconds, set } from "./dom.js";
import { SOURCES, createSheet } from "./sheet.js";

const MANY = 12; // more than this, and one wants to look for a name

export function createActions({ page, find, toast, teach }) {
  const [form, told, list, count, filter] = ["add", "told", "actions", "count", "filter"].map(find);
  const rows = new Map();
  const sheet = createSheet(page, { toast, teach });
  let known = [];
  let added = null; // the action this page added last
  let arrived = []; // what the server said last of actions on their way to being live
  const empty = element("li", { class: "am-empty" }, "None yet: type what you would like to do.");
  list.append(empty);

  // -- adding -----------------------------------------------------------------------------------

  async function add(name, description) {
    const answer = await api.addAction(name, description);
    if (answer.error) {
      added = null;
      told.replaceChildren(element("p", { class: "am-wrong" }, answer.error));
      return false;
    }
    added = { action: answer.action, undo: answer.undo };
    // It may be live before the answer to the command is here.
    tellAdded(arrived.find(({ id }) => id === added.action.id));
    list.scrollTop = list.scrollHeight;
    return true;
  }

  async function takeBack() {
    const { action, undo } = added;
    added = null;
    const answer = await api.undo(undo);
    told.replaceChildren(
      answer.error ? element("p", { class: "am-wrong" }, answer.error) : element("p", {}, `“${action.name}” is not recognised.`),
    );
  }

  function tellAdded(addition) {
    const { action } = added;
    const live = addition?.live_ms;
    const state = live
      ? element("span", { class: "am-live" }, `live in ${seconds(live / 1000)}`)
      : addition?.waiting
        ? "live as soon as somebody moves"
        : "…";
    told.replaceChildren(
      element("p", {}, `“${action.name}” · `, state, " · ", link("Undo", takeBack)),
      element(
        "p",
        { class: "am-how", title: action.texts.join("\n") },
        `${SOURCES[action.source]}: ${wording(action)} `,
      ),
      link("Edit the description", ({ currentTarget }) => sheet.open(known.find(({ id }) => id === action.id) ?? action, currentTarget)),
    );
  }

  function link(text, onclick) {
    return element("button", { type: "button", class: "am-link", onclick }, text);
  }

  const { name: nameField, description: descriptionField } = form.elements;

  const check = createCheck(find("check"), { name: nameField, description: descriptionField });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    check.clear();
    const button = form.querySelector("button");
    if (button.disabled) return;
    button.disabled = true;
    const done = await add(nameField.value, descriptionField.value);
    button.disabled = false;
    set(nameField, "aria-invalid", done ? null : "true");
    if (done) form.reset();
    nameField.focus();
  });
  nameField.addEventListener("input", () => set(nameField, "aria-invalid", null));

  // -- the list ---------------------------------------------------------------------------------

  async function remove(action) {
    const answer = await api.removeAction(action.id);
    if (answer.error) return toast.wrong(answer.error);
    return toast.done(`Removed “${action.name}”.`, answer.undo, `“${action.name}” is back.`);
  }

  /** What an action is recognised by, in a sentence; the others are in the title. Its name need not be said twice. */
  function wording({ name, texts }) {
    return texts.find((text) => text.toLowerCase() !== name.toLowerCase()) ?? name;
  }

  function build(action) {
    const edit = ({ currentTarget }) => sheet.open(action, currentTarget);
    return [
      element("div", {}, element("b", {}, action.name), element("small", { title: action.texts.join("\n") }, wording(action))),
      icon("edit", `Change ${action.name}`, edit),
      icon("remove", `Remove ${action.name}`, () => remove(action)),
    ];
  }

  function narrow() {
    const wanted = filter.value.trim().toLowerCase();
    for (const { id, name } of known) set(rows.get(id), "hidden", name.toLowerCase().includes(wanted) ? null : "");
  }

  filter.addEventListener("input", narrow);

  return {
    update({ actions, additions }) {
      const before = new Map(known.map((action) => [action.id, JSON.stringify(action)]));
      known = actions;
      arrived = additions;
      const kept = new Set(actions.map((action) => action.id));
      for (const [id, row] of rows) {
        if (kept.has(id)) continue;
        row.remove();
        rows.delete(id);
      }
      for (const action of actions) {
        if (!rows.has(action.id)) {
          rows.set(action.id, element("li", { "data-id": action.id }, ...build(action)));
        } else if (before.get(action.id) !== JSON.stringify(action)) {
          rows.get(action.id).replaceChildren(...build(action));
        }
      }
      const shown = actions.map(({ id }) => rows.get(id));
      // One that was brought back returns to its place.
      shown.forEach((row, place) => list.children[place + 1] !== row && list.insertBefore(row, list.children[place + 1] ?? null));
      say(count, String(actions.length));
      set(empty, "hidden", actions.length ? "" : null);
      set(filter, "hidden", actions.length > MANY ? null : "");
      if (actions.length <= MANY) filter.value = "";
      narrow();
      if (added && !before.has(added.action.id)) list.scrollTop = list.scrollHeight;
      const addition = added && additions.find(({ id }) => id === added.action.id);
      if (addition) tellAdded(addition);
    },
    /** Mark the actions that are captions now. */
    mark(ids) {
      for (const [id, row] of rows) set(row, "data-now", ids.has(id) ? "" : null);
    },
  };
}
