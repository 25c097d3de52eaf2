// Every sentence of the console. `{…}` that depend on data are functions.
/** `1,204` */
export const grouped = (number) => number.toLocaleString("en");
export const many = (count, one, more = `${one}s`) => `${typeof count === "number" ? grouped(count) : count} ${count === 1 ? one : more}`;
export const events = (count) => many(count, "event");
/** `letters`, of one `letter`. */
export const unit = (count, words) => (count === 1 ? words.replace(/ies$/, "y").replace(/s$/, "") : words);
/** A refusal whose field is called as the page calls it: `per_second: must be …` is of no field that people see. */
export const forPeople = (sentence) => sentence.replace(/^(\w+): /, (all, name) => `${{ actor, reason: actWhy, ...filters, ...actFields }[name] ?? name}: `).replace(/[^.!?]$/, "$&.");

/** What further systems say alike. */
const FURTHER = { cutShort: "The search stopped at its bound: there may be more." };

export const brand = "Fintegrate";
export const skip = "Skip to the content";
export const search = "Id of event, customer, request; a bank";
export const searchLabel = "Search";
export const nothingFound = "Nothing found.";
export const results = (count) => many(count, "result");
export const screens = { now: "Now", events: "Events", event: "Event", lane: "Customer lane", failures: "Failures", replays: "Replays", banks: "Banks", bank: "Bank", ledger: "Ledger", audit: "Audit", connect: "Connect", streams: "Streams" };
export const systems = "System";
export const systemNames = { banking: "Banks", relay: "Relay", appevents: "App events" };
export const sections = "Screens";
export const noScreen = (name) => `There is no screen “${name}”.`;
export const notLoaded = "This screen could not be loaded. Look again to load the page anew.";
export const toNow = "Go to Now";

export const states = { waiting: "waits", held_back: "held back", publish_failed: "given up", in_queue: "in the queue", delivery_failed: "bank failed it", dead_lettered: "dead-lettered", skipped: "not to be sent", presigned: "upload allowed" };
export const types = { customer_creation: "creation", customer_deletion: "deletion", customer_status_change: "status change", consumer_created: "bank created" };
export const sides = { ours: "our side", broker: "the broker’s side", bank: "the bank’s side" };
export const held = { ours_ms: "Ours: request and outbox", held_back_ms: "Held back behind an earlier event", queue_ms: "In the queue, until the bank took it", bank_ms: "At the bank, until it was processed" };

export const signIn = "Sign in";
export const signOut = "Sign out";
export const key = "API key";
export const keyHint = "Sent once; the browser does not keep it.";
export const actor = "Your name";
export const actorHint = "For the audit log. The administrator must give one; a bank may.";
export const readOnly = "Only look: refuse every act";
export const sessionOver = "Your session ended. Sign in to be back on this view.";
export const signingIn = "Signing in…";
export const claimed = "the name is claimed, not proven";
export const administrator = "administrator";
export const looksOnly = "only looks";

export const connection = { away: "no answer", slow: "slowed down" };
export const pause = "Pause or go on (p)";
export const theme = { auto: "auto", light: "light", dark: "dark" };
export const themeLabel = (name) => `Colours: ${name}. Change them`;
export const zoneLabel = (name) => `Times are in ${name}. Your zone or UTC (u)`;
export const skewed = (seconds) => `This computer’s clock is ${Math.abs(seconds)} s ${seconds > 0 ? "behind" : "ahead of"} the server’s, by which times are shown.`;
export const help = "Keyboard (?)";
export const offline = "This browser is offline. Nothing was sent.";
export const noReply = "The API does not reply.";
export const tooLate = (seconds) => `No answer within ${seconds} s.`;
export const notOurs = (status) => `Status ${status}, and not in the API’s form.`;
export const noAnswer = (at) => (at ? `Showing ${at}.` : "Nothing to show yet.");
export const tryAgain = (seconds) => `Trying again in ${seconds} s.`;
export const slowed = (seconds) => `Live again in ${seconds} s.`;
export const tryNow = "Now";
export const request = "request";
export const ofRequest = "Request";
export const loading = "Loading";
export const close = "Close";
export const cancel = "Cancel";
export const copy = "Copy";
export const copied = "Copied";
export const copyLink = "Copy link";
export const copyCurl = "Copy as curl";
export const copyId = "Copy id";
export const time = "Time";
export const asTable = "As a table";
export const asOf = (at) => `as of ${at}`;
export const open = "Open";
export const unknown = "unknown";
export const older = "Older";
export const allShown = "That is all.";

