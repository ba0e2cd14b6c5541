// The inbox: counters that stay true, choosing and giving lines by keyboard, mouse or touch, the way back.

const EVERY = 45000;
const PLACE = "inbox-place";

const boxes = () => [...document.querySelectorAll('[data-rows] input[name="row"]')];
const chosen = () => boxes().filter((box) => box.checked);
const rowOf = (element) => element.closest?.("[data-rows] > tr");

// The other tabs' numbers: the page does not wait for them, they come with the first counting.
function showTabs(numbers) {
  for (const [tab, number] of Object.entries(numbers)) {
    const link = document.querySelector(`.tab-bar a[href$="?tab=${CSS.escape(tab)}"]`);
    if (!link) continue;
    const count = link.querySelector(".count") || link.appendChild(Object.assign(document.createElement("span"), { className: "count" }));
    count.textContent = number;
  }
}

// Counters: asked for again while the page is looked at, changed only where they differ.
function watchCounts(inbox) {
  let last = Date.now();
  async function refresh() {
    if (document.hidden) return;
    last = Date.now();
    const reply = await fetch(inbox.dataset.countsUrl, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!reply?.ok || reply.redirected) return;
    const { counts, total, tabs } = await reply.json();
    showTabs(tabs);
    inbox.querySelectorAll(".counter").forEach((counter, place) => {
      const value = counter.querySelector(".counter-value");
      const { value: number, tone } = counts[place];
      if (value.textContent === String(number)) return;
      value.textContent = number;
      counter.className = `counter tone-${tone}`;
    });
    if (total !== Number(inbox.dataset.total)) inbox.querySelector("[data-changed]").hidden = false;
  }
  refresh();
  setInterval(refresh, EVERY);
  const back = () => document.hidden || Date.now() - last < 5000 || refresh();
  document.addEventListener("visibilitychange", back);
  window.addEventListener("focus", back);
}

// Why so much time is left: fetched at the first look, shown in the page's one hint.
function explainTime(inbox) {
  async function fill(event) {
    const button = event.target.closest?.("[data-why] [data-tip]");
    const cell = button?.closest("[data-why]");
    if (!cell || cell.dataset.known) return;
    cell.dataset.known = "1";
    const reply = await fetch(cell.dataset.why, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!reply?.ok || reply.redirected) return delete cell.dataset.known;
    const { lines } = await reply.json();
    if (!lines.length) return;
    button.dataset.tip = lines.join("\n");
    if (button.getAttribute("aria-describedby") === "tip") button.dispatchEvent(new CustomEvent("tipchange", { bubbles: true }));
  }
  for (const kind of ["mouseover", "focusin"]) inbox.addEventListener(kind, fill);
}

// Choosing: only acts common to all chosen lines stay open.
function choosing(form) {
  const count = form.querySelector("[data-bulk-count]");
  const all = form.querySelector("#bulk-all");
  function update() {
    const rows = chosen().map(rowOf);
    const sets = rows.map((row) => row.dataset.acts.split(" "));
    for (const button of form.querySelectorAll('[name="act"]')) {
      button.disabled = !rows.length || !sets.every((acts) => acts.includes(button.value));
    }
    for (const box of boxes()) rowOf(box).classList.toggle("is-chosen", box.checked);
    for (const button of document.querySelectorAll("[data-give]")) button.hidden = !rows.length || !sets.every((acts) => acts.includes("hand_to"));
    count.textContent = rows.length ? form.dataset.chosen.replace("{count}", rows.length) : form.dataset.none;
    const free = boxes().filter((box) => !box.disabled);
    all.checked = rows.length > 0 && rows.length === free.length;
    all.indeterminate = rows.length > 0 && rows.length < free.length;
  }
  all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked && !box.disabled; update(); });
  document.addEventListener("change", (event) => event.target.matches('input[name="row"]') && update());
  window.addEventListener("pageshow", update);
  update();
  return update;
}

