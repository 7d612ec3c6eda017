import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { tick } from "./time";

export interface Loaded<T> {
  data: T | undefined;
  error: string | undefined;
  loading: boolean;
}

export interface LoadOptions {
  enabled?: boolean;
  /** Load once per key; ticks only repeat what has not succeeded yet. */
  once?: boolean;
}

/**
 * Runs `fetcher` at once, when `key` changes, and at every tick. Old data stays until the new arrives; a run that is
 * overtaken is given up. While a run for the same key is under way, a tick does not start another.
 */
export function useLoad<T>(
  key: string,
  fetcher: (abort: AbortSignal) => Promise<T>,
  options: LoadOptions = {},
): Loaded<T> {
  const { enabled = true, once = false } = options;
  const [state, setState] = useState<Loaded<T> & { key: string }>({
    data: undefined,
    error: undefined,
    loading: true,
    key: "",
  });
  const running = useRef<{ key: string; control: AbortController } | undefined>(undefined);
  const done = useRef<string | undefined>(undefined);
  const now = tick.value;

  useEffect(() => {
    if (!enabled || (once && done.current === key)) return;
    if (running.current !== undefined) {
      if (running.current.key === key) return;
      running.current.control.abort();
    }
    const control = new AbortController();
    running.current = { key, control };
    setState((before) => ({ ...before, loading: true, key }));
    const end = (next: Partial<Loaded<T>>, waiting = false): void => {
      if (running.current?.control !== control) return;
      running.current = undefined;
      setState((before) => ({ ...before, ...next, loading: waiting && before.data === undefined }));
    };
    fetcher(control.signal).then(
      (data) => {
        if (running.current?.control === control) done.current = key;
        end({ data, error: undefined });
      },
      (cause: unknown) => {
        if (cause instanceof ApiError && cause.kind === "aborted") return;
        // Without a daemon the banner says so; panels keep what they last showed.
        const unreachable = cause instanceof ApiError && cause.kind === "unreachable";
        end(unreachable ? {} : { error: cause instanceof Error ? cause.message : String(cause) }, unreachable);
      },
    );
  }, [key, now, enabled]);

  useEffect(
    () => () => {
      running.current?.control.abort();
      running.current = undefined;
    },
    [],
  );

  return state;
}
