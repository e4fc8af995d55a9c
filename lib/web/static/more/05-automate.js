// What is read from the car, and that it is sent as one document.
"use strict";

choices("autopid.standard.protocol", {
  0: "Automatic", 1: "J1850 PWM (41.6 kbit/s)", 2: "J1850 VPW (10.4 kbit/s)", 3: "ISO 9141-2", 4: "KWP 2000, slow start", 5: "KWP 2000, fast start",
  6: "CAN, 11 bit, 500 kbit/s", 7: "CAN, 29 bit, 500 kbit/s", 8: "CAN, 11 bit, 250 kbit/s", 9: "CAN, 29 bit, 250 kbit/s", A: "J1939, 250 kbit/s",
});

let standards = null, supported = null, knownCars = null;
const found = { text: "", which: "chosen" };

function showAutomate(root) {
  const auto = store.draft.autopid, receivers = h("div");
  root.append(
    card(null, field("autopid", auto, "grouping", "autopid", { help: "Enable joins all values into one document, which every destination receives. Disable sends nothing." })),
    card("Destinations", receivers), standardCard(auto.standard), profileCard(auto), customCard(auto.custom), filtersCard(auto), troubleCard(), card("OBD adapter", form("adapter", store.draft.adapter, "adapter")));
  destinationList(receivers);
}

/* Standard PIDs */

function standardCard(standard) {
  const list = h("ul", { class: "plainlist pids", "data-empty": "None. Tick some below All of them, or scan the car." });
  const note = h("p", { class: "dim", role: "status" }), path = "autopid.standard";
  const which = select([["chosen", "Chosen"], ["car", "What the car supports"], ["all", "All of them"]], found.which,
    one => { found.which = one; show(); }, { "aria-label": "Show which" });
  const filter = h("input", { type: "search", value: found.text, placeholder: "Search", "aria-label": "Search standard PIDs",
    on: { input: () => { found.text = filter.value; show(); } } });
  const all = button("Choose all shown", () => {
    for (const one of matching(standard)) choose(standard, one.name, true);
    show();
  }, { hidden: true });
  const show = () => {
    const rows = standards ? matching(standard) : [];
    fill(list, rows, one => one.name, one => standardRow(standard, one, show), (row, one) => row.paint(one));
    all.hidden = !rows.some(one => !chosen(standard, one.name));
    put(note, `${standard.parameters.length} chosen` + (supported ? `; the car supports ${supported.length}` : ""));
  };
  const scan = button("Scan", async () => {
    put(note, "Asking the car what it supports …");
    scan.disabled = true;
    const answer = await api("POST", "car/scan", { protocol: standard.protocol });
    scan.disabled = false;
    if (!answer.ok) return put(note, sentences(answer.problems));
    supported = answer.data.supported;
    which.value = found.which = "car";
    show();
  });
  const node = card("Standard PIDs", h("div", { class: "form" },
    field(path, standard, "enabled", path, { label: "Read standard PIDs", help: "What every car with OBD-II can tell (SAE J1979)." }),
    field(path, standard, "protocol", path, { label: "ECU Protocol", help: "How the car talks. Automatic tries them in turn." })),
    h("div", { class: "row", dataset: { field: `${path}.parameters` } }, which, filter, scan, h("p", { class: "error" })), note, list, all);
  (async () => {
    const answer = standards ? null : await api("GET", "standard");
    if (answer?.ok) standards = answer.data;
    show();
    if (!standards) put(note, sentences(answer.problems));
  })();
  return node;
}

const chosen = (standard, name) => standard.parameters.find(one => one.name === name);

// What the list shows; names that are no longer known stay visible, so that they can be dropped.
function matching(standard) {
  const names = standards.map(one => one.name), wanted = found.text.toLowerCase();
  const strange = standard.parameters.filter(one => !names.includes(one.name)).map(({ name }) => ({ name, unit: "", pid: "" }));
  return [...standards, ...strange].filter(({ name, unit, pid }) => `${name} ${unit} ${pid}`.toLowerCase().includes(wanted)
    && (found.which === "all" || (found.which === "chosen" ? chosen(standard, name) : supported?.includes(name))));
}

function choose(standard, name, on) {
  if (on === Boolean(chosen(standard, name))) return;
  if (on) standard.parameters.push({ ...blank("autopid.standard.parameters[]"), name });
  else standard.parameters = standard.parameters.filter(one => one.name !== name);
  touch("autopid.standard.parameters");
}

