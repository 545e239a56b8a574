// What the page asks of its server: the same interface other programs use, see /api/v1/openapi.json.

const ROOT = "/api/v1";
const SILENT = "This page's server does not answer; it will reconnect by itself. Try again then.";

/** What came of it, or `{error: words}`. */
async function ask(method, path, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  let text = "";
  try {
    text = await (await fetch(ROOT + path, { method, headers, body: JSON.stringify(body) })).text();
    return JSON.parse(text);
  } catch {
    return { error: text || SILENT };
  }
}

const one = (id) => `/actions/${encodeURIComponent(id)}`;

export const api = {
  addAction: (name, description) => ask("POST", "/actions", { name, description }),
  changeAction: (id, change) => ask("PATCH", one(id), change),
  removeAction: (id) => ask("DELETE", one(id)),
  undo: ({ version, steps }) => ask("POST", "/undo", { version, steps }),
};
