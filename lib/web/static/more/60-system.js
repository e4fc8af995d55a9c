// The device as a whole: who may enter, what is kept, how it starts again.
"use strict";

page("system", {
  title: "System",
  show(root) {
    const { draft } = store;
    root.append(
      h("div", { class: "side" },
        card("About", about(this)),
        card("Certificates", h("p", null, "Whom destinations trust, and how the device shows who it is."),
          h("a", { class: "button", href: "#/certificates" }, "Certificates")),
        card("Home Assistant", homeAssistant()),
        card("OBD adapter", form("adapter", draft.adapter, "adapter")),
        card("Update", updateCard()),
        card("Self-test", selfTest()),
        card("Start again", restart())),
      h("div", { class: "side" },
        card("Password", passwordCard()),
        card("API tokens", tokens()),
        card("Backup", backup()),
        card("Restore", restore()), card("Last crash", crashCard())),
      card("All settings", h("p", { class: "dim" }, "Everything there is, also what stands on other pages."), allSettings()),
    );
  },
  hide() { this.leave(); },
});

function about(owner) {
  const list = h("dl");
  owner.leave = onStatus(({ device: { uptime, timestamp, ...device }, memory, revision, uptime_ms }) => fill(list,
    [...Object.entries(device), ["running for", age(uptime_ms)],
    ["memory free", memory && `${Math.round(memory.free / 1024)} KB`], ["revision of the settings", revision]], ([key]) => key,
    ([key]) => h("div", null, h("dt", null, fact(key)), h("dd")), (node, [, value]) => put(node.lastElementChild, shown(value))));
  return list;
}

function passwordCard() {
  const password = passwordForm();
  return [password.node, h("p", { class: "dim" }, "A new password logs all other browsers out."), h("div", { class: "row" },
    button("Change the password", async () => await password.send() && toast("The password is changed.", "good")),
    button("Log out", () => $("logout").click()))];
}

// Tokens for scripts: each is shown once.
function tokens() {
  const list = h("ul", { class: "plainlist" }), once = h("output");
  const refresh = async () => {
    const answer = await api("GET", "tokens");
    fill(list, answer.ok ? answer.data : [], token => token.id, token => h("li", null, h("span", null, token.name),
      button("Delete", () => remove(token), { "aria-label": `Delete the token ${token.name}` })));
  };
  const remove = async ({ id, name }) => {
    if (!await ask({ title: `Delete the token ${name}?`, text: "What uses it can no longer enter.", yes: "Delete", danger: true })) return;
    if (!failing(await api("DELETE", `tokens/${id}`))) await follow();
    refresh();
  };
  const add = async () => {
    const name = await ask({ title: "New token", text: "What will use it?", yes: "Make it", field: { label: "Name", required: true, maxlength: 31 } });
    if (name === null) return;
    const answer = await api("POST", "tokens", { name });
    if (failing(answer)) return;
    once.replaceChildren("Copy it now, it is not shown again: ", h("code", null, answer.data.token));
    await follow();
    refresh();
  };
  refresh();
  return [h("p", { class: "dim" }, "For scripts, instead of the password: they send the header Authorization: Bearer and the token."),
    list, once, button("New token", add)];
}

function failing(answer) {
  if (!answer.ok) toast(sentences(answer.problems), "bad");
  return !answer.ok;
}

function homeAssistant() {
  return [field("web", store.draft.web, "home_assistant", "web", { label: "Home Assistant may read this device" }),
    h("p", { class: "dim" }, "Shown then: the values of the car with their units, name and firmware of the device, its address and "
      + "supply voltage. Never: passwords, tokens, destinations. Addresses: /check_status, /load_car_config, /autopid_data.")];
}

function backup() {
  const input = secretInput("Passphrase", "backup-passphrase");
  return [h("p", null, "Settings, vehicle profile and certificates in one file. Passwords, tokens and keys are in it only with a passphrase, encrypted."),
    input.node, h("div", { class: "row" }, button("Download", async ({ target }) => {
      const phrase = input.value();
      if (!phrase) return h("a", { href: "/api/v1/backup", download: "" }).click();
      target.disabled = true;
      const answer = await api("POST", "backup", { passphrase: phrase });
      target.disabled = false;
      if (!input.say(answer)) download(`${store.saved.device.name}-backup.json`, JSON.stringify(answer.data));
    }))];
}

// A field for a passphrase, and what is wrong with it.
function secretInput(text, id) {
  const input = h("input", { id, type: "password", autocomplete: "off", "aria-describedby": `${id}-e ${id}-h` });
  const wrong = h("p", { class: "bad", id: `${id}-e`, role: "alert" });
  return {
    node: h("div", { class: "field" }, h("label", { for: id }, text), input, wrong,
      h("small", { id: `${id}-h` }, "At least 8 characters; without it, no secrets.")),
    value: () => input.value,
    say: answer => { put(wrong, sentences(answer.problems)); return !answer.ok; },
  };
}

