/** Rows of living environments while the page is open; same columns as parts/environment_table.html. */

import { clock, coarse, figure, shortId } from "../format.js";
import { stateClass, stateWords } from "../states.js";
import { make } from "./dom.js";

/** @param {HTMLElement} sign @param {object} environment */
export function showState(sign, environment, nowUs = null) {
  const since = nowUs && environment.busy && environment.holder_since_us ? (nowUs - environment.holder_since_us) / 1_000 : 0;
  const words = since > 1_000 ? `${stateWords(environment)} for ${coarse(since)}` : stateWords(environment);
  sign.className = `state state-${stateClass(environment)}`;
  if (sign.textContent !== words) sign.textContent = words;
}

/** @param {HTMLTableElement} table @param {Iterable<object>} environments of the store */
export function showEnvironments(table, environments) {
  const body = table.tBodies[0];
  for (const { id, environment } of environments) {
    if (!environment) continue;
    const old = body.querySelector(`[data-environment="${CSS.escape(id)}"]`);
    if (environment.ended) old?.remove();
    else if (old) update(old, environment);
    else body.prepend(rowOf(id, environment));
  }
  const empty = table.closest("section")?.querySelector("[data-environments-empty]");
  if (empty) empty.hidden = body.rows.length > 0;
}

/** Keeps "held by … for 2.1 s" true while nothing is recorded. @param {HTMLTableElement} table */
export function keepHolding(table, { store, nowUs }) {
  setInterval(() => {
    for (const { id, environment } of store.environments.values()) {
      if (!environment?.busy) continue;
      const sign = table.querySelector(`[data-environment="${CSS.escape(id)}"] [data-state]`);
      if (sign) showState(sign, environment, nowUs());
    }
  }, 500);
}

function update(row, environment) {
  showState(row.querySelector("[data-state]"), environment);
  row.cells[3].textContent = String(environment.invocations ?? "–");
  row.cells[4].textContent = figure(environment.cold_start_ms);
  row.cells[5].textContent = figure(environment.high_water_mb);
}

function rowOf(id, environment) {
  const link = make("a", { className: "mono", href: `/environments/${id}/` }, shortId(id));
  const name = encodeURIComponent(environment.function_name);
  const page = make("a", { href: `/functions/${name}/?version=${encodeURIComponent(environment.version)}` },
    `${environment.function_name}:${environment.version}`);
  const cells = [3, 4, 5].map(() => make("td", { className: "number" }));
  const began = environment.started_at_us ? clock(environment.started_at_us, false) : "";
  const row = make("tr", { className: "fresh", dataset: { environment: id } }, make("td", {}, link), make("td", {}, page),
    make("td", {}, make("span", { className: "state", dataset: { state: "" } })), ...cells, make("td", {}, began));
  update(row, environment);
  return row;
}
