// A model by its name, from the hub: only when somebody asked for it, only from the one origin that the page names (its
// policy allows no other, but for the hub's own storage, to which it forwards large files), and of large files only their
// beginning. What to ask for and what it means is the core's business (core/engines/hub_visit.h).
//
// `core`: worker() -> a CoreWorker (work.mjs), whose core says what comes next; tell(json) hands the page its progress, an
// error or the model.
//
// A token is part of the request's header and of nothing else.

const kMostBytes = 96 << 20;   // of one answer
const kMostRequests = 24;      // of one model
const kPatience = 60_000;      // ms, for one answer

// Who hosts the site may name another hub, here and in the policy beside it.
export function hubOrigin() {
  const named = document.querySelector('meta[name="plimsoll-hub"]')?.content ?? '';
  try {
    return new URL(named).origin;
  } catch {
    return 'https://huggingface.co';
  }
}

async function readUpTo(response, most) {
  const reader = response.body.getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (length >= most) {
      reader.cancel().catch(() => {});  // a host that knows no ranges sends all of a file; its beginning is enough
      break;
    }
  }
  const bytes = new Uint8Array(Math.min(length, most));
  let at = 0;
  for (const part of parts) {
    bytes.set(part.subarray(0, bytes.length - at), at);
    at += Math.min(part.length, bytes.length - at);
  }
  return bytes;
}

// Aborts when `other` does, or after kPatience. (AbortSignal.any and timeout are newer than the browsers that we promise.)
function patience(other) {
  const controller = new AbortController();
  const late = setTimeout(() => controller.abort(), kPatience);
  const abort = () => controller.abort();
  other?.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(late);
      other?.removeEventListener('abort', abort);
    },
  };
}

// Browsers do not tell a page why a request failed. What can be found out without telling anybody more is.
async function troubleWith(url, blocked) {
  if (blocked) return `this page's own policy does not allow ${blocked}`;
  if (navigator.onLine === false) return 'this device is offline';
  const wait = patience();
  try {
    await fetch(url, {mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer', method: 'GET', headers: {}, signal: wait.signal});
    return 'it is there, but does not let other pages read this (CORS)';
  } catch {
    return 'it cannot be reached';
  } finally {
    wait.end();
  }
}

export function createHub(core) {
  const origin = hubOrigin();
  let current = null;  // an AbortController while something is fetched

  async function fetchPart({path, bytes}, token, signal) {
    const url = origin + path;
    let blocked = '';
    const onBlocked = (event) => { blocked = event.blockedURI; };
    document.addEventListener('securitypolicyviolation', onBlocked);
    const wait = patience(signal);
    try {
      const headers = {};
      if (bytes > 0) headers.Range = `bytes=0-${bytes - 1}`;
      if (token) headers.Authorization = `Bearer ${token}`;
      const response = await fetch(url, {headers, signal: wait.signal, credentials: 'omit', referrerPolicy: 'no-referrer'});
      return {status: response.status, bytes: await readUpTo(response, bytes > 0 ? bytes : kMostBytes), trouble: ''};
    } catch (error) {
      if (signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve));  // the policy's event comes after the failure
      const trouble = wait.signal.aborted ? 'it takes too long' : await troubleWith(url, blocked);
      return {status: 0, bytes: new Uint8Array(0), trouble};
    } finally {
      wait.end();
      document.removeEventListener('securitypolicyviolation', onBlocked);
    }
  }

  async function visit(worker, {name, revision, token}, signal) {
    let {next} = await worker.ask({visit: {name, revision}});
    for (let count = 0; count < kMostRequests; ++count) {
      if (signal.aborted) return;
      const step = next.startsWith('{"path"') ? JSON.parse(next) : null;
      if (!step) {
        core.tell(next);
        return;
      }
      core.tell(JSON.stringify({progress: step.path.startsWith('/api/') ? 'its list of files' : step.path.split('/').at(-1)}));
      const {status, bytes, trouble} = await fetchPart(step, token, signal);
      if (signal.aborted) return;
      ({next} = await worker.ask({reply: {status, bytes, trouble}}));
    }
    core.tell(JSON.stringify({error: 'The hub asks for too many requests.'}));
  }

  return {
    host: new URL(origin).host,
    async ask(request) {
      current?.abort();
      if (navigator.onLine === false) {  // nor could a worker be loaded
        core.tell(JSON.stringify({error: `${request.name} could not be fetched: this device is offline.`}));
        return;
      }
      const mine = current = new AbortController();
      const worker = core.worker();
      try {
        await visit(worker, request, mine.signal);
      } catch (error) {
        if (!mine.signal.aborted) core.tell(JSON.stringify({error: `The model could not be fetched: ${error.message}.`}));
      }
      worker.end();
      if (current === mine) current = null;
    },
    stop() {
      current?.abort();
      current = null;
    },
  };
}
