'use strict';
// Everything is readable without this: here is search, filter and sort only.
(() => {
  const by = (id) => document.getElementById(id);
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const tools = by('tools');
  tools.hidden = false;
  const text = (element) => ((element.title || '') + ' ' + element.textContent).toLowerCase();
  const lazily = (make) => { let made; return () => made === undefined ? (made = make()) : made; };

  const matrices = all('table.matrix').map((table) => ({
    frame: table.parentElement,
    heading: table.parentElement.previousElementSibling,
    columns: all('thead th', table).slice(1).map((head) => ({ head, text: text(head) })),
    rows: all('tbody tr', table).map((row) => ({
      row, text: text(row.cells[0]), cells: Array.from(row.cells).slice(1),
    })),
  }));
  const articles = (selector) => all(selector).map((element) => ({
    element, text: lazily(() => text(element)), title: text(element.querySelector('h3')),
  }));
  const rules = articles('article.rule');
  const findings = all('.finding').map((element) => ({ element, text: lazily(() => text(element)) }));
  const keys = articles('article.key');
  const principals = articles('article.principal');
  const list = all('#key-list tbody tr').map((row) => ({ row, text: text(row.cells[0]) }));

  // Whether a cell has the letter, in the way that is asked for.
  const fits = (cell, letter, how) => {
    if (!cell.className) return false;
    if (!letter && !how) return true;
    const [always, rest = ''] = cell.textContent.split(/ ?if /, 2);
    const parts = { y: always, c: rest, n: '' };
    for (const way of ['y', 'c']) {
      const [known, unknown] = parts[way].split('?', 2);
      if (unknown !== undefined) { parts[way] = known; parts.n = unknown; }
    }
    const wanted = how ? parts[how] : parts.y + parts.c + parts.n;
    return letter ? wanted.includes(letter) : wanted.trim() !== '';
  };

  const narrow = () => {
    const key = by('find-key').value.trim().toLowerCase();
    const who = by('find-who').value.trim().toLowerCase();
    const letter = by('find-letter').value;
    const how = by('find-how').value;
    const severity = by('find-severity').value;
    const isNarrow = key || who || letter || how;
    let shownRows = 0;
    let shownColumns = 0;
    for (const matrix of matrices) {
      const columns = matrix.columns.map((column) => column.text.includes(key));
      const used = columns.map(() => false);
      let rows = 0;
      for (const { row, text, cells } of matrix.rows) {
        const hits = cells.map((cell, at) => columns[at] && fits(cell, letter, how));
        const isShown = text.includes(who) && (!isNarrow || hits.includes(true));
        row.hidden = !isShown;
        if (isShown) { rows += 1; hits.forEach((hit, at) => { used[at] = used[at] || hit; }); }
      }
      const visible = columns.map((fits, at) => fits && (!(who || letter || how) || used[at]));
      matrix.columns.forEach(({ head }, at) => { head.hidden = !visible[at]; });
      for (const { row, cells } of matrix.rows) {
        if (!row.hidden) cells.forEach((cell, at) => { cell.hidden = !visible[at]; });
      }
      const isEmpty = isNarrow && rows === 0;
      matrix.frame.hidden = isEmpty;
      matrix.heading.hidden = isEmpty;
      shownRows += rows;
      shownColumns += isEmpty ? 0 : visible.filter(Boolean).length;
    }
    for (const { element, text } of findings) {
      element.hidden = (key && !text().includes(key)) || (who && !text().includes(who));
    }
    for (const { element } of rules) {
      element.hidden = (severity && element.dataset.severity !== severity)
        || all('.finding', element).every((finding) => finding.hidden);
    }
    for (const { element, title, text } of keys) {
      element.hidden = !title.includes(key) && !element.id.includes(key) || (who && !text().includes(who));
    }
    for (const { row, text } of list) row.hidden = !text.includes(key);
    for (const { element, text } of principals) {
      element.hidden = (who && !text().includes(who)) || (key && !text().includes(key));
    }
    by('found').value = isNarrow || severity
      ? `${shownRows} rows and ${shownColumns} columns of the matrix, ${findings.filter(({ element }) => element.offsetParent).length} findings`
      : '';
  };
  let waiting;
  tools.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(narrow, 120); });
  tools.addEventListener('reset', () => setTimeout(narrow));
  tools.addEventListener('submit', (event) => event.preventDefault());

  // Tables that can be sorted by any column.
  for (const table of all('table.sortable')) {
    const body = table.tBodies[0];
    all('thead th', table).forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const isDown = head.classList.contains('num') !== (head.ariaSort === 'ascending' || head.ariaSort === 'descending')
          ? head.ariaSort !== 'descending' : head.ariaSort === 'ascending';
        all('th', table.tHead).forEach((other) => { other.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
        const value = (row) => row.cells[column].textContent;
        const rows = Array.from(body.rows).sort((a, b) => value(a).localeCompare(value(b), 'en', { numeric: true }));
        body.append(...(isDown ? rows.reverse() : rows));
      });
    });
  }

  // What a link leads to may be hidden by a filter.
  const arrive = () => {
    const target = by(decodeURIComponent(location.hash.slice(1)));
    if (target && !target.checkVisibility()) { tools.reset(); narrow(); }
    if (target) target.scrollIntoView();
  };
  addEventListener('hashchange', arrive);
  if (location.hash) arrive();
})();