export const needsYou = "What needs attention";
export const nothingNeeds = "Nothing needs you.";
export const nothingNeedsMore = "Events flow; what waits is within its bounds.";
export const firstStream = "Onboard a bank; its first event shows here.";
export const whatToDo = "what to do";
export const healsItself = "heals by itself";
export const healsNot = "does not heal by itself";
export const caughtUp = (time) => `caught up in about ${time}`;
export const sinceAt = (at, age) => `Since ${at} (${age})`;
export const trend = (came, went, waits) => `in 10 minutes ${events(came)} came in and ${events(went)} ended: ${waits && !came && !went ? "what waits stands still" : came === went ? "as before" : `${came > went ? "worse" : "better"} by ${events(Math.abs(came - went))}`}`;
export const summary = "Copy incident summary";
export const summaryTitle = (stage) => `# Fintegrate${stage ? ` ${stage}` : ""}: incident summary`;
export const pipeline = "Where events wait now";
export const allStreams = "all banks";
export const severalStreams = "several banks";
export const places = { outbox: "Outbox", queue: "In the queues", bank: "Received, not processed" };
export const owners = { outbox: "ours", queue: "queue → bank", bank: "bank" };
export const oldest = (age) => `oldest ${age}`;
export const behind = (count) => `${count} held back by order`;
export const givenUp = (count) => `${count} given up`;
export const failedInAll = (count) => `${count} failed`;
export const noReaders = (count, of) => (of === 1 ? "nobody reads it" : `${count} of ${of} queues without a reader`);
export const ofLast = (at) => `(numbers: from ${at} on)`;
export const perSecond = "/s";
export const lastHour = "Last hour, per minute";
export const hourSentence = (points, lines) => {
  const sum = (key) => points.reduce((all, point) => all + (point[key] ?? 0), grouped(0));
  return `Events per minute in the last hour: ${lines.map(({ key, name }) => `${sum(key)} ${name}`).join(", ")} in all.`;
};
export const system = "The system";
export const breaker = (state) => `breaker ${state}`;
export const schedules = "Schedules";
export const scheduleAgo = (name, age) => `${name} ${age} ago`;
export const neverRan = (name) => `${name} never`;
export const ledgerRow = "Ledger";
export const balancedAt = (at) => `balanced at ${at}`;
export const offAt = (count, at) => `${many(count, "discrepancy", "discrepancies")} at ${at}`;
export const notCounted = "not counted yet";
export const alerts = "Monitoring";
export const worstFirst = "worst first";
export const columns = {
  stream: "Bank", queue: "In its queue", lagP95: "Lag p95", spark: "Processed, last hour", customer: "Customer · no.", cause: "Cause, as it was said", seen: "First · last",
  letter: "Dead letter", whose: "Whose data", leftOut: "Left out", span: "Committed", rate: "At most", status: "State", pick: "Select", do: "Acts",
};
export const readers = (count) => (count === null || count === undefined ? "unknown" : many(count, "reader"));
/** How a called bank's server does: level and words. */
export const serverStates = { open: ["ok", "takes what it is sent"], waiting: ["warn", "asked us to wait"], failing: ["bad", "does not answer"], blocked: ["bad", "cannot be called as it is set up"] };
export const isCalled = "is called";
export const nowAt = (name, values) => `${name}, now ${values.at(-1) ?? 0}`;

