/**
 * Pointer, wheel and keyboard to commands; the element decides what a command does. A plain wheel scrolls the page: zooming
 * needs Ctrl or ⌘, as on a map. Every gesture has a key.
 */

/** @type {Readonly<Record<string, {command: string, argument?: number, means: string}>>} keys as in Perfetto */
export const KEYS = Object.freeze({
  w: { command: "zoom", argument: 1.5, means: "zoom in" },
  s: { command: "zoom", argument: 1 / 1.5, means: "zoom out" },
  a: { command: "pan", argument: -0.2, means: "earlier" },
  d: { command: "pan", argument: 0.2, means: "later" },
  ArrowUp: { command: "zoom", argument: 1.5, means: "zoom in" },
  ArrowDown: { command: "zoom", argument: 1 / 1.5, means: "zoom out" },
  ArrowLeft: { command: "pan", argument: -0.2, means: "earlier" },
  ArrowRight: { command: "pan", argument: 0.2, means: "later" },
  f: { command: "fit", means: "fit everything" },
  0: { command: "reset", means: "back to the newest (or to where the page began)" },
  ",": { command: "step", argument: -1, means: "previous invocation" },
  ".": { command: "step", argument: 1, means: "next invocation" },
  Enter: { command: "open", means: "open the chosen invocation" },
  Escape: { command: "choose", means: "choose none" },
});

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(command: string, argument?: object|number) => void} run
 * @param {() => number} plotLeft px from the canvas' left edge to the plot
 */
export function listen(canvas, run, plotLeft) {
  const pointers = new Map();
  let moved = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left - plotLeft(), y: event.clientY - box.top };
  };

  canvas.addEventListener("keydown", (event) => {
    const key = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    run(key.command, event.shiftKey && typeof key.argument === "number" ? larger(key) : key.argument);
  });

  canvas.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      run("zoomAt", { factor: Math.exp(-event.deltaY * 0.004), x: place(event).x });
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      run("panPx", sideways);
    }
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = 0;
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) return run("hover", now);
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) return pinch([...pointers.values()], before, now, run);
    moved += Math.abs(now.x - before.x);
    if (moved > 3) run("panPx", before.x - now.x);
  });

  const release = (event) => {
    if (pointers.delete(event.pointerId) && moved <= 3 && event.type === "pointerup") run("choose", place(event));
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => run("hover", null));
  canvas.addEventListener("dblclick", (event) => run("zoomToHit", place(event)));
}

const larger = (key) => (key.command === "zoom" ? key.argument ** 3 : key.argument * 4);

function pinch([one, other], before, now, run) {
  const distance = (a, b) => Math.max(1, Math.abs(a.x - b.x));
  const still = one === now ? other : one;
  run("zoomAt", { factor: distance(now, still) / distance(before, still), x: (now.x + still.x) / 2 });
}
