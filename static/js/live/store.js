/**
 * What is known of every execution environment, kept by one rule: messages may come twice, late or not at all, and nothing
 * that was shown is taken away for it. Spans and markers are upserted by (environment, id); a message whose `last_seq` is
 * known already is a duplicate. Pure: no DOM, no socket.
 */

import { stateWords } from "../states.js";

const MOST_LOGS = 3_000;
const MOST_INVOCATIONS = 500;
const MOST_SPANS = 4_000;

export class LiveStore {
  constructor() {
    /** @type {Map<string, object>} */
    this.environments = new Map();
    this.newestUs = 0;
  }

  /** Takes one message of the feed. Returns the environment's record, or null for a duplicate. */
  ingest(message) {
    const id = message.environment_id ?? message.environment?.environment_id;
    if (!id) throw new TypeError("a live message needs environment_id");
    const known = this.#environment(id);
    if (message.last_seq !== undefined && message.last_seq <= known.lastSeq) return null;
    for (const span of message.spans ?? []) this.#upsert(known.spans, span);
    for (const marker of message.markers ?? []) this.#upsert(known.markers, marker);
    for (const invocation of message.invocations ?? []) known.invocations.set(invocation.request_id, invocation);
    known.newLogs = (message.logs ?? []).filter((line) => line.seq > known.lastLogSeq);
    known.logs.push(...known.newLogs);
    known.lastLogSeq = known.newLogs.at(-1)?.seq ?? known.lastLogSeq;
    if (message.environment) known.environment = message.environment;
    known.lastSeq = Math.max(known.lastSeq, message.last_seq ?? message.environment?.last_seq ?? 0);
    this.#bound(known);
    return known;
  }

  /** `{environment: seq}`: where to go on after the connection was lost. */
  cursors() {
    return Object.fromEntries([...this.environments].map(([id, known]) => [id, known.lastSeq]));
  }

  /** The newest `limit` environments, living ones first among equals, oldest on top so that time also runs down. */
  groups({ limit = 4, lanes = null } = {}) {
    const all = [...this.environments.values()].filter((known) => known.spans.size > 0);
    const start = (known) => known.spans.values().next().value.start_us;
    const rank = (known) => (known.environment?.ended ? 0 : 1);
    const newest = all.sort((a, b) => rank(b) - rank(a) || start(b) - start(a)).slice(0, limit);
    return newest.sort((a, b) => start(a) - start(b)).map((known) => groupOf(known, lanes));
  }

  #environment(id) {
    if (!this.environments.has(id)) {
      this.environments.set(id, {
        id, environment: null, spans: new Map(), markers: new Map(), invocations: new Map(), logs: [], newLogs: [],
        lastSeq: 0, lastLogSeq: 0,
      });
    }
    return this.environments.get(id);
  }

  #upsert(map, item) {
    map.set(item.id, item);
    this.newestUs = Math.max(this.newestUs, item.at_us ?? item.end_us ?? item.start_us);
  }

  /** A page that stays open for a day keeps the newest only. */
  #bound(known) {
    for (const [map, most] of [[known.spans, MOST_SPANS], [known.markers, MOST_SPANS], [known.invocations, MOST_INVOCATIONS]]) {
      for (const key of map.keys()) {
        if (map.size <= most) break;
        map.delete(key);
      }
    }
    if (known.logs.length > MOST_LOGS) known.logs.splice(0, known.logs.length - MOST_LOGS);
  }
}

/** One environment as the timeline wants it. */
export function groupOf(known, lanes = null) {
  const environment = known.environment ?? {};
  const spans = [...known.spans.values()];
  const starts = new Map(spans.filter((span) => span.kind === "invoke").map((span) => [span.request_id, span.start_us]));
  const markers = [...known.markers.values()].map((marker) => {
    const start = starts.get(marker.request_id);
    return start === undefined ? marker : { ...marker, offset_ms: (marker.at_us - start) / 1_000 };
  });
  return {
    id: known.id,
    title: `${environment.function_name ?? "environment"}:${environment.version ?? "?"}`,
    note: `${known.id.slice(0, 8)} · ${stateWords(environment)}`,
    lanes: lanes ?? lanesOf(environment, spans),
    spans,
    markers,
  };
}

function lanesOf(environment, spans) {
  const first = ["platform", "runtime", ...(environment.extensions ?? [])];
  return [...new Set([...first, ...spans.map((span) => span.lane)])];
}

/**
 * The recording's clock on this page: the newest moment heard of, carried on by the page's own clock. The two machines' clocks
 * need not agree; the lead only ever grows, so a bar never shrinks.
 */
export class RecordingClock {
  #leadUs = -Infinity;

  constructor(pageMs = () => performance.now()) {
    this.pageMs = pageMs;
  }

  heard(us) {
    this.#leadUs = Math.max(this.#leadUs, us - this.pageMs() * 1_000);
  }

  nowUs() {
    return this.#leadUs === -Infinity ? Date.now() * 1_000 : this.pageMs() * 1_000 + this.#leadUs;
  }
}
