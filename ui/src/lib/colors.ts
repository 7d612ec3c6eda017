// Colours of dashboards: names, palettes and scales, for the dark and the light theme.

export type Theme = "dark" | "light";

type Shades = readonly [superLight: string, light: string, plain: string, semiDark: string, dark: string];

const kNamed: Record<Theme, Record<string, Shades>> = {
  dark: {
    red: ["#FFA6B0", "#FF7383", "#F2495C", "#E02F44", "#C4162A"],
    orange: ["#FFCB7D", "#FFB357", "#FF9830", "#FF780A", "#FA6400"],
    yellow: ["#FFF899", "#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400"],
    green: ["#C8F2C2", "#96D98D", "#73BF69", "#56A64B", "#37872D"],
    blue: ["#C0D8FF", "#8AB8FF", "#5794F2", "#3274D9", "#1F60C4"],
    purple: ["#DEB6F2", "#CA95E5", "#B877D9", "#A352CC", "#8F3BB8"],
  },
  light: {
    red: ["#FF7383", "#F2495C", "#E02F44", "#C4162A", "#AD0317"],
    orange: ["#FFB357", "#FF9830", "#FF780A", "#FA6400", "#E55400"],
    yellow: ["#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400", "#CC9D00"],
    green: ["#96D98D", "#73BF69", "#56A64B", "#37872D", "#19730E"],
    blue: ["#8AB8FF", "#5794F2", "#3274D9", "#1F60C4", "#1250B0"],
    purple: ["#CA95E5", "#B877D9", "#A352CC", "#8F3BB8", "#7C2EA3"],
  },
};
const kShadeNames = ["super-light-", "light-", "", "semi-dark-", "dark-"];

/** The classic palette after its hue-named beginning; equal in both themes. */
const kClassicTail = (
  "447EBC C15C17 890F02 0A437C 6D1F62 584477 B7DBAB F4D598 70DBED F9BA8F F29191 82B5D8 E5A8E2 AEA2E0 629E51 " +
  "E5AC0E 64B0C8 E0752D BF1B00 0A50A1 962D82 614D93 9AC48A F2C96D 65C5DB F9934E EA6460 5195CE D683CE 806EB7 3F6833 967302 " +
  "2F575E 99440A 58140C 052B51 511749 3F2B5B E0F9D7 FCEACA CFFAFF F9E2D2 FCE2DE BADFF4 F9D9F9 DEDAF7"
)
  .split(" ")
  .map((hex) => `#${hex}`);
const kClassicHead = [
  "green",
  "semi-dark-yellow",
  "blue",
  "orange",
  "red",
  "purple",
  "dark-green",
  "dark-yellow",
  "dark-blue",
  "dark-orange",
  "dark-red",
  "dark-purple",
  "super-light-green",
  "super-light-yellow",
  "super-light-blue",
  "super-light-orange",
  "super-light-red",
  "super-light-purple",
];

const kColorblind: Record<Theme, readonly string[]> = {
  dark: ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#FFFFFF"],
  light: ["#0072B2", "#009E73", "#CC79A7", "#D55E00", "#000000"],
};

const kSurface: Record<Theme, string> = { dark: "#181b1f", light: "#ffffff" };
const kContinuous: Record<string, readonly string[]> = {
  GrYlRd: ["green", "yellow", "red"],
  RdYlGr: ["red", "yellow", "green"],
  BlYlRd: ["dark-blue", "super-light-yellow", "dark-red"],
  YlRd: ["super-light-yellow", "dark-red"],
  BlPu: ["blue", "purple"],
  YlBl: ["super-light-yellow", "dark-blue"],
  blues: ["surface", "dark-blue"],
  reds: ["surface", "dark-red"],
  greens: ["surface", "dark-green"],
  purples: ["surface", "dark-purple"],
  viridis: ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"],
  magma: ["#000004", "#1d1147", "#51127c", "#832681", "#b73779", "#e75263", "#fc8961", "#fec488", "#fcfdbf"],
  plasma: ["#0d0887", "#4c02a1", "#7e03a8", "#aa2395", "#cc4778", "#e66c5c", "#f89540", "#fdc527", "#f0f921"],
  inferno: ["#000004", "#210c4a", "#57106e", "#8a226a", "#bc3754", "#e45a31", "#f98e09", "#f9cb35", "#fcffa4"],
  cividis: ["#002051", "#11366c", "#3c4d6e", "#62646f", "#7f7c75", "#9a9478", "#bbaf71", "#e2cb5c", "#fdea45"],
};

