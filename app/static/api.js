// What the page asks of its server: the same interface other programs use, see /api/v1/openapi.json.

const ROOT = "/api/v1";
const SILENT = "This page's server does not answer; it will reconnect by itself. Try again then.";

let refused = () => {};

/** What came of it, or `{error: words, code}`. */
async function ask(method, path, body) {
  const isFile = body instanceof ArrayBuffer;
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  let text = "";
  try {
    text = await (await fetch(ROOT + path, { method, headers, body: isFile ? body : JSON.stringify(body) })).text();
    const answer = JSON.parse(text);
    if (answer.code === "access" && path !== "/session") refused();
    return answer;
  } catch {
    return { error: text || SILENT };
  }
}

const one = (id) => `/actions/${encodeURIComponent(id)}`;
const saved = (name) => `/sets/${encodeURIComponent(name)}`;

export const api = {
  addAction: (name, description) => ask("POST", "/actions", { name, description }),
  changeAction: (id, change) => ask("PATCH", one(id), change),
  removeAction: (id) => ask("DELETE", one(id)),
  check: (name, description) => ask("POST", "/check", { name, description }),
  /** Say what somebody did just now: {right, wrong, stream, track, last_s}. */
  point: (what) => ask("POST", "/examples", what),
  bank: () => ask("GET", "/bank"),
  resetBank: (id) => ask("POST", "/bank/reset", { id }),
  rollBack: (mark) => ask("POST", "/bank/roll-back", { mark }),
  freeze: (frozen) => ask("POST", "/bank/freeze", { frozen }),
  markBank: () => ask("POST", "/bank/marks"),
  explain: ({ id, stream, track }) => ask("POST", "/explanations", { id, stream, track }),
  map: () => ask("GET", "/map"),
  rescore: (name) => ask("POST", "/rescore", { name }),
  stages: () => ask("GET", "/stages"),
  tuning: () => ask("GET", "/tuning"),
  setBalance: (balance) => ask("PUT", "/tuning/balance", { balance }),
  /** Of one action; null is the standard one. */
  setThreshold: (id, threshold) => ask("PUT", `/tuning/thresholds/${encodeURIComponent(id)}`, { threshold }),
  sets: () => ask("GET", "/sets"),
  saveSet: (name) => ask("PUT", saved(name)),
  loadSet: (name) => ask("POST", `${saved(name)}/load`),
  removeSet: (name) => ask("DELETE", saved(name)),
  importFile: (content) => ask("PUT", "/vocabulary", content),
  session: () => ask("GET", "/session"),
  logIn: (password) => ask("POST", "/session", { password }),
  logOut: () => ask("DELETE", "/session"),
  /** Call this whenever only an operator could have done what was asked. */
  onRefused: (call) => (refused = call),
  beginTurn: (name, description) => ask("POST", "/turns", { name, description }),
  goTurn: (id) => ask("POST", `/turns/${id}/go`),
  endTurn: (id) => ask("DELETE", `/turns/${id}`),
  /** Take a command back, given what it answered as `undo`. */
  undo: ({ mark, version, steps }) => (mark ? ask("POST", "/bank/roll-back", { mark }) : ask("POST", "/undo", { version, steps })),
};
