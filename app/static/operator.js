// Who is at the page: where there is an operator's password, a visitor watches until it is typed.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";

export function createOperator(page, { button }) {
  const password = element("input", { id: "am-password", type: "password", autocomplete: "current-password", maxlength: "256" });
  const wrong = element("p", { class: "am-wrong", role: "alert", hidden: "" });
  const form = element(
    "form",
    { novalidate: "", onsubmit: logIn },
    element("h2", { id: "am-operator-title" }, "Operator"),
    element("label", { for: "am-password" }, "Password"),
    password,
    wrong,
    element(
      "div",
      { class: "am-row" },
      element("button", { class: "am-go" }, "Log in"),
      element("button", { type: "button", class: "am-switch", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  const dialog = element("dialog", { class: "am-sheet", "aria-labelledby": "am-operator-title" }, form);
  page.append(dialog);
  let role = "operator";

  function show(session) {
    if (session.error) return;
    role = session.role;
    set(page, "data-role-of", role);
    set(button, "hidden", session.protected ? null : "");
    say(button, role === "operator" ? "Log out" : "Log in");
  }

  async function logIn(event) {
    event.preventDefault();
    const session = await api.logIn(password.value);
    password.value = "";
    set(wrong, "hidden", session.error ? null : "");
    say(wrong, session.error ?? "");
    if (session.error) return password.focus();
    dialog.close();
    return show(session);
  }

  function ask() {
    set(wrong, "hidden", "");
    dialog.showModal();
    password.focus();
  }

  button.addEventListener("click", async () => (role === "operator" ? show(await api.logOut()) : ask()));
  // A session that has run out is noticed where it is missed.
  api.onRefused(() => {
    show({ role: "visitor", protected: true });
    if (!dialog.open) ask();
  });

  return { ask, refresh: async () => show(await api.session()) };
}
