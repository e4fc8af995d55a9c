// Supply voltage and what tells the state of the car.
"use strict";

page("power", {
  title: "Power",
  show(root) {
    const volts = h("strong", { class: "figure" }), note = h("p", { class: "dim" }), rule = h("p", { role: "status" });
    root.append(
      card("Now", h("p", null, volts), note, rule),
      ...powerCards(),
      card("What tells the state of the car", h("p", { class: "dim" }, schema("signals").description), form("signals", store.draft.signals, "signals"),
        h("datalist", { id: "names" })),
    );
    for (const input of root.querySelectorAll('[data-field^="signals"] input')) input.setAttribute("list", "names");
    this.leave = onStatus(status => {
      put(volts, status.supply_mv ? `${(status.supply_mv / 1000).toFixed(1)} V` : "not known");
      put(note, supplyNote(status.supply_mv));
      put(rule, status.device.power ?? "");
      fill($("names") ?? h("i"), status.values, value => value.name, value => h("option", { value: value.name }));
    });
  },
  hide() { this.leave(); },
});

function supplyNote(mv) {
  if (!mv) return "The board does not measure it and no value of the car tells it. Choose one below if there is any.";
  if (mv >= 13200) return "The engine or a charger feeds the battery.";
  return mv >= 12200 ? "A rested battery in good order." : "Low: charge the battery, or unplug the device while the car stands.";
}
