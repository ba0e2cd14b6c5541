// The process designer: one definition in memory, a table of steps, the picture the server draws
// from it after each change, the problems it finds, and one save.

import { close, confirm, el, fill, notice } from "./designer-dom.js";
import { commands, course } from "./designer-undo.js";
import { connector, markPicture } from "./process-picture.js";
import { drawTable } from "./process-table.js";

export const hours = (minutes) => String(Math.round((minutes / 60) * 100) / 100).replace(".", ",");

function start(root, shell) {
  const data = JSON.parse(document.getElementById("designer-data").textContent);
  const { spec, words, texts } = data;
  const find = (name) => document.querySelector(`[data-designer-${name}]`);
  const [table, picture, problemBox, status, alertBox] = ["table", "picture", "problems", "status", "alert"].map(find);
  const icons = [...find("icons").content.querySelectorAll("svg")];
  const icon = (index) => icons[index].cloneNode(true);
  const frozen = root.dataset.frozen === "yes";
  const fixed = frozen || data.open !== null; // what was approved stays; who does it may be set
  const heads = [...root.querySelectorAll("[data-process-head]")];
  let state = data.definition;
  let { base, fields } = data;
  let chosen = null; // the key of a step
  let faults = {};
  let saved = JSON.stringify(state);

  const isDirty = () => JSON.stringify(state) !== saved;
  const say = (text) => { status.textContent = text; };
  const warn = (tone, text) => notice(alertBox, tone, text);
  const confirmed = (text) => confirm(find("confirm"), words.remove_title, text);
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const place = (key) => state.steps.findIndex((step) => step.key === key);

  const trail = course(() => state, (before, word) => {
    state = before;
    faults = {};
    draw();
    say(word);
  });
  const { remember } = trail;

  function changed() {
    const undo = find("undo");
    if (undo) undo.disabled = trail.isEmpty();
    say(frozen ? "" : isDirty() ? words.unsaved : words.saved);
    later();
  }

  function draw() {
    if (place(chosen) < 0) chosen = null;
    drawTable(table, { state, chosen, faults, spec, words, texts, fields, frozen: fixed, open: frozen ? [] : data.open, icon, root, act });
    shell.enhance(table);
    for (const input of frozen ? [] : heads) if (input !== document.activeElement) input.value = state[input.dataset.processHead] || "";
    mark();
    changed();
  }

  function redrawKeepingFocus() {
    const at = document.activeElement?.dataset?.at;
    draw();
    if (at) table.querySelector(`[data-at="${CSS.escape(at)}"]`)?.focus();
  }

  const mark = () => markPicture(picture, { chosen, problems: problemKeys() });
  const problemKeys = () => new Set((data.problems.list || []).filter((one) => !one.warning).flatMap((one) => one.steps));

  /** What the table may do to the definition. */
  const act = {
    set(key, name, value, redraw) {
      remember(redraw ? "" : `${key}.${name}`);
      const step = state.steps[place(key)];
      step[name] = value;
      delete faults[`steps.${place(key)}.${name}`];
      redraw ? redrawKeepingFocus() : changed();
    },
    choose(key) {
      chosen = chosen === key ? null : key;
      trail.rest();
      redrawKeepingFocus();
    },
    move(from, to) {
      const at = Math.max(0, Math.min(state.steps.length - 1, to));
      if (at === from) return;
      remember();
      const [step] = state.steps.splice(from, 1);
      state.steps.splice(at, 0, step);
      faults = {};
      draw();
      focusRow(step.key);
      say(fill(words.moved, { name: step.name, place: at + 1 }));
    },
    add(after) {
      remember();
      const at = after < 0 ? state.steps.length : after + 1;
      const step = blank();
      state.steps.splice(at, 0, step);
      faults = {};
      draw();
      table.querySelector(`[data-at="${step.key}.name"]`)?.select();
    },
    duplicate(at) {
      remember();
      const twin = { ...copy(state.steps[at]), key: freshKey() };
      state.steps.splice(at + 1, 0, twin);
      draw();
      focusRow(twin.key);
    },
    async remove(at) {
      const { name, key } = state.steps[at];
      if (!(await confirmed(fill(words.remove_question, { name })))) return;
      remember();
      state.steps.splice(at, 1);
      for (const step of state.steps) if (step.goes_to) step.goes_to = step.goes_to.filter((way) => way.to !== key);
      faults = {};
      draw();
      focusRow(state.steps[Math.min(at, state.steps.length - 1)]?.key);
      say(fill(words.removed, { name }));
    },
    text(kind, value, text) {
      (texts[kind] ||= {})[value] = text;
    },
    async fieldsOf(form) {
      const reply = await fetch(root.dataset.fieldsUrl.replace(/0$/, form)).catch(() => null);
      if (!reply?.ok) return;
      fields = await reply.json();
      draw();
    },
  };

  const freshKey = () => {
    const taken = new Set(state.steps.map((step) => step.key));
    let number = state.steps.length + 1;
    while (taken.has(`b${number}`)) number += 1;
    return `b${number}`;
  };

  const blank = () => ({
    key: freshKey(), name: words.new_step, kind: "work", role: "specialist", place: "agency", agency_id: null,
    working_minutes: 240, goes_to: null, split: "all", join: "all", join_count: null, assign: "pool", assign_value: null,
    consulted: null, silence_consents: false, sub_process_id: null, child_procedure_id: null,
  });

  function focusRow(key) {
    const row = key && table.querySelector(`[data-row="${CSS.escape(key)}"] .process-number`);
    row?.focus();
  }

  /** From the picture to the row: opened, in sight, its name ready to be changed. */
  function goTo(key) {
    if (place(key) < 0) return;
    chosen = key;
    draw();
    const input = table.querySelector(`[data-at="${CSS.escape(key)}.name"]`);
    input?.scrollIntoView({ block: "center" });
    input?.focus();
  }

  function connect(from, to) {
    if (from === to) return say(words.backwards);
    remember();
    const step = state.steps[place(from)];
    const linear = state.steps[place(from) + 1]?.key;
    const ways = step.goes_to || (linear && linear !== to ? [{ to: linear, when: null, label: null }] : []);
    if (!ways.some((way) => way.to === to)) ways.push({ to, when: null, label: null });
    step.goes_to = ways;
    chosen = from;
    draw();
    say(fill(words.connected, { from: step.name, to: state.steps[place(to)].name }));
    return undefined;
  }

  let timer = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(check, 350);
  }

  const send = (url, body) => fetch(url, { method: "POST", body: JSON.stringify(body), headers: { "X-CSRFToken": shell.csrf(), "Content-Type": "application/json", Accept: "application/json" } }).catch(() => null);

  let asked = 0;
  async function check() {
    const mine = ++asked;
    const reply = await send(root.dataset.checkUrl, state);
    const answer = await reply?.json().catch(() => null);
    if (mine !== asked || !reply?.ok || !answer) return; // a later change has been asked about
    data.problems = answer.problems;
    showFaults(answer.faults);
    const focused = picture.querySelector("[data-step]:focus")?.dataset.step;
    const scrolled = [picture.firstElementChild?.scrollLeft || 0, picture.firstElementChild?.scrollTop || 0];
    picture.innerHTML = answer.picture; // rendered and escaped by the server
    if (picture.firstElementChild) [picture.firstElementChild.scrollLeft, picture.firstElementChild.scrollTop] = scrolled;
    mark();
    showProblems();
    if (focused) picture.querySelector(`[data-step="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Faults stand beside their inputs; a row in which nothing changed is not drawn anew. */
  function showFaults(fresh) {
    if (JSON.stringify(fresh) === JSON.stringify(faults)) return;
    faults = fresh;
    for (const old of root.querySelectorAll(".process-fault")) old.remove();
    for (const input of root.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const [path, message] of Object.entries(fresh)) {
      const [, number, name] = /^steps\.(\d+)\.(.+)$/.exec(path) || [];
      const input = number === undefined ? heads.find((one) => one.dataset.processHead === path) : table.querySelector(`[data-at="${CSS.escape(`${state.steps[number]?.key}.${name}`)}"]`);
      if (!input) continue;
      input.setAttribute("aria-invalid", "true");
      input.after(el("p", { class: "process-fault" }, message));
    }
  }

  function showProblems() {
    const { list, minutes, uses } = data.problems;
    const line = (one) => el("li", { class: one.warning ? "is-warning" : "is-problem" }, icon(one.warning ? 6 : 5),
      el("span", { class: "visually-hidden" }, one.warning ? words.warning : words.problem),
      one.steps.length ? el("button", { type: "button", onclick: () => goTo(one.steps[0].split("/")[0]) }, one.text) : el("span", {}, one.text));
    const lines = list.filter((one) => !one.warning).map(line);
    const warnings = list.filter((one) => one.warning).map(line);
    if (!lines.length && !warnings.length) lines.push(el("li", { class: "is-fine" }, icon(7), words.sound));
    const times = [fill(words.total, { hours: hours(minutes) }), ...uses.map((use) => (use.minutes === null ? fill(words.no_limit, { name: use.name }) : fill(words.limit, { name: use.name, hours: hours(use.minutes) })))];
    if (!uses.length) times.push(words.unused);
    // Folded: many warnings would push the diagram out of sight. What was opened stays so.
    const isOpen = problemBox.querySelector("details")?.open;
    const folded = warnings.length ? [el("details", { open: Boolean(isOpen) }, el("summary", {}, icon(6), fill(words.warnings, { count: warnings.length })), el("ul", {}, warnings))] : [];
    problemBox.replaceChildren(...(lines.length ? [el("ul", {}, lines)] : []), ...folded, el("ul", {}, times.map((text) => el("li", { class: "text-secondary" }, icon(9), text))));
  }

  async function save() {
    if (frozen) return;
    say(words.saving);
    const sent = JSON.stringify(state);
    const reply = await send(root.dataset.saveUrl, { base, definition: state });
    const answer = await reply?.json().catch(() => ({}));
    if (reply?.ok) {
      base = answer.base;
      saved = sent;
      warn("", "");
      showFaults({});
    } else {
      warn(reply?.status === 409 ? "warning" : "danger", answer?.error || words.failed);
      const first = /^steps\.(\d+)\./.exec(Object.keys(answer?.faults || {})[0] || "");
      if (first) chosen = state.steps[first[1]]?.key ?? null;
      draw();
      faults = {};
      showFaults(answer?.faults || {});
      root.querySelector('[aria-invalid="true"]')?.focus();
    }
    say(isDirty() ? words.unsaved : words.saved);
  }

  commands(trail, { find, words, save, frozen, isDirty });
  connector(picture, find("connect"), { words, say, goTo, connect, nameOf: (key) => state.steps[place(key)]?.name || key });
  for (const input of heads) {
    input.addEventListener("input", () => {
      remember(`head.${input.dataset.processHead}`);
      state[input.dataset.processHead] = input.value.trim() || null;
      changed();
    });
  }
  if (frozen) close(root.querySelector(".process-decision"));
  draw();
  clearTimeout(timer);
  showProblems();
}

export function enhance(root, shell) {
  for (const box of root.querySelectorAll("[data-process-designer]")) {
    if (box.started) continue;
    box.started = true;
    start(box, shell);
  }
}
