// Electronic forms: fields appear and vanish with the answers they depend on. Without this script the
// server shows them with the next sending; it judges every condition again in any case.

const { holds } = await import(`./conditions.js${new URL(import.meta.url).search}`);

const GROUPED = /^-?\d{1,3}(\.\d{3})+(,\d+)?$/;
const DECIMAL = /^-?\d+([.,]\d+)?$/;

/** Read 1.250,5 and 1250.5 alike, as the server does. */
function numberOf(text) {
  let bare = text.replace(/[\s\u00a0]/g, "");
  if (GROUPED.test(bare)) bare = bare.replaceAll(".", "");
  return DECIMAL.test(bare) ? Number(bare.replace(",", ".")) : text;
}

function start(mark) {
  const rules = JSON.parse(mark.dataset.eform);
  const form = mark.closest("form");
  const shownInput = form.querySelector("[data-eform-shown]");
  const items = new Map([...form.querySelectorAll("[data-eform-item]")].map((item) => [item.dataset.eformItem, item]));
  const named = (key, part = "") => [...form.elements].filter((element) => element.name === rules.prefix + key + part);

  function read(key, part) {
    const kind = rules.inputs[key];
    if (kind === "address" || kind === "person" || kind === "organisation") {
      if (part) return (named(key, `-${part}`)[0]?.value || "").trim();
      const start = `${rules.prefix}${key}-`;
      return [...form.elements].some((element) => element.name?.startsWith(start) && element.value) ? true : null;
    }
    const inputs = named(key);
    if (kind === "checkbox") return inputs.some((input) => input.checked);
    if (kind === "multi_select") return inputs.filter((input) => input.checked).map((input) => input.value);
    if (kind === "table" || kind === "group") return [...form.elements].some((element) => element.name?.startsWith(`${rules.prefix}${key}-`) && element.type !== "hidden" && element.value) || null;
    const one = inputs[0]?.type === "radio" ? inputs.find((input) => input.checked) : inputs[0];
    const text = (one?.value || "").trim();
    return kind === "number" && text ? numberOf(text) : text;
  }

  function judge() {
    const shown = new Map();
    const isShown = (key) => {
      if (!shown.has(key)) {
        shown.set(key, true);
        shown.set(key, holds(rules.shown[key], valueOf, rules.today));
      }
      return shown.get(key);
    };
    const valueOf = (path) => {
      const [key, part] = path.split(".");
      if (!(key in rules.inputs)) return part ? rules.others[key]?.[part] : rules.others[key];
      return isShown(key) ? read(key, part) : null;
    };
    for (const [key, item] of items) {
      item.hidden = !isShown(key);
      const must = rules.required[key];
      if (must) markRequired(item, holds(must, valueOf, rules.today));
    }
    if (shownInput) shownInput.value = [...items.keys()].filter(isShown).join(",");
  }

  function markRequired(item, must) {
    const note = item.querySelector("[data-optional], .form-label .optional");
    if (note) note.hidden = must;
    for (const input of item.querySelectorAll("[aria-required], input, select, textarea")) {
      if (must) input.setAttribute("aria-required", "true");
      else input.removeAttribute("aria-required");
    }
  }

  // Computed texts come from the server with what it has just kept: one evaluation, never two.
  form.addEventListener("autosaved", (event) => {
    for (const output of form.querySelectorAll("[data-computed]")) {
      const text = event.detail.computed?.[output.dataset.computed];
      if (text !== undefined) output.textContent = text || output.dataset.empty;
    }
  });
  for (const kind of ["input", "change", "rowschange"]) form.addEventListener(kind, judge);
  judge();
}

export function enhance(root) {
  for (const mark of root.querySelectorAll("[data-eform]")) {
    if (!mark.started) start(mark);
    mark.started = true;
  }
}
