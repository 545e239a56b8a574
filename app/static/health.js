// How everything fares, in plain words: processes, receivers of events, and what is wrong.

import { element, say, set } from "./dom.js";

const STATES = { starting: "starting", waiting: "restarting", failed: "stopped", finished: "finished", stopped: "stopped" };

export function createHealth(find) {
  const [health, badge, problems, advised, meters] = ["health", "badge", "notice", "advice", "meters"].map(find);

  function process({ label, state, restarts }) {
    const title = restarts ? `started again ${restarts} times` : null;
    return element("li", { "data-state": state, title }, STATES[state] ? `${label} ${STATES[state]}` : label);
  }

  function receiver({ label, state, detail }) {
    return element("li", { "data-state": state, title: detail }, state === "ready" ? label : `${label} not reached`);
  }

  function notice(text) {
    set(problems, "hidden", text ? null : "");
    say(problems, text ?? "");
  }

  return {
    notice,
    show({ processes, outward, meters: measured, problem, advice, joints_only: jointsOnly }) {
      health.replaceChildren(...Object.values(processes).map(process), ...outward.map(receiver));
      set(badge, "hidden", jointsOnly && !problem ? null : "");
      notice(problem);
      // What keeps everything from working comes before what could be better.
      set(advised, "hidden", advice.length && !problem ? null : "");
      say(advised, advice.map((said) => `${said[0].toUpperCase()}${said.slice(1)}.`).join(" "));
      const shown = measured.map(({ before, value, after, warn }) =>
        element("span", { "data-warn": warn ? "" : null }, `${before} `, element("b", {}, value), ` ${after}`),
      );
      meters.replaceChildren(...shown);
    },
  };
}
