// Forms made from what the device declares of its settings.
"use strict";

const LABELS = {
  url: "Destination (URL)", query: "Query Params", cert_set: "Cert Set", "auth.type": "Auth", "auth.token": "Auth Value", pid: "PID",
  ip: "IP", ecu: "ECU", ids: "Identifiers", imei: "IMEI", iccid: "ICCID", tls: "TLS", mqtt: "MQTT", gzip: "Gzip", ssid: "Network name (SSID)", qos: "QoS",
  dev_eui: "DevEUI", json_path: "JSON path", json_value: "JSON value", autopid: "Automate",
};
const UNITS = { ms: "ms", s: "s", kb: "KB", kg: "kg", mv: "mV" };
// Words for choices.
const CHOICES = {};
const choices = (path, texts) => { for (const one in texts) CHOICES[`${path}.${one}`] = texts[one]; };
choices("destinations[].type", { https: "HTTPS POST", mqtt: "MQTT", tcp: "TLS (documents alone)" });
choices("destinations[].auth.type", { none: "None", bearer: "Bearer Token", basic: "Basic (user and password)", api_key: "API key", azure_sas: "Azure IoT Hub (SAS)" });
choices("destinations[].auth.place", { header: "In a header", query: "In the address", body: "In the form (A Better Routeplanner)" });
choices("destinations[].body.format", {
  wican: "WiCAN (autopid_data)", flat: "One object of names and values", template: "A text of your own", influx: "InfluxDB line protocol",
  abrp: "A Better Routeplanner", thingsboard: "ThingsBoard", osmand: "Traccar (OsmAnd)", senml: "SenML", digital_matter: "Digital Matter",
  thingpark: "ThingPark, JSON", thingpark_untyped: "ThingPark, JSON untyped", thingpark_xml: "ThingPark, XML",
});
choices("destinations[].body.boot", { once: "In the first document after a start", never: "Never", always: "In every document" });
choices("destinations[].sign.scheme", { none: "None", github: "As GitHub's webhooks", stripe: "As Stripe's webhooks", standard_webhooks: "Standard Webhooks", kpn: "KPN Things", thingpark: "ThingPark" });
choices("destinations[].queue.mode", { none: "None: only the latest values count", ram: "Until a restart", flash: "Over restarts" });
choices("destinations[].tls.ciphers", { default: "What both sides think best", kpn: "Those of KPN Things", strict: "AES-GCM only" });
choices("destinations[].transport.framing", { newline: "A line each", none: "Nothing between them", len16: "Two bytes of length before each" });
choices("destinations[].body.units", { native: "As they are", si: "Base units" });
choices("destinations[].mqtt.qos", { 0: "0: sent once, unconfirmed", 1: "1: confirmed by the broker" });
choices("destinations[].downlink.mode", { off: "Off", response: "In the reply to a document", local: "To this device's address", both: "Both" });
choices("bridges[].kind", { tls: "Verified TLS", tcp: "TCP in the clear", udp: "UDP in the clear" });
choices("passthrough[].protocol", { icmp: "ICMP", tcp: "TCP", udp: "UDP" });
choices("adapter.kind", { board: "On the board", tcp: "ELM327 over TCP" });
choices("network.access_point.mode", { auto: "While no known network is in reach", always: "Always", never: "Never" });
choices("autopid.custom.parameters[].type", { number: "Number", binary: "On or off" });
// What the buttons that add to a list say.
const ADDS = { "destinations[].query": "Add param", "destinations[].headers": "Add header" };
let ids = 0;

// cycle_ms -> Cycle (ms).
function label(path) {
  const parts = path.replaceAll("[]", "").split("."), name = parts.at(-1), two = parts.slice(-2).join(".");
  if (LABELS[two] ?? LABELS[name]) return LABELS[two] ?? LABELS[name];
  const [, stem, unit] = name.match(/^(.+?)(?:_(ms|s|kb|kg|mv))?$/);
  return capital(words(stem)) + (unit ? ` (${UNITS[unit]})` : "");
}

// Every field of a section. `object` is its part of the draft, `base` where that stands ("destinations.0"); options: `only` or `skip`
// names, `open` for sections within it that are not folded.
function form(path, object, base, options = {}) {
  const names = (options.only ?? members(path)).filter(name => !options.skip?.includes(name));
  return h("div", { class: "form" }, names.map(name => field(path, object, name, base, options)));
}

// One field with label, help and a place for what is wrong with it.
function field(path, object, key, base, options = {}) {
  const place = path ? `${path}.${key}` : key, where = base ? `${base}.${key}` : key, entry = schema(place);
  if (!entry) return null;
  if (entry.type === "object") return section(place, object[key] ??= {}, where, options);
  const id = `f${++ids}`, told = { id, "aria-describedby": `${id}h ${id}e` };
  const change = value => { object[key] = value; touch(where); options.changed?.(key, value); };
  const control = controlFor(entry, place, object[key], change, told, where), isGroup = control.matches("[role]");
  const name = options.label ?? label(place);
  const isFlag = control.type === "checkbox";
  const text = isGroup ? h("span", { class: "label", id: `${id}l` }, name) : h("label", { for: id }, name);
  if (isGroup) control.setAttribute("aria-labelledby", `${id}l`);
  return h("div", { class: isFlag ? "field flag" : "field", dataset: { field: where } }, isFlag ? [control, text] : [text, control],
    h("p", { class: "error", id: `${id}e` }), h("small", { id: `${id}h` }, options.help ?? entry.description));
}

