// Small helpers of the designers: elements without markup in strings.

/** Return an element; texts are texts, so nothing a person typed is ever read as markup. */
export function el(tag, attrs = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list" && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function options(pairs, value) {
  return pairs.map(([key, text]) => el("option", { value: key, selected: key === (value ?? "") }, text));
}

let serial = 0;
export const freshId = () => `designer-${++serial}`;

/** A label above its input, a help text under the label, a fault under the input. */
export function labelled(label, input, { help = "", error = "" } = {}) {
  input.id ||= freshId();
  const notes = [help && `${input.id}-help`, error && `${input.id}-error`].filter(Boolean).join(" ");
  if (notes) input.setAttribute("aria-describedby", notes);
  if (error) {
    input.setAttribute("aria-invalid", "true");
    input.classList.add("is-invalid");
  }
  const isBox = input.type === "checkbox";
  const box = el("div", { class: "field" });
  if (isBox) box.append(el("label", { class: "form-check", for: input.id }, input, el("span", { class: "form-check-label" }, label)));
  else box.append(el("label", { class: "form-label", for: input.id }, label));
  if (help) box.append(el("div", { class: "form-hint", id: `${input.id}-help` }, help));
  if (!isBox) box.append(input);
  if (error) box.append(el("div", { class: "field-error", id: `${input.id}-error` }, el("div", {}, el("span", {}, error))));
  return box;
}

/** Return the text with {name} replaced. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const MARKS = new RegExp("[\\u0300-\\u036f]", "g");
/** Return a key made of a label: "Số định danh" → "so_dinh_danh", unlike those in `taken`. */
export function keyFrom(label, taken) {
  const plain = label.normalize("NFD").replace(MARKS, "").replace(/đ/gi, "d").toLowerCase();
  let base = plain.replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40) || "truong";
  if (!/^[a-z]/.test(base)) base = `t_${base}`;
  let key = base;
  for (let number = 2; taken.has(key); number += 1) key = `${base}_${number}`;
  return key;
}

/** Ask in the page's dialog; resolves to whether the answer was yes. */
export function confirm(dialog, title, text) {
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = text;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/** Show what went wrong above the designer; no text takes it away. */
export function notice(box, tone, text) {
  box.replaceChildren(text ? el("div", { class: `notice notice-${tone}`, role: "alert" }, el("div", { class: "notice-body" }, text)) : "");
}

/**
 * Let everything in `box` be read, not changed; no control looks as if it were open.
 *
 * open: the names of inputs (the last part of data-at) that stay open, none if not given.
 */
export function close(box, open = []) {
  for (const input of box.querySelectorAll("input, select, textarea")) {
    if (open.includes(input.dataset.at?.split(".").pop())) continue;
    input.classList.add("is-closed");
    if (input.matches("select, [type=checkbox]")) input.disabled = true;
    else input.readOnly = true;
    if (input.type === "date") Object.assign(input, { type: "text", value: input.value.split("-").reverse().join("/") });
    if (!input.value && "placeholder" in input) input.placeholder = "—";
    delete input.dataset.choicesUrl;
  }
  for (const button of box.querySelectorAll("button[data-at], .designer-tools button, [data-edit]")) button.remove();
}
