/** Brings a part of the page up to date that has no live form: the server renders it again. At most once per WAIT_MS. */

import { makeSortable } from "./sortable.js";
import { localTimes } from "./times.js";

const WAIT_MS = 3_000;
let timer = 0;

/** @param {string} selector of exactly one element */
export function refreshSoon(selector) {
  timer ||= setTimeout(() => refresh(selector), WAIT_MS);
}

async function refresh(selector) {
  try {
    const response = await fetch(location.href);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(selector);
    document.querySelector(selector).replaceWith(fresh);
    localTimes(fresh);
    for (const table of fresh.querySelectorAll("table[data-sortable]")) makeSortable(table);
  } catch (error) {
    console.warn(`${selector} could not be refreshed`, error);
  } finally {
    timer = 0;
  }
}
