/**
 * `<life-timeline>`: lives of execution environments on one axis of time. Properties go down (`groups`, `now`, `span`),
 * events come up (`choose`, `open` with a request id). `live` on the element makes it follow the newest.
 */

import { drawTimeline } from "./draw.js";
import { build } from "./frame.js";
import { listen } from "./gestures.js";
import { fillTip } from "./hover.js";
import { collapse, hit, rows } from "./layout.js";
import { readTheme } from "./patterns.js";
import { Scale, segmentsOf } from "./scale.js";
import { fillTable, summary } from "./table.js";
import * as views from "./view.js";

const NARROW_PX = 560;
const LIVELY_MS = 33;
const CALM_MS = 250;

class LifeTimeline extends HTMLElement {
  #groups = [];
  #segments = [];
  #view = null;
  #drawn = { bars: [], markers: [] };
  #hover = null;
  #chosen = null;
  #frame = 0;
  #theme = null;
  #timer = 0;
  #lastWidth = 0;
  /** Microseconds of the recording's clock, to draw what has not ended yet. */
  now = () => Date.now() * 1_000;
  /** `{startUs, endUs}` to begin with and to come back to, instead of following. */
  span = null;

  connectedCallback() {
    if (this.canvas) return;
    build(this, (command, argument) => this.#run(command, argument));
    this.details.addEventListener("toggle", () => this.details.open && fillTable(this.holder, this.#ended()));
    listen(this.canvas, (command, argument) => this.#run(command, argument), () => this.#labelsPx());
    this.sized = new ResizeObserver(() => this.#resized());
    this.sized.observe(this);
    const retheme = () => { this.#theme = null; this.#paintSoon(); };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", retheme);
    new MutationObserver(retheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  set groups(groups) {
    this.#groups = groups;
    this.toggleAttribute("empty", groups.length === 0);
    this.canvas?.setAttribute("aria-label", summary(this.#ended()));
    if (this.details?.open) fillTable(this.holder, this.#ended());
    this.#paintSoon();
  }

  get view() { return this.#view; }
  get drawn() { return this.#drawn; }
  get chosen() { return this.#chosen; }

  /** Marks an invocation and brings it into sight. @param {?string} requestId */
  choose(requestId, { reveal = true } = {}) {
    this.#chosen = requestId;
    const range = requestId && reveal ? this.#rangeOf(requestId) : null;
    if (range) this.#view = views.show(this.#segments, ...range, this.#plotWidth());
    this.#paintSoon();
  }

  #labelsPx() { return this.clientWidth < NARROW_PX ? 100 : 148; }
  #plotWidth() { return Math.max(120, this.clientWidth - this.#labelsPx()); }

  #ended() {
    const now = this.now();
    return this.#groups.map((group) => ({
      ...group,
      spans: group.spans.map((span) => (span.end_us === null ? { ...span, end_us: Math.max(now, span.start_us), open: true } : span)),
    }));
  }

  #home() {
    const width = this.#plotWidth();
    if (this.span) return views.show(this.#segments, this.span.startUs, this.span.endUs, width);
    return this.hasAttribute("live") ? views.follow(this.#segments, width, this.#view) : views.fit(this.#segments, width);
  }

  #run(command, argument) {
    const [segments, width] = [this.#segments, this.#plotWidth()];
    const moves = {
      zoom: () => views.zoom(segments, this.#view, argument, this.#hover?.x ?? width / 2),
      zoomAt: () => views.zoom(segments, this.#view, argument.factor, argument.x),
      pan: () => views.pan(segments, this.#view, argument * width, width),
      panPx: () => views.pan(segments, this.#view, argument, width),
      fit: () => views.fit(segments, width),
      reset: () => this.#home(),
    };
    if (moves[command] && this.#view) this.#view = moves[command]();
    else if (command === "hover") this.#point(argument);
    else if (command === "choose") this.#pick(argument ? hit(this.#drawn, argument.x, argument.y) : null);
    else if (command === "zoomToHit") this.#zoomTo(hit(this.#drawn, argument.x, argument.y));
    else if (command === "step") this.#step(argument);
    else if (command === "open" && this.#chosen) this.#tell("open");
    this.#paintSoon();
  }

  #tell(name) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { requestId: this.#chosen } }));
  }

  #pick(found) {
    this.#chosen = found?.span?.request_id ?? found?.marker?.request_id ?? null;
    this.#tell("choose");
  }

  #zoomTo(found) {
    if (found?.span) this.#view = views.show(this.#segments, found.span.start_us, found.span.end_us, this.#plotWidth());
  }

  #rangeOf(requestId) {
    const own = this.#ended().flatMap((group) => group.spans).filter((span) => span.request_id === requestId);
    return own.length ? [Math.min(...own.map((one) => one.start_us)), Math.max(...own.map((one) => one.end_us))] : null;
  }

  #step(by) {
    const invokes = this.#groups.flatMap((group) => group.spans).filter((span) => span.kind === "invoke" && span.request_id)
      .sort((a, b) => a.start_us - b.start_us);
    if (invokes.length === 0) return;
    const at = invokes.findIndex((span) => span.request_id === this.#chosen);
    const next = at < 0 ? (by < 0 ? invokes.length - 1 : 0) : Math.min(Math.max(at + by, 0), invokes.length - 1);
    this.choose(invokes[next].request_id);
    this.#tell("choose");
  }

  #point(at) {
    this.#hover = at && at.x >= 0 ? at : null;
    const found = this.#hover ? hit(this.#drawn, at.x, at.y) : null;
    this.tip.hidden = !found;
    this.canvas.style.cursor = found?.span?.request_id || found?.marker ? "pointer" : "default";
    if (!found) return;
    fillTip(this.tip, found);
    const left = Math.min(at.x + this.#labelsPx() + 14, this.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${this.canvas.offsetTop + at.y + 18}px)`;
  }

  #resized() {
    if (this.#view && !this.#view.follow) this.#view = this.#lastWidth === this.clientWidth ? this.#view : this.#home();
    this.#lastWidth = this.clientWidth;
    this.#paintSoon();
  }

  #paintSoon() {
    if (!this.#frame && this.canvas) this.#frame = requestAnimationFrame(() => { this.#frame = 0; this.#paint(); });
  }

  #paint() {
    if (this.clientWidth === 0) return;
    let groups = this.#ended();
    this.#segments = segmentsOf(groups.flatMap((group) => group.spans));
    if (!this.#view || this.#view.follow || (this.#segments.length > 0 && this.#view.empty)) this.#view = this.#home();
    if (this.#segments.length === 0) this.#view.empty = true;
    if (this.#view.follow) groups = collapse(groups, { scale: new Scale(this.#segments, this.#view), width: this.#plotWidth() });
    this.querySelector(".timeline-reset").setAttribute("aria-pressed", String(Boolean(this.#view.follow)));
    const size = { width: this.clientWidth, height: Math.max(60, rows(groups).height) };
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      Object.assign(this.canvas.style, { width: `${size.width}px`, height: `${size.height}px` });
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#theme ??= readTheme(this);
    this.#drawn = drawTimeline(pen, {
      groups, segments: this.#segments, view: this.#view, theme: this.#theme, size,
      labelsPx: this.#labelsPx(), selected: this.#chosen, hoverX: this.#hover?.x ?? null,
    });
    this.#keepGrowing(groups.flatMap((group) => group.spans.filter((span) => span.open)));
  }

  /** Growing bars move with the frames; a growing freeze only changes its label, which four times a second is enough for. */
  #keepGrowing(open) {
    if (open.length === 0) return;
    const wait = open.some((span) => span.kind !== "frozen") ? LIVELY_MS : CALM_MS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#paintSoon(), wait);
  }
}

customElements.define("life-timeline", LifeTimeline);
