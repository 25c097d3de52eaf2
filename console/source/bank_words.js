// The sentences of the screens about one bank: its delivery, onboarding, leaving, erasures. `words.js` has all others.
import { grouped, many } from "./words.js";

export const wayOf = { queue: "It reads its queue", webhook: "It is called" };
export const itsServer = "Its server";
export const chooseWay = "Choose its delivery…";
export const rotateSecret = "Rotate the secret…";
export const sendTest = "Send a test event…";
export const chooseFormat = "Message format…";
export const url = "Called at";
export const bounds = "Bounds";
export const boundsAre = (customers, seconds) => `${many(customers, "customer")} at a time, ${many(seconds, "second")} for each answer`;
export const format = "Message format";
export const inFlight = "calls under way";
export const lastDelivered = "Last delivered";
export const secretMade = "Secret made";
export const formerUntil = "The former one signs until";

export const secretShown = "The secret that signs each call, shown this once:";
export const secret = "Signing secret";
export const chosenWay = { queue: "It reads its queue from now on.", webhook: "It is called from now on." };
export const rewinds = "A rewind sends what it has not confirmed by the new way.";
export const formerSigns = "The former secret signs beside it until";
export const outcomes = { delivered: "It took the test event.", refused: "It refused the test event.", configuration: "It cannot be called as it is set up.", overload: "It asked us to wait.", outage: "It does not answer.", unknown: "Nobody knows whether it took the test event.", fault: "The call failed on our side.", postponed: "The call was put off.", waiting: "The function that calls banks has not come to it yet. Ask again." };
export const answered = "It said";
export const httpStatus = "status";
export const took = "until it answered";

export const unfinished = "Onboardings that are not finished";
export const steps = { consumer: "the bank", queues: "its queues", broker_user: "its user of the broker", key: "its key and secrets" };
export const stepLevels = { open: "none", done: "ok", failed: "bad", undone: "none" };
export const stepStates = { open: "still to do", done: "done", failed: "failed", undone: "taken back" };
export const onboardingStates = { running: "goes on by itself", ready: "waits for somebody to take its secrets", undoing: "is being undone", done: "done", undone: "undone" };
export const goesOn = "Not all is made yet. It goes on by itself, and tries again after at most 15 minutes.";
export const isReady = "All is made but the secrets, which are shown once, to whoever asks for them now.";
export const isUndone = "It could not be made, and nothing of it is left. Its name is free again.";
export const takeSecrets = "Take its secrets…";
export const giveUp = "Give it up…";
export const triesInVain = (count) => `${many(count, "try", "tries")} in vain`;
export const onboarded = "The bank is onboarded. What follows is shown this once:";
export const onboardedGone = "Copy all of it now. It is kept nowhere.";
export const brokerUser = "User of the broker";
export const brokerPassword = "Password of the broker";
export const brokerUrl = "Broker";
export const queue = "Queue";

export const leaving = "Leaving";
export const staysNow = "When it leaves, its keys and its access stop at once. Its data is kept for a time, in which this can be taken back. Then its customers are erased and its queues deleted.";
export const offboard = "Offboard the bank…";
export const takeBack = "Take it back…";
export const leavesAt = "It leaves. Its customers are erased";
export const leavesIn = (time) => `in ${time}.`;
export const isEnding = (count) => `Its time is over. ${grouped(count)} of its customers are erased so far.`;
export const hasLeft = (count) => `It has left. ${many(count, "customer")} ${count === 1 ? "was" : "were"} erased.`;
export const leftAt = "Erased";
export const itsAccess = "User of the broker";
export const asked = "Asked for by";

export const exports = "Export";
export const exportHint = "All that the bank has, as files of JSON lines with a manifest of their counts and hashes.";
export const newExport = "Export all it has…";
export const lookAtExport = "Show the newest export";
export const noExport = "It has no export.";
export const exportStates = { running: "is being written", done: "is whole", removed: "its files were deleted" };
export const exportKinds = { customers: "customers", tags: "tags", snapshots: "snapshots", events: "events", receipts: "receipts", archived_events: "archived events", manifest: "the manifest" };
export const cutAt = "What was there at";
export const writesNow = (kind) => `it writes ${kind}`;
export const linksEnd = (minutes) => `The links end after ${many(minutes, "minute")}. Whoever has one can read its file.`;
export const manifest = "Manifest";
export const files = "Files";
export const moreFiles = "More files";
export const exportColumns = { number: "No.", kind: "What", lines: "Lines", size: "Size", sha: "SHA-256", file: "File" };

export const erasures = "Erasures";
export const noErasures = "No customer was erased.";
export const erasuresHint = "An erased customer’s events stay without the person.";
export const eraseOne = "Erase a customer…";
export const goOn = "Go on…";
export const notFinished = "not finished";
export const erasureColumns = { customer: "Customer", begun: "Begun", finished: "Finished", events: "Events", why: "Why", who: "Who" };
export const queueHolds = "Its queue may hold older messages until";

export const calledNow = "Your server takes what it is sent.";
export const calledNever = "Your server has taken no event yet.";
export const takesOnly = "Your server takes events, and has processed none yet.";
/** Step → what a called bank has to do until it is done. */
export const toDo = {
  connected: (seconds) => `Check the signature, and answer with a 2xx within ${many(seconds, "second")}.`,
  received: () => "Any 2xx says that you have an event.",
  processed: () => "Answer with {\"status\": \"processed\"}, or confirm it by API.",
};
export const calledNot = (words) => `Your server ${words}.`;
export const howCalled = "How you are called";
export const readCalled = "What your server has to do";
