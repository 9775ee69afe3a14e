import assert from "node:assert/strict";
import test from "node:test";
import { activeMsOf, contentWidth, Scale, segmentsOf, tickStepMs } from "../../static/js/timeline/scale.js";
import { fit, follow, MARGIN_PX, pan, show, zoom } from "../../static/js/timeline/view.js";

const span = (kind, startMs, endMs) => ({ kind, start_us: startMs * 1_000, end_us: endMs * 1_000 });
/** 100 ms of work, 3 s frozen, 50 ms of work, 10 ms nothing, 40 ms of work. */
const LIFE = [span("init", 0, 60), span("invoke", 60, 100), span("frozen", 101, 3_100), span("invoke", 3_100, 3_150), span("invoke", 3_160, 3_200)];
const SEGMENTS = segmentsOf(LIFE);
const VIEW = { pxPerMs: 2, scrollPx: 30, breakPx: 100 };

test("a frozen stretch becomes one break, a short gap stays as long as it is", () => {
  assert.deepEqual(SEGMENTS.map((one) => [one.kind, one.startUs, one.endUs, one.why]), [
    ["active", 0, 100_000, ""], ["break", 100_000, 3_100_000, "frozen"], ["active", 3_100_000, 3_200_000, ""],
  ]);
  assert.equal(activeMsOf(SEGMENTS), 200);
  assert.equal(contentWidth(SEGMENTS, VIEW), 500);
});

test("a stretch is no break while another environment works in it", () => {
  const both = segmentsOf([...LIFE, span("handler", 90, 3_110)]);
  assert.deepEqual(both.map((one) => one.kind), ["active"]);
});

test("an idle stretch without a freeze is not called frozen", () => {
  const idle = segmentsOf([span("invoke", 0, 10), span("invoke", 500, 510)]);
  assert.equal(idle[1].why, "idle");
});

test("a freeze that goes on is a break at the end", () => {
  const waiting = segmentsOf([span("invoke", 0, 10), span("frozen", 11, 900)]);
  assert.deepEqual(waiting.map((one) => one.kind), ["active", "break"]);
});

test("time and pixels are inverse to each other everywhere, in breaks and beyond both ends too", () => {
  const scale = new Scale(SEGMENTS, VIEW);
  for (let px = -400; px <= 900; px += 7) assert.ok(Math.abs(scale.x(scale.time(px)) - px) < 1e-6, `px ${px}`);
});

test("a break is as wide as the view says, however long it lasts", () => {
  const scale = new Scale(SEGMENTS, VIEW);
  assert.equal(scale.x(3_100_000) - scale.x(100_000), 100);
});

test("later is never further left", () => {
  const scale = new Scale(SEGMENTS, VIEW);
  let last = -Infinity;
  for (let us = -50_000; us < 3_300_000; us += 1_000) {
    assert.ok(scale.x(us) >= last);
    last = scale.x(us);
  }
});

test("ticks are 1, 2 or 5 times a power of ten and far enough apart", () => {
  assert.equal(tickStepMs(2, 72), 50);
  assert.equal(tickStepMs(0.01, 72), 10_000);
  assert.equal(tickStepMs(1_000, 72), 0.1);
});

test("zooming keeps the moment under the pointer in its place", () => {
  const moment = new Scale(SEGMENTS, VIEW).time(333);
  for (const factor of [0.25, 1.5, 8]) {
    assert.ok(Math.abs(new Scale(SEGMENTS, zoom(SEGMENTS, VIEW, factor, 333)).x(moment) - 333) < 1e-6);
  }
});

test("fit shows everything between the margins", () => {
  const scale = new Scale(SEGMENTS, fit(SEGMENTS, 1_000));
  assert.ok(Math.abs(scale.x(0) - MARGIN_PX) < 1e-9);
  assert.ok(scale.x(3_200_000) < 1_000 && scale.x(3_200_000) > 800);
});

test("following, the newest is in sight and the last invocation can be read", () => {
  const many = Array.from({ length: 40 }, (_, place) => span("invoke", place * 5_000, place * 5_000 + 30));
  const segments = segmentsOf(many);
  const scale = new Scale(segments, follow(segments, 900));
  assert.ok(scale.x(39 * 5_000_000 + 30_000) <= 900);
  assert.ok(scale.x(39 * 5_000_000 + 30_000) - scale.x(39 * 5_000_000) >= 56);
});

test("following keeps its zoom while what it follows grows a little", () => {
  const at = (endMs) => segmentsOf([span("invoke", 0, 100), span("invoke", 500, endMs)]);
  const first = follow(at(600), 900);
  assert.equal(follow(at(590), 900, first).pxPerMs, first.pxPerMs);
  assert.notEqual(follow(at(900), 900, first).pxPerMs, first.pxPerMs);
});

test("showing a stretch fills the width with it", () => {
  const scale = new Scale(SEGMENTS, show(SEGMENTS, 60_000, 100_000, 1_000));
  assert.ok(Math.abs(scale.x(60_000) - MARGIN_PX) < 1e-9);
  assert.ok(scale.x(100_000) > 800 && scale.x(100_000) < 1_000);
});

test("panning never loses the content", () => {
  assert.ok(new Scale(SEGMENTS, pan(SEGMENTS, VIEW, 1e9, 800)).x(3_200_000) >= 0);
  assert.ok(new Scale(SEGMENTS, pan(SEGMENTS, VIEW, -1e9, 800)).x(0) <= 800);
});

test("nothing recorded is no error", () => {
  for (const view of [fit([], 800), follow([], 800), show([], 0, 0, 800)]) assert.equal(new Scale([], view).time(10), 0);
});
