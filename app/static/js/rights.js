// The matrix of rights: find a kind of record, walk the boxes with the arrow keys, count what differs.

const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
const grid = document.querySelector("[data-rights-grid]");

document.querySelector("[data-rights-find]")?.addEventListener("input", (event) => {
  const wanted = fold(event.target.value.trim());
  grid.toggleAttribute("data-searching", wanted !== "");
  for (const body of grid.tBodies) {
    let shown = 0;
    for (const row of body.rows) {
      if (row.classList.contains("rights-group")) continue;
      row.hidden = !fold(row.cells[0].textContent).includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    body.hidden = !shown;
  }
});

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Move to the next box in the direction of the key, over hidden rows and empty cells. */
grid?.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const cell = event.target.closest("td, th");
  if (!step || !cell || event.target.tagName === "SELECT") return;
  const rows = [...grid.rows].filter((row) => row.offsetParent !== null);
  let [row, column] = [rows.indexOf(cell.parentElement), cell.cellIndex];
  for (;;) {
    [row, column] = [row + step[0], column + step[1]];
    const next = rows[row]?.cells[column];
    if (!next) return;
    const target = next.querySelector("input:not([type=hidden], :disabled), select, a");
    if (target) {
      event.preventDefault();
      target.focus();
      return;
    }
  }
});

const form = document.querySelector(".rights-form");
const initial = new Map();
const fields = () => form?.querySelectorAll("input[type=checkbox], select") ?? [];
const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);
for (const field of fields()) initial.set(field, valueOf(field));

form?.addEventListener("change", (event) => {
  const label = event.target.closest(".right");
  if (label) {
    const declared = Boolean(event.target.dataset.declared);
    label.classList.toggle("is-given", event.target.checked && !declared);
    label.classList.toggle("is-taken", !event.target.checked && declared);
  }
  const count = [...fields()].filter((field) => valueOf(field) !== initial.get(field)).length;
  const output = form.querySelector("[data-rights-count]");
  if (output) output.textContent = count ? output.dataset.words.replace("{n}", count) : "";
});
