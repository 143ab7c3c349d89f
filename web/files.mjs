// Model files that somebody drops on the page or opens: of each only its first bytes are read, here in the browser, as
// many as its header takes. What they mean is the core's business (core/files/model_file.h). A worker reads them, so that no
// file holds up the page.
//
// `core`: worker() -> a CoreWorker (work.mjs), take(json) what it read, forget() what is shown, isTextFile(name) of files that are
// texts, isTrace(text) and takeTrace(text) of a list of requests, takeText(file) of anything else to be checked, complain(text), changed().

const kMostFiles = 256;         // shards of one model
const kMostTrace = 4 << 20;     // a list of requests: the page takes 20,000 lines (schedule_state.h)

export function createFileReader(core) {
  const input = Object.assign(document.createElement('input'), {type: 'file', multiple: true, accept: '.gguf,.safetensors,.json,.csv,.log,.txt,.yaml,.yml,.sh,.service'});
  let turn = Promise.resolve();

  // Files that are one model.
  async function readModel(group) {
    const worker = core.worker();
    try {
      const {file, error} = await worker.ask({files: group});
      if (error) core.complain(error);
      else core.take(file);
    } finally {
      worker.end();
    }
  }

  // JSON files say what the model is and come first; weights are read together, as the shards that they are.
  async function readAll(list) {
    core.complain('');
    const isJson = (file) => /\.json$/i.test(file.name);
    const weights = list.filter((file) => !isJson(file));
    // An index dropped together with its shards is left out: the shards' headers say all that it says.
    const texts = list.filter((file) => isJson(file) && !(weights.length > 0 && /\.index\.json$/i.test(file.name)));
    try {
      if (list.length > kMostFiles) throw new Error(`${list.length} of them; at most ${kMostFiles} are read at once`);
      for (const group of [...(weights.length > 0 ? [weights] : []), ...texts.map((file) => [file])]) {
        await readModel(group);
        core.changed();
      }
    } catch (error) {
      core.complain(`The files could not be read: ${error.message}.`);
    }
  }

  // A list of requests, or something to be checked: its beginning tells.
  async function takeText(file) {
    if (!core.isTrace(await file.slice(0, 4096).text())) core.takeText(file);
    else if (file.size <= kMostTrace) core.takeTrace(await file.text());
    else core.complain(`${file.name} has ${(file.size / 2 ** 20).toFixed(0)} MiB; the page takes a trace of 20,000 requests, the command plimsoll schedule --trace one of a million.`);
  }

  function take(list) {
    const found = [...list].filter((file) => !core.isTextFile(file.name));
    for (const file of [...list].filter((each) => core.isTextFile(each.name))) takeText(file);
    if (found.length > 0) turn = turn.then(() => readAll(found));
  }

  input.addEventListener('change', () => {
    take(input.files);
    input.value = '';
  });

  const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
  const root = document.documentElement;

  return {
    ask: () => input.click(),
    forget() {
      core.forget();
      core.changed();
    },
    listen() {
      document.addEventListener('dragover', (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
        root.classList.add('dropping');
      });
      document.addEventListener('dragleave', (event) => {
        if (event.relatedTarget === null) root.classList.remove('dropping');
      });
      document.addEventListener('drop', (event) => {
        root.classList.remove('dropping');
        if (!holdsFiles(event)) return;
        event.preventDefault();
        take(event.dataTransfer.files);
      });
    },
  };
}
