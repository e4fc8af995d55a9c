// Certificates: whom the device believes, and how it shows who it is.
"use strict";

page("certificates", { title: "Certificates", show: certificates, live: true });

const WARN_DAYS = 30;
const FILES = {
  ca: ["CA certificate", "Of the authority that your server's certificate is from; of a self-signed server, its own. Several may follow each other."],
  cert: ["Client certificate", "Only if the server asks who is calling: the device's own certificate, then the intermediate ones."],
  key: ["Client key", "The private key that belongs to it, without a password. It is never shown again."],
};
const requests = {}; // made since the page was loaded, by the set's name

async function certificates(root) {
  const answer = await api("GET", "certificates");
  if (!answer.ok) return root.replaceChildren(h("p", { class: "wrong" }, sentences(answer.problems)));
  const { default: bundle, sets } = answer.data, names = sets.map(({ name }) => name), again = () => certificates(root);
  root.replaceChildren(h("div", { class: "certificates" },
    h("p", { class: "dim" }, "A server has to prove who it is before anything is sent to it. Each destination chooses in Cert Set whose word counts."),
    bundleCard(bundle, again), sets.map(set => setCard(set, again)), newSet(names, again)));
}

function bundleCard({ date, count, error }, again) {
  const problem = h("p", { class: "wrong", role: "alert" }, error);
  const input = h("input", { type: "file", hidden: true, on: { change: async () => {
    const file = input.files[0];
    put(problem, "");
    const answer = await api("PUT", "certificates/default", file);
    input.value = "";
    if (!answer.ok) return put(problem, sentences(answer.problems));
    toast(`Replaced: ${answer.data.count} authorities of ${answer.data.date}.`, "good");
    again();
  } } });
  return card("default", h("p", null, "The public authorities that browsers trust as well. ", error ? null : `${count} of them, as of ${date}.`), problem,
    h("div", { class: "row" }, input, button("Replace by a file", () => input.click())));
}

function setCard(set, again) {
  const { name, ca, client, has_key: hasKey, pending, used_by: users, problem } = set, text = h("p", { class: "wrong", role: "alert" }, problem);
  const authority = ca === "default" ? "public authorities" : "own authority";
  const remove = async () => {
    if (!await ask({ title: `Delete ${name}?`, text: "Its certificates and its key are lost for good.", yes: "Delete", danger: true })) return;
    const answer = await api("DELETE", `certificates/${name}`);
    if (!answer.ok) return put(text, sentences(answer.problems));
    delete requests[name];
    again();
  };
  return card(name,
    h("p", { class: "dim" }, client ? `Mutual TLS: ${authority}, client certificate${hasKey ? " and key" : ""}` : capital(authority),
      pending && ". A key waits for its certificate"),
    text,
    ca === "default" ? null : ca.map(one => certificate("CA", one)), client?.map((one, index) => certificate(index ? "Intermediate" : "Client", one)),
    h("p", null, "Used by: ", users.length ? users.map((user, index) => [index ? ", " : "", userLink(user)]) : "nobody"),
    fold("Change", uploadForm(() => name, set, again)),
    fold("Make a key and a request on the device", keyForm(() => name, again)),
    requests[name] && requestShown(name),
    h("div", { class: "row end" }, button("Delete", remove, { class: "danger", "aria-label": `Delete ${name}` })));
}

const userLink = ({ id, name, bridge }) => h("a", { href: bridge ? "#/network" : `#/destinations/${id}` }, bridge ? `bridge ${bridge}` : name);

function certificate(kind, { subject, issuer, names, serial, not_before: start, not_after: end, days_left: days, warning, fingerprint, key }) {
  const bad = warning || (days !== null && days <= WARN_DAYS);
  const left = warning ?? (days === null ? `until ${end.slice(0, 10)}` : `${days} days left`);
  const rows = { Issuer: issuer, Valid: `${start.slice(0, 10)} to ${end.slice(0, 10)}`, For: names.join(", "), Key: key, Serial: serial, "SHA-256": fingerprint };
  return h("details", { class: "fold" }, h("summary", null, `${kind}: ${subject || "without a name"} `, chip(h("span"), bad ? "failing" : "ok", left)),
    h("dl", null, Object.entries(rows).filter(([, value]) => value).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))));
}

function newSet(names, again) {
  const input = h("input", { id: "set-name", type: "text", maxlength: "24", autocapitalize: "off", autocomplete: "off", spellcheck: "false", "aria-describedby": "set-name-e set-name-h" });
  const row = h("div", { class: "field", dataset: { of: "name" } }, h("label", { for: "set-name" }, "Name of the set"), input,
    h("p", { class: "wrong", id: "set-name-e" }), h("small", { id: "set-name-h" }, "1 to 24 letters, digits, _ and -, such as garage."));
  const nameOf = () => {
    const name = input.value.trim(), wrong = names.includes(name) ? "There is a set of that name already: change that one." : name ? "" : "It needs a name.";
    if (!wrong) return name;
    tellProblems(row, [{ field: "name", message: wrong }]);
    return null;
  };
  return card("New set", row, uploadForm(nameOf, null, again, row), fold("Or make a key and a request on the device", keyForm(nameOf, again, row)));
}

const tick = (input, text) => h("div", { class: "ticks" }, h("label", null, input, text));

