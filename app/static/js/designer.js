// The form designer: one definition in memory, an outline, a panel, a preview, and one save.

import { confirm, el, fill, keyFrom, notice } from "./designer-dom.js";
import { importer } from "./designer-import.js";
import { outliner } from "./designer-outline.js";
import { drawPanel, rulesEditor } from "./designer-panel.js";
import { commands, course } from "./designer-undo.js";

function start(root, csrf) {
  const { definition, base: opened, spec, words, blank } = JSON.parse(document.getElementById("designer-data").textContent);
  const find = (name) => document.querySelector(`[data-designer-${name}]`);
  const [outline, panel, frame, status, alertBox] = ["outline", "panel", "frame", "status", "alert"].map(find);
  const icons = [...find("icons").content.querySelectorAll("svg")];
  const frozen = root.dataset.frozen === "yes";
  let state = definition;
  let base = opened;
  let chosen = { section: null, field: null };
  let problems = {};
  let saved = JSON.stringify(state);

  const fields = () => state.sections.flatMap((section) => section.fields);
  const isDirty = () => JSON.stringify(state) !== saved;
  const say = (text) => { status.textContent = text; };
  const warn = (tone, text) => notice(alertBox, tone, text);
  const confirmed = (text) => confirm(find("confirm"), words.remove_title, text);
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const icon = (index) => icons[index].cloneNode(true);

  const trail = course(() => state, (before, word) => {
    state = before;
    problems = {};
    clampChoice();
    draw();
    say(word);
  });
  const { remember } = trail;
  const drawOutline = outliner(outline, {
    spec, words, frozen, icon, choose, step, addSection, addField, moveSection, moveField,
    now: () => ({ state, chosen, problems }),
  });

  function clampChoice() {
    const section = state.sections[chosen.section];
    if (!section) chosen = { section: null, field: null };
    else if (chosen.field !== null && !section.fields[chosen.field]) chosen.field = null;
  }

  function draw() {
    drawOutline();
    drawChosen();
    changed();
  }

  function changed() {
    const undo = find("undo");
    if (undo) undo.disabled = trail.isEmpty();
    say(frozen ? "" : isDirty() ? words.unsaved : words.saved);
    later();
  }

  /** Move one place up or down; a field at the edge of its section goes on into the next one. */
  function step(place, by) {
    if (place.field === null) return moveSection(place.section, place.section + by);
    const own = state.sections[place.section].fields;
    const to = place.field + by;
    if (to >= 0 && to < own.length) return moveField(place, { section: place.section, field: to });
    const next = state.sections[place.section + by];
    if (next) moveField(place, { section: place.section + by, field: by < 0 ? next.fields.length : 0 });
  }

  function moveSection(from, to) {
    if (to < 0 || to >= state.sections.length || from === to) return;
    remember();
    const [section] = state.sections.splice(from, 1);
    state.sections.splice(to, 0, section);
    arrive({ section: to, field: null }, section.title, to + 1);
  }

  function moveField(from, to) {
    remember();
    const [field] = state.sections[from.section].fields.splice(from.field, 1);
    const list = state.sections[to.section].fields;
    list.splice(Math.min(to.field, list.length), 0, field);
    arrive({ section: to.section, field: list.indexOf(field) }, field.label, list.indexOf(field) + 1);
  }

  function arrive(place, name, number) {
    problems = {};
    chosen = place;
    draw();
    focusChosen();
    say(fill(words.moved, { name, place: number }));
  }

  const focusChosen = () => outline.querySelector('[aria-current="true"]')?.focus();

  function choose(place) {
    chosen = place;
    trail.rest();
    drawOutline();
    drawChosen();
    if (window.matchMedia("(max-width: 991px)").matches) panel.scrollIntoView({ block: "start" });
    else focusChosen();
  }

  function addSection() {
    remember();
    const fresh = Object.fromEntries(spec.section.map((property) => [property.name, null]));
    state.sections.push({ ...fresh, title: words.new_section, fields: [] });
    chosen = { section: state.sections.length - 1, field: null };
    problems = {};
    draw();
    panel.querySelector("input")?.select();
  }

  function addField() {
    remember();
    const section = chosen.section ?? state.sections.length - 1;
    const list = state.sections[section].fields;
    const at = chosen.field === null ? list.length : chosen.field + 1;
    const key = keyFrom(words.new_field, new Set(fields().map((field) => field.key)));
    list.splice(at, 0, { ...copy(blank), key, label: words.new_field });
    chosen = { section, field: at };
    problems = {};
    draw();
    panel.querySelector("input")?.select();
  }

  function duplicate() {
    remember();
    const list = chosen.field === null ? state.sections : state.sections[chosen.section].fields;
    const at = chosen.field ?? chosen.section;
    const twin = copy(list[at]);
    const taken = new Set(fields().map((field) => field.key));
    for (const field of twin.fields || [twin]) {
      field.key = keyFrom(field.key, taken);
      taken.add(field.key);
    }
    list.splice(at + 1, 0, twin);
    chosen = chosen.field === null ? { section: at + 1, field: null } : { section: chosen.section, field: at + 1 };
    problems = {};
    draw();
    focusChosen();
  }

  async function remove() {
    const list = chosen.field === null ? state.sections : state.sections[chosen.section].fields;
    const at = chosen.field ?? chosen.section;
    const name = list[at].label || list[at].title;
    if (!(await confirmed(fill(words.remove_question, { name })))) return;
    remember();
    list.splice(at, 1);
    if (chosen.field === null) chosen = { section: null, field: null };
    else chosen.field = list.length ? Math.min(at, list.length - 1) : null;
    problems = {};
    draw();
    focusChosen();
    say(fill(words.removed, { name }));
  }

  function tools() {
    if (frozen || chosen.section === null) return "";
    const button = (index, label, action) => el("button", { type: "button", class: "btn btn-sm", onclick: action }, icon(index), label);
    return el("div", { class: "designer-tools" }, button(0, words.up, () => step(chosen, -1)), button(1, words.down, () => step(chosen, 1)), button(2, words.duplicate, duplicate), button(3, words.remove, remove));
  }

  function drawChosen() {
    const section = state.sections[chosen.section];
    const field = section?.fields[chosen.field];
    const item = field || section || state;
    const path = field ? `sections.${chosen.section}.fields.${chosen.field}.` : section ? `sections.${chosen.section}.` : "";
    const properties = field ? spec.field : section ? spec.section : spec.form;
    const title = field ? `${words.field}: ${field.label}` : section ? `${words.section}: ${section.title}` : words.form;
    const set = (name, value, redraw, isLabel) => {
      remember(redraw ? "" : `${path}${name}`);
      if (isLabel && field && followsLabel(field)) rename(field, value || "");
      item[name] = value;
      delete problems[`${path}${name}`];
      drawOutline();
      if (redraw) redrawKeepingFocus();
      changed();
    };
    drawPanel(panel, { title, properties, item, path, fields: fields(), spec, words, problems, set, tools: tools(), frozen });
    if (item === state) {
      panel.append(rulesEditor({ rules: state.rules || [], fields: fields(), spec, words, problems, frozen, put: (rules, redraw) => set("rules", rules.length ? rules : null, redraw) }));
    }
  }

  const others = (field) => new Set(fields().filter((one) => one !== field).map((one) => one.key));
  const followsLabel = (field) => field.key === keyFrom(field.label || "", others(field));

  /** A key that follows its label goes on following it, until someone writes another. */
  function rename(field, label) {
    const isUsed = JSON.stringify(state).includes(`"field":"${field.key}"`) || JSON.stringify(state).includes(`"other":"${field.key}"`);
    if (isUsed) return;
    field.key = keyFrom(label, others(field));
    const input = [...panel.querySelectorAll("input[type=text]")].find((one) => one.dataset.key !== undefined);
    if (input) input.value = field.key;
  }

  function redrawKeepingFocus() {
    const inputs = () => [...panel.querySelectorAll("input, select, textarea, button")];
    const place = inputs().indexOf(document.activeElement);
    const at = document.activeElement?.dataset.at;
    drawChosen();
    const named = at && panel.querySelector(`[data-at="${CSS.escape(at)}"]`);
    if (named || place >= 0) (named || inputs()[place])?.focus();
  }

  let timer = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(preview, 500);
  }

  async function preview() {
    const body = new FormData();
    body.set("definition", JSON.stringify(state));
    body.set("lang", document.querySelector("[data-preview-lang]").value);
    body.set("reader", document.querySelector("[data-preview-reader]").value);
    const reply = await fetch(root.dataset.previewUrl, { method: "POST", body, headers: { "X-CSRFToken": csrf() } }).catch(() => null);
    if (reply?.ok) frame.srcdoc = await reply.text();
  }

  async function save() {
    if (frozen) return;
    say(words.saving);
    const sent = JSON.stringify(state);
    const reply = await fetch(root.dataset.saveUrl, { method: "POST", body: JSON.stringify({ base, definition: state }), headers: { "X-CSRFToken": csrf(), "Content-Type": "application/json", Accept: "application/json" } }).catch(() => null);
    const answer = await reply?.json().catch(() => ({}));
    if (reply?.ok) {
      base = answer.base;
      saved = sent;
      problems = {};
      warn("", "");
    } else {
      problems = answer?.problems || {};
      warn(reply?.status === 409 ? "warning" : "danger", answer?.error || words.failed);
      showFirstProblem();
    }
    drawOutline();
    drawChosen();
    say(isDirty() ? words.unsaved : words.saved);
    panel.querySelector('[aria-invalid="true"]')?.focus();
  }

  function showFirstProblem() {
    const found = Object.keys(problems).map((path) => /^sections\.(\d+)\.(?:fields\.(\d+)\.)?/.exec(path));
    if (found.length) chosen = found[0] ? { section: Number(found[0][1]), field: found[0][2] === undefined ? null : Number(found[0][2]) } : { section: null, field: null };
  }

  commands(trail, { find, words, save, frozen, isDirty });
  for (const name of ["lang", "reader"]) document.querySelector(`[data-preview-${name}]`).addEventListener("change", preview);
  root.addEventListener("designer:take", (event) => {
    remember();
    if (event.detail.append) state.sections.push(...event.detail.definition.sections);
    else state = { ...state, ...event.detail.definition };
    chosen = { section: null, field: null };
    problems = {};
    draw();
  });
  const form = document.querySelector("[data-designer-import]");
  if (form) importer(form, { root, words, csrf });
  draw();
}

export function enhance(root, { csrf }) {
  for (const box of root.querySelectorAll("[data-designer]")) {
    if (!box.started) start(box, csrf);
    box.started = true;
  }
}
