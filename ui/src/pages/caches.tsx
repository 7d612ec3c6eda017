import type { ComponentChildren, VNode } from "preact";
import { loadCaches, expressions, type Cache } from "../api/caches";
import { alerts, type Alert } from "../api/prometheus";
import { Sparkline } from "../charts/sparkline";
import { ErrorNotice, Skeleton, State, type Tone } from "../components/state";
import { humanDuration } from "../lib/duration";
import { roundInterval } from "../lib/interval";
import { hitRatio, judge } from "../lib/judgement";
import { formatUnit } from "../lib/units";
import { useLoad } from "../state/load";
import { scrapeMs } from "../state/source";
import { rawRange, span, rangeText, zone } from "../state/time";
import { withTime } from "../state/url";

const kTrendPoints = 90;

function queryLink(expr: string): string {
  return withTime("/query", { expr });
}

/** A number that opens the query it comes from. */
function Figure(props: { label: string; expr: string; children: ComponentChildren; note?: string | undefined }): VNode {
  return (
    <a class="figure" href={queryLink(props.expr)} title={`${props.expr}\nOpen the query`}>
      <span class="figure-label">{props.label}</span>
      <span class="figure-value">{props.children}</span>
      {props.note !== undefined && <span class="figure-note">{props.note}</span>}
    </a>
  );
}

const kDash = "–";
const shown = (value: number | undefined, unit: string, decimals?: number): string =>
  value === undefined || Number.isNaN(value) ? kDash : formatUnit(value, unit, decimals);

/** Rates of whole things: small ones keep their digits, large ones are short. */
function perSecond(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return kDash;
  return formatUnit(value, "short", value === 0 ? 0 : value < 10 ? 2 : value < 1_000 ? 0 : undefined);
}

function Memory({ cache, expr }: { cache: Cache; expr: Record<"memory" | "memoryMax", string> }): VNode {
  const { memoryUsed: used, memoryMax: max } = cache.facts;
  const limited = used !== undefined && max !== undefined && max > 0;
  const part = limited ? Math.min(1, used / max) : 0;
  // A cache that may evict any key is meant to be full.
  const mayBeFull = cache.facts.policy?.startsWith("allkeys") === true;
  const tone: Tone = mayBeFull ? "good" : part >= 0.95 ? "bad" : part >= 0.85 ? "watch" : "good";
  return (
    <div class="memory">
      <Figure
        label="memory"
        expr={limited ? `${expr.memory} / ${expr.memoryMax}` : expr.memory}
        note={max === undefined ? undefined : max === 0 ? "no limit" : `of ${shown(max, "bytes")}`}
      >
        {shown(used, "bytes")}
      </Figure>
      {limited && (
        <div
          class={`meter ${tone}`}
          role="meter"
          aria-label="Memory used"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(part * 100)}
          aria-valuetext={`${Math.round(part * 100)} %`}
        >
          <span style={{ width: `${(part * 100).toFixed(1)}%` }} />
        </div>
      )}
      {limited && <span class="figure-note meter-text">{Math.round(part * 100)} %</span>}
    </div>
  );
}

