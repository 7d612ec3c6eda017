// uPlot inside a component: made anew when its options change, fed when only data changes.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface PlotProps {
  /** Everything but data and size; a new `shape` makes a new plot. */
  options: () => Omit<uPlot.Options, "width" | "height">;
  shape: string;
  data: uPlot.AlignedData;
  fromS: number;
  toS: number;
  width: number;
  height: number;
  label: string;
}

export function Plot(props: PlotProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = useRef("");

  useEffect(() => {
    const node = box.current;
    if (node === null || props.width < 20 || props.height < 20) return;
    const x = { min: props.fromS, max: props.toS };
    if (plot.current !== undefined && shape.current === props.shape) {
      const { width, height } = plot.current;
      if (width !== props.width || height !== props.height)
        plot.current.setSize({ width: props.width, height: props.height });
      plot.current.batch(() => {
        plot.current?.setData(props.data, false);
        plot.current?.setScale("x", x);
      });
      return;
    }
    plot.current?.destroy();
    const options = props.options();
    plot.current = new uPlot(
      {
        ...options,
        width: props.width,
        height: props.height,
        scales: { ...options.scales, x: { ...options.scales?.["x"], ...x } },
      },
      props.data,
      node,
    );
    shape.current = props.shape;
  }, [props.shape, props.data, props.width, props.height, props.fromS, props.toS]);

  useEffect(
    () => () => {
      plot.current?.destroy();
      plot.current = undefined;
    },
    [],
  );

  return <div class="plot" ref={box} role="img" aria-label={props.label} />;
}
