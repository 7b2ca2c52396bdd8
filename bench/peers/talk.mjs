// A peer's process: reads jobs as lines of JSON, answers each with one line.
import fs from 'node:fs';
import readline from 'node:readline';

export const lines = file => fs.readFileSync(file, 'utf8').trim().split('\n').map(line => JSON.parse(line));

export async function serve(jobs) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const begun = performance.now();
    try {
      const said = await jobs[job.do](job);
      process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - begun) / 1000, ...said })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String(error?.stack ?? error) })}\n`);
    }
  }
  process.exit(0);
}
