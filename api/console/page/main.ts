import { Console } from './console.ts'

new Console(document.getElementById('app') ?? document.body).start()
