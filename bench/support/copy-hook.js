// Module hook of `worker.ts --copy`: whoever imports db/merge.ts gets bench/support/copy-merge.ts, which itself gets the real one.
const INSTEAD = new URL('./copy-merge.ts', import.meta.url).href

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  const isMerge = resolved.url.split('?')[0]?.endsWith('/db/merge.ts') === true
  return isMerge && !context.parentURL?.startsWith(INSTEAD) ? { ...resolved, url: INSTEAD } : resolved
}
