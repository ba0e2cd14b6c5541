// The designers' editor of conditions: rows of "field – comparison – value", all, any or none of
// them, and groups of such rows within, as deep as the server takes them.

import { el, freshId, options } from "./designer-dom.js";

const ALONE = new Set(["filled", "empty"]);
const SEVERAL = new Set(["in", "not_in"]);

/**
 * Return an editor; `change(condition or null, redraw)` is told of every change.
 *
 * at: begins the names (data-at) of its controls, by which the focus is found again in a fresh drawing.
 */
export function conditionEditor({ label, value, fields, spec, words, error, change, at }) {
  const tell = (fresh, redraw) => change(whole(fresh), redraw);
  const box = group({ label, value: value || { all: [] }, depth: 0, at, tell }, { fields, spec, words });
  if (!value) box.firstChild.after(el("p", { class: "form-hint m-0" }, words.always));
  return withError(box, error);
}

const isGroup = (part) => Boolean(part.all || part.any || part.none);

/** An empty group is no condition; what is all of one, or one of one group, is that one. */
function whole(value) {
  const [how, parts] = taken(value);
  if (!parts.length) return null;
  return parts.length === 1 && (how === "all" || (how === "any" && isGroup(parts[0]))) ? parts[0] : { [how]: parts };
}

/** Return [how, parts] of a condition; a single one is all there is. */
function taken(value) {
  const how = value.any ? "any" : value.none ? "none" : "all";
  return [how, isGroup(value) ? value[how] : [value]];
}

/** One group and what is in it; `tell(group, redraw)` hears of every change, `drop` takes it away. */
function group({ label, value, depth, at, tell, drop }, context) {
  const { fields, spec, words } = context;
  let [how, parts] = taken(value); // edits that redraw nothing follow one another
  const say = (fresh, redraw) => { parts = fresh; tell({ [how]: parts }, redraw); };
  const box = el("fieldset", { class: depth ? "designer-group" : "field designer-condition" }, el("legend", { class: "form-label" }, label));
  if (depth || parts.length > 1 || how === "none") {
    box.append(el("select", { class: "form-select form-select-sm", "data-at": `${at}.how`, "aria-label": words.how, onchange: (event) => { how = event.target.value; say(parts, true); } },
      options([["all", words.all], ["any", words.any], ["none", words.none]], how)));
  }
  parts.forEach((part, index) => {
    const own = `${at}.${index}`;
    const put = (fresh, redraw) => say(parts.with(index, fresh), redraw);
    const remove = (event) => {
      const left = parts.toSpliced(index, 1);
      if (!left.length && drop) return drop(event);
      event.target.dataset.at = left.length ? start(at, left, Math.min(index, left.length - 1), depth) : `${at}.add`;
      return say(left, true);
    };
    box.append(isGroup(part) ? group({ label: words.group, value: part, depth: depth + 1, at: own, tell: put, drop: remove }, context)
      : row(part, { ...context, put, remove, at: own }));
  });
  box.append(adders({ now: () => [how, parts], isFull: parts.length >= spec.limits.parts, isEmpty: !parts.length, depth, at, say, drop }, { fields, spec, words }));
  return box;
}

/** The name of the first control of the part `index`; where it alone is left it stands for the whole. */
function start(at, parts, index, depth) {
  if (!isGroup(parts[index])) return `${at}.${index}.field`;
  return !depth && parts.length === 1 ? `${at}.how` : `${at}.${index}.how`;
}

function adders({ now, isFull, isEmpty, depth, at, say, drop }, { fields, spec, words }) {
  const blank = () => ({ field: fields[0].key, op: "filled" });
  // The focus goes to what was added: its name is left on the button that was pressed.
  const add = (made) => (event) => {
    const [how, parts] = now();
    const list = [...parts, made(how)];
    event.target.dataset.at = start(at, list, parts.length, depth);
    say(list, true);
  };
  const button = (name, text, disabled, onclick) => el("button", { type: "button", class: "btn btn-sm", "data-at": `${at}.${name}`, disabled, onclick }, text);
  const isClosed = isFull || !fields.length;
  return el("div", { class: "designer-tools" }, button("add", words.add_condition, isClosed, add(blank)),
    !isEmpty && depth + 1 < spec.limits.depth ? button("add_group", words.add_group, isClosed, add((how) => ({ [how === "all" ? "any" : "all"]: [blank()] }))) : "",
    drop ? button("drop", words.drop_group, false, drop) : "");
}

