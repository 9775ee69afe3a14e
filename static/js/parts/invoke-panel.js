/** The Invoke panel: an event, a version, the answer at once, and the REPORT line when the extensions are done as well. */

import { duration } from "../format.js";
import { invoke } from "./invoke.js";

const PROGRESS_AFTER_MS = 1_000;

export class InvokePanel {
  #waitsFor = null;

  /** @param {HTMLFormElement} form parts/invoke_panel.html */
  constructor(form) {
    this.form = form;
    this.part = (name) => form.querySelector(`[data-${name}]`);
    this.event = this.part("event");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.run(1); });
    this.part("invoke-many").addEventListener("click", () => this.run(10));
    this.event.addEventListener("input", () => this.#check());
    this.event.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.run(1); }
    });
  }

  async run(times) {
    if (!this.#check()) return this.event.focus();
    const buttons = [this.part("invoke-button"), this.part("invoke-many")];
    for (const button of buttons) button.disabled = true;
    const timer = setTimeout(() => { this.part("progress").hidden = false; }, PROGRESS_AFTER_MS);
    for (let count = 0; count < times; count += 1) {
      const answer = await this.#once();
      this.#show(answer);
      if (answer.problem) break;
    }
    clearTimeout(timer);
    this.part("progress").hidden = true;
    for (const button of buttons) button.disabled = false;
  }

  /** Figures of finished invocations: completes the answer that is shown. */
  completed(invocations) {
    const own = invocations.find((one) => one.request_id === this.#waitsFor);
    if (own) this.#complete(own);
  }

  #once() {
    const fields = new FormData(this.form);
    return invoke(this.form.action, { qualifier: fields.get("qualifier"), payload: fields.get("payload") }, fields.get("csrfmiddlewaretoken"));
  }

  #check() {
    const problem = this.part("event-problem");
    try {
      JSON.parse(this.event.value);
      problem.hidden = true;
    } catch (error) {
      problem.textContent = `Not JSON: ${error.message}`;
      problem.hidden = false;
    }
    this.event.setAttribute("aria-invalid", String(!problem.hidden));
    return problem.hidden;
  }

  #show(answer) {
    this.part("result").hidden = false;
    const state = this.part("result-state");
    const failed = answer.problem !== undefined;
    state.className = `state state-${failed ? "error" : answer.status}`;
    state.textContent = failed ? answer.problem : `${answer.status}${answer.error_type ? ` ${answer.error_type}` : ""}, version ${answer.executed_version}`;
    this.part("result-clocks").textContent = failed ? answer.remedy : `answered here after ${duration(answer.round_trip_ms)}; extensions may still be at work`;
    this.part("result-payload").textContent = failed ? "" : pretty(answer.payload);
    this.part("result-payload").hidden = failed;
    this.part("result-report").hidden = true;
    this.part("result-link").parentElement.hidden = true; // its page exists when its figures do
    this.#waitsFor = failed ? null : answer.request_id;
    this.part("result-link").href = failed ? "#" : `/invocations/${encodeURIComponent(answer.request_id)}/`;
    const known = this.known?.(answer.request_id);
    if (known) this.#complete(known);
  }

  #complete(own) {
    const critical = own.extensions.find((one) => one.critical);
    const held = critical ? `, critical: ${critical.name}` : "";
    this.part("result-clocks").textContent =
      `▲ answered after ${duration(own.answered_after_ms)} · △ busy for ${duration(own.duration_ms)}${held}`;
    this.part("result-report").textContent = own.report_line ?? "";
    this.part("result-report").hidden = !own.report_line;
    this.part("result-link").parentElement.hidden = false;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // a function may answer anything
  }
}
