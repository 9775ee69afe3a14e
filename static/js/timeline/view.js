/**
 * Where the reader looks: zoom and scroll, and every way to change them. Pure functions from a view to the next one.
 * `follow` keeps the newest in sight; `breakPx` is how wide a folded stretch is drawn.
 */

import { activeMsOf, breakPxFor, contentWidth, Scale } from "./scale.js";

/** @typedef {{pxPerMs: number, scrollPx: number, breakPx: number, follow: boolean}} View */

export const MARGIN_PX = 16;
const MOST_PX_PER_MS = 2_000; // half a microsecond a pixel: finer than the clock
const LEAST_PX_PER_MS = 0.0005;
const FOLLOWED_SEGMENTS = 6;
const LEAST_SEGMENT_PX = 56;

const limit = (value, least, most) => Math.min(Math.max(value, least), most);
/** Room right of the newest moment, so that its label and markers are not cut. */
const rightPx = (width) => Math.min(112, width * 0.2);
const at = (segments, view, us) => new Scale(segments, { ...view, scrollPx: 0 }).content(us);

/** Everything, from the first moment to the last. @returns {View} */
export function fit(segments, width) {
  return { ...frame(segments, 0, width), follow: false };
}

/**
 * The newest stretches that can be read at once, among them the last invocation. The zoom stays as it was while what is
 * followed fills 45 to 100 % of the width.
 * @returns {View}
 */
export function follow(segments, width, previous = null) {
  const activeAt = segments.flatMap((one, place) => (one.kind === "active" ? [place] : []));
  const lastInvoke = activeAt.findLastIndex((place) => segments[place].invokes);
  const least = lastInvoke < 0 ? 1 : activeAt.length - lastInvoke;
  let from = activeAt.at(-1) ?? 0;
  for (let count = Math.max(least, Math.min(FOLLOWED_SEGMENTS, activeAt.length)); count >= 1; count -= 1) {
    from = activeAt.at(-count) ?? 0;
    if (count <= least || readable(segments, from, width)) break;
  }
  const chosen = frame(segments, from, width);
  const keeps = previous?.follow && previous.breakPx === chosen.breakPx
    && previous.pxPerMs <= chosen.pxPerMs && previous.pxPerMs > chosen.pxPerMs * 0.45;
  const view = { ...chosen, pxPerMs: keeps ? previous.pxPerMs : chosen.pxPerMs, follow: true };
  return { ...view, scrollPx: at(segments, view, segments[from]?.startUs ?? 0) - MARGIN_PX };
}

function readable(segments, from, width) {
  const { pxPerMs, breakPx } = frame(segments, from, width);
  const shown = segments.slice(from);
  const shortest = Math.min(...shown.filter((one) => one.invokes).map((one) => (one.endUs - one.startUs) / 1_000));
  const breaksPx = shown.filter((one) => one.kind === "break").length * breakPx;
  return breaksPx <= width * 0.5 && shortest * pxPerMs >= LEAST_SEGMENT_PX;
}

function frame(segments, from, width) {
  const shown = segments.slice(from);
  const breakPx = breakPxFor(width);
  const breaks = shown.filter((one) => one.kind === "break").length;
  const room = Math.max(80, width - MARGIN_PX - rightPx(width) - breaks * breakPx);
  const pxPerMs = limit(room / Math.max(0.001, activeMsOf(shown)), LEAST_PX_PER_MS, MOST_PX_PER_MS);
  const start = at(segments, { pxPerMs, breakPx }, segments[from]?.startUs ?? 0);
  return { pxPerMs, breakPx, scrollPx: start - MARGIN_PX };
}

/** One stretch of time over the whole width: an invocation, a span. @returns {View} */
export function show(segments, startUs, endUs, width) {
  const breakPx = breakPxFor(width);
  const breaksPx = at(segments, { pxPerMs: 0, breakPx }, endUs) - at(segments, { pxPerMs: 0, breakPx }, startUs);
  const activeMs = at(segments, { pxPerMs: 1, breakPx: 0 }, endUs) - at(segments, { pxPerMs: 1, breakPx: 0 }, startUs);
  const room = Math.max(80, width - MARGIN_PX - rightPx(width) - breaksPx);
  const pxPerMs = limit(room / Math.max(0.001, activeMs), LEAST_PX_PER_MS, MOST_PX_PER_MS);
  return { pxPerMs, breakPx, scrollPx: at(segments, { pxPerMs, breakPx }, startUs) - MARGIN_PX, follow: false };
}

/** Zoom by a factor; the moment under `atPx` stays where it is. @returns {View} */
export function zoom(segments, view, factor, atPx) {
  const moment = new Scale(segments, view).time(atPx);
  const pxPerMs = limit(view.pxPerMs * factor, LEAST_PX_PER_MS, MOST_PX_PER_MS);
  return { ...view, pxPerMs, scrollPx: at(segments, { ...view, pxPerMs }, moment) - atPx, follow: false };
}

/** Move by px; at least a strip of the content stays in sight. @returns {View} */
export function pan(segments, view, byPx, width) {
  const most = Math.max(contentWidth(segments, view) - width / 4, -MARGIN_PX);
  return { ...view, scrollPx: limit(view.scrollPx + byPx, -width * 0.75, most), follow: false };
}
