import { AppSecretMissing, saveSourceSetting, type SettingPatch } from '../../db/source-settings.ts'
import { SOURCES, type SourceName } from '../../market/sources.ts'
import type { ApiDeps } from '../deps.ts'
import { Problem } from '../problems.ts'

/**
 * Changes what is set for a source; nothing else needs to be told of it.
 *
 * @throws Problem `app_secret_missing`, or `invalid_request` for a token that the source cannot use
 */
export async function saveSource(deps: ApiDeps, name: SourceName, patch: SettingPatch): Promise<void> {
  if (typeof patch.token === 'string') checkToken(name, patch.token)
  try {
    await saveSourceSetting(deps.db.sql, name, patch, deps.sealKey)
  } catch (error) {
    if (error instanceof AppSecretMissing) throw new Problem('app_secret_missing', error.message)
    throw error
  }
}

// As config.ts asks for in BAOSTOCK_API_KEY.
const BAOSTOCK_KEY = /^bs-[0-9A-Za-z]+$/

function checkToken(name: SourceName, token: string): void {
  if (name === 'akshare')
    throw wrongToken(`${SOURCES.akshare.title} has no accounts: its server is set in AKTOOLS_URL`)
  if (name === 'baostock' && !BAOSTOCK_KEY.test(token))
    throw wrongToken('must be an API key of BaoStock: bs- and letters or digits')
}

const wrongToken = (message: string): Problem =>
  new Problem('invalid_request', `token: ${message}`, { errors: [{ field: 'token', message }] })
