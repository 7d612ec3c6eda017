// The page's own browser tests, against the demo run by the real binary.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { binary, hasProgram, root, skipUnless, start, until, value } from './support.mjs';

const browser = hasProgram('chromium') ? false : 'skipped: not installed: chromium';

test('the page works in a browser on the demo', { skip: skipUnless('redis-server') || browser }, async (t) => {
  const demo = start(t, binary, ['demo', '--web.listen-address=127.0.0.1:0', '--shift=30']);
  const url = await until('it says where to look', 30, () => /^ +(http:\/\/[0-9.:]+)$/m.exec(demo.out)?.[1]);
  await until('there is something to draw', 60, async () => (await value(url, 'count_over_time(redis_up[1m])')) > 12);
  // Without this the inner runner would take itself for a part of the outer one and run nothing.
  const env = { ...process.env, BASE_URL: url };
  delete env.NODE_TEST_CONTEXT;
  const run = start(t, process.execPath, ['--test', path.join(root, 'ui/test/page.e2e.mjs')], { env, cwd: path.join(root, 'ui') });
  const { code } = await run.exit;
  console.log(run.out);
  assert.equal(code, 0, run.out + run.err);
  assert.ok(Number(/pass (\d+)/.exec(run.out)?.[1]) >= 10, 'the browser tests did run');
});
