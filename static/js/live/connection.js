/**
 * The page's WebSocket: connects, and connects again for ever, going on at the store's cursors. Says how it is (`state`) and
 * hands out every message (`message`); knows nothing of what they mean.
 */

const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 5_000;

export class LiveConnection extends EventTarget {
  #socket = null;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #paused = false;

  /** @param {object} subscription what to follow @param {() => object} cursors where to go on */
  constructor(subscription, cursors) {
    super();
    this.subscription = subscription;
    this.cursors = cursors;
    this.state = "reconnecting";
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (event) => event.persisted && !this.#paused && this.open());
  }

  open() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/live/`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#wait = FIRST_WAIT_MS;
      socket.send(JSON.stringify({ subscribe: { ...this.subscription, cursors: this.cursors() } }));
      this.#say("connected");
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.dispatchEvent(new MessageEvent("message", { data: JSON.parse(event.data) }));
    });
    socket.addEventListener("close", () => socket === this.#socket && this.#again());
  }

  /** Paused, the page keeps what it shows; going on, it catches up from its cursors. */
  toggle() {
    this.#paused = !this.#paused;
    if (!this.#paused) return this.open();
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#timer);
    socket?.close();
    return this.#say("paused");
  }

  #again() {
    this.#say("reconnecting");
    this.#timer = setTimeout(() => this.open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, MOST_WAIT_MS);
  }

  #say(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
