/** Every record of an environment in a table: read in pages, continued while it lives, filtered by text. */

import { clock, figure } from "../format.js";
import { make } from "./dom.js";

const REFRESH_MS = 700;

export class EventTable {
  #after = 0;
  #lastNs = null;
  #timer = 0;
  #more = false;

  /** @param {HTMLElement} root with data-source */
  constructor(root) {
    this.source = root.dataset.source;
    this.rows = root.querySelector("[data-events-rows]");
    this.note = root.querySelector("[data-events-note]");
    this.filter = root.querySelector("[data-events-filter]");
    this.button = root.querySelector("[data-events-more]");
    this.filter.addEventListener("input", () => this.#applyFilter());
    this.button.addEventListener("click", () => this.#load());
  }

  /** Reads what is new, at most once per REFRESH_MS; further pages only on demand. */
  refresh() {
    if (this.#more) return;
    this.#timer ||= setTimeout(() => this.#load(), this.#after === 0 ? 0 : REFRESH_MS);
  }

  async #load() {
    try {
      const response = await fetch(`${this.source}?after=${this.#after}`);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const { events, more } = await response.json();
      this.rows.append(...events.filter((event) => event.seq > this.#after).map((event) => this.#row(event)));
      this.#after = events.at(-1)?.seq ?? this.#after;
      this.#more = more;
      this.button.hidden = !more;
      this.#applyFilter();
    } catch (error) {
      this.note.textContent = `The records could not be read: ${error.message}`;
    } finally {
      this.#timer = 0;
    }
  }

  #row(event) {
    const sinceMs = this.#lastNs === null ? null : (event.at_ns - this.#lastNs) / 1e6;
    this.#lastNs = event.at_ns;
    const record = typeof event.record === "string" ? event.record : JSON.stringify(event.record);
    return make("tr", {},
      make("td", { className: "number" }, String(event.seq)), make("td", {}, clock(event.at_ns / 1e3)),
      make("td", { className: "number" }, sinceMs === null ? "–" : figure(Math.max(0, sinceMs))),
      make("td", {}, event.party ?? "platform"), make("td", { className: "mono" }, event.type),
      make("td", { className: "mono wide" }, record));
  }

  #applyFilter() {
    const text = this.filter.value.trim().toLowerCase();
    let shown = 0;
    for (const row of this.rows.rows) {
      row.hidden = text !== "" && !row.textContent.toLowerCase().includes(text);
      if (!row.hidden) shown += 1;
    }
    this.note.textContent = text ? `${shown} of ${this.rows.rows.length}` : `${this.rows.rows.length}${this.#more ? ", more to come" : ""}`;
  }
}
