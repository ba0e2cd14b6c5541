// The picture beside the table: choosing a step, and drawing a way by choosing two of them.

import { fill } from "./designer-dom.js";

export function markPicture(picture, { chosen, problems }) {
  for (const node of picture.querySelectorAll("[data-step]")) {
    node.classList.toggle("is-chosen", node.dataset.step === chosen);
    node.classList.toggle("has-problem", problems.has(node.dataset.step));
  }
}

/** Listen to the picture, whatever is drawn into it; `button` begins and ends the drawing of a way. */
export function connector(picture, button, { words, say, goTo, connect, nameOf }) {
  let isOn = false;
  let from = null;

  function set(on, text) {
    [isOn, from] = [on, null];
    button?.setAttribute("aria-pressed", String(on));
    for (const node of picture.querySelectorAll(".is-start")) node.classList.remove("is-start");
    say(text);
  }

  function pick(node) {
    const key = node.dataset.step;
    if (!isOn || key.includes("/")) return goTo(key.split("/")[0]);
    if (from === null) {
      from = key;
      node.classList.add("is-start");
      return say(fill(words.connect_to, { name: nameOf(key) }));
    }
    const source = from;
    set(false, "");
    return connect(source, key);
  }

  button?.addEventListener("click", () => {
    if (isOn) return set(false, words.connect_off);
    set(true, words.connect_from);
    return picture.querySelector("[data-step]")?.focus();
  });
  picture.addEventListener("click", (event) => {
    const node = event.target.closest("[data-step]");
    if (node) pick(node);
  });
  picture.addEventListener("keydown", (event) => {
    const node = event.target.closest("[data-step]");
    if (!node) return;
    if (event.key === "Escape" && isOn) set(false, words.connect_off);
    if (["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      const all = [...picture.querySelectorAll("[data-step]")];
      all[all.indexOf(node) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pick(node);
    }
  });
}
