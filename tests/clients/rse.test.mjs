// An RSE client in another language, by the rules that its guide gives: its cursor is the last id that it saw.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withWeir } from './weir.mjs';

const run = promisify(execFile);
const client = fileURLToPath(new URL('rse_client.py', import.meta.url));

test('python clients publish and poll through a kill, and miss and double nothing', withWeir(async (weir) => {
  const clients = run('python3', [client, `${weir.url}/rse`], { timeout: 120_000 });
  await weir.killAndRestart();
  const { stdout } = await clients;
  assert.match(stdout, /every reader saw the whole log/);
}));

test('curl publishes and reads', withWeir(async (weir) => {
  const agent = ['-sS', '-A', 'shop/2.0 uuid/1b671a64-40d5-491e-99b0-da01ff1f3341'];
  const published = await run('curl', [...agent, '-w', '%{http_code}', '-d', '{"Event":"Placed"}', `${weir.url}/rse/shop/eu`]);
  assert.equal(published.stdout, '201');
  const read = await run('curl', [...agent, `${weir.url}/rse/shop?events=all&echo=true`]);
  const page = JSON.parse(read.stdout);
  assert.equal(page.channel, '/shop');
  assert.deepEqual(page.events.map((event) => [event.id, event.data]), [[1, { Event: 'Placed' }]]);
}));
