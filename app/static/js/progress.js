// Work that goes on elsewhere: ask how far it is, and show the page anew when it is done.

const EVERY = 1500; // milliseconds

async function ask(box) {
  let found;
  try {
    const answer = await fetch(box.dataset.progressUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    found = await answer.json();
  } catch {
    return; // the network, or a restart: ask again
  }
  if (!found.busy) {
    location.reload();
    return;
  }
  const bar = box.querySelector("progress");
  if (found.total) {
    bar.max = found.total;
    bar.value = found.done;
  }
  box.querySelector("[data-progress-words]").textContent = found.words;
}

export function enhance(root) {
  for (const box of root.querySelectorAll("[data-progress-url]")) setInterval(() => ask(box), EVERY);
}
