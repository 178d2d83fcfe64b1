import type { Platform } from "../../stacks/platform.ts";
import type { StackState } from "../state.ts";

/**
 * Asks for the escrow of the backups' passphrase, as long as nobody has printed it: it is lost with this machine, and no
 * backup can be read without it. A rehearsal has no data that is worth it.
 */
export function escrowLines(
  { services, secrets, images, stack }: Platform,
  state: Pick<StackState, "wasShown">,
): string[] {
  const service = services.find(({ roles }) => roles.includes("backup"));
  const secret = service && secrets.find(({ id }) => id === `${service.name}/password`);
  if (images === "rehearsal" || !secret || state.wasShown(secret.id)) return [];
  return [
    `without its passphrase no backup can be read; print it once and keep it elsewhere: npx ums backup --passphrase --stack ${stack}`,
  ];
}
