/** 200 names that a file may have on Linux, and that somebody's program choked on: each ends in `.wav`. */
export function awkwardNames(): string[] {
  const stems = [
    ...SHAPES,
    // The same to the eye, other bytes: composed and decomposed, for Latin, Korean and Vietnamese.
    ...['café', '한국어', 'tiếng Việt', 'Ångström', 'ñandú'].flatMap((name) => [
      name.normalize('NFC'),
      name.normalize('NFD')
    ]),
    // To the limit of 255 bytes with the ending, in one, two, three and four bytes a letter.
    'x'.repeat(251),
    'é'.repeat(125),
    '漢'.repeat(83),
    '😀'.repeat(62),
    // The same but for the very last letter.
    `${'y'.repeat(250)}1`,
    `${'y'.repeat(250)}2`
  ]
  const fill = Array.from(
    { length: 200 - stems.length },
    (_, n) => `${FILL[n % FILL.length]}${Math.floor(n / FILL.length)}`
  )
  return [...stems, ...fill].map((stem) => `${stem}.wav`)
}

const SHAPES = [
  '-rf',
  '--out',
  '--help',
  '-',
  '--',
  'with space',
  ' leading',
  'trailing ',
  'trailing.',
  'two..dots..',
  'a.wav',
  'a.mp3',
  'a.clean',
  'new\nline',
  'carriage\rreturn',
  'tab\tstop',
  'bell\u0007',
  'escape\u001b[31mred',
  "quote'single",
  'quote"double',
  'back`tick`',
  '$HOME',
  '$(id)',
  '%03d',
  '%s%n',
  '%PATH%',
  '{name}',
  '{date}',
  'semi;colon',
  'a&b',
  'a|b',
  'a>b',
  'a<b',
  'star*',
  'what?',
  'colon:colon',
  'C:',
  'http:__host_a?b=c',
  'file:x',
  'pipe:0',
  'concat:a|b',
  'back\\slash',
  '~',
  '~root',
  '#hash',
  '!bang',
  'equals=',
  '=1+1',
  '@at',
  '[brackets]',
  '(parens)',
  'comma,comma',
  'CON',
  'nul',
  'COM1.x',
  'Case',
  'case',
  'CASE',
  '😀',
  '👩‍👩‍👧‍👦',
  '🏳️‍🌈',
  'שלום',
  'مرحبا',
  'left\u202eright',
  '\u2066isolate\u2069',
  'zero\u200bwidth',
  '\u200d',
  '\ufeffmark',
  'no\u00a0break',
  '\u3000',
  '漢字',
  'ひらがな',
  'แมว',
  'हिन्दी',
  'Ω',
  'ß',
  'İstanbul',
  'ﬁ ligature',
  '𝒻𝒶𝓃𝒸𝓎',
  'a\u0301\u0302\u0303\u0304\u0305'
]

const FILL = ['- ', '😀 ', '漢 ', "o'", '%', '$', '&', 'שׁ ', 'é', 'e\u0301', '\n', '"', '#', ';'] as const
