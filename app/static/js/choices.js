// A select that searches: an accessible combobox over a <select>, which stays the form's value.
// With data-choices-url the choices come in pages of {results: [{id, text}], more}.

let words = {};
const fold = (text) => text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/\p{M}/gu, "");

class Choices {
  constructor(select) {
    this.select = select;
    this.url = select.dataset.choicesUrl;
    this.several = select.multiple;
    this.items = [];
    this.at = -1;
    this.build();
    this.listen();
    this.showChosen();
  }

  build() {
    const { select } = this;
    const id = select.id || select.name;
    this.box = document.createElement("div");
    this.box.className = "combo";
    this.input = Object.assign(document.createElement("input"), { type: "text", id: `${id}-combo`, className: select.className.replace("form-select", "form-control combo-input"), autocomplete: "off", placeholder: words.type_to_search });
    this.list = Object.assign(document.createElement("ul"), { id: `${id}-list`, className: "combo-list", role: "listbox", hidden: true });
    this.status = Object.assign(document.createElement("span"), { className: "visually-hidden", role: "status" });
    this.chips = Object.assign(document.createElement("ul"), { className: "combo-chips", hidden: true });
    const state = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": this.list.id };
    for (const name of ["aria-describedby", "aria-invalid", "aria-required", "aria-label"]) if (select.hasAttribute(name)) state[name] = select.getAttribute(name);
    for (const [name, value] of Object.entries(state)) this.input.setAttribute(name, value);
    const label = document.querySelector(`label[for="${CSS.escape(id)}"]`);
    if (label) {
      label.htmlFor = this.input.id;
      label.id ||= `${id}-label`;
      this.list.setAttribute("aria-labelledby", label.id);
    }
    select.before(this.box);
    this.box.append(this.chips, this.input, this.list, this.status, select);
    select.classList.add("combo-source");
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");
    this.input.disabled = select.disabled;
  }

  listen() {
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("click", () => this.list.hidden && this.find());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.pick(Number(option.dataset.index));
    });
    this.deciding = this.select.form?.elements[this.select.dataset.dependsOn];
    this.deciding?.addEventListener?.("change", () => {
      if (!this.select.value) return;
      this.select.value = "";
      this.changed();
    });
    this.select.addEventListener("focus", () => this.input.focus());
    this.select.form?.addEventListener("reset", () => setTimeout(() => this.showChosen()));
  }

  onKey(event) {
    const open = !this.list.hidden;
    const last = this.items.length - 1;
    if (event.key === "ArrowDown") return event.preventDefault(), open ? this.mark(Math.min(this.at + 1, last)) : this.find();
    if (event.key === "ArrowUp" && open) return event.preventDefault(), this.mark(Math.max(this.at - 1, 0));
    if (event.key === "Enter" && open && this.at >= 0) return event.preventDefault(), this.pick(this.at);
    if (event.key === "Escape" && open) return event.stopPropagation(), this.close();
    if (event.key === "Backspace" && this.several && !this.input.value) return this.drop([...this.select.selectedOptions].pop());
    return undefined;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.find(), this.url ? 200 : 0);
  }

  async find(page = 1) {
    const typed = this.input.value === this.shown ? "" : this.input.value.trim();
    const found = this.url ? await this.fetchPage(typed, page) : this.search(typed);
    if (!found) return;
    const kept = page > 1 ? this.items.filter((item) => !item.next) : [];
    const chosen = this.several ? new Set([...this.select.selectedOptions].map((option) => option.value)) : new Set();
    this.items = [...kept, ...found.results.filter((item) => !chosen.has(String(item.id)))];
    if (found.more) this.items.push({ text: words.more, next: page + 1 });
    this.render();
    if (page > 1) this.mark(kept.length);
  }

  async fetchPage(typed, page) {
    this.abort?.abort();
    this.abort = new AbortController();
    this.status.textContent = words.searching;
    const url = new URL(this.url, location.href);
    url.searchParams.set("q", typed);
    url.searchParams.set("page", page);
    if (this.deciding?.value) url.searchParams.set(this.select.dataset.depends, this.deciding.value);
    try {
      const reply = await fetch(url, { signal: this.abort.signal, headers: { Accept: "application/json" } });
      if (!reply.ok) throw new Error(String(reply.status));
      const answer = await reply.json();
      const free = page === 1 && !typed && this.emptyOption();
      return free ? { ...answer, results: [free, ...answer.results] } : answer;
    } catch (error) {
      if (error.name !== "AbortError") this.status.textContent = words.no_results;
      return error.name === "AbortError" ? null : { results: [], more: false };
    }
  }

  emptyOption() {
    const option = [...this.select.options].find((one) => one.value === "");
    return option && this.select.value !== "" ? { id: "", text: words.clear } : null;
  }

  search(typed) {
    const options = [...this.select.options].filter((option) => fold(option.text).includes(fold(typed)));
    return { results: options.map((option) => ({ id: option.value, text: option.text })), more: false };
  }

  render() {
    const options = this.items.map((item, index) => {
      const option = Object.assign(document.createElement("li"), { id: `${this.list.id}-${index}`, role: "option", textContent: item.text, className: item.next ? "combo-more" : "" });
      option.dataset.index = index;
      option.setAttribute("aria-selected", String(!this.several && !item.next && String(item.id) === this.select.value));
      return option;
    });
    const nothing = Object.assign(document.createElement("li"), { className: "combo-none", textContent: words.no_results, role: "presentation" });
    this.list.replaceChildren(...(options.length ? options : [nothing]));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.status.textContent = options.length ? words.results.replace("{count}", options.length) : words.no_results;
    this.mark(-1);
  }

  mark(index) {
    this.list.querySelector(".is-marked")?.classList.remove("is-marked");
    this.at = index;
    const option = this.list.children[index];
    if (index < 0 || !option) return this.input.removeAttribute("aria-activedescendant");
    option.classList.add("is-marked");
    option.scrollIntoView({ block: "nearest" });
    return this.input.setAttribute("aria-activedescendant", option.id);
  }

  pick(index) {
    const item = this.items[index];
    if (item.next) return this.find(item.next);
    const value = String(item.id);
    let option = [...this.select.options].find((one) => one.value === value);
    if (!option) this.select.add((option = new Option(item.text, value)));
    option.selected = true;
    this.input.value = "";
    this.changed();
    this.status.textContent = words.chosen.replace("{name}", option.text);
    return this.close();
  }

  drop(option) {
    if (!option) return;
    option.selected = false;
    this.changed();
    this.input.focus();
  }

  changed() {
    this.showChosen();
    for (const kind of ["input", "change"]) this.select.dispatchEvent(new Event(kind, { bubbles: true }));
  }

  showChosen() {
    const chosen = [...this.select.selectedOptions];
    if (!this.several) {
      this.shown = this.select.value === "" ? "" : chosen[0]?.text || "";
      this.input.value = this.shown;
      return;
    }
    this.chips.hidden = !chosen.length;
    this.chips.replaceChildren(...chosen.map((option) => {
      const chip = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      button.setAttribute("aria-label", `${words.remove} ${option.text}`);
      button.addEventListener("click", () => this.drop(option));
      chip.append(Object.assign(document.createElement("span"), { textContent: option.text }), button);
      return chip;
    }));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
    if (!this.several) this.input.value = this.shown || "";
  }
}

export function enhance(root, shell) {
  ({ words } = shell);
  for (const select of root.querySelectorAll("select[data-choices-url], select[data-choices]")) {
    if (!select.choices && !select.closest("template")) select.choices = new Choices(select);
  }
}
