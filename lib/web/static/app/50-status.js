// What the car says and how the device is doing.
"use strict";

const STALE = 60000, POINTS = 60;
const histories = new Map();

// Remembers the numbers that came while the page is open; the device itself keeps the newest only.
function remember({ values, uptime_ms }) {
  for (const { name, value, age_ms } of values) {
    const number = Number(value), read = uptime_ms - age_ms;
    if (value === null || age_ms === null || Number.isNaN(number)) continue;
    const history = histories.get(name) ?? histories.set(name, []).get(name);
    if (Math.abs((history.at(-1)?.[0] ?? -1e9) - read) < 50) continue; // no new reading
    history.push([read, number]);
    if (history.length > POINTS) history.shift();
  }
}

const SVG = "http://www.w3.org/2000/svg";

function sparkline() {
  const image = document.createElementNS(SVG, "svg");
  image.setAttribute("viewBox", "0 0 100 24");
  image.setAttribute("preserveAspectRatio", "none");
  image.setAttribute("aria-hidden", "true"); // the value beside it tells what counts
  image.append(document.createElementNS(SVG, "polyline"));
  return image;
}

function plot(image, history = []) {
  const numbers = history.map(point => point[1]), least = Math.min(...numbers), range = Math.max(...numbers) - least;
  const start = history[0]?.[0], span = history.at(-1)?.[0] - start || 1;
  image.firstChild.setAttribute("points", history.length < 2 ? ""
    : history.map(([at, number]) => `${(100 * (at - start) / span).toFixed(1)},${(range ? 22 - 20 * (number - least) / range : 12).toFixed(1)}`).join(" "));
}

function tally(destination) {
  const notable = ["queued", "dropped", "dead"].filter(key => destination[key]);
  return ["delivered", "failed", ...notable].map(key => `${destination[key]} ${key === "dead" ? "undeliverable" : key}`).join(", ");
}

// What a destination is doing, in a sentence.
function doing({ reason, last }) {
  return reason || (last ? last.cause : "Nothing has been sent yet.");
}

function valueRow() {
  return h("tr", null, h("th", { scope: "row" }, h("span"), h("small", { class: "error" })), h("td", { class: "spark" }, sparkline()),
    h("td", { class: "number" }), h("td", { class: "dim" }), h("td", { class: "dim" }));
}

function showValue(row, { name, value, unit, age_ms, error }, since) {
  const old = age_ms === null ? null : age_ms + since, [title, graph, text, unitCell, aged] = row.children;
  text.classList.toggle("stale", old === null || old > STALE || error !== null);
  put(title.firstChild, name);
  put(title.lastChild, error ?? "");
  plot(graph.firstChild, histories.get(name));
  put(text, shown(value));
  put(unitCell, unit);
  put(aged, age(old));
}

function showDestination(item, destination, since) {
  const [link, state, sentence, counts] = item.children;
  put(link, destination.name);
  link.href = `#/destinations/${destination.id}`;
  chip(state, destination.state);
  put(sentence, doing(destination));
  put(counts, tally(destination) + (destination.last ? `, last attempt ${age(live.status.uptime_ms - destination.last.at_ms + since)} ago` : ""));
}

const FACTS = {
  device_id: "device", fw_version: "firmware", hw_version: "hardware", ecu_status: "car", wifi_mode: "Wi-Fi mode", sta_status: "Wi-Fi", sta_ip: "address", time_synced: "clock is right", reset_cause: "last start", power: "power rule", rssi: "signal",
};
const fact = name => FACTS[name] ?? words(name);

