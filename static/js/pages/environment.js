/** One life: timeline, invocations, log, and every record as it was recorded. */

import "../timeline/element.js";
import { goLive } from "../live/page.js";
import { pageData } from "../parts/dom.js";
import { showState } from "../parts/environment-rows.js";
import { EventTable } from "../parts/event-table.js";
import { linkChoice, showInvocations } from "../parts/invocation-rows.js";
import { LogTail } from "../parts/log-tail.js";

const subscription = pageData("subscription");
const timeline = document.querySelector("life-timeline");
const table = document.querySelector("table[data-invocations]");
const log = new LogTail(document.querySelector("[data-log]"));
const events = new EventTable(document.querySelector("[data-events]"));

goLive({
  subscription,
  timeline,
  limit: 1,
  onChange: (seen) => {
    showInvocations(table, seen.invocations);
    log.add(seen.logs);
    events.refresh();
    for (const { environment } of seen.environments) {
      showState(document.querySelector("[data-environment-state]"), environment);
      if (environment.ended) document.querySelector("[data-stop]")?.remove();
    }
  },
});
linkChoice(table, timeline);
events.refresh();
