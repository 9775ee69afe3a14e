/** Moments in the reader's own zone; the exact one stays in `datetime` and in the title. */

import { clock } from "../format.js";

/** @param {ParentNode} root */
export function localTimes(root) {
  const today = new Date().toDateString();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.title = element.dateTime;
    const time = clock(at.getTime() * 1_000, element.hasAttribute("data-clock"));
    const day = at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
    element.textContent = at.toDateString() === today ? time : `${day} ${time}`;
  }
}
