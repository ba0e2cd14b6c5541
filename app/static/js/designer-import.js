// The form designer's import: the server reads the sheet and writes nothing; what it read is taken
// into the page, where it can be looked at, undone or saved.

import { el, fill } from "./designer-dom.js";

function faultTable(rows, words) {
  const head = el("tr", {}, [words.row, words.column, words.fault].map((text) => el("th", { scope: "col" }, text)));
  const lines = rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, String(cell)))));
  return el("div", { class: "table-responsive" }, el("table", { class: "table" }, el("thead", {}, head), el("tbody", {}, lines)));
}

export function importer(form, { root, words, csrf }) {
  const place = form.querySelector("[data-import-answer]");
  const dialog = form.closest("dialog");
  const take = (sections, append) => {
    root.dispatchEvent(new CustomEvent("designer:take", { detail: { append, definition: { sections } } }));
    place.replaceChildren();
    form.reset();
    dialog.close();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reply = await fetch(form.dataset.designerImport, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": csrf(), Accept: "application/json" } }).catch(() => null);
    const answer = await reply?.json().catch(() => ({}));
    if (!reply?.ok) {
      const box = el("div", { class: "notice notice-danger", role: "alert" }, el("div", { class: "notice-body" }, answer?.error || words.failed));
      place.replaceChildren(box, answer?.faults ? faultTable(answer.faults, words) : "");
      return;
    }
    place.replaceChildren(el("p", {}, fill(words.import_found, { sections: answer.sections.length, fields: answer.count })),
      el("div", { class: "designer-tools" },
        el("button", { type: "button", class: "btn btn-primary", onclick: () => take(answer.sections, false) }, words.replace),
        el("button", { type: "button", class: "btn", onclick: () => take(answer.sections, true) }, words.append)));
  });
}
