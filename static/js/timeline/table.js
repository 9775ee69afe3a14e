/** The timeline in words and rows: for screen readers, and for whoever prefers to read. Built only while it is open. */

import { clock, figure, shortId } from "../format.js";
import { kindOf, markerOf } from "./kinds.js";

const HEADS = ["Environment", "Lane", "What", "Starts", "ms", "Status", "Request"];

/** @param {HTMLElement} holder @param {import("./layout.js").Group[]} groups */
export function fillTable(holder, groups) {
  const table = document.createElement("table");
  table.className = "data-table";
  const caption = table.createCaption();
  caption.className = "visually-hidden";
  caption.textContent = "Every span and marker of the timeline, in order of time";
  const head = table.createTHead().insertRow();
  for (const text of HEADS) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    if (text === "ms") cell.className = "number";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const cells of groups.flatMap(linesOf).slice(-600)) {
    const row = body.insertRow();
    cells.forEach((text, place) => {
      const cell = row.insertCell();
      cell.textContent = text;
      if (HEADS[place] === "ms") cell.className = "number";
    });
  }
  holder.replaceChildren(table);
}

/** Rows of one environment, in order of time. @returns {string[][]} */
export function linesOf(group) {
  const spans = group.spans.map((span) => ({
    at: span.start_us,
    cells: [group.title, span.lane, kindOf(span.kind).word + (span.critical ? ", critical" : ""), clock(span.start_us),
      figure((span.end_us - span.start_us) / 1_000), span.open ? "under way" : (span.status ?? ""), shortId(span.request_id)],
  }));
  const markers = group.markers.map((marker) => ({
    at: marker.at_us,
    cells: [group.title, marker.lane ?? "platform", markerOf(marker.kind).word, clock(marker.at_us), "", "",
      shortId(marker.request_id)],
  }));
  return [...spans, ...markers].sort((a, b) => a.at - b.at).map((line) => line.cells);
}

/** One sentence that stands for the picture. @param {import("./layout.js").Group[]} groups */
export function summary(groups) {
  if (groups.length === 0) return "Timeline: nothing recorded yet.";
  const invokes = groups.flatMap((group) => group.spans.filter((span) => span.kind === "invoke"));
  const critical = groups.flatMap((group) => group.spans).filter((span) => span.critical).at(-1);
  const last = invokes.sort((a, b) => a.start_us - b.start_us).at(-1);
  const parts = [`Timeline of ${groups.length} execution environment${groups.length === 1 ? "" : "s"}, ${invokes.length} invocation${invokes.length === 1 ? "" : "s"}`];
  if (last) parts.push(`the latest took ${figure((last.end_us - last.start_us) / 1_000)} milliseconds`);
  if (critical) parts.push(`critical extension ${critical.lane}`);
  return `${parts.join("; ")}. The same as a table follows.`;
}
