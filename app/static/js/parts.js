// Rows of a form that belong to its record: add, move by buttons or by dragging, remove and take back.
// Without this script the same buttons send the form and the server does it.

let prepare = () => {};
let words = {};

class Parts {
  constructor(box) {
    this.box = box;
    this.table = box.querySelector("table");
    this.template = box.querySelector("template");
    this.status = box.querySelector("[data-part-status]");
    this.next = Math.max(-1, ...this.rows().map((row) => Number(row.id.split("-").pop()))) + 1;
    for (const row of this.rows()) this.ready(row);
    const add = box.querySelector("[data-part-add]");
    if (add) add.type = "button";
    box.addEventListener("click", (event) => this.onClick(event));
    box.addEventListener("dragover", (event) => this.onDrag(event));
    box.addEventListener("dragend", () => this.drop());
    this.renumber(false);
  }

  rows() {
    return [...this.table.querySelectorAll(":scope > [data-part]")];
  }

  ready(row) {
    for (const button of row.querySelectorAll("[data-part-up], [data-part-down]")) button.type = "button";
    row.querySelector("[data-part-grip]")?.removeAttribute("hidden");
    row.querySelector("[data-part-grip]")?.addEventListener("dragstart", (event) => this.drag(event, row));
    const gone = row.querySelector("[data-part-gone]");
    if (!gone) return;
    gone.closest("label").hidden = true;
    row.querySelector("[data-part-remove]").hidden = false;
    this.mark(row, gone.checked);
  }

  onClick(event) {
    const button = event.target.closest("button");
    const row = button?.closest("[data-part]");
    if (!button) return;
    if (button.matches("[data-part-add]")) this.add();
    else if (button.matches("[data-part-remove]")) this.toggle(row, button);
    else if (button.matches("[data-part-up]") && this.rows().includes(row.previousElementSibling)) this.move(row, () => row.previousElementSibling.before(row), button);
    else if (button.matches("[data-part-down]") && row.nextElementSibling) this.move(row, () => row.nextElementSibling.after(row), button);
  }

  add() {
    const holder = document.createElement("table");
    holder.innerHTML = this.template.innerHTML.replaceAll("__index__", String(this.next++));
    const row = holder.querySelector("[data-part]");
    this.table.append(row);
    this.ready(row);
    prepare(row);
    this.renumber();
    this.status.textContent = words.row_added;
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  toggle(row, button) {
    if (!row.querySelector('input[type="hidden"]').value) {
      const near = row.nextElementSibling || this.rows().at(-2);
      row.remove();
      this.renumber();
      this.status.textContent = words.row_removed;
      return (near?.querySelector("[data-part-remove]") || this.box.querySelector("[data-part-add]"))?.focus();
    }
    const gone = row.querySelector("[data-part-gone]");
    gone.checked = !gone.checked;
    this.mark(row, gone.checked);
    this.renumber();
    this.status.textContent = gone.checked ? this.box.dataset.wordsRemoved : this.box.dataset.wordsKept;
    return button.focus();
  }

  mark(row, isGone) {
    row.classList.toggle("is-gone", isGone);
    for (const cell of row.querySelectorAll("td:not(.part-end)")) cell.inert = isGone;
    const button = row.querySelector("[data-part-remove]");
    button.setAttribute("aria-label", isGone ? button.dataset.labelKeep : button.dataset.labelRemove);
    button.querySelector("[data-when-kept]").hidden = isGone;
    button.querySelector("[data-when-gone]").hidden = !isGone;
  }

  move(row, act, button) {
    act();
    this.renumber();
    if (!button) return;
    const other = row.querySelector("[data-part-up]:not(:disabled), [data-part-down]:not(:disabled)");
    (button.disabled ? other : button)?.focus();
    const place = row.querySelector("[data-part-place]").textContent;
    this.status.textContent = this.box.dataset.wordsMoved.replace("{place}", place);
  }

  drag(event, row) {
    this.dragged = row;
    row.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(row.querySelector("tr"), 0, 0);
  }

  onDrag(event) {
    const over = event.target.closest("[data-part]");
    if (!this.dragged) return;
    event.preventDefault();
    if (!over || over === this.dragged) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(this.dragged);
    else over.after(this.dragged);
  }

  drop() {
    if (!this.dragged) return;
    this.dragged.classList.remove("is-dragged");
    this.move(this.dragged, () => {}, null);
    this.dragged = null;
  }

  renumber(isChange = true) {
    const rows = this.rows();
    rows.forEach((row, place) => {
      row.querySelector("[data-part-place]").textContent = String(place + 1);
      const [up, down] = ["up", "down"].map((way) => row.querySelector(`[data-part-${way}]`));
      if (up) up.disabled = place === 0;
      if (down) down.disabled = place === rows.length - 1;
    });
    const kept = rows.filter((row) => !row.classList.contains("is-gone")).length;
    this.box.closest(".parts").querySelector("[data-part-count]").textContent = String(kept);
    this.table.classList.toggle("is-empty", !rows.length);
    if (isChange) this.box.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function enhance(root, shell) {
  ({ words, enhance: prepare } = shell);
  for (const box of root.querySelectorAll("[data-parts]")) box.parts ||= new Parts(box);
}
