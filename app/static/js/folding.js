// Small screens: a row folds to what names it, a group to its head, a long list to its first rows.
// Without scripts, on paper and on wide screens everything stands open.

const FIRST = 10;

/** A button that opens and closes `holder`, which begins closed. */
function toggler(holder, name, words) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "row-fold";
  button.setAttribute("aria-label", words.unfold.replace("{name}", name));
  const show = (open) => {
    holder.toggleAttribute("data-folded", !open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show("folded" in holder.dataset));
  show(false);
  return button;
}

function foldRow(row, words) {
  const name = row.querySelector("[data-fold-name]") || row.cells[0];
  row.cells[0].append(toggler(row, name.textContent.trim(), words));
}

function foldGroup(body, words) {
  const head = body.querySelector(".rights-group span");
  if (!head) return;
  const name = head.textContent;
  head.insertAdjacentHTML("beforeend", ` <span class="count">${body.rows.length - 1}</span>`);
  head.parentElement.append(toggler(body, name, words));
}

/** Only the first rows, until more are asked for or all of them are chosen. */
function shorten(table, words) {
  const later = [...table.tBodies[0].rows].slice(FIRST);
  if (later.length < 4) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn more-rows";
  button.textContent = words.more_rows.replace("{count}", later.length);
  const open = () => {
    table.removeAttribute("data-shortened");
    button.remove();
  };
  button.addEventListener("click", () => {
    open();
    later[0].querySelector("a, button, input")?.focus();
  });
  document.addEventListener("change", (event) => event.target.matches("[data-check-all]") && open());
  for (const row of later) row.classList.add("later");
  table.dataset.shortened = "";
  table.closest(".table-wrap").after(button);
}

export function enhance(root, { words }) {
  const each = (selector, action) => {
    for (const table of root.querySelectorAll(`${selector}:not([data-folding])`)) {
      table.dataset.folding = "";
      action(table);
    }
  };
  each(".fold-rows", (table) => [...table.tBodies].forEach((body) => [...body.rows].forEach((row) => foldRow(row, words))));
  each(".fold-groups", (table) => [...table.tBodies].forEach((body) => foldGroup(body, words)));
  each(".first-rows", (table) => shorten(table, words));
}
