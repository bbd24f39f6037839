import type { SourcePicture } from './sourceTags'

const MIME: Readonly<Record<string, string>> = {
  mjpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  bmp: 'image/bmp',
  webp: 'image/webp',
  tiff: 'image/tiff'
}

/** What a picture shows, by ID3's numbers (ID3v2.4 section 4.14, the same in FLAC), with the names that ffmpeg gives them. */
const ROLES = [
  'Other',
  "32x32 pixels 'file icon' (PNG only)",
  'Other file icon',
  'Cover (front)',
  'Cover (back)',
  'Leaflet page',
  'Media (e.g. label side of CD)',
  'Lead artist/lead performer/soloist',
  'Artist/performer',
  'Conductor',
  'Band/Orchestra',
  'Composer',
  'Lyricist/text writer',
  'Recording Location',
  'During recording',
  'During performance',
  'Movie/video screen capture',
  'A bright coloured fish',
  'Illustration',
  'Band/artist logotype',
  'Publisher/Studio logotype'
]

/** Whether a picture's kind has a name in a FLAC picture block. */
export function isNamedPicture({ codecName }: SourcePicture): boolean {
  return MIME[codecName] !== undefined
}

/** A FLAC picture block (RFC 9639, section 8.8), which Ogg carries in base64 as METADATA_BLOCK_PICTURE. Pure. */
export function pictureBlock(picture: SourcePicture, bytes: Buffer): Buffer {
  const role = ROLES.findIndex((name) => name.toLowerCase() === picture.role.toLowerCase())
  const text = (value: string): Buffer[] => [uint32(Buffer.byteLength(value)), Buffer.from(value)]
  return Buffer.concat([
    uint32(Math.max(0, role)),
    ...text(MIME[picture.codecName] ?? ''),
    ...text(picture.title),
    ...[picture.width, picture.height, 24, 0, bytes.length].map(uint32),
    bytes
  ])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
