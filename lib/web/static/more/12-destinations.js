// Destinations: who receives the values. What is needed less often is in more/15-destination-details.js.
"use strict";

// Which settings a kind of auth has, and what its Auth Value is.
const AUTH = {
  none: [], bearer: ["token"], basic: ["user", "token"], api_key: ["token", "header", "place", "prefix"],
  azure_sas: ["connection", "hub", "device_id", "token", "life_s"],
};
const AUTH_VALUES = {
  bearer: "The token only: the word Bearer is added.", basic: "The password.", api_key: "The key.",
  azure_sas: "The device's key. It comes with the connection string.",
};
const ADDRESSES = {
  https: "Paste the whole address: https://, the server's name and the path.", mqtt: "mqtts:// and the broker's name.", tcp: "tls://, the server's name, a colon and the port.",
};
let presets = [], certSets = ["default"], opened = new Set(), openedIn = [];

page("destinations", { title: "Destinations", show: destinationList });

// The list, on its own page and wherever else it is wanted. `rest` holds the id of the one to open, or "new".
function destinationList(root, [rest] = []) {
  const items = store.draft.destinations, wanted = store.problems.length ? -1 : items.findIndex(({ id }) => id && String(id) === rest);
  opened = new Set(items.filter((one, index) => opened.has(openedIn[index]) || index === wanted));
  openedIn = items;
  paintDestinations(root);
  let stop;
  stop = onStatus(() => (root.isConnected ? showDestinations(root) : stop?.()));
  askOffers(root);
  if (rest === "new") {
    history.replaceState(null, "", "#/destinations"); // one is enough when the page is shown again
    addDestination(root);
  }
  root.querySelector(`[data-index="${wanted}"]`)?.scrollIntoView();
}

function paintDestinations(root) {
  const items = store.draft.destinations, most = schema("destinations").maxItems;
  root.replaceChildren(h("div", { class: "destinations" },
    store.draft.autopid.grouping || current === "automate" ? null : h("p", { class: "wrong" }, "Grouping is disabled, so nothing is sent. ",
      h("a", { href: "#/automate" }, "Enable it under Automate.")),
    items.map((one, index) => destinationCard(root, one, index)),
    items.length ? null : h("p", { class: "dim" }, "Nobody receives the car's values yet."),
    h("div", { class: "row" }, button("Add Destination", () => addDestination(root), { class: "primary" }),
      h("span", { class: "dim" }, `${items.length} of ${most}`))));
  refreshDestinations(root);
}

// For elements that are new.
function refreshDestinations(root) {
  showDestinations(root);
  if (store.problems.length) showProblems();
}

function destinationCard(root, one, index) {
  const base = `destinations.${index}`, body = h("div"), wrong = store.problems.some(({ field }) => field.startsWith(base + "."));
  const node = h("details", { class: "card destination", open: opened.has(one) || wrong, dataset: { index, field: base }, on: { toggle } },
    h("summary", null, h("h2", null, one.name), h("span", { class: "chip" }), h("small")), h("p", { class: "error" }), body);
  function toggle() {
    opened[node.open ? "add" : "delete"](one);
    if (!node.open || body.firstChild) return;
    body.append(...destinationBody(root, one, index, node).filter(part => part));
    if (node.isConnected) refreshDestinations(root);
  }
  toggle();
  return node;
}

function destinationBody(root, one, index, node) {
  const base = `destinations.${index}`, path = "destinations[]", details = h("div"), entry = (name, options) => field(path, one, name, base, options);
  const move = (text, by, word) => button(text, () => moveDestination(root, index, by, word), { "aria-label": `Move ${one.name} ${word}` });
  destinationDetails(details, one, base, node);
  return [h("div", { class: "form" },
    offered(entry("type"), "type", one, name => { fillPreset(one, name); touch(); paintDestinations(root); focusOn(root, index, "select"); }),
    entry("name", { changed: () => put(node.querySelector("h2"), one.name) }),
    entry("url", { help: ADDRESSES[one.type] }),
    entry("cycle_ms"),
    dependent(path + ".auth", one.auth, base + ".auth", "type", type => AUTH[type].concat(one.auth.login?.set ? "login" : []),
      name => ({ help: { type: "How the device shows the server who it is.", token: AUTH_VALUES[one.auth.type] }[name] })),
    entry("query"),
    offered(entry("cert_set", { help: ["default: the public authorities. For a server of your own, make a set under ", h("a", { href: "#/certificates" }, "Certificates"), "."] }), "sets", one, name => { one.cert_set = name; touch(base + ".cert_set"); }),
    entry("enabled")),
  details,
  h("div", { class: "row end" },
    index > 0 && move("↑", -1, "up"), index + 1 < store.draft.destinations.length && move("↓", 1, "down"),
    button("Duplicate", () => duplicate(root, one)),
    button("Delete", () => deleteDestination(root, one), { class: "danger", "aria-label": `Delete ${one.name}` }))];
}

// A choice, and the fields that go with what is chosen.
function dependent(path, object, base, key, names, options) {
  const rest = h("div", { class: "form" });
  const show = () => rest.replaceChildren(...names(object[key]).map(name => field(path, object, name, base, options?.(name))));
  show();
  return [field(path, object, key, base, { ...options?.(key), changed: show }), rest];
}

