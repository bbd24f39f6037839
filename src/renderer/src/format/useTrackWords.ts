import { useI18n } from 'vue-i18n'
import type { AudioTrack } from '../../../shared/jobs/job'
import { currentLocale } from '../i18n'

/** What a track of sound is called, in the language of the window. */
export function useTrackWords(): {
  /** Its language and title; null where it has none. */
  readonly nameOf: (track: Pick<AudioTrack, 'language' | 'title'>) => string | null
  readonly channelsOf: (channels: number) => string
} {
  const { t } = useI18n()
  return {
    nameOf: ({ language, title }) => {
      const parts = [language === null ? null : languageName(language), title].filter((part) => part !== null)
      return parts.length === 0 ? null : parts.join(' · ')
    },
    channelsOf: (channels) => {
      if (channels === 1) return t('list.channelsMono')
      return channels === 2 ? t('list.channelsStereo') : t('list.channelsMany', { n: channels })
    }
  }
}

/** Files have any text there: what is no code of a language is shown as it is. */
function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([currentLocale()], { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}
