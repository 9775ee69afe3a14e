/**
 * The second cue of every kind of span: a pattern laid over its colour. Colours come from the CSS tokens of the page's
 * theme, read once per theme change.
 */

import { KINDS } from "./kinds.js";

const TILE = 8;

/** @param {Element} element whose theme counts */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["page", "surface", "border", "border-strong", "selection", "text", "text-muted", "marker", "status-error"];
  const colours = Object.fromEntries(names.map((name) => [name, token(name)]));
  for (const kind of Object.values(KINDS)) colours[kind.token] = token(kind.token);
  return { colours, font: token("font"), patterns: new Map() };
}

/** A repeating pattern in `colour`, made once per theme. */
export function patternOf(context, theme, { name, colour }) {
  const key = `${name} ${colour}`;
  if (!theme.patterns.has(key)) theme.patterns.set(key, make(context, name, colour));
  return theme.patterns.get(key);
}

function make(context, name, colour) {
  const draw = DRAWN[name];
  if (!draw) return null;
  const ratio = globalThis.devicePixelRatio || 1;
  const size = name === "wide" ? TILE * 2 : TILE;
  const tile = new OffscreenCanvas(Math.round(size * ratio), Math.round(size * ratio));
  const pen = tile.getContext("2d");
  pen.scale(ratio, ratio);
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  pen.lineWidth = 1.25;
  draw(pen, size);
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

const line = (pen, points) => {
  pen.beginPath();
  pen.moveTo(points[0], points[1]);
  pen.lineTo(points[2], points[3]);
  pen.stroke();
};

const rising = (pen, size) => {
  for (const shift of [-size, 0, size]) line(pen, [shift, size, shift + size, 0]);
};
const falling = (pen, size) => {
  for (const shift of [-size, 0, size]) line(pen, [shift, 0, shift + size, size]);
};

const DRAWN = {
  rising,
  falling,
  wide: rising,
  vertical: (pen, size) => line(pen, [size / 2, 0, size / 2, size]),
  dots: (pen) => {
    for (const [x, y] of [[2, 2], [6, 6]]) {
      pen.beginPath();
      pen.arc(x, y, 1.1, 0, 7);
      pen.fill();
    }
  },
};
