// Elements are built from text, never from markup: a name is shown, not run.

/** An element; attributes with value null or false are left out, children are text or elements. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else set(made, name, value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round" };
const ICONS = {
  edit: "M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4",
  remove: "M6 6l12 12M18 6L6 18",
};

/** An element of a drawing; attributes and children as of `element`. */
export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name, value);
  made.append(...children);
  return made;
}

/** A button that shows an icon and is called `label`. */
export function icon(kind, label, onclick) {
  const drawing = shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d: ICONS[kind], ...STROKE }));
  return element("button", { type: "button", class: "am-icon", title: label, "aria-label": label, onclick }, drawing);
}

/** Set, or for null and false remove, an attribute; writes only what changes. */
export function set(target, name, value) {
  if (value === null || value === false || value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== String(value)) target.setAttribute(name, String(value));
}

/** Set the text; writes only what changes. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A probability in words: never 0 % for what is possible, nor 100 % for what is not certain. */
export function percent(probability) {
  if (probability < 0.01) return "<1\u2009%";
  if (probability > 0.99) return ">99\u2009%";
  return `${Math.round(probability * 100)}\u2009%`;
}

/** Seconds in words, with one decimal below ten. */
export function seconds(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}\u2009s`;
}
