/** Name of a service's container in the engine. */
export function containerName(stack: string, service: string): string {
  return `${stack}-${service}`;
}
