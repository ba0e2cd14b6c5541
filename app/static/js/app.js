// The shell's own behaviour: menus, colours, keyboard, dialogs, hints. Everything else is loaded
// only on pages that carry its data-attribute.

const version = new URL(import.meta.url).search;
export const words = JSON.parse(document.getElementById("ui-text")?.textContent || "{}");
export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

const MODULES = {
  "forms.js": "[data-confirm],[data-once],[data-warn-unsaved],[data-autosave-url],[data-rows-form],[data-submit-on-change],[data-check-all]",
  "choices.js": "[data-choices-url],[data-choices]",
  "parts.js": "[data-parts]",
  "uploads.js": "[data-upload],[data-signature]",
  "eform.js": "[data-eform]",
  "designer.js": "[data-designer]",
  "process-designer.js": "[data-process-designer]",
  "letter-texts.js": "[data-letter-text]",
  "calendar.js": "[data-calendar]",
  "charts.js": "[data-chart]",
  "progress.js": "[data-progress-url]",
  "compare.js": "[data-pages]",
  "inbox.js": "[data-inbox],[data-inbox-back]",
  "folding.js": ".fold-rows,.fold-groups,.first-rows",
  "narrow.js": ".table-wrap,.tab-bar,[data-fold-narrow]",
};

/** Prepare `root` (the page, or a part that was just added) for use. */
export async function enhance(root) {
  for (const [file, selector] of Object.entries(MODULES)) {
    if (root.matches?.(selector) || root.querySelector(selector)) {
      const module = await import(`./${file}${version}`);
      module.enhance(root, { words, csrf, enhance });
    }
  }
  root.querySelector("[data-autofocus]")?.focus();
}

// Colours: the cookie is what the server reads, so the next page comes in the right theme at once.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-form]")) return;
  event.preventDefault();
  const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  for (const button of document.querySelectorAll("[data-theme-form] button")) {
    button.value = theme === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", theme === "dark" ? words.theme_light : words.theme_dark);
  }
  document.dispatchEvent(new CustomEvent("themechange"));
});

function toggleSidebar(open) {
  const button = document.querySelector("[data-sidebar-toggle]");
  if (!button) return;
  const shown = open ?? !document.body.classList.contains("sidebar-open");
  document.body.classList.toggle("sidebar-open", shown);
  button.setAttribute("aria-expanded", String(shown));
  if (shown) document.querySelector("#sidebar a")?.focus();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

async function copyText(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return;
  }
  showTip(button, words.copied);
}

document.addEventListener("click", (event) => {
  const target = event.target;
  closeMenus(target.closest("[data-menu]"));
  const button = target.closest("button, a");
  if (button?.matches("[data-sidebar-toggle]")) toggleSidebar();
  else if (document.body.classList.contains("sidebar-open") && !target.closest("#sidebar")) toggleSidebar(false);
  if (!button) return;
  if (button.matches("[data-dialog-open]")) document.getElementById(button.dataset.dialogOpen)?.showModal();
  else if (button.matches("[data-dialog-close]")) button.closest("dialog")?.close();
  else if (button.matches("[data-dismiss]")) button.closest(".notice")?.remove();
  else if (button.matches("[data-copy]")) copyText(button);
  else if (button.matches("[data-print]")) window.print();
  else if (button.matches("[data-tip]")) showTip(button, button.dataset.tip);
});

// Hints: one floating box, placed by script because tables clip what hangs out of them.
const tip = document.createElement("div");
tip.className = "tip";
tip.id = "tip";
tip.role = "tooltip";
tip.hidden = true;
document.body.append(tip);
let tipped = null;

function showTip(target, text) {
  hideTip();
  tipped = target;
  tip.textContent = text;
  tip.hidden = false;
  target.setAttribute("aria-describedby", "tip");
  const box = target.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8));
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
}

function hideTip() {
  tip.hidden = true;
  tipped?.removeAttribute("aria-describedby");
  tipped = null;
}

for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const target = event.target.closest?.("[data-tip]");
    if (target && target !== tipped) showTip(target, target.dataset.tip);
    else if (!target && tipped && !tip.contains(event.target)) hideTip();
  });
}
document.addEventListener("tipchange", (event) => showTip(event.target, event.target.dataset.tip));
document.addEventListener("scroll", hideTip, { capture: true, passive: true });

// Keyboard: never while typing, never with a modifier, never under an open dialog.
const rowsOnPage = () => [...document.querySelectorAll("[data-rows] > tr, [data-rows] > li")].filter((row) => row.offsetParent);
const rowLink = (row) => row.dataset.rowHref || row.querySelector("a[href]")?.href;

function moveRow(step) {
  const rows = rowsOnPage();
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement.closest?.("[data-rows] > *"));
  const at = now < 0 ? 0 : now + step;
  const pagers = document.querySelectorAll(".pager");
  const further = pagers.length === 1 && pagers[0].querySelector(`[rel=${step > 0 ? "next" : "prev"}]`);
  if (!rows[at] && further) return further.click();
  const next = rows[Math.max(0, Math.min(rows.length - 1, at))];
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.key === "Escape") return closeMenus(), hideTip(), toggleSidebar(false);
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const row = event.target.matches("[data-rows] > *") ? event.target : null;
  const actions = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    Enter: () => row && rowLink(row) && location.assign(rowLink(row)),
  };
  const keyed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  const action = actions[event.key] || (keyed && (() => keyed.click()));
  if (!action || (event.key === "Enter" && !row)) return;
  event.preventDefault();
  action();
}
document.addEventListener("keydown", onKey);

// A row opens on click anywhere but on its own controls or while text is being selected.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row-href]");
  if (!row || event.target.closest("a, button, input, label, select, summary") || String(getSelection())) return;
  location.assign(row.dataset.rowHref);
});

document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
document.addEventListener("htmx:configRequest", (event) => (event.detail.headers["X-CSRFToken"] = csrf()));

enhance(document);
