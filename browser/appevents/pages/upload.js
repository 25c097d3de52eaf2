// An upload from the choice of a file to its post: asked for, sent straight to the object store with
// progress, completed, processed.

import { isOnline } from "./network.js";
import { Refused, call, wordsOf } from "./session.js";

const FORBIDDEN = ["content-length", "host"]; // the browser sets these itself
const FIRST_LOOK = 1000, LAST_LOOK = 5000, LOOK_SLOWER = 1.2;

/** A failure whose text is for the user. */
class Failed extends Error {}

/**
 * Upload a file. `show(step, facts)` is told "asking", "sending" {percent}, "completing", "processing"
 * and "processed". Returns the video. Throws an Error whose text is for the user; after a failure the
 * same upload may be called again with the same id.
 */
export async function upload(file, title, id, show, signal) {
  try {
    show("asking");
    const offered = (await offer(file, title, id)).upload;
    show("sending", { percent: 0 });
    const parts = await sendFile(file, offered, id, (percent) => show("sending", { percent }), signal);
    show("completing");
    await call("POST", `/videos/${id}/complete`, parts ? { parts } : {});
    show("processing");
    return await processed(id, signal);
  } catch (error) {
    if (error instanceof Failed) throw error;
    throw new Error(signal.aborted ? "Stopped." : wordsOf(error));
  }
}

function offer(file, title, id) {
  return call("POST", "/videos", {
    client_generated_id: id,
    filename: file.name,
    content_type: file.type,
    size_bytes: file.size,
    ...(title && { title }),
  });
}

/** Send the file in one piece, or in parts whose ETags the completion needs. */
async function sendFile(file, offered, id, progress, signal) {
  if (!offered.parts) {
    await put(offered, file, (sent) => progress((100 * sent) / file.size), signal);
    return null;
  }
  const { part_size: size, part_count: count } = offered;
  const known = new Map(offered.parts.map((part) => [part.part_number, part]));
  const done = [];
  for (let number = 1; number <= count; number += 1) {
    const part = known.get(number) ?? (await fresh(id, number));
    const from = (number - 1) * size;
    const piece = file.slice(from, from + size);
    const etag = await put(part, piece, (sent) => progress((100 * (from + sent)) / file.size), signal);
    done.push({ part_number: number, etag });
  }
  return done;
}

async function fresh(id, number) {
  const { upload: offered } = await call("POST", `/videos/${id}/upload-url`, { part_numbers: [number] });
  return offered.parts[0];
}

/** One PUT to the store. XMLHttpRequest, because fetch tells no progress of what it sends. */
function put({ url, headers }, body, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const fail = (words) => reject(new Failed(words));
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      if (!FORBIDDEN.includes(name)) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () =>
      request.status < 300
        ? resolve(request.getResponseHeader("etag"))
        : fail(`The object store refused the file (${request.status}).`);
    request.onerror = () => fail(isOnline() ? "The object store does not answer." : "There is no connection.");
    request.onabort = () => fail(isOnline() ? "Stopped." : "The connection was lost. Upload the file again.");
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}

/** A look that fails for lack of an answer is made again: the video is safe in the store by now. */
async function processed(id, signal) {
  for (let wait = FIRST_LOOK; !signal.aborted; wait = Math.min(wait * LOOK_SLOWER, LAST_LOOK)) {
    const video = await call("GET", `/videos/${id}`).catch((error) => {
      if (error instanceof Refused && error.status < 500 && error.status !== 429) throw error;
      return {};
    });
    if (video.status === "processed" && video.post_id) return video;
    if (video.status === "failed") throw new Failed(`The video cannot be shown: ${video.failure.reason}`);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  throw new Failed("This page waits no longer. The video is processed all the same.");
}
