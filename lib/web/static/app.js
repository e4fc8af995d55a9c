// Keeps the page that the device has rendered up to date, in place; without this script, reloading does the same.
// Sends to a destination on demand.
"use strict";

const PERIOD = 2000, LONGEST = 30000, PATIENCE = 8000, SENDING = 60000, STALE = 60000;

const $ = id => document.getElementById(id);
let latest, received, pause = PERIOD, timer, asking = false, turn = Promise.resolve();

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
    const [name, state, sentence, counts, actions] = card.children;
    const last = destination.last;
    own(card, destination);
    put(name, destination.name);
    chip(state, destination.state, destination.state.replaceAll("_", " "));
    put(sentence, destination.reason || (last ? last.cause : "Nothing has been sent yet."));
    put(counts, tally(destination) + (last ? `, last attempt ${age(latest.uptime_ms - last.at_ms + since)} ago` : ""));
    const stopped = ["paused", "gone"].includes(destination.state) || destination.fuse === "open";
    const [send, resume] = actions.children;
    if (!stopped && document.activeElement === resume) send.focus();
    resume.hidden = !stopped;
    actions.hidden = false;
  });
  fill($("device"), "pair", Object.entries(latest.device), (pair, [key, value]) => {
    put(pair.children[0], key.replaceAll("_", " "));
    put(pair.children[1], shown(value));
  });
  fill($("problems"), "line", latest.problems, put);
  fill($("log"), "line", latest.log, put);
}

// Destinations come and go: what is shown of one on demand must not stay on the card of another.
function own(card, { id, name }) {
  if (card.dataset.id !== String(id)) {
    card.dataset.id = id;
    report(card, "");
  }
  for (const button of card.querySelectorAll("button"))
    button.setAttribute("aria-label", `${button.textContent}: ${name}`);
}

function tally(destination) {
  const notable = [["queued", "queued"], ["dropped", "dropped"], ["dead", "undeliverable"]];
  return [["delivered", "delivered"], ["failed", "failed"], ...notable.filter(([key]) => destination[key])]
    .map(([key, word]) => `${destination[key]} ${word}`).join(", ");
}

async function act(button) {
  const card = button.closest("li"), id = card.dataset.id, buttons = [...card.querySelectorAll("button")];
  const sends = button === buttons[0];
  if (button.getAttribute("aria-disabled") === "true") return; // and not `disabled`, which would lose the focus
  buttons.forEach(each => each.setAttribute("aria-disabled", "true"));
  report(card, sends ? "Sending …" : "Resuming …");
  const ordered = () => order(`/api/v1/destinations/${id}/${sends ? "send" : "reset"}`);
  const [text, request] = await (sends ? turn = turn.then(ordered) : ordered()); // the device sends one at a time
  buttons.forEach(each => each.removeAttribute("aria-disabled"));
  if (card.dataset.id === id) report(card, text, request);
  poll();
}

// What came of it in words, and the request as it was sent.
async function order(path) {
  try {
    const answer = await fetch(location.origin + path, { method: "POST", signal: AbortSignal.timeout(SENDING) });
    const type = answer.headers.get("Content-Type");
    if (!type.startsWith("application/json")) return [`The device refuses: ${await answer.text()}`];
    const told = await answer.json();
    if (!answer.ok) return [told.map(problem => problem.message).join(" ")];
    if (told.request === undefined) return ["What waits is sent again."];
    const status = told.status === null ? "No status" : `Status ${told.status}`;
    const figures = `${status}, ${told.bytes} bytes, ${told.latency_ms} ms.`;
    return [[told.cause, told.advice, figures].filter(part => part).join(" "), told.request];
  } catch {
    return ["The device did not reply."];
  }
}

function report(card, text, request = "") {
  const [output, details] = [...card.children].slice(-2);
  put(output, text);
  details.hidden = !request;
  put(details.lastElementChild, request);
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

$("destinations").addEventListener("click", ({ target }) => target.matches("button") && act(target));
document.addEventListener("visibilitychange", poll);
setInterval(show, 1000);
poll();
