// Elements, requests, sentences: what every page is made with.
"use strict";

const $ = id => document.getElementById(id);

// An element: h("button", { class: "plain", on: { click: act } }, "Send now"). Children are nodes, texts, lists of them; null is nothing.
function h(tag, props, ...children) {
  const node = document.createElement(tag);
  node.append(...children.flat(9).filter(child => child !== null && child !== undefined && child !== false));
  for (const [key, value] of Object.entries(props ?? {}))
    if (value === null || value === undefined) continue;
    else if (key === "on") for (const name in value) node.addEventListener(name, value[name]);
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (key === "text") node.textContent = value;
    else if (key === "value" || (typeof value === "boolean" && key in node)) node[key] = value;
    else node.setAttribute(key, value);
  return node;
}

function button(text, click, props) {
  return h("button", { type: "button", on: { click }, ...props }, text);
}

// A heading with what stands below it.
function card(title, ...children) {
  return h("section", { class: "card" }, title && h("h2", null, title), ...children);
}

// One child for each item, kept while its key is there: focus and selections survive.
function fill(parent, items, key, make, update) {
  const names = items.map((item, index) => String(key(item, index)));
  for (const node of [...parent.children]) if (!names.includes(node.dataset.key)) node.remove();
  const old = new Map([...parent.children].map(node => [node.dataset.key, node]));
  let at = parent.firstElementChild;
  items.forEach((item, index) => {
    let node = old.get(names[index]);
    if (!node) (node = make(item, index)).dataset.key = names[index];
    update?.(node, item, index);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  });
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A state, told by its word; the dot's colour only repeats it.
function chip(node, state, text = words(state)) {
  node.className = "chip";
  node.dataset.state = state;
  put(node, text);
  return node;
}

const capital = text => text[0].toUpperCase() + text.slice(1);
const words = text => String(text).replaceAll("_", " ");

function shown(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

function age(ms) {
  if (ms === null || ms === undefined) return "–";
  for (const [unit, length] of [["d", 864e5], ["h", 36e5], ["min", 6e4]])
    if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return `${Math.floor(ms / 1000)} s`;
}

// A number as it was written, where the browser tells: JavaScript's own would round a long one.
const exact = (key, value, source) =>
  key === "value" && typeof value === "number" ? source?.source ?? String(value) : value;

let csrf = "", login = null;

// One request to the API: {ok, status, data, problems}. Texts and files go as they are, everything else as JSON.
async function api(method, path, body, { patience = 60000, type, turns = 3 } = {}) {
  const raw = typeof body === "string" || body instanceof Blob;
  const headers = { "X-Requested-With": "fetch" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = type ?? (raw ? "application/octet-stream" : "application/json");
  let answer, text;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method, headers, body: raw || body === undefined ? body : JSON.stringify(body), signal: AbortSignal.timeout(patience),
    });
    text = await answer.text();
  } catch {
    return failed(0, "offline", "The device did not reply.");
  }
  if (answer.status === 401 && path !== "session") {
    await signIn();
    return api(method, path, body, { patience, type });
  }
  const data = parsed(text);
  if (answer.status === 503 && !data && turns) { // too many visitors at once: nothing was done yet
    await new Promise(resolve => setTimeout(resolve, 1000));
    return api(method, path, body, { patience, type, turns: turns - 1 });
  }
  if (answer.ok) return { ok: true, status: answer.status, data: data ?? text, problems: [] };
  if (Array.isArray(data)) return { ok: false, status: answer.status, data, problems: data };
  return failed(answer.status, "refused", `The device refuses: ${text.trim() || answer.status}`);
}

function failed(status, code, message) {
  return { ok: false, status, data: null, problems: [{ field: "", code, message }] };
}

function parsed(text) {
  try {
    return text ? JSON.parse(text, exact) : null;
  } catch {
    return null;
  }
}

const sentences = problems => problems.map(problem => problem.message).join(" ");

// Shows the login over the page, which stays as it is; resolves once it is open again.
function signIn() {
  return login ??= new Promise(resolve => {
    document.body.classList.add("locked");
    const form = $("login"), password = form.elements.password;
    password.focus();
    form.onsubmit = async event => {
      event.preventDefault();
      const answer = await api("POST", "session", { password: password.value });
      put($("login-error"), sentences(answer.problems));
      if (!answer.ok) return password.select();
      password.value = "";
      csrf = answer.data.csrf;
      document.body.classList.remove("locked");
      login = null;
      resolve();
    };
  });
}

// A sentence that goes away by itself; kind is "good", "bad" or nothing.
function toast(text, kind = "") {
  const node = h("p", { class: kind }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), kind === "bad" ? 12000 : 5000);
}

// A question: true, or what was entered if there is a field; null if the answer was no.
function ask({ title, text, yes = "OK", no = "Cancel", danger = false, field: props, content }) {
  return new Promise(resolve => {
    const input = props && h("input", { type: "text", id: "asked", ...props, label: null });
    const done = answer => { dialog.close(); dialog.remove(); resolve(answer); };
    const dialog = h("dialog", { "aria-labelledby": "ask-title", on: { cancel: event => { event.preventDefault(); done(null); } } },
      h("form", { on: { submit: event => { event.preventDefault(); done(input ? input.value : true); } } },
        h("h2", { id: "ask-title" }, title), text && h("p", null, text), content,
        input && h("label", { for: "asked" }, props.label), input,
        h("div", { class: "row end" }, no && button(no, () => done(null)), h("button", { class: danger ? "danger" : "primary" }, yes))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

function download(name, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text])), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The text of the file that was chosen, null if there is none.
const readFile = async input => (input.files[0] ? input.files[0].text() : null);

// A button that chooses a file and hands on its text and name.
function fileButton(label, accept, chosen) {
  const input = h("input", { type: "file", accept, hidden: true, on: { change: async () => {
    const text = await readFile(input), name = input.files[0]?.name;
    input.value = "";
    if (text !== null) chosen(text, name);
  } } });
  return [input, button(label, () => input.click())];
}
