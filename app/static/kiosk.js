// The kiosk: a visitor names an action, does it, and sees how sure the program was.

import { api } from "./api.js";
import { element, say, set } from "./dom.js";
import { createKeyboard } from "./keyboard.js";
import { LANGUAGES, createLanguage } from "./language.js";
import { openSocket } from "./socket.js";
import { createStage } from "./stage.js";

const COUNT_FROM = 3;
const IDLE_MS = { type: 40_000, ready: 40_000, done: 20_000 };
const REFUSALS = { action_name: "refused_name", input: "refused_long" };

export function mount(root) {
  const page = root.querySelector(".ki");
  const find = (role) => page.querySelector(`[data-role="${role}"]`);
  const all = (role) => page.querySelectorAll(`[data-role="${role}"]`);
  const field = page.querySelector("#ki-name");
  const home = new URLSearchParams(location.search).get("language");
  const language = createLanguage(page);
  const t = (key, values) => language.text(key, values);
  const stage = createStage(find("canvas"), { onDrawn: (number) => socket.drawn(number) });
  const keyboard = createKeyboard(find("keyboard"), field, { onEnter: () => find("form").requestSubmit() });
  let ideas = [];
  let turn = null;
  let people = [];
  let last = null; // what the visitor asked for, to do it once more
  let counting = null;
  let touched = performance.now();

  // -- screens ----------------------------------------------------------------------------------

  function show(screen) {
    if (page.dataset.screen === screen) return;
    set(page, "data-screen", screen);
    touched = performance.now();
    const shown = page.querySelector(`[data-for="${screen}"]`);
    say(find("announcer"), shown.querySelector("h1, h2").textContent);
    (screen === "type" ? field : shown.querySelector("button"))?.focus();
  }

  async function attract() {
    stopCounting();
    last = null;
    field.value = "";
    refuse("");
    show("attract");
    await choose(LANGUAGES[home] ? home : "en");
  }

  async function choose(code) {
    await language.choose(code);
    set(field, "placeholder", t("placeholder"));
    keyboard.show(language.keyboard, { space: t("space"), back: t("back"), enter: t("enter") });
    for (const button of find("languages").children) set(button, "aria-pressed", String(button.lang === code));
    find("ideas").replaceChildren(
      ...ideas.map(({ names, description }) =>
        element("button", { type: "button", class: "ki-quiet", onclick: () => begin(names[code], description.join("\n")) }, names[code]),
      ),
    );
    showScores();
  }

  function refuse(text) {
    say(find("wrong"), text);
  }

  // -- a turn -----------------------------------------------------------------------------------

  async function begin(name, description = "") {
    refuse("");
    const answer = await api.beginTurn(name, description);
    if (answer.error) {
      show("type");
      return refuse(t(REFUSALS[answer.code] ?? "busy"));
    }
    last = { name, description };
    ({ turn } = answer);
    showTurn();
    return count(COUNT_FROM);
  }

  /** Count down while somebody is in view; wait for whoever is not. */
  function count(left) {
    stopCounting();
    const waiting = !people.length;
    say(find("countdown"), waiting ? "" : String(left));
    say(find("how"), waiting ? t("step_in") : turn.action.texts.find((text) => text.toLowerCase() !== turn.action.name.toLowerCase()) ?? "");
    if (!left) return api.goTurn(turn.id);
    counting = setTimeout(() => count(waiting ? COUNT_FROM : left - 1), waiting ? 300 : 1000);
    return null;
  }

  function stopCounting() {
    clearTimeout(counting);
    counting = null;
  }

  async function leave() {
    const left = turn;
    turn = null;
    await attract();
    if (left) await api.endTurn(left.id);
  }

  function showTurn() {
    for (const place of all("name")) say(place, turn.action.name);
    if (turn.phase === "ready") show("ready");
    if (turn.phase === "doing") showDoing();
    if (turn.phase === "done") showResult();
  }

  function showDoing() {
    const bar = find("time").firstElementChild;
    if (page.dataset.screen !== "doing") {
      bar.style.animation = "none";
      bar.getBoundingClientRect(); // so that the animation starts anew
      bar.style.animation = `ki-time ${turn.left_s}s linear forwards`;
    }
    show("doing");
  }

  function showResult() {
    const named = turn.named_after_s !== null;
    const seconds = named ? turn.named_after_s.toFixed(1) : "";
    say(find("verdict"), t(named ? "recognised" : "not_recognised"));
    const instead = turn.seen_instead && turn.seen_instead !== "unknown" ? `${t("instead", { name: turn.seen_instead })} ` : "";
    say(find("detail"), named ? t("certainty", { points: Math.round(100 * turn.probability), seconds }) : `${instead}${t("try_bigger")}`);
    say(find("place"), turn.place ? t("place", { place: turn.place }) : "");
    set(page, "data-named", named ? "" : null);
    show("done");
  }

  function showPeople() {
    stage.setCaptions([]);
    const person = people.find(({ state }) => state === "action") ?? people[0];
    const name = !person ? t("nobody") : person.name ?? t(person.state);
    say(find("saw"), t("i_see", { name }));
    set(find("saw"), "data-named", person?.class_id && person.class_id === turn?.action.id ? "" : null);
  }

  let scores = [];
  function showScores() {
    const rows = scores.slice(0, 5).map(({ action, points, after_s: after }) =>
      element("li", {}, element("b", {}, action), element("span", {}, `${points}\u2009% · ${t("seconds", { seconds: after.toFixed(1) })}`)),
    );
    if (!rows.length) rows.push(element("li", { class: "am-empty" }, t("empty_board")));
    find("scores").replaceChildren(...rows);
  }

  // -- what the server says ---------------------------------------------------------------------

  const receive = {
    hello({ limbs }) {
      stage.setLimbs(limbs);
      stage.clear();
    },
    people(message) {
      ({ people } = message);
      showPeople();
    },
    status: ({ mirror }) => stage.setMirrored(mirror),
    turn(message) {
      ({ scores } = message);
      showScores();
      if (message.turn && message.turn.id === turn?.id) {
        ({ turn } = message);
        showTurn();
      } else if (turn) {
        turn = null;
        attract(); // it took too long, or the program has started anew
      }
    },
  };

  const socket = openSocket({
    onMessage: (message) => receive[message.type]?.(message),
    onFrame: (frame) => stage.show(frame),
    onLink: (state) => set(page, "data-link", state),
  });

  // -- the visitor ------------------------------------------------------------------------------

  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    begin(field.value);
  });
  find("start").addEventListener("click", () => show("type"));
  find("again").addEventListener("click", () => begin(last.name, last.description));
  find("another").addEventListener("click", () => {
    field.value = "";
    show("type");
  });
  find("stop").addEventListener("click", leave);
  for (const [code, name] of Object.entries(LANGUAGES)) {
    find("languages").append(element("button", { type: "button", class: "am-switch", lang: code, onclick: () => choose(code) }, name));
  }
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => (touched = performance.now()));
  addEventListener("keydown", ({ key }) => key === "Escape" && page.dataset.screen !== "attract" && leave());
  setInterval(() => {
    const patience = IDLE_MS[page.dataset.screen];
    if (patience && performance.now() - touched > patience) leave();
  }, 500);

  (async () => {
    ideas = await (await fetch("/page/ideas.json")).json();
    await attract();
  })();
}
