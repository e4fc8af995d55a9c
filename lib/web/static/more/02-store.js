// The settings: what is saved, the draft that is edited, and how one becomes the other.
"use strict";

const store = { revision: 0, saved: null, draft: null, problems: [] };
let entries = new Map(), touched = new Set(), judging, judgement = 0;

// Where the settings are edited.
const PLACES = {
  autopid: "automate", adapter: "automate", destinations: "destinations", signals: "power", power: "power", sharing: "network", network: "network", bridges: "network",
  passthrough: "network", device: "network", web: "network", clock: "network", log: "logs", "web.home_assistant": "system", "web.enabled": "system",
};

const copy = value => structuredClone(value);
const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);
const isSecret = value => isObject(value) && typeof value.set === "boolean" && Object.keys(value).length === 1;

function same(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const keys = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other) && keys.length === Object.keys(other).length
    && keys.every(key => same(one[key], other[key]));
}

// What is declared of a setting, "destinations[].cycle_ms".
const schema = path => entries.get(path);

// The names of a section's settings, in the declared order.
function members(path) {
  const start = path && path + ".";
  return [...entries.keys()].filter(key => key.startsWith(start) && !/[.[]/.test(key.slice(start.length))).map(key => key.slice(start.length));
}

// A setting's default; for "destinations[]" a new entry with all of its defaults. Secrets have none.
function blank(path) {
  const entry = schema(path);
  if (entry && entry.type !== "object") return copy(entry.default);
  const places = members(path).map(name => [name, `${path}.${name}`]);
  return Object.fromEntries(places.filter(([, place]) => !schema(place).writeOnly).map(([name, place]) => [name, blank(place)]));
}

store.load = async () => {
  if (!entries.size) {
    const told = await api("GET", "schema");
    if (!told.ok) return told;
    if (!Array.isArray(told.data)) return failed(0, "broken", "What the device declares of its settings did not arrive whole.");
    entries = new Map(told.data.map(entry => [entry.path, entry]));
  }
  const answer = await api("GET", "settings");
  if (answer.ok && !answer.data?.settings) return failed(0, "broken", "The settings did not arrive whole.");
  if (answer.ok) adopt(answer.data);
  return answer;
};

function adopt({ revision, settings }) {
  Object.assign(store, { revision, saved: settings, draft: copy(settings), problems: [] });
  touched.clear();
  touch();
}

// Whether nothing else is new but the page's own password and tokens, which raise the revision too: that is taken over.
function caughtUp({ revision, settings }) {
  if (changes(store.saved, settings).some(({ path }) => path !== "web.password" && path !== "web.tokens")) return false;
  const { password, tokens } = settings.web;
  for (const one of [store.saved, store.draft]) Object.assign(one.web, { password, tokens });
  store.revision = revision;
  return true;
}

store.dirty = () => store.saved !== null && !same(store.saved, store.draft);

// To be called after the draft was edited; `path` is what was edited, "destinations.0.url".
function touch(path) {
  if (path) touched.add(path);
  clearTimeout(judging);
  if (path) judging = setTimeout(judge, 900);
  showBar();
}

// Asks the device what it thinks of the draft; only what was edited is told before it is submitted.
async function judge() {
  const mine = ++judgement, answer = await api("PUT", "settings?check=1", { settings: store.draft });
  if (mine === judgement && (answer.ok || answer.status === 422))
    setProblems(answer.problems.filter(problem => [...touched].some(path => dotted(problem.field).startsWith(path))));
}

const dotted = field => field.replace(/\[(\d+)\]/g, ".$1");

function setProblems(problems) {
  store.problems = problems.map(problem => ({ ...problem, field: dotted(problem.field) }));
  showProblems();
}

// What differs between two documents: [{path, from, to}]. Entries of lists are known by their id or name.
function changes(from = store.saved, to = store.draft, path = "", found = []) {
  const place = key => (path ? `${path}.${key}` : String(key));
  if (same(from, to)) return found;
  if (isSecret(from) || (schema(path.replace(/\.\d+(?=\.|$)/g, "[]"))?.writeOnly)) found.push({ path, from: "", to: to === null ? "cleared" : "new" });
  else if (isObject(from) && isObject(to))
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) changes(from[key], to[key], place(key), found);
  else if (Array.isArray(from) && Array.isArray(to) && [...from, ...to].every(isObject)) listed(from, to, place, found);
  else found.push({ path, from, to });
  return found;
}

// How an entry of a list is known; by its place where it has neither id nor name.
const known = (item, index) => item.id || item.name || item.key || `#${index}`;

function listed(from, to, place, found) {
  const before = new Map(from.map((item, index) => [known(item, index), item]));
  const after = to.map(known);
  to.forEach((item, index) => {
    const old = before.get(after[index]);
    if (old) changes(old, item, place(index), found);
    else found.push({ path: place(index), from: undefined, to: item });
  });
  from.forEach((item, index) => after.includes(known(item, index)) || found.push({ path: place(index), from: item, to: undefined }));
  const kept = [...before.keys()].filter(key => after.includes(key));
  if (!same(kept, after.filter(key => before.has(key)))) found.push({ path: place(""), from: "order", to: "another order" });
}

// `again` is how often it may be sent anew, after the revision rose without a change to the settings.
async function submit(again = 3) {
  clearTimeout(judging);
  judgement++;
  const sent = copy(store.draft), answer = await api("PUT", "settings", { revision: store.revision, settings: sent });
  if (answer.status === 409) return settleConflict(again);
  if (answer.ok) return submitted(sent);
  if (answer.status !== 422) toast(sentences(answer.problems), "bad");
  setProblems(answer.problems);
  goToProblem();
}

// What was typed while the device was saving stays.
async function submitted(sent) {
  const late = same(sent, store.draft) ? null : store.draft;
  await store.load();
  if (late) store.draft = copy(merged(sent, late, store.saved));
  toast("Saved. The changes are in force.", "good");
  await render();
}
