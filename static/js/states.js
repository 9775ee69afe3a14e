/** An environment's state in words and as a CSS class; the same rules as dashboard/states.py. No DOM. */

/** What is said of a phase, by the beginning of its name. */
const PHASE_WORDS = [
  ["PREPARED", "prepared"], ["INIT", "initialising"], ["IDLE", "idle"], ["INVOKE", "invoke"], ["RESET", "reset"],
  ["NEW", "initialises with the next invocation"], ["SHUTDOWN", "shutting down"], ["DEAD", "ended"],
];

/** The state of an environment in words; who holds it, when it is busy. @param {object} environment */
export function stateWords(environment) {
  if (environment.ended) return environment.end_reason ? `ended: ${environment.end_reason}` : "ended";
  if (environment.frozen) return "frozen";
  const holders = environment.holders ?? [];
  if (environment.busy && holders.length > 0) return `held by ${holders.join(", ")}`;
  const phase = environment.phase ?? "";
  return PHASE_WORDS.find(([beginning]) => phase.startsWith(beginning))?.[1] ?? "starting";
}

/** The sign beside the words. @param {object} environment */
export function stateClass(environment) {
  if (environment.ended) return "ended";
  if (environment.frozen) return "frozen";
  if (/^(PREPARED|INIT|NEW)/.test(environment.phase || "INIT")) return "init";
  return environment.busy ? "busy" : "idle";
}
