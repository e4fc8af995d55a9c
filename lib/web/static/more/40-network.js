// Wi-Fi, name, ports, clock, and connections of others.
"use strict";

page("network", {
  title: "Network",
  show(root) {
    const { network, device, web, clock } = store.draft, [now, end] = networkNow();
    this.leave = end;
    root.append(
      h("div", { class: "side" },
        card("Now", now),
        card("Wi-Fi", wifiList()),
        card("Own network", h("p", { class: "dim" }, schema("network.access_point").description),
          form("network.access_point", network.access_point, "network.access_point")),
        card("Apps on a phone", h("p", { class: "dim" }, schema("sharing").description), form("sharing", store.draft.sharing, "sharing"))),
      h("div", { class: "side" },
        card("Name and page", field("device", device, "name", "device"),
          field("web", web, "port", "web", { label: "Port of this page", help: "Counts after a restart; 80 needs no number in the address." }),
          field("web", web, "hosts", "web", { label: "Further names" }), field("network", network, "max_connections", "network")),
        card("Clock", clockState(), field("clock", clock, "servers", "clock", { label: "Time servers" })),
        card("For other devices", bridgeStates(), field("", store.draft, "bridges", ""), field("", store.draft, "passthrough", ""), bridgeLog())),
    );
  },
  hide() { this.leave(); },
});

// The networks to join, the most wanted first, and those in reach.
function wifiList() {
  const list = store.draft.network.wifi, most = schema("network.wifi").maxItems;
  const rows = h("ol", { class: "rows" }), found = h("ul", { class: "plainlist", role: "status" }), base = index => `network.wifi.${index}`;
  const order = () => [...list.keys()].sort((one, other) => list[other].priority - list[one].priority);
  const rank = indexes => indexes.forEach((index, place) => { list[index].priority = indexes.length - 1 - place; });
  const change = () => { touch("network.wifi"); show(); };
  const move = (place, by) => {
    const indexes = order();
    indexes.splice(place + by, 0, ...indexes.splice(place, 1));
    rank(indexes);
    change();
    rows.children[place + by].querySelector("[data-does]").focus();
  };
  const remove = (index, place) => {
    list.splice(index, 1);
    rank(order());
    change();
    (rows.children[Math.min(place, list.length - 1)] ?? rows.nextElementSibling).querySelector("input, button").focus();
  };
  const add = (ssid = "") => {
    if (list.length >= most) return toast(`There is room for ${most} networks: delete one first.`, "bad");
    const indexes = order();
    list.push({ ...blank("network.wifi[]"), ssid });
    rank([...indexes, list.length - 1]);
    change();
    rows.lastElementChild.querySelectorAll("input")[ssid ? 1 : 0].focus();
  };
  const row = (index, place, indexes) => {
    const one = list[index], node = h("li", { class: "net", dataset: { field: base(index) } },
      ["ssid", "password", "enabled"].map(key => field("network.wifi[]", one, key, base(index), { changed: () => named(node, one.ssid) })),
      fixedAddress(one, base(index)),
      h("p", { class: "error" }),
      h("div", { class: "row end" },
        place > 0 && button("↑", () => move(place, -1), { "data-does": "sooner" }),
        place < indexes.length - 1 && button("↓", () => move(place, 1), { "data-does": "later" }),
        button("Delete", () => remove(index, place), { "data-does": "delete" })));
    named(node, one.ssid);
    return node;
  };
  const show = () => rows.replaceChildren(...order().map(row));
  show();
  return [h("p", { class: "dim" }, `Up to ${most} networks. Of those in reach, the device joins the one that stands first.`), rows,
    h("div", { class: "row" }, button("Scan for networks", event => scan(event.target, found, add)), button("Enter a name", () => add())), found];
}

// Its buttons say to whom they do what, as those of all networks look the same.
function named(node, ssid) {
  for (const each of node.querySelectorAll("[data-does]")) each.setAttribute("aria-label", `${ssid || "new network"}: ${each.dataset.does}`);
}

async function scan(trigger, found, add) {
  trigger.disabled = true;
  found.replaceChildren(h("li", null, "Looking for networks …"));
  const answer = await api("GET", "wifi/scan"), near = answer.ok ? answer.data : [];
  trigger.disabled = false;
  const text = answer.ok ? "No network was found." : sentences(answer.problems);
  found.replaceChildren(...near.map(one => h("li", null, h("span", null, one.ssid, h("small", null, ` ${strength(one.rssi_dbm)}, ${words(one.security)}`)),
    button("Use", () => { found.replaceChildren(); add(one.ssid); }, { "aria-label": `Use ${one.ssid}` }))), ...near.length ? [] : [h("li", null, text)]);
}

const strength = dbm => `${dbm >= -60 ? "strong" : dbm >= -75 ? "good" : "weak"} (${dbm} dBm)`;

const CLOCK_STATES = { set: "right", estimated: "an estimate", no_time: "not known" };
const CLOCK_SOURCES = {
  ntp: "a time server", user: "set by hand", answer: "a verified server", rtc: "the clock chip", file: "noted before the restart", system: "it went on running",
};

function clockState() {
  const list = h("dl"), say = ({ ok, data, problems }) => ok ? list.replaceChildren(...pairs([
    ["The time is", CLOCK_STATES[data.state] ?? data.state], ["It comes from", CLOCK_SOURCES[data.source] ?? data.source],
    ["It shows", data.unix_s ? new Date(data.unix_s * 1000).toLocaleString() : null],
  ])) : toast(sentences(problems), "bad");
  api("GET", "clock").then(say);
  return [list, button("Set from this browser", async () => say(await api("POST", "clock", { unix_s: Math.floor(Date.now() / 1000) })))];
}

const pairs = list => list.map(([key, value]) => h("div", null, h("dt", null, key), h("dd", null, shown(value))));

function bridgeStates() {
  const list = h("dl");
  if (store.saved.bridges.length) api("GET", "bridges").then(({ ok, data }) => ok && list.replaceChildren(...pairs(data.map(each => [each.name,
    `${each.listening ? "listening" : "not listening"}, ${each.sessions} open, ${each.served} served`]))));
  return [h("p", { class: "dim" }, "Lets machines in this network that know no TLS reach a server through this device."), list];
}
