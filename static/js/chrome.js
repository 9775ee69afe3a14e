/** What every page has around its content: theme switch, search and shortcut keys, times in the reader's zone, sorting. */

import { localTimes } from "./parts/times.js";
import { makeSortable } from "./parts/sortable.js";

const THEMES = ["auto", "light", "dark"];
const themeSwitch = document.querySelector("[data-theme-switch]");
const sheet = document.querySelector("dialog.shortcuts");

function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  themeSwitch.textContent = `Theme: ${theme}`;
}

function storedTheme() {
  const stored = localStorage.getItem("lambdasim.theme");
  return THEMES.includes(stored) ? stored : "auto";
}

themeSwitch.addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(storedTheme()) + 1) % THEMES.length];
  localStorage.setItem("lambdasim.theme", next);
  applyTheme(next);
});

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("#search").focus();
  } else if (event.key === "?") sheet.showModal();
});

document.querySelector("[data-shortcuts]").addEventListener("click", () => sheet.showModal());
sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());

applyTheme(storedTheme());
localTimes(document);
for (const table of document.querySelectorAll("table[data-sortable]")) makeSortable(table);
