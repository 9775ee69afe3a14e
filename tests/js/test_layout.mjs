import assert from "node:assert/strict";
import test from "node:test";
import { bars, collapse, hit, markers, rows } from "../../static/js/timeline/layout.js";
import { KINDS, MARKERS } from "../../static/js/timeline/kinds.js";
import { Scale, segmentsOf } from "../../static/js/timeline/scale.js";

const measure = (text) => text.length * 6;
const LANE = { name: "otel-ext", y: 100, height: 24 };
const WIDTH = 1_000;
const span = (kind, startMs, endMs, more = {}) => ({
  id: `${kind}${startMs}`, kind, lane: "otel-ext", start_us: startMs * 1_000, end_us: endMs * 1_000, status: null, critical: false, request_id: "r", ...more,
});
const laid = (spans, pxPerMs = 1) => {
  const scale = new Scale(segmentsOf(spans), { pxPerMs, scrollPx: 0, breakPx: 100 });
  return { scale, bars: bars(spans, { scale, lane: LANE, width: WIDTH, measure }) };
};

test("a label goes inside a bar that is wide enough, with the duration right of it", () => {
  const [bar] = laid([span("tail", 0, 300)]).bars;
  assert.equal(bar.text, "tail 300 ms");
  assert.equal(bar.inside, true);
});

test("a label that does not fit goes beside, and the critical extension is named", () => {
  const [bar] = laid([span("tail", 0, 20, { critical: true })]).bars;
  assert.equal(bar.text, "tail 20 ms ◄ critical");
  assert.equal(bar.inside, false);
  assert.ok(bar.textX > 20);
});

test("labels never overlap each other or stand on the next bar", () => {
  const spans = Array.from({ length: 60 }, (_, place) => span(place % 2 ? "tail" : "working", place * 13, place * 13 + 11));
  const drawn = laid(spans, 1.2).bars;
  const ranges = drawn.filter((bar) => bar.text).map((bar) => [bar.textX, bar.textX + measure(bar.text), bar]).sort((a, b) => a[0] - b[0]);
  ranges.slice(1).forEach((range, place) => assert.ok(range[0] >= ranges[place][1] - 1e-9));
  for (const [from, to, bar] of ranges.filter(([, , one]) => !one.inside)) {
    for (const other of drawn) if (other !== bar && other.x > bar.x) assert.ok(other.x >= to - 1e-9 || other.x + other.width <= from);
  }
});

test("spans narrower than a pixel at one place become one bar", () => {
  const spans = Array.from({ length: 5_000 }, (_, place) => span("tail", place * 0.01, place * 0.01 + 0.005));
  assert.ok(laid(spans).bars.length <= 60);
});

test("what is out of sight is not drawn", () => {
  const spans = [span("invoke", 0, 10), span("invoke", 20, 30)];
  const scale = new Scale(segmentsOf(spans), { pxPerMs: 1, scrollPx: 15, breakPx: 100 });
  assert.equal(bars(spans, { scale, lane: LANE, width: WIDTH, measure }).length, 1);
});

test("both markers keep their glyph, even at the same moment", () => {
  const { scale } = laid([span("invoke", 0, 100)]);
  const list = [{ kind: "answered", at_us: 50_000 }, { kind: "busy-until", at_us: 50_500 }];
  const drawn = markers(list, { scale, y: 200, width: WIDTH, measure });
  assert.deepEqual(drawn.map((one) => one.kind.word), ["answered", "busy until"]);
  assert.notEqual(drawn[0].y, drawn[1].y);
});

test("words of markers never overlap on a line", () => {
  const { scale } = laid([span("invoke", 0, 900)]);
  const list = Array.from({ length: 40 }, (_, place) => ({ kind: place % 2 ? "answered" : "busy-until", at_us: place * 20_000, offset_ms: place }));
  const drawn = markers(list, { scale, y: 200, width: WIDTH, measure });
  assert.equal(drawn.length, 40);
  for (const line of new Set(drawn.map((one) => one.textY))) {
    const ranges = drawn.filter((one) => one.text && one.textY === line).map((one) => [one.textX, one.textX + measure(one.text)]).sort((a, b) => a[0] - b[0]);
    ranges.slice(1).forEach((range, place) => assert.ok(range[0] >= ranges[place][1]));
  }
});

test("a thin bar can still be pointed at", () => {
  const { bars: drawn } = laid([span("tail", 50, 50.1)]);
  assert.equal(hit({ bars: drawn, markers: [] }, drawn[0].x + 3, 110)?.span.kind, "tail");
  assert.equal(hit({ bars: drawn, markers: [] }, drawn[0].x + 30, 110), null);
});

test("groups lie below each other without a lane in common", () => {
  const group = { lanes: ["platform", "runtime"], spans: [], markers: [] };
  const { placed, height } = rows([group, group]);
  assert.ok(placed[1].y >= placed[0].bottom);
  assert.equal(height, placed[1].bottom);
});

test("every kind of the recording has a word, a pattern and a definition", () => {
  const kinds = ["init", "extension-init", "runtime-init", "function-init", "invoke", "handler", "working", "tail", "slack", "frozen", "shutdown", "reset"];
  assert.deepEqual(Object.keys(KINDS).sort(), kinds.sort());
  assert.deepEqual(Object.keys(MARKERS).sort(), ["answered", "busy-until", "error", "killed", "timeout"]);
  for (const kind of Object.values(KINDS)) assert.ok(kind.word && kind.pattern && kind.definition.length > 20);
});

test("followed, an environment of which nothing is in sight keeps only its title", () => {
  const { scale } = laid([span("invoke", 0, 100)]);
  const group = (from, to) => ({ lanes: ["platform"], spans: [span("invoke", from, to)], markers: [] });
  const [seen, past] = collapse([group(0, 100), group(-900, -800)], { scale, width: WIDTH });
  assert.deepEqual([seen.collapsed, past.collapsed], [false, true]);
  assert.ok(rows([past]).height < rows([seen]).height);
});
