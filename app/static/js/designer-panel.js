// The form designer's side panel: every property of the chosen section, field or of the form itself.

import { conditionEditor } from "./designer-conditions.js";
import { close, el, freshId, labelled, options } from "./designer-dom.js";

/** Fill `panel` with the editors of one item; `set(name, value, redraw)` changes it. */
export function drawPanel(panel, { title, properties, item, path, fields, spec, words, problems, set, tools, frozen }) {
  panel.replaceChildren(el("h2", { id: "panel-title", tabindex: "-1" }, title), frozen ? el("p", { class: "form-hint" }, words.closed) : tools || "");
  for (const property of properties) {
    if (property.kinds && !property.kinds.includes(item.kind)) continue;
    panel.append(editor(property, { item, path, fields, spec, words, problems, set }));
  }
  if (frozen) close(panel);
}

function editor(property, context) {
  const { item, path, fields, spec, words, problems, set } = context;
  const { name, label, help } = property;
  const value = item[name];
  const notes = { help, error: problems[`${path}${name}`] };
  const put = (fresh, redraw, isLabel) => set(name, fresh, redraw, isLabel);
  switch (property.editor) {
    case "condition":
      return conditionEditor({ label, value, fields: fields.filter((field) => field !== item), spec, words, error: notes.error, change: put, at: `${path}${name}` });
    case "bool":
      return labelled(label, el("input", { type: "checkbox", class: "form-check-input", checked: value === true, onchange: (event) => put(event.target.checked, true) }), notes);
    case "choice":
      return labelled(label, el("select", { class: "form-select", onchange: (event) => put(event.target.value || null, true) }, options(property.choices, value)), notes);
    case "textarea":
      return labelled(label, el("textarea", { class: "form-control", rows: 2, value: value || "", oninput: (event) => put(event.target.value || null) }), notes);
    case "int":
      return labelled(label, el("input", { class: "form-control field-short", inputmode: "numeric", value: String(value ?? ""), oninput: (event) => put(event.target.value === "" ? null : Number.isInteger(Number(event.target.value)) ? Number(event.target.value) : event.target.value) }), notes);
    case "options":
      return labelled(label, el("textarea", { class: "form-control", rows: 6, value: optionLines(value), onchange: (event) => put(optionsFrom(event.target.value)), oninput: (event) => put(optionsFrom(event.target.value)) }), notes);
    case "columns":
      return columns(property, value || [], item.kind === "group" ? spec.group_kinds : spec.cell_kinds, spec.catalogs, words, notes, put);
    case "parts":
      return parts(property, value, spec.parts[item.kind], words, notes, put);
    default:
      return labelled(label, el("input", { type: "text", class: "form-control", "data-key": property.editor === "key", value: value || "", oninput: (event) => put(event.target.value || null, false, name === "label") }), notes);
  }
}

export const optionLines = (given) => (given || []).map((one) => {
  const parts = one.value === one.label && !one.label_en ? [one.label] : [one.value, one.label, one.label_en];
  return parts.filter(Boolean).join(" | ");
}).join("\n");

/** "value | label | English", one a line; a line of one text is both. */
export function optionsFrom(text) {
  const found = text.split("\n").map((line) => line.split("|").map((part) => part.trim())).filter((parts) => parts[0]);
  const made = found.map(([value, label, english]) => ({ value, label: label || value, ...(english ? { label_en: english } : {}) }));
  return made.length ? made : null;
}

