/** What is alive now, live; and the tour: the samples in turn, each with what to look at. */

import "../timeline/element.js";
import { goLive } from "../live/page.js";
import { pageData } from "../parts/dom.js";
import { keepHolding, showEnvironments } from "../parts/environment-rows.js";
import { linkChoice, showInvocations } from "../parts/invocation-rows.js";
import { invoke } from "../parts/invoke.js";
import { refreshSoon } from "../parts/refresh.js";

/** Long enough to read a step's sentence and to see its extensions finish. */
const READING_MS = 2_500;

const timeline = document.querySelector("life-timeline");
const environments = document.querySelector("table[data-environments]");
const invocations = document.querySelector("table[data-invocations]");
const button = document.querySelector("[data-tour]");

const live = goLive({
  subscription: { function_name: null },
  timeline,
  onChange: (seen) => {
    showEnvironments(environments, seen.environments);
    showInvocations(invocations, seen.invocations);
    if (seen.invocations.length > 0) refreshSoon("[data-functions]");
  },
});
keepHolding(environments, live);
linkChoice(invocations, timeline);
button?.addEventListener("click", () => tour(pageData("tour")));

async function tour(steps) {
  const note = document.querySelector("[data-tour-note]");
  const progress = document.querySelector("[data-tour-progress]");
  const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
  button.disabled = true;
  progress.hidden = false;
  const failed = [];
  for (const [place, step] of steps.entries()) {
    note.textContent = `${place + 1} of ${steps.length} · ${step.function}:${step.version} · ${step.says}`;
    for (let time = 0; time < step.times; time += 1) {
      const body = { qualifier: step.version, payload: step.event };
      const answer = await invoke(`/functions/${encodeURIComponent(step.function)}/invoke/`, body, csrf);
      if (answer.problem) failed.push(`${step.function}:${step.version}: ${answer.problem} ${answer.remedy}`);
    }
    await new Promise((resolve) => setTimeout(resolve, READING_MS));
  }
  note.textContent = failed[0] ?? "The tour is over. Choose a function below to see it alone, or an invocation to take it apart.";
  progress.hidden = true;
  button.disabled = false;
}
