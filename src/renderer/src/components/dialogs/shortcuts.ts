/** A shortcut: keys as they are pressed; `Mod` is Ctrl, and Command on a Mac. Each row may have several ways. */
export interface Shortcut {
  readonly words:
    | 'addFiles'
    | 'addFolders'
    | 'start'
    | 'stop'
    | 'selectAll'
    | 'find'
    | 'remove'
    | 'move'
    | 'extend'
    | 'reorder'
    | 'details'
    | 'toggle'
    | 'menu'
    | 'preferences'
    | 'shortcuts'
    | 'quit'
    | 'closeDialog'
    | 'listen'
    | 'play'
    | 'switchSignal'
    | 'cycleSignal'
    | 'seek'
    | 'seekFine'
    | 'seekFar'
    | 'ends'
    | 'loop'
    | 'edges'
    | 'zoom'
    | 'whole'
    | 'mute'
    | 'blind'
    | 'preview'
    | 'leavePlayer'
    | 'playerControls'
  readonly ways: readonly (readonly string[])[]
}

export interface ShortcutGroup {
  readonly words: 'files' | 'list' | 'work' | 'window' | 'player'
  readonly rows: readonly Shortcut[]
}

/** The sheet. The menu's accelerators (src/main/app/menu.ts) and the list's keys are bound where they work; this names them. */
export const SHORTCUTS: readonly ShortcutGroup[] = [
  {
    words: 'files',
    rows: [
      { words: 'addFiles', ways: [['Mod', 'O']] },
      { words: 'addFolders', ways: [['Mod', 'Shift', 'O']] }
    ]
  },
  {
    words: 'work',
    rows: [
      { words: 'start', ways: [['Mod', 'Enter']] },
      { words: 'stop', ways: [['Mod', '.']] }
    ]
  },
  {
    words: 'window',
    rows: [
      { words: 'preferences', ways: [['Mod', ',']] },
      { words: 'shortcuts', ways: [['?'], ['Mod', '/']] },
      { words: 'closeDialog', ways: [['Esc']] },
      { words: 'quit', ways: [['Mod', 'Q']] }
    ]
  },
  {
    words: 'list',
    rows: [
      { words: 'selectAll', ways: [['Mod', 'A']] },
      { words: 'find', ways: [['Mod', 'F']] },
      { words: 'move', ways: [['↑'], ['↓']] },
      {
        words: 'extend',
        ways: [
          ['Shift', '↑'],
          ['Shift', '↓']
        ]
      },
      {
        words: 'reorder',
        ways: [
          ['Alt', '↑'],
          ['Alt', '↓']
        ]
      },
      { words: 'toggle', ways: [['Space']] },
      { words: 'listen', ways: [['Enter']] },
      { words: 'details', ways: [['Alt', 'Enter']] },
      { words: 'remove', ways: [['Delete']] },
      { words: 'menu', ways: [['Shift', 'F10']] }
    ]
  },
  {
    words: 'player',
    rows: [
      { words: 'play', ways: [['Space']] },
      { words: 'switchSignal', ways: [['1'], ['2'], ['3']] },
      { words: 'cycleSignal', ways: [['Tab']] },
      { words: 'seek', ways: [['←'], ['→']] },
      {
        words: 'seekFine',
        ways: [
          ['Shift', '←'],
          ['Shift', '→']
        ]
      },
      {
        words: 'seekFar',
        ways: [
          ['Mod', '←'],
          ['Alt', '→']
        ]
      },
      { words: 'ends', ways: [['Home'], ['End']] },
      { words: 'loop', ways: [['L']] },
      { words: 'edges', ways: [['['], [']']] },
      { words: 'zoom', ways: [['+'], ['−']] },
      { words: 'whole', ways: [['0']] },
      { words: 'mute', ways: [['M']] },
      { words: 'blind', ways: [['B']] },
      { words: 'preview', ways: [['P']] },
      { words: 'leavePlayer', ways: [['Esc']] },
      { words: 'playerControls', ways: [['Shift', 'Tab']] }
    ]
  }
]
