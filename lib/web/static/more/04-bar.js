// The bar below the pages: it tells what was changed and what is wrong with it, and submits it.
"use strict";

// Loads the settings once; throws what to tell if that fails.
async function begin() {
  if (store.saved) return;
  const answer = await store.load();
  if (!answer.ok) throw new Error(sentences(answer.problems));
  $("submit").onclick = send;
  $("discard").onclick = discard;
  $("review").onclick = review;
  addEventListener("beforeunload", event => store.dirty() && event.preventDefault());
  rendered.add(() => { showProblems(); showBar(); });
}

// The bar: what was changed, what is wrong with it, and the button that saves it.
function showBar() {
  const dirty = store.dirty();
  document.body.classList.toggle("dirty", dirty);
  $("bar").hidden = !store.saved || (!dirty && pages[current]?.live === true);
  $("submit").disabled = $("discard").disabled = $("review").disabled = !dirty;
  const count = dirty ? Math.max(1, changes().length) : 0;
  put($("changed"), dirty ? `${count} ${count === 1 ? "change" : "changes"} not saved yet` : "Nothing has been changed");
}

function showProblems() {
  for (const node of document.querySelectorAll(".told")) {
    node.classList.remove("told");
    put(node, "");
  }
  for (const node of document.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid");
  const elsewhere = store.problems.filter(problem => !showProblem(problem));
  fill($("problems"), elsewhere, (_, index) => index, () => h("li"), (node, problem) =>
    node.replaceChildren(problem.field ? h("a", { href: `#/${placeOf(problem.field)}` }, naming(problem.field)) : "", " ", problem.message));
}

function showProblem({ field: path, message }) {
  const node = document.querySelector(`#main [data-field="${CSS.escape(path)}"]`), error = node?.querySelector(".error");
  if (!error) return false;
  put(error, [error.textContent, message].filter(text => text).join(" "));
  error.classList.add("told");
  node.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
  for (let fold = node.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  return true;
}

function placeOf(path) {
  const [head, index] = path.split(".");
  const id = head === "destinations" && store.draft.destinations[index]?.id;
  return (PLACES[`${head}.${index}`] ?? PLACES[head] ?? "system") + (id ? `/${id}` : "");
}

// destinations.0.url -> "Home: Destination (URL)".
function naming(path) {
  const parts = path.split("."), index = parts.findIndex(part => /^\d+$/.test(part));
  const name = label(path.replace(/\.\d+/g, "[]"));
  const entry = index < 0 ? null : parts.slice(0, index + 1).reduce((node, part) => node?.[part], store.draft);
  if (index < 0) return parts.length > 1 ? `${label(parts[0])}: ${name}` : name;
  const owner = entry?.name || entry?.ssid || `${label(parts[index - 1])} ${Number(parts[index]) + 1}`;
  return parts.length === index + 1 ? owner : `${owner}: ${name}`;
}

async function goToProblem() {
  const first = store.problems.find(problem => problem.field);
  if (!first) return;
  if (!controlOf(first.field)) {
    history.pushState(null, "", `#/${placeOf(first.field)}`); // and not `go`: the page would be shown twice, and lose the focus
    await render();
  }
  for (let path = first.field; path; path = path.replace(/\.?[^.]*$/, "")) {
    const control = controlOf(path);
    if (control) return control.focus();
  }
}

const controlOf = path => document.querySelector(`#main [data-field="${CSS.escape(path)}"] :is(input, select, textarea)`);

function told(value) {
  if (isObject(value)) return value.name || value.ssid || "entry";
  return Array.isArray(value) ? value.map(told).join(", ") || "none" : shown(value);
}

function changeList(list = changes()) {
  return h("dl", { class: "changes" }, list.map(({ path, from, to }) => {
    const say = value => CHOICES[`${path.replace(/\.\d+/g, "[]")}.${value}`] ?? told(value);
    return h("div", null, h("dt", null, naming(path.replace(/\.$/, ""))),
      h("dd", null, from === undefined ? "added" : to === undefined ? "deleted" : from === "" || from === "order" ? told(to) : `${say(from)} → ${say(to)}`));
  }));
}

async function review() {
  await ask({ title: "What will be saved", content: changeList(), yes: "Close", no: null });
}

async function discard() {
  if (!await ask({ title: "Discard all changes?", text: "Everything goes back to what is saved.", yes: "Discard", danger: true })) return;
  adopt({ revision: store.revision, settings: store.saved });
  render();
}

async function send() {
  $("submit").disabled = true;
  put($("changed"), "Saving …");
  await submit();
  showBar();
}
