// The first set-up: password, Wi-Fi, name.
"use strict";

page("setup", {
  title: "Set up your WiCAN",
  live: true,
  show(root) {
    if (store.draft.device.set_up) return root.append(setupDone());
    const password = passwordForm();
    root.append(
      h("p", null, "Three steps, a minute. Everything can be changed later."),
      card("1. Password", h("p", { class: "dim" }, "Opens this page. Choose one of your own that nobody else knows."), password.node),
      card("2. Wi-Fi", wifiList()),
      card("3. Name", field("device", store.draft.device, "name", "device", { help: `What the device is called in your network, as in http://wican.local.` })),
      h("div", { class: "row end" }, button("Skip the set-up", skipSetup), button("Finish", () => finishSetup(password), { class: "primary" })),
    );
  },
});

async function finishSetup(password) {
  if (password.filled() && !await password.send()) return;
  store.draft.device.set_up = true;
  await submit();
  if (store.dirty()) store.draft.device.set_up = false; // it was refused: what is wrong stands beside the fields
  else session.setup = false;
  touch();
}

async function skipSetup() {
  const answer = await api("PATCH", "settings", { settings: { device: { set_up: true } } });
  if (!answer.ok) return toast(sentences(answer.problems), "bad");
  session.setup = false;
  await store.load();
  go("status");
}

function setupDone() {
  const address = `http://${store.draft.device.name}.local`;
  return card("Done",
    h("p", null, "The device is set up. In your Wi-Fi it is found at ", h("a", { href: address }, address), "."),
    h("p", { class: "dim" }, "If it was set up through its own network, connect this phone or computer to your Wi-Fi again."),
    h("div", { class: "row" }, h("a", { class: "button primary", href: "#/automate" }, "Choose what to read from the car"),
      h("a", { class: "button", href: "#/destinations" }, "Add a destination")));
}

// Old and new password: {node, filled(), send()}.
function passwordForm() {
  const inputs = {}, line = (name, text, hint) => {
    const id = `password-${name}`;
    inputs[name] = h("input", { id, type: "password", autocomplete: name === "old" ? "current-password" : "new-password", maxlength: 64,
      "aria-describedby": `${id}-e ${id}-h`, on: { input: () => say(name, "") } });
    return h("div", { class: "field" }, h("label", { for: id }, text), inputs[name], h("p", { class: "bad", id: `${id}-e`, role: "alert" }),
      h("small", { id: `${id}-h` }, hint));
  };
  const say = (name, text) => put($(`password-${name}-e`), text);
  const node = h("div", { class: "form" }, line("old", "Password until now", "The one that you logged in with."),
    line("new", "New password", "At least 8 characters."), line("again", "New password again", "So that a typing error does not lock you out."));
  return {
    node,
    filled: () => Object.values(inputs).some(input => input.value),
    async send() {
      for (const name in inputs) say(name, "");
      if (inputs.new.value !== inputs.again.value) return say("again", "The two are not the same."), inputs.again.focus(), false;
      const answer = await api("PUT", "password", { old: inputs.old.value, new: inputs.new.value });
      for (const { field: name, message } of answer.problems)
        if (inputs[name]) say(name, message), inputs[name].focus();
        else toast(message, "bad");
      if (answer.ok) for (const name in inputs) inputs[name].value = "";
      if (answer.ok) await follow();
      return answer.ok;
    },
  };
}

async function follow() {
  const { ok, data } = await api("GET", "settings");
  if (ok) caughtUp(data);
}
