/** A colour in OKLCH: lightness 0 to 1, chroma, hue in degrees. */
type Oklch = readonly [number, number, number]

/**
 * Colours for loudness, computed in OKLCH so that equal steps look equal: lightness goes one way only, from the background's to
 * the far end's, while the hue turns. Dark themes begin at night blue and end at pale yellow; light ones begin at paper and end at ink.
 */
const STOPS: Readonly<Record<'dark' | 'light', readonly Oklch[]>> = {
  dark: [
    [0.19, 0.02, 230],
    [0.34, 0.09, 285],
    [0.48, 0.16, 320],
    [0.64, 0.18, 15],
    [0.8, 0.15, 65],
    [0.96, 0.1, 105]
  ],
  light: [
    [0.985, 0.004, 220],
    [0.9, 0.05, 190],
    [0.75, 0.1, 205],
    [0.57, 0.12, 240],
    [0.4, 0.14, 280],
    [0.22, 0.08, 320]
  ]
}

/** 256 colours as RGBA words for an `ImageData`, the quietest first. */
export function colourMap(theme: 'dark' | 'light'): Uint32Array {
  const stops = STOPS[theme]
  return Uint32Array.from({ length: 256 }, (_, i) => wordOf(between(stops, i / 255)))
}

function between(stops: readonly Oklch[], at: number): Oklch {
  const place = at * (stops.length - 1)
  const from = stops[Math.min(stops.length - 2, Math.floor(place))]!
  const to = stops[Math.min(stops.length - 1, Math.floor(place) + 1)]!
  const share = place - Math.min(stops.length - 2, Math.floor(place))
  // The short way round the circle of hues.
  const turn = ((to[2] - from[2] + 540) % 360) - 180
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, from[2] + turn * share]
}

function wordOf(colour: Oklch): number {
  const [r, g, b] = rgbOf(colour)
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
}

/** Bytes of sRGB, after Ottosson's definition of OKLab. */
export function rgbOf([lightness, chroma, hue]: Oklch): readonly [number, number, number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    byteOf(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byteOf(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byteOf(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)
  ]
}

function byteOf(linear: number): number {
  const shown = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055
  return Math.round(255 * Math.min(1, Math.max(0, shown)))
}