function restore() {
  const input = secretInput("Passphrase of the file", "restore-passphrase"), preview = h("div", { role: "status" });
  let text = null;
  const send = check => api("POST", "restore",
    `{"backup":${text},"check":${check},"passphrase":${JSON.stringify(input.value() || null)}}`, { type: "application/json" });
  const look = async () => {
    preview.replaceChildren("Looking into it …");
    const answer = await send(true);
    preview.replaceChildren();
    if (!input.say(answer)) preview.append(...restoring(answer.data, apply));
  };
  const apply = async () => {
    if (!await ask({ title: "Restore this backup?", text: "It replaces what is set now, also changes that were not submitted.",
      yes: "Restore", danger: true })) return;
    const answer = await send(false);
    if (input.say(answer)) return;
    await store.load();
    toast("The backup is restored.", "good");
    render();
  };
  return [h("p", null, "First shows what would change."), input.node,
    h("div", { class: "row" }, fileButton("Choose a file", ".json,application/json", (content, name) => {
    if (parsed(content)?.format !== "wican-backup") return preview.replaceChildren(`${name} is no backup of a WiCAN.`);
    text = content;
    look();
  }), button("Check again", () => text && look())), preview];
}

function restoring({ changes: list, more: left, problems = [] }, apply) {
  return [
    h("ul", { class: "bad" }, problems.map(problem => h("li", null, problem.field ? `${problem.field}: ` : "", problem.message))),
    list.length ? h("dl", { class: "changes" }, pairs(list.map(({ field: name, from, to }) =>
      [naming(dotted(name)), `${told(from)} → ${told(to)}`]))) : h("p", null, "Nothing would change."),
    left ? h("p", null, `And ${left} more.`) : "",
    list.length && !problems.length ? button("Restore", apply, { class: "primary" }) : "",
  ];
}

function selfTest() {
  const result = h("div", { role: "status" });
  return [h("p", null, "Works out known examples of every signature and document."), button("Run it", async ({ target }) => {
    target.disabled = true;
    put(result, "Working …");
    const answer = await api("GET", "selftest");
    target.disabled = false;
    if (!answer.ok) return put(result, sentences(answer.problems));
    const { vectors, passed, failed: wrong } = answer.data;
    result.replaceChildren(h("p", { class: wrong ? "bad" : "good" }, `${passed} right, ${wrong} wrong.`),
      h("ul", null, vectors.filter(vector => !vector.ok).map(vector => h("li", null, `${words(vector.name)}: ${vector.detail}`))));
  }), result];
}

function restart() {
  const name = store.saved.device.name;
  return [h("div", { class: "row" }, button("Restart", async () => {
    const sure = await ask({ title: "Restart the device?", text: "It is back after some seconds.", yes: "Restart" });
    if (sure) startAgain(await api("POST", "reboot"));
  }), button("Factory reset", async () => {
    const confirm = await ask({ title: "Delete everything?", text: "Settings, passwords, vehicle profile, certificates and what waits to be "
      + `sent are deleted; the firmware stays. Type the device's name, ${name}, to confirm.`, yes: "Delete everything", danger: true,
      field: { label: "Name of the device", autocomplete: "off" } });
    if (confirm !== null) startAgain(await api("POST", "factory-reset", { confirm }));
  }, { class: "danger" }))];
}

// Waits for the device to come back, then loads the page anew.
async function startAgain(answer) {
  if (failing(answer)) return;
  store.draft = copy(store.saved); // nothing keeps the page from being left
  const waiting = h("dialog", { on: { cancel: event => event.preventDefault() } }, h("p", { role: "status" }, "The device starts again …"));
  document.body.append(waiting);
  waiting.showModal();
  for (let turn = 0; turn < 40; turn++) {
    await new Promise(resolve => setTimeout(resolve, 2000));
    if ((await api("GET", "session", undefined, { patience: 3000 })).ok) return location.reload();
  }
  put(waiting.firstChild, "It has not come back under this address. Look for it at its name, or in its own network.");
}

// A form for each section, made when it is opened: some are long. Those with a problem are open at once.
function allSettings() {
  return members("").filter(name => name !== "version").map(name => {
    const make = () => fold.children.length > 1 || fold.append(sectionForm(name));
    const fold = h("details", { class: "fold", on: { toggle: () => make() === true || showProblems() } }, h("summary", null, label(name)));
    if (store.problems.some(({ field: path }) => !PLACES[name] && path.startsWith(name))) {
      fold.open = true;
      make();
    }
    return fold;
  });
}

function sectionForm(name) {
  if (schema(name).type !== "object") return field("", store.draft, name, "");
  return form(name, store.draft[name], name, name === "web" ? { skip: ["password", "tokens"] } : {});
}