export const match = (count, atLeast) => `${atLeast ? "at least " : ""}${typeof count === "number" ? grouped(count) : count} match`;
export const cutShort = "The search stopped after 2 s: there may be more.";
export const newer = (count) => `${events(count).replace(/(event)/, "newer $1")}. Show them`;
export const headIsLive = "New events appear here by themselves.";
export const headIsPaused = "Paused: press p to go on.";
export const noEvents = "No event matches.";
export const anyTime = "any time";
export const allOfIt = "without a filter";
export const lookedFor = (filters) => (filters.length ? `Looked for: ${filters.join(", ")}.` : "Looked for every event.");
export const csv = "CSV";
export const csvMore = "These are the first 10,000 rows. Narrow the time for the rest.";
export const saveView = "Save view";
export const savedViews = "Saved views";
export const viewName = "A name for this view";
export const saveIt = "Save";
export const forgetIt = "Forget";
export const select = (id) => `Select ${id}`;
export const clearSelection = "Clear the selection";
export const replayThese = "Replay these…";
export const replaySelected = (count) => `Replay ${count} selected…`;
export const replayNeeds = "A replay takes no reason, request or text. Select events instead.";
export const behindNumber = (count) => `behind ${count}`;
export const filters = { consumer_id: "bank", customer_id: "customer", request_id: "request", contains: "message contains", actor: "person", status_code: "answer", matched: "event", failure_group: "cause" };
export const yesNo = { true: "yes", false: "no" };
export const timeHint = (zone) => `−1h, −7d, now, 14:00 (today), or 2026-11-26 02:00; in ${zone}`;
export const idHint = "an id";
export const apply = "Apply";
export const remove = (name) => `Remove ${name}`;
export const unknownFilter = (names) => `The address has ${names.length === 1 ? "a filter" : "filters"} that this view does not know: ${names.join(", ")}.`;
export const notATime = (name) => `${name}: this is no time. Take −1h, 14:00, or 2026-11-26 02:00.`;
export const fromAfterTo = "from lies after to. Nothing was asked.";
export const notAnId = (name) => `${name}: this is not an id. An id is a UUID.`;
export const notAChoice = (name, value) => `${name}: there is no “${value}”.`;
export const containsSpan = "“message contains” needs at most 24 hours. Set “from”.";

export const whatHappened = "What happened";
export const stepsOf = { publish_attempt: "Publishing tried", reopened: "Taken up again", published: "Published, confirmed by the broker", redelivered: "Sent again", received: "Received by the bank", processed: "Processed by the bank", failed: "Failed by the bank", dead_lettered: "Dead-lettered" };
/** The words for what has none of its own: `given_up` is “Given up”. */
export const asWords = (step) => (step[0].toUpperCase() + step.slice(1)).replaceAll("_", " ");
export const laneTitle = "This customer, in order";
export const openLane = "Open the lane";
export const message = "Message";
export const showMessage = "Show the message";
export const showAudited = "Asking for it writes a row into the audit log.";
export const shownAudited = "Shown because you asked: it is in the audit log.";
export const cut = (shown, whole) => `The first ${shown} of ${whole} characters.`;
export const download = "Download";
export const receipts = "Receipts";
export const letters = "Dead letters";
export const laneOfStream = "Its lane";
export const laneState = "State";
export const laneStates = { waiting: "waits as it was told", failing: "does not answer" };
export const laneSince = "Since";
export const laneNext = "Next try";
export const lanePausing = "Nothing is sent there until it is resumed. What waits is kept until it is too old.";
export const otherStreams = "At the other destinations";
export const known = "What is known of it";
export const madeBy = "made by request";
export const since = "since";
const FAILED = "Nothing more happens by itself: send it again.";
/** State → what follows, or has to. */
export const next = { waiting: "It is tried again each minute.", held_back: "It goes after the one before it.", publish_failed: FAILED, in_queue: "The bank’s program has to read it.", received: "The bank’s program has to confirm it.", delivery_failed: FAILED, dead_lettered: FAILED };
export const attempts = "Attempts";
export const trace = "trace";
export const openTrace = "open the trace";
export const noEvent = "There is no such event, or it is another bank’s.";
export const number = (sequence) => `number ${sequence}`;
export const sendAgain = "Send again…";
export const giveUp = "Give this event up…";
export const eraseCustomer = "Erase this customer…";
export const behindEvent = "It waits for";
export const laneHolds = (count) => `${events(count)} ${count === 1 ? "waits" : "wait"} behind it.`;
export const laneFree = "Nothing waits.";
export const headOf = (sequence) => `Number ${sequence} holds the others`;
export const lastProcessed = (sequence) => `Last processed: number ${sequence ?? "—"}.`;
export const needCustomer = "Which customer? Open an event, or search for the customer’s id.";

export const tabs = { causes: "By cause", letters: "Dead letters", unmatched: "Matching no event" };
export const noFailures = "Nothing failed.";
export const noLetters = "There are no dead letters.";
export const rest = (groups, count) => `${many(groups, "more group")} with ${events(count)}.`;
export const requeueAll = (count) => `Requeue ${count}…`;
export const resolveAll = (count) => `Mark ${count} as resolved…`;
export const requeueMatching = "Requeue all that match…";
export const requeueIt = "Requeue…";
export const resolveIt = "Mark as resolved…";
export const notText = (size) => `Not text: ${many(size ?? 0, "byte")}, as base64:`;
export const properties = "Properties";
export const superseded = "a later copy was sent";
export const resolvedBy = (who, why) => `resolved by ${who}: ${why}`;
export const bytes = (size) => (size >= 1024 ? `${Math.round(size / 1024)} KiB` : `${size ?? "—"} B`);

