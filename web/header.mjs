// The estimator's header and footer: copying the link, the embed dialog, the theme.

const byId = (id) => document.getElementById(id);

async function copyText(text, button) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or not a secure context: select it for the person to copy.
    const field = Object.assign(document.createElement('textarea'), {value: text});
    (button.closest('dialog') ?? document.body).append(field);
    field.select();
    copied = document.execCommand('copy');
    field.remove();
  }
  const label = button.textContent;
  button.textContent = copied ? 'Copied' : 'Press Ctrl+C';
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

// The address follows the canvas with a short delay; the configuration itself is always up to date.
async function currentFragment() {
  await globalThis.plimsoll.ready;
  return globalThis.plimsoll.fragment();
}

byId('copy-link').addEventListener('click', async (event) => {
  const button = event.currentTarget;
  copyText(new URL(`#${await currentFragment()}`, location.href).href, button);
});

byId('embed-button').addEventListener('click', async () => {
  const script = new URL('../embed.js', location.href).href;
  const configuration = (await currentFragment()).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  byId('embed-code').value = `<script async src="${script}"></script>\n<plimsoll-estimate config="${configuration}"></plimsoll-estimate>\n`;
  byId('embed-dialog').showModal();
  byId('embed-code').select();
});
byId('embed-copy').addEventListener('click', (event) => copyText(byId('embed-code').value, event.currentTarget));
byId('embed-close').addEventListener('click', () => byId('embed-dialog').close());

const theme = byId('theme');
const asked = new URLSearchParams(location.search).get('theme');
if (['light', 'dark'].includes(asked)) theme.value = asked;
theme.addEventListener('change', () => document.dispatchEvent(new CustomEvent('plimsoll:theme', {detail: theme.value})));
