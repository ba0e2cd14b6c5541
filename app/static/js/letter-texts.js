// The text of a letter: what is typed is drawn anew beside it; placeholders come in at the cursor.

const PAUSE = 600; // milliseconds without a key before the sample is drawn

export function enhance(root, { csrf }) {
  const form = root.querySelector("[data-letter-text]");
  const pages = root.querySelector("[data-letter-pages]");
  if (!form || !pages) return;
  const status = root.querySelector("[data-letter-status]");
  const said = status.textContent;
  const blocks = [...form.querySelectorAll("[data-block]")];
  let timer, asked = 0, last = blocks[0];

  const draw = (list) => pages.replaceChildren(...list.map((source, n) => {
    const picture = new Image();
    picture.src = source;
    picture.alt = form.dataset.pageWords.replace("0", n + 1);
    return picture;
  }));

  async function refresh() {
    const mine = ++asked;
    pages.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(blocks.map((block) => [block.name, block.value]));
      const answer = await fetch(form.dataset.previewUrl, { method: "POST", body, headers: { "X-CSRFToken": csrf() } });
      if (!answer.ok) throw new Error(answer.statusText);
      const { pages: list, faults } = await answer.json();
      if (mine !== asked) return;
      const messages = Object.values(faults);
      status.textContent = messages.length ? messages.join(" ") : said;
      status.classList.toggle("field-error", messages.length > 0);
      for (const block of blocks) block.classList.toggle("is-invalid", block.name in faults);
      if (list.length) draw(list);
    } catch {
      if (mine === asked) status.textContent = form.dataset.failedWords;
    } finally {
      if (mine === asked) pages.removeAttribute("aria-busy");
    }
  }
  const later = () => { clearTimeout(timer); timer = setTimeout(refresh, PAUSE); };
  for (const block of blocks) {
    block.addEventListener("input", later);
    block.addEventListener("focus", () => { last = block; });
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
