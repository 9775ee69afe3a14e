/**
 * Time ↔ pixels with the quiet stretches folded away. Pure: no DOM, no canvas.
 *
 * Three spaces. *Time* is µs since the epoch. *Content* is px from the first moment: every active segment at `pxPerMs`, every
 * break at a fixed width, whatever its length. *Plot* is content minus the scroll: what the canvas shows.
 */

/** @typedef {{startUs: number, endUs: number, kind: "active"|"break", why: string, activeMs: number, breaks: number,
 *   invokes: boolean}} Segment */

/** A gap shorter than this is drawn at its true length: a break would not save room. */
export const BREAK_FROM_MS = 25;
/** Wide enough for `⋯ frozen 45 s ⋯`, or on a narrow plot for `⋯ 45 s ⋯`. @param {number} width of the plot */
export const breakPxFor = (width) => (width < 520 ? 62 : 112);

const QUIET = new Set(["frozen", "slack"]);

/**
 * Active and quiet stretches of all environments together: a stretch is quiet when no environment does anything in it.
 * @param {{start_us: number, end_us: number, kind: string}[]} spans ended (an open span ends now)
 * @returns {Segment[]}
 */
export function segmentsOf(spans) {
  const active = spans.filter((span) => !QUIET.has(span.kind)).sort((a, b) => a.start_us - b.start_us);
  const merged = [];
  for (const span of active) {
    const last = merged.at(-1);
    const invokes = span.kind === "invoke";
    if (last && span.start_us - last.endUs < BREAK_FROM_MS * 1_000) {
      last.endUs = Math.max(last.endUs, span.end_us);
      last.invokes ||= invokes;
    } else merged.push({ startUs: span.start_us, endUs: span.end_us, invokes });
  }
  if (merged.length === 0) return [];
  const quiet = spans.filter((span) => span.kind === "frozen");
  const end = Math.max(merged.at(-1).endUs, ...quiet.map((span) => span.end_us));
  const segments = [];
  let activeMs = 0;
  let breaks = 0;
  const push = (startUs, endUs, kind, invokes = false) => {
    const why = kind === "break" ? reason(quiet, startUs, endUs) : "";
    segments.push({ startUs, endUs, kind, why, activeMs, breaks, invokes });
    if (kind === "break") breaks += 1;
    else activeMs += (endUs - startUs) / 1_000;
  };
  merged.forEach((stretch, place) => {
    if (place > 0) push(merged[place - 1].endUs, stretch.startUs, "break");
    push(stretch.startUs, stretch.endUs, "active", stretch.invokes);
  });
  if (end - merged.at(-1).endUs >= BREAK_FROM_MS * 1_000) push(merged.at(-1).endUs, end, "break");
  return segments;
}

function reason(quiet, startUs, endUs) {
  const frozen = quiet.some((span) => span.start_us < endUs && span.end_us > startUs);
  return frozen ? "frozen" : "idle";
}

export class Scale {
  /** @param {Segment[]} segments @param {{pxPerMs: number, scrollPx: number, breakPx: number}} view */
  constructor(segments, { pxPerMs, scrollPx, breakPx }) {
    this.breakPx = breakPx;
    this.segments = segments;
    this.pxPerMs = pxPerMs;
    this.scrollPx = scrollPx;
  }

  /** Plot px of a moment. @param {number} us */
  x(us) {
    return this.content(us) - this.scrollPx;
  }

  /** Content px of a moment; before the first and after the last segment time goes on at `pxPerMs`. */
  content(us) {
    const { segments, pxPerMs, breakPx } = this;
    if (segments.length === 0) return 0;
    const segment = segments[Math.max(0, lastIndex(segments, (one) => one.startUs <= us))];
    const before = segment.activeMs * pxPerMs + segment.breaks * breakPx;
    const length = segment.endUs - segment.startUs;
    if (segment.kind === "active") return before + ((us - segment.startUs) / 1_000) * pxPerMs;
    if (us <= segment.endUs) return before + (length > 0 ? (us - segment.startUs) / length : 0) * breakPx;
    return before + breakPx + ((us - segment.endUs) / 1_000) * pxPerMs;
  }

  /** The moment at a plot px: the inverse of `x`. @param {number} px */
  time(px) {
    const { segments, pxPerMs, breakPx } = this;
    if (segments.length === 0) return 0;
    const content = px + this.scrollPx;
    const starts = (one) => one.activeMs * pxPerMs + one.breaks * breakPx;
    const segment = segments[Math.max(0, lastIndex(segments, (one) => starts(one) <= content))];
    const inside = content - starts(segment);
    if (segment.kind === "active") return segment.startUs + (inside / pxPerMs) * 1_000;
    if (inside <= breakPx) return segment.startUs + (inside / breakPx) * (segment.endUs - segment.startUs);
    return segment.endUs + ((inside - breakPx) / pxPerMs) * 1_000;
  }
}

/** @param {Segment[]} segments */
export function activeMsOf(segments) {
  return segments.reduce((sum, one) => (one.kind === "active" ? sum + (one.endUs - one.startUs) / 1_000 : sum), 0);
}

/** @param {Segment[]} segments @param {{pxPerMs: number, breakPx: number}} view */
export function contentWidth(segments, { pxPerMs, breakPx }) {
  return activeMsOf(segments) * pxPerMs + segments.filter((one) => one.kind === "break").length * breakPx;
}

/** The next of 1, 2, 5 × 10ⁿ ms that leaves at least `minimumPx` between two ticks. */
export function tickStepMs(pxPerMs, minimumPx) {
  const least = minimumPx / pxPerMs;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999999);
}

/** Index of the last element for which `holds` (true first, then false), or -1. */
function lastIndex(list, holds) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle])) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