function columns(property, value, kinds, catalogs, words, notes, put) {
  const box = el("fieldset", { class: "field designer-columns-editor" }, el("legend", { class: "form-label" }, property.label));
  let current = value; // edits that redraw nothing follow one another
  value.forEach((column, index) => {
    const change = (part, redraw) => {
      current = current.with(index, { ...current[index], ...part });
      put(current, redraw);
    };
    const swap = (to) => { const list = [...current]; [list[index], list[to]] = [list[to], list[index]]; put(list, true); };
    box.append(el("div", { class: "designer-column" },
      labelled(words.label, el("input", { class: "form-control form-control-sm", value: column.label || "", oninput: (event) => change({ label: event.target.value }) })),
      labelled(words.key, el("input", { class: "form-control form-control-sm", value: column.key || "", oninput: (event) => change({ key: event.target.value }) })),
      labelled(words.kind, el("select", { class: "form-select form-select-sm", onchange: (event) => change({ kind: event.target.value }, true) }, options(kinds, column.kind || "text"))),
      ["select", "multi_select"].includes(column.kind) ? labelled(words.choices, el("textarea", { class: "form-control form-control-sm", rows: 3, value: optionLines(column.options), oninput: (event) => change({ options: optionsFrom(event.target.value) }) })) : "",
      column.kind === "catalog" ? labelled(words.catalog, el("select", { class: "form-select form-select-sm", onchange: (event) => change({ catalog_code: event.target.value || null }) }, options([["", "—"], ...catalogs], column.catalog_code || ""))) : "",
      labelled(words.required, el("input", { type: "checkbox", class: "form-check-input", checked: column.required !== false, onchange: (event) => change({ required: event.target.checked }) })),
      el("div", { class: "designer-tools" },
        el("button", { type: "button", class: "btn btn-sm", disabled: index === 0, onclick: () => swap(index - 1) }, words.up),
        el("button", { type: "button", class: "btn btn-sm", disabled: index === value.length - 1, onclick: () => swap(index + 1) }, words.down),
        el("button", { type: "button", class: "btn btn-sm", onclick: () => put(current.toSpliced(index, 1), true) }, words.remove))));
  });
  const number = value.length + 1;
  box.append(el("button", { type: "button", class: "btn btn-sm", "data-edit": true, onclick: () => put([...current, { key: `cot_${number}`, label: "", kind: "text", required: true }], true) }, words.add_column));
  return fault(box, notes.error);
}

function parts(property, value, known, words, notes, put) {
  const box = el("fieldset", { class: "field" }, el("legend", { class: "form-label" }, property.label));
  const usual = known.filter(([key]) => !["nationality", "email"].includes(key)).map(([key, , required]) => ({ key, required }));
  const chosen = value || usual;
  for (const [key, label, required] of known) {
    const part = chosen.find((one) => one.key === key);
    const tell = (asked, must) => put(known.map(([name, , usualMust]) => {
      const own = chosen.find((one) => one.key === name);
      if (name === key) return asked ? { ...part, key: name, required: must } : null;
      return own ? { ...own, required: own.required ?? usualMust } : null;
    }).filter(Boolean), true);
    box.append(el("div", { class: "designer-part" },
      labelled(label, el("input", { type: "checkbox", class: "form-check-input", checked: Boolean(part), onchange: (event) => tell(event.target.checked, required) })),
      part ? labelled(words.required, el("input", { type: "checkbox", class: "form-check-input", checked: part.required ?? required, onchange: (event) => tell(true, event.target.checked) })) : ""));
  }
  return fault(box, notes.error);
}

function fault(box, error) {
  if (error) box.append(el("div", { class: "field-error", id: freshId() }, el("div", {}, el("span", {}, error))));
  return box;
}

/** The rules between fields, edited at the form itself. */
export function rulesEditor({ rules, fields, spec, words, problems, put, frozen }) {
  const box = el("section", { class: "designer-rules" }, el("h3", {}, words.rules));
  let current = rules;
  rules.forEach((rule, index) => {
    const change = (part, redraw) => {
      current = current.with(index, { ...current[index], ...part });
      put(current, redraw);
    };
    const path = `rules.${index}.`;
    const places = [["", words.last], ...fields.map((field) => [field.key, field.label || field.key])];
    box.append(el("div", { class: "designer-rule" },
      labelled(words.message, el("input", { class: "form-control", value: rule.message || "", oninput: (event) => change({ message: event.target.value }) }), { error: problems[`${path}message`] }),
      labelled(words.message_en, el("input", { class: "form-control", value: rule.message_en || "", oninput: (event) => change({ message_en: event.target.value || null }) })),
      conditionEditor({ label: words.must, value: rule.must, fields, spec, words, error: problems[`${path}must`], change: (must, redraw) => change({ must }, redraw), at: `${path}must` }),
      labelled(words.at, el("select", { class: "form-select", onchange: (event) => change({ at: event.target.value || null }) }, options(places, rule.at)), { error: problems[`${path}at`] }),
      el("button", { type: "button", class: "btn btn-sm", "data-edit": true, onclick: () => put(current.toSpliced(index, 1), true) }, words.remove)));
  });
  box.append(el("button", { type: "button", class: "btn btn-sm", "data-edit": true, onclick: () => put([...current, { must: fields.length ? { field: fields[0].key, op: "filled" } : null, message: "" }], true) }, words.add_rule));
  if (frozen) close(box);
  return box;
}
