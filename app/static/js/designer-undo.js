// What both designers do with a definition: the course of its changes, there and back; the keys that save and undo.

const MOST = 100;

/** read: gives the definition; write: takes another one in its place. */
export function course(read, write) {
  let past = [];
  let future = [];
  let typing = "";

  function travel(from, to, word) {
    if (!from.length) return;
    to.push(JSON.stringify(read()));
    typing = "";
    write(JSON.parse(from.pop()), word);
  }

  return {
    /** Remember the state before a change; typing into one input is one change. */
    remember(mark = "") {
      if (mark && mark === typing) return;
      typing = mark;
      past = [...past, JSON.stringify(read())].slice(-MOST);
      future = [];
    },
    /** What is typed next is a change of its own. */
    rest() { typing = ""; },
    undo(word) { travel(past, future, word); },
    redo(word) { travel(future, past, word); },
    isEmpty: () => !past.length,
  };
}

/** Ctrl+S, Ctrl+Z, Ctrl+Shift+Z and their buttons; leaving with unsaved changes asks first. */
export function commands(trail, { find, words, save, frozen, isDirty }) {
  document.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (isCommand && key === "s") { event.preventDefault(); save(); }
    const isTyping = event.target.closest?.("input, textarea, dialog");
    if (isCommand && key === "z" && !isTyping && !frozen) { event.preventDefault(); event.shiftKey ? trail.redo(words.redone) : trail.undo(words.undone); }
  });
  find("undo")?.addEventListener("click", () => trail.undo(words.undone));
  find("save")?.addEventListener("click", save);
  window.addEventListener("beforeunload", (event) => { if (isDirty()) event.preventDefault(); });
}
