/** Rows of the invocations' table for what happens while the page is open; same columns as parts/invocation_table.html. */

import { clock, figure, shortId } from "../format.js";
import { make } from "./dom.js";

const MOST_ROWS = 200;

/** @param {HTMLTableElement} table @param {object[]} invocations InvocationMetrics, in any order */
export function showInvocations(table, invocations) {
  const body = table.tBodies[0];
  const withFunction = table.tHead.rows[0].cells[2].textContent.trim() === "Function";
  const isSorted = table.querySelector("th[aria-sort]") !== null;
  for (const invocation of [...invocations].sort((a, b) => a.started_at_us - b.started_at_us)) {
    const row = rowOf(invocation, withFunction);
    const old = body.querySelector(`[data-request="${CSS.escape(invocation.request_id)}"]`);
    if (old) {
      row.setAttribute("aria-selected", old.getAttribute("aria-selected") ?? "false");
      old.replaceWith(row);
    } else {
      if (Date.now() * 1_000 - invocation.busy_until_us < 5_000_000) row.classList.add("fresh");
      place(body, row, invocation.started_at_us, isSorted);
    }
  }
  while (body.rows.length > MOST_ROWS) body.rows[body.rows.length - 1].remove();
  const empty = table.closest("section")?.querySelector("[data-empty]");
  if (empty) empty.hidden = body.rows.length > 0;
}

/** Newest first, unless the reader has sorted: then new ones come on top. */
function place(body, row, startedUs, isSorted) {
  const older = isSorted ? body.rows[0] : [...body.rows].find((one) => Number(one.cells[0].dataset.sort) < startedUs);
  body.insertBefore(row, older ?? null);
}

function rowOf(invocation, withFunction) {
  const number = (value) => make("td", { className: "number", textContent: figure(value) });
  const started = new Date(invocation.started_at_us / 1_000);
  const time = make("time", { dateTime: started.toISOString(), textContent: clock(invocation.started_at_us) });
  const link = make("a", { className: "mono", href: `/invocations/${encodeURIComponent(invocation.request_id)}/` }, shortId(invocation.request_id));
  const version = withFunction ? `${invocation.function_name}:${invocation.version}` : invocation.version;
  const status = make("span", { className: `state state-${invocation.status}` }, invocation.status);
  if (invocation.error_type) status.append(" ", make("span", { className: "mono" }, invocation.error_type));
  return make("tr", { dataset: { request: invocation.request_id } },
    make("td", { dataset: { sort: invocation.started_at_us } }, time), make("td", {}, link), make("td", {}, version),
    make("td", {}, invocation.cold_start ? "cold" : "warm"), make("td", {}, status),
    number(invocation.duration_ms), number(invocation.answered_after_ms), number(invocation.post_runtime_extensions_duration_ms),
    make("td", {}, invocation.extensions.find((one) => one.critical)?.name ?? ""),
    number(invocation.init_duration_ms), number(invocation.billed_duration_ms), number(invocation.max_memory_used_mb));
}

/** One choice for table and timeline. @param {HTMLTableElement} table @param {HTMLElement} timeline */
export function linkChoice(table, timeline) {
  const mark = (requestId) => {
    for (const row of table.tBodies[0].rows) row.setAttribute("aria-selected", String(row.dataset.request === requestId));
  };
  timeline.addEventListener("choose", (event) => mark(event.detail.requestId));
  timeline.addEventListener("open", (event) => location.assign(`/invocations/${encodeURIComponent(event.detail.requestId)}/`));
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-request]");
    if (!row || event.target.closest("a, button")) return;
    timeline.choose(row.dataset.request);
    mark(row.dataset.request);
  });
}
