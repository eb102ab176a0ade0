
'use strict';
(() => {
  const started = performance.now();
  const ROWS = 100, CARDS = 20, LANES = 40, MAX_OPTIONS = 1000;
  const ORDER = ['FAILED', 'ERROR', 'TIMED_OUT', 'LOST', 'SETUP_FAILED', 'CANCELLED', 'NOT_RUN', 'RUNNING', 'WAITING',
    'SKIPPED', 'PASSED'];
  const CLASS = { FAILED: 'bad', ERROR: 'bad', TIMED_OUT: 'bad', LOST: 'odd', SETUP_FAILED: 'odd', CANCELLED: 'odd',
    NOT_RUN: 'odd', RUNNING: 'busy', WAITING: 'none', SKIPPED: 'none', PASSED: 'good' };
  const VERDICTS = ['PASSED', 'NOT_STORED', 'INCOMPLETE', 'INFRASTRUCTURE', 'FAILED'];
  const CAUSES = { RERUN: 'run again', HOST_QUARANTINED: 'run again, as the host was put in quarantine',
    GROUP_RESTARTED: 'run again with its group' };
  // The first letters of the outcomes that a history has.
  const LETTERS = { P: 'PASSED', S: 'SKIPPED', F: 'FAILED', E: 'ERROR', T: 'TIMED_OUT' };
  const VIEWS = { failures: 'Failures', tests: 'Tests', time: 'Time line', spent: 'Where the time went',
    flaky: 'Flaky', notrun: 'Not run', systems: 'Systems', problems: 'Problems' };

  // Text. Tests, systems and programs write it: invisible characters are shown as their numbers.

  const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
  const hex = c => {
    const n = c.codePointAt(0);
    return n < 0x100 ? '\\x' + n.toString(16).padStart(2, '0') : '\\u' + n.toString(16).padStart(4, '0');
  };
  const line = text => String(text).replace(HIDDEN, hex);
  // Colours of terminals and ends of lines of Windows are no content.
  const lines = text => String(text).replace(/\x1b\[[0-9;]*m|\r(?=\n)/g, '')
    .replace(HIDDEN, c => c === '\n' || c === '\t' ? c : hex(c));
  const short = (text, limit) => text.length > limit ? text.slice(0, limit) + '…' : text;
  const word = name => name.toLowerCase().replaceAll('_', ' ');
  const plural = (n, one, many) => n + ' ' + (n === 1 ? one : many || one + 's');
  const two = n => String(n).padStart(2, '0');
  const clock = ms => {
    const d = new Date(ms);
    return two(d.getHours()) + ':' + two(d.getMinutes()) + ':' + two(d.getSeconds());
  };
  const date = ms => {
    const d = new Date(ms);
    return d.getFullYear() + '-' + two(d.getMonth() + 1) + '-' + two(d.getDate()) + ' ' + clock(ms);
  };
  const time = ms => {
    const s = Math.max(0, ms) / 1000;
    if (s < 60) return s.toFixed(1) + ' s';
    return s < 3600 ? Math.floor(s / 60) + ':' + two(Math.floor(s % 60)) + ' min'
      : Math.floor(s / 3600) + ':' + two(Math.floor(s / 60 % 60)) + ' h';
  };
  const size = n => n < 1024 ? n + ' B' : n < 1 << 20 ? Math.round(n / 1024) + ' KiB' : (n / (1 << 20)).toFixed(1) + ' MiB';

  // Elements. Texts become text nodes only.

  const el = (tag, attributes, ...children) => {
    const e = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') e.addEventListener(key, value);
      else if (value === true) e.setAttribute(key, '');
      else if (value !== false && value !== null && value !== undefined) e.setAttribute(key, value);
    }
    e.append(...children.flat(9).filter(c => c !== null && c !== undefined && c !== false));
    return e;
  };
  const byId = id => document.getElementById(id);
  const outcomeOf = o => el('span', { class: 'outcome ' + CLASS[o] }, word(o));
  const table = (caption, heads, rows) => el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    el('table', {}, el('caption', {}, caption),
      el('thead', {}, el('tr', {}, heads.map(h => typeof h === 'string' ? el('th', { scope: 'col' }, h) : h))),
      el('tbody', {}, rows)));
  const row = (...cells) => el('tr', {}, cells.map(c => el('td', {}, c)));

  // Data.

  const entries = JSON.parse(byId('data').textContent);
  const tests = [], systems = [], runs = new Map(), events = [], onlyFormer = new Set();
  let now = {}, former = null;

  for (const e of entries) {
    switch (e.k) {
      case 't':
        tests[e.i] = { i: e.i, name: e.n, platform: e.p || '', tags: e.g || [], components: e.c || [], group: e.u || '',
          source: e.f || '', expected: e.x, attempts: [], running: null, history: e.h || '', before: e.m || '', tookBefore: e.w };
        break;
      case 'f': former = { id: e.r, start: e.t }; break;
      case 'g': e.n.forEach(name => onlyFormer.add(name)); break;
      case 'y':
        systems[e.i] = { i: e.i, name: e.n || '', provisioner: e.v || '', host: e.h || '', labels: e.l || {}, stays: [],
          attempts: [], slots: 1 };
        break;
      case 'a': {
        const attempt = { ...e, test: tests[e.i] };
        tests[e.i].attempts.push(attempt);
        if (e.s !== undefined) {
          systems[e.s].attempts.push(attempt);
          systems[e.s].slots = Math.max(systems[e.s].slots, e.b);
        }
        break;
      }
      // A run that goes on after a kill has started before.
      case 'r': runs.set(e.r, { id: e.r, start: runs.get(e.r)?.start ?? e.t, platform: e.p || '', planned: e.c, end: null }); break;
      case 'z': Object.assign(runs.get(e.r) || runs.set(e.r, {}).get(e.r),
        { end: e.t, took: e.d, verdict: e.v, problems: e.p || [] }); break;
      case 'e':
        events.push(e);
        if (e.y === 'ready') {
          systems[e.s].stays.push({ asked: e.t - e.a, setup: e.t - e.u, ready: e.t, gone: null, why: '' });
        } else if (e.y === 'gone' && systems[e.s].stays.length) {
          Object.assign(systems[e.s].stays.at(-1), { gone: e.t, why: e.n || '' });
        } else if (e.y === 'held' && systems[e.s].stays.length) {
          systems[e.s].stays.at(-1).held = e.t;
        }
        break;
      case 'now': now = e; break;
    }
  }
  const live = Boolean(now.l);
  for (const t of tests) onlyFormer.delete(t.name);
  if (live) VIEWS.running = 'Running';
  if (former) VIEWS.compared = 'Compared';
  for (const u of now.u || []) {
    tests[u.i].running = u;
    systems[u.s].slots = Math.max(systems[u.s].slots, u.b);
    systems[u.s].current = (systems[u.s].current || []).concat([u]);
  }
  let first = Infinity, last = 0;
  for (const r of runs.values()) {
    if (r.start) first = Math.min(first, r.start);
    if (r.end) last = Math.max(last, r.end);
  }
  for (const t of tests) {
    t.attempts.sort((a, b) => a.a - b.a);
    const end = t.attempts.at(-1);
    // A failure that is followed by another attempt does not count yet.
    const isOver = end && (end.l || !live);
    t.outcome = t.running ? 'RUNNING' : isOver ? end.o : live ? 'WAITING' : 'NOT_RUN';
    t.known = end && end.q || '';
    t.note = end ? end.n || '' : live || t.running ? '' : 'there is no record of it: its run ended before';
    t.took = end && end.a > 0 ? end.d : t.running ? now.t - t.running.t : 0;
    t.systems = [...new Set(t.attempts.filter(a => a.s !== undefined).map(a => a.s).concat(t.running ? [t.running.s] : []))];
    t.bad = !t.known && !['PASSED', 'SKIPPED', 'RUNNING', 'WAITING'].includes(t.outcome);
    t.flaky = t.outcome === 'PASSED' && t.attempts.some((a, n) => n + 1 < t.attempts.length && CLASS[a.o] === 'bad'
      && t.attempts[n + 1].w !== 'HOST_QUARANTINED');
    t.rank = t.known ? ORDER.length : ORDER.indexOf(t.outcome);
    for (const a of t.attempts) {
      if (a.a > 0) {
        first = Math.min(first, a.t);
        last = Math.max(last, a.t + a.d);
      }
    }
  }
  if (live && runs.size) last = Math.max(last, now.t);
  if (first > last) first = last = now.t;
  for (const s of systems) {
    const all = s.attempts.concat(s.current || []);
    if (!s.stays.length && all.length) {
      const from = Math.min(...all.map(a => a.t));
      s.stays.push({ asked: from, setup: from, ready: from, guessed: true, why: '',
        gone: s.current ? null : Math.max(...s.attempts.map(a => a.t + a.d)) });
    }
    s.busy = s.attempts.reduce((sum, a) => sum + a.d, 0) + (s.current || []).reduce((sum, u) => sum + now.t - u.t, 0);
    s.lost = s.attempts.some(a => a.o === 'LOST');
    s.provisioning = s.setup = s.present = s.held = 0;
    for (const y of s.stays) {
      const until = y.gone ?? last;
      s.provisioning += y.setup - y.asked;
      s.setup += y.ready - y.setup;
      s.held += y.held ? until - y.held : 0;
      s.present += Math.max(0, (y.held || until) - y.ready);
      first = Math.min(first, y.asked);
    }
    s.idle = Math.max(0, s.present * s.slots - s.busy);
  }
  const platforms = [...new Set(tests.map(t => t.platform))].sort();
  const attemptsOf = t => t.attempts.filter(a => a.a > 0);

  // State: the fragment of the address, so that each view has a link.

  const KEYS = ['view', 'q', 'outcome', 'tag', 'system', 'platform', 'min', 'max', 'sort', 'down', 'page', 'test', 'of',
    'from', 'to'];
  const FIELDS = ['q', 'outcome', 'tag', 'system', 'platform', 'min', 'max'];
  let state = {};
  const failures = tests.some(t => t.bad);
  const read = () => {
    const p = new URLSearchParams(location.hash.slice(1));
    state = Object.fromEntries(KEYS.map(k => [k, p.get(k) || '']));
    if (!Object.hasOwn(VIEWS, state.view)) state.view = failures ? 'failures' : 'tests';
  };
  const hash = changes => {
    const p = new URLSearchParams();
    const all = { ...state, ...changes };
    for (const k of KEYS) if (all[k]) p.set(k, all[k]);
    return '#' + p;
  };
  const go = (changes, replace) => {
    const to = hash(changes);
    history[replace ? 'replaceState' : 'pushState'](null, '', to);
    read();
    render();
  };
  const filtered = changes => ({ page: '', test: '', of: '', ...changes });

  // Filter and order.

  const text = t => t.text ??= [t.name, t.platform, t.group, t.source, t.note, t.known, ...t.tags, ...t.components,
    ...t.attempts.flatMap(a => [a.n || '', ...(a.p || []).flatMap(p => [p.n || '', p.m || ''])])].join('\n').toLowerCase();
  const matches = t => {
    const s = state;
    if (s.outcome && !(s.outcome === 'bad' ? t.bad : s.outcome === 'flaky' ? t.flaky : s.outcome === 'known' ? t.known
      : t.outcome === s.outcome && !t.known)) return false;
    if (s.tag && !t.tags.includes(s.tag)) return false;
    if (s.platform && t.platform !== s.platform) return false;
    if (s.system && !t.systems.some(i => systems[i].name === s.system)) return false;
    if (s.min && t.took < s.min * 1000) return false;
    if (s.max && t.took > s.max * 1000) return false;
    return !s.q || s.q.toLowerCase().split(/\s+/).every(w => text(t).includes(w));
  };
  const SORTS = { outcome: (a, b) => a.rank - b.rank || b.flaky - a.flaky || a.i - b.i,
    name: (a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.i - b.i,
    took: (a, b) => b.took - a.took, attempts: (a, b) => b.attempts.length - a.attempts.length };
  let cache = { key: null, found: [] };
  const found = () => {
    const key = FIELDS.concat(['sort', 'down']).map(k => state[k]).join('\u0000');
    if (cache.key !== key) {
      const all = tests.filter(matches).sort(SORTS[state.sort] || SORTS.outcome);
      cache = { key, found: state.down ? all.reverse() : all };
    }
    return cache.found;
  };

  // Parts of views.

  const link = (changes, ...children) => el('a', { href: hash(changes) }, ...children);
  const testLink = t => el('a', { class: 'name', href: hash({ view: 'tests', q: '', outcome: '', tag: '', system: '',
    platform: '', min: '', max: '', page: '', test: t.name, of: t.platform }) }, short(line(t.name), 300));
  const systemLink = i => el('a', { class: 'name', href: hash(filtered({ view: 'tests', system: systems[i].name })) },
    short(line(systems[i].name), 100));
  const pager = (count, size, what, end = '') => {
    const pages = Math.max(1, Math.ceil(count / size));
    const page = Math.min(pages, Math.max(1, Number(state.page) || 1));
    const button = (name, to, id) => el('button', { type: 'button', id, disabled: to < 1 || to > pages,
      click: () => go({ page: to > 1 ? String(to) : '' }) }, name);
    const bar = pages === 1 ? null : el('div', { class: 'pager', role: 'group', 'aria-label': 'Pages' },
      button('First', page === 1 ? 0 : 1, 'first' + end), button('Previous', page - 1, 'previous' + end),
      'Page ' + page + ' of ' + pages + ', ' + count + ' ' + what,
      button('Next', page + 1, 'next' + end), button('Last', page === pages ? 0 : pages, 'last' + end));
    return { bar, from: (page - 1) * size, to: page * size };
  };
  const fileView = f => {
    const name = el('span', { class: 'name' }, short(line(f.n || ''), 300));
    if (f.r) return el('li', {}, name, ' is not kept: ' + f.r);
    if (f.h) {
      const path = [now.f, ...f.h.split('/')].map(encodeURIComponent).join('/');
      return el('li', {}, el('a', { href: path, rel: 'noopener noreferrer' }, name), ' ' + size(f.b) + ', beside this page');
    }
    // The text is added when it is opened, as a page may have thousands of logs.
    const details = el('details', { class: 'log', toggle: () => {
      if (details.open && !details.querySelector('pre')) details.append(el('pre', { tabindex: 0 }, lines(f.t || '')));
    } }, el('summary', {}, name, ' ' + size(f.b)));
    return el('li', {}, details);
  };
  const attemptView = a => {
    const facts = [];
    if (a.w) facts.push(CAUSES[a.w] || word(a.w));
    if (a.s !== undefined) facts.push(['on ', systemLink(a.s), ', slot ' + a.b]);
    if (a.a > 0) facts.push('started ' + date(a.t));
    if (a.x !== undefined) facts.push('exit code ' + a.x);
    const counts = Object.entries(a.c || {}).map(([status, n]) => n + ' ' + line(status)).join(', ');
    const more = (a.y || 0) - (a.p || []).length;
    return el('section', { class: 'attempt' },
      el('h4', {}, a.a > 0 ? 'Attempt ' + a.a + ': ' : '', outcomeOf(a.o), a.a > 0 ? ' in ' + time(a.d) : ''),
      el('p', { class: 'soft' }, facts.map((f, n) => n ? [', ', f] : f)),
      a.n ? el('p', { class: 'name note' }, line(a.n)) : null,
      a.q ? el('p', { class: 'name' }, line(a.q)) : null,
      (a.m || []).filter(m => m !== a.n).map(m => el('p', { class: 'name' }, line(m))),
      counts ? el('p', {}, 'Parts: ' + counts) : null,
      a.p ? table('Failed parts', ['Part', 'Status', 'Note'], a.p.map(p => row(
        el('span', { class: 'name' }, line(p.n || '')), line(p.o), el('span', { class: 'name' }, line(p.m || ''))))) : null,
      more > 0 ? el('p', { class: 'soft' }, plural(more, 'more failed part') + ', not in this page') : null,
      a.e ? [el('h5', {}, 'Last lines'), el('pre', { class: 'last', tabindex: 0 }, a.e.map(lines).join('\n'))] : null,
      a.f ? [el('h5', {}, 'Files'), el('ul', { class: 'plain' }, a.f.map(fileView))] : null,
      a.z ? el('p', { class: 'soft' }, plural(a.z, 'further file') + ', not kept with this page') : null);
  };
  const strip = t => {
    const all = [...t.history].map(letter => LETTERS[letter]);
    const failed = all.filter(o => CLASS[o] === 'bad').length;
    const text = 'Attempts in earlier runs: ' + failed + ' of ' + all.length + ' failed, the latest last: ';
    return all.length ? el('p', { class: 'soft' }, text, el('span', { class: 'strip', role: 'img', 'aria-label':
      all.map(word).join(', ') }, all.map(o => el('i', { class: CLASS[o], title: word(o) })))) : null;
  };
  const runningView = u => u && [el('p', {}, 'Running on ', systemLink(u.s), ' since ' + date(u.t)),
  u.e ? [el('h5', {}, 'Last lines so far'), el('pre', { class: 'last', tabindex: 0 }, u.e.map(lines).join('\n'))] : null];
  const testView = t => {
    const facts = [];
    if (t.before) facts.push('in the former run ' + word(t.before) + ' in ' + time(t.tookBefore));
    if (t.platform && platforms.length > 1) facts.push('platform ' + line(t.platform));
    if (t.group) facts.push('group ' + line(t.group));
    if (t.source) facts.push('source ' + line(t.source));
    if (t.tags.length) facts.push('tags ' + t.tags.map(line).join(', '));
    if (t.components.length) facts.push('components ' + t.components.map(line).join(', '));
    if (t.expected) facts.push('expected to take ' + time(t.expected));
    return [facts.length ? el('p', { class: 'soft name' }, facts.join('; ')) : null, strip(t),
      runningView(t.running),
      t.attempts.length ? t.attempts.toReversed().map(attemptView) : t.note ? el('p', {}, line(t.note)) : null];
  };

  // The attempts on which the end of the run depended: each waited for the one before it, on its slot or of its test.
  const criticalPath = () => {
    const slots = new Map();
    for (const s of systems) {
      for (const a of s.attempts.toSorted((b, c) => b.t - c.t)) {
        const key = s.i + '/' + a.b;
        a.before = slots.get(key);
        slots.set(key, a);
      }
    }
    const later = (a, b) => !a || b && b.t + b.d > a.t + a.d ? b : a;
    // A set, as attempts without a duration may seem to wait for each other.
    const path = new Set();
    for (let a = [...slots.values()].reduce(later, null); a && !path.has(a);
      a = later(a.before, a.test.attempts.find(b => b.a === a.a - 1))) {
      path.add(a);
    }
    return [...path].reverse();
  };
  const waits = (path, n) => {
    const a = path[n], from = n ? path[n - 1].t + path[n - 1].d : first;
    const stay = systems[a.s].stays.findLast(y => !y.guessed && y.ready <= a.t && y.ready > from);
    const wait = a.t - from;
    return wait < 100 ? '' : time(wait) + (stay ? ', for its system' : '');
  };
  // When the run would end if each test could run on each system: the next free slot gets the next attempt.
  const modelled = (durations, ready) => {
    const free = ready.slice();
    for (const d of durations) {
      let next = 0;
      for (let i = 1; i < free.length; i++) if (free[i] < free[next]) next = i;
      free[next] += d;
    }
    return Math.max(...free);
  };
  // The idle time of all slots by its cause, the longest first.
  const idle = () => {
    const sums = new Map();
    const add = (why, took) => { if (took > 0) sums.set(why, (sums.get(why) || 0) + took); };
    const waiting = events.filter(e => e.y === 'waiting').sort((a, b) => a.t - b.t);
    // Tests that do not start when a slot becomes free say why at that time.
    const cause = (from, to) => {
      const e = waiting.findLast(w => w.t <= to);
      return e && e.t >= from - 100 && e.n ? 'while tests waited: ' + line(e.n) : 'between two tests';
    };
    for (const { system, slot } of lanes()) {
      const all = system.attempts.concat((system.current || []).map(u => ({ ...u, d: last - u.t })))
        .filter(a => a.b === slot).sort((a, b) => a.t - b.t);
      for (const y of system.stays) {
        const until = y.held || y.gone || last, own = all.filter(a => a.t >= y.ready && a.t <= until);
        let from = y.ready;
        own.forEach((a, n) => {
          add(n ? cause(from, a.t) : 'before the first test', a.t - from);
          from = Math.max(from, a.t + a.d);
        });
        add(own.length ? 'after the last test' : 'without a test', until - from);
      }
    }
    return [...sums].sort((a, b) => b[1] - a[1]);
  };
  const alternatives = () => {
    const stays = systems.flatMap(s => s.stays.flatMap(y => Array(s.slots).fill(y)));
    const changes = stays.flatMap(y => [[y.ready, 1], [y.held || y.gone || last, -1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let most = 0, present = 0;
    for (const [, change] of changes) most = Math.max(most, present += change);
    const all = systems.flatMap(s => s.attempts).filter(a => a.a > 0).sort((a, b) => a.t - b.t).map(a => a.d);
    const ready = stays.map(y => y.ready).sort((a, b) => a - b).slice(0, most);
    if (live || runs.size !== 1 || !most || all.length * most > 1e8) return [];
    const end = modelled(all, ready);
    return [['the longest tests first', modelled(all.toSorted((a, b) => b - a), ready)],
      ['one more system', modelled(all, ready.concat([ready.at(-1)]))]].map(([name, to]) => el('li', {}, 'With ' + name
      + (end - to < 1000 ? ', it would not have ended earlier.' : ', it would have ended about ' + time(end - to) + ' earlier.')));
  };

  // Views.

  const views = {
    failures() {
      const bad = found().filter(t => t.bad);
      const p = pager(bad.length, CARDS, 'tests');
      return [el('h2', {}, bad.length ? plural(bad.length, 'test') + ' did not pass' : 'No test failed'), p.bar,
        bad.slice(p.from, p.to).map(t => el('article', { class: CLASS[t.outcome] },
          el('h3', {}, outcomeOf(t.outcome), ' ', testLink(t)), testView(t))), pager(bad.length, CARDS, 'tests', '-below').bar];
    },
    running() {
      const all = tests.filter(t => t.running).sort((a, b) => a.running.t - b.running.t);
      const p = pager(all.length, CARDS, 'tests');
      return [el('h2', {}, all.length ? plural(all.length, 'running test') : 'No test is running'), p.bar,
        all.slice(p.from, p.to).map(t => el('article', { class: 'busy' }, el('h3', {}, testLink(t), ' for ' + time(t.took)),
          runningView(t.running)))];
    },
    tests() {
      const all = found();
      const open = t => t.name === state.test && t.platform === state.of;
      const at = state.test ? all.findIndex(open) : -1;
      if (at >= 0 && !state.page) state.page = String(Math.floor(at / ROWS) + 1);
      const p = pager(all.length, ROWS, 'tests');
      const sort = state.sort || 'outcome';
      // The largest numbers come first.
      const isFalling = key => (key === 'took' || key === 'attempts') !== Boolean(state.down);
      const head = (key, name, type) => el('th', { scope: 'col', class: type,
        'aria-sort': sort !== key ? null : isFalling(key) ? 'descending' : 'ascending' },
      el('button', { type: 'button', id: 'sort-' + key, click: () => go({ sort: key,
        down: sort === key && !state.down ? '1' : '', page: '' }) }, name, sort === key ? isFalling(key) ? ' ▼' : ' ▲' : ''));
      const rows = all.slice(p.from, p.to).map(t => {
        const isOpen = open(t);
        const button = el('button', { type: 'button', class: 'name', id: 'test-' + t.i, 'aria-expanded': String(isOpen),
          click: () => go({ test: isOpen ? '' : t.name, of: isOpen ? '' : t.platform }) }, short(line(t.name), 300));
        const r = el('tr', { 'data-test': t.i }, el('td', {}, button),
          el('td', {}, outcomeOf(t.outcome), t.known ? ' known' : '', t.flaky ? ' flaky' : ''),
          el('td', { class: 'number' }, t.running || attemptsOf(t).length ? time(t.took) : ''),
          el('td', { class: 'number' }, String(attemptsOf(t).length)),
          el('td', { class: 'wide' }, t.systems.slice(0, 3).map((i, n) => n ? [', ', systemLink(i)] : systemLink(i)),
            t.systems.length > 3 ? ' …' : ''),
          el('td', { class: 'wide name' }, short(line(t.tags.join(', ')), 100)),
          platforms.length > 1 ? el('td', { class: 'wide name' }, line(t.platform)) : null);
        return isOpen ? [r, el('tr', { class: 'details' }, el('td', { colspan: 7 }, testView(t)))] : r;
      });
      return [p.bar, table('Tests, ' + (sort === 'outcome' ? 'failures first' : 'ordered by ' + sort),
        [head('name', 'Test'), head('outcome', 'Outcome'), head('took', 'Took', 'number'),
          head('attempts', 'Attempts', 'number'), el('th', { scope: 'col', class: 'wide' }, 'Systems'),
          el('th', { scope: 'col', class: 'wide' }, 'Tags'),
          platforms.length > 1 ? el('th', { scope: 'col', class: 'wide' }, 'Platform') : ''].filter(Boolean), rows),
      all.length ? null : el('p', {}, tests.length ? 'No test matches the filter.' : 'There are no tests yet.')];
    },
    time: () => timeLine(),
    spent() {
      const sum = key => systems.reduce((all, s) => all + s[key], 0);
      const parts = [['Provisioning', sum('provisioning')], ['Setup', sum('setup')], ['Tests', sum('busy')],
        ['Idle', sum('idle')], ['Held for a person', sum('held')]];
      const total = parts.reduce((all, p) => all + p[1], 0) || 1;
      const slow = tests.filter(t => t.attempts.length && t.took).sort(SORTS.took).slice(0, 50);
      const path = criticalPath(), idleTimes = idle(), saves = alternatives();
      const late = systems.filter(s => s.provisioning + s.setup > 0)
        .sort((a, b) => b.provisioning + b.setup - a.provisioning - a.setup).slice(0, 20);
      return [el('h2', {}, 'Where the time went'),
        el('p', { class: 'soft' }, 'Sums over all systems and their slots. The run took ' + time(last - first) + '.'),
        table('Time of systems', ['Part', 'Time', 'Share'], parts.filter(p => p[1]).map(p => row(p[0], time(p[1]),
          (100 * p[1] / total).toFixed(1) + ' %'))),
        idleTimes.length ? [el('h2', {}, 'Idle time'), table('Idle time of systems by its cause', ['Idle', 'Time', 'Share'],
          idleTimes.slice(0, 20).map(([why, took]) => row(el('span', { class: 'name' }, why), time(took),
            (100 * took / total).toFixed(1) + ' %')))] : null,
        saves.length ? [el('h2', {}, 'What would have been faster'), el('p', { class: 'soft' },
          'In a model of the run, in which each test may run on each system and takes as long as it did:'), el('ul', {}, saves)] : null,
        path.length ? [el('h2', {}, 'Critical path'), el('p', { class: 'soft' }, 'The run ended when the last of '
          + plural(path.length, 'attempt') + ' ended, each of which waited for the one before.'),
        table('The attempts on which the end of the run depended' + (path.length > ROWS ? ', the last ' + ROWS : ''),
          ['Test', 'System', 'Waited', 'Took', 'Outcome'], path.map((a, n) => [a, n]).slice(-ROWS).map(([a, n]) =>
            row(testLink(a.test), systemLink(a.s), waits(path, n), time(a.d), outcomeOf(a.o))))] : null,
        el('h2', {}, 'Slowest tests'),
        table('The tests that took the longest', ['Test', 'Took', 'Expected', 'Attempts', 'Outcome'], slow.map(t => row(
          testLink(t), time(t.took), t.expected ? time(t.expected) : '', String(attemptsOf(t).length), outcomeOf(t.outcome)))),
        late.length ? [el('h2', {}, 'Slowest systems'), table('The systems that were ready the latest after their request',
          ['System', 'Provisioning', 'Setup'], late.map(s => row(systemLink(s.i), time(s.provisioning), time(s.setup))))] : null];
    },
    flaky() {
      const all = found().filter(t => t.flaky);
      const p = pager(all.length, ROWS, 'tests');
      return [el('h2', {}, all.length ? plural(all.length, 'flaky test') : 'No flaky tests'),
        el('p', { class: 'soft' }, 'Tests that passed after an attempt that failed.'), p.bar,
        all.length ? table('Flaky tests', ['Test', 'Attempts', 'First failure'], all.slice(p.from, p.to).map(t => row(
          testLink(t), t.attempts.map(a => word(a.o)).join(', '),
          el('span', { class: 'name' }, line((t.attempts.find(a => CLASS[a.o] === 'bad') || {}).n || ''))))) : null];
    },
    notrun() {
      const reasons = new Map();
      for (const t of found().filter(u => u.outcome === 'NOT_RUN' || u.outcome === 'CANCELLED' || u.outcome === 'WAITING')) {
        const why = word(t.outcome) + (t.note ? ': ' + t.note : '');
        (reasons.get(why) || reasons.set(why, []).get(why)).push(t);
      }
      const groups = [...reasons].sort((a, b) => b[1].length - a[1].length);
      const p = pager(groups.length, CARDS, 'reasons');
      return [el('h2', {}, groups.length ? 'Tests that did not run' : 'All tests ran'), p.bar,
        groups.slice(p.from, p.to).map(([why, of]) => [el('h3', { class: 'name' }, line(why)),
          el('p', { class: 'soft' }, plural(of.length, 'test')),
          el('ul', {}, of.slice(0, ROWS).map(t => el('li', {}, testLink(t)))),
          of.length > ROWS ? el('p', {}, link(filtered({ view: 'tests', outcome: of[0].outcome }), 'All of this outcome')) : null])];
    },
    compared() {
      const isBad = o => !['PASSED', 'SKIPPED'].includes(o);
      const isOver = t => !['RUNNING', 'WAITING'].includes(t.outcome);
      const common = tests.filter(t => t.before && isOver(t));
      const groups = [
        ['Failed, and passed before', common.filter(t => t.bad && !isBad(t.before))],
        ['Failed before, too', common.filter(t => t.bad && isBad(t.before))],
        ['Passed, and failed before', common.filter(t => !isBad(t.outcome) && isBad(t.before))],
        // Short tests vary much.
        ['Slower by half', common.filter(t => t.outcome === 'PASSED' && t.before === 'PASSED'
          && t.took > 1.5 * t.tookBefore && t.took - t.tookBefore > 1000)],
        ['Not in the former run', tests.filter(t => !t.before && isOver(t))]].filter(g => g[1].length);
      return [el('h2', {}, 'Compared with the former run'),
        el('p', { class: 'soft' }, 'Run ' + line(former.id) + ', started ' + date(former.start) + '. '
          + plural(common.length, 'test') + ' ended in both runs.'),
        groups.map(([name, of]) => [el('h3', {}, name + ' (' + of.length + ')'),
          table(name, ['Test', 'Outcome', 'Before', 'Took', 'Took before'], of.slice(0, ROWS).map(t => row(testLink(t),
            outcomeOf(t.outcome), t.before ? outcomeOf(t.before) : '', time(t.took), t.before ? time(t.tookBefore) : ''))),
          of.length > ROWS ? el('p', { class: 'soft' }, 'and ' + plural(of.length - ROWS, 'more test')) : null]),
        onlyFormer.size ? [el('h3', {}, 'Only in the former run (' + onlyFormer.size + ')'),
          el('ul', {}, [...onlyFormer].slice(0, ROWS).map(n => el('li', { class: 'name' }, short(line(n), 300)))),
          onlyFormer.size > ROWS ? el('p', { class: 'soft' }, 'and ' + plural(onlyFormer.size - ROWS, 'more test')) : null] : null];
    },
    systems() {
      const p = pager(systems.length, ROWS, 'systems');
      return [el('h2', {}, plural(systems.length, 'system')), p.bar,
        table('Systems and their environment', ['System', 'Provisioner', 'Host', 'Labels', 'State', 'Tests', 'Setup', 'Busy', 'Idle'],
          systems.slice(p.from, p.to).map(s => {
            const stay = s.stays.at(-1);
            const gone = stay && stay.gone;
            return row(systemLink(s.i), line(s.provisioner), line(s.host),
              el('ul', { class: 'plain' }, Object.entries(s.labels).map(([k, v]) =>
                el('li', { class: 'name' }, short(line(k + '=' + v), 300)))),
              [s.lost ? el('span', { class: 'odd' }, 'lost ') : null, !stay || stay.guessed && !live ? '' : gone ? 'given back '
                + clock(gone) + (stay.why ? ': ' + line(stay.why) : '') : live ? 'in use' : 'not given back'],
              String(s.attempts.length), time(s.setup), time(s.busy), time(s.idle));
          }))];
    },
    problems() {
      const all = [];
      for (const r of runs.values()) {
        for (const q of r.problems || []) all.push([q.v === 'PASSED' ? 'note' : word(q.v), line(q.n || ''), '']);
      }
      const NAMES = { setupFailed: 'could not be set up', quarantined: 'is not used any more', fixtureFailed: 'could not be finished',
        abandoned: 'did not return in time', notStored: 'was not stored' };
      const log = events.filter(e => NAMES[e.y] || e.y === 'paused' || e.y === 'held').map(e => row(clock(e.t),
        el('span', { class: 'name' }, e.y === 'paused' ? e.n ? 'The run is paused: ' + line(e.n) : 'The run continues'
          : e.y === 'held' ? ['System ', systemLink(e.s), ' is held for a person, as ' + line(e.n) + ' failed on it']
            : line(e.h || '') + ' ' + NAMES[e.y] + (e.n ? ': ' + line(e.n) : ''))));
      const p = pager(Math.max(all.length, log.length), ROWS, 'entries');
      return [el('h2', {}, all.length + log.length ? 'Problems of the run' : 'No problems'), p.bar,
        all.length ? table('Problems', ['Kind', 'Problem'], all.slice(p.from, p.to).map(a => row(a[0],
          el('span', { class: 'name' }, a[1])))) : null,
        log.length ? table('Events', ['Time', 'Event'], log.slice(p.from, p.to)) : null];
    }
  };

  // The time line: a canvas, as it may have 30,000 bars.

  const PARTS = { provisioning: 'Provisioning', setup: 'Setup', idle: 'Idle', held: 'Held', good: 'Passed', bad: 'Failed',
    odd: 'Lost or cancelled', busy: 'Running', gone: 'Given back' };
  const colours = () => {
    const css = getComputedStyle(document.documentElement);
    const of = name => css.getPropertyValue('--' + name).trim();
    return { good: of('good'), bad: of('bad'), odd: of('odd'), none: of('none'), busy: of('busy'), idle: of('field'),
      line: of('line'), front: of('front'), soft: of('soft'), provisioning: of('line'), setup: of('soft'), held: of('held'),
      gone: of('front') };
  };
  const lanes = () => systems.filter(s => s.stays.length).flatMap(s =>
    Array.from({ length: Math.min(s.slots, 50) }, (unused, n) => ({ system: s, slot: n + 1 })));
  const bars = lane => {
    const all = [];
    for (const y of lane.system.stays) {
      const until = y.gone ?? last;
      if (y.setup > y.asked) all.push({ from: y.asked, to: y.setup, kind: 'provisioning' });
      if (y.ready > y.setup) all.push({ from: y.setup, to: y.ready, kind: 'setup' });
      all.push({ from: y.ready, to: y.held || until, kind: 'idle' });
      if (y.held) all.push({ from: y.held, to: until, kind: 'held' });
      if (y.gone && !y.guessed) all.push({ from: y.gone, to: y.gone, kind: 'gone', why: y.why });
    }
    for (const a of lane.system.attempts) {
      if (a.b === lane.slot) all.push({ from: a.t, to: a.t + a.d, kind: CLASS[a.o], attempt: a });
    }
    for (const u of lane.system.current || []) {
      if (u.b === lane.slot) all.push({ from: u.t, to: last, kind: 'busy', running: u });
    }
    return all;
  };
  const timeLine = () => {
    const all = lanes();
    const p = pager(all.length, LANES, 'rows');
    const shown = all.slice(p.from, p.to).map(lane => ({ lane, bars: bars(lane) }));
    const whole = Math.max(1, last - first);
    const least = Math.min(whole, 1000);
    let from = Math.min(whole - least, Math.max(0, Number(state.from) || 0));
    let to = Math.max(from + least, Math.min(whole, Number(state.to) || whole));
    const LEFT = 130, TOP = 22, HIGH = 20;
    const height = TOP + HIGH * shown.length + 4;
    const info = el('p', { id: 'bar', 'aria-live': 'polite' }, 'Point at a bar, or click it, to see its test.');
    const canvas = el('canvas', { id: 'timeline', tabindex: 0, role: 'img', 'aria-describedby': 'keys', 'aria-label':
      'Time line of ' + plural(all.length, 'row') + ', the same data are in the views Systems and Tests' });
    canvas.style.height = height + 'px';
    const x = (t, width) => LEFT + (t - first - from) / (to - from) * (width - LEFT);
    const draw = () => {
      const ratio = devicePixelRatio || 1, width = canvas.clientWidth;
      if (!width) return;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const c = canvas.getContext('2d'), colour = colours();
      c.scale(ratio, ratio);
      c.font = '12px sans-serif';
      c.textBaseline = 'middle';
      const step = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400].map(s => s * 1000)
        .find(s => (to - from) / s * 80 < width - LEFT) || 86400000 * Math.ceil((to - from) / 86400000);
      for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
        const at = x(first + t, width);
        c.fillStyle = colour.line;
        c.fillRect(at, TOP - 4, 1, height - TOP);
        c.fillStyle = colour.soft;
        if (at < width - 40) c.fillText(time(t), at + 3, TOP / 2);
      }
      shown.forEach(({ lane, bars: of }, n) => {
        const y = TOP + n * HIGH;
        c.save();
        c.beginPath();
        c.rect(LEFT, y, width - LEFT, HIGH);
        c.clip();
        for (const b of of) {
          const left = x(b.from, width), right = x(b.to, width);
          if (right < LEFT || left > width) continue;
          if (b.kind === 'gone') {
            c.fillStyle = colour.front;
            c.fillRect(left, y + 1, 2, HIGH - 2);
          } else {
            const isThin = b.kind === 'idle';
            c.fillStyle = colour[b.kind];
            c.fillRect(left, y + (isThin ? 7 : 2), Math.max(1, right - left - (b.attempt && right - left > 3 ? 1 : 0)),
              HIGH - (isThin ? 14 : 4));
            if (isThin) {
              c.strokeStyle = colour.line;
              c.strokeRect(left, y + 7, Math.max(1, right - left), HIGH - 14);
            }
          }
        }
        c.restore();
        c.fillStyle = colour.front;
        const name = line(lane.system.name) + (lane.system.slots > 1 ? ' · ' + lane.slot : '');
        c.save();
        c.beginPath();
        c.rect(0, y, LEFT - 6, HIGH);
        c.clip();
        c.fillText(short(name, 40), 2, y + HIGH / 2);
        c.restore();
      });
    };
    const move = (start, length) => {
      const wide = Math.min(whole, Math.max(least, length));
      from = Math.max(0, Math.min(whole - wide, start));
      to = from + wide;
      const changes = { from: from > 0 ? String(Math.round(from)) : '', to: to < whole ? String(Math.round(to)) : '' };
      history.replaceState(null, '', hash(changes));
      Object.assign(state, changes);
      canvas.dataset.range = Math.round(from) + '-' + Math.round(to);
      draw();
    };
    const zoom = (factor, at = (from + to) / 2) => move(at - (at - from) * factor, (to - from) * factor);
    const shift = part => move(from + (to - from) * part, to - from);
    const at = event => {
      const box = canvas.getBoundingClientRect();
      const n = Math.floor((event.clientY - box.top - TOP) / HIGH);
      const t = from + (event.clientX - box.left - LEFT) / (box.width - LEFT) * (to - from);
      const slack = (to - from) / Math.max(1, box.width - LEFT) * 2;
      const hit = shown[n] && shown[n].bars.filter(b => b.from - first - slack <= t && t <= b.to - first + slack).at(-1);
      return { t, n, hit };
    };
    const tell = event => {
      const { n, hit } = at(event);
      if (!hit) return;
      const a = hit.attempt, name = line(shown[n].lane.system.name) + ', ';
      info.replaceChildren(...(a ? [testLink(a.test), ' ', outcomeOf(a.o), ', attempt ' + a.a + ' in ' + time(a.d) + ' on ' + name
        + clock(a.t) + ' to ' + clock(a.t + a.d)]
        : hit.running ? [testLink(tests[hit.running.i]), ' is running on ' + name + 'since ' + clock(hit.from)]
          : hit.kind === 'gone' ? [name + 'given back ' + clock(hit.from) + (hit.why ? ': ' + line(hit.why) : '')]
            : [name + PARTS[hit.kind].toLowerCase() + ' for ' + time(hit.to - hit.from) + ' from ' + clock(hit.from)]));
    };
    let dragged = null;
    canvas.addEventListener('pointerdown', e => { dragged = { x: e.clientX, from }; tell(e); });
    canvas.addEventListener('pointermove', e => {
      if (dragged && e.buttons) move(dragged.from - (e.clientX - dragged.x) / (canvas.clientWidth - LEFT) * (to - from), to - from);
      else tell(e);
    });
    addEventListener('pointerup', () => { dragged = null; });
    canvas.addEventListener('wheel', e => {
      if (!e.ctrlKey) return;
      e.preventDefault();
      zoom(e.deltaY > 0 ? 1.25 : 0.8, at(e).t);
    }, { passive: false });
    canvas.addEventListener('keydown', e => {
      const act = { '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), ArrowLeft: () => shift(-0.25),
        ArrowRight: () => shift(0.25), Home: () => move(0, whole), '0': () => move(0, whole) }[e.key];
      if (act && !e.ctrlKey && !e.altKey && !e.metaKey) {
        e.preventDefault();
        act();
      }
    });
    canvas.dataset.range = Math.round(from) + '-' + Math.round(to);
    canvas.dataset.rows = shown.map(s => s.lane.system.name + '/' + s.lane.slot).join(',');
    canvas.dataset.bars = String(shown.reduce((sum, s) => sum + s.bars.length, 0));
    redraw = draw;
    requestAnimationFrame(draw);
    const button = (id, name, act) => el('button', { type: 'button', id, click: act }, name);
    const colour = colours();
    return [el('h2', {}, 'Time line'), all.length ? null : el('p', {}, 'No system has run a test.'), p.bar,
      el('div', { class: 'pager tools', role: 'group', 'aria-label': 'Range of the time line' },
        button('zoom-in', 'Zoom in', () => zoom(0.5)), button('zoom-out', 'Zoom out', () => zoom(2)),
        button('earlier', 'Earlier', () => shift(-0.5)), button('later', 'Later', () => shift(0.5)),
        button('whole', 'Whole run', () => move(0, whole))),
      el('p', { id: 'keys', class: 'soft' }, 'Keys: + and − zoom, arrows move, 0 shows the whole run. Drag to move, turn the'
        + ' wheel with Ctrl to zoom.'),
      canvas, info,
      el('p', {}, Object.entries(PARTS).map(([kind, name]) => {
        const key = el('span', { class: 'key', 'aria-hidden': 'true' });
        key.style.background = colour[kind];
        return [key, name];
      }))];
  };
  let redraw = null;

  // The page around the views.

  const header = () => {
    const count = {};
    for (const t of tests) count[t.outcome] = (count[t.outcome] || 0) + 1;
    const flaky = tests.filter(t => t.flaky).length, known = tests.filter(t => t.known).length;
    const ended = [...runs.values()].filter(r => r.verdict);
    const worst = tests.reduce((v, t) => !t.bad ? v : Math.max(v, CLASS[t.outcome] === 'bad' ? 4
      : ['LOST', 'SETUP_FAILED'].includes(t.outcome) ? 3 : 2), 0);
    const verdict = VERDICTS[Math.max(worst, ...ended.map(r => VERDICTS.indexOf(r.verdict)))];
    const title = line(now.n || 'Test report');
    const done = tests.filter(t => !['RUNNING', 'WAITING'].includes(t.outcome)).length;
    const status = live ? (verdict === 'PASSED' ? 'Running' : 'Running, so far ' + word(verdict))
      + ', ' + done + ' of ' + plural(tests.length, 'test') + ' done' : word(verdict)[0].toUpperCase() + word(verdict).slice(1);
    byId('title').textContent = title;
    document.title = (live ? done + '/' + tests.length + ' ' : word(verdict) + ': ') + title;
    byId('verdict').textContent = status;
    byId('verdict').className = verdict === 'FAILED' ? 'bad' : verdict !== 'PASSED' ? 'odd' : live ? 'busy' : 'good';
    byId('facts').textContent = [plural(tests.length, 'test'), plural(tests.reduce((n, t) => n + attemptsOf(t).length, 0),
      'attempt'), plural(systems.length, 'system'), 'started ' + date(first), (live ? 'running for ' : 'took ')
      + time(last - first), ...[...runs.keys()].slice(0, 3).map(id => 'run ' + line(id)),
      now.w ? 'waiting tests ' + line(now.w) : '', now.p ? 'paused: ' + line(now.p) : ''].filter(Boolean).join(', ');
    const button = (value, name, n, type) => el('button', { type: 'button', id: 'count-' + value, class: type,
      click: () => go(filtered({ view: 'tests', outcome: value })) }, n + ' ' + name);
    byId('counts').append(...ORDER.filter(o => count[o]).map(o => button(o, word(o), count[o], CLASS[o])),
      ...(flaky ? [button('flaky', 'flaky', flaky, 'odd')] : []), ...(known ? [button('known', 'known', known, 'none')] : []));
  };
  const options = (id, all, names) => byId(id).append(el('option', { value: '' }, 'any'),
    ...all.map((v, n) => el('option', { value: v }, names ? names[n] : short(line(v), 80))));
  const frequent = lists => {
    const count = new Map();
    for (const list of lists) for (const v of list) count.set(v, (count.get(v) || 0) + 1);
    return [...count].sort((a, b) => b[1] - a[1]).slice(0, MAX_OPTIONS).map(v => v[0]).sort();
  };
  const outcomes = ORDER.filter(o => tests.some(t => t.outcome === o));
  options('outcome', ['bad', ...outcomes, 'flaky', 'known'], ['did not pass', ...outcomes.map(word), 'flaky', 'known failure']);
  options('tag', frequent(tests.map(t => t.tags)));
  options('system', frequent([...new Set(systems.map(s => s.name))].map(n => [n])));
  options('platform', platforms);
  for (const id of FIELDS) {
    byId(id).addEventListener('input', () => go(filtered({ [id]: byId(id).value,
      view: ['failures', 'tests', 'flaky', 'notrun'].includes(state.view) ? state.view : 'tests' }), true));
  }
  byId('filter').addEventListener('submit', e => e.preventDefault());
  byId('reset').addEventListener('click', () => go(filtered(Object.fromEntries(FIELDS.map(f => [f, ''])))));

  const render = () => {
    const main = byId('main');
    const focus = document.activeElement && document.activeElement.id;
    redraw = null;
    main.replaceChildren(...[views[state.view]()].flat(9).filter(Boolean));
    for (const id of FIELDS) if (byId(id) !== document.activeElement || byId(id).value !== state[id]) byId(id).value = state[id];
    byId('filter').hidden = !['failures', 'tests', 'flaky', 'notrun'].includes(state.view);
    const isFiltered = FIELDS.some(f => state[f]);
    byId('found').textContent = found().length + ' of ' + plural(tests.length, 'test') + (isFiltered ? ' match' : '');
    const counts = { failures: tests.filter(t => t.bad).length, flaky: tests.filter(t => t.flaky).length };
    byId('views').replaceChildren(...Object.entries(VIEWS).map(([view, name]) => el('a', { id: 'view-' + view,
      href: hash({ view, page: '', test: '', of: '' }), 'aria-current': view === state.view ? 'page' : null },
    name + (counts[view] ? ' (' + counts[view] + ')' : ''))));
    // The elements are new: the one with the same name gets the focus.
    if (focus && byId(focus) && document.activeElement === document.body) byId(focus).focus({ preventScroll: true });
  };
  addEventListener('hashchange', () => {
    if (location.hash === '#main') {
      history.replaceState(null, '', hash({}));
      byId('main').focus();
      return;
    }
    read();
    render();
    const open = byId('main').querySelector('[aria-expanded=true]');
    if (open) open.scrollIntoView({ block: 'nearest' });
  });
  addEventListener('resize', () => redraw && redraw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => render());

  // While the run goes on, the page is loaded again. Storage may be forbidden for files.

  const stored = (key, value) => {
    try {
      if (value === undefined) return sessionStorage.getItem(key + location.pathname);
      sessionStorage.setItem(key + location.pathname, value);
    } catch { /* forbidden: the page works without */ }
    return null;
  };
  const follow = () => {
    byId('live').hidden = false;
    byId('refresh').checked = stored('refresh') !== 'off';
    byId('refresh').addEventListener('change', () => stored('refresh', byId('refresh').checked ? 'on' : 'off'));
    const loading = performance.now() - started;
    const pause = Math.max(1000, 1.5 * (now.v || 3000), 10 * loading);
    const isReading = () => !byId('refresh').checked || document.hidden || String(getSelection()).length > 0
      || document.querySelector('details.log[open]') || performance.now() - typed < 3000;
    let typed = -3000;
    addEventListener('input', () => { typed = performance.now(); });
    const check = () => {
      const age = Date.now() - now.t;
      const isOld = age > 120000;
      byId('age').textContent = 'Written ' + clock(now.t) + (isOld ? '. There is no newer page for ' + time(age)
        + ': the program of the run may have ended.' : '');
      if (!isReading() && performance.now() - started > (isOld ? 30000 : pause)) {
        stored('scroll', String(scrollY));
        stored('focus', document.activeElement ? document.activeElement.id : '');
        location.reload();
      } else {
        setTimeout(check, 500);
      }
    };
    check();
  };

  // Makes the texts for the search while the browser is idle, for the first letter of a search to be as fast as others.
  let prepared = 0;
  const prepare = deadline => {
    while (prepared < tests.length && deadline.timeRemaining() > 1) text(tests[prepared++]);
    if (prepared < tests.length) requestIdleCallback(prepare);
  };

  header();
  read();
  render();
  if (stored('scroll') !== null && performance.getEntriesByType('navigation')[0]?.type === 'reload') {
    scrollTo(0, Number(stored('scroll')));
    const focus = stored('focus');
    if (focus && byId(focus)) byId(focus).focus({ preventScroll: true });
  }
  if (live) follow();
  if (window.requestIdleCallback) requestIdleCallback(prepare);
  document.documentElement.dataset.ready = String(Math.round(performance.now() - started));
})();
