// What stands below the chosen step: its ways out with conditions, how it opens, who gets it, what it asks.

import { conditionEditor } from "./designer-conditions.js";
import { el, labelled, options } from "./designer-dom.js";

export function drawDetails(step, at, context) {
  const { words, icon, act, frozen, spec } = context;
  const button = (index, label, action, name) => el("button", { type: "button", class: "btn btn-sm", "data-tool": name, onclick: action }, icon(index), label);
  const tools = frozen ? "" : el("div", { class: "designer-tools" }, button(0, words.up, () => act.move(at, at - 1)), button(1, words.down, () => act.move(at, at + 1)),
    button(4, words.add_step, () => act.add(at)), button(2, words.duplicate, () => act.duplicate(at)), button(3, words.remove, () => act.remove(at), "remove"));
  const isWorked = !spec.automatic.includes(step.kind);
  return [tools, kindParts(step, context), ways(step, at, context), joining(step, context), isWorked ? given(step, context) : ""];
}

const put = (step, name, context, redraw = true) => (event) => context.act.set(step.key, name, event.target.value === "" ? null : event.target.value, redraw);

/** A select that searches on the server; what is chosen already stands in it by its name. */
function record(step, name, kind, context, { several = false } = {}) {
  const { root, texts, act, spec, faults, state } = context;
  const values = several ? step[name] || [] : [step[name]].filter((value) => value !== null);
  const known = texts[kind] || {};
  const select = el("select", { class: "form-select", multiple: several, "data-at": `${step.key}.${name}`, "data-choices-url": root.dataset.choicesBase.replace("KIND", kind) },
    several ? [] : el("option", { value: "" }, "—"), values.map((value) => el("option", { value: String(value), selected: true }, known[value] || String(value))));
  select.addEventListener("change", () => {
    const chosen = [...select.selectedOptions].filter((option) => option.value);
    for (const option of chosen) act.text(kind, option.value, option.text);
    const list = chosen.map((option) => option.value);
    act.set(step.key, name, several ? (list.length ? list : null) : list.length ? Number(list[0]) : null);
  });
  const place = state.steps.indexOf(step);
  return labelled(spec.labels[name], select, { error: faults[`steps.${place}.${name}`] });
}

function kindParts(step, context) {
  const { spec, act } = context;
  const parts = [];
  if (step.place === "named" || step.kind === "child") parts.push(record(step, "agency_id", "agency", context));
  if (step.kind === "consult") {
    parts.push(record(step, "consulted", "consulted", context, { several: true }),
      labelled(spec.labels.silence_consents, el("input", { type: "checkbox", class: "form-check-input", "data-at": `${step.key}.silence_consents`, checked: step.silence_consents === true, onchange: (event) => act.set(step.key, "silence_consents", event.target.checked) })));
  }
  if (step.kind === "sub_process") parts.push(record(step, "sub_process_id", "process", context));
  if (step.kind === "child") parts.push(record(step, "child_procedure_id", "procedure", context));
  return parts.length ? el("div", { class: "process-parts" }, parts) : "";
}

function ways(step, at, context) {
  const { state, words, spec, act } = context;
  const box = el("fieldset", { class: "field" }, el("legend", { class: "form-label" }, words.ways));
  const isLinear = step.goes_to === null;
  const next = state.steps[at + 1];
  const change = (list, redraw = true) => act.set(step.key, "goes_to", list, redraw);
  box.append(labelled(`${words.linear}${next ? ` (${at + 2}. ${next.name})` : ""}`, el("input", { type: "checkbox", class: "form-check-input", "data-at": `${step.key}.linear`, checked: isLinear,
    onchange: (event) => change(event.target.checked ? null : next ? [{ to: next.key, when: null, label: null }] : []) })));
  if (isLinear) return box;
  if (!step.goes_to.length) box.append(el("p", { class: "form-hint" }, words.ends));
  step.goes_to.forEach((way, index) => box.append(wayRow(step, way, index, change, context)));
  const targets = state.steps.filter((one) => one !== step);
  box.append(el("button", { type: "button", class: "btn btn-sm", "data-add": "way", disabled: !targets.length,
    "data-edit": true, onclick: () => change([...step.goes_to, { to: (targets.find((one) => !step.goes_to.some((way) => way.to === one.key)) || targets[0]).key, when: null, label: null }]) }, context.icon(4), words.add_way));
  if (step.goes_to.length > 1) {
    box.append(labelled(spec.labels.split, el("select", { class: "form-select field-medium", "data-at": `${step.key}.split`, onchange: put(step, "split", context) }, options(spec.splits, step.split))));
  }
  return box;
}

