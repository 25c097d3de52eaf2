// Whether there is a connection, and a switch that takes it away for a demonstration.
//
// The switch acts on the pages' own calls in all tabs of this browser. Everything else, the queue
// included, sees what it would see without a network: navigator.onLine, the events and failing calls.
// It must be imported before anything that calls.

const PRETENDED = "pretend-offline";
const really = Object.getOwnPropertyDescriptor(Navigator.prototype, "onLine").get.bind(navigator);
const realFetch = window.fetch.bind(window);

export const isPretended = () => localStorage.getItem(PRETENDED) !== null;
export const isOnline = () => really() && !isPretended();

Object.defineProperty(navigator, "onLine", { configurable: true, get: isOnline });
window.fetch = (...request) =>
  isPretended() ? Promise.reject(new TypeError("Failed to fetch")) : realFetch(...request);

/** Take the connection away, or give it back. */
export function pretendOffline(wanted) {
  if (wanted === isPretended()) return;
  if (wanted) localStorage.setItem(PRETENDED, "1");
  else localStorage.removeItem(PRETENDED);
  announceNetwork();
}

addEventListener("storage", (event) => {
  if (event.key === PRETENDED) announceNetwork();
});

function announceNetwork() {
  if (really()) dispatchEvent(new Event(isPretended() ? "offline" : "online"));
}

/** Call `listener(is online)` now and at each change. */
export function onNetwork(listener) {
  const look = () => listener(isOnline());
  addEventListener("online", look);
  addEventListener("offline", look);
  look();
}
