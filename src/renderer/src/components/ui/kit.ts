import type { Component } from 'vue'

/** Shapes that several parts of the kit share. */

export type Tone = 'neutral' | 'accent' | 'done' | 'failed' | 'warn'

export interface Choice {
  readonly value: string
  readonly label: string
  /** A second, quieter line. */
  readonly hint?: string | undefined
  readonly disabled?: boolean | undefined
}

export interface Segment {
  readonly value: string
  readonly label: string
  readonly count?: number | undefined
}

export interface MenuAction {
  readonly id: string
  readonly label: string
  readonly icon?: Component | undefined
  /** Shown only: the key itself is bound where it works. */
  readonly shortcut?: string | undefined
  readonly danger?: boolean | undefined
  readonly disabled?: boolean | undefined
  /** Ticked or not; undefined for an action without a state. */
  readonly checked?: boolean | undefined
  readonly run: () => void
}

/** Null is a line between groups. */
export type MenuEntry = MenuAction | null
