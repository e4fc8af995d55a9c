// Trouble codes: read and cleared when somebody says so, never by themselves.
"use strict";

const CODE_KINDS = ["stored", "pending", "permanent"];
const ECU_NAMES = { "7E8": "engine", "7E9": "transmission" }; // ISO 15765-4 recommends these
let faults = null; // what was read last, and when

function troubleCard() {
  const result = h("div", { role: "status" }), read = button("Read", () => readFaults(result, both));
  const clear = button("Clear", () => clearFaults(result, both), { class: "danger" });
  const both = { busy: on => { read.disabled = clear.disabled = on; } };
  if (faults) showFaults(result);
  return card("Trouble codes",
    h("p", { class: "dim" }, "What the car has noted down about faults. It is only asked when you press a button; switch the ignition on first."),
    h("div", { class: "row" }, read, clear), result);
}

async function readFaults(result, both) {
  both.busy(true);
  result.replaceChildren(h("p", null, "Asking the car …"));
  const vin = await api("GET", "car/vin"), codes = await api("GET", "car/codes");
  both.busy(false);
  if (!vin.ok && !codes.ok) return result.replaceChildren(h("p", { class: "error" }, sentences(codes.problems)));
  faults = { at: new Date(), vin: vin.ok ? vin.data.vin : null, ecus: codes.data?.ecus ?? [], problems: codes.ok ? codes.data.problems : codes.problems };
  showFaults(result);
}

async function clearFaults(result, both) {
  const sure = await ask({
    title: "Clear the trouble codes?", yes: "Clear", danger: true,
    text: "Stored and pending codes, freeze frames and the results of self-tests are lost. Permanent codes stay until the car passes its own test. "
      + "An emission inspection may send you away until the self-tests are through again. Switch the ignition on and the engine off.",
  });
  if (!sure) return;
  both.busy(true);
  const answer = await api("POST", "car/codes/clear", { confirm: "clear" });
  both.busy(false);
  if (!answer.ok) return toast(sentences(answer.problems), "bad");
  const { cleared, refused } = answer.data;
  toast(`Cleared by ${cleared.map(ecuTitle).join(", ")}.`, "good");
  for (const { ecu, message } of refused) toast(`${ecuTitle(ecu)} refused: ${message}`, "bad");
  readFaults(result, both);
}

function showFaults(result) {
  const { at, vin, ecus, problems } = faults;
  result.replaceChildren(
    h("p", null, vin && ["Vehicle identification number ", h("strong", null, vin), ", "], `read at ${at.toLocaleTimeString()}`),
    ...problems.map(({ message }) => h("p", { class: "error" }, message)), ...ecus.map(ecuFaults));
}

const ecuTitle = ecu => `ECU ${ecu}${ECU_NAMES[ecu] ? ` (${ECU_NAMES[ecu]})` : ""}`;

function ecuFaults(one) {
  const codes = codesOf(one), known = CODE_KINDS.some(kind => one[kind]);
  return h("div", { class: "ecu" }, h("h3", null, ecuTitle(one.ecu)),
    codes.length ? codeTable(codes) : h("p", { class: known ? "good" : "dim" }, known ? "No trouble codes." : "It does not tell trouble codes."),
    one.readiness && selfTests(one.readiness), one.freeze_frame && freezeFrame(one.freeze_frame));
}

// Each code once, with all that it is: {code, text, kinds}.
function codesOf(one) {
  const rows = new Map();
  for (const kind of CODE_KINDS)
    for (const { code, text } of one[kind] ?? []) {
      if (!rows.has(code)) rows.set(code, { code, text, kinds: [] });
      rows.get(code).kinds.push(kind);
    }
  return [...rows.values()];
}

function codeTable(codes) {
  const head = h("thead", null, h("tr", null, ["Code", "What", "State"].map(text => h("th", { scope: "col" }, text))));
  return h("table", null, head, h("tbody", null, codes.map(({ code, text, kinds }) =>
    h("tr", null, h("th", { scope: "row" }, h("strong", null, code)), h("td", null, text), h("td", null, kinds.join(", "))))));
}

function selfTests({ lamp, monitors }) {
  const waiting = monitors.filter(one => !one.complete).map(one => one.name);
  return h("div", null, h("p", null, chip(h("span"), lamp ? "bad" : "good", lamp ? "engine lamp on" : "engine lamp off"), " ",
    chip(h("span"), waiting.length ? "waiting" : "good", waiting.length ? `${waiting.length} of ${monitors.length} self-tests not through` : "all self-tests through")),
  waiting.length ? h("p", { class: "dim" }, `Not through: ${waiting.join(", ")}`) : null);
}

function freezeFrame({ code, text, values, missing }) {
  const unitOf = unit => (unit && unit !== "none" ? ` ${unit}` : "");
  return h("details", { class: "fold" }, h("summary", null, `When ${code} was noted down`), h("p", { class: "dim" }, text),
    h("dl", null, values.map(({ name, value, unit, meaning }) =>
      h("div", null, h("dt", null, name), h("dd", null, `${shown(value)}${unitOf(unit)}${meaning ? ` (${meaning})` : ""}`)))),
    missing.length ? h("p", { class: "dim" }, `Not told: PID ${missing.join(", ")}`) : null);
}
