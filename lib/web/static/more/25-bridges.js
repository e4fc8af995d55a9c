// What went wrong with bridges: others cannot be told why their connection was closed.
"use strict";

function bridgeLog() {
  return asked("Log of the bridges", async () => {
    const answer = await api("GET", "bridges/log");
    if (!answer.ok) return h("p", { class: "wrong" }, sentences(answer.problems));
    const entries = answer.data.toReversed();
    return [entries.length ? h("ol", { class: "journal" }, entries.map(bridgeEntry)) : h("p", { class: "dim" }, "Nothing has gone wrong since the start."),
      h("p", null, h("a", { href: "/api/v1/bridges/log.txt", download: "bridges.txt" }, "Download"))];
  });
}

function bridgeEntry({ time, uptime_ms, times, bridge, stage, direction, bytes_in, bytes_out, duration_ms, message }) {
  const when = time ? new Date(time).toLocaleString() : `${age(live.status ? live.status.uptime_ms - uptime_ms : uptime_ms)} ago`;
  const parts = [when, bridge, stage, direction, `${bytes_in} in, ${bytes_out} out`, `${duration_ms} ms`, times > 1 && `${times} times`];
  return h("li", { dataset: { state: "failing" } }, h("small", null, parts.filter(part => part).join(", ")), h("p", null, message));
}
