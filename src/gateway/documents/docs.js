// Shows the OpenAPI document that the gateway serves, and calls what it describes.
// Everything that comes from the document goes into the page as text, never as HTML.

// The gateway may be mounted below a path of its own.
const ROOT = location.pathname.replace(/\/docs$/, '')

const VERBS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** An element with attributes (functions are listeners) and children. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') element.addEventListener(key, value)
    else element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false))
  return element
}

// --- text ---

/** CommonMark as far as comments use it: paragraphs, lists, code. */
function prose(text = '') {
  return text.split(/\n{2,}/).filter(Boolean).map((block) => {
    const lines = block.split('\n')
    if (lines.every((line) => /^\s*([-*] |\s)/.test(line)) && /^\s*[-*] /.test(lines[0])) {
      const items = block.split(/^\s*[-*] /m).filter((item) => item.trim())
      return make('ul', {}, items.map((item) => make('li', {}, inline(item.trim()))))
    }
    return make('p', {}, inline(block))
  })
}

function inline(text) {
  return text.split(/(`[^`]+`)/).filter(Boolean).map((part) =>
    part.startsWith('`') && part.length > 2 ? make('code', {}, part.slice(1, -1)) : part)
}

// --- schemas ---

let api

function resolve(schema = {}) {
  const path = schema.$ref?.slice(2).split('/')
  return path ? path.reduce((at, step) => at?.[step], api) ?? {} : schema
}

function nameOf(schema = {}) {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.type === 'array') return `list of ${nameOf(schema.items)}`
  if (schema.type === 'object' && schema.additionalProperties instanceof Object) {
    return `map to ${nameOf(schema.additionalProperties)}`
  }
  const format = schema.format === 'byte' ? 'base64' : schema.format
  return [schema.type ?? 'any JSON', format && `(${format})`].filter(Boolean).join(' ')
}

/** What is below a schema: the message of a list or a map too. */
function inner(schema = {}) {
  if (schema.type === 'array') return inner(schema.items)
  if (schema.additionalProperties instanceof Object) return inner(schema.additionalProperties)
  return resolve(schema)
}

function fields(schema, open = []) {
  const message = inner(schema)
  const required = message.required ?? []
  return make('dl', { class: 'fields' }, Object.entries(message.properties ?? {}).map(([name, field]) => {
    const below = inner(field)
    const isSeen = open.includes(below)
    const nested = below.properties && !isSeen && below !== message
    return make('div', {},
      make('dt', {}, make('code', {}, name), make('span', { class: 'type' }, nameOf(field)),
        required.includes(name) && make('span', { class: 'must' }, 'required'),
        field.readOnly && make('span', { class: 'badge' }, 'in replies'),
        field.writeOnly && make('span', { class: 'badge' }, 'in requests'),
        field.deprecated && make('span', { class: 'badge warn' }, 'deprecated')),
      make('dd', {}, prose(field.description), values(below),
        nested && lazily('Fields', () => fields(below, [...open, message]))))
  }))
}

function values(schema) {
  if (!schema.enum) return undefined
  const listed = schema.enum.flatMap((value, at) => [at ? ', ' : '', make('code', {}, String(value))])
  return make('p', { class: 'small' }, 'One of ', listed, '.')
}

/** Details whose content is made when they are opened. */
function lazily(title, content) {
  const details = make('details', {}, make('summary', {}, title))
  details.addEventListener('toggle', () => details.append(content()), { once: true })
  return details
}

/** An example of a schema, to start from. */
function sample(schema, open = []) {
  const shape = resolve(schema)
  if (shape.examples?.length) return shape.examples[0]
  if (shape.enum) return shape.enum.find((value) => !/UNSPECIFIED/.test(value)) ?? shape.enum[0]
  if (open.includes(shape)) return undefined
  const below = [...open, shape]
  switch (shape.type) {
    case 'string': return { byte: 'aGVsbG8gd29ybGQ=', 'date-time': '2025-01-31T12:00:00Z', int64: '7', uint64: '7' }[shape.format] ?? ''
    case 'integer': case 'number': return 7
    case 'boolean': return true
    case 'array': { const item = sample(shape.items, below); return item === undefined ? [] : [item] }
    case 'object': {
      // Of members that exclude each other the first is enough.
      const excluded = new Set()
      for (const { required: [first, second] } of shape.not?.anyOf ?? [shape.not ?? { required: [] }]) if (!excluded.has(first)) excluded.add(second)
      const members = Object.entries(shape.properties ?? {})
        .filter(([name, field]) => !field.readOnly && !field.deprecated && !excluded.has(name))
        .map(([name, field]) => [name, sample(field, below)])
        .filter(([, value]) => value !== undefined && value !== '')
      return Object.fromEntries(members)
    }
    default: return undefined
  }
}

// --- calls ---

