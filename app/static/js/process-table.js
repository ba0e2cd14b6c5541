// The table of steps: one row a step, the chosen one with everything else about it below.

import { close, el, fill, options } from "./designer-dom.js";
import { drawDetails } from "./process-details.js";

const COLUMNS = ["number", "name", "kind", "role", "place", "hours", "tools"];

export function drawTable(box, context) {
  const { state, words, spec, frozen, open, icon, act } = context;
  const labels = { number: "", name: spec.labels.name, kind: spec.labels.kind, role: spec.labels.role, place: spec.labels.place, hours: words.hours, tools: "" };
  const head = el("tr", {}, COLUMNS.map((name) => el("th", { scope: "col", class: `process-col-${name}` }, labels[name] || el("span", { class: "visually-hidden" }, name === "number" ? words.drag : words.details))));
  const body = el("tbody", {}, state.steps.flatMap((step, at) => rows(step, at, labels, context)));
  const add = frozen ? "" : el("p", { class: "designer-tools" }, el("button", { type: "button", class: "btn btn-sm", "data-add": "step", onclick: () => act.add(-1) }, icon(4), words.add_step));
  box.replaceChildren(state.steps.length ? el("table", { class: "process-table" }, el("thead", {}, head), body) : el("p", { class: "text-secondary" }, words.empty), add);
  if (frozen) close(box, open);
}

function rows(step, at, labels, context) {
  const { chosen, act } = context;
  const isChosen = chosen === step.key;
  const cells = [number(step, at, context), ...["name", "kind", "role", "place"].map((name) => cell(labels[name], name, input(step, name, labels[name], context))),
    cell(labels.hours, "hours", hoursInput(step, labels.hours, context)), tools(step, isChosen, context)];
  const row = el("tr", { class: `process-row${isChosen ? " is-chosen" : ""}`, "data-row": step.key }, cells);
  row.addEventListener("keydown", (event) => {
    if (context.frozen || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    act.move(at, at + (event.key === "ArrowUp" ? -1 : 1));
  });
  if (!context.frozen) dragging(row, at, act);
  return isChosen ? [row, el("tr", { class: "process-more" }, el("td", { colspan: String(COLUMNS.length) }, drawDetails(step, at, context)))] : [row];
}

const cell = (label, name, inner) => el("td", { "data-label": label, class: `process-cell-part process-cell-${name}` }, inner);

function number(step, at, { words, act, frozen }) {
  const button = el("button", { type: "button", class: "process-number", title: words.drag, "aria-label": `${at + 1}. ${step.name}. ${words.details}`, onclick: () => act.choose(step.key) }, String(at + 1));
  if (!frozen) button.draggable = true;
  return el("td", {}, button);
}

function dragging(row, at, act) {
  const handle = row.querySelector(".process-number");
  handle.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", String(at)));
  row.addEventListener("dragover", (event) => { event.preventDefault(); row.classList.add("is-over"); });
  row.addEventListener("dragleave", () => row.classList.remove("is-over"));
  row.addEventListener("drop", (event) => {
    event.preventDefault();
    row.classList.remove("is-over");
    const from = Number(event.dataTransfer.getData("text/plain"));
    if (Number.isInteger(from)) act.move(from, at);
  });
}

function input(step, name, label, { spec, act }) {
  const at = `${step.key}.${name}`;
  if (name === "name") {
    return el("textarea", { class: "form-control", rows: "2", "aria-label": label, "data-at": at, maxlength: "500", onkeydown: (event) => event.key === "Enter" && event.preventDefault(),
      oninput: (event) => act.set(step.key, name, event.target.value.replaceAll("\n", " ")) }, step.name || "");
  }
  const pairs = { kind: spec.kinds, role: spec.roles, place: spec.places }[name];
  return el("select", { class: "form-select", "aria-label": label, "data-at": at, onchange: (event) => act.set(step.key, name, event.target.value, true) }, options(pairs, step[name]));
}

function hoursInput(step, label, { act }) {
  const text = step.working_minutes === null ? "" : String(Math.round((step.working_minutes / 60) * 100) / 100).replace(".", ",");
  return el("input", { type: "text", inputmode: "decimal", class: "form-control", "aria-label": label, "data-at": `${step.key}.working_minutes`, value: text,
    oninput: (event) => act.set(step.key, "working_minutes", minutesOf(event.target.value)) });
}

/** Return the minutes in "0,5" hours; null for what is no number, which the server then names. */
function minutesOf(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(value) || value < 0 ? null : Math.round(value * 60);
}

function tools(step, isChosen, { words, icon, act }) {
  const count = step.goes_to?.length || 0;
  const note = count > 1 ? fill(words.several, { count }) : "";
  return el("td", { class: "process-cell-tools" }, el("button", { type: "button", class: "btn btn-sm", "aria-expanded": String(isChosen), "aria-label": `${words.details}: ${step.name}. ${note}`, title: words.details, "data-details": step.key, onclick: () => act.choose(step.key) }, icon(8)));
}
