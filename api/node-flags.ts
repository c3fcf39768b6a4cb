/**
 * What Node is given to start the API with.
 *
 * The text of a chart lies outside of V8's heap, which counts it all the same: with Node's own limits a few charts fill what an idle
 * service is given, and one in 15 waited up to 20 ms for a collection of everything. Young objects, and the texts with them, are
 * let go sooner in a small space, so that the process stays as small as it was (bench/http.ts, bench/export.ts).
 */
export const API_NODE_FLAGS = ['--initial-old-space-size=128', '--max-semi-space-size=4'] as const
