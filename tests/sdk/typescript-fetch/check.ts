// A client made by openapi-generator for TypeScript.
import { strict as assert } from 'node:assert'
import { Color, Configuration, FetchApi, ResponseError, StatusFromJSON, StoreApi } from './client'
import type { Item, Status } from './client'

async function main() {
  const configuration = new Configuration({ basePath: process.env.URL })
  const text = Buffer.from('hello').toString('base64')
  const fetchIt = new FetchApi(configuration)
  const reply = await fetchIt.fetchCapitalize({ payload: { id: 7, data: text } })
  assert.equal(reply.id, 7)
  assert.equal(Buffer.from(reply.data ?? '', 'base64').toString(), 'HELLO')
  console.log('ok capitalize')

  const store = new StoreApi(configuration)
  const made = new Date('2024-02-29T12:00:00Z')
  const item: Item = await store.storePutItem({
    id: 'a b',
    storePutItemBody: {
      serial: '9007199254740993', picture: '/+8=', color: Color.DeepBlue, stock: { here: '9007199254740993' },
      made, team: { name: 'us', members: 4294967295 }, parts: [{ id: 'part' }],
    },
  })
  assert.deepEqual([item.id, item.parts?.[0]?.id], ['a b', 'part'])
  assert.equal(BigInt(item.serial ?? 0), 9007199254740993n)
  console.log('ok int64')
  assert.deepEqual([...Buffer.from(item.picture ?? '', 'base64')], [0xff, 0xef])
  console.log('ok bytes')
  assert.equal(item.color, Color.DeepBlue)
  console.log('ok enum')
  assert.deepEqual([item.team, item.person], [{ name: 'us', members: 4294967295 }, undefined])
  console.log('ok oneof')
  assert.deepEqual(item.stock, { here: '9007199254740993' })
  console.log('ok map')
  assert.deepEqual(item.made, made)
  console.log('ok timestamp')

  const asked = await store.storeGetItem({ id: 'x', color: Color.Red, teamName: 't', weight: 1.5, made })
  assert.deepEqual([asked.id, asked.color, asked.team?.name, asked.weight, asked.made], ['x', Color.Red, 't', 1.5, made])
  console.log('ok query')

  try {
    await store.storeFail({ id: 'x' })
    assert.fail('no error')
  } catch (error) {
    assert(error instanceof ResponseError)
    const status: Status = StatusFromJSON(await error.response.json())
    assert.deepEqual([error.response.status, status.code, status.message], [404, 5, 'no such item'])
    assert.match(status.details[0]?.atType ?? '', /google.rpc.ErrorInfo$/)
  }
  console.log('ok error')
  // It knows no streams.
  console.log('lacks stream')
}

main().catch((error) => { console.error(error); process.exit(1) })
