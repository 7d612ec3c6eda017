import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Box {
  width: number;
  height: number;
  /** The element is in or near the window, or was once. */
  seen: boolean;
}

/** Size of an element, and whether anybody can see it yet. */
export function useBox<T extends HTMLElement>(): { ref: RefObject<T | null>; box: Box; visible: boolean } {
  const ref = useRef<T>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [visible, setVisible] = useState(false);
  const seen = useRef(false);
  useEffect(() => {
    const node = ref.current;
    if (node === null) return undefined;
    const resize = new ResizeObserver((entries) => {
      const rect = entries[entries.length - 1]?.contentRect;
      if (rect !== undefined) setSize({ width: Math.floor(rect.width), height: Math.floor(rect.height) });
    });
    const watch = new IntersectionObserver((entries) => setVisible(entries.some((entry) => entry.isIntersecting)), {
      rootMargin: "200px",
    });
    resize.observe(node);
    watch.observe(node);
    return () => {
      resize.disconnect();
      watch.disconnect();
    };
  }, []);
  seen.current ||= visible;
  return { ref, box: { ...size, seen: seen.current }, visible };
}