// A field whose choices come from the device: presets as types, cert sets.
function offered(row, kind, one, chosen) {
  const old = row.querySelector("input, select");
  const control = select([], "", chosen, { id: old.id, "aria-describedby": old.getAttribute("aria-describedby") });
  control.offer = () => {
    const [value, choices] = kind === "type" ? [typeOf(one), types()] : [one.cert_set, certSets.map(name => [name, name])];
    if (!choices.some(([name]) => name === value)) choices.push([value, kind === "type" ? words(value) : `${value} (not there)`]);
    control.replaceChildren(...choices.map(([name, text]) => h("option", { value: name }, text)));
    control.value = value;
    const hint = presets.find(({ name }) => name === one.preset)?.hint;
    if (kind === "type" && hint) put(row.querySelector("small"), hint);
  };
  control.dataset.offered = "";
  control.offer();
  old.replaceWith(control);
  return row;
}

const types = () => [["wican", "HTTPS POST"], ["mqtt", "MQTT"], ["tcp", "TLS (documents alone)"],
  ...presets.filter(({ name }) => name !== "wican" && name !== "mqtt").map(({ name, title }) => [name, title])];
const typeOf = ({ preset, type }) => (preset !== "wican" ? preset : type === "https" ? "wican" : type);

async function askOffers(root) {
  if (!presets.length) presets = (await api("GET", "presets")).data ?? [];
  for (const { name, title } of presets) CHOICES[`destinations[].preset.${name}`] = title;
  const told = await api("GET", "certificates");
  if (told.ok) certSets = ["default", ...told.data.sets.map(({ name }) => name)];
  for (const control of root.querySelectorAll("[data-offered]")) control.offer();
}

// Takes back what the preset before had set, and sets what this one does; whatever else was entered stays.
function fillPreset(one, name) {
  const settings = preset => presets.find(each => each.name === preset)?.settings ?? {};
  const defaults = blank("destinations[]");
  mergeInto(one, settings(one.preset), defaults);
  mergeInto(one, { type: ["mqtt", "tcp"].includes(name) ? name : "https", ...settings(name) });
  one.preset = name === "tcp" ? "wican" : name;
}

function mergeInto(target, above, values = above) {
  for (const key in above)
    if (isObject(above[key]) && isObject(target[key])) mergeInto(target[key], above[key], values[key]);
    else target[key] = copy(values[key]);
}

function addDestination(root, one) {
  const items = store.draft.destinations, most = schema("destinations").maxItems;
  if (items.length >= most) return toast(`There are ${most} destinations already, which is all a device can serve: delete one first.`, "bad");
  const names = items.map(({ name }) => name), stem = one?.name ?? "My server";
  let name = stem, count = 1;
  while (names.includes(name)) name = `${stem} ${++count}`;
  items.push({ ...(one ?? blank("destinations[]")), id: 0, name });
  opened.add(items.at(-1));
  touch();
  paintDestinations(root);
  focusOn(root, items.length - 1, "select");
}

// A copy knows none of the secrets: the device gives them to nobody.
function duplicate(root, one) {
  let secrets = 0;
  addDestination(root, JSON.parse(JSON.stringify(one), (_, value) => (isSecret(value) && ++secrets ? { set: false } : value)));
  if (secrets) toast("Its secrets are not copied: enter them anew.");
}

async function deleteDestination(root, one) {
  const text = "Its secrets, and what waits in its queue, go with it as soon as you submit the changes.";
  if (!(await ask({ title: `Delete ${one.name || "this destination"}?`, text, yes: "Delete", danger: true }))) return;
  const items = store.draft.destinations, index = items.indexOf(one);
  if (index >= 0) items.splice(index, 1);
  touch();
  paintDestinations(root);
  root.querySelector(".primary").focus();
}

function moveDestination(root, index, by, word) {
  const items = store.draft.destinations, [one] = items.splice(index, 1);
  items.splice(index + by, 0, one);
  touch();
  paintDestinations(root);
  focusOn(root, index + by, `[aria-label$=" ${word}"]`);
}

function focusOn(root, index, what) {
  const node = root.querySelector(`[data-index="${index}"]`);
  (node.querySelector(what) ?? node.querySelector("summary")).focus();
}

// State and counters of each, as they are now.
const liveOf = ({ id }) => (id && live.status?.destinations.find(one => one.id === id)) || null;
const ago = at_ms => age(live.status.uptime_ms - at_ms + Date.now() - live.at);

function showDestinations(root) {
  for (const node of root.querySelectorAll(".destination")) {
    const one = store.draft.destinations[node.dataset.index], now = one && liveOf(one), last = now?.last;
    if (!one) continue;
    chip(node.querySelector("summary .chip"), now ? now.state : one.id ? "waiting" : "new");
    const event = now?.reason || (last ? `${ago(last.at_ms)} ago: ${last.cause}` : ""), begins = one.id ? "" : "Not submitted yet.";
    put(node.querySelector("summary small"), now ? `${now.delivered} delivered, ${now.failed} failed. ${event}` : begins);
    node.live?.(now);
  }
}
