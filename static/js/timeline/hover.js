/** What a bar or marker says when pointed at: its name, its length, its definition in AWS's words. */

import { clock, duration, figure, shortId } from "../format.js";

/** @param {HTMLElement} tip @param {{span?: object, marker?: object, kind: object}} hit */
export function fillTip(tip, hit) {
  const lines = hit.span ? spanLines(hit) : markerLines(hit);
  tip.replaceChildren(...lines.filter(([, text]) => text).map(([name, text]) => {
    const line = document.createElement("div");
    line.className = `timeline-tip-${name}`;
    line.textContent = text;
    return line;
  }));
}

function spanLines({ span, kind }) {
  const ms = (span.end_us - span.start_us) / 1_000;
  const state = span.open ? " so far" : "";
  const status = span.status && span.status !== "success" ? ` · ✕ ${span.status}` : "";
  return [
    ["title", `${span.lane} · ${kind.word} ${duration(ms)}${state}${span.critical ? " · critical" : ""}${status}`],
    ["line", `${clock(span.start_us)} → ${span.open ? "now" : clock(span.end_us)}`],
    ["line", span.request_id ? `request ${shortId(span.request_id)} · double-click to zoom` : ""],
    ["line", span.label && span.label.toLowerCase() !== kind.word.toLowerCase() ? span.label : ""],
    ["line", detailLine(span.detail)],
    ["definition", kind.definition],
  ];
}

/** `thaw_took_ms: 0.5` → `thaw took 0.5 ms`. */
export function detailLine(detail) {
  const units = { ms: "ms", mb: "MB", bytes: "bytes" };
  return Object.entries(detail ?? {}).map(([name, value]) => {
    const words = name.split("_");
    const unit = units[words.at(-1)];
    const shown = typeof value === "number" ? figure(value) : value;
    return unit ? `${words.slice(0, -1).join(" ")} ${shown} ${unit}` : `${words.join(" ")} ${shown}`;
  }).join(" · ");
}

function markerLines({ marker, kind }) {
  const offset = marker.offset_ms === undefined ? "" : ` +${duration(marker.offset_ms)} from the begin of INVOKE`;
  return [
    ["title", `${kind.glyph} ${kind.word}${offset}`],
    ["line", clock(marker.at_us)],
    ["line", marker.label ?? ""],
    ["definition", kind.definition],
  ];
}
