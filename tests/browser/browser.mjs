// What a page can do with the demo from the gateway's own origin, and what a page
// of another origin cannot. Every wait is for an event; the deadline at the end is
// only reached when one does not come.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { createServer } from 'node:http';

const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT);
const DEADLINE = 60_000;

/** Starts the demo on free ports; the URL of its gateway. */
async function startDemo() {
  const anywhere = '127.0.0.1:0';
  const demo = spawn(process.env.TRESTLE, [
    'demo', '--listen', anywhere, '--admin-listen', anywhere, '--backend-listen', anywhere,
    '--backend-admin-listen', anywhere,
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: demo.stderr })) {
    const said = JSON.parse(line);
    if (said.message === 'ready') return { demo, url: said.gateway };
  }
  throw new Error('the demo ended before it was ready');
}

/** Runs in the page: the words that an EventSource gets, until it is told the end. */
function readEvents() {
  return new Promise((resolve, reject) => {
    const words = [];
    const data = encodeURIComponent(btoa('one two three'));
    const source = new EventSource(`/api/capitalize/words?data=${data}`);
    source.onmessage = (event) => {
      words.push([event.lastEventId, atob(JSON.parse(event.data).data)]);
    };
    // What is not closed here, EventSource opens again.
    source.addEventListener('end', () => { source.close(); resolve(words); });
    source.onerror = () => reject(new Error(`EventSource failed after ${words.length} events`));
  });
}

/** Runs in the page: each message is sent when the one before has been answered. */
function converse() {
  return new Promise((resolve) => {
    const answers = [];
    const left = ['a', 'b', 'ü'];
    const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    const decode = (data) => new TextDecoder().decode(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)));
    const socket = new WebSocket(`ws://${location.host}/api/capitalize/stream`, ['trestle.json']);
    const next = () => socket.send(left.length ? JSON.stringify({ data: encode(left.shift()) }) : '');
    socket.onopen = next;
    socket.onmessage = (event) => { answers.push(decode(JSON.parse(event.data).data)); next(); };
    socket.onclose = ({ code, wasClean }) => resolve({ answers, code, wasClean, protocol: socket.protocol });
  });
}

/** Runs in the page: binary frames, and a message that is none. */
function fail() {
  return new Promise((resolve) => {
    const got = [];
    const socket = new WebSocket(`ws://${location.host}/api/capitalize/stream`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(Uint8Array.of(0x12, 1, 0x61));
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') return got.push(JSON.parse(data).error.code);
      got.push([...new Uint8Array(data)]);
      socket.send('no JSON');
    };
    socket.onclose = ({ code, reason }) => resolve({ got, code, reason });
  });
}

/** Runs in a page of another origin: whether it may open a WebSocket. */
function intrude(host) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://${host}/api/capitalize/stream`);
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  });
}

async function run() {
  const { demo, url } = await startDemo();
  const stranger = createServer((_, response) => response.end('<p>another origin</p>'));
  await new Promise((listening) => stranger.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/healthz`);
    assert.deepEqual(await page.evaluate(readEvents), [['0', 'ONE'], ['1', 'TWO'], ['2', 'THREE']]);
    console.log('ok: EventSource reads a server stream');
    assert.deepEqual(await page.evaluate(converse),
      { answers: ['A', 'B', 'Ü'], code: 1000, wasClean: true, protocol: 'trestle.json' });
    console.log('ok: WebSocket speaks both ways at once');
    const { got, code, reason } = await page.evaluate(fail);
    assert.deepEqual([got, code], [[[0x12, 1, 0x41], 3], 1007]);
    assert.match(reason, /^message 2: /);
    console.log('ok: WebSocket carries binary frames and tells errors');
    await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
    assert.equal(await page.evaluate(intrude, new URL(url).host), 'refused');
    console.log('ok: a page of another origin is refused');
  } finally {
    await browser.close();
    stranger.close();
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    demo.kill('SIGTERM');
    assert.equal(await ended, 0, 'the demo ends in order');
  }
}

const late = setTimeout(() => { console.error('the browser test hangs'); process.exit(1); }, DEADLINE);
await run();
clearTimeout(late);
