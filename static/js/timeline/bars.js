/** Draws bars, their labels and the markers onto the canvas. What and where was decided in layout.js. */

import { patternOf } from "./patterns.js";

/** @param {CanvasRenderingContext2D} pen */
export function drawBar(pen, theme, bar, selected) {
  const colour = theme.colours[bar.kind.token];
  const drawing = { colour, page: theme.colours.page };
  STYLES[bar.kind.pattern](pen, theme, bar, drawing);
  if (bar.span.critical) strokeNotched(pen, bar, theme.colours.text);
  if (bar.span.status && bar.span.status !== "success") outline(pen, bar, theme.colours["status-error"], 2);
  if (selected) outline(pen, { ...bar, x: bar.x - 2, y: bar.y - 2, width: bar.width + 4, height: bar.height + 4 }, theme.colours.text, 1.5);
}

/** The label on a plate of what is under it, so that no line or pattern runs through the words. */
export function drawLabel(pen, theme, bar) {
  const colour = theme.colours[bar.kind.token];
  const style = bar.kind.pattern;
  const onFill = bar.inside && FILLED.has(style);
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  const middle = bar.y + bar.height / 2 + 0.5;
  pen.fillStyle = onFill ? colour : theme.colours.page;
  pen.fillRect(bar.textX - 3, bar.y + 2, pen.measureText(bar.text).width + 6, bar.height - (bar.inside ? 4 : 6));
  pen.fillStyle = onFill ? theme.colours.page : theme.colours[bar.inside ? "text" : "text-muted"];
  if (!bar.inside && bar.span.critical) pen.fillStyle = theme.colours.text;
  pen.fillText(bar.text, bar.textX, middle);
}

const FILLED = new Set(["solid", "notch", "rising", "falling", "dots", "vertical"]);

function outline(pen, { x, y, width, height }, colour, lineWidth) {
  pen.strokeStyle = colour;
  pen.lineWidth = lineWidth;
  pen.strokeRect(x + lineWidth / 2, y + lineWidth / 2, Math.max(0, width - lineWidth), height - lineWidth);
}

function notched(pen, { x, y, width, height }, inset) {
  const notch = Math.min(5, width / 3);
  const [left, top, right, bottom] = [x + inset, y + inset, x + width - inset, y + height - inset];
  pen.beginPath();
  pen.moveTo(left, top);
  pen.lineTo(right, top);
  pen.lineTo(right, bottom);
  pen.lineTo(left, bottom);
  pen.lineTo(left + notch, y + height / 2);
  pen.closePath();
}

function strokeNotched(pen, bar, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  notched(pen, bar, 0.75);
  pen.stroke();
}

function filled(pen, theme, { x, y, width, height, kind }, { colour, page }) {
  pen.fillStyle = colour;
  pen.fillRect(x, y, width, height);
  const pattern = width > 4 && patternOf(pen, theme, { name: kind.pattern, colour: page });
  if (!pattern) return;
  pen.globalAlpha = 0.38;
  pen.fillStyle = pattern;
  pen.fillRect(x, y, width, height);
  pen.globalAlpha = 1;
}

const STYLES = {
  solid: filled,
  rising: filled,
  falling: filled,
  dots: filled,
  vertical: filled,
  outline: (pen, _theme, bar, { colour }) => {
    pen.globalAlpha = 0.1;
    pen.fillStyle = colour;
    pen.fillRect(bar.x, bar.y, bar.width, bar.height);
    pen.globalAlpha = 1;
    outline(pen, bar, colour, 1.5);
  },
  thin: (pen, _theme, { x, y, width, height }, { colour }) => {
    pen.globalAlpha = 0.75;
    pen.fillStyle = colour;
    pen.fillRect(x, y + height / 2 - 1.5, width, 3);
    pen.globalAlpha = 1;
  },
  wide: (pen, theme, { x, y, width, height }, { colour }) => {
    pen.globalAlpha = 0.5;
    pen.fillStyle = patternOf(pen, theme, { name: "wide", colour });
    pen.fillRect(x, y, width, height);
    pen.globalAlpha = 1;
  },
  dotted: (pen, _theme, { x, y, width, height }, { colour }) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.lineCap = "round";
    pen.setLineDash([0, 5]);
    pen.beginPath();
    pen.moveTo(x + 3, y + height - 4); // low in the lane: the tail's label may stand above it
    pen.lineTo(x + width, y + height - 4);
    pen.stroke();
    pen.setLineDash([]);
    pen.lineCap = "butt";
  },
  notch: (pen, _theme, bar, { colour }) => {
    pen.fillStyle = colour;
    notched(pen, bar, 0);
    pen.fill();
  },
};

/** The hairline of a marker through the lanes of its environment. */
export function drawHairline(pen, theme, one, { top }) {
  const colour = theme.colours[one.kind.token];
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.globalAlpha = 0.7;
  pen.setLineDash(one.marker.kind === "busy-until" ? [3, 3] : []);
  pen.beginPath();
  pen.moveTo(Math.round(one.x) + 0.5, top);
  pen.lineTo(Math.round(one.x) + 0.5, one.y);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

/** The glyph of a marker, and its words where they fit. */
export function drawMarker(pen, theme, one) {
  const colour = theme.colours[one.kind.token];
  drawGlyph(pen, one, colour, theme.colours.page);
  if (!one.text) return;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  pen.fillStyle = theme.colours.page;
  pen.fillRect(one.textX - 1, one.textY - 6, pen.measureText(one.text).width + 2, 12);
  pen.fillStyle = one.kind.token === "marker" ? theme.colours.text : colour;
  pen.fillText(one.text, one.textX, one.textY);
}

function drawGlyph(pen, { x, y, kind }, colour, page) {
  pen.beginPath();
  pen.lineWidth = 1.5;
  if (kind.glyph === "✕") {
    for (const side of [-1, 1]) {
      pen.moveTo(x - 4 * side, y + 1);
      pen.lineTo(x + 4 * side, y + 9);
    }
    pen.stroke();
    return;
  }
  pen.moveTo(x, y);
  pen.lineTo(x + 5, y + 9);
  pen.lineTo(x - 5, y + 9);
  pen.closePath();
  pen.fillStyle = kind.glyph === "▲" ? colour : page;
  pen.fill();
  pen.strokeStyle = colour;
  pen.stroke();
}
