// The settings of power, in the order in which they count.
"use strict";

function powerCards() {
  const [asleep, awake, asking] = [/^(sleep|guard)/, /^wake/, /^(?!sleep|guard|wake)/].map(part =>
    form("power", store.draft.power, "power", { only: members("power").filter(name => part.test(name)) }));
  return [card("Sleep", h("p", { class: "dim" }, schema("power").description), asleep), card("Wake up", awake), card("Asking the car", asking)];
}
