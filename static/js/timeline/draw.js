/** One frame of the timeline: axis, breaks, groups, lanes; returns what was drawn where, for the pointer. */

import { drawAxis, drawBreaks, drawCursor } from "./axis.js";
import { drawBar, drawHairline, drawLabel, drawMarker } from "./bars.js";
import { AXIS_PX, bars, markers, rows, TITLE_PX } from "./layout.js";
import { Scale } from "./scale.js";

/** @param {CanvasRenderingContext2D} pen */
export function drawTimeline(pen, { groups, segments, view, theme, size, labelsPx, selected, hoverX }) {
  const scale = new Scale(segments, view);
  const { placed, height } = rows(groups);
  const plot = { left: labelsPx, width: size.width - labelsPx };
  pen.clearRect(0, 0, size.width, Math.max(size.height, height));
  pen.font = `12px ${theme.font}`;
  drawStripes(pen, theme, placed, size);
  const drawn = { bars: [], markers: [] };
  clipped(pen, plot, Math.max(size.height, height), () => {
    drawBreaks(pen, theme, { segments, scale, width: plot.width, bottom: height });
    drawAxis(pen, theme, { segments, scale, width: plot.width, bottom: height });
    for (const one of placed.filter(({ group }) => !group.collapsed)) drawGroup(pen, theme, { one, scale, width: plot.width, selected, drawn });
    if (hoverX !== null && segments.length > 0) drawCursor(pen, theme, { scale, hoverX, width: plot.width, bottom: height });
  });
  drawLabels(pen, theme, { placed, labelsPx, size });
  return drawn;
}

function clipped(pen, plot, height, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(plot.left, 0, plot.width, height);
  pen.clip();
  pen.translate(plot.left, 0);
  draw();
  pen.restore();
}

function drawStripes(pen, theme, placed, size) {
  for (const { y, lanes, markersY } of placed) {
    pen.fillStyle = theme.colours.surface;
    pen.fillRect(0, y, size.width, TITLE_PX);
    pen.fillStyle = theme.colours.border;
    pen.globalAlpha = 0.6;
    for (const lane of lanes) pen.fillRect(0, lane.y + lane.height - 1, size.width, 1);
    pen.globalAlpha = 1;
    pen.fillRect(0, y, size.width, 1);
    if (markersY !== null) pen.fillRect(0, markersY, size.width, 1);
  }
}

function drawGroup(pen, theme, { one, scale, width, selected, drawn }) {
  const measure = (text) => pen.measureText(text).width;
  const byLane = grouped(one.group.spans);
  const all = [];
  for (const lane of one.lanes) {
    const laid = bars(byLane.get(lane.name) ?? [], { scale, lane, width, measure });
    for (const bar of laid) drawBar(pen, theme, bar, selected !== null && bar.span.request_id === selected && bar.kind.word === "INVOKE");
    all.push(...laid);
  }
  const marks = markers(one.group.markers, { scale, y: one.markersY, width, measure });
  for (const mark of marks) drawHairline(pen, theme, mark, { top: one.lanes[0].y });
  for (const bar of all) if (bar.text) drawLabel(pen, theme, bar);
  for (const mark of marks) drawMarker(pen, theme, mark);
  drawn.bars.push(...all);
  drawn.markers.push(...marks);
}

function grouped(spans) {
  const lanes = new Map();
  for (const span of spans) {
    if (!lanes.has(span.lane)) lanes.set(span.lane, []);
    lanes.get(span.lane).push(span);
  }
  return lanes;
}

function drawLabels(pen, theme, { placed, labelsPx, size }) {
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const { group, y, lanes } of placed) {
    pen.fillStyle = theme.colours.surface;
    pen.fillRect(0, y + 1, size.width, TITLE_PX - 1);
    pen.fillStyle = theme.colours.text;
    pen.font = `600 12px ${theme.font}`;
    pen.fillText(group.title, 10, y + TITLE_PX / 2 + 1);
    const after = 10 + pen.measureText(group.title).width + 10;
    pen.font = `12px ${theme.font}`;
    pen.fillStyle = theme.colours["text-muted"];
    pen.fillText(shorten(pen, group.note, size.width - after - 10), after, y + TITLE_PX / 2 + 1);
    for (const lane of lanes) {
      pen.fillStyle = theme.colours.text;
      pen.fillText(shorten(pen, lane.name, labelsPx - 16), 10, lane.y + lane.height / 2);
      pen.fillStyle = theme.colours.border;
      pen.fillRect(labelsPx - 1, lane.y, 1, lane.height);
    }
  }
}

function shorten(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}
