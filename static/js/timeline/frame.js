/** What `<life-timeline>` is made of: toolbar, canvas, tip, table. Built once, when the element is connected. */

import { KEYS } from "./gestures.js";

const BUTTONS = [
  { name: "reset", text: "Live", title: "Follow the newest (0)", run: ["reset"] },
  { name: "fit", text: "Fit", title: "Fit everything (f)", run: ["fit"] },
  { name: "zoom-out", text: "−", title: "Zoom out (s)", run: ["zoom", 1 / 1.5] },
  { name: "zoom-in", text: "+", title: "Zoom in (w)", run: ["zoom", 1.5] },
  { name: "previous", text: "‹", title: "Previous invocation (,)", run: ["step", -1] },
  { name: "next", text: "›", title: "Next invocation (.)", run: ["step", 1] },
];

/** @param {HTMLElement} element @param {(command: string, argument?: number) => void} run */
export function build(element, run) {
  const tools = make("div", "timeline-tools", { role: "toolbar", "aria-label": "Timeline" });
  for (const one of BUTTONS) tools.append(button(element, one, run));
  element.canvas = make("canvas", "timeline-canvas", {
    tabindex: "0", role: "img", "aria-label": "Timeline", "aria-keyshortcuts": Object.keys(KEYS).join(" "),
  });
  element.tip = make("div", "timeline-tip", { hidden: "" });
  element.details = make("details", "timeline-table", {});
  const head = make("summary", "", {});
  head.textContent = "Timeline as a table";
  element.holder = make("div", "table-scroll", {});
  element.details.append(head, element.holder);
  element.append(tools, element.canvas, element.tip, element.details);
}

function button(element, { name, text, title, run: command }, run) {
  const made = make("button", `button-small timeline-${name}`, { type: "button", title, "aria-label": title });
  made.textContent = name === "reset" && !element.hasAttribute("live") ? "Reset" : text;
  made.addEventListener("click", () => run(...command));
  return made;
}

function make(tag, className, attributes) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