// [name, value] pairs about the device.
function facts({ supply_mv, memory, wifi, device, uptime_ms }, since) {
  const { uptime, timestamp, batt_voltage, power, ...told } = { ...device, ...wifi };
  return [
    ["supply voltage", supply_mv ? `${(supply_mv / 1000).toFixed(2)} V` : null], [fact("power"), power], ["uptime", age(uptime_ms + since)],
    ["clock", timestamp ? new Date(1000 * timestamp + since).toLocaleString() : "not set"],
    ["memory", memory && `${Math.round(memory.free / 1024)} KB free, ${Math.round(memory.used / 1024)} KB used`],
    ...Object.entries(told).map(([key, value]) => [fact(key), plain(key, value)]),
  ];
}

const plain = (key, value) => (key === "rssi" ? `${value} dBm` : key === "reset_cause" ? words(value) : value);

// What is left to do until values arrive somewhere.
function nextSteps({ values, destinations, grouping }) {
  return [
    session.setup && ["The first set-up is not done.", "Set it up", "setup"],
    !values.length && ["Nothing is read from the car yet.", "Choose what to read", "automate"],
    !destinations.length && ["Values go nowhere yet.", "Add Destination", "automate"],
    destinations.length && !grouping && ["Grouping is off: no destination receives the values.", "Set Grouping to Enable", "automate"],
  ].filter(step => step);
}

function lines(title, empty, props) {
  const list = h("ol", { class: "log", "data-empty": empty });
  return [list, card(title, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title, ...props }, list))];
}

const line = text => h("li", null, text);
let leave;

function showStatus(root) {
  const steps = h("ul", { class: "steps" }), problems = h("ul", { class: "bad" }), rows = h("tbody"), device = h("dl");
  const list = h("ul", { class: "plainlist", "data-empty": "No destinations have been set up." });
  const wrong = card("Problems", problems), [errors, errorCard] = lines("Last errors", "None.");
  const [log, logCard] = lines("Log", "Nothing yet.");
  logCard.append(h("a", { href: "#/logs" }, "All of it"));
  root.append(steps, wrong,
    card("Values", h("table", { class: "values" }, h("thead", null, h("tr", null, ["Name", "Course", "Value", "Unit", "Age"].map(text => h("th", { scope: "col", class: text === "Course" ? "spark" : null }, text)))), rows)),
    h("div", { class: "side" }, card("Destinations", list), card("Device", device)), errorCard, logCard);
  const update = () => {
    const status = live.status, since = Date.now() - live.at;
    if (!status) return;
    fill(steps, nextSteps(status), step => step[0], ([text, link, target]) => h("li", { class: "card row spread" }, text, " ", h("a", { href: `#/${target}` }, link)));
    fill(rows, status.values, value => value.name, valueRow, (row, value) => showValue(row, value, since));
    fill(list, status.destinations, destination => destination.id,
      () => h("li", null, h("a"), h("span"), h("p"), h("small")), (item, destination) => showDestination(item, destination, since));
    fill(device, facts(status, since), pair => pair[0], ([name]) => h("div", null, h("dt", null, name), h("dd")), (pair, [, value]) => put(pair.lastChild, shown(value)));
    wrong.hidden = !status.problems.length;
    fill(problems, status.problems, text => text, line);
    fill(errors, status.last_errors ?? [], (text, index) => index + text, line);
    if (status.log) fill(log, status.log, (text, index) => index + text, line);
  };
  const ends = [onStatus(update), onLog(({ records }) => {
    for (const { text, at_ms, level, name } of records)
      log.append(line(`${(at_ms / 1000).toFixed(3).padStart(9)} ${level[0].toUpperCase()} ${name.padEnd(7)} ${text}`));
    while (log.children.length > 30) log.firstChild.remove();
  })];
  const clock = setInterval(update, 1000);
  leave = () => { clearInterval(clock); ends.forEach(end => end()); };
  if (!log.children.length) logTail(log);
}

// Events bring new records only: those from before are asked for.
async function logTail(log) {
  const { ok, data } = await api("GET", "status");
  if (ok) fill(log, data.log ?? [], (text, index) => index + text, line);
}

page("status", { title: "Status", live: true, show: showStatus, hide: () => leave() });
onStatus(remember);
