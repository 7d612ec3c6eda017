// Templates say what the real programs' templates say: the same texts through `cachescope template render`, amtool and promtool.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { binary, root, skipUnless, temporaryFolder } from './support.mjs';

const folder = path.join(root, 'tests/acceptance/templates');
const upstreamDefaults = '/usr/share/prometheus/alertmanager/default.tmpl';
const upstreamMail = '/usr/share/prometheus/alertmanager/email.tmpl';
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
const data = path.join(folder, 'data.json');

function run(program, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options });
  return { status, out: stdout, err: stderr };
}
// What is printed, or the message of the failure.
const render = (type, text, file = data, more = []) =>
  said(run(binary, ['template', 'render', `--template.type=${type}`, `--template.data=${file}`, `--template.text=${text}`, ...more]), 'cachescope: ');
const amtool = (type, text, more = [`--template.glob=${upstreamDefaults}`]) =>
  said(run('amtool', ['template', 'render', `--template.type=${type}`, `--template.data=${data}`, `--template.text=${text}`, ...more]), 'amtool: error: ');
const said = ({ status, out, err }, prefix) => (status === 0 ? { text: out } : { error: err.replace(prefix, '').trimEnd() });

const noDefaults = fs.existsSync(upstreamDefaults) ? false : `skipped: not installed: ${upstreamDefaults}`;
const withAmtool = skipUnless('amtool') || noDefaults;

test('texts and messages are those of amtool', { skip: withAmtool }, () => {
  const texts = read('text.json');
  assert.ok(texts.length >= 150, `${texts.length} texts`);
  for (const text of texts) assert.deepEqual(render('text', text), amtool('text', text), text);
});

test('what amtool refuses is refused', { skip: withAmtool }, () => {
  for (const text of read('refused.json')) {
    assert.ok(amtool('text', text).error, text);
    assert.match(render('text', text).error ?? '', /^template: :\d+/, text);
  }
});

test('HTML is escaped as amtool does it', { skip: withAmtool }, () => {
  for (const text of read('html.json')) assert.deepEqual(render('html', text), amtool('html', text), text);
});

test("upstream's own mail comes out the same", { skip: withAmtool || (fs.existsSync(upstreamMail) ? false : `skipped: not installed: ${upstreamMail}`) }, () => {
  const globs = [`--template.glob=${upstreamDefaults}`, `--template.glob=${upstreamMail}`];
  const text = '{{ template "email.default.html" . }}';
  const ours = render('html', text, data, globs);
  assert.ok(ours.text?.length > 1000, ours.error);
  assert.deepEqual(ours, amtool('html', text, globs));
});

// Annotations of one alert; the expectation is wrong on purpose, so that promtool prints the real ones.
function promtool(t, text) {
  const home = temporaryFolder();
  t.after(() => fs.rmSync(home, { recursive: true, force: true }));
  const rules = { groups: [{ name: 'g', rules: [{ alert: 'A', expr: 'm == 1.5', annotations: { text } }] }] };
  fs.writeFileSync(path.join(home, 'rules.yml'), JSON.stringify(rules));
  const series = (labels, values) => ({ series: `m{${Object.entries(labels).map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(',')}}`, values });
  const unit = {
    rule_files: ['rules.yml'],
    evaluation_interval: '1m',
    tests: [
      {
        input_series: [series({ foo: 'x y', instance: 'db.example.org:6379' }, '1.5x10'), series({ foo: 'a', instance: '10.0.0.1:80' }, '7x10')],
        alert_rule_test: [{ eval_time: '1m', alertname: 'A', exp_alerts: [{ exp_annotations: { none: 'none' } }] }],
      },
    ],
  };
  fs.writeFileSync(path.join(home, 'test.yml'), JSON.stringify(unit));
  const { out, err } = run('promtool', ['test', 'rules', 'test.yml'], { cwd: home });
  const found = /got:\[.*?Annotations:\{text="((?:[^"\\]|\\.)*)"\}/s.exec(out + err);
  if (!found) return { error: out + err };
  const value = JSON.parse(`"${found[1].replace(/\\x([0-9a-f]{2})/g, '\\u00$1')}"`);
  return /^<error expanding template/.test(value) ? { error: value } : { text: value };
}

function annotationData(t) {
  const home = temporaryFolder();
  t.after(() => fs.rmSync(home, { recursive: true, force: true }));
  const labels = { __name__: 'm', foo: 'x y', instance: 'db.example.org:6379' };
  const file = path.join(home, 'data.json');
  const samples = [
    { labels: { __name__: 'm', foo: 'a', instance: '10.0.0.1:80' }, value: 7 },
    { labels, value: 1.5 },
  ];
  fs.writeFileSync(file, JSON.stringify({ labels, value: 1.5, queries: { m: samples, 'm == 1.5': samples.slice(1) } }));
  return file;
}

test('annotations are those of promtool', { skip: skipUnless('promtool') }, (t) => {
  const file = annotationData(t);
  for (const text of read('annotations.json')) assert.deepEqual(render('annotation', text, file), promtool(t, text), text);
  for (const text of read('annotations_refused.json')) {
    assert.ok(promtool(t, text).error, text);
    assert.match(render('annotation', text, file).error ?? '', /^template: annotation:\d+/, text);
  }
});

test('templates that would explode are refused', () => {
  const endless = '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}';
  assert.match(render('text', endless).error, /templates call each other deeper than 32/);
  assert.match(render('text', '{{ printf "%1000000000d" 1 }}').error, /width or precision/);
  assert.match(render('text', '{{ $x := "aaaaaaaa" }}{{ range .Alerts }}{{ range $.Alerts }}{{ range $.Alerts }}{{ $x = print $x $x $x $x }}{{ end }}{{ end }}{{ end }}').error, /over 65536 bytes/);
});

test('the examples of the help work without data', () => {
  const plain = run(binary, ['template', 'render', '--template.text={{ template "slack.default.title" . }}']);
  assert.deepEqual({ status: plain.status, out: plain.out }, { status: 0, out: '[FIRING:1] CacheHitRatioLow (redis warning)' });
  const annotation = run(binary, ['template', 'render', '--template.type=annotation', '--template.text={{ $labels.instance }} is at {{ $value | humanize }}']);
  assert.deepEqual({ status: annotation.status, out: annotation.out }, { status: 0, out: 'a:6379 is at 1' });
  assert.equal(run(binary, ['template', 'render', '--template.text={{']).status, 2);
});
