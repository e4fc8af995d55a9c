// The log, as it is written.
"use strict";

const LEVELS = ["debug", "info", "warning", "error"], KEPT = 500;
const log = { last: 0, records: [], paused: false, level: "debug", text: "" };

page("logs", {
  title: "Logs",
  live: true,
  show(root) {
    const lines = h("ol", { id: "log", tabindex: "0", "aria-label": "Log" });
    const pauseButton = button("Pause", () => {
      log.paused = !log.paused;
      put(pauseButton, log.paused ? "Go on" : "Pause");
      logLines(lines);
    });
    log.paused = false;
    root.append(
      card("", h("div", { class: "row tools" },
        h("label", null, "Show ", h("select", { value: log.level, on: { change: event => { log.level = event.target.value; logLines(lines); } } },
          LEVELS.map(level => h("option", { value: level }, level === "debug" ? "everything" : `${level} and above`)))),
        h("input", { type: "search", placeholder: "Search", "aria-label": "Search the log", value: log.text,
          on: { input: event => { log.text = event.target.value.toLowerCase(); logLines(lines); } } }),
        pauseButton, h("a", { class: "button", href: "/api/v1/log.txt", download: "" }, "Download")), lines),
      card("What is noted", field("log", store.draft.log, "level", "log")),
    );
    const take = data => { takeLog(data); logLines(lines); };
    const catchUp = async () => {
      const answer = await api("GET", `log?after=${log.last}`);
      if (answer.ok) take(answer.data);
    };
    this.leave = onLog(take);
    this.timer = setInterval(() => document.hidden || events?.readyState === EventSource.OPEN || catchUp(), 3000);
    logLines(lines);
    catchUp();
  },
  hide() {
    this.leave();
    clearInterval(this.timer);
  },
});

function takeLog({ last, records }) {
  if (last < log.last) log.records = []; // the device has started again
  const newest = log.records.at(-1)?.n ?? 0;
  log.records = [...log.records, ...records.filter(({ n }) => n > newest)].slice(-KEPT);
  log.last = last;
}

function logLines(lines) {
  if (log.paused) return;
  const least = LEVELS.indexOf(log.level), atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  const wanted = log.records.filter(({ level, name, text }) => LEVELS.indexOf(level) >= least && `${name} ${text}`.toLowerCase().includes(log.text));
  fill(lines, wanted, record => `${record.n}/${record.at_ms}`, ({ at_ms, level, name, text }) => h("li", { dataset: { level } },
    h("span", null, `${(at_ms / 1000).toFixed(1)} s `), h("b", null, level), ` ${name}: ${text}`));
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}
