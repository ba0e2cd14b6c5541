// The yearly calendar: a press changes the day in the page, arrow keys walk over the days.
// Without this script each press is a round trip with the same effect.

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function enhance(root) {
  if (root.matches?.("[data-calendar]")) setUp(root);
  for (const form of root.querySelectorAll("[data-calendar]")) setUp(form);
}

function setUp(form) {
  const words = JSON.parse(form.dataset.words);
  const days = [...form.querySelectorAll("button.cal-day")];
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button.cal-day");
    const kind = button && wanted(form, button);
    if (!button || kind === null) return; // special hours are checked by the server
    event.preventDefault();
    change(form, button, kind, words);
  });
  form.addEventListener("keydown", (event) => {
    const place = days.indexOf(event.target);
    if (place < 0 || !(event.key in STEPS)) return;
    event.preventDefault();
    days[Math.min(Math.max(place + STEPS[event.key], 0), days.length - 1)].focus();
  });
}

// What the press makes of the day; "" is an ordinary day, null is left to the server.
function wanted(form, button) {
  const tool = form.elements.tool?.value;
  if (tool === undefined || tool === "special_hours") return null;
  if (tool !== "auto") return tool;
  if (button.dataset.kind !== button.dataset.ordinary) return "";
  return button.dataset.ordinary === "work" ? "holiday" : "make_up";
}

function change(form, button, kind, words) {
  const note = kind ? form.elements.note.value.replaceAll("|", " ") : "";
  const shown = kind || button.dataset.ordinary;
  const list = form.querySelector("[data-changes]");
  for (const old of [...list.children]) if (old.value.startsWith(`${button.value}|`)) old.remove();
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "change", value: `${button.value}|${kind}||${note}` });
  list.append(input);
  button.classList.remove(`cal-${button.dataset.kind}`);
  button.classList.add(`cal-${shown}`, "cal-changed");
  button.dataset.kind = shown;
  const text = note ? `${words[shown]}: ${note}` : words[shown];
  button.title = text;
  button.setAttribute("aria-label", `${button.value.split("-").reverse().join("/")}: ${text}`);
  form.querySelector("[data-count]").textContent = words.count.replace("#", list.children.length);
}
