// Takes what a tab shows out of the page: its first table to the clipboard (as a table that spreadsheets and mail know, or as
// Markdown) or to a file (CSV, SVG, PNG).
//
// `page` is how it reaches the rest: tables() as plimsoll.tables(), picture() as an SVG document, link(), say(text) to the
// person, text(): the answer in words, shown(): the text that somebody asked to copy, or
// the address to open.

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function asHtml({caption, header, rows}) {
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  return `<table><caption>${escape(caption)}</caption>${row(header, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

const asTabs = ({header, rows}) => [header, ...rows].map((cells) => cells.join('\t')).join('\n');

function save(blob, name) {
  const link = Object.assign(document.createElement('a'), {href: URL.createObjectURL(blob), download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The SVG names no file, so a data address draws it, at twice its size.
async function asPng(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), {width: image.width * 2, height: image.height * 2});
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error('no picture')), 'image/png'));
}

export function createExporter(page) {
  async function copy(text, html) {
    try {
      if (html && globalThis.ClipboardItem) {
        const part = (type, content) => [type, new Blob([content], {type})];
        await navigator.clipboard.write([new ClipboardItem(Object.fromEntries([part('text/plain', text), part('text/html', html)]))]);
      } else {
        await navigator.clipboard.writeText(text);
      }
    } catch {
      page.say('The browser did not allow copying; the table stands in the form below the picture, too.');
    }
  }

  return {
    async answer(ask) {
      if (ask === 'copy-link') return copy(page.link());
      if (ask === 'copy-text') return copy(page.text());
      if (ask === 'print') return globalThis.print();
      if (ask === 'open-link') return globalThis.open(new URL(page.shown(), location.href), '_blank', 'noopener');
      if (ask === 'copy-shown') return copy(page.shown());
      const [table] = page.tables();
      if (!table) return page.say('This tab has no table to take away.');
      const name = `plimsoll-${table.caption.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60)}`;
      if (ask === 'copy-table') return copy(asTabs(table), asHtml(table));
      if (ask === 'copy-markdown') return copy(table.markdown);
      if (ask === 'save-csv') return save(new Blob([table.csv], {type: 'text/csv'}), `${name}.csv`);
      if (ask === 'save-svg') return save(new Blob([page.picture()], {type: 'image/svg+xml'}), `${name}.svg`);
      if (ask === 'save-png') return save(await asPng(page.picture()), `${name}.png`);
      return undefined;
    },
  };
}
