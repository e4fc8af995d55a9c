// What a destination's card holds beside the essentials: trying it out, what happened, and all other settings.
"use strict";

const STAGES = { settings: "Settings", dns: "Find the server", connect: "Connect", tls: "Check its certificate", write: "Send", status: "Answer", body: "What it says" };
// Settings in groups: single ones, then sections.
const GROUPS = [
  ["When it is sent", [], ["events"]],
  ["What is sent", ["method", "headers"], ["select", "body"]],
  ["Signature", [], ["sign"]],
  ["What counts as delivered", [], ["success"]],
  ["When it fails", [], ["retry", "fuse"]],
  ["Queue", [], ["queue"]],
  ["Connection", [], ["tls", "transport"]],
  ["MQTT", [], ["mqtt"], ({ type }) => type === "mqtt"],
  ["Commands from the server", [], ["downlink"], ({ body, downlink }) => body.format.startsWith("thingpark") || downlink.mode !== "off"],
  ["Notes", ["description", "domains"], []],
];
// Settings that only some forms, or signatures, have.
const OF_FORMAT = {
  template: ["template"], influx: ["measurement"], senml: ["style", "units", "base_name"], digital_matter: ["names", "map", "product"],
  thingpark: ["dev_eui", "port", "customer_id", "decoded"],
};
const OF_SCHEME = {
  none: [], github: ["header", "secret"], stripe: ["header", "secret"], standard_webhooks: ["header", "secret", "previous"],
  kpn: ["secret", "plug_uuid"], thingpark: ["secret", "previous", "as_id", "infos"],
};

function destinationDetails(root, one, base, node) {
  root.replaceChildren(one.id ? trying(one, node) : h("p", { class: "trying dim" }, "It can be tested after Submit Changes."),
    ...(one.id ? [journal(one), letters(one, node)] : []),
    ...GROUPS.filter(([, , , wanted]) => wanted?.(one) ?? true).map(group => settingsGroup(one, base, ...group)));
}

function fold(title, ...children) {
  return h("details", { class: "fold" }, h("summary", null, title), ...children);
}

// A fold that asks the device when it is opened, and again on demand.
function asked(title, load) {
  const inner = h("div");
  const show = async () => inner.replaceChildren(...[await load(show)].flat(), button("Refresh", show));
  const node = fold(title, inner);
  node.addEventListener("toggle", () => node.open && show());
  return node;
}

function settingsGroup(one, base, title, names, sections) {
  const path = "destinations[]";
  return fold(title, names.length ? form(path, one, base, { only: names }) : null, sections.map(name => {
    const parts = sectionParts(`${path}.${name}`, one, name, `${base}.${name}`);
    return sections.length + names.length > 1 ? h("fieldset", null, h("legend", null, label(`${path}.${name}`)), parts) : parts;
  }));
}

function sectionParts(path, one, name, base) {
  const object = one[name], others = (key, sets) => members(path).filter(each => each !== key && !Object.values(sets).flat().includes(each));
  if (name === "body") {
    const usual = others("format", OF_FORMAT);
    return h("div", { class: "form" }, dependent(path, object, base, "format", format => [...(OF_FORMAT[format.split("_")[0]] ?? OF_FORMAT[format] ?? []), ...usual]));
  }
  if (name === "sign") {
    const usual = others("scheme", OF_SCHEME), box = h("div", { class: "form" });
    const show = () => box.replaceChildren(...dependent(path, object, base, "scheme", scheme => [...OF_SCHEME[scheme], ...usual]), h("div", null, keyMaker(one, base, show)));
    show();
    return box;
  }
  return form(path, object, base);
}

// Sends the newest values at once and shows how far that got.
function trying(one, node) {
  const result = h("div", { class: "result", role: "status" }), resume = button("Resume", () => act("reset"));
  const send = button("Send now", () => act("send"));
  node.live = now => { resume.hidden = !(now && (["paused", "gone"].includes(now.state) || now.fuse === "open")); };
  async function act(what) {
    if (send.hasAttribute("aria-disabled")) return;
    send.setAttribute("aria-disabled", "true"); // and not `disabled`, which would lose the focus
    result.replaceChildren(what === "send" ? "Sending …" : "Resuming …");
    const answer = await api("POST", `destinations/${one.id}/${what}`);
    send.removeAttribute("aria-disabled");
    if (!answer.ok) result.replaceChildren(h("p", { class: "wrong" }, sentences(answer.problems)));
    else result.replaceChildren(...(what === "send" ? attemptResult(answer.data, one) : ["What waits is sent again."]));
  }
  return h("div", { class: "trying" }, h("div", { class: "row" }, send, resume), result);
}

function attemptResult(told, one) {
  const saved = store.saved.destinations.find(({ id }) => id === one.id);
  const isPlain = /^(http|mqtt|tcp):/i.test(saved?.url), names = Object.keys(STAGES).filter(name => (name !== "body" || told.stage === name) && (name !== "tls" || !isPlain)), at = names.indexOf(told.stage);
  return [
    !same(one, saved) && h("p", { class: "dim" }, "It was sent with the settings that are saved, not with the changes above."),
    h("ol", { class: "stages" }, names.map((name, index) => h("li", { dataset: { state: told.ok || index < at ? "ok" : index > at ? "" : "failing" } }, STAGES[name],
      h("span", { class: "unseen" }, told.ok || index < at ? ": done" : index > at ? ": not reached" : ": failed")))),
    h("p", null, h("strong", null, told.cause), " ", told.advice),
    told.certificate ? h("p", { class: "dim" }, `Certificate: ${told.certificate}`) : null,
    h("p", { class: "dim" }, figures(told)),
    told.request ? fold("Request as sent", h("pre", { tabindex: "0" }, told.request)) : null,
  ].filter(part => part);
}