function standardRow(standard, one, changed) {
  const tick = h("input", { type: "checkbox", on: { change: () => { choose(standard, one.name, tick.checked); changed(); } } });
  const value = h("span", { class: "dim" }), details = h("div", { hidden: true });
  const options = button("Options", () => open(details.hidden), { class: "plain", "aria-expanded": "false", "aria-label": `Options of ${one.name}` });
  const row = h("li", null, h("label", null, tick, one.name), value, options, details);
  const open = on => { details.hidden = !on; options.setAttribute("aria-expanded", on); row.paint(); };
  row.paint = () => {
    const entry = chosen(standard, one.name), index = standard.parameters.indexOf(entry), base = `autopid.standard.parameters.${index}`;
    const read = live.status?.values.find(each => each.name === one.name);
    tick.checked = Boolean(entry);
    put(value, entry && read ? `${shown(read.value)} ${read.unit}` : one.unit);
    options.hidden = !entry;
    if (!entry) details.hidden = true;
    if (details.dataset.field === base) return;
    details.dataset.field = base;
    details.replaceChildren(...(entry ? [h("p", { class: "error" }), form("autopid.standard.parameters[]", entry, base, { skip: ["name"] })] : []));
    if (entry && store.problems.some(problem => problem.field.startsWith(`${base}.`))) details.hidden = false;
  };
  return row;
}

/* Vehicle profile */

function profileCard(auto) {
  const state = h("p"), cars = h("div"), text = h("textarea", { "aria-label": "Profile as text", spellcheck: "false" });
  const drop = button("Remove", () => removeProfile(state, drop), { class: "danger", hidden: true });
  const choose = content => chooseCar(content, cars, state, drop);
  showProfile(state, drop);
  if (knownCars) showCars(knownCars, cars, state, drop);
  return card("Vehicle profile",
    h("p", { class: "dim" }, "A profile tells how your car model's own values are read, such as the state of charge. It counts as soon as it is loaded."),
    state, h("div", { class: "row" }, fileButton("Upload a file", ".json", choose), drop), cars,
    h("details", { class: "fold" }, h("summary", null, "Paste it"), text, button("Load", () => choose(text.value))),
    h("div", { class: "form" }, field("autopid.specific", auto.specific, "enabled", "autopid.specific", { label: "Read its values", help: "Off keeps the profile without using it." }),
      field("autopid", auto, "cycle_ms", "autopid", { help: "Time between two readings of each of its values." })));
}

async function showProfile(state, drop) {
  const { ok, data } = await api("GET", "profile");
  const car = ok && carOf(data.profile);
  drop.hidden = !car;
  put(state, car ? `In use: ${titleOf(car)}` : "No profile is loaded.");
}

const carOf = document => document?.cars?.[0] ?? (document?.pids ? document : null);
const titleOf = car => car.car_model || "a profile without a title";

// A file of one car is loaded at once; one of many is searched here, and only the chosen car goes to the device.
function chooseCar(content, place, state, drop) {
  let document;
  try {
    document = JSON.parse(content);
  } catch (error) {
    return place.replaceChildren(h("p", { class: "error" }, `This is no JSON: ${error.message}.`));
  }
  const many = (Array.isArray(document) ? document : document?.cars ?? [document]).filter(car => car?.pids);
  if (!many.length) return place.replaceChildren(h("p", { class: "error" }, "There is no vehicle profile in it: a car has \"pids\"."));
  if (many.length === 1) return loadCar(many[0], place, state, drop);
  showCars(knownCars = many, place, state, drop);
}

function showCars(many, place, state, drop) {
  const list = h("ul", { class: "cars", "data-empty": "No car is called that." });
  const show = () => {
    const wanted = filter.value.toLowerCase().split(/\s+/);
    const hits = many.filter(car => wanted.every(word => titleOf(car).toLowerCase().includes(word)));
    fill(list, hits.slice(0, 30), titleOf, car => h("li", null, button(titleOf(car), () => loadCar(car, place, state, drop), { class: "plain" })));
    put(note, hits.length > 30 ? `30 of ${hits.length}: search for yours.` : `${hits.length} cars`);
  };
  const filter = h("input", { type: "search", "aria-label": "Search your car", placeholder: "Make and model", on: { input: () => show() } });
  const note = h("p", { class: "dim", role: "status" });
  place.replaceChildren(filter, note, list);
  show();
  filter.focus();
}

