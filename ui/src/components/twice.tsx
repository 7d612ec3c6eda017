import type { VNode } from "preact";
import { useState } from "preact/hooks";

/** A button for what cannot be taken back: the second press does it, leaving it forgets the first. */
export function Twice(props: { what: string; onSure: () => void }): VNode {
  const [asked, setAsked] = useState(false);
  return (
    <button
      type="button"
      class={asked ? "sure" : undefined}
      onBlur={() => setAsked(false)}
      onClick={() => {
        if (asked) props.onSure();
        setAsked(!asked);
      }}
    >
      {asked ? `${props.what}, sure?` : props.what}
    </button>
  );
}
