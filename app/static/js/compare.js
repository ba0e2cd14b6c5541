// Leafing through a paper: the next page is fetched when the end of the last one comes into view.

function leaf(box) {
  let page = 1;
  const first = box.querySelector("img");
  function follow(image) {
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      add();
    }, { root: box, rootMargin: "200px" });
    watch.observe(image);
  }
  function add() {
    if (page >= Number(box.dataset.count)) return;
    page += 1;
    const image = new Image();
    image.className = "paper-preview";
    image.alt = `${first.alt} – ${page}`;
    image.addEventListener("load", () => { box.append(image); follow(image); });
    image.src = `${box.dataset.pages}${page}.png`;
  }
  if (first.complete && first.naturalWidth) follow(first);
  else first.addEventListener("load", () => follow(first), { once: true });
}

export function enhance(root) {
  for (const box of root.querySelectorAll("[data-pages]")) leaf(box);
  const part = root.querySelector(".compare-part.is-proved");
  part?.scrollIntoView({ block: "nearest" });
}
