/** The live tail of a log: follows the newest line unless paused or scrolled away; filters by process. */

import { clock } from "../format.js";
import { make } from "./dom.js";

const MOST_LINES = 2_000;

export class LogTail {
  #waiting = [];
  #paused = false;

  /** @param {HTMLElement} root parts/log.html */
  constructor(root) {
    this.lines = root.querySelector("[data-log-lines]");
    this.party = root.querySelector("[data-log-party]");
    this.button = root.querySelector("[data-log-pause]");
    this.parties = new Set();
    this.button.addEventListener("click", () => this.#toggle());
    this.party.addEventListener("change", () => this.#filter());
  }

  /** @param {{at_us: number, party: string, text: string, request_id: ?string}[]} lines */
  add(lines) {
    if (this.#paused) {
      this.#waiting.push(...lines);
      this.#waiting.splice(0, this.#waiting.length - MOST_LINES);
      this.#label();
      return;
    }
    if (lines.length === 0) return;
    this.lines.querySelector(".log-empty")?.remove();
    const follows = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < 24;
    for (const line of lines) this.#meet(line.party);
    this.lines.append(...lines.slice(-MOST_LINES).map((line) => this.#row(line)));
    while (this.lines.childElementCount > MOST_LINES) this.lines.firstElementChild.remove();
    if (follows) this.lines.scrollTop = this.lines.scrollHeight;
  }

  #row(line) {
    return make("div", { className: "log-line", hidden: this.#hides(line.party), dataset: { party: line.party } },
      make("time", {}, clock(line.at_us)),
      make("span", { className: "log-party", title: line.party }, line.party),
      make("span", { className: "log-text" }, line.text));
  }

  #hides(party) {
    return this.party.value !== "" && this.party.value !== party;
  }

  #meet(party) {
    if (this.parties.has(party)) return;
    this.parties.add(party);
    this.party.append(make("option", { value: party }, party));
  }

  #filter() {
    for (const line of this.lines.querySelectorAll(".log-line")) line.hidden = this.#hides(line.dataset.party);
    this.lines.scrollTop = this.lines.scrollHeight;
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.button.setAttribute("aria-pressed", String(this.#paused));
    if (!this.#paused) this.add(this.#waiting.splice(0));
    this.#label();
  }

  #label() {
    const waiting = this.#waiting.length;
    this.button.textContent = this.#paused ? `Go on${waiting ? ` (${waiting} new)` : ""}` : "Pause";
  }
}
