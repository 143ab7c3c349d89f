// The same page as plain HTML: a labelled form, the memory table and the verdict as one live sentence. It drives and
// shows the state that the canvas shows, and is enough alone: for screen readers, for phones' keyboards, for copying
// numbers, and where there is no WebGL 2.
//
// `core` is how it reaches the state: options(), config(), report(), answer() and ways() as AppState::AnswerText and WaysText of web/app_state.h,
// act({key: value, …}) -> null or what was wrong,
// openFile() (null where files are not taken), forgetFile(), hub() as ShownText of web/hub_state.h (null where no model is fetched).

const kAnnounceAfter = 600;  // ms without further change before the verdict is spoken

// The groups of core.options().keys, in the order in which they stand; the last one is folded away.
const kGroups = [['model', 'Model'], ['hardware', 'Hardware'], ['load', 'Load'], ['engine', 'Engine'], ['more', 'More options']];
const kKinds = {number: 'number', switch: 'checkbox', choice: 'select', picker: 'select', text: 'text'};

// What the tabs ask beyond that. `workload.` leads to a member of the workload, `view.` to what no link carries.
const kArrivals = [['closed_loop', 'Users ask again'], ['poisson', 'At random (Poisson)'], ['constant', 'Evenly spaced'], ['burst', 'All at once']];
const kShapes = [['fixed', 'All the same'], ['uniform', 'Uniform'], ['lognormal', 'Log-normal'], ['chat', 'As in chat logs']];
const kTabFields = [
  ['workload.arrival', 'Requests', 'select', kArrivals],
  ['workload.arrival_rate', 'Requests per second', 'number'],
  ['workload.requests', 'Requests in all', 'number'],
  ['workload.prompt_shape', 'Lengths of prompts', 'select', kShapes],
  ['workload.output_shape', 'Lengths of answers', 'select', kShapes],
  ['workload.spread', 'Spread of lengths, of the mean', 'number'],
  ['workload.turns', 'Turns of a session', 'number'],
  ['workload.think_time', 'Pause between turns, s', 'number'],
  ['workload.system_prompt', 'Shared system prompt, tokens', 'number'],
  ['view.budget', 'Budget, $ per hour', 'number'],
  ['view.watts', 'Power of the cards at most, W', 'number'],
  ['workload.seed', 'Seed', 'number'],
  ['workload.ttft_ms', 'First token within, ms', 'number'],
  ['workload.tpot_ms', 'Each token within, ms', 'number'],
  ['view.rent', 'Renting a card, $ per hour', 'number'],
  ['view.buy', 'Buying a card, $', 'number'],
  ['view.power', 'Power, $ per kWh', 'number'],
  ['view.hours', 'Hours of use a day', 'number'],
  ['view.years', 'Years of use', 'number'],
  ['view.download', 'Download, Gbit/s', 'number'],
  ['view.disk', 'Disk, GB/s', 'number'],
  ['view.units', 'Sizes in', 'select', [['GiB', 'GiB (1,024³ bytes)'], ['GB', 'GB (1,000³ bytes)']]],
  ['view.trace', 'Trace (CSV): arrival s, prompt, output', 'textarea'],
];
const kShown = new Set(['row', 'figure', 'img', 'status', 'spinbutton', 'slider', 'combobox', 'switch']);
const kPressed = new Set(['button', 'option', 'combobox']);
const kMostButtons = 60;  // a grid of more is for the picture; its rows are in the tables

const kGib = 1024 ** 3;
let units = 'GiB';  // or GB, as the picture has them
const inUnits = (bytes, digits = 2) => (bytes / (units === 'GB' ? 1e9 : kGib)).toFixed(digits);

function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function fill(select, entries, placeholder) {
  select.replaceChildren(...(placeholder ? [element('option', {value: '', textContent: placeholder})] : []),
                         ...entries.map(([value, text]) => element('option', {value, textContent: text})));
}

// A value of the configuration as text that the core reads back.
const plain = (value) => value === undefined || value === null ? '' : Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : `${value}`;

// An id that is not on the list (an inline model, mixed cards) still has to show.
function choose(select, value, text) {
  if (![...select.options].some((option) => option.value === value)) {
    select.append(element('option', {value, textContent: text ?? value, disabled: true}));
  }
  select.value = value;
}