function withError(box, error) {
  if (!error) return box;
  const id = freshId();
  box.setAttribute("aria-describedby", id);
  box.append(el("div", { class: "field-error", id }, el("div", {}, el("span", {}, error))));
  return box;
}

function row(part, { fields, spec, words, put, remove, at }) {
  const field = fields.find((one) => one.key === part.field);
  const names = fields.map((one) => [one.key, one.label || one.key]);
  if (!field) names.unshift([part.field, part.field]);
  const line = el("div", { class: "designer-condition-row" },
    el("select", { class: "form-select form-select-sm", "data-at": `${at}.field`, "aria-label": words.field, onchange: (event) => put({ ...part, field: event.target.value, ...(("value" in part) ? { value: "" } : {}) }, true) }, options(names, part.field)),
    el("select", { class: "form-select form-select-sm", "data-at": `${at}.op`, "aria-label": words.must, onchange: (event) => put(reshaped(part, event.target.value), true) }, options(spec.ops, part.op)));
  if (!ALONE.has(part.op)) {
    const other = "other" in part;
    if (!SEVERAL.has(part.op)) {
      line.append(el("select", { class: "form-select form-select-sm", "data-at": `${at}.with`, "aria-label": words.a_value, onchange: (event) => put(event.target.value === "other" ? { field: part.field, op: part.op, other: fields[0].key } : { field: part.field, op: part.op, value: "" }, true) },
        options([["value", words.a_value], ["other", words.a_field]], other ? "other" : "value")));
    }
    line.append(other ? el("select", { class: "form-select form-select-sm", "data-at": `${at}.other`, "aria-label": words.a_field, onchange: (event) => put({ ...part, other: event.target.value }) }, options(names, part.other))
      : valueInput(part, field, words, put, at));
  }
  line.append(el("button", { type: "button", class: "btn btn-sm", "data-at": `${at}.remove`, onclick: remove }, words.remove));
  return line;
}

function reshaped(part, op) {
  if (ALONE.has(op)) return { field: part.field, op };
  if (SEVERAL.has(op)) return { field: part.field, op, value: [].concat(part.value ?? []).filter((one) => one !== "") };
  if ("other" in part) return { field: part.field, op, other: part.other };
  return { field: part.field, op, value: Array.isArray(part.value) ? part.value[0] ?? "" : part.value ?? "" };
}

function valueInput(part, field, words, put, at) {
  const several = SEVERAL.has(part.op);
  const look = { class: "form-control form-control-sm", "data-at": `${at}.value`, "aria-label": several ? words.values : words.a_value };
  if (!several && field?.options?.length) {
    const pairs = [["", "—"], ...field.options.map((one) => [one.value, one.label || one.value])];
    return el("select", { ...look, class: "form-select form-select-sm", onchange: (event) => put({ ...part, value: event.target.value }) }, options(pairs, String(part.value ?? "")));
  }
  if (!several && field?.kind === "checkbox") {
    return el("select", { ...look, class: "form-select form-select-sm", onchange: (event) => put({ ...part, value: event.target.value === "true" }) }, options([["false", "☐"], ["true", "☑"]], String(part.value === true)));
  }
  const text = several ? [].concat(part.value ?? []).join("; ") : String(part.value ?? "");
  const typed = (raw) => (field?.kind === "number" && raw.trim() !== "" && Number.isFinite(Number(raw.replace(",", "."))) ? Number(raw.replace(",", ".")) : raw.trim());
  return el("input", { ...look, type: "text", value: text, placeholder: several ? words.values : field?.kind === "date" ? "2026-01-31 / today-18y" : "",
    oninput: (event) => put({ ...part, value: several ? event.target.value.split(";").map((one) => typed(one)).filter((one) => one !== "") : typed(event.target.value) }) });
}
