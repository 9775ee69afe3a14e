/**
 * What each kind of span and marker is called, meant and drawn like. A table: a kind that is missing here is drawn as
 * `unknown`, in words. Colours are CSS tokens (dashboard/palette.py, KIND_TOKENS); the pattern is the second cue.
 * Definitions follow AWS Lambda's developer guide, "Lambda execution environment lifecycle", and the Telemetry API.
 */

/** @typedef {{word: string, token: string, pattern: string, inset: number, order: number, definition: string}} Kind */

const kind = (word, token, pattern, inset, order, definition) =>
  Object.freeze({ word, token, pattern, inset, order, definition });

/** @type {Readonly<Record<string, Kind>>} */
export const KINDS = Object.freeze({
  frozen: kind("frozen", "phase-frozen", "wide", 0, 0,
    "All processes stopped → first one continued. Nothing runs and nothing is billed."),
  slack: kind("slack", "phase-frozen", "dotted", 0, 1,
    "This extension was done; the environment waited for another one."),
  init: kind("INIT", "phase-runtime-init", "outline", 3, 2,
    "Init Duration: first process started → last party's first next."),
  invoke: kind("INVOKE", "phase-invoke", "solid", 3, 2,
    "Duration: event handed out → the runtime's next, plus the post-runtime time of the extensions."),
  shutdown: kind("SHUTDOWN", "phase-shutdown", "vertical", 3, 2,
    "Extensions get SHUTDOWN and what is left of the budget; then the processes are ended."),
  reset: kind("RESET", "status-error", "vertical", 3, 2,
    "After a failure or a timeout the environment is shut down and initialised anew inside the next invocation."),
  "extension-init": kind("extension init", "phase-extension-init", "rising", 3, 3,
    "Process started → its first event/next."),
  "runtime-init": kind("runtime init", "phase-runtime-init", "falling", 3, 3,
    "Runtime process started → the handler's module begins to load."),
  "function-init": kind("function init", "phase-function-init", "dots", 3, 3,
    "The handler's module begins to load → the runtime's first next."),
  handler: kind("handler", "phase-invoke", "solid", 3, 3,
    "Event handed to the runtime → its response. The caller is answered at its end."),
  working: kind("working", "phase-invoke", "thin", 8, 3,
    "Event handed to the extension → the runtime's next: work beside the handler, which costs no time of its own."),
  tail: kind("tail", "phase-tail", "notch", 3, 4,
    "The runtime's next → this extension's own next. The longest tail is PostRuntimeExtensionsDuration."),
});

const UNKNOWN = kind("other", "text-muted", "outline", 3, 5, "A kind of span this page has no name for.");

/** @param {string} name @returns {Kind} */
export const kindOf = (name) => KINDS[name] ?? UNKNOWN;

/** @type {Readonly<Record<string, {word: string, glyph: string, token: string, definition: string}>>} */
export const MARKERS = Object.freeze({
  answered: { word: "answered", glyph: "▲", token: "marker",
    definition: "The response left for the caller. What happens later, the caller does not wait for." },
  "busy-until": { word: "busy until", glyph: "△", token: "marker",
    definition: "The last extension asked for the next event: only now can the environment take another invocation." },
  error: { word: "error", glyph: "✕", token: "status-error", definition: "A process or the function failed." },
  killed: { word: "killed", glyph: "✕", token: "status-error", definition: "The process was ended by SIGKILL." },
  timeout: { word: "timeout", glyph: "✕", token: "status-error", definition: "The function's timeout elapsed." },
});

/** @param {string} name */
export const markerOf = (name) => MARKERS[name] ?? MARKERS.error;
