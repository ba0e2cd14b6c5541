// The outline of the form designer: sections and fields in order, chosen with a click, moved by keys or by dragging.

import { el, fill } from "./designer-dom.js";

/**
 * Return what draws the outline into `outline` as things stand.
 * acts: what the outline can be asked to do, and `now`, which tells { state, chosen, problems }.
 */
export function outliner(outline, acts) {
  const { spec, words, frozen, icon, now } = acts;

  function countProblems(path) {
    return Object.keys(now().problems).filter((key) => key.startsWith(path)).length;
  }

  function draw() {
    const { state, problems } = now();
    const list = el("ol", { class: "designer-list" }, item({ section: null, field: null }, words.form, "", countProblems("rules.") + countProblems("name")));
    state.sections.forEach((section, s) => {
      const inner = el("ol", { class: "designer-fields", "data-section": String(s) });
      section.fields.forEach((field, f) => inner.append(item({ section: s, field: f }, field.label || field.key, meta(field), countProblems(`sections.${s}.fields.${f}.`))));
      const own = Object.keys(problems).filter((key) => key.startsWith(`sections.${s}.`) && !key.startsWith(`sections.${s}.fields`)).length;
      list.append(item({ section: s, field: null }, section.title, section.show_when ? words.hidden : "", own, inner));
    });
    const adds = frozen ? "" : el("div", { class: "designer-tools" },
      el("button", { type: "button", class: "btn btn-sm", "data-add": "section", onclick: acts.addSection }, icon(4), words.add_section),
      el("button", { type: "button", class: "btn btn-sm", "data-add": "field", disabled: !state.sections.length, onclick: acts.addField }, icon(4), words.add_field));
    outline.replaceChildren(state.sections.length ? "" : el("p", { class: "text-secondary" }, words.empty), list, adds);
  }

  function meta(field) {
    const kind = spec.kinds.find(([key]) => key === field.kind)?.[1] || field.kind;
    const marks = [field.is_required && field.kind !== "computed" ? words.required : "", field.show_when ? words.hidden : "", field.filled_by ? words.officer : ""];
    return [kind.replace(/ \(.*/, ""), ...marks].filter(Boolean).join(" · ");
  }

  function item(place, title, note, faults, inner = "") {
    const { chosen } = now();
    const isChosen = place.section === chosen.section && place.field === chosen.field;
    const button = el("button", { type: "button", class: "designer-item", "data-place": `${place.section ?? "form"}.${place.field ?? ""}`, "aria-current": isChosen ? "true" : null,
      onclick: () => acts.choose(place), onkeydown: (event) => keys(event, place) },
      el("span", { class: "designer-item-title" }, title), note ? el("span", { class: "designer-item-note" }, note) : "",
      faults ? el("span", { class: "chip chip-danger" }, icon(5), fill(words.faults, { count: faults })) : "");
    const line = el("li", { class: place.field === null ? "designer-section" : "designer-field" }, button, inner);
    if (!frozen && place.section !== null) dragging(line, button, place);
    return line;
  }

  function dragging(line, handle, place) {
    handle.draggable = true;
    handle.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", JSON.stringify(place)));
    line.addEventListener("dragover", (event) => { event.preventDefault(); event.stopPropagation(); line.classList.add("is-over"); });
    line.addEventListener("dragleave", () => line.classList.remove("is-over"));
    line.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      line.classList.remove("is-over");
      let from;
      try { from = JSON.parse(event.dataTransfer.getData("text/plain")); } catch { return; }
      if (from.field === null) acts.moveSection(from.section, place.section);
      else acts.moveField(from, { section: place.section, field: place.field ?? now().state.sections[place.section].fields.length });
    });
  }

  function keys(event, place) {
    if (frozen || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key) || place.section === null) return;
    event.preventDefault();
    acts.step(place, event.key === "ArrowUp" ? -1 : 1);
  }

  return draw;
}
