// Keeps the page that the device has rendered up to date, in place; without this script, reloading does the same.
"use strict";

const PERIOD = 2000, LONGEST = 30000, PATIENCE = 8000, STALE = 60000;

const $ = id => document.getElementById(id);
let latest, received, pause = PERIOD, timer, asking = false;

// A number as it was written, where the browser tells: JavaScript's own would round a long one.
const exact = (key, value, source) =>
  key === "value" && typeof value === "number" ? source?.source ?? String(value) : value;

async function poll() {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  try {
    // By the origin: the page's own address may hold a password, which fetch does not allow.
    const answer = await fetch(location.origin + "/api/v1/status", { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(answer.status);
    latest = JSON.parse(await answer.text(), exact);
    received = Date.now();
    pause = PERIOD;
    chip($("link"), "live", "live");
    show();
  } catch {
    pause = Math.min(2 * pause, LONGEST);
    chip($("link"), "lost", "no reply");
  }
  asking = false;
  timer = setTimeout(poll, pause);
}

function show() {
  if (!latest) return;
  const since = Date.now() - received;
  chip($("ecu"), latest.ecu, "ECU " + latest.ecu);
  chip($("delivery"), latest.delivery, "delivery " + latest.delivery);
  fill($("values"), "row", latest.values, (row, value) => {
    const old = value.age_ms === null ? null : value.age_ms + since;
    row.classList.toggle("stale", old === null || old > STALE || value.error !== null);
    const [name, error, text, unit, aged] = row.querySelectorAll("span, small, td");
    put(name, value.name);
    put(error, value.error ?? "");
    put(text, shown(value.value));
    put(unit, value.unit);
    put(aged, age(old));
  });
  fill($("destinations"), "card", latest.destinations, (card, destination) => {
    const [name, state, sentence, counts] = card.children;
    const last = destination.last;
    put(name, destination.name);
    chip(state, destination.state, destination.state.replaceAll("_", " "));
    put(sentence, destination.reason || (last ? last.cause : "Nothing has been sent yet."));
    put(counts, `${destination.delivered} delivered, ${destination.failed} failed` +
      (last ? `, last attempt ${age(latest.uptime_ms - last.at_ms + since)} ago` : ""));
  });
  fill($("device"), "pair", Object.entries(latest.device), (pair, [key, value]) => {
    put(pair.children[0], key.replaceAll("_", " "));
    put(pair.children[1], shown(value));
  });
  fill($("problems"), "line", latest.problems, put);
  fill($("log"), "line", latest.log, put);
}

// One child for each item, made from a template when missing and kept otherwise: selections and focus survive.
function fill(parent, template, items, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  items.forEach((item, index) => {
    if (index === parent.children.length) parent.append($(template).content.cloneNode(true));
    update(parent.children[index], item);
  });
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function chip(node, state, text) {
  node.dataset.state = state;
  put(node, text);
}

function shown(value) {
  if (value === null || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

function age(ms) {
  if (ms === null) return "–";
  for (const [unit, length] of [["d", 864e5], ["h", 36e5], ["min", 6e4]])
    if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return `${Math.floor(ms / 1000)} s`;
}

document.addEventListener("visibilitychange", poll);
setInterval(show, 1000);
poll();