// A command, a log, a config or a link: what is said of it stands in the Check tab, below.
function createCheckForm(core) {
  const text = element('textarea', {id: 'mirror-check', rows: 6, spellcheck: false, autocomplete: 'off'});
  const check = element('button', {type: 'submit', className: 'button', textContent: 'Check it'});
  const form = element('form', {className: 'mirror-form mirror-check', autocomplete: 'off'}, [
    element('div', {className: 'mirror-field mirror-textarea'}, [element('label', {htmlFor: text.id, textContent: 'Paste a command, a log, a config or a link'}), text]),
    element('p', {className: 'row'}, [check]),
  ]);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    core.check(text.value);
  });
  return form;
}

// Any model by its name: what is typed is looked up in the catalog, and only what is not there is asked of the hub.
function createHubForm(core, act, before) {
  const line = (key, label, type, more = {}) => {
    const input = element('input', {id: `mirror-hub-${key}`, type, autocomplete: 'off', spellcheck: false, ...more});
    return [input, element('div', {className: 'mirror-field mirror-text'}, [element('label', {htmlFor: input.id, textContent: label}), input])];
  };
  const [name, nameRow] = line('name', 'Org/Repo, or its address', 'text');
  const [revision, revisionRow] = line('revision', 'Revision', 'text', {placeholder: 'newest'});
  const [token, tokenRow] = line('token', 'Access token, of gated models', 'password');
  const fetch = element('button', {type: 'submit', className: 'button'});
  const stop = element('button', {type: 'button', className: 'button', textContent: 'Stop', hidden: true});
  const said = element('p');
  const status = element('p', {id: 'mirror-hub-status'});
  status.setAttribute('role', 'status');
  const others = element('p', {className: 'row'});
  const form = element('form', {className: 'mirror-form mirror-hub', autocomplete: 'off'}, [
    said, element('div', {className: 'mirror-fields'}, [nameRow, revisionRow, tokenRow]), element('p', {className: 'row'}, [fetch, stop]), status, others,
  ]);
  const ask = (wanted) => act({'view.hub': {name: wanted, revision: revision.value.trim(), token: token.value.trim()}}, name);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (name.value.trim()) ask(name.value.trim());
  });
  stop.addEventListener('click', () => act({'view.hub': {stop: true}}, name));
  before.before(form);
  const texts = {
    none: ({text}) => text,
    asking: ({host, name: of, text}) => `Asking ${host} for ${of}${text ? `: ${text}` : ''}…`,
    failed: ({text}) => text,
    taken: ({host, repository, commit, gguf}) => `${repository}${gguf ? `, ${gguf}` : ''}, at ${commit.slice(0, 12)}, from ${host}, is the model of this page.`,
  };
  let shown = '';
  return () => {
    const hub = core.hub();
    const now = JSON.stringify(hub);
    if (now === shown) return;
    shown = now;
    said.textContent = `A model of the catalog is taken from here. Any other is asked of ${hub.host} when you press the button, and only then: its list of files and its config.json, index or header. A token stays in this page's memory and is sent there only.`;
    fetch.textContent = `Take it, or fetch it from ${hub.host}`;
    stop.hidden = hub.stage !== 'asking';
    status.textContent = texts[hub.stage](hub);
    others.replaceChildren(...(hub.stage === 'taken' && hub.ggufs.length > 1 ? hub.ggufs : []).map(({path, label}) => {
      const button = element('button', {type: 'button', className: 'button', textContent: label});
      if (path === hub.gguf) button.setAttribute('aria-pressed', 'true');
      button.addEventListener('click', () => ask(`${hub.repository}/${path}`));
      return button;
    }));
  };
}

