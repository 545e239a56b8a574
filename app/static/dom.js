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
