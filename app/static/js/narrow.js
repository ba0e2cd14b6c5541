// Small screens: parts fold up, and what can be scrolled sideways shows that there is more.

const narrow = matchMedia("(max-width: 767px)");

/** Close what folds on a small screen; without scripts, on paper and where the address names it, it stays open. */
function fold(box) {
  const isAsked = location.hash && box.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`);
  box.open = !narrow.matches || Boolean(isAsked);
}

function mark(box) {
  const rest = box.scrollWidth - box.clientWidth - Math.abs(box.scrollLeft);
  box.toggleAttribute("data-more", rest > 2);
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target.closest(".table-wrap, .tab-bar"))));

export function enhance(root) {
  for (const box of root.querySelectorAll("[data-fold-narrow]:not([data-ready])")) {
    box.dataset.ready = "";
    fold(box);
    narrow.addEventListener("change", () => fold(box));
  }
  for (const box of root.querySelectorAll(".table-wrap:not([data-watched]), .tab-bar:not([data-watched])")) {
    box.dataset.watched = "";
    box.addEventListener("scroll", () => mark(box), { passive: true });
    sizes.observe(box);
    if (box.firstElementChild) sizes.observe(box.firstElementChild);
    mark(box);
  }
}

addEventListener("beforeprint", () => document.querySelectorAll("[data-fold-narrow]").forEach((box) => (box.open = true)));
addEventListener("afterprint", () => document.querySelectorAll("[data-fold-narrow]").forEach(fold));
