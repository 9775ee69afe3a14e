/** One function live: timeline, invocations, log, charts, and the Invoke panel. */

import "../timeline/element.js";
import { duration } from "../format.js";
import { goLive } from "../live/page.js";
import { drawChart } from "../parts/charts.js";
import { pageData } from "../parts/dom.js";
import { linkChoice, showInvocations } from "../parts/invocation-rows.js";
import { InvokePanel } from "../parts/invoke-panel.js";
import { LogTail } from "../parts/log-tail.js";

const CHARTS_WAIT_MS = 1_000;

const timeline = document.querySelector("life-timeline");
const table = document.querySelector("table[data-invocations]");
const log = new LogTail(document.querySelector("[data-log]"));
const panel = new InvokePanel(document.querySelector("form[data-invoke]"));
const memory = document.querySelector('[data-chart="memory"]');
let chartsTimer = 0;
let announced = performance.now();

const { store } = goLive({
  subscription: pageData("subscription"),
  timeline,
  onChange: (seen) => {
    showInvocations(table, seen.invocations);
    panel.completed(seen.invocations);
    log.add(seen.logs.sort((a, b) => a.at_us - b.at_us));
    if (seen.invocations.length > 0) {
      announce(seen.invocations.at(-1));
      chartsTimer ||= setTimeout(charts, CHARTS_WAIT_MS);
    }
  },
});
panel.known = (requestId) => [...store.environments.values()].map((one) => one.invocations.get(requestId)).find(Boolean);
linkChoice(table, timeline);
document.querySelector("[data-version]").addEventListener("change", (event) => {
  const version = event.target.value;
  location.assign(version ? `?version=${encodeURIComponent(version)}` : location.pathname);
});
charts();

/** At most one refresh a second, however many invocations there are: the page must not disturb what it shows. */
async function charts() {
  try {
    const response = await fetch(memory.dataset.source);
    if (!response.ok) throw new Error(`${response.status}`);
    const figures = await response.json();
    await drawChart(memory, figures.memory);
    await drawChart(document.querySelector('[data-chart="cpu"]'), figures.cpu);
  } catch (error) {
    console.warn("the charts could not be refreshed", error);
  } finally {
    chartsTimer = 0;
  }
}

/** For screen readers: the newest result, at most every five seconds. */
function announce(invocation) {
  if (performance.now() - announced < 5_000) return;
  announced = performance.now();
  document.querySelector("[data-announce]").textContent =
    `Invocation ${invocation.status}, answered after ${duration(invocation.answered_after_ms)}, busy for ${duration(invocation.duration_ms)}.`;
}
