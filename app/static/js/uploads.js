// Files sent one by one with progress, preview and rotation; a signature drawn on a canvas.

let words = {};
let csrf = () => "";

const sizeText = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1).replace(".", document.documentElement.lang === "vi" ? "," : ".")} MB`);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class Upload {
  constructor(box) {
    this.box = box;
    this.data = box.dataset;
    this.input = box.querySelector("input[type=file]");
    this.list = box.querySelector("[data-upload-list]");
    this.error = box.querySelector("[data-upload-error]");
    const icons = box.querySelector("[data-upload-icons]").content.children;
    [this.fileIcon, this.removeIcon, this.rotateIcon, this.retryIcon, this.errorIcon] = icons;
    this.input.addEventListener("change", () => this.take(this.input.files));
    this.box.addEventListener("click", (event) => event.target.closest("[data-upload-remove]") && this.remove(event.target.closest("[data-upload-item]")));
    const drop = box.querySelector("[data-upload-drop]");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.toggle("is-over", kind === "dragover");
        if (kind === "drop") this.take(event.dataTransfer.files);
      });
    }
    if (this.input.files.length) this.take(this.input.files); // Chosen before this script was there, on a slow line.
  }

  take(files) {
    this.say("");
    const chosen = [...files].slice(0, "uploadSingle" in this.data ? 1 : undefined);
    if ("uploadSingle" in this.data && chosen.length) for (const item of this.list.querySelectorAll("[data-upload-item]")) this.remove(item);
    for (const file of chosen) this.accepts(file) && this.send(file, this.addItem(file));
    this.input.value = ""; // What was sent must not travel a second time with the form.
  }

  accepts(file) {
    const limit = Number(this.data.uploadMax || 0);
    const kinds = (this.data.uploadAccept || "").split(",").map((kind) => kind.trim().toLowerCase()).filter(Boolean);
    const fits = (kind) => (kind.startsWith(".") ? file.name.toLowerCase().endsWith(kind) : kind.endsWith("/*") ? file.type.startsWith(kind.slice(0, -1)) : file.type === kind);
    if (limit && file.size > limit) this.say(`${file.name}: ${words.too_big.replace("{size}", sizeText(file.size)).replace("{limit}", sizeText(limit))}`);
    else if (kinds.length && !kinds.some(fits)) this.say(`${file.name}: ${words.wrong_type.replace("{types}", kinds.filter((kind) => kind.startsWith(".")).join(", ") || kinds.join(", "))}`);
    else return true;
    return false;
  }

  say(text) {
    this.error.replaceChildren(...(text ? [make("div", {}, this.errorIcon.cloneNode(true), make("span", { textContent: text }))] : []));
  }

  addItem(file) {
    const remove = make("button", { type: "button", className: "icon-button" }, this.removeIcon.cloneNode(true));
    remove.dataset.uploadRemove = "";
    remove.setAttribute("aria-label", `${words.remove} ${file.name}`);
    const item = make("li", { className: "upload-item" }, this.fileIcon.cloneNode(true), make("span", { className: "upload-name", textContent: file.name }), make("span", { className: "upload-note", textContent: sizeText(file.size) }), remove);
    item.dataset.uploadItem = "";
    if (file.type.startsWith("image/")) this.addPreview(item, file, remove);
    this.list.append(item);
    return item;
  }

  addPreview(item, file, remove) {
    const image = make("img", { className: "upload-preview", alt: words.preview.replace("{name}", file.name), src: URL.createObjectURL(file) });
    const rotate = make("button", { type: "button", className: "icon-button" }, this.rotateIcon.cloneNode(true));
    rotate.setAttribute("aria-label", `${words.rotate} ${file.name}`);
    rotate.addEventListener("click", () => this.rotate(item, image, file.name));
    item.querySelector(".icon").replaceWith(image);
    remove.before(rotate);
  }

  async rotate(item, image, name) {
    const canvas = make("canvas", { width: image.naturalHeight, height: image.naturalWidth });
    const pen = canvas.getContext("2d");
    pen.translate(canvas.width, 0);
    pen.rotate(Math.PI / 2);
    pen.drawImage(image, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    this.forget(item);
    this.send(new File([blob], name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" }), item);
  }

  send(file, item) {
    const bar = make("progress", { max: 100, value: 0 });
    bar.setAttribute("aria-label", words.uploading.replace("{name}", file.name));
    item.querySelector("progress, .upload-retry")?.remove();
    item.append(bar);
    const body = new FormData();
    body.append("file", file);
    const request = new XMLHttpRequest();
    item.request?.abort();
    item.request = request;
    request.open("POST", this.data.uploadUrl);
    request.setRequestHeader("X-CSRFToken", csrf());
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && (bar.value = (100 * event.loaded) / event.total);
    request.onload = () => this.done(request, file, item, bar);
    request.onerror = () => this.failed(file, item, bar, words.upload_failed);
    request.send(body);
  }

  done(request, file, item, bar) {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* An error page instead of JSON: the general words follow. */ }
    if (request.status >= 300 || !answer.id) return this.failed(file, item, bar, answer.error || words.upload_failed);
    bar.remove();
    if (answer.remove_url) item.dataset.removeUrl = answer.remove_url;
    const name = item.querySelector(".upload-name");
    if (answer.url) name.replaceWith(make("a", { className: "upload-name", href: answer.url, target: "_blank", rel: "noopener", textContent: answer.name || file.name }));
    item.append(make("input", { type: "hidden", name: this.data.uploadName, value: answer.id }));
    item.dispatchEvent(new Event("change", { bubbles: true }));
    return undefined;
  }

  failed(file, item, bar, text) {
    bar.remove();
    this.say(`${file.name}: ${text}`);
    const retry = make("button", { type: "button", className: "btn btn-sm upload-retry" }, this.retryIcon.cloneNode(true), words.retry);
    retry.addEventListener("click", () => (this.say(""), this.send(file, item)));
    item.append(retry);
  }

  forget(item) {
    item.request?.abort();
    item.querySelector("input[type=hidden]")?.remove();
    const url = item.dataset.removeUrl;
    delete item.dataset.removeUrl;
    if (url) fetch(url, { method: "POST", headers: { "X-CSRFToken": csrf() } });
  }

  remove(item) {
    this.forget(item);
    item.remove();
    this.input.focus();
    this.box.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function signature(box) {
  const canvas = box.querySelector("canvas");
  const value = box.querySelector("input[type=hidden]");
  const pen = canvas.getContext("2d");
  let last = null;
  const clear = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    value.value = "";
  };
  const point = (event) => {
    const area = canvas.getBoundingClientRect();
    return [((event.clientX - area.left) * canvas.width) / area.width, ((event.clientY - area.top) * canvas.height) / area.height];
  };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); last = point(event); });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = point(event);
    Object.assign(pen, { lineWidth: 2.5, lineCap: "round", strokeStyle: "#111" });
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...next);
    pen.stroke();
    last = next;
  });
  const end = () => {
    if (!last) return;
    last = null;
    value.value = canvas.toDataURL("image/png");
    value.dispatchEvent(new Event("input", { bubbles: true }));
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  box.querySelector("[data-signature-clear]").addEventListener("click", clear);
  clear();
}

export function enhance(root, shell) {
  ({ words, csrf } = shell);
  for (const box of root.querySelectorAll("[data-upload]")) box.uploads ||= new Upload(box);
  for (const box of root.querySelectorAll("[data-signature]:not([data-ready])")) {
    box.dataset.ready = "";
    signature(box);
  }
}