// Files or pasted text for a set; what is left empty stays as it is.
function uploadForm(nameOf, set, again, more) {
  const id = `set${++ids}`, problem = h("p", { class: "wrong", role: "alert" });
  const isPublic = h("input", { type: "checkbox", id: `${id}p`, checked: set?.ca === "default" });
  const isGone = h("input", { type: "checkbox", id: `${id}g` });
  const texts = Object.fromEntries(Object.keys(FILES).map(name => [name, h("textarea", { id: id + name, rows: "3", spellcheck: "false", autocomplete: "off",
    placeholder: set ? "empty keeps what is there" : "-----BEGIN …", "aria-describedby": `${id}${name}e ${id}${name}h` })]));
  const save = h("button", { class: "primary" }, set ? "Save the set" : "Add the set");
  const node = h("form", { class: "form", on: { submit } }, Object.entries(FILES).map(([name, [title, help]]) => fileField(id + name, name, title, help, texts[name],
    name === "ca" ? tick(isPublic, "The public authorities instead, as in default") : null)),
    set?.client ? tick(isGone, "Remove client certificate and key") : null, problem, h("div", { class: "row end" }, save));
  async function submit(event) {
    event.preventDefault();
    tellProblems(more, []);
    tellProblems(node, []);
    put(problem, "");
    const name = nameOf(), body = {};
    if (name === null) return;
    for (const key in texts) if (texts[key].value.trim()) body[key] = texts[key].value;
    if (isPublic.checked && !body.ca) body.ca = "default";
    if (isGone.checked) body.cert = body.key = null;
    save.disabled = true;
    const answer = await api("PUT", `certificates/${encodeURIComponent(name)}`, body);
    save.disabled = false;
    if (!answer.ok) return put(problem, sentences(tellProblems(node, tellProblems(more, answer.problems))));
    delete requests[name];
    toast(`${name} is saved. Destinations choose it in Cert Set.`, "good");
    again();
  }
  return node;
}

function fileField(id, name, title, help, area, extra) {
  const take = async file => { area.value = await pemOf(file); };
  const input = h("input", { type: "file", hidden: true, on: { change: async () => { await take(input.files[0]); input.value = ""; } } });
  for (const kind of ["dragover", "drop"]) area.addEventListener(kind, event => {
    if (!event.dataTransfer.files.length && kind === "drop") return;
    event.preventDefault();
    if (kind === "drop") take(event.dataTransfer.files[0]);
  });
  return h("div", { class: "field", dataset: { of: name } }, h("label", { for: id }, title), area,
    h("div", { class: "row" }, input, button("Choose a file", () => input.click(), { "aria-label": `Choose a file: ${title}` }), extra),
    h("p", { class: "wrong", id: `${id}e` }), h("small", { id: `${id}h` }, help));
}

// PEM as it is; what is binary (DER) in base64.
async function pemOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return bytes[0] === 0x30 && bytes[1] & 0x80 ? btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join("")) : new TextDecoder().decode(bytes);
}

// Writes problems beside the fields they are about; returns those that are about none of these.
function tellProblems(root, problems) {
  if (!root) return problems;
  const rows = [...root.querySelectorAll("[data-of]"), root].filter(({ dataset }) => dataset.of);
  for (const row of rows) {
    const own = problems.filter(({ field }) => field === row.dataset.of), input = row.querySelector("input:not([type=file]), textarea");
    put(row.querySelector(".wrong"), sentences(own));
    if (own.length) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  root.querySelector("[aria-invalid]")?.focus();
  return problems.filter(({ field }) => !rows.some(({ dataset }) => dataset.of === field));
}

// The private key never leaves the device: what is shown is the request that an authority signs.
function keyForm(nameOf, again, more) {
  const id = `key${++ids}`, problem = h("p", { class: "wrong", role: "alert" }), make = h("button", null, "Make key and request");
  const fields = [["common_name", "Common name", "Whom the certificate is for; empty for the device's id."],
    ["names", "Further names", "Host names or addresses, with commas between; may stay empty."]].map(([name, title, help]) =>
    h("div", { class: "field", dataset: { of: name } }, h("label", { for: id + name }, title), h("input", { id: id + name, type: "text", autocomplete: "off" }),
      h("p", { class: "wrong" }), h("small", null, help)));
  const node = h("form", { class: "form", on: { submit } }, h("p", { class: "dim" }, "Have the request signed, then add the certificate to this set: it finds its key."),
    fields, problem, h("div", { class: "row end" }, make));
  async function submit(event) {
    event.preventDefault();
    const name = nameOf(), [common, names] = fields.map(row => row.querySelector("input").value.trim());
    if (name === null) return;
    make.disabled = true;
    put(make, "Making the key …");
    const answer = await api("POST", `certificates/${encodeURIComponent(name)}/key`,
      { ...(common && { common_name: common }), ...(names && { names: names.split(",").map(each => each.trim()).filter(each => each) }) });
    make.disabled = false;
    put(make, "Make key and request");
    if (!answer.ok) return put(problem, sentences(tellProblems(node, tellProblems(more, answer.problems))));
    requests[name] = answer.data.csr;
    again();
  }
  return node;
}

function requestShown(name) {
  const text = h("pre", { tabindex: "0" }, requests[name]);
  return h("div", null, h("h3", null, "Certificate signing request"), text,
    h("div", { class: "row" }, button("Copy", () => copyText(text)), button("Download CSR", () => download(`${name}.csr`, requests[name]))));
}
