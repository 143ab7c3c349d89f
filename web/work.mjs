// Work off the main thread: a worker with the core in it (worker.mjs), for one question at a time.
//
//   const worker = new CoreWorker(compiledModule);
//   await worker.ask({files})   -> {file: JSON text} or {error: one line}; rejects with what else went wrong
//   worker.end();               // lets its memory go; an ask that is under way is given up
//
// `CoreWorker.possible` is false where the browser allows none (a sandboxed frame without an origin): do it in slices instead.
import workerUrl from './worker.mjs?worker';

export class CoreWorker {
  static possible = typeof Worker === 'function' && globalThis.origin !== 'null';
  #worker;
  #give_up = () => {};

  constructor(compiled) {
    this.#worker = new Worker(new URL(workerUrl, import.meta.url), {type: 'module'});
    this.#worker.postMessage({module: compiled});
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      const failed = (message) => reject(new Error(message));
      this.#give_up = () => failed('given up');
      this.#worker.onmessage = ({data}) => (data.failure ? failed(data.failure) : resolve(data));
      this.#worker.onerror = (event) => failed(event.message ?? 'the worker could not start');
      this.#worker.postMessage(question);
    });
  }

  end() {
    this.#worker.terminate();
    this.#give_up();
  }
}
