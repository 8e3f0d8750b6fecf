// A client made by @hey-api/openapi-ts, its Server-Sent Events included.
import { strict as assert } from 'node:assert'
import { client } from './client/client.gen'
import { fetchCapitalize, fetchCapitalizeWords, storeFail, storeGetItem, storePutItem } from './client'
import type { Item, Payload } from './client'

async function main() {
  client.setConfig({ baseUrl: process.env.URL as `http://${string}` })
  const text = Buffer.from('hello').toString('base64')
  const { data: reply } = await fetchCapitalize({ body: { id: 7, data: text } })
  assert.equal(reply?.id, 7)
  assert.equal(Buffer.from(reply?.data ?? '', 'base64').toString(), 'HELLO')
  console.log('ok capitalize')

  const { data } = await storePutItem({
    path: { id: 'a b' },
    body: {
      serial: '9007199254740993', picture: '/+8=', color: 'DEEP_BLUE', stock: { here: '9007199254740993' },
      made: '2024-02-29T12:00:00Z', team: { name: 'us', members: 4294967295 }, parts: [{ id: 'part' }],
    },
  })
  assert(data)
  const item: Item = data
  assert.deepEqual([item.id, item.parts?.[0]?.id], ['a b', 'part'])
  assert.equal(BigInt(item.serial ?? 0), 9007199254740993n)
  console.log('ok int64')
  assert.deepEqual([...Buffer.from(item.picture ?? '', 'base64')], [0xff, 0xef])
  console.log('ok bytes')
  assert.equal(item.color satisfies 'COLOR_UNSPECIFIED' | 'RED' | 'DEEP_BLUE' | undefined, 'DEEP_BLUE')
  console.log('ok enum')
  assert.deepEqual([item.team, item.person], [{ name: 'us', members: 4294967295 }, undefined])
  console.log('ok oneof')
  assert.deepEqual(item.stock, { here: '9007199254740993' })
  console.log('ok map')
  assert.equal(item.made, '2024-02-29T12:00:00Z')
  console.log('ok timestamp')

  const { data: asked } = await storeGetItem({
    path: { id: 'x' }, query: { color: 'RED', 'team.name': 't', weight: 1.5 },
  })
  assert.deepEqual(asked, { id: 'x', color: 'RED', team: { name: 't' }, weight: 1.5 })
  console.log('ok query')

  const { error, response } = await storeFail({ path: { id: 'x' } })
  assert.deepEqual([response?.status, error?.code, error?.message], [404, 5, 'no such item'])
  assert.match(error?.details[0]?.['@type'] ?? '', /google.rpc.ErrorInfo$/)
  console.log('ok error')

  const words: string[] = []
  const { stream } = await fetchCapitalizeWords({
    body: { data: Buffer.from('a b').toString('base64') }, sseMaxRetryAttempts: 1,
    // It reads events and nothing else, but does not say so by itself.
    headers: { accept: 'text/event-stream' },
    // Its stream mixes events of all types; this tells the one that ends ours.
    onSseEvent: ({ data, event }) => {
      if (event === undefined && data) words.push(Buffer.from((data as Payload).data ?? '', 'base64').toString())
    },
  })
  for await (const payload of stream) void (payload satisfies Payload)
  assert.deepEqual(words, ['A', 'B'])
  console.log('ok stream')
}

main().catch((error) => { console.error(error); process.exit(1) })
