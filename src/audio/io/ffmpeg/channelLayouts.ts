/** WAVE speaker masks of ffmpeg's names of layouts (libavutil/channel_layout.h; the bits are those of WAVE_FORMAT_EXTENSIBLE). */
const SPEAKERS: Readonly<Record<string, number>> = {
  mono: 0x4,
  stereo: 0x3,
  '2.1': 0xb,
  '3.0': 0x7,
  '3.0(back)': 0x103,
  '3.1': 0xf,
  '4.0': 0x107,
  quad: 0x33,
  'quad(side)': 0x603,
  '4.1': 0x10f,
  '5.0': 0x37,
  '5.0(side)': 0x607,
  '5.1': 0x3f,
  '5.1(side)': 0x60f,
  '6.0': 0x707,
  '6.0(front)': 0x6c3,
  hexagonal: 0x137,
  '6.1': 0x70f,
  '6.1(back)': 0x13f,
  '6.1(front)': 0x6cb,
  '7.0': 0x637,
  '7.0(front)': 0x6c7,
  '7.1': 0x63f,
  '7.1(wide)': 0xff,
  '7.1(wide-side)': 0x6cf,
  octagonal: 0x737
}

/** The speaker mask of a layout by ffmpeg's name; 0 for mono and stereo, which need none, and where the name is not one of WAVE's. Pure. */
export function speakersOf(layout: string | null): number {
  const mask = SPEAKERS[layout ?? ''] ?? 0
  return countOf(mask) > 2 ? mask : 0
}

/** How many channels a layout has by ffmpeg's name ("5.1(side)", "3 channels"); 0 where that cannot be told. Pure. */
export function channelsOf(layout: string): number {
  return countOf(SPEAKERS[layout] ?? 0) || Number(/^(\d+) channels/.exec(layout)?.[1] ?? 0)
}

function countOf(mask: number): number {
  let count = 0
  for (let left = mask; left !== 0; left &= left - 1) count++
  return count
}