/** A colour as CSS: names of dashboards are looked up, anything else must look like a CSS colour or turns grey. */
export function resolveColor(name: string, theme: Theme): string {
  if (name === "transparent") return "rgba(0, 0, 0, 0)";
  if (name === "text") return theme === "dark" ? "#CCCCDC" : "#24292E";
  if (name === "surface") return kSurface[theme];
  const match = /^(super-light-|light-|semi-dark-|dark-)?(red|orange|yellow|green|blue|purple)$/.exec(name);
  if (match !== null) {
    const shade = kShadeNames.indexOf(match[1] ?? "");
    return kNamed[theme][match[2] ?? ""]?.[shade] ?? "#808080";
  }
  if (/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(name)) return name;
  if (/^(rgb|hsl)a?\([\d\s.,%/-]+\)$/i.test(name)) return name;
  if (/^[a-z]{3,20}$/i.test(name)) return name;
  return "#808080";
}

export function classicPalette(theme: Theme): string[] {
  return [...kClassicHead.map((name) => resolveColor(name, theme)), ...kClassicTail];
}

const kPalettes: Record<Theme, string[]> = { dark: classicPalette("dark"), light: classicPalette("light") };

export function paletteColor(index: number, theme: Theme): string {
  const palette = kPalettes[theme];
  return palette[index % palette.length] ?? "#808080";
}

export function colorblindColor(index: number, theme: Theme): string {
  const palette = kColorblind[theme];
  return palette[index % palette.length] ?? "#808080";
}

/** Stable colour for a name, whatever else is in the panel. */
export function colorByName(name: string, theme: Theme): string {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return paletteColor(Math.abs(hash) % 18, theme);
}

export type Rgb = readonly [r: number, g: number, b: number];

export function parseColor(css: string): Rgb {
  const hex = /^#([0-9a-f]{6}|[0-9a-f]{3})/i.exec(css)?.[1];
  if (hex !== undefined) {
    const full = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
    return [parseInt(full.slice(0, 2), 16), parseInt(full.slice(2, 4), 16), parseInt(full.slice(4, 6), 16)];
  }
  const rgb = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(css);
  return rgb === null ? [128, 128, 128] : [Number(rgb[1]), Number(rgb[2]), Number(rgb[3])];
}

export function withAlpha(css: string, alpha: number): string {
  if (/^rgba\(.*,\s*0\)$/.test(css)) return css;
  const [r, g, b] = parseColor(css);
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

/** Black or white, whichever is easier to read on this colour (relative luminance of WCAG). */
export function textOn(css: string): string {
  const linear = parseColor(css).map((c) => {
    const v = c / 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  return luminance > 0.32 ? "#111217" : "#ffffff";
}

/** Uniform cubic B-spline through the stops, ends extended by reflection. */
function spline(stops: readonly number[], t: number): number {
  const last = stops.length - 1;
  const clamped = Math.min(1, Math.max(0, t));
  const i = Math.min(last - 1, Math.floor(clamped * last));
  const u = clamped * last - i;
  const p1 = stops[i] ?? 0;
  const p2 = stops[i + 1] ?? p1;
  const p0 = i > 0 ? (stops[i - 1] ?? p1) : 2 * p1 - p2;
  const p3 = i < last - 1 ? (stops[i + 2] ?? p2) : 2 * p2 - p1;
  const u2 = u * u;
  const u3 = u2 * u;
  return (
    ((1 - 3 * u + 3 * u2 - u3) * p0 + (4 - 6 * u2 + 3 * u3) * p1 + (1 + 3 * u + 3 * u2 - 3 * u3) * p2 + u3 * p3) / 6
  );
}

/** Colour at `percent` (0 to 1) of a `continuous-…` scale; undefined when the scale is not known. */
export function continuousColor(mode: string, percent: number, theme: Theme): string | undefined {
  const stops = kContinuous[mode.replace(/^continuous-/, "")];
  if (stops === undefined) return undefined;
  const rgb = stops.map((stop) => parseColor(resolveColor(stop, theme)));
  const channel = (i: 0 | 1 | 2): number =>
    Math.round(
      spline(
        rgb.map((c) => c[i]),
        percent,
      ),
    );
  return `rgb(${channel(0)}, ${channel(1)}, ${channel(2)})`;
}