export const newReplay = "New replay…";
export const missed = "I missed something…";
export const before = "Before";
export const aKey = "a key, without a name";
export const noJobs = "No replay was made yet.";
export const replayHint = "A replay sends again what a bank has missed, in order, no faster than you say.";
export const waitsFor = (what) => `waiting: ${what}`;
/** What a job did not send, but put back to wait; at first, what becomes of it. */
export const putBack = (count, isFresh) => `${grouped(count)} put back${isFresh ? `: ${count === 1 ? "it is" : "they are"} sent in the next minute` : " to wait"}`;
export const jobCounts = (job, isFresh) => `${grouped(job.sent - job.put_back)} of ${grouped(job.matched)} sent${job.put_back ? ` · ${putBack(job.put_back, isFresh)}` : ""} · ${grouped(job.confirmed_again)} confirmed again · ${grouped(job.refused)} refused · ${grouped(job.left_out)} left out`;
export const jobRate = (now, most) => `${now ?? 0} of at most ${most} a second`;
export const eta = (time) => `about ${time} to go`;
export const progress = "Progress";
export const ofItsTime = "All events of its time";
export const doPause = "Pause";
export const doResume = "Resume";
export const doCancel = "Cancel…";
export const doRate = "Change rate…";
export const jobTitle = (job) => `${job.consumer_name}: ${job.mode === "all" ? "everything" : "what it missed"}`;

export const onboard = "Onboard a bank…";
export const issueKey = "Issue a key…";
export const rotateKey = "Rotate the key…";
export const endKey = "Deactivate the key…";
export const activate = "Activate…";
export const deactivate = "Deactivate…";
export const itsQueue = "Its queue";
export const messages = "messages";
export const readersNow = "readers";
export const lastProcessedAgo = "since the last processed";
export const itsKey = "Its key";
/** The end of a key; one that is a lifetime away is none. */
export const keyEnds = (seconds, span, at) => (seconds > 3e9 ? "never ends" : `ends in ${span(seconds)}, at ${at}`);
export const noKey = "It has no active key.";
export const last24 = "Last 24 hours, per hour";
export const itsViews = "Its views";
export const noStreams = "There is no bank yet.";
export const keptUp = "in the last 24 hours";

export const everythingAdds = "Everything adds up";
export const notAdding = "It does not add up";
export const countedAt = (at) => `counted at ${at}`;
export const countNow = "Count now";
export const ledgerColumns = { committed: "Committed", published: "= published", pending: "+ pending", failed: "+ failed", delivered: "Delivered", undelivered: "+ undelivered", delivery_failed: "+ failed by the bank", dead_lettered: "+ dead-lettered", balanced: "Adds up" };
export const inAll = "All banks";
export const discrepancies = {
  missing_events: "A customer’s numbers have a gap: an event is missing.",
  events_of_no_customer: "An event of no customer.",
  events_of_anothers_customer: "An event of another bank’s customer.",
  events_beyond_the_last: "A number beyond its customer’s last.",
  events_of_no_consumer: "An event of no bank.",
  publish_failed_unacknowledged: "An event was given up without a reason.",
  deliveries_without_publish: "Delivered, and never published.",
  deliveries_without_receipt: "An event is delivered without a receipt.",
  failures_without_cause: "A delivery failed without a cause.",
  receipts_that_contradict: "A receipt contradicts its event.",
  receipts_without_event: "A receipt belongs to no event.",
};
/** What is missing has no row, so nothing leads to it. */
export const missingIs = "Only the number is known, neither the event nor its customer: a query finds those.";
export const noDiscrepancy = "No discrepancy.";
export const discrepancyTitle = "Discrepancies, and what they mean";
export const yes = "yes";
export const no = "no";
export const recoveryDue = "The database was restored, and no recovery followed. The ledger does not balance until then.";

export const noAudit = "No row matches.";
export const whoDidWhat = "Who did what";

export const waitsForYou = "What waits for you";
export const lagNow = "p95, commit to processed";
export const facts = "AMQP facts";
export const schemas = "Event types and schemas";
export const schema = "Schema";
export const program = "A program in 20 lines";
export const yourKey = "Your key";
export const onlyAdmin = "· Only the administrator can rotate it.";
export const testCustomer = "Make a test customer…";
export const watchIt = "Watch it arrive";
export const keepsUp = "Your program keeps up.";
export const notYet = "Your program does not read yet.";
export const notNow = "Your program does not read now.";
export const readsOnly = "Your program reads, and has not processed yet.";

