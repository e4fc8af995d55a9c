// What belongs to the network beside the list of networks.
"use strict";

// How the device is in the network now; returns what ends that as well.
function networkNow() {
  const list = h("dl");
  const end = onStatus(({ device, wifi }) => {
    const told = { ...wifi, ...device }, rssi = Number(told.rssi);
    list.replaceChildren(...pairs([
      ["mode", told.wifi_mode], ["Wi-Fi", told.sta_status], ["address", told.sta_ip], ["signal", told.rssi === undefined ? null : strength(rssi)],
    ].filter(([, value]) => value)));
  });
  return [list, end];
}

// A fixed address, folded while there is none.
function fixedAddress(one, base) {
  const names = ["address", "gateway", "dns"];
  const open = names.some(name => one[name]) || store.problems.some(({ field: path }) => names.some(name => path === `${base}.${name}`));
  return h("details", { class: "fold", open }, h("summary", null, "Fixed address"), h("div", { class: "form" },
    names.map(name => field("network.wifi[]", one, name, base))));
}