function Card({ cache, firing }: { cache: Cache; firing: readonly Alert[] }): VNode {
  const { instance, job } = cache.labels;
  const mine = firing.filter((one) => one.labels["instance"] === instance && one.labels["job"] === job);
  const facts = { ...cache.facts, firing: mine.map((one) => one.annotations["summary"] ?? one.name) };
  const expr = expressions(cache.labels);
  const ratio = hitRatio(facts);
  const verdict = judge(facts);
  const down = facts.state === "down";
  const stateTone: Tone = facts.state === "up" ? "good" : down ? "bad" : "unknown";
  const details = [
    cache.role,
    cache.version === "" ? "" : `v${cache.version}`,
    facts.uptimeSeconds === undefined || down ? "" : `up ${humanDuration(facts.uptimeSeconds * 1_000)}`,
  ].filter((text) => text !== "");
  return (
    <article class={`card ${verdict.level}${down ? " down" : ""}`} aria-label={`Cache ${cache.name}`}>
      <header>
        <h2>
          <a href={withTime("/d/redis", { "var-instance": cache.labels["instance"] ?? "" })} title="Open the dashboard">
            {cache.name}
          </a>
        </h2>
        <State tone={stateTone}>{facts.state}</State>
      </header>
      <div class="card-sub">
        {cache.job !== "" && <span>{cache.job}</span>}
        {details.map((text) => (
          <span>{text}</span>
        ))}
      </div>
      <div class="card-main">
        <a class="big" href={queryLink(expr.hitRatio)} title={`${expr.hitRatio}\nOpen the query`}>
          <span class="figure-label">hit ratio, 5 min</span>
          {ratio.state === "known" ? (
            <span class="big-value">
              {formatUnit(ratio.ratio * 100, "none", ratio.ratio === 1 ? 0 : 1)}
              <small>%</small>
            </span>
          ) : (
            <span class="big-value words">{down ? "unknown" : ratio.state}</span>
          )}
        </a>
        <div class="trend" title="Hit ratio over the time range, scale 0 to 100 %">
          <Sparkline
            values={cache.hitRatioTrend}
            color={`var(--${verdict.level === "bad" ? "bad" : verdict.level === "watch" ? "watch" : "accent"})`}
            min={0}
            max={1}
            label={`Hit ratio of ${cache.name} over the time range`}
          />
        </div>
      </div>
      <div class="figures">
        <Figure label="ops/s" expr={expr.ops}>
          {perSecond(facts.opsPerSecond)}
        </Figure>
        <Figure label="evictions/s" expr={expr.evictions}>
          {perSecond(facts.evictionsPerSecond)}
        </Figure>
        <Figure label="clients" expr={expr.clients}>
          {shown(facts.clients, "none", 0)}
        </Figure>
      </div>
      <Memory cache={cache} expr={expr} />
      <p class={`verdict ${verdict.level}`}>{verdict.text}</p>
    </article>
  );
}

function Empty(): VNode {
  return (
    <div class="hero">
      <h2>No caches yet</h2>
      <p>Point cachescope at one and it appears here within a scrape:</p>
      <pre>
        <code>cachescope up redis://host:port</code>
      </pre>
      <p class="muted">
        With a password: <code>redis://:secret@host:port</code>, over TLS: <code>rediss://host:port</code>. Anything
        Prometheus can scrape works too; a cache is whatever reports <code>redis_up</code>. See{" "}
        <a href={withTime("/targets")}>Targets</a> for what is being asked now.
      </p>
    </div>
  );
}

function Summary(props: { caches: readonly Cache[]; firing: number | undefined }): VNode {
  const up = props.caches.filter((one) => one.facts.state === "up").length;
  const down = props.caches.filter((one) => one.facts.state === "down").length;
  const total = props.caches.reduce((sum, one) => sum + (one.facts.opsPerSecond ?? 0), 0);
  return (
    <p class="summary">
      <span>
        <b>{up}</b> up
      </span>
      {down > 0 && (
        <span class="bad">
          <b>{down}</b> down
        </span>
      )}
      <span>
        <b>{perSecond(total)}</b> ops/s
      </span>
      {props.firing !== undefined && (
        <a href={withTime("/alerts")} class={props.firing > 0 ? "bad" : ""}>
          <b>{props.firing}</b> firing
        </a>
      )}
    </p>
  );
}

export function CachesPage(): VNode {
  const { fromMs, toMs } = span.value;
  const stepS = Math.max(5, roundInterval((toMs - fromMs) / kTrendPoints) / 1_000);
  const startS = Math.floor(fromMs / 1_000 / stepS) * stepS;
  const endS = Math.floor(toMs / 1_000 / stepS) * stepS;
  const loaded = useLoad<Cache[]>(`caches/${JSON.stringify(rawRange.value)}/${scrapeMs.value}`, (abort) =>
    loadCaches({ startS, endS, stepS }, scrapeMs.value, abort),
  );
  const firing = useLoad("firing", async (abort) => (await alerts(abort)).filter((one) => one.state === "firing"));
  const caches = loaded.data;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Caches</h1>
        {caches !== undefined && caches.length > 0 && <Summary caches={caches} firing={firing.data?.length} />}
        <span class="muted push">lines: {rangeText(rawRange.value, zone.value).toLowerCase()}</span>
      </div>
      {loaded.error !== undefined && <ErrorNotice what="cannot list caches" text={loaded.error} />}
      {caches === undefined && loaded.error === undefined && (
        <div class="cards">
          {[0, 1, 2].map((i) => (
            <Skeleton key={i} class="card" lines={5} />
          ))}
        </div>
      )}
      {caches !== undefined &&
        (caches.length === 0 ? (
          <Empty />
        ) : (
          <div class="cards">
            {caches.map((cache) => (
              <Card key={cache.key} cache={cache} firing={firing.data ?? []} />
            ))}
          </div>
        ))}
    </div>
  );
}