export function createMirror(core) {
  const root = document.getElementById('mirror');
  const options = core.options();
  const inputs = new Map();
  const rows = new Map();
  // What was refused stands under the field that was filled in, whatever the field.
  const problem = element('p', {className: 'mirror-problem', id: 'mirror-problem', hidden: true});
  problem.setAttribute('role', 'alert');
  const form = element('form', {className: 'mirror-form', autocomplete: 'off'});
  form.addEventListener('submit', (event) => event.preventDefault());

  const embed = document.documentElement.dataset.page === 'embed';
  const tabForm = element('form', {className: 'mirror-form', autocomplete: 'off'});
  tabForm.addEventListener('submit', (event) => event.preventDefault());
  function addField(key, label, kind, choices, help) {
    const id = `mirror-${key.replaceAll(/[_.]/g, '-')}`;
    const input = kind === 'select' || kind === 'textarea' ? element(kind, {id, name: key})
                                    : element('input', {id, name: key, type: kind === 'number' ? 'text' : kind});
    if (kind === 'select' && choices) fill(input, choices);
    if (kind === 'number') input.inputMode = 'decimal';
    input.addEventListener('change', () => send(key, kind, input));
    const row = element('div', {className: `mirror-field mirror-${kind}`},
                        [element('label', {htmlFor: id, textContent: label}), input]);
    if (help) {
      row.append(element('p', {id: `${id}-help`, className: 'mirror-help', textContent: help}));
      input.setAttribute('aria-describedby', `${id}-help`);
    }
    inputs.set(key, input);
    rows.set(key, row);
    return row;
  }

  // A number left empty takes the engine's default, which stands in it in grey. What has a form of its own (the
  // workload) is asked for member by member below.
  const fields = options.keys.filter(({widget}) => kKinds[widget]).map((key) => ({...key, kind: kKinds[key.widget]}));
  for (const [group, title] of kGroups) {
    const folded = group === 'more';
    const holder = element(folded ? 'details' : 'fieldset', {className: 'mirror-group'},
                           [element(folded ? 'summary' : 'legend', {textContent: title})]);
    holder.append(element('div', {className: 'mirror-fields'},
      fields.filter((field) => field.group === group).map(({key, label, kind, help}) => addField(key, label, kind, null, help))));
    form.append(holder);
  }
  const tabFields = element('div', {className: 'mirror-fields'}, embed ? [] : kTabFields.map((field) => addField(...field)));
  tabForm.append(tabFields);
  const named = ({id, name, detail}) => [id, detail ? `${name} (${detail})` : name];
  const engineOf = (id) => options.engines.find((engine) => engine.id === id) ?? options.engines[0];
  fill(inputs.get('model'), options.models.map(named));
  fill(inputs.get('gpu'), options.gpus.map(named));
  fill(inputs.get('engine'), options.engines.filter(({listed}) => listed).map(named));

  const verdict = element('p', {className: 'mirror-verdict', id: 'mirror-verdict'});
  const detail = element('p', {className: 'mirror-detail'});
  const live = element('p', {className: 'visually-hidden', id: 'live', ariaLive: 'polite'});
  live.setAttribute('aria-live', 'polite');
  const remarks = element('ul', {className: 'mirror-remarks'});
  const ways = element('div', {className: 'mirror-buttons', id: 'mirror-ways', hidden: true});
  ways.setAttribute('role', 'group');
  ways.setAttribute('aria-label', 'What would make it fit');
  const memory = element('tbody');
  const cards = element('tbody');
  const table = (caption, heads, body, id) => element('table', {id}, [
    element('caption', {textContent: caption}),
    element('thead', {}, [element('tr', {}, heads.map((text) => element('th', {scope: 'col', textContent: text})))]),
    body,
  ]);
  const memoryTable = table('Memory on the fullest card', ['Term', 'How', 'GiB'], memory, 'mirror-memory');
  const cardTable = table('Cards', [], cards, 'mirror-cards');
  const fileTensors = element('tbody');
  const fileTable = table('Tensors of the file', ['Tensor', 'Type', 'Shape', 'Count', 'GiB'], fileTensors, 'mirror-file-tensors');
  const fileText = element('div', {className: 'mirror-file-text'});
  fileText.setAttribute('aria-live', 'polite');
  const openFile = element('button', {type: 'button', className: 'button', textContent: 'Read a model file'});
  openFile.addEventListener('click', () => core.openFile());
  const forgetFile = element('button', {type: 'button', className: 'button', textContent: 'Forget the file', hidden: true});
  forgetFile.addEventListener('click', () => core.forgetFile());
  const file = element('div', {className: 'mirror-file', hidden: !core.openFile}, [
    element('p', {textContent: 'A GGUF or safetensors file, a safetensors index or a config.json, opened here or dropped on the page, is read in your browser: only its header, and nothing of it is sent anywhere.'}),
    element('p', {className: 'row'}, [openFile, forgetFile]), fileText, element('div', {className: 'mirror-wide'}, [fileTable]),
  ]);
  fileTable.hidden = true;
  const holder = root.querySelector('.mirror-content');
  holder.replaceChildren(element('div', {className: 'mirror-answer'}, [verdict, detail, ways, remarks]), form,
                         memoryTable, element('div', {className: 'mirror-wide'}, [cardTable]), file);
  if (core.check) holder.append(createCheckForm(core));
  const showHub = core.hub ? createHubForm(core, act, file) : () => {};
  const tab = element('select', {id: 'mirror-tab'});
  tab.addEventListener('change', () => act({'view.tab': tab.value}, tab));
  const shownRows = element('tbody');
  const shownTable = table('What the tab shows', ['What', 'Value'], shownRows, 'mirror-shown');
  const tabHeading = element('p', {className: 'mirror-verdict', id: 'mirror-tab-verdict', hidden: true});
  const pressable = element('div', {className: 'mirror-buttons', id: 'mirror-buttons'});
  const shownTables = element('div', {id: 'mirror-tables'});
  const shownCodes = element('div', {id: 'mirror-codes'});
  const sources = element('p', {id: 'mirror-sources', hidden: true});
  pressable.setAttribute('role', 'group');
  pressable.setAttribute('aria-label', 'What can be done in the tab');
  if (!embed) {
    holder.append(element('div', {className: 'mirror-field'}, [element('label', {htmlFor: tab.id, textContent: 'Tab'}), tab]),
                  tabHeading, tabForm, pressable, shownCodes, shownTables, shownTable, sources);
  }
  document.body.append(live);

  function send(key, kind, input) {
    if (kind === 'checkbox') {
      turn(key, input.checked !== isInverted(key), input);
      return;
    }
    const text = input.value.trim();
    const number = Number(text.replaceAll(',', ''));
    const absent = text === '' || (kind === 'select' && text === 'auto');
    const value = absent ? null : kind === 'number' && Number.isFinite(number) ? number : text;
    const [scope, name] = key.split('.');
    if (scope === 'workload') {
      const workload = {...core.config().workload, [name]: value};
      if (value === null) delete workload[name];
      act({workload: Object.keys(workload).length > 0 ? workload : null}, input);
    } else {
      act({[key]: value}, input);
    }
  }

  const isInverted = (key) => Boolean(fields.find((field) => field.key === key)?.inverted);

  // Back to the default where that says the same, so that links stay short.
  function turn(key, on, input) {
    if (key in core.config()) {
      act({[key]: null}, input);
      if (core.report().config[key] === on) return;
    }
    act({[key]: on}, input);
  }

  function clearProblem() {
    problem.remove();
    for (const input of root.querySelectorAll('[aria-invalid]')) {
      input.removeAttribute('aria-invalid');
      input.removeAttribute('aria-errormessage');
    }
  }

  function act(action, input) {
    const wrong = core.act(action);
    clearProblem();
    if (!wrong) return update();
    const label = input.labels?.[0]?.textContent;
    const key = `${(input.name ?? '').replace(/^view\./, '')} `;
    problem.textContent = label && wrong.startsWith(key) ? `${label} ${wrong.slice(key.length)}` : wrong;
    problem.hidden = false;
    (input.closest('.mirror-field') ?? input.parentElement).append(problem);
    input.setAttribute('aria-invalid', 'true');
    input.setAttribute('aria-errormessage', problem.id);
  }

  // The ways out, which the picture has as chips.
  let shownWays = '[]';
  function showWays(found) {
    if (JSON.stringify(found) === shownWays) return;  // what has the focus keeps it
    shownWays = JSON.stringify(found);
    ways.hidden = found.length === 0;
    ways.replaceChildren(...(found.length === 0 ? [] : [element('span', {textContent: 'What would: '})]), ...found.map(({label, figures}) => {
      const button = element('button', {type: 'button', className: 'button', textContent: figures ? `${label}: ${figures}` : label});
      button.addEventListener('click', () => act({'view.way': label}, button));
      return button;
    }));
  }

  function showForm(config, resolved) {
    const engine = engineOf(resolved.engine);
    for (const {key, kind, widget, inverted, absent} of fields) {
      const input = inputs.get(key);
      rows.get(key).hidden = !engine.takes.includes(key);
      const given = config[key];
      const effective = resolved[key];
      if (kind === 'number' || kind === 'text') {
        input.value = plain(given);
        input.placeholder = plain(effective) || (absent ?? '');
      } else if (kind === 'checkbox') {
        input.checked = Boolean(given ?? effective) !== Boolean(inverted);
      } else if (widget === 'choice') {
        const offered = engine.offers[key] ?? [];
        fill(input, offered.map(named));
        const standard = offered.some(({id}) => id === 'auto') ? 'auto' : effective;
        choose(input, plain(given) || plain(standard));
      }
    }
    choose(inputs.get('model'), typeof resolved.model === 'string' ? resolved.model : 'own', 'Own model');
    const gpus = Array.isArray(resolved.gpu) ? resolved.gpu : [resolved.gpu];
    choose(inputs.get('gpu'), gpus.every((id) => id === gpus[0]) ? gpus[0] : gpus.join(','), 'Several kinds');
    fill(inputs.get('format'), options.formats.filter((format) => format.gguf === engine.gguf).map(({id, name}) => [id, name]));
    choose(inputs.get('format'), typeof resolved.format === 'object' && resolved.format ? resolved.format.id : resolved.format);
    choose(inputs.get('engine'), engine.id, engine.name);
  }

  function showTabForm(config) {
    for (const [key, , kind] of kTabFields) {
      const [scope, name] = key.split('.');
      if (key === 'view.units') inputs.get(key).value = units;
      if (scope === 'view') continue;
      const input = inputs.get(key);
      const given = config.workload?.[name];
      if (kind === 'select') input.value = given ?? input.options[0].value;
      else input.value = given ?? '';
    }
  }

  // The open tab's rows, from the picture's own description of itself; again while something is computed.
  let shownTimer = 0;
  let shownText = '';

  function showTab() {
    const {nodes, tables, again} = core.shown();
    const tabs = nodes.filter((node) => node.role === 'tab');
    const last = nodes.lastIndexOf(tabs.at(-1));
    // Of one configuration the answer stands on top already; a tab of many has its own.
    const answers = nodes.filter((node) => node.role === 'heading' && node.label === 'Verdict');
    const rest = nodes.slice(last + 1);
    const rows = rest.filter((node) => kShown.has(node.role));
    const codes = rest.filter((node) => node.role === 'code');
    const found = core.ways();
    showWays(found);
    const wayOut = new Set(found.map(({label}) => label));
    const buttons = rest.filter((node) => kPressed.has(node.role) && !wayOut.has(node.label));
    const links = nodes.filter((node) => node.role === 'link');
    const text = JSON.stringify([[tabs, answers, rows, codes, buttons, links].map((list) => list.map(({role, label, value}) => [role, label, value])), tables]);
    if (text !== shownText) {
      shownText = text;
      fill(tab, tabs.map(({label}) => [label, label]));
      tab.value = tabs.find(({value}) => value === 'selected')?.label;
      const answer = answers.at(-1)?.value ?? '';
      tabHeading.textContent = answer;
      tabHeading.hidden = answer === '' || verdict.textContent.startsWith(answer);
      const focus = document.activeElement?.closest('#mirror-buttons') ? document.activeElement.dataset.press : null;
      pressable.replaceChildren(...buttons.slice(0, kMostButtons).map(({role, label, value}) => {
        const button = element('button', {type: 'button', className: 'button', textContent: value && role !== 'combobox' && value !== 'selected' ? `${label}: ${value}` : label});
        button.dataset.press = `${role}:${label}`;
        if (value === 'selected') button.setAttribute('aria-pressed', 'true');
        button.addEventListener('click', () => {
          core.press(role, label);
          showTabSoon();
        });
        return button;
      }));
      if (focus) [...pressable.children].find((button) => button.dataset.press === focus)?.focus();
      // The terms of the memory stand above already.
      shownTables.replaceChildren(...tables.filter(({header}) => header[0] !== 'Term').map(({caption, header, rows: lines}) => element('div', {className: 'mirror-wide'}, [element('table', {}, [
        element('caption', {textContent: caption}),
        element('thead', {}, [element('tr', {}, header.map((name) => element('th', {scope: 'col', textContent: name})))]),
        element('tbody', {}, lines.map(([name, ...cells]) => element('tr', {}, [
          element('th', {scope: 'row', textContent: name}), ...cells.map((cell) => element('td', {textContent: cell})),
        ]))),
      ])])));
      shownCodes.replaceChildren(...codes.map(({label, value}) => element('figure', {}, [
        element('figcaption', {textContent: label}), element('pre', {tabIndex: 0, textContent: value}),
      ])));
      sources.hidden = links.length === 0;
      sources.replaceChildren(...(links.length === 0 ? [] : ['Sources: ']), ...links.flatMap(({label, value}, i) => [
        i > 0 ? ', ' : '', element('a', {href: value, target: '_blank', rel: 'noopener', textContent: label}),
      ]));
      shownTable.hidden = rows.length === 0;
      shownRows.replaceChildren(...rows.map(({label, value}) => element('tr', {}, [
        element('th', {scope: 'row', textContent: label}),
        element('td', {textContent: value}),
      ])));
    }
    if (again) showTabSoon();
  }

  function showTabSoon() {
    clearTimeout(shownTimer);
    shownTimer = setTimeout(showTab, 150);
  }

  function showTables(report) {
    for (const of of [memoryTable, fileTable]) of.tHead.rows[0].lastChild.textContent = units;
    memory.replaceChildren(...report.terms.map((term) => element('tr', {className: term.depth ? 'part' : ''}, [
      element('th', {scope: 'row', textContent: term.name}),
      element('td', {textContent: term.substituted || term.formula}),
      element('td', {className: 'number', textContent: inUnits(term.bytes)}),
    ])));
    const name = (id) => options.gpus.find((gpu) => gpu.id === id)?.name ?? id;
    const held = (gpu, {keys}) => keys.reduce((sum, key) => sum + gpu[key], 0);
    const segments = options.segments.filter((segment) => report.per_gpu.some((gpu) => held(gpu, segment) > 0));
    cardTable.tHead.rows[0].replaceChildren(...['Card', ...segments.map(({label}) => label), `In all, ${units}`, 'Of', 'Left'].map(
      (text) => element('th', {scope: 'col', textContent: text})));
    cards.replaceChildren(...report.per_gpu.map((gpu) => {
      const numbers = [...segments.map((segment) => held(gpu, segment)), gpu.total_bytes, gpu.capacity_bytes, gpu.headroom_bytes];
      return element('tr', {}, [
        element('th', {scope: 'row', textContent: `GPU ${gpu.rank}, ${name(gpu.gpu)}`}),
        ...numbers.map((bytes) => element('td', {className: 'number', textContent: inUnits(bytes)})),
      ]);
    }));
    remarks.replaceChildren(...report.diagnostics.filter((remark) => remark.severity !== 'info').map(
      (remark) => element('li', {className: remark.severity, textContent: [remark.message, remark.fix].filter(Boolean).join(' ')})));
  }

  // What plimsoll.file() says; null without a file.
  function showFile(known) {
    forgetFile.hidden = !known;
    fileTable.hidden = !known || known.rows.length === 0;
    const lines = known ? [
      `${known.name}: ${[known.kind, known.format].filter(Boolean).join(', ')}`,
      [known.tensors && `${known.tensors.toLocaleString('en')} tensors`, known.parameters && `${known.parameters.toLocaleString('en')} parameters`,
       known.bytes && `${known.bytes.toLocaleString('en')} bytes (${inUnits(known.bytes)} ${units})`].filter(Boolean).join(', '),
      known.selected ? 'Its architecture is the model of this page.' : '', ...known.remarks,
      known.rows_in_all > known.rows.length ? `The first ${known.rows.length} of ${known.rows_in_all} kinds of tensors:` : '',
    ].filter(Boolean) : [];
    fileText.replaceChildren(...lines.map((line) => element('p', {textContent: line})));
    fileTensors.replaceChildren(...(known?.rows ?? []).map((row) => element('tr', {}, [
      element('th', {scope: 'row', textContent: row.name}), element('td', {textContent: row.type}), element('td', {textContent: row.shape}),
      element('td', {className: 'number', textContent: row.count}), element('td', {className: 'number', textContent: inUnits(row.bytes, 4)}),
    ])));
  }

  let timer = 0;
  let spoken = '';

  function update() {
    const report = core.report();
    const answer = core.answer();
    ({units} = answer);
    verdict.textContent = answer.headline;
    verdict.dataset.verdict = report.verdict;
    detail.textContent = answer.detail ?? '';
    showForm(core.config(), report.config);
    showHub();
    showTables(report);
    if (!embed) {
      showTabForm(core.config());
      showTabSoon();
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (answer.headline === spoken) return;
      spoken = answer.headline;
      live.textContent = answer.headline;
    }, kAnnounceAfter);
    clearProblem();
  }

  return {
    update,
    showFile,
    // Without the canvas the mirror is the page, and says why.
    showAlone(reason) {
      if (root instanceof HTMLDetailsElement) root.open = true;
      const line = root.querySelector('.mirror-reason');
      line.textContent = reason;
      line.hidden = false;
    },
    // The picture is there again.
    showBeside() {
      root.querySelector('.mirror-reason').hidden = true;
    },
  };
}
