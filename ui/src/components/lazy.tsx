import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ErrorNotice, Skeleton } from "./state";

/** A component whose code is fetched when it is first shown. */
export function lazy<M, P extends object>(
  fetcher: () => Promise<M>,
  pick: (module: M) => ComponentType<P>,
): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P): VNode {
    const [, again] = useState(0);
    const [failure, setFailure] = useState("");
    useEffect(() => {
      if (loaded !== undefined) return;
      fetcher().then(
        (module) => {
          loaded = pick(module);
          again((n) => n + 1);
        },
        (cause: unknown) => setFailure(cause instanceof Error ? cause.message : String(cause)),
      );
    }, []);
    if (loaded !== undefined) {
      const Page = loaded;
      return <Page {...props} />;
    }
    return (
      <div class="page">
        {failure === "" ? <Skeleton lines={5} /> : <ErrorNotice what="cannot load this page" text={failure} />}
      </div>
    );
  };
}
