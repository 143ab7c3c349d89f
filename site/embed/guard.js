// Says why nothing appears where the browser refuses to load the estimate's own script: modules are read across origins,
// and a sandboxed frame without allow-same-origin has no origin. This is a classic script, which any frame may load.
addEventListener('error', (event) => {
  if (!(event.target instanceof HTMLScriptElement)) return;
  const say = () => {
    document.getElementById('loading').textContent = self.origin === 'null' ?
      'This estimate cannot load here: the frame is sandboxed, so it has no origin, and the host of Plimsoll does not let other ' +
          'origins read its files. Give the frame the sandbox token allow-same-origin, or have the host send Access-Control-Allow-Origin.' :
      'This estimate cannot load: its script could not be read.';
    document.documentElement.classList.add('failed');
  };
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', say);
  else say();
}, true);
