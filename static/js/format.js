/**
 * Numbers as people read them; the same rules as dashboard/units.py, held together by tests/dashboard/fixtures/units.json.
 * No DOM.
 */

export const UNDEFINED = "–";

/** Three significant digits, never fewer than the integer part, whole numbers as they are, thousands by comma. @param {?number} value */
export function figure(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNDEFINED;
  const size = Math.abs(value);
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  if (size < 0.001) return value < 0 ? "> -0.001" : "< 0.001";
  const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** A measured duration with its unit: ms below 10 s, then seconds, then minutes. @param {?number} ms */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNDEFINED;
  if (Math.abs(ms) < 10_000) return `${figure(ms)} ms`;
  return coarse(ms);
}

/** A time span whose exact length does not matter, as beside a break: `3.2 s`, `45 s`, `2 min 5 s`. @param {number} ms */
export function coarse(ms) {
  if (!Number.isFinite(ms)) return UNDEFINED;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** Time of day with milliseconds, in the reader's zone. @param {number} us microseconds since the epoch */
export function clock(us, withMilliseconds = true) {
  const at = new Date(us / 1_000);
  const pad = (value, digits = 2) => String(value).padStart(digits, "0");
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return withMilliseconds ? `${time}.${pad(at.getMilliseconds(), 3)}` : time;
}

/** The first eight characters of an id, enough to tell two apart on one page. @param {?string} id */
export function shortId(id) {
  return id ? id.slice(0, 8) : UNDEFINED;
}
