// Pasting where a picture has no menu of the browser's: a button that a long press or a right click in a field brings up.
// Pressing it is what browsers ask for before they show a page what is on the clipboard.

const kLongPress = 550;  // milliseconds that a finger rests

// `take(text)` takes what was on the clipboard, `refused()` is told where the browser did not show it.
export function createPasteMenu({take, refused}) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button paste-here';
  button.textContent = 'Paste';
  button.hidden = true;
  document.body.append(button);

  const hide = () => {
    button.hidden = true;
  };
  button.addEventListener('mousedown', (event) => event.preventDefault());  // the field keeps the focus
  button.addEventListener('click', async () => {
    hide();
    try {
      take(await navigator.clipboard.readText());
    } catch {
      refused();
    }
  });
  document.addEventListener('pointerdown', (event) => event.target !== button && hide(), true);
  document.addEventListener('keydown', hide, true);
  window.addEventListener('scroll', hide, {passive: true});

  let timer = 0;
  return {
    show(x, y) {
      button.hidden = false;
      const {width, height} = button.getBoundingClientRect();
      button.style.left = `${Math.max(8, Math.min(x - width / 2, window.innerWidth - width - 8))}px`;
      button.style.top = `${Math.max(8, y - height - 12)}px`;
    },
    // A finger rests: `held` is called unless it moves or leaves before.
    rest(held) {
      clearTimeout(timer);
      timer = setTimeout(held, kLongPress);
    },
    leave: () => clearTimeout(timer),
  };
}
