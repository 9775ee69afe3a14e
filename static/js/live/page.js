/**
 * A live page: connection → store → what shows it. Messages are taken at once; whoever shows something is told once per
 * frame, with the environments that changed.
 */

import { LiveConnection } from "./connection.js";
import { LiveStore, RecordingClock } from "./store.js";

/**
 * @param {{subscription: object, timeline?: HTMLElement, limit?: number, onChange?: (changed: Set<object>, store: LiveStore) => void}} options
 */
export function goLive({ subscription, timeline = null, limit = 4, onChange = () => {} }) {
  const store = new LiveStore();
  const recording = new RecordingClock();
  const connection = new LiveConnection(subscription, () => store.cursors());
  const changed = new Set();
  const invocations = new Map();
  const logs = [];
  let scheduled = false;
  let received = 0;

  const show = () => {
    scheduled = false;
    if (timeline) timeline.groups = store.groups({ limit });
    const seen = { environments: new Set(changed), invocations: [...invocations.values()], logs: logs.splice(0) };
    changed.clear();
    invocations.clear();
    onChange(seen, store);
  };

  connection.addEventListener("message", ({ data }) => {
    if (data.resync || data.error) return;
    const events = data.snapshot ? 0 : data.last_seq - data.first_seq + 1;
    const before = store.newestUs;
    const known = store.ingest(data);
    if (!known) return;
    received += events;
    if (store.newestUs > before && !data.snapshot) recording.heard(store.newestUs);
    else recording.heard(Math.max(store.newestUs, latestLog(data)));
    changed.add(known);
    for (const invocation of data.invocations ?? []) invocations.set(invocation.request_id, invocation);
    for (const line of known.newLogs) logs.push({ ...line, environmentId: known.id });
    if (scheduled) return;
    scheduled = true;
    setTimeout(show, 16); // not a frame: hidden tabs have none, and must not fall behind
  });

  if (timeline) timeline.now = () => recording.nowUs();
  indicate(connection, () => {
    const count = received;
    received = 0;
    return count;
  });
  connection.open();
  return { store, connection, nowUs: () => recording.nowUs() };
}

const latestLog = (data) => data.logs?.at(-1)?.at_us ?? 0;

/** The header's indicator: connected with events per second, reconnecting, or paused. A click pauses and goes on. */
function indicate(connection, takeCount) {
  const sign = document.querySelector("[data-live]");
  const words = (rate) => ({
    connected: rate > 0 ? `live · ${rate} events/s` : "live",
    reconnecting: "reconnecting…",
    paused: "paused",
  })[connection.state];
  const show = () => {
    sign.hidden = false;
    sign.dataset.state = connection.state;
    const text = words(takeCount());
    if (sign.textContent !== text) sign.textContent = text;
  };
  sign.addEventListener("click", () => connection.toggle());
  connection.addEventListener("state", show);
  setInterval(show, 1_000);
}