/** The request that a form stands for. */
function request(operation, form) {
  let path = operation.path
  const query = []
  const value = (name) => form.elements[name]?.value ?? ''
  for (const parameter of operation.parameters ?? []) {
    const given = value(`${parameter.in}:${parameter.name}`)
    if (parameter.in === 'path') {
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(given).replaceAll('%2F', '/'))
    } else if (given !== '') {
      for (const line of parameter.schema.type === 'array' ? given.split('\n').filter(Boolean) : [given]) {
        query.push(`${encodeURIComponent(parameter.name)}=${encodeURIComponent(line)}`)
      }
    }
  }
  const headers = {}
  if (operation.accept !== 'application/json') headers.Accept = operation.accept
  if (operation.requestBody) headers['Content-Type'] = operation.bodyType
  const token = value('authorization')
  if (token) headers.Authorization = token
  return {
    method: operation.verb.toUpperCase(), headers,
    target: ROOT + path + (query.length ? `?${query.join('&')}` : ''),
    body: operation.requestBody ? value('body') : undefined,
  }
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`

function curl({ method, target, headers, body }) {
  const parts = ['curl', operationIsPlain(method, body) ? '' : `-X ${method}`, quoted(location.origin + target)]
  for (const [name, value] of Object.entries(headers)) {
    if (value !== 'application/json') parts.push(`-H ${quoted(`${name}: ${value}`)}`)
  }
  if (headers.Accept === 'text/event-stream') parts.push('-N')
  if (body !== undefined) parts.push(`-d ${quoted(body)}`)
  return parts.filter(Boolean).join(' ')
}

const operationIsPlain = (method, body) => method === (body === undefined ? 'GET' : 'POST')

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2) } catch { return text }
}

/** Sends the request and shows what comes, piece by piece if it is a stream. */
async function send(call, output, signal) {
  const begun = performance.now()
  const status = make('span', { class: 'status' }, '…')
  const text = make('pre', { tabindex: 0 })
  output.replaceChildren(make('p', {}, status), text)
  try {
    const { target, ...options } = call
    const answer = await fetch(target, { ...options, signal, credentials: 'same-origin' })
    status.classList.add(answer.ok ? 'good' : 'bad')
    const type = answer.headers.get('content-type') ?? ''
    status.textContent = `${answer.status} ${answer.statusText}`
    if (/event-stream|ndjson|jsonl|json-seq/.test(type)) {
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { value, done } = await reader.read()
        if (done) break
        text.append(value)
        text.scrollTop = text.scrollHeight
      }
    } else if (/json|text/.test(type)) {
      text.textContent = pretty(await answer.text())
    } else {
      const bytes = await answer.arrayBuffer()
      text.textContent = `${bytes.byteLength} bytes of ${type || 'nothing that has a type'}`
    }
    status.textContent += ` · ${Math.round(performance.now() - begun)} ms`
  } catch (error) {
    status.classList.add('bad')
    status.textContent += error.name === 'AbortError' ? ' · stopped' : ` · ${error.message}`
  }
}

function form(operation) {
  const inputs = (operation.parameters ?? []).map((parameter) => {
    const name = `${parameter.in}:${parameter.name}`
    const id = `${operation.operationId}:${name}`
    const schema = resolve(parameter.schema)
    const several = schema.type === 'array' && 'one a line'
    const choices = schema.enum && make('select', { id, name }, make('option', { value: '' }), schema.enum.map((value) => make('option', {}, String(value))))
    const field = choices ?? (several ? make('textarea', { id, name, rows: 2, placeholder: several }) : make('input', { id, name, required: parameter.required, placeholder: nameOf(parameter.schema) }))
    return [make('label', { for: id }, make('code', {}, parameter.name), parameter.required && make('span', { class: 'must' }, ' required')), field]
  })
  const id = `${operation.operationId}:body`
  if (operation.requestBody) {
    const example = sample(operation.requestBody.content[operation.bodyType]?.schema)
    const body = make('textarea', { id, name: 'body', spellcheck: 'false', rows: 8 })
    body.value = JSON.stringify(example ?? {}, null, 2)
    inputs.push([make('label', { for: id }, 'Body'), body])
  }
  if (Object.keys(api.components?.securitySchemes ?? {}).length) {
    inputs.push([make('label', { for: `${id}:a` }, 'Authorization'), make('input', { id: `${id}:a`, name: 'authorization', placeholder: 'Bearer …', autocomplete: 'off' })])
  }
  const output = make('div', { 'aria-live': 'polite' })
  let running
  const stop = make('button', { type: 'button', class: 'plain', hidden: true, click: () => running?.abort() }, 'Stop')
  const copy = make('button', { type: 'button', class: 'plain', click: () => output.replaceChildren(make('pre', { tabindex: 0 }, curl(request(operation, element)))) }, 'As curl')
  const element = make('form', {
    async submit(event) {
      event.preventDefault()
      running?.abort()
      const own = running = new AbortController()
      stop.hidden = !operation['x-grpc-streaming']
      await send(request(operation, element), output, own.signal)
      if (running === own) stop.hidden = true
    },
  }, make('h4', {}, 'Try it'), inputs, make('div', { class: 'actions' }, make('button', {}, 'Send'), stop, copy), output)
  return element
}

// --- the page ---

function pathOf(text) {
  return make('span', { class: 'path' }, text.split(/(\{[^}]+\})/).filter(Boolean).map((part) => (part.startsWith('{') ? make('em', {}, part) : part)))
}

function parameters(operation) {
  if (!operation.parameters?.length) return undefined
  return [make('h4', {}, 'Parameters'), make('dl', { class: 'fields' }, operation.parameters.map((parameter) => make('div', {},
    make('dt', {}, make('code', {}, parameter.name), make('span', { class: 'type' }, nameOf(parameter.schema)), make('span', { class: 'badge' }, parameter.in), parameter.required && make('span', { class: 'must' }, 'required')),
    make('dd', {}, prose(parameter.description), values(inner(parameter.schema))))))]
}

function body(title, content) {
  const [type, media] = Object.entries(content ?? {})[0] ?? []
  if (!media) return undefined
  const message = inner(media.schema)
  return [make('h4', {}, title), make('p', { class: 'small' }, make('code', {}, nameOf(media.schema)), make('span', { class: 'type' }, ` as ${Object.keys(content).join(' or ')}`)),
    message.properties ? fields(media.schema) : undefined]
}

function article(operation) {
  const streaming = operation['x-grpc-streaming']
  // The first sentence stands above already.
  const rest = operation.description === `${operation.summary}.` ? '' : operation.description
  return make('article', { id: operation.operationId },
    make('header', {}, make('h3', {}, inline(operation.summary ?? operation.operationId)), make('span', { class: `verb ${operation.verb}` }, operation.verb.toUpperCase()), pathOf(operation.path),
      streaming && make('span', { class: 'badge' }, `${streaming} stream`), operation.deprecated && make('span', { class: 'badge warn' }, 'deprecated')),
    make('div', { class: 'columns' },
      make('div', {}, prose(rest), make('p', { class: 'small quiet' }, 'gRPC ', make('code', {}, operation['x-grpc-method'] ?? '')),
        parameters(operation), body('Request', operation.requestBody?.content), body('Reply', operation.responses?.['200']?.content)),
      form(operation)))
}

function operations() {
  return Object.entries(api.paths ?? {}).flatMap(([path, item]) => Object.keys(item).filter((verb) => VERBS.includes(verb)).map((verb) => ({
    ...item[verb], verb, path,
    accept: Object.keys(item[verb].responses?.['200']?.content ?? {})[0] ?? 'application/json',
    bodyType: Object.keys(item[verb].requestBody?.content ?? {})[0],
  })))
}

function side(groups) {
  const links = []
  const lists = groups.map(({ tag, operations: own }) => [make('h2', {}, tag.name), make('ul', {}, own.map((operation) => {
    const item = make('li', {}, make('a', { href: `#${operation.operationId}`, title: `${operation.verb.toUpperCase()} ${operation.path}` },
      make('span', { class: `verb ${operation.verb}` }, operation.verb.toUpperCase().slice(0, 4)), make('span', {}, operation.operationId.replace(/^[^_]*_/, ''))))
    links.push([`${operation.path} ${operation.operationId}`.toLowerCase(), item])
    return item
  }))])
  const search = make('input', {
    type: 'search', placeholder: 'Filter', 'aria-label': 'Filter operations',
    input: () => links.forEach(([text, item]) => { item.hidden = !text.includes(search.value.toLowerCase()) }),
  })
  return [make('h1', {}, api.info.title), make('span', { class: 'quiet small' }, `Version ${api.info.version}`), search, lists,
    make('h2', {}, 'Document'), make('p', { class: 'small' }, ['openapi.json', 'openapi.yaml'].flatMap((name) => [make('a', { href: `${ROOT}/${name}` }, name), ' ']), make('br'), make('a', { href: `${ROOT}/openapi.json?version=3.0` }, 'as OpenAPI 3.0'))]
}

async function show() {
  const main = document.querySelector('main')
  const answer = await fetch(`${ROOT}/openapi.json`)
  if (!answer.ok) throw new Error(`/openapi.json: ${answer.status}`)
  api = await answer.json()
  document.title = api.info.title
  const all = operations()
  const groups = (api.tags ?? []).map((tag) => ({ tag, operations: all.filter((operation) => operation.tags?.[0] === tag.name) })).filter((group) => group.operations.length)
  document.querySelector('nav').replaceChildren(...side(groups).flat(3))
  main.replaceChildren(
    make('header', {}, make('h1', {}, api.info.title, make('span', { class: 'badge' }, api.info.version)), prose(api.info.description),
      make('p', { class: 'quiet small' }, [api.info.contact?.name, api.info.license?.name].filter(Boolean).join(' · '))),
    ...groups.map(({ tag, operations: own }) => make('section', {}, make('h2', {}, tag.name), tag.description === api.info.description ? undefined : prose(tag.description), own.map(article))))
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView()
}

show().catch((error) => document.querySelector('main').replaceChildren(make('p', {}, `The document cannot be shown: ${error.message}`)))