export const actWhy = "Why";
export const actWhyHint = "kept in the audit log";
export const actTypeName = (name) => [`Type `, name, ` to confirm`];
export const actCommand = "The same as a command";
export const actAs = (who, role) => `as ${who}${role ? `, ${role}` : ""}`;
export const actAgain = "Look again";
export const actWorking = "Working…";
export const actDone = "Done";
export const actTypeWhy = "From 1,000 events on, for a whole bank, and where there is no way back.";
export const actChooseFirst = "Choose the bank first.";
export const actUnread = "No program reads the bank’s queue: what is sent waits there.";
export const actFull = "The bank’s queue is full, or nearly: the rest waits until it has room.";
export const actTwice = (count) => `${grouped(count)} of these ${count === 1 ? "is" : "are"} still in the bank’s queue: it gets ${count === 1 ? "it" : "them"} twice.`;
export const actTakes = (count, most, time) => `${events(count)} at ${most} a second: about ${time}.`;
export const actOldest = "the oldest";
export const actStay = "left as they are";
export const actAtLeast = "at least";
export const actLate = (count) => `${grouped(count)} ${count === 1 ? "comes" : "come"} late:`;
export const actLateMore = "a later event of their customer was sent. A program that goes by the number passes over them.";
export const actByState = "By state";
export const actByReason = "These stay as they are";
export const actWider = "Their reasons differ in a number or an id, so this takes all that ended there in this way.";
export const actWholeFunction = "All its dead letters, the oldest 100 in one call; those that the broker still holds, later. Their tries begin anew.";
export const actErases = "The name, tags and snapshots go, and what events tell of the person. The reason stays: it must not name the person.";
export const actEraseLeft = "Something is left. Do it again: it goes on where it ended.";
export const actMoreLeft = "More match than one call takes. Do it again for the rest.";
export const actByTenant = "By bank";
export const actReadOnly = "This session only looks: acts are refused.";
export const actNoWayBack = "There is no way back.";
export const actNothing = "Nothing matches: there is nothing to do.";
export const actInAudit = "See it in the audit log";
export const actFields = { per_second: "At most, per second", customer_id: "Customer", display_name: "Name that people read", delivery: "How it gets its events", url: "Address that is called", max_in_flight: "Customers at a time", timeout_seconds: "Seconds for an answer", message_format: "Message format", rewind: "What waits or is not confirmed", include_late: "Late ones", mode: "What", consumer_name: "Name of the bank", consumer_id: "Bank", from: "From", to: "To", name: "Name of the customer", key: "Your API key", overlap_minutes: "The old key works on for, in minutes", expires_in_days: "The key ends in, in days", include_failed: "What the bank failed" };
export const actHints = { consumer_name: "a–z, 0–9 and _: its queues bear it", key: "The administrator’s own, typed again.", per_second: "1 to 500; live events go first", url: "https, at a public address", max_in_flight: "1 to 100", timeout_seconds: "1 to 30", customer_id: "An id; also of one that was deleted", include_late: "Their customer’s later events were sent." };
export const actChoices = { delivery: { queue: "it reads its queue", webhook: "it is called" }, message_format: { json: "JSON", xml: "XML" }, rewind: { "": "then change nothing", true: "send it by the new way" }, include_late: { "": "leave them out", true: "send them too" }, mode: { missed: "what was not processed", all: "everything, processed ones too" } };
export const actKeyShown = "The new key, shown this once:";
export const actKeyGone = "Copy it now. It is kept nowhere.";
export const actResults = { attempted: "tried", succeeded: "sent", failed: "refused", skipped: "left out", resolved: "resolved", released_count: "go on behind it", reopened_count: "taken up again", late_count: "late", event_count: "events without the person", total_pending: "matched", go_count: "made due again", stay_count: "left as they are", redriven: "sent back", left: "left for another call" };
export const acts = {
  resend: ["Send this event again"],
  replay: ["Replay events", (count) => `Replay ${events(count)}`],
  again: ["Send events again", (count) => `Send ${events(count)} again`],
  skip: ["Give this event up"],
  requeue: ["Requeue dead letters", (count) => `Requeue ${many(count, "letter")}`],
  resolve: ["Mark dead letters as resolved", (count) => `Mark ${many(count, "letter")} as resolved`],
  onboard: ["Onboard a bank"],
  giveUpOnboarding: ["Give the onboarding up"],
  delivery: ["Choose the delivery"],
  rotateSecret: ["Rotate the secret"],
  tryDelivery: ["Send a test event"],
  format: ["Choose the message format"],
  offboard: ["Offboard the bank"],
  takeBack: ["Take the offboarding back"],
  exportBank: ["Export all it has"],
  erase: ["Erase this customer"],
  issue: ["Issue a key"],
  rotate: ["Rotate the key"],
  endKey: ["Deactivate the key"],
  activate: ["Activate the bank"],
  deactivate: ["Deactivate the bank"],
  pause: ["Pause the replay"],
  resume: ["Resume the replay"],
  rate: ["Change the rate"],
  cancel: ["Cancel the replay"],
  test: ["Make a test customer"],
  deliver: ["Send deliveries again", (count) => `Send ${many(count, "delivery", "deliveries")} again`],
  pauseLane: ["Pause the destination"],
  resumeLane: ["Resume the destination"],
  redrive: ["Send dead letters back", (count) => `Send ${many(count, "letter")} back`],
};