/** Send act `name` for the chosen lines, or for `row` alone if it is none of them. */
function send(form, name, row, user = "") {
  const box = row?.querySelector('input[name="row"]');
  if (box && !box.checked) for (const one of boxes()) one.checked = one === box;
  const rows = chosen().map(rowOf);
  if (!rows.length || !rows.every((one) => one.dataset.acts.split(" ").includes(name))) return form.update();
  form.elements.user.value = user;
  const act = Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: name });
  form.append(act);
  form.submit();
}

function keys(form) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const row = rowOf(event.target);
    const box = row?.querySelector('input[name="row"]:not(:disabled)');
    if (event.key === "x" && box) {
      box.checked = !box.checked;
      form.update();
    } else if (event.key === "a" && (box || chosen().length)) send(form, "hand_to", chosen().length ? null : row);
    else if (event.key === "e" && (box || chosen().length)) send(form, "finish_step", chosen().length ? null : row);
    else return;
    event.preventDefault();
  });
}

// Colleagues: the list is fetched when it is opened; a line is dropped on a name, or given by its button.
function colleagues(panel, form) {
  const list = panel.querySelector("ul");
  async function load() {
    if (!panel.open || list.childElementCount) return;
    const reply = await fetch(panel.dataset.colleaguesUrl).catch(() => null);
    if (!reply?.ok || reply.redirected) return;
    list.innerHTML = await reply.text();
    form.update();
  }
  panel.addEventListener("toggle", load);
  load();
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-give]");
    if (button) send(form, "hand_to", null, button.closest("[data-user]").dataset.user);
  });
  let dragged = null;
  for (const box of boxes()) {
    const row = rowOf(box);
    if (!row.dataset.acts.split(" ").includes("hand_to")) continue;
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.dataset.rowHref);
      setTimeout(() => { panel.open = true; });
    });
    row.addEventListener("dragend", () => { dragged = null; });
  }
  const target = (event) => dragged && event.target.closest("[data-user]");
  list.addEventListener("dragover", (event) => {
    for (const one of list.children) one.classList.toggle("is-target", one === target(event));
    if (target(event)) event.preventDefault();
  });
  list.addEventListener("dragleave", () => { for (const one of list.children) one.classList.remove("is-target"); });
  list.addEventListener("drop", (event) => {
    const one = target(event);
    if (!one) return;
    event.preventDefault();
    send(form, "hand_to", dragged, one.dataset.user);
  });
}

// The way back: from a dossier to the same filter, place and line.
function keepPlace() {
  const here = location.pathname + location.search;
  const kept = JSON.parse(sessionStorage.getItem(PLACE) || "null");
  if (kept?.url === here && document.referrer.includes("/dossier/")) {
    const row = document.querySelector(`[data-rows] > tr[data-row-href="${CSS.escape(kept.row || "")}"]`);
    scrollTo(0, kept.y);
    if (row) (row.tabIndex = -1), row.focus({ preventScroll: true });
  }
  window.addEventListener("pagehide", () => {
    const row = rowOf(document.activeElement)?.dataset.rowHref || "";
    sessionStorage.setItem(PLACE, JSON.stringify({ url: here, y: scrollY, row }));
  });
}

let ready = false;

export function enhance() {
  if (ready) return;
  ready = true;
  const back = document.querySelector("[data-inbox-back]");
  const kept = JSON.parse(sessionStorage.getItem(PLACE) || "null");
  if (back && kept?.url?.startsWith("/work/")) back.href = kept.url;
  const inbox = document.querySelector("[data-inbox]");
  if (!inbox) return;
  keepPlace();
  watchCounts(inbox);
  explainTime(inbox);
  const form = inbox.querySelector("[data-bulk]");
  if (!form) return;
  form.update = choosing(form);
  keys(form);
  const panel = inbox.querySelector("[data-colleagues-url]");
  if (panel) colleagues(panel, form);
}
