import type { Signal } from '../../../shared/ipc/playerViews'
import type { Loop, Piece } from './frameQueue'

/** What the window tells the audio thread. An epoch begins with every jump: what belongs to an older one is dropped. */
export type ToPlayback =
  | { readonly kind: 'play' | 'pause' }
  | { readonly kind: 'seek'; readonly epoch: number; readonly frame: number; readonly loop: Loop | null }
  | { readonly kind: 'loop'; readonly epoch: number; readonly loop: Loop | null }
  | { readonly kind: 'piece'; readonly epoch: number; readonly piece: Piece }
  /** No frames come after those that were sent: the file ends. */
  | { readonly kind: 'end'; readonly epoch: number }
  | { readonly kind: 'mix'; readonly signal: Signal; readonly gain: number }

/** What the audio thread tells. */
export type FromPlayback =
  | {
      readonly kind: 'state'
      readonly epoch: number
      /** The frame to be heard next, and the context's own time in frames at which that was so. */
      readonly positionFrame: number
      readonly contextFrame: number
      readonly isPlaying: boolean
      /** It should play and has nothing to. */
      readonly isStarved: boolean
      readonly isEnded: boolean
      /** Frames heard in this epoch. */
      readonly heardFrames: number
    }
  /** After a change of the loop: what is still queued, and what has to come next. */
  | { readonly kind: 'tail'; readonly epoch: number; readonly nextFrame: number; readonly queuedFrames: number }

export type PlaybackState = Extract<FromPlayback, { kind: 'state' }>

export interface PlaybackOptions {
  /** Channels of each signal, 1 or 2. */
  readonly channels: number
  readonly hasClean: boolean
  readonly rateHz: number
  /** The context's rate, where it would not take the clip's. */
  readonly contextRateHz: number
}

/** The processor's name in its scope. */
export const PROCESSOR = 'stillwave-playback'