export const keysTitle = "Keyboard";
export const keysOn = "Single-key shortcuts";
export const keyWords = [["/", "search"], ["g then a letter", "go to a screen"], ["j k", "next, previous row"], ["Enter", "open"], ["x", "select"], ["Esc", "close"], ["n", "show newer events"], ["p", "pause or go on"], ["u", "your zone or UTC"], ["?", "this list"]];

/** System → what it says in its own words; where a further one has none of its own, it says what banking says. */
export const OF = {
  banking: {
    search,
    screens,
    columns,
    filters,
    states,
    types,
    yesNo,
    stepsOf,
    places,
    owners,
    sides,
    held,
    behind,
    allStreams,
    noStreams,
    firstStream,
    noEvent,
    message,
    showMessage,
    cutShort,
  },
  relay: {
    ...FURTHER,
    search: "Id of event, order; a destination",
    screens: { streams: "Destinations" },
    columns: { stream: "Destination", committed: "Accepted", own: "The shop’s id", outbox: "Waits", spark: "Delivered, last hour" },
    filters: { stream: "destination", own: "the shop’s id" },
    steps: { committed: "accepted", processed: "delivered" },
    stepsOf: { attempt: "Sent", failed: "Failed", replayed: "Made due again" },
    places: { outbox: "Not yet sent", bank: "Waits for its receiver" },
    owners: { bank: "receivers" },
    sides: { bank: "the receiver’s side" },
    held: { ours_ms: "Ours: taken in, and waited for its turn", held_back_ms: "Held back: the destination was not open", bank_ms: "At the receiver, until it answered" },
    behind: (count) => `${count} held back`,
    allStreams: "all destinations",
    noStreams: "There is no destination yet.",
    firstStream: "A storefront and a credential or an sGTM configuration make one.",
    noEvent: "There is no such delivery.",
    message: "What the shop reported, without user data",
    showMessage: "Show it",
    itsEvents: "Its deliveries",
    factsOfStream: { outbox: "not sent yet", behind: "of these held back", failed: "failed or expired", lagP95: "p95, accepted to delivered" },
  },
  appevents: {
    ...FURTHER,
    search: "Id of event, upload, user; a function",
    screens: { streams: "Functions" },
    columns: { stream: "Function", committed: "Accepted", own: "User", spark: "Processed, last hour" },
    filters: { stream: "function", own: "event or user" },
    steps: { committed: "accepted" },
    stepsOf: { published: "Published", delivered: "Delivered to its function", processed: "Processed", failed: "Failed", redriven: "Sent back to its function", presigned: "Upload allowed" },
    owners: { queue: "functions" },
    sides: { bank: "the function’s side" },
    held: { ours_ms: "Ours: until it was published", queue_ms: "In its queue, and with its function" },
    allStreams: "all functions",
    noStreams: "There is no function yet.",
    firstStream: "The first event of an app shows here.",
    noEvent: "There is no such event.",
    message: "Its fields, without what a user wrote",
    showMessage: "Show them",
    itsEvents: "Its events",
    factsOfStream: { outbox: "not yet published", queue: "published, no outcome yet", failed: "rejected, or dead letters", lagP95: "p95, accepted to processed" },
  },
};
