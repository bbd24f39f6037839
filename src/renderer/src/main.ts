import './jitless'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { payloadOf } from './ipc/client'
import { i18n } from './i18n'
import { spoilsTheWindow, useBroken } from './stores/broken'
import { useToasts } from './stores/toasts'
import './styles/main.css'

const app = createApp(App)
app.use(createPinia())
app.use(i18n)
app.config.errorHandler = (thrown, _part, where) => {
  console.error(thrown)
  if (spoilsTheWindow(where)) useBroken().tell(thrown)
  else useToasts().showError(payloadOf(thrown))
}
app.mount('#app')
