import type { VNode } from "preact";
import { interpolate } from "../lib/interpolate";
import { asString } from "../lib/json";
import { Markdown, SafeHtml } from "../lib/markdown";
import type { ChartProps } from "./registry";

export function TextPanel({ panel, variables }: ChartProps): VNode {
  const content = interpolate(asString(panel.options["content"]) ?? "", variables, "text");
  const mode = asString(panel.options["mode"]);
  if (mode === "html")
    return (
      <div class="scroll">
        <SafeHtml html={content} />
      </div>
    );
  if (mode === "code")
    return (
      <div class="scroll">
        <pre>{content}</pre>
      </div>
    );
  return (
    <div class="scroll">
      <Markdown text={content} />
    </div>
  );
}
