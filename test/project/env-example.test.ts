import { parse } from 'dotenv'
import { expect, test } from 'vitest'
import { CLIENT_VARIABLES, CONFIG_VARIABLES, FILE_VARIABLES, loadConfig } from '../../config.ts'
import { composeVariables } from './compose-variables.ts'
import { textOf } from './files.ts'

const example = textOf('.env.example')
const shown = parse(example)
const onlyForCompose = composeVariables(textOf('docker-compose.yml')).filter(
  (name) => !CONFIG_VARIABLES.includes(name),
)

test('.env.example shows every variable of the service and of docker-compose.yml, and no other', () => {
  expect(Object.keys(shown).sort()).toEqual(
    [...CONFIG_VARIABLES, ...CLIENT_VARIABLES, ...onlyForCompose].sort(),
  )
})

test('no variable is shown twice', () => {
  const names = example.match(/^[A-Z_]+(?==)/gm) ?? []
  expect(names).toHaveLength(new Set(names).size)
})

test('the defaults that it shows are the real ones', () => {
  expect(loadConfig(shown)).toEqual(loadConfig({}))
})

test('it names every secret that may stand in a file', () => {
  for (const variable of FILE_VARIABLES) expect(example).toContain(variable.replace(/_FILE$/, ''))
})

test('it holds no secret', () => {
  const secrets = Object.entries(shown).filter(([name]) => /TOKEN|KEY|PASSWORD|SECRET/.test(name))
  expect(secrets.map(([, value]) => value).join('')).toBe('')
  expect(secrets.length).toBeGreaterThan(2)
})
