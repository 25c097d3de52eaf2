// Which of a browser's tabs sends a user's entries, and what tabs tell each other.

const NAME = "offlineQueue";
const CALL_ANSWERED_WITHIN = 5_000;

/**
 * This tab among others. The tab that holds the user's lock leads: it sends. Without locks or without a
 * channel each tab leads. `onLead` is called when this tab begins to lead, `onCall` when another tab
 * wants this one to send, `onTold` with what another tab tells.
 */
export function createTabs({ onLead, onCall, onTold }) {
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(NAME) : null;
  const locks = channel && globalThis.navigator?.locks;
  let user = null;
  let leads = false;
  let candidacy = null; // the request for the lock that counts
  let unanswered; // a timer
  let isClosed = false;

  function post(message) {
    if (!isClosed) channel?.postMessage(message);
  }

  if (channel) {
    channel.onmessage = ({ data: message }) => {
      if (message.call === undefined && message.here === undefined) return onTold(message);
      if (message.user !== user) return;
      if (message.here) clearTimeout(unanswered);
      else if (leads) {
        post({ here: true, user });
        onCall(message.call);
      }
    };
  }

  function begin() {
    clearTimeout(unanswered);
    leads = true;
    onLead();
  }

  function ask(steal) {
    const own = (candidacy = { control: new AbortController(), give: () => {} });
    const held = () =>
      new Promise((resolve) => {
        if (candidacy !== own) return resolve();
        own.give = resolve;
        begin();
      });
    const options = steal ? { steal } : { signal: own.control.signal };
    locks.request(`${NAME}:${user}`, options, held).catch((error) => {
      if (candidacy !== own) return;
      leads = false;
      if (error.name === "AbortError") ask(false); // another tab has taken it; line up again
      else begin(); // this page may not use locks
    });
  }

  function resign() {
    clearTimeout(unanswered);
    leads = false;
    const former = candidacy;
    candidacy = null;
    former?.control.abort();
    former?.give();
  }

  return {
    leads: () => leads,
    resign,

    /** From now on lead, or line up to lead, for this user. */
    follow(next) {
      resign();
      user = next;
      if (user === null) return;
      if (locks) ask(false);
      else begin();
    },

    /** Have the leading tab send. A tab that does not answer is frozen, and this one takes its place. */
    call(level) {
      if (!locks || isClosed) return;
      post({ call: level, user });
      clearTimeout(unanswered);
      unanswered = setTimeout(() => {
        resign();
        ask(true);
      }, CALL_ANSWERED_WITHIN);
    },

    /** Tell all other tabs. */
    tell: post,

    close() {
      resign();
      isClosed = true;
      channel?.close();
    },
  };
}
