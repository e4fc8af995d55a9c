// New firmware, and what is known of the last crash.
"use strict";

// What runs, what comes next, and the two ways to a new one.
function updateCard() {
  const state = h("dl"), next = h("p"), note = h("p", { role: "status" }), bar = h("progress", { "aria-label": "Progress", hidden: true });
  const address = h("input", { id: "from", type: "url", placeholder: "https://", "aria-describedby": "from-h" });
  const trust = select([["default", "default"]], "default", () => {}, { id: "trust" });
  const file = h("input", { type: "file", accept: ".wup", hidden: true, on: { change: () => {
    const [chosen] = file.files;
    file.value = "";
    if (chosen) install(chosen.name, () => api("POST", "update", chosen, { patience: 9e5 }));
  } } });
  const choose = button("Choose a file", () => file.click());
  const ways = h("div", null, h("p", { class: "dim" }, "An update is a file that ends with .wup. Only one that is signed for this device is taken."), h("p", { class: "row" }, file, choose),
    h("details", { class: "fold" }, h("summary", null, "From an address"), h("div", { class: "form" },
      h("div", { class: "field" }, h("label", { for: "from" }, "Address of the file"), address, h("small", { id: "from-h" }, "The device fetches it itself and checks who the server is.")),
      h("div", { class: "field" }, h("label", { for: "trust" }, "Cert Set"), trust),
      button("Fetch it", () => install(address.value, () => api("POST", "update/url", { url: address.value, cert_set: trust.value }))))));
  let round = 0;
  const later = (ms, watching) => {
    const mine = ++round;
    setTimeout(() => mine === round && look(watching), ms);
  };
  const say = (text, kind = "") => {
    note.className = kind;
    put(note, text);
  };
  const show = told => {
    const { busy, size, version, written } = told.job ?? {};
    state.replaceChildren(...pairs(firmwareFacts(told)));
    put(next, whatIsNext(told));
    ways.hidden = !told.key || busy;
    bar.hidden = !busy;
    if (!busy) return;
    Object.assign(bar, { max: size || 1, value: written });
    say(size ? `Storing version ${version}: ${Math.floor(100 * written / size)} %. Leave the device powered.` : "Checking the signature …");
  };
  // Goes on while there is something to see; a device that falls silent on the way has started again.
  const look = async watching => {
    const mine = ++round, { ok, status, data, problems } = await api("GET", "update", undefined, { patience: 8000 });
    if (mine !== round || !state.isConnected) return;
    if (!ok) return watching && !status ? startAgain({ ok: true }) : say(sentences(problems), "bad");
    show(data);
    const { job } = data;
    if (job?.code) say(job.message, "bad");
    if (job?.busy || (watching && data.next)) later(1000, true);
    else if (data.state === "trial") later(10000);
  };
  const install = async (what, send) => {
    if (!await ask({ title: "Install this update?", yes: "Install", content: h("p", null, h("strong", null, what)),
      text: `The device stores it beside what runs, then starts again and tries it.${store.dirty() ? " Changes that were not submitted are lost." : ""}` })) return;
    ways.hidden = true;
    say("Sending …");
    later(1000, true);
    const answer = await send();
    if (answer.ok && answer.data.version) round++, startAgain(answer);
    else await look(true);
    if (!answer.ok && answer.status) say(sentences(answer.problems), "bad"); // without a status it broke off, and has told why
  };
  api("GET", "certificates").then(({ ok, data }) => ok && trust.append(...data.sets.map(({ name }) => h("option", { value: name }, name))));
  look();
  return [state, next, bar, note, ways];
}

function firmwareFacts({ board, version, slot, state, oldest, key }) {
  return [
    ["version", version], ["state", state === "trial" ? "on trial" : state], ["slot", slot.toUpperCase()],
    ["board", board], ["oldest that is taken", oldest !== "0" && oldest], ["key", key],
  ].filter(([, value]) => value);
}

// In plain words.
function whatIsNext({ version, state, next, failed, key }) {
  if (next) return `Version ${next} is stored and is tried when the device starts again. If it does not work well for three minutes, version ${version} comes back by itself.`;
  if (state === "trial") return "It is kept once everything has worked for three minutes. If it fails before that, or the power goes, the version before comes back by itself.";
  if (failed) return `Version ${failed} was tried and failed, so version ${version} came back. The last crash and the log may tell why.`;
  return key ? "" : "The device has no key to check updates with: it is updated by cable.";
}

function crashCard() {
  const cause = h("p", { class: "dim" }), text = h("pre", { tabindex: "0", hidden: true }), none = h("p", null, "None is known.");
  const drop = button("Delete", async () => failing(await api("DELETE", "crash")) || show(""), { "aria-label": "Delete the last crash" });
  const show = told => {
    put(text, told);
    text.hidden = drop.hidden = !told;
    none.hidden = Boolean(told);
  };
  show("");
  api("GET", "crash").then(answer => {
    if (failing(answer)) return;
    put(cause, `Last start: ${words(answer.data.reset_cause)}`);
    show(answer.data.text);
  });
  return [cause, none, text, h("div", null, drop)];
}
