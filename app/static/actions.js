// The set of actions: type one, see what it is recognised by, rename it, remove it.

import { element, say, seconds, set } from "./dom.js";

const SOURCES = {
  user: "in your words",
  library: "from the library",
  template: "from the name alone",
};
const ICONS = {
  rename: "M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4",
  remove: "M6 6l12 12M18 6L6 18",
};
const SVG = "http://www.w3.org/2000/svg";

export function createActions({ form, told, list, count, server }) {
  const rows = new Map();
  let known = [];
  let added = null; // the action this page added last
  const empty = element("li", { class: "am-empty" }, "None yet: type what you would like to do.");
  list.append(empty);

  // -- asking the server ------------------------------------------------------------------------

  async function ask(call) {
    try {
      const answer = await call();
      return answer ?? { error: "The server gave no answer; try again." };
    } catch {
      return { error: "This page's server does not answer; it will reconnect by itself. Try again then." };
    }
  }

  async function add(name, description) {
    const answer = await ask(() => server.add_action(name, description));
    if (answer.error) {
      added = null;
      tell(element("p", { class: "am-wrong" }, answer.error));
      return false;
    }
    added = answer.action;
    tellAdded(null);
    list.scrollTop = list.scrollHeight;
    return true;
  }

  async function remove(action) {
    const answer = await ask(() => server.remove_action(action.id));
    if (answer.error) return tell(element("p", { class: "am-wrong" }, answer.error));
    const undo = async () => {
      const undone = await ask(() => server.undo(answer.version));
      tell(undone.error ? element("p", { class: "am-wrong" }, undone.error) : element("p", {}, `“${action.name}” is back.`));
    };
    return tell(
      element("p", {}, `Removed “${action.name}”. `, element("button", { type: "button", class: "am-link", onclick: undo }, "Undo")),
    );
  }

  function tell(...children) {
    added = null;
    told.replaceChildren(...children);
  }

  function tellAdded(addition) {
    const live = addition?.live_ms;
    const state = live
      ? element("span", { class: "am-live" }, `live in ${seconds(live / 1000)}`)
      : addition?.waiting
        ? "live as soon as somebody moves"
        : "…";
    told.replaceChildren(
      element("p", {}, `“${added.name}” · `, state),
      element("p", { class: "am-how", title: added.texts.join("\n") }, `${SOURCES[added.source]}: ${wording(added)}`),
    );
  }

  // -- the form ---------------------------------------------------------------------------------

  const { name: nameField, description: descriptionField } = form.elements;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
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

  function icon(kind, label, onclick) {
    const path = document.createElementNS(SVG, "path");
    for (const [name, value] of [["d", ICONS[kind]], ["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "1.8"], ["stroke-linecap", "round"], ["stroke-linejoin", "round"]]) {
      path.setAttribute(name, value);
    }
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(path);
    return element("button", { type: "button", class: "am-icon", title: label, "aria-label": label, onclick }, svg);
  }

  /** What an action is recognised by, in a sentence; the others are in the title. Its name need not be said twice. */
  function wording({ name, texts }) {
    return texts.find((text) => text.toLowerCase() !== name.toLowerCase()) ?? name;
  }

  function build(action) {
    return [
      element("div", {}, element("b", {}, action.name), element("small", { title: action.texts.join("\n") }, wording(action))),
      icon("rename", `Rename ${action.name}`, () => edit(action)),
      icon("remove", `Remove ${action.name}`, () => remove(action)),
    ];
  }

  function edit(action) {
    const row = rows.get(action.id);
    const field = element("input", { type: "text", value: action.name, maxlength: "200", "aria-label": `New name for ${action.name}` });
    const done = () => {
      row.replaceChildren(...build(known.find(({ id }) => id === action.id) ?? action));
      row.querySelector("button").focus();
    };
    const save = async (event) => {
      event.preventDefault();
      if (field.value === action.name) return done();
      const answer = await ask(() => server.rename_action(action.id, field.value));
      if (!answer.error) {
        known = known.map((entry) => (entry.id === action.id ? answer.action : entry));
        return done();
      }
      form.querySelector(".am-wrong")?.remove();
      return form.append(element("p", { class: "am-wrong", role: "alert" }, answer.error));
    };
    const form = element("form", { novalidate: "", onsubmit: save }, field, element("button", { class: "am-go" }, "Save"));
    form.addEventListener("keydown", (event) => event.key === "Escape" && done());
    row.replaceChildren(form);
    field.focus();
    field.select();
  }

  return {
    update({ actions, additions }) {
      const before = new Map(known.map((action) => [action.id, JSON.stringify(action)]));
      known = actions;
      const kept = new Set(actions.map((action) => action.id));
      for (const [id, row] of rows) {
        if (kept.has(id)) continue;
        row.remove();
        rows.delete(id);
      }
      for (const action of actions) {
        if (!rows.has(action.id)) {
          rows.set(action.id, element("li", { "data-id": action.id }, ...build(action)));
          list.append(rows.get(action.id));
        } else if (before.get(action.id) !== JSON.stringify(action) && !rows.get(action.id).querySelector("form")) {
          rows.get(action.id).replaceChildren(...build(action));
        }
      }
      say(count, String(actions.length));
      set(empty, "hidden", actions.length ? "" : null);
      if (added && !before.has(added.id)) list.scrollTop = list.scrollHeight;
      const addition = added && additions.find(({ id }) => id === added.id);
      if (addition) tellAdded(addition);
    },
    /** Mark the actions that are captions now. */
    mark(ids) {
      for (const [id, row] of rows) set(row, "data-now", ids.has(id) ? "" : null);
    },
  };
}
