import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { LiveStore, RecordingClock } from "../../static/js/live/store.js";
import { linesOf, summary } from "../../static/js/timeline/table.js";
import { compare, sortKey } from "../../static/js/parts/sortable.js";

const golden = (name) => ({
  ...JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url))), environment_id: "env-1", first_seq: 1,
});
const message = (seq, more = {}) => ({
  environment_id: "e", first_seq: seq, last_seq: seq, spans: [], markers: [], logs: [], invocations: [], environment: { last_seq: seq }, ...more,
});
const span = (id, endUs = null) => ({ id, lane: "platform", kind: "invoke", start_us: 1_000, end_us: endUs, request_id: "r", critical: false });

test("a later span of the same id replaces the earlier one", () => {
  const store = new LiveStore();
  store.ingest(message(1, { spans: [span("a")] }));
  store.ingest(message(2, { spans: [span("a", 9_000)] }));
  assert.deepEqual(store.groups()[0].spans.map((one) => one.end_us), [9_000]);
});

test("a message that was known already changes nothing", () => {
  const store = new LiveStore();
  store.ingest(message(5, { spans: [span("a", 9_000)], logs: [{ seq: 5, text: "x" }] }));
  assert.equal(store.ingest(message(5, { spans: [span("a")], logs: [{ seq: 5, text: "x" }] })), null);
  assert.equal(store.groups()[0].spans[0].end_us, 9_000);
  assert.equal(store.environments.get("e").logs.length, 1);
});

test("cursors name the last event of every environment", () => {
  const store = new LiveStore();
  store.ingest(message(7));
  store.ingest({ ...message(3), environment_id: "f" });
  assert.deepEqual(store.cursors(), { e: 7, f: 3 });
});

test("a snapshot after a reconnect neither clears nor doubles what is shown", () => {
  const store = new LiveStore();
  store.ingest(message(4, { spans: [span("a", 9_000)], logs: [{ seq: 2, text: "x" }] }));
  store.ingest(message(9, { snapshot: true, spans: [span("a", 9_000), span("b", 12_000)], logs: [{ seq: 2, text: "x" }, { seq: 8, text: "y" }] }));
  assert.deepEqual(store.groups()[0].spans.map((one) => one.id), ["a", "b"]);
  assert.deepEqual(store.environments.get("e").logs.map((line) => line.seq), [2, 8]);
});

test("a real recording becomes lanes for platform, runtime and each extension, with both markers", () => {
  const store = new LiveStore();
  store.ingest({ ...golden("life"), last_seq: 82 });
  const [group] = store.groups();
  assert.deepEqual(group.lanes, ["platform", "runtime", "alpha", "beta"]);
  assert.deepEqual(new Set(group.markers.map((one) => one.kind)), new Set(["answered", "busy-until", "killed"]));
  assert.ok(group.markers.filter((one) => one.kind !== "killed").every((one) => one.offset_ms >= 0));
});

for (const name of ["life", "crash", "timeout", "function_error"]) {
  test(`every span and marker of the recording "${name}" is in the table, in order of time`, () => {
    const store = new LiveStore();
    const recording = golden(name);
    store.ingest({ ...recording, last_seq: 1_000 });
    const groups = store.groups().map((group) => ({ ...group, spans: group.spans.map((one) => ({ ...one, end_us: one.end_us ?? one.start_us })) }));
    assert.equal(groups.flatMap(linesOf).length, recording.spans.length + recording.markers.length);
    assert.match(summary(groups), /1 execution environment/);
  });
}

test("the store keeps the newest of a page that stays open for long", () => {
  const store = new LiveStore();
  for (let seq = 1; seq <= 9_000; seq += 1) store.ingest(message(seq, { spans: [span(`s${seq}`, 9_000)], logs: [{ seq, text: "x" }] }));
  const known = store.environments.get("e");
  assert.equal(known.spans.size, 4_000);
  assert.ok(known.spans.has("s9000") && known.logs.length === 3_000);
});

test("the newest environments are shown, living ones before ended ones", () => {
  const store = new LiveStore();
  for (const [id, startUs, ended] of [["old", 1, false], ["gone", 2, true], ["new", 3, false]]) {
    store.ingest({ ...message(1, { spans: [{ ...span("a", 9), start_us: startUs }], environment: { ended } }), environment_id: id });
  }
  assert.deepEqual(store.groups({ limit: 2 }).map((group) => group.id), ["old", "new"]);
});

test("the recording's clock goes on with the page's, and never back", () => {
  let pageMs = 0;
  const clock = new RecordingClock(() => pageMs);
  clock.heard(5_000_000);
  pageMs = 10;
  assert.equal(clock.nowUs(), 5_010_000);
  clock.heard(5_002_000);
  assert.equal(clock.nowUs(), 5_010_000);
});

test("tables sort by number, and what is undefined stays below", () => {
  const keys = ["12.3", "–", "1,234", "5"].map((text) => sortKey({ textContent: text, dataset: {} }));
  assert.deepEqual(keys.sort(compare), [-Infinity, 5, 12.3, 1234]);
});
