// A real mail server for tests: aiosmtpd of Debian's Python.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { root, start, until } from './support.mjs';

// For test(…, { skip }): false, or the reason.
export function skipWithoutMail() {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import aiosmtpd'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'skipped: aiosmtpd is not installed';
  }
}

// `mails` grows by what mail_server.py says of each.
export async function startMail(t, args = []) {
  const mails = [];
  let port = 0;
  const server = start(t, '/usr/bin/python3', [path.join(root, 'tests/acceptance/mail_server.py'), ...args]);
  readline.createInterface({ input: server.child.stdout }).on('line', (line) => {
    const said = JSON.parse(line);
    if (said.port) port = said.port;
    else mails.push(said);
  });
  await until('the mail server listens', 20, () => {
    if (server.child.exitCode !== null) throw new Error(server.err);
    return port > 0;
  });
  return { port, mails };
}
