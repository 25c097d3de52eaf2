// Where entries are kept: the browser's IndexedDB. A lost connection is opened again.

import { QueueError } from "./entries.js";

const DATABASE = "offlineQueue";
const STORE = "events";
const BY_POSITION = "by_position";
const BY_ORDER = "by_order"; // of a user's entries in one state, oldest first

/** The store of all users' entries. Each of its calls may fail with a `QueueError`. */
export function createStore() {
  let opened = null; // the promise of a connection

  function connection() {
    opened ??= connect().catch((error) => {
      opened = null;
      throw error;
    });
    return opened;
  }

  async function connect() {
    try {
      return await open(1);
    } catch (error) {
      if (error.name !== "VersionError") throw error;
      return open(); // a later version of this module was here; what it needs is there, too
    }
  }

  function open(version) {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, version);
      let isTooLate = false;
      request.onupgradeneeded = () => {
        const store = request.result.createObjectStore(STORE, { keyPath: "client_generated_id" });
        store.createIndex(BY_POSITION, "position");
        store.createIndex(BY_ORDER, ["user_id", "state", "position"]);
      };
      request.onblocked = () => {
        isTooLate = true;
        reject(new QueueError("storage", "Another tab blocks the storage; close that tab, or try again"));
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const db = request.result;
        db.onclose = () => (opened = null);
        db.onversionchange = () => close(db); // another tab changes or deletes the database
        if (isTooLate) db.close();
        else resolve(db);
      };
    });
  }

  function close(db) {
    db.close();
    opened = null;
  }

  /** Run `work` in a transaction; gives what `work` passed to its second argument, once complete. */
  async function transact(mode, durability, work) {
    try {
      return await attempt(await connection(), mode, durability, work);
    } catch (error) {
      if (error.name === "QuotaExceededError") throw told(error);
    }
    try {
      // What was aborted left nothing, so it may be done again: on a connection that lives.
      opened?.then((db) => db.close(), () => {});
      opened = null;
      return await attempt(await connection(), mode, durability, work);
    } catch (error) {
      throw told(error);
    }
  }

  function attempt(db, mode, durability, work) {
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, mode, { durability });
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error ?? new Error("it was aborted"));
      work(transaction.objectStore(STORE), (value) => (result = value));
    });
  }

  return {
    /** Keep a new entry; gives it with its position. It survives the end of the browser. */
    add: (entry) =>
      transact("readwrite", "strict", (store, give) => {
        store.index(BY_POSITION).openKeyCursor(null, "prev").onsuccess = ({ target }) => {
          // Clocks jump, so no time tells which entry is older.
          const added = { ...entry, position: (target.result?.key ?? 0) + 1 };
          store.put(added);
          give(added);
        };
      }),

    /** A user's oldest entries that wait. */
    oldest: (user, most) =>
      transact("readonly", "default", (store, give) => {
        const waiting = IDBKeyRange.bound([user, "pending"], [user, "pending", []]);
        store.index(BY_ORDER).getAll(waiting, most).onsuccess = ({ target }) => give(target.result);
      }),

    /** All of a user's entries, oldest first. */
    all: (user) =>
      transact("readonly", "default", (store, give) => {
        const own = IDBKeyRange.bound([user], [user, []]);
        store.index(BY_ORDER).getAll(own).onsuccess = ({ target }) =>
          give(target.result.sort((one, other) => one.position - other.position));
      }),

    /** How many entries a user has in each state. */
    count: (user) =>
      transact("readonly", "default", (store, give) => {
        const counts = {};
        give(counts);
        for (const state of ["pending", "stalled", "rejected"]) {
          const range = IDBKeyRange.bound([user, state], [user, state, []]);
          store.index(BY_ORDER).count(range).onsuccess = ({ target }) =>
            (counts[state] = target.result);
        }
      }),

    /**
     * Change entries as they stand now: `revise` gives what an entry becomes, null to remove it,
     * undefined to leave it. Gives what it became of those that changed.
     */
    change: (ids, revise) =>
      transact("readwrite", "relaxed", (store, give) => {
        const changed = [];
        give(changed);
        for (const id of ids) {
          store.get(id).onsuccess = ({ target }) => {
            const entry = target.result;
            const revised = entry && revise(entry);
            if (revised === undefined) return;
            if (revised === null) store.delete(id);
            else store.put(revised);
            changed.push(revised ?? entry);
          };
        }
      }),
  };
}

function told(error) {
  if (error instanceof QueueError) return error;
  if (error?.name === "QuotaExceededError") {
    return new QueueError("storage-full", "The browser's storage is full; nothing was saved", error);
  }
  const words = `The browser's storage does not work (${error?.name}); nothing was saved`;
  return new QueueError("storage", words, error);
}