function figures({ status, bytes, latency_ms, count }) {
  return [status === null ? "No status" : `Status ${status}`, count > 1 && `${count} documents`, `${bytes} bytes`, `${latency_ms} ms`].filter(part => part).join(", ");
}

function journal(one) {
  return asked("Journal", async () => {
    const answer = await api("GET", `destinations/${one.id}`);
    if (!answer.ok) return h("p", { class: "wrong" }, sentences(answer.problems));
    const attempts = answer.data.attempts.toReversed();
    return h("ol", { class: "journal" }, attempts.map(each => h("li", { dataset: { state: each.ok ? "ok" : "failing" } },
      h("small", null, `${ago(each.at_ms)} ago, `, each.ok ? "delivered" : `failed at: ${STAGES[each.stage] ?? each.stage}`, `. ${figures(each)}`),
      h("p", null, each.cause, " ", each.advice))),
    attempts.length ? null : h("li", null, "Nothing has been sent yet."));
  });
}

// What waits, and what was given up: to be looked at, sent after all, or deleted.
function letters(one, node) {
  const path = `destinations/${one.id}/dead`, waits = h("p");
  const showResume = node.live;
  node.live = now => {
    showResume(now);
    const oldest = now?.oldest_age_s ? `, the oldest for ${age(1000 * now.oldest_age_s)}` : "";
    if (now) put(waits, `${now.queued} waiting${oldest}; ${now.dropped} dropped, ${now.coalesced} skipped because one was on its way.`);
  };
  return asked("Queue and dead letters", async show => {
    const answer = await api("GET", path);
    if (!answer.ok) return h("p", { class: "wrong" }, sentences(answer.problems));
    const act = async (method, rest, done) => {
      const { ok, problems } = await api(method, path + rest);
      toast(ok ? done : sentences(problems), ok ? "good" : "bad");
      show();
    };
    const clear = async () => await ask({ title: "Delete all dead letters?", text: "They are lost for good.", yes: "Delete all", danger: true })
      && act("DELETE", "", "Deleted.");
    return [waits, h("p", { class: "dim" }, answer.data.length ? "The server refused these, or they were tried too often:" : "No dead letters: nothing was given up that is kept."),
      h("ol", { class: "journal" }, answer.data.map(({ id, made_s, bytes, status, reason }) => h("li", { dataset: { state: "failing" } },
        h("small", null, [id, made_s ? new Date(1000 * made_s).toLocaleString() : "time unknown", `${bytes} bytes`, status && `status ${status}`].filter(part => part).join(", ")),
        h("p", null, reason),
        h("div", { class: "row" }, button("Send again", () => act("POST", `/${id}/replay`, "It waits to be sent again."), { "aria-label": `Send ${id} again` }),
          button("Delete", () => act("DELETE", `/${id}`, "Deleted."), { "aria-label": `Delete ${id}` }))))),
      answer.data.length > 1 ? button("Delete all", clear, { class: "danger" }) : null].filter(part => part);
  });
}

// ThingPark's and KPN's keys are made by the device, which keeps the one before as long as that is of use; others here.
function keyMaker(one, base, show) {
  return button("Make a new key", async () => {
    const { scheme, secret } = one.sign, before = store.saved.destinations.find(({ id }) => id && id === one.id);
    if (scheme === "none") return toast("Choose a scheme first.", "bad");
    const byDevice = ["thingpark", "kpn"].includes(scheme) && before?.sign.scheme === scheme && isSecret(secret) && secret.set;
    if (byDevice && !await ask({ title: "Make a new key?", text: "It goes before the one there is, at once. The other side needs it too.", yes: "Make it" })) return;
    const made = byDevice ? await keyOfDevice(one) : keyHere(one, scheme);
    if (!made) return;
    if (!byDevice) {
      one.sign.secret = made;
      touch(`${base}.sign.secret`);
      show();
    }
    await showOnce(made, byDevice ? "It is in force." : "It comes into force with Submit Changes.");
    $(`key-${base}`)?.focus();
  }, { id: `key-${base}` });
}

async function keyOfDevice(one) {
  const answer = await api("POST", `destinations/${one.id}/key`);
  if (!answer.ok) return void toast(sentences(answer.problems), "bad");
  const now = await api("GET", "settings"), saved = now.data?.settings?.destinations.find(({ id }) => id === one.id);
  if (saved && now.data.revision === store.revision + 1) {
    Object.assign(store, { revision: now.data.revision, saved: now.data.settings });
    Object.assign(one.sign, { secret: saved.sign.secret, previous: saved.sign.previous });
    touch();
  }
  return answer.data.secret;
}

function keyHere({ preset }, scheme) {
  const bytes = crypto.getRandomValues(new Uint8Array(32)), hex = [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
  if (scheme === "standard_webhooks") return "whsec_" + btoa(String.fromCharCode(...bytes));
  return scheme === "thingpark" ? hex.slice(32) : scheme === "kpn" ? (preset === "kpn_things_ip" ? "Ka1" : "Ka1#") + hex.slice(24) : hex;
}

function showOnce(secret, text) {
  const shown = h("pre", { tabindex: "0" }, secret);
  return ask({ title: "The new key", text: `${text} Copy it now: it is not shown again.`, yes: "Done", no: null,
    content: h("div", null, shown, button("Copy", () => copyText(shown))) });
}

// Browsers give their clipboard to encrypted pages only; what is selected can be copied everywhere.
function copyText(node) {
  getSelection().selectAllChildren(node);
  toast(document.execCommand("copy") ? "Copied." : "Press Ctrl+C to copy it.");
}
