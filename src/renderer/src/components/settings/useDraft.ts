import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'

/** Text that is being typed: kept as typed, stored while it is good, said to be wrong while it is not. */
export interface Draft<P extends string> {
  readonly draft: Ref<string>
  readonly problem: ComputedRef<P | null>
}

export interface DraftOptions<P extends string> {
  readonly stored: () => string
  readonly problemOf: (text: string) => P | null
  readonly store: (text: string) => void
}

/** What main says replaces the draft only where main changed it by itself (a preset, another window's word). */
export function useDraft<P extends string>({ stored, problemOf, store }: DraftOptions<P>): Draft<P> {
  const draft = ref(stored())
  const problem = computed(() => problemOf(draft.value))
  watch(draft, (text) => {
    if (text !== stored() && problemOf(text) === null) store(text)
  })
  watch(stored, (text) => {
    if (problem.value === null) draft.value = text
  })
  return { draft, problem }
}
