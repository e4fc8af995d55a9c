// Two browsers changed the settings: what the other one saved is never overwritten silently.
"use strict";

async function settleConflict(again) {
  const answer = await api("GET", "settings");
  if (!answer.ok) return toast(sentences(answer.problems), "bad");
  if (again && caughtUp(answer.data)) return submit(again - 1);
  const theirs = answer.data.settings, mine = changes().map(change => change.path), others = changes(store.saved, theirs);
  const both = others.filter(({ path }) => mine.some(own => own.startsWith(path) || path.startsWith(own)));
  const content = h("div", null, h("h3", null, "Saved by somebody else meanwhile"), changeList(others), h("h3", null, "Your changes"), changeList(),
    both.length ? h("p", { class: "bad" }, `Changed by both: ${both.map(({ path }) => naming(path)).join(", ")}. With "Keep mine on top", yours count.`) : null);
  const keep = await ask({ title: "The settings were changed elsewhere", content, yes: "Keep mine on top", no: "Load theirs" });
  const draft = keep ? merged(store.saved, store.draft, theirs) : null;
  adopt(answer.data);
  if (draft) store.draft = copy(draft); // it holds parts of theirs, which is what is saved
  touch();
  await render();
  toast(keep ? "Both are joined here: look, then submit again." : "These are the settings that are saved.");
}

// What both sides made of `base`, part by part; where both changed the same, `mine` counts.
function merged(base, mine, theirs) {
  if (same(base, mine)) return theirs;
  if (same(base, theirs)) return mine;
  if ([base, mine, theirs].every(one => isObject(one) && !isSecret(one)))
    return Object.fromEntries([...new Set([...Object.keys(theirs), ...Object.keys(mine)])].map(key => [key, merged(base[key], mine[key], theirs[key])]));
  if ([base, mine, theirs].every(one => Array.isArray(one) && one.every(isObject))) return mergedLists(base, mine, theirs);
  return mine;
}

// Entries that one side deleted are gone, those that one side added are there, in my order.
function mergedLists(base, mine, theirs) {
  const maps = [base, mine, theirs].map(list => new Map(list.map((item, index) => [known(item, index), item])));
  const [before, own, other] = maps, keys = [...new Set([...own.keys(), ...other.keys()])];
  return keys.filter(key => !before.has(key) || (own.has(key) && other.has(key)))
    .map(key => (own.has(key) && other.has(key) ? merged(before.get(key), own.get(key), other.get(key)) : own.get(key) ?? other.get(key)));
}
