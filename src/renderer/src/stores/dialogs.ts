import { defineStore } from 'pinia'
import { reactive } from 'vue'

/** Which of the window's own dialogs is open. */
export const useDialogs = defineStore('dialogs', () => ({
  open: reactive({
    preferences: false,
    shortcuts: false,
    about: false,
    licences: false,
    diagnostics: false,
    outlook: false
  })
}))
