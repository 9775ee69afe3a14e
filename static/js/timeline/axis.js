/** The axis of time: wall clock where a stretch begins, offsets within it, and the breaks where nothing happened. */

import { clock, coarse, duration, figure } from "../format.js";
import { AXIS_PX } from "./layout.js";
import { tickStepMs } from "./scale.js";

const TICK_PX = 72;
const CLOCK_Y = 12;
const TICK_Y = 31;

/** Two lines: the clock on the first, `+50 ms` and `⋯ frozen 3.2 s ⋯` on the second. @param {CanvasRenderingContext2D} pen */
export function drawAxis(pen, theme, { segments, scale, width, bottom }) {
  const stepMs = tickStepMs(scale.pxPerMs, TICK_PX);
  let clockFree = 0;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const segment of segments) {
    const [from, to] = [scale.x(segment.startUs), scale.x(segment.endUs)];
    if (segment.kind === "break" || to < 0 || from > width) continue;
    const text = clock(segment.startUs);
    const room = pen.measureText(text).width + 8;
    const left = Math.max(from, Math.min(0, to - room));
    pen.fillStyle = theme.colours.border;
    if (from >= 0) pen.fillRect(Math.round(from), 4, 1, bottom - 4);
    pen.fillStyle = theme.colours.text;
    if (left >= clockFree) {
      pen.fillText(text, left + 4, CLOCK_Y);
      clockFree = left + room;
    }
    drawTicks(pen, theme, { stepMs, stepPx: stepMs * scale.pxPerMs, from, to, width, bottom });
  }
}

function drawTicks(pen, theme, { stepMs, stepPx, from, to, width, bottom }) {
  const first = Math.max(1, Math.floor(-from / stepPx));
  const last = (Math.min(width, to) - from) / stepPx;
  for (let tick = first; tick <= last; tick += 1) {
    const x = from + tick * stepPx;
    const text = `+${label(tick * stepMs)}`;
    pen.fillStyle = theme.colours.border;
    pen.fillRect(Math.round(x), AXIS_PX - 18, 1, bottom);
    pen.fillStyle = theme.colours["text-muted"];
    if (x + 4 + pen.measureText(text).width < to) pen.fillText(text, x + 4, TICK_Y);
  }
}

function label(ms) {
  if (ms >= 10_000) return `${figure(ms / 1_000)} s`;
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  return `${Number(ms.toFixed(3)).toLocaleString("en-US")} ms`;
}

export function drawBreaks(pen, theme, { segments, scale, width, bottom }) {
  for (const segment of segments) {
    const [from, to] = [scale.x(segment.startUs), scale.x(segment.endUs)];
    if (segment.kind !== "break" || to < 0 || from > width) continue;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = theme.colours["text-muted"];
    pen.fillText(wording(pen, segment, to - from), (from + to) / 2, TICK_Y);
    pen.textAlign = "left";
    for (const edge of [from, to]) zigzag(pen, theme, edge, bottom);
  }
}

function wording(pen, segment, room) {
  const length = coarse((segment.endUs - segment.startUs) / 1_000);
  const choices = [`⋯ ${segment.why} ${length} ⋯`, `${segment.why} ${length}`, `⋯ ${length} ⋯`, length];
  return choices.find((text) => pen.measureText(text).width <= room - 4) ?? "⋯";
}

/** The torn edge that says: time is left out here. */
function zigzag(pen, theme, x, bottom) {
  pen.strokeStyle = theme.colours["border-strong"];
  pen.lineWidth = 1;
  pen.globalAlpha = 0.6;
  pen.beginPath();
  for (let y = AXIS_PX, side = 1; y <= bottom; y += 6, side = -side) pen.lineTo(x + 2 * side, y);
  pen.stroke();
  pen.globalAlpha = 1;
}

/** The moment under the pointer: clock, and offset from where its stretch begins. */
export function drawCursor(pen, theme, { scale, hoverX, width, bottom }) {
  const us = scale.time(hoverX);
  pen.fillStyle = theme.colours["border-strong"];
  pen.fillRect(Math.round(hoverX), AXIS_PX, 1, bottom - AXIS_PX);
  const segment = scale.segments.findLast((one) => one.startUs <= us) ?? scale.segments[0];
  const text = `${clock(us)}  +${duration((us - segment.startUs) / 1_000)}`;
  const textWidth = pen.measureText(text).width + 8;
  const left = Math.min(Math.max(0, hoverX - textWidth / 2), width - textWidth);
  pen.fillStyle = theme.colours.text;
  pen.fillRect(left, 3, textWidth, 18);
  pen.fillStyle = theme.colours.page;
  pen.fillText(text, left + 4, CLOCK_Y);
}
