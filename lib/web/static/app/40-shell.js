// The frame around the pages: navigation, and what is live.
"use strict";

const NAVIGATION = ["status", "automate", "destinations", "certificates", "power", "network", "logs", "system"];
const SILENCE = 30000;
const rendered = new Set(); // called after a page was shown
const pages = {}, listeners = { status: new Set(), log: new Set() };
const live = { status: null, at: 0 };
let current = null, loading = null, session = null, events = null, timer, pause = 2000, polls = 0, asking = false;

// Registers a page: {title, show(root, rest), hide?(), live?: true where nothing is edited}. `rest` is what follows in #/name/rest/….
function page(name, about) {
  pages[name] = about;
}

const go = place => { location.hash = `#/${place}`; };
const place = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

// Everything else of the page, and the settings, loaded when they are first needed. Throws what to tell if that fails.
async function more(again = true) {
  loading ??= new Promise((resolve, reject) => {
    const load = () => resolve(), error = () => { loading = null; reject(new Error("The device did not reply.")); };
    document.head.append(h("script", { src: document.querySelector("script[data-more]").dataset.more, on: { load, error } }));
  });
  try {
    await loading;
  } catch (error) {
    if (!again || !(await api("GET", "status")).ok) throw error; // that logs in anew where the session has ended
    return more(false);
  }
  await begin(); // more/04-bar.js
}

async function render() {
  const [name, ...rest] = place();
  const wanted = NAVIGATION.includes(name) || name === "setup" ? name : "status";
  if (wanted !== "status") try {
    await more();
  } catch (error) {
    return unloaded(wanted, error);
  }
  if (place()[0] !== name) return; // somebody went on meanwhile
  const about = pages[wanted], root = h("div", { class: `page ${wanted}` });
  turnTo(wanted, about.title, root);
  try {
    await about.show(root, rest);
  } catch (error) {
    root.append(card("", h("p", { class: "error" }, `This page failed: ${error.message}`)));
    console.error(error);
  }
  for (const hook of rendered) hook();
}

// Leaves the page that is shown; `root` is what the next one fills.
function turnTo(name, title, root) {
  try {
    pages[current]?.hide?.();
  } catch { /* it had failed before there was anything to hide */ }
  current = name;
  document.title = `${title} – ${session.name}`;
  for (const link of $("nav").children)
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  $("main").replaceChildren(h("h1", { tabindex: "-1" }, title), root);
}

function unloaded(name, { message }) {
  turnTo(name, capital(name), card("", h("p", { class: "error", role: "alert" }, `This page could not be loaded. ${message}`), button("Retry", render)));
}

// Calls `listener` with every status, at once with the last one; returns what ends that.
function onStatus(listener) {
  listeners.status.add(listener);
  if (live.status) listener(live.status);
  return () => listeners.status.delete(listener);
}

function onLog(listener) {
  listeners.log.add(listener);
  return () => listeners.log.delete(listener);
}

function tell(kind, data) {
  for (const listener of listeners[kind]) listener(data);
}

function arrived(status) {
  live.status = status;
  live.at = Date.now();
  pause = 2000;
  chip($("link"), "live", "live");
  chip($("ecu"), status.ecu, `ECU ${status.ecu}`);
  chip($("delivery"), status.delivery, `delivery ${status.delivery}`);
  tell("status", status);
}

// Listens as long as somebody looks; asks now and then where the device has no place left for one more listener.
function listen() {
  clearTimeout(timer);
  events?.close();
  if (document.hidden) return;
  events = new EventSource("/api/v1/events");
  events.addEventListener("status", event => arrived(parsed(event.data)));
  events.addEventListener("log", event => tell("log", parsed(event.data)));
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) poll();
    else chip($("link"), "lost", "no reply");
  };
}

// A connection that broke silently tells nothing: the device would have said something by now.
function notice() {
  if (document.hidden || events?.readyState !== EventSource.OPEN || Date.now() - live.at < SILENCE) return;
  chip($("link"), "lost", "no reply");
  listen();
}

async function poll() {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  const answer = await api("GET", "status", undefined, { patience: 8000 });
  asking = false;
  if (answer.ok) arrived(answer.data);
  else {
    pause = Math.min(2 * pause, 30000);
    chip($("link"), "lost", "no reply");
  }
  timer = setTimeout(polls++ % 15 === 14 ? listen : poll, pause);
}

async function turnPage() {
  const before = current;
  openMenu(false);
  if (place()[0] !== before) scrollTo(0, 0);
  await render();
  if (current !== before && !$("main").contains(document.activeElement)) $("main").firstChild.focus({ preventScroll: true });
}

function openMenu(on) {
  document.body.classList.toggle("menu", on);
  $("menu").setAttribute("aria-expanded", on);
}

// Whose device this is, and whether it knows us; asks until it answers.
async function knowSession() {
  let answer;
  while (!(answer = await api("GET", "session")).ok) await new Promise(resolve => setTimeout(resolve, 3000));
  session = answer.data;
  csrf = session.csrf ?? "";
}

// Whether somebody sets it up through its own network: then that comes before everything else.
async function isNew() {
  return session.setup && (await api("GET", "status")).data?.device.wifi_mode === "AP";
}

async function start() {
  await knowSession();
  if (!session.authenticated) {
    await signIn();
    await knowSession();
  }
  put($("name"), session.name);
  $("nav").prepend(...NAVIGATION.map(name => h("a", { href: `#/${name}` }, capital(name))));
  $("menu").onclick = () => openMenu(!document.body.classList.contains("menu"));
  $("skip").onclick = event => { event.preventDefault(); $("main").firstChild.focus(); };
  $("logout").onclick = async () => { await api("DELETE", "session"); location.reload(); };
  document.body.classList.add("ready");
  if (!location.hash.startsWith("#/") && await isNew()) history.replaceState(null, "", "#/setup");
  addEventListener("hashchange", turnPage);
  document.addEventListener("visibilitychange", listen);
  await render();
  listen();
  setInterval(notice, 5000);
}

document.addEventListener("DOMContentLoaded", start); // once every part of this script has run
