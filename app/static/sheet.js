// One action in full: its name, what it is recognised by, where that comes from. A modal dialog.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";
import { createSure } from "./sure.js";

export const SOURCES = {
  user: "in your words",
  library: "from the library",
  template: "from the name alone",
};

export function createSheet(root, { toast, teach }) {
  const title = element("h2", { id: "am-sheet-title" });
  const name = element("input", { id: "am-sheet-name", name: "name", type: "text", maxlength: "200" });
  const texts = element("textarea", { id: "am-sheet-texts", name: "texts", rows: "4", maxlength: "4000" });
  const source = element("span", { class: "am-aside" });
  const wrong = element("p", { class: "am-wrong", role: "alert", hidden: "" });
  const learnt = element("span", { class: "am-aside" });
  const sure = createSure();
  const reset = element("button", { type: "button", class: "am-link", hidden: "", onclick: forget }, "Forget them");
  const form = element(
    "form",
    { novalidate: "", onsubmit: save },
    title,
    element("label", { for: "am-sheet-name" }, "Name"),
    name,
    element("label", { for: "am-sheet-texts" }, "What it looks like, one sentence a line ", source),
    texts,
    wrong,
    element(
      "div",
      { class: "am-row am-learnt" },
      element("button", { type: "button", class: "am-switch", onclick: showMe }, "Show me"),
      learnt,
      reset,
    ),
    sure.box,
    element(
      "div",
      { class: "am-row" },
      element("button", { class: "am-go" }, "Save"),
      element("button", { type: "button", class: "am-switch", onclick: () => dialog.close() }, "Cancel"),
      element("button", { type: "button", class: "am-link", onclick: describeAnew }, "Find a description for me"),
    ),
  );
  const dialog = element("dialog", { class: "am-sheet", "aria-labelledby": "am-sheet-title" }, form);
  let action = null;
  let opener = null;
  root.append(dialog);
  dialog.addEventListener("close", () => opener?.isConnected && opener.focus());
  // Beside the dialog: what is hit then is the dialog itself, not what it holds.
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

  function refuse(text) {
    set(wrong, "hidden", text ? null : "");
    say(wrong, text ?? "");
  }

  async function apply(change) {
    const before = action.name;
    const answer = await api.changeAction(action.id, change);
    if (answer.error) return refuse(answer.error);
    dialog.close();
    return toast.done(`Changed “${answer.action.name}”.`, answer.undo, `“${before}” is as it was.`);
  }

  async function save(event) {
    event.preventDefault();
    const change = {};
    if (name.value !== action.name) change.name = name.value;
    if (texts.value !== action.texts.join("\n")) change.description = texts.value;
    const refused = await sure.save();
    if (refused) return refuse(refused);
    return Object.keys(change).length ? apply(change) : dialog.close();
  }

  function describeAnew() {
    return apply({ description: "" });
  }

  function showMe() {
    const [shown, from] = [action, opener];
    dialog.close();
    teach.open(shown, from);
  }

  async function forget() {
    const answer = await api.resetBank(action.id);
    if (answer.error) return refuse(answer.error);
    dialog.close();
    return toast.done(`“${action.name}” is recognised by its text alone.`, answer.undo, "The examples are back.");
  }

  /** Where the action comes from besides its text. */
  async function tellLearnt(id) {
    say(learnt, "");
    set(reset, "hidden", "");
    const bank = await api.bank();
    const found = bank.classes?.find((entry) => entry.id === id);
    if (!found || id !== action.id) return;
    const { examples, rejections } = found;
    const parts = [plural(examples, "example"), ...(rejections ? [`${rejections} times “this is not it”`] : [])];
    const kept = examples + rejections && bank.rule === "text-only" ? ", kept for a bank that learns (this one goes by text)" : "";
    say(learnt, `${parts.join(", ")}${kept}`);
    set(reset, "hidden", examples + rejections ? null : "");
  }

  return {
    open(shown, from) {
      [action, opener] = [shown, from];
      say(title, shown.name);
      name.value = shown.name;
      texts.value = shown.texts.join("\n");
      say(source, SOURCES[shown.source] ?? "");
      refuse(null);
      tellLearnt(shown.id);
      sure.open(shown.id);
      dialog.showModal();
      name.focus();
      name.select();
    },
  };
}

function plural(count, noun) {
  return count ? `${count} ${noun}${count > 1 ? "s" : ""}` : `no ${noun}s`;
}
