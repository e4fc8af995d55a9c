// Frames that the car sends by itself.
"use strict";

const FILTERS = "autopid.filters";

function filtersCard(auto) {
  return card("Broadcast frames",
    h("p", { class: "dim" }, "Many cars send values on the CAN bus without being asked. Give a frame's identifier and how each value is made of its data: B0 is the first byte, [B2:B3] a number of two."),
    store.draft.adapter.kind !== "can" && h("p", null, "They are only heard if the kind of OBD adapter is the CAN controller of the board: the one set now would have to stop asking in order to listen."),
    folds(auto.filters, FILTERS, FILTERS, "frame", one => `${one.frame_id} ${one.name}`.trim(), (one, base) =>
      [h("h3", null, "Values"), folds(one.parameters, `${FILTERS}[].parameters`, `${base}.parameters`, "value", value => value.name)]));
}

// A list of sections that are folded under their titles, with all of their help; `inner` makes what follows within one.
function folds(items, path, base, what, titled, inner) {
  const list = h("div", { "data-empty": "None yet." });
  const make = (one, index, open) => {
    const where = `${base}.${index}`, title = h("summary"), name = () => put(title, titled(one) || `New ${what}`);
    name();
    return h("details", { class: "fold", open, dataset: { field: where } }, title, h("p", { class: "error" }),
      form(`${path}[]`, one, where, { skip: inner && ["parameters"], changed: name }), inner?.(one, where),
      h("div", { class: "row end" }, button(`Delete the ${what}`, () => { items.splice(index, 1); show(); touch(base); }, { class: "danger" })));
  };
  const show = opened => {
    list.replaceChildren(...items.map((one, index) => make(one, index, one === opened)));
    add.disabled = items.length >= schema(path).maxItems;
  };
  const add = button(`Add ${what}`, () => {
    const one = blank(`${path}[]`);
    items.push(one);
    touch(`${base}.${items.length - 1}.enabled`);
    show(one);
    list.lastElementChild.querySelector("input").focus();
  });
  show();
  return h("div", null, list, add);
}
