// Starts and stops a real broker for the tests, and speaks to it plainly.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.WEIR ?? fileURLToPath(new URL('../../target/release/weir', import.meta.url));
export const DEADLINE = 60_000;

export class Weir {
  /** Starts a broker on files of its own. */
  static async start() {
    const weir = new Weir();
    weir.folder = await mkdtemp(join(tmpdir(), 'weir-clients-'));
    await weir.launch('127.0.0.1:0');
    return weir;
  }

  async launch(address) {
    const storage = `sqlite:${join(this.folder, 'events.db')}`;
    const args = ['serve', '--http', address, '--storage', storage, '--log', 'error'];
    this.child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: this.folder });
    const lines = createInterface({ input: this.child.stdout });
    for await (const line of lines) {
      this.url = line.match(/http:\/\/\S+/)?.[0];
      break;
    }
    if (!this.url) throw new Error('the broker did not say where it listens');
  }

  /** Kills the broker without warning and starts it again on the same files and port. */
  async killAndRestart() {
    await this.end('SIGKILL');
    await this.launch(new URL(this.url).host);
  }

  async end(signal) {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Publishes, again and again with the same id until the broker says that it has it. */
  async publish(channel, value, id = randomUUID()) {
    const until = Date.now() + DEADLINE;
    for (;;) {
      try {
        const answer = await fetch(`${this.url}/v1/events${channel}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': id },
          body: JSON.stringify(value),
        });
        if (answer.ok) return await answer.json();
        if (answer.status < 500) throw new Error(`${answer.status} ${await answer.text()}`);
      } catch (error) {
        if (Date.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Waits until a condition holds. */
export async function eventually(condition, what) {
  const until = Date.now() + DEADLINE;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs a test with a broker of its own. */
export function withWeir(run) {
  return async () => {
    const weir = await Weir.start();
    try {
      await run(weir);
    } finally {
      await weir.stop();
    }
  };
}
