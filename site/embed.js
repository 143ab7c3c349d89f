// <plimsoll-estimate config="m=llama-3.1-8b&amp;g=rtx-4090"></plimsoll-estimate>: an estimate in a page.
//
// A classic script with no dependencies. The element writes an iframe next to this script's own address and keeps
// it as high as its content. Attributes: config (the link's fragment), theme (light, dark, auto), label.
(() => {
  'use strict';
  if (customElements.get('plimsoll-estimate')) return;
  const base = new URL('.', document.currentScript ? document.currentScript.src : location.href);
  let count = 0;

  class PlimsollEstimate extends HTMLElement {
    static observedAttributes = ['config', 'theme'];
    #frame = null;
    #id = '';
    #theme = '';
    #loaded = false;

    // Theme and id are those it started with, so that another configuration is no reload.
    #address() {
      const url = new URL('embed/', base);
      url.searchParams.set('id', this.#id);
      if (this.#theme) url.searchParams.set('theme', this.#theme);
      url.hash = (this.getAttribute('config') || '').replace(/^#/, '');
      return url.href;
    }

    connectedCallback() {
      if (this.#frame) return;
      this.#id = `plimsoll-${++count}`;
      this.#theme = this.getAttribute('theme') || '';
      const frame = document.createElement('iframe');
      frame.title = this.getAttribute('label') || 'GPU memory estimate';
      frame.loading = 'lazy';
      frame.allow = 'clipboard-write';
      frame.width = '100%';
      frame.height = '440';
      Object.assign(frame.style, {display: 'block', width: '100%', border: '0', borderRadius: '10px', colorScheme: 'normal'});
      frame.src = this.#address();
      frame.addEventListener('load', () => {
        this.#loaded = true;
      });
      this.#loaded = false;
      this.#frame = frame;
      this.replaceChildren(frame);  // a link stood here for where scripts do not run
      window.addEventListener('message', this.#onMessage);
    }

    disconnectedCallback() {
      window.removeEventListener('message', this.#onMessage);
      if (this.#frame) this.#frame.remove();
      this.#frame = null;
    }

    attributeChangedCallback(name, before, after) {
      if (!this.#frame || before === after) return;
      if (name === 'config') this.#show(this.#address());
      if (name === 'theme' && this.#frame.contentWindow) {
        this.#frame.contentWindow.postMessage({type: 'plimsoll:theme', theme: after || 'auto'}, '*');
      }
    }

    // Setting `src` of a frame that has loaded would be an entry in the host's history.
    #show(address) {
      if (this.#loaded) this.#frame.contentWindow.location.replace(address);
      else this.#frame.src = address;
    }

    // Only our own frame is believed while it is our own page (in a sandbox nobody has an origin), and only a height
    // that makes sense.
    #onMessage = (event) => {
      const message = event.data;
      if (!this.#frame || event.source !== this.#frame.contentWindow) return;
      if (event.origin !== base.origin && !(event.origin === 'null' && self.origin === 'null')) return;
      if (!message || message.type !== 'plimsoll:size' || message.version !== 1) return;
      const height = Number(message.height);
      if (height >= 80 && height <= 20000) this.#frame.style.height = `${Math.ceil(height)}px`;
    };
  }

  customElements.define('plimsoll-estimate', PlimsollEstimate);
})();
