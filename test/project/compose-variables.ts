/** Names of the variables that docker-compose.yml takes from the environment or `.env`. */
export function composeVariables(text: string): string[] {
  const withoutComments = text.replace(/^\s*#.*$/gm, '')
  // `$$` is a dollar sign for the container's shell.
  const found = withoutComments.replaceAll('$$', '').matchAll(/\$\{([A-Z_]+)/g)
  return [...new Set([...found].map(([, name = '']) => name))]
}
