// Text from records and errors is only ever set as textContent: a record cannot become markup.

const REFRESH_MS = 1000

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node | string)} children */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

const place = (id) => document.getElementById(id)
const readyOf = ({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
const format = new Intl.NumberFormat('en')

function jobCard({ job, instances }) {
  const ready = readyOf(job)
  const phase = job.status?.phase ?? 'Pending'
  const statuses = instances.flatMap(({ status }) => (status === undefined ? [] : [status]))
  const title = element(
    'div',
    { class: 'title' },
    element('h3', {}, job.metadata.name),
    element('span', { class: `badge ${phase} ${ready?.status ?? ''}` }, phase),
    element('span', { class: 'soft' }, factsOf(job, statuses)),
  )
  const parts =
    ready?.status === 'True'
      ? []
      : [element('p', { class: 'message' }, ready?.message ?? 'waiting')]
  return element('article', {}, title, ...parts, flowOf(statuses))
}

function factsOf({ status }, statuses) {
  const count = (name) => format.format(sum(statuses.map(({ counts }) => counts[name])))
  const lag = sum(
    statuses.flatMap(({ tasks }) =>
      tasks.flatMap(({ partitions }) =>
        partitions.map((p) => Math.max(0, p.highWatermark - p.position)),
      ),
    ),
  )
  const standbys = sum(statuses.map((one) => one.standbys.length))
  return [
    `tasks ${status?.tasks ?? '0/0'}`,
    `${count('consumed')} read`,
    `${count('produced')} written`,
    `${count('deadLettered')} dead letters`,
    `${count('skipped')} skipped`,
    `lag ${format.format(lag)}`,
    ...(standbys > 0 ? [`${standbys} standbys`] : []),
  ].join(' · ')
}

/** Records that entered each node, in the order of the topology. */
function flowOf(statuses) {
  const totals = new Map()
  for (const { nodes } of statuses) {
    for (const [name, count] of Object.entries(nodes))
      totals.set(name, (totals.get(name) ?? 0) + count)
  }
  const items = [...totals].map(([name, count]) =>
    element('li', {}, element('b', {}, format.format(count)), name),
  )
  return element('ul', { class: 'flow', 'aria-label': 'records by node' }, ...items)
}

function topicRow(topic) {
  const ready = readyOf(topic)
  return element(
    'tr',
    {},
    element('td', {}, topic.status?.topicName ?? topic.metadata.name),
    element(
      'td',
      {},
      element('span', { class: `badge ${ready?.status ?? ''}` }, ready?.status ?? 'Unknown'),
    ),
    element('td', {}, String(topic.status?.partitions ?? '')),
    element('td', { class: 'soft' }, ready?.message ?? ''),
  )
}

const recordRow = ({ topic, key, value }) =>
  element(
    'tr',
    {},
    element('td', {}, topic),
    element('td', {}, key ?? 'null'),
    element('td', { class: 'value' }, value ?? 'null'),
  )

const emptyRow = (columns, text) =>
  element('tr', {}, element('td', { colspan: String(columns), class: 'soft' }, text))

function show({ jobs, topics, records }) {
  const noJobs = element(
    'p',
    { class: 'soft' },
    'No job yet: add a StreamJob to the folder you run.',
  )
  place('jobs').replaceChildren(...(jobs.length === 0 ? [noJobs] : jobs.map(jobCard)))
  place('topics').replaceChildren(
    ...(topics.length === 0 ? [emptyRow(4, 'No Topic objects.')] : topics.map(topicRow)),
  )
  place('records').replaceChildren(
    ...(records.length === 0 ? [emptyRow(3, 'Nothing yet.')] : records.map(recordRow)),
  )
}

async function refresh() {
  try {
    const response = await fetch('/api/v1/snapshot', { signal: AbortSignal.timeout(5000) })
    show(await response.json())
    place('connection').textContent = 'live'
  } catch {
    place('connection').textContent = 'not connected: is millrace dev still running?'
  }
  setTimeout(refresh, document.hidden ? REFRESH_MS * 5 : REFRESH_MS)
}

await refresh()
