// Texts that somebody pastes, drops or opens to have them checked. Short ones go straight to the page, which asks its worker; long ones,
// logs of many megabytes, are handed to a worker of their own as they are, and the page shows their beginning. Nothing is sent
// anywhere.
//
// `page`: text(text), beginning(text, note), answer(json), worker() -> a CoreWorker (work.mjs), complain(text).

const kShort = 200_000;       // characters that travel as they are; the core reads other texts than logs up to 256 KiB
const kShown = 4_000;         // of a long one
const kMost = 64 << 20;       // bytes; the core reads no more

// Names of files that are texts of this kind, not a model's.
const kTexts = /\.(log|txt|out|err|csv|ya?ml|sh|bash|zsh|ps1|bat|cmd|py|service|conf|env|md)$|(^|[\\/.])(dockerfile|containerfile|modelfile|nohup)[^\\/]*$/i;
export const isTextFile = (name) => kTexts.test(name);

export function createChecker(page) {
  let current = null;

  // A file, or a text: to make a file of a long text takes longer than a frame.
  async function readLong(text, head, name) {
    current?.end();
    const worker = current = page.worker();
    const size = ((text.size ?? text.length) / (1 << 20)).toFixed(1);
    page.beginning(head, `The beginning of ${name ? `${name}, ` : ''}${size} MB; all of it is read.`);
    try {
      const {checked} = await worker.ask({text});
      if (current === worker) page.answer(checked);
    } catch (error) {
      if (current === worker) page.answer(JSON.stringify({error: `The text could not be read: ${error.message}.`}));
    } finally {
      worker.end();
      if (current === worker) current = null;
    }
  }

  const tooLong = (name, size) => page.complain(`${name} has ${(size / (1 << 20)).toFixed(0)} MB; at most ${kMost >> 20} are read.`);

  return {
    take(text) {
      current?.end();
      current = null;
      if (text.length <= kShort) page.text(text);
      else if (text.length > kMost) tooLong('The text', text.length);
      else readLong(text, text.slice(0, kShown));
    },
    async takeFile(file) {
      if (file.size > kMost) return tooLong(file.name, file.size);
      if (file.size <= kShort) return this.take(await file.text());
      return readLong(file, await file.slice(0, kShown).text(), file.name);
    },
  };
}
