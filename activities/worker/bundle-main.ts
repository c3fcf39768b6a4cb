import { buildWorkflowBundle } from './bundle.ts'

// A process of its own, started by bundle.ts: `bundle-main.ts <file of the bundle>`.
const [codePath] = process.argv.slice(2)
if (codePath === undefined) throw new TypeError('the file of the bundle is missing')
await buildWorkflowBundle(codePath)
