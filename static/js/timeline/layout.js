/**
 * What is drawn where: environments to groups, parties to lanes, spans to bars, labels to the places where they fit.
 * Pure: text is measured by a function that is handed in.
 */

import { coarse, duration } from "../format.js";
import { kindOf, markerOf } from "./kinds.js";

/**
 * @typedef {{id: string, lane: string, kind: string, start_us: number, end_us: ?number, label: ?string, request_id: ?string,
 *   status: ?string, critical: boolean, detail: ?object}} Span
 * @typedef {{id: string, title: string, note: string, lanes: string[], spans: Span[], markers: object[]}} Group
 */

export const AXIS_PX = 42;
export const TITLE_PX = 26;
export const LANE_PX = 24;
export const MARKERS_PX = 34;
export const GAP_PX = 10;
const MARKER_LINE_PX = 14;
const LEAST_BAR_PX = 2;
const PAD_PX = 5;

/** While the newest is followed, an environment of which nothing is in sight keeps only its title. */
export function collapse(groups, { scale, width }) {
  const inSight = (span) => scale.x(span.end_us) >= 0 && scale.x(span.start_us) <= width;
  return groups.map((group) => ({ ...group, collapsed: !group.spans.some(inSight) }));
}

/** Rows of every group, top to bottom. @param {Group[]} groups */
export function rows(groups) {
  let y = AXIS_PX;
  const placed = groups.map((group) => {
    const top = y;
    if (group.collapsed) {
      y += TITLE_PX;
      return { group, y: top, lanes: [], markersY: null, bottom: y };
    }
    const lanes = group.lanes.map((name, place) => ({ name, y: top + TITLE_PX + place * LANE_PX, height: LANE_PX }));
    const markersY = top + TITLE_PX + lanes.length * LANE_PX;
    y = markersY + MARKERS_PX + GAP_PX;
    return { group, y: top, lanes, markersY, bottom: markersY + MARKERS_PX };
  });
  return { placed, height: placed.length === 0 ? AXIS_PX : placed.at(-1).bottom };
}

/**
 * Bars of one lane that are in sight, in drawing order, each with its label and where that goes. Runs of bars narrower than
 * a pixel at the same place become one, so that the number of bars is bounded by the width, not by the recording.
 * @param {Span[]} spans of this lane, ended @param {import("./scale.js").Scale} scale
 * @param {(text: string) => number} measure width of a text in px
 */
export function bars(spans, { scale, lane, width, measure }) {
  const seen = [];
  const dense = new Set();
  for (const span of spans) {
    const x = scale.x(span.start_us);
    const end = scale.x(span.end_us);
    if (end < 0 || x > width) continue;
    if (end - x < 1) {
      const key = `${span.kind}@${Math.round(x)}`;
      if (dense.has(key)) continue;
      dense.add(key);
    }
    const kind = kindOf(span.kind);
    seen.push({ span, kind, x, width: Math.max(LEAST_BAR_PX, end - x), y: lane.y + kind.inset, height: lane.height - 2 * kind.inset });
  }
  seen.sort((a, b) => a.kind.order - b.kind.order || a.x - b.x);
  return place(seen, { width, measure });
}

/** Gives each bar `text` and `textX`: inside if it fits, else beside if nothing stands there, else none (hover tells). */
function place(seen, { width, measure }) {
  const edges = seen.filter((bar) => bar.kind.pattern !== "dotted").map((bar) => bar.x).sort((a, b) => a - b);
  const taken = [];
  for (const bar of seen) {
    const [left, right] = [Math.max(bar.x, 0), Math.min(bar.x + bar.width, width)];
    for (const text of wordings(bar)) {
      const needed = measure(text) + 2 * PAD_PX;
      const isLine = bar.kind.pattern === "thin" || bar.kind.pattern === "dotted";
      if (!isLine && right - left >= needed && free(taken, left, left + needed)) {
        Object.assign(bar, { text, textX: left + PAD_PX + (bar.kind.pattern === "notch" ? 4 : 0), inside: true });
        taken.push([left, left + needed]);
        break;
      }
      const next = edges.find((edge) => edge > bar.x + 0.5) ?? Infinity;
      if (bar.kind.order >= 3 && right + needed <= Math.min(next, width) && free(taken, right, right + needed)) {
        Object.assign(bar, { text, textX: right + PAD_PX, inside: false });
        taken.push([right, right + needed]);
        break;
      }
    }
  }
  return seen;
}

const free = (taken, from, to) => taken.every(([start, end]) => to <= start || from >= end);

/** The texts a bar may carry, longest first. */
export function wordings({ span, kind }) {
  const ms = (span.end_us - span.start_us) / 1_000;
  const word = kind.word;
  const mark = span.status && span.status !== "success" ? ` ✕ ${span.status}` : "";
  if (kind.pattern === "wide") return [`⋯ ${word} ${coarse(ms)} ⋯`, `${word} ${coarse(ms)}`, "⋯"];
  if (kind.pattern === "dotted") return [`slack ${duration(ms)}`];
  if (kind.pattern === "thin") return [];
  const critical = span.critical ? " ◄ critical" : "";
  return [...new Set([`${word} ${duration(ms)}${mark}${critical}`, `${duration(ms)}${mark}${critical}`, `${duration(ms)}${mark}`])];
}

/**
 * Markers of a group in sight. The glyph is always there; one that would cover another goes to the second line. Its words go
 * right or left of it, or to the other line, or are told on hover.
 */
export function markers(list, { scale, y, width, measure }) {
  const shown = list
    .map((marker) => ({ marker, kind: markerOf(marker.kind), x: scale.x(marker.at_us) }))
    .filter((one) => one.x >= 0 && one.x <= width)
    .sort((a, b) => a.x - b.x);
  const taken = [[], []];
  for (const one of shown) {
    const glyph = [one.x - 6, one.x + 6];
    one.line = free(taken[0], ...glyph) || !free(taken[1], ...glyph) ? 0 : 1;
    one.y = y + 4 + one.line * MARKER_LINE_PX;
    taken[one.line].push(glyph);
  }
  for (const one of shown) {
    const text = `${one.kind.word}${one.marker.offset_ms === undefined ? "" : ` +${duration(one.marker.offset_ms)}`}`;
    const needed = measure(text) + PAD_PX;
    const other = 1 - one.line;
    for (const [left, line] of [[one.x + 8, one.line], [one.x - 4 - needed, one.line], [one.x + 2, other], [one.x - 2 - needed, other]]) {
      if (left < 0 || left + needed > width || !free(taken[line], left, left + needed)) continue;
      Object.assign(one, { text, textX: left, textY: y + 10 + line * MARKER_LINE_PX });
      taken[line].push([left, left + needed]);
      break;
    }
  }
  return shown;
}

/** What stands under a point: the topmost bar, or a marker, of what was laid out. */
export function hit(drawn, x, y) {
  const marker = drawn.markers.find((one) => Math.abs(one.x - x) <= 7 && y >= one.y - 4 && y <= one.y + 13);
  if (marker) return { marker: marker.marker, kind: marker.kind };
  for (const bar of [...drawn.bars].reverse()) {
    const slop = Math.max(0, (6 - bar.width) / 2);
    if (x >= bar.x - slop && x <= bar.x + bar.width + slop && y >= bar.y - 3 && y <= bar.y + bar.height + 3) {
      return { span: bar.span, kind: bar.kind };
    }
  }
  return null;
}
