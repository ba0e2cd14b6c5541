// Forms: consequence before an action, no double submit, unsaved work, autosave, child rows.

let words = {};
let csrf = () => "";
let prepare = () => {};
let allowed = null; // The form whose confirmation was just given.
const dirty = new Set();

function buildDialog() {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  dialog.setAttribute("aria-describedby", "confirm-text");
  dialog.innerHTML = '<form method="dialog"><div class="dialog-head"><h2 id="confirm-title"></h2></div>' +
    '<div class="dialog-body"><p id="confirm-text"></p></div>' +
    '<div class="dialog-foot"><button class="btn" value="no"></button><button class="btn" value="yes"></button></div></form>';
  document.body.append(dialog);
  return dialog;
}

/** Show the consequence and resolve to true when the person goes on. */
function ask(data) {
  const dialog = document.querySelector("dialog[data-confirm-box]") || buildDialog();
  dialog.dataset.confirmBox = "";
  const [no, yes] = dialog.querySelectorAll(".dialog-foot button");
  dialog.querySelector("h2").textContent = data.confirmTitle || words.confirm_title;
  dialog.querySelector("p").textContent = data.confirm;
  no.textContent = words.cancel;
  yes.textContent = data.confirmLabel || words.confirm;
  yes.className = `btn ${data.confirmTone === "danger" ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  (data.confirmTone === "danger" ? no : yes).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

async function onSubmit(event) {
  const form = event.target;
  const source = [event.submitter, form].find((element) => element?.dataset?.confirm);
  if (source && allowed !== form) {
    event.preventDefault();
    if (await ask(source.dataset)) {
      allowed = form;
      agree(form);
      form.requestSubmit(event.submitter || undefined);
    }
    return;
  }
  allowed = null;
  if (event.defaultPrevented) return;
  dirty.delete(form);
  if (form.matches("[data-once]")) sendOnce(form, event);
}

// The server asks once more where nobody was asked here.
function agree(form) {
  const mark = form.elements._confirmed || Object.assign(document.createElement("input"), { type: "hidden", name: "_confirmed" });
  mark.value = "1";
  form.append(mark);
}

function sendOnce(form, event) {
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  // After the browser has read the pressed button's value, not before.
  setTimeout(() => {
    for (const button of form.querySelectorAll('[type="submit"]')) button.setAttribute("aria-disabled", "true");
    event.submitter?.classList.add("is-busy");
  });
}

// A page taken back from the browser's memory must be usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.elements._confirmed?.remove();
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    for (const button of form.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
  }
});

window.addEventListener("beforeunload", (event) => {
  if (dirty.size) event.preventDefault();
});

function watchUnsaved(form) {
  form.addEventListener("input", () => dirty.add(form));
}

function autosave(form) {
  const status = form.querySelector("[data-autosave-status]") || document.createElement("p");
  let timer = 0;
  let running = false;
  const later = (delay) => { clearTimeout(timer); timer = setTimeout(save, delay); };
  async function save() {
    if (running) return later(1000);
    running = true;
    status.textContent = words.saving;
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    try {
      const reply = await fetch(form.dataset.autosaveUrl, { method: "POST", body: data, headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
      const answer = await reply.json().catch(() => ({}));
      if (!reply.ok) throw Object.assign(new Error("refused"), { text: answer.error, final: reply.status < 500 });
      dirty.delete(form);
      form.dispatchEvent(new CustomEvent("autosaved", { detail: answer }));
      status.textContent = words.saved_at.replace("{time}", answer.saved_at || new Date().toTimeString().slice(0, 5));
    } catch (error) {
      status.textContent = error.text || words.save_failed;
      if (!error.final) later(15000);
    } finally {
      running = false;
    }
  }
  for (const kind of ["input", "change", "rowschange"]) form.addEventListener(kind, () => later(form.querySelector("[data-computed]") ? 500 : 1500));
}

function childRows(box) {
  const list = box.querySelector("[data-rows-list]");
  const template = box.querySelector("template");
  const status = box.querySelector("[data-rows-status]");
  const minimum = Number(box.dataset.rowsMin || 0);
  const rows = () => [...list.querySelectorAll(":scope > [data-row]")];
  let next = rows().length;
  const renumber = () => {
    rows().forEach((row, position) => {
      row.querySelector("[data-row-position]").value = position;
      row.querySelector("[data-row-up]").disabled = position === 0;
      row.querySelector("[data-row-down]").disabled = position === rows().length - 1;
      row.querySelector("[data-row-remove]").disabled = rows().length <= minimum;
    });
    box.dispatchEvent(new CustomEvent("rowschange", { bubbles: true }));
  };
  const add = () => {
    const holder = document.createElement("ol");
    holder.innerHTML = template.innerHTML.replaceAll("__index__", String(next++));
    const row = holder.firstElementChild;
    list.append(row);
    prepare(row);
    renumber();
    status.textContent = words.row_added;
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };
  const remove = (row) => {
    (row.nextElementSibling?.querySelector("[data-row-remove]") || box.querySelector("[data-row-add]")).focus();
    row.remove();
    renumber();
    status.textContent = words.row_removed;
  };
  box.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("[data-row]");
    if (!button) return;
    if (button.matches("[data-row-add]")) add();
    else if (button.matches("[data-row-remove]")) remove(row);
    else if (button.matches("[data-row-up]")) row.previousElementSibling?.before(row), renumber(), button.focus();
    else if (button.matches("[data-row-down]")) row.nextElementSibling?.after(row), renumber(), button.focus();
  });
  renumber();
}

function checkAll(box) {
  const boxes = () => document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(box.dataset.checkAll)}"]`);
  box.addEventListener("change", () => boxes().forEach((one) => (one.checked = box.checked)));
}

const each = (root, selector, action) => {
  for (const element of [root, ...root.querySelectorAll(selector)]) {
    if (!element.matches?.(selector) || element.closest("template")) continue;
    const marks = (element.enhanced ||= new Set());
    if (marks.has(selector)) continue;
    marks.add(selector);
    action(element);
  }
};

/** A paper that is scanned was handed in. */
function tickRow(row) {
  row.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) row.querySelector("input[name=paper]").checked = true;
  });
}

let listening = false;

export function enhance(root, shell) {
  ({ words, csrf, enhance: prepare } = shell);
  if (!listening) document.addEventListener("submit", onSubmit);
  listening = true;
  each(root, "[data-warn-unsaved]", watchUnsaved);
  each(root, "[data-autosave-url]", autosave);
  each(root, "[data-rows-form]", childRows);
  each(root, "[data-check-all]", checkAll);
  each(root, "[data-tick-row]", tickRow);
  each(root, "[data-submit-on-change]", (input) => input.addEventListener("change", () => input.form.requestSubmit()));
}