function wayRow(step, way, index, change, context) {
  const { state, words, spec, fields } = context;
  const at = `${step.key}.goes_to.${index}`;
  const targets = state.steps.map((one, number) => [one.key, `${number + 1}. ${one.name}`]).filter(([key]) => key !== step.key);
  if (!targets.some(([key]) => key === way.to)) targets.unshift([way.to, "—"]);
  const replaced = (part, redraw) => change(step.goes_to.map((one, number) => (number === index ? { ...one, ...part } : one)), redraw);
  return el("div", { class: "process-way-row" },
    labelled(words.way_to, el("select", { class: "form-select", "data-at": `${at}.to`, onchange: (event) => replaced({ to: event.target.value }, true) }, options(targets, way.to))),
    labelled(words.way_label, el("input", { type: "text", class: "form-control", "data-at": `${at}.label`, maxlength: "120", placeholder: words.no_label, value: way.label || "", oninput: (event) => replaced({ label: event.target.value || null }, false) })),
    fields.length || index ? "" : formChoice(context),
    conditionEditor({ label: words.way_when, value: way.when, fields, spec, words, error: context.faults[`steps.${state.steps.indexOf(step)}.goes_to.${index}.when`], change: (when, redraw) => replaced({ when }, redraw === true), at: `${at}.when` }),
    el("div", {}, el("button", { type: "button", class: "btn btn-sm", "data-edit": true, onclick: () => change(step.goes_to.filter((one) => one !== way)) }, context.icon(3), words.remove_way)));
}

/** While no procedure rests on the process, its conditions name the fields of a form one chooses. */
function formChoice({ root, words, act }) {
  const select = el("select", { class: "form-select", "data-choices-url": root.dataset.choicesBase.replace("KIND", "form") }, el("option", { value: "" }, "—"));
  select.addEventListener("change", () => select.value && act.fieldsOf(select.value));
  return labelled(words.fields_from, select);
}

function joining(step, context) {
  const { state, words, spec, act, faults } = context;
  const leading = state.steps.filter((one, at) => (one.goes_to === null ? state.steps[at + 1] === step : one.goes_to.some((way) => way.to === step.key)));
  if (leading.length < 2) return "";
  const parts = [labelled(spec.labels.join, el("select", { class: "form-select", "data-at": `${step.key}.join`, onchange: put(step, "join", context) }, options(spec.joins, step.join)))];
  if (step.join === "count") {
    parts.push(labelled(spec.labels.join_count, el("input", { class: "form-control field-short", inputmode: "numeric", "data-at": `${step.key}.join_count`, value: String(step.join_count ?? ""),
      oninput: (event) => act.set(step.key, "join_count", /^\d+$/.test(event.target.value) ? Number(event.target.value) : null) }), { error: faults[`steps.${state.steps.indexOf(step)}.join_count`] }));
  }
  return el("fieldset", { class: "field" }, el("legend", { class: "form-label" }, words.joins), el("div", { class: "process-parts" }, parts));
}

function given(step, context) {
  const { state, words, spec, act } = context;
  const at = `${step.key}.assign_value`;
  const parts = [labelled(spec.labels.assign, el("select", { class: "form-select", "data-at": `${step.key}.assign`, onchange: (event) => { step.assign_value = null; act.set(step.key, "assign", event.target.value, true); } }, options(spec.assigns, step.assign)))];
  if (step.assign === "same") {
    const earlier = state.steps.filter((one) => one !== step).map((one) => [one.key, `${state.steps.indexOf(one) + 1}. ${one.name}`]);
    parts.push(labelled(words.same, el("select", { class: "form-select", "data-at": at, onchange: put(step, "assign_value", context, false) }, options([["", "—"], ...earlier], step.assign_value))));
  } else if (step.assign === "position" || step.assign === "officer") {
    parts.push(labelled(step.assign === "position" ? words.title : words.user, el("input", { type: "text", class: "form-control", "data-at": at, maxlength: "120", value: step.assign_value || "", oninput: put(step, "assign_value", context, false) })));
  }
  return el("fieldset", { class: "field" }, el("legend", { class: "form-label" }, words.given), el("div", { class: "process-parts" }, parts));
}
