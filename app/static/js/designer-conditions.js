// The form designer's editor of conditions: rows of "field – comparison – value", all or any of them.

import { el, freshId, options } from "./designer-dom.js";

const ALONE = new Set(["filled", "empty"]);
const SEVERAL = new Set(["in", "not_in"]);

/** Return an editor; `change(condition or null)` is told of every change. */
export function conditionEditor({ label, value, fields, spec, words, error, change }) {
  const box = el("fieldset", { class: "field designer-condition" }, el("legend", { class: "form-label" }, label));
  let parts = value ? value.any || value.all || [value] : [];
  if (parts.some((part) => part.all || part.any)) {
    box.append(el("p", { class: "form-hint" }, words.nested), el("pre", { class: "designer-raw" }, JSON.stringify(value, null, 1)),
      el("button", { type: "button", class: "btn btn-sm", onclick: () => change(null, true) }, words.drop_condition));
    return withError(box, error);
  }
  let group = value?.any ? "any" : "all";
  const tell = (how, list, redraw) => {
    [group, parts] = [how, list];
    change(list.length === 0 ? null : list.length === 1 && how === "all" ? list[0] : { [how]: list }, redraw);
  };
  if (!parts.length) box.append(el("p", { class: "form-hint m-0" }, words.always));
  if (parts.length > 1) {
    box.append(el("select", { class: "form-select form-select-sm", "aria-label": label, onchange: (event) => tell(event.target.value, parts, false) },
      options([["all", words.all], ["any", words.any]], group)));
  }
  parts.forEach((part, index) => {
    const put = (fresh, redraw) => tell(group, parts.with(index, fresh), redraw);
    box.append(row(part, { fields, spec, words, put, remove: () => tell(group, parts.toSpliced(index, 1), true) }));
  });
  const blank = () => ({ field: fields[0]?.key || "", op: "filled" });
  box.append(el("button", { type: "button", class: "btn btn-sm", disabled: !fields.length, onclick: () => tell(group, [...parts, blank()], true) }, words.add_condition));
  return withError(box, error);
}

function withError(box, error) {
  if (!error) return box;
  const id = freshId();
  box.setAttribute("aria-describedby", id);
  box.append(el("div", { class: "field-error", id }, el("div", {}, el("span", {}, error))));
  return box;
}

function row(part, { fields, spec, words, put, remove }) {
  const field = fields.find((one) => one.key === part.field);
  const names = fields.map((one) => [one.key, one.label || one.key]);
  if (!field) names.unshift([part.field, part.field]);
  const line = el("div", { class: "designer-condition-row" },
    el("select", { class: "form-select form-select-sm", "aria-label": words.field, onchange: (event) => put({ ...part, field: event.target.value, ...(("value" in part) ? { value: "" } : {}) }, true) }, options(names, part.field)),
    el("select", { class: "form-select form-select-sm", "aria-label": words.must, onchange: (event) => put(reshaped(part, event.target.value), true) }, options(spec.ops, part.op)));
  if (!ALONE.has(part.op)) {
    const other = "other" in part;
    if (!SEVERAL.has(part.op)) {
      line.append(el("select", { class: "form-select form-select-sm", "aria-label": words.a_value, onchange: (event) => put(event.target.value === "other" ? { field: part.field, op: part.op, other: fields[0].key } : { field: part.field, op: part.op, value: "" }, true) },
        options([["value", words.a_value], ["other", words.a_field]], other ? "other" : "value")));
    }
    line.append(other ? el("select", { class: "form-select form-select-sm", "aria-label": words.a_field, onchange: (event) => put({ ...part, other: event.target.value }) }, options(names, part.other))
      : valueInput(part, field, words, put));
  }
  line.append(el("button", { type: "button", class: "btn btn-sm", onclick: remove }, words.remove));
  return line;
}

function reshaped(part, op) {
  if (ALONE.has(op)) return { field: part.field, op };
  if (SEVERAL.has(op)) return { field: part.field, op, value: [].concat(part.value ?? []).filter((one) => one !== "") };
  if ("other" in part) return { field: part.field, op, other: part.other };
  return { field: part.field, op, value: Array.isArray(part.value) ? part.value[0] ?? "" : part.value ?? "" };
}

function valueInput(part, field, words, put) {
  const several = SEVERAL.has(part.op);
  const look = { class: "form-control form-control-sm", "aria-label": several ? words.values : words.a_value };
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
