/** One invocation: its waterfall, and what each process used. Still, unless it is looked at while it happens. */

import "../timeline/element.js";
import { LiveStore } from "../live/store.js";
import { drawChart } from "../parts/charts.js";
import { pageData } from "../parts/dom.js";

const timeline = document.querySelector("life-timeline");
const requestId = document.querySelector("[data-request]").dataset.request;
const store = new LiveStore();
store.ingest(pageData("picture"));
const groups = store.groups().map((group) => ({ ...group, note: group.id }));
const own = groups.flatMap((group) => [...group.spans, ...group.markers.map((one) => ({ ...one, start_us: one.at_us, end_us: one.at_us }))])
  .filter((span) => span.request_id === requestId || /init$/.test(span.kind));
if (own.length > 0) {
  timeline.span = {
    startUs: Math.min(...own.map((span) => span.start_us)),
    endUs: Math.max(...own.map((span) => span.end_us ?? span.start_us)),
  };
}
timeline.now = () => store.newestUs;
timeline.groups = groups;
for (const name of ["memory", "cpu"]) drawChart(document.querySelector(`[data-chart="${name}"]`), pageData(name));
