export { createRedactor } from '../market/redact.ts'