async function loadCar(car, place, state, drop) {
  put(state, `Loading ${titleOf(car)} …`);
  const answer = await api("PUT", "profile", car);
  if (!answer.ok) {
    showProfile(state, drop);
    return place.replaceChildren(h("ul", { class: "error" }, answer.problems.map(({ field: where, message }) => h("li", null, `${where} ${message}`))));
  }
  const { parameters = [], left_out: left } = answer.data;
  place.replaceChildren(h("p", { class: "good" }, `${parameters.length} values${left ? `, ${left} left out` : ""}: ${parameters.join(", ")}`));
  knownCars = null;
  drop.hidden = false;
  put(state, `In use: ${titleOf(car)}`);
}

async function removeProfile(state, drop) {
  if (!await ask({ title: "Remove the vehicle profile?", text: "Its values are no longer read.", yes: "Remove", danger: true })) return;
  const answer = await api("DELETE", "profile");
  if (answer.ok) showProfile(state, drop);
  else toast(sentences(answer.problems), "bad");
}

/* Custom PIDs */

function customCard(custom) {
  const path = "autopid.custom", most = schema(`${path}.parameters`).maxItems;
  const list = h("div", { "data-empty": "None yet." });
  const show = opened => {
    list.replaceChildren(...custom.parameters.map((one, index) => customEntry(custom, one, index, one === opened, show)));
    add.disabled = custom.parameters.length >= most;
  };
  const add = button("Add custom PID", () => {
    const one = blank(`${path}.parameters[]`);
    custom.parameters.push(one);
    touch(`${path}.parameters.${custom.parameters.length - 1}.enabled`);
    show(one);
    list.lastElementChild.querySelector("input").focus();
  });
  show();
  return card("Custom PIDs", form(path, custom, path, { only: ["init"] }), list, add);
}

function customEntry(custom, one, index, open, show) {
  const base = `autopid.custom.parameters.${index}`, title = h("summary", null, one.name || "New PID");
  const renamed = key => key === "name" && put(title, one.name || "New PID");
  return h("details", { class: "fold", open, dataset: { field: base } }, title, h("p", { class: "error" }),
    form("autopid.custom.parameters[]", one, base, { changed: renamed }), trial(custom, one, base),
    button("Delete", async () => {
      if (!await ask({ title: `Delete ${one.name || "this PID"}?`, yes: "Delete", danger: true })) return;
      custom.parameters.splice(index, 1);
      touch("autopid.custom.parameters");
      show();
    }, { class: "danger" }));
}

// Try it: the car is asked once, or an answer that was pasted is read.
function trial(custom, one, base) {
  const id = `t${++ids}`, output = h("div", { role: "status" });
  const pasted = h("textarea", { id, spellcheck: "false", placeholder: "7E8 04 41 0C 1A F8" });
  const attempt = async response => {
    output.replaceChildren("Asking the car …");
    const request = { pid: one.pid, init: custom.init + one.init, expression: one.expression };
    const answer = await api("POST", "car/try", response === undefined ? request : { ...request, response });
    output.replaceChildren(answer.ok ? reading(answer.data, one, base) : h("p", { class: "error" }, answer.problems.map(problem => explained(problem, base))));
  };
  return h("details", { class: "fold try" }, h("summary", null, "Try it"),
    h("div", { class: "row" }, button("Ask the car", () => attempt())),
    h("label", { for: id }, "Or paste what an adapter printed"), pasted, button("Read what is pasted", () => attempt(pasted.value)), output);
}

function explained({ field: where, message }, base) {
  const entry = schema(`autopid.custom.parameters[].${where}`);
  return entry ? `${label(where)}: ${message} ` : `${message} `;
}

function reading({ ok, value, problems = [], frames = [], bytes = [] }, one, base) {
  return h("div", null, ok ? h("p", null, h("strong", null, `${shown(value)} ${one.unit === "none" ? "" : one.unit}`))
    : h("p", { class: "error" }, problems.map(problem => explained(problem, base))),
    frames.length ? h("pre", { tabindex: "0" }, frames.join("\n")) : null,
    bytes.length ? h("p", { class: "bytes" }, bytes.map(({ i, hex }) => h("span", null, h("small", null, `B${i}`), hex))) : null);
}

page("automate", { title: "Automate", show: showAutomate });
