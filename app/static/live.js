// Puts the page together: one socket, and a panel for each kind of message.

import { createActions } from "./actions.js";
import { createCamera } from "./camera.js";
import { createCaption } from "./caption.js";
import { createCorrect } from "./correct.js";
import { set } from "./dom.js";
import { createHealth } from "./health.js";
import { createHistory } from "./history.js";
import { createInside } from "./inside.js";
import { createOperator } from "./operator.js";
import { createScores } from "./scores.js";
import { createSets } from "./sets.js";
import { openSocket } from "./socket.js";
import { createStage } from "./stage.js";
import { createTeach } from "./teach.js";
import { createToast } from "./toast.js";

const MIRROR_KEY = "anymove.mirror";

/** Bring the markup to life. */
export function mount(root) {
  const page = root.querySelector(".am");
  const find = (role) => page.querySelector(`[data-role="${role}"]`);
  const health = createHealth(find);
  const caption = createCaption(find);
  const stage = createStage(find("canvas"), { onDrawn: (number) => socket.drawn(number) });
  const scores = createScores(find("scores"), find("whose"));
  const history = createHistory(find("timeline"), find("events"));
  const toast = createToast(find("toast"));
  const teach = createTeach(find("teach"), { people: () => now.people });
  const inside = createInside(page, { opener: find("inside"), captioned });
  const correct = createCorrect(find("fix"), { toast, why: (opener) => inside.open("why", opener) });
  const actions = createActions({ page, find, toast, teach });
  const operator = createOperator(page, { button: find("operator") });
  const camera = createCamera(find("camera"), { toast, onRefused: operator.ask });
  createSets(page, { opener: find("sets"), toast });
  const now = { linked: false, people: [], actions: [], status: null };

  const receive = {
    hello({ limbs, takes_camera: takesCamera }) {
      camera.offer(takesCamera);
      stage.setLimbs(limbs);
      stage.clear();
    },
    people({ people }) {
      now.people = people;
      stage.setCaptions(people);
    },
    actions(message) {
      now.actions = message.actions;
      actions.update(message);
    },
    events: ({ events }) => history.update(events),
    status(message) {
      now.status = message;
      health.show(message);
      chooseMirror(message.mirror);
    },
  };

  const socket = openSocket({
    onMessage(message) {
      receive[message.type]?.(message);
      showNow();
    },
    onFrame: (frame) => stage.show(frame),
    onLink(state, reason = "") {
      now.linked = state === "open";
      if (now.linked) operator.refresh();
      set(page, "data-link", state);
      if (reason) health.notice(reason);
      showNow();
    },
  });

  /** Whose caption is shown: whoever does something comes before whoever stands by. */
  function captioned() {
    const people = now.linked ? now.people : [];
    return people.find(({ state }) => state === "action") ?? people[0];
  }

  function showNow() {
    const people = now.linked ? now.people : [];
    const person = captioned();
    if (person) caption.person({ ...person, lasted_ms: history.lasted(person.track) });
    else caption.calm(quiet(now));
    scores.update(person && { ...person, named: person.class_id, people: now.people.length }, now.actions);
    correct.update(person ?? null);
    actions.mark(new Set(people.map(({ class_id: id }) => id)));
  }

  function chooseMirror(standard) {
    const chosen = localStorage.getItem(MIRROR_KEY);
    mirror(chosen === null ? standard : chosen === "true");
  }

  function mirror(on) {
    if (find("mirror").getAttribute("aria-pressed") === String(on)) return;
    set(find("mirror"), "aria-pressed", on);
    stage.setMirrored(on);
  }

  find("mirror").addEventListener("click", ({ currentTarget }) => {
    const on = currentTarget.getAttribute("aria-pressed") !== "true";
    localStorage.setItem(MIRROR_KEY, on);
    mirror(on);
  });
}

/** What to say when there is nobody to caption. */
function quiet({ linked, status, actions }) {
  if (!linked) return status ? "closed" : "starting";
  const states = Object.values(status?.processes ?? {}).map(({ state }) => state);
  if (!states.length || states.some((state) => state === "starting" || state === "waiting")) return "starting";
  if (states.includes("finished")) return "finished";
  return actions.length ? "nobody" : "empty";
}
