// Work off the main thread: a worker with the whole core in it (worker.mjs), in a module that no first visit loads.
//
//   const worker = new CoreWorker(hear);
//   await worker.ask({files})   -> {file: JSON text} or {error: one line}; rejects with what else went wrong
//   worker.send({errand: {id, kind, question}})   hear() gets {id, share} and in the end {id, answer}
//   worker.send({drop: id})     nobody wants that answer any more
//   worker.end();               lets its memory go; what is under way is given up
//
// A frame without an origin may have no worker: there the same code works on the page's own thread, in slices.
import workerUrl from './worker.mjs?worker';

const possible = typeof Worker === 'function' && globalThis.origin !== 'null';
const address = () => new URL(workerUrl, import.meta.url);

function inThread(hear, fail) {
  const worker = new Worker(address(), {type: 'module'});
  worker.onmessage = ({data}) => hear(data);
  worker.onerror = (event) => fail(new Error(event.message ?? 'the worker could not start'));
  return {send: (message) => worker.postMessage(message), end: () => worker.terminate()};
}

function inPage(hear, fail) {
  let ended = false;
  const desk = import(address().href).then(({createDesk}) => createDesk((message) => !ended && hear(message)));
  desk.catch(fail);
  return {send: (message) => desk.then(({handle}) => !ended && handle(message), () => {}), end: () => { ended = true; }};
}

export class CoreWorker {
  #thread;
  #give_up = () => {};
  #answered = null;  // of ask()

  constructor(hear = () => {}) {
    this.#thread = (possible ? inThread : inPage)((data) => {
      if ('id' in data) hear(data);
      else this.#answered?.(data);
    }, (error) => {
      this.#give_up(error);
      hear({failure: error.message});
    });
  }

  send(message) {
    this.#thread.send(message);
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      this.#give_up = reject;
      this.#answered = (data) => (data.failure ? reject(new Error(data.failure)) : resolve(data));
      this.send(question);
    });
  }

  end() {
    this.#thread.end();
    this.#give_up(new Error('given up'));
  }
}

const kIdle = 60000;  // ms without a question, after which the worker's memory goes

// The page's questions (web/errands.h). `page`: wanted(id), progress(id, share), answer(id, text),
// changed(answered).
export function createErrands(page) {
  let worker = null;
  let idle = 0;
  const open = new Map();  // id -> kind

  function hear({id, share, answer, failure}) {
    if (failure) {
      for (const lost of open.keys()) page.answer(lost, JSON.stringify({error: failure}));
      open.clear();
      worker?.end();
      worker = null;
    } else if (answer === undefined) {
      page.progress(id, share);
    } else if (open.delete(id)) {
      page.answer(id, answer);
    }
    if (open.size === 0) rest();
    page.changed(answer !== undefined || failure !== undefined);
  }

  function rest() {
    clearTimeout(idle);
    idle = setTimeout(() => {
      worker?.end();
      worker = null;
    }, kIdle);
  }

  return {
    get busy() {
      return open.size > 0;
    },
    // `questions`: those that nobody has taken yet, [{id, kind, question}].
    run(questions) {
      for (const id of [...open.keys()]) {
        if (page.wanted(id)) continue;
        open.delete(id);
        worker?.send({drop: id});
      }
      for (const errand of questions) {
        clearTimeout(idle);
        worker ??= new CoreWorker(hear);
        open.set(errand.id, errand.kind);
        worker.send({errand});
      }
    },
  };
}