function section(place, object, where, options) {
  const inner = form(place, object, where, { ...options, only: undefined });
  if (options.open) return h("fieldset", null, h("legend", null, label(place)), inner);
  return h("details", { class: "fold" }, h("summary", null, label(place)), h("p", { class: "dim" }, schema(place).description), inner);
}

function controlFor(entry, place, value, change, props, where) {
  if (entry.writeOnly) return secret(value, change, props);
  if (entry.type === "array") return list(entry, place, value, change, where, props);
  if (entry.type === "boolean") return place.endsWith("grouping") ? grouping(value, change, props)
    : h("input", { ...props, type: "checkbox", checked: Boolean(value), on: { change: event => change(event.target.checked) } });
  if (entry.enum) return select(entry.enum.map(one => [one, CHOICES[`${place}.${one}`] ?? capital(words(one))]), value, change, props);
  if (entry.type === "integer") return number(entry, value, change, props);
  const long = entry.maxLength >= 2000;
  return h(long ? "textarea" : "input", { ...props, type: long ? null : "text", value: value ?? "", maxlength: entry.maxLength, spellcheck: "false",
    autocapitalize: "off", autocomplete: "off", inputmode: entry.format === "decimal" ? "decimal" : null,
    on: { input: event => change(event.target.value) } });
}

function select(choices, value, change, props) {
  return h("select", { ...props, value, on: { change: event => change(event.target.value) } },
    choices.map(([one, text]) => h("option", { value: one }, text)));
}

function number(entry, value, change, props) {
  const least = Math.min(entry.minimum, ...(entry.also ?? []));
  return h("input", { ...props, type: "number", inputmode: "numeric", min: least, max: entry.maximum, step: "1", value: String(value ?? ""),
    on: { input: ({ target }) => change(/^\d+$/.test(target.value) ? Number(target.value) : target.value) } });
}

// Disable | Enable, as the guides call it.
function grouping(value, change, { id, ...props }) {
  return h("div", { ...props, class: "switch", role: "radiogroup" }, [["Disable", false], ["Enable", true]].map(([text, on], index) =>
    h("label", null, h("input", { type: "radio", name: id, id: index ? `${id}x` : id, checked: value === on, on: { change: () => change(on) } }), text)));
}

// What is stored never comes back: empty keeps it, and only the button clears it.
function secret(value, change, props) {
  const isSet = isSecret(value) && value.set, kept = isSecret(value) ? value : undefined;
  const input = h("input", { ...props, type: "password", autocomplete: "new-password", value: typeof value === "string" ? value : "",
    placeholder: isSet ? "set – leave empty to keep" : "", on: { input: () => change(input.value || kept) } });
  const clear = isSet && button("Clear", () => {
    change(null);
    input.value = "";
    input.placeholder = "will be cleared";
  }, { "aria-label": "Clear the stored secret" });
  return h("div", { class: "row" }, input, clear);
}

// Rows to add and delete: of sections, of single values, or a tick for each choice there is.
function list(entry, place, value, change, where, props) {
  const item = entry.items, { id, ...rest } = props;
  value ??= [];
  if (item?.enum) return h("div", { ...rest, class: "ticks", role: "group" }, item.enum.map(one => h("label", null, h("input", { type: "checkbox", checked: value.includes(one),
    on: { change: event => change(value = item.enum.filter(each => (each === one ? event.target.checked : value.includes(each)))) } }), words(one))));
  const rows = h("div", { class: "rows" });
  const add = button(ADDS[place] ?? "Add", () => {
    change(value = [...value, item ? (item.type === "integer" ? item.minimum : "") : blank(`${place}[]`)]);
    show();
    rows.lastElementChild?.querySelector("input, select, textarea")?.focus();
  });
  const show = () => {
    rows.replaceChildren(...value.map((one, index) => h("div", { class: "item", dataset: { field: `${where}.${index}` } },
      item ? single(item, place, value, index, change, where) : form(`${place}[]`, one, `${where}.${index}`, { open: true }),
      h("p", { class: "error" }),
      button("Delete", () => { change(value = value.filter((_, at) => at !== index)); show(); },
        { "aria-label": `Delete ${label(place)} ${index + 1}` }))));
    add.hidden = value.length >= entry.maxItems;
  };
  show();
  return h("div", { ...rest, role: "group" }, rows, add);
}

function single(item, place, value, index, change, where) {
  return controlFor(item, `${place}[]`, value[index], text => { value[index] = text; change(value); }, { "aria-label": `${label(place)} ${index + 1}` }, where);
}
