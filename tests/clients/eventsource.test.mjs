// The EventSource of node's `eventsource` package follows a broker that is killed under it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSource } from 'eventsource';
import { eventually, withWeir } from './weir.mjs';

test('everything arrives once and in order, through kills', withWeir(async (weir) => {
  const seen = [];
  const source = new EventSource(`${weir.url}/v1/events/orders?match=subtree&after=earliest`);
  source.onmessage = (message) => seen.push(JSON.parse(message.data));
  try {
    for (let n = 1; n <= 60; n += 1) {
      await weir.publish(`/orders/${n % 3}`, { n });
      if (n % 20 === 0) await weir.killAndRestart();
    }
    await eventually(() => seen.length >= 60, 'sixty events');
    await weir.publish('/orders/end', { n: 61 });
    await eventually(() => seen.at(-1).data.n === 61, 'the sentinel');
    assert.deepEqual(seen.map((event) => event.data.n), Array.from({ length: 61 }, (_, n) => n + 1));
    assert.deepEqual(seen.map((event) => event.sequence), Array.from({ length: 61 }, (_, n) => n + 1));
  } finally {
    source.close();
  }
}));

test('a gap is an event of its own', withWeir(async (weir) => {
  for (let n = 1; n <= 5; n += 1) await weir.publish('/a', n);
  const trimmed = await fetch(`${weir.url}/v1/streams/main/trim`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ max_events: 2 }),
  });
  assert.equal(trimmed.status, 200);
  const gaps = [];
  const events = [];
  const source = new EventSource(`${weir.url}/v1/events/a?after=1`);
  source.addEventListener('gap', (message) => gaps.push(JSON.parse(message.data)));
  source.onmessage = (message) => events.push(JSON.parse(message.data).sequence);
  try {
    await eventually(() => events.length === 2, 'the retained events');
    assert.deepEqual(events, [4, 5]);
    assert.deepEqual(gaps, [{ after: 1, resume_at: 4 }]);
  } finally {
    source.close();
  }
}));
