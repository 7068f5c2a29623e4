// A browser's own EventSource, on a page of the broker's origin and on a page of another one.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { eventually, withWeir } from './weir.mjs';

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});
after(() => browser?.close());

/** Follows a channel in the page; what it sees is in `window.seen`. */
const follow = (url) => {
  window.seen = [];
  window.failed = 0;
  const source = new EventSource(url);
  source.onmessage = (message) => window.seen.push(JSON.parse(message.data).data.n);
  source.onerror = () => { window.failed += 1; };
};

test('a browser follows through a kill', withWeir(async (weir) => {
  const page = await browser.newPage();
  await page.goto(weir.url);
  await page.evaluate(follow, '/v1/events/orders?after=earliest');
  for (let n = 1; n <= 30; n += 1) {
    await weir.publish('/orders', { n });
    if (n === 15) await weir.killAndRestart();
  }
  await eventually(() => page.evaluate(() => window.seen.length >= 30), 'thirty events in the browser');
  const seen = await page.evaluate(() => window.seen);
  assert.deepEqual(seen, Array.from({ length: 30 }, (_, n) => n + 1));
  assert.ok(await page.evaluate(() => window.failed) >= 1, 'the kill was noticed');
  await page.close();
}));

test('a page of another origin can neither read nor publish', withWeir(async (weir) => {
  const stranger = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>elsewhere</title>');
  });
  await new Promise((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
    await page.evaluate(follow, `${weir.url}/v1/events/orders?after=earliest`);
    const tries = await page.evaluate(async (url) => {
      const attempt = (init) => fetch(`${url}/v1/events/orders`, init).then((answer) => answer.status, () => 'refused');
      const script = await new Promise((resolve) => {
        const element = document.createElement('script');
        element.src = `${url}/rse/orders?method=POST&post-data=%7B%22n%22%3A9%7D&callback=f`;
        element.onload = () => resolve('loaded');
        element.onerror = () => resolve('refused');
        document.head.append(element);
      });
      return [
        await attempt({}),
        await attempt({ method: 'POST', body: '{"n":1}' }),
        await attempt({ method: 'POST', body: '{"n":1}', mode: 'no-cors' }),
        script,
      ];
    }, weir.url);
    assert.deepEqual([tries[0], tries[1], tries[3]], ['refused', 'refused', 'refused']);
    await eventually(() => page.evaluate(() => window.failed >= 1), 'the event stream was refused');
    const log = await (await fetch(`${weir.url}/v1/events`)).json();
    assert.deepEqual(log.events, []);
  } finally {
    await page.close();
    await new Promise((resolve) => stranger.close(resolve));
  }
}));
