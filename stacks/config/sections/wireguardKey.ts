import { z } from "zod";

/** A public key as `wg pubkey` prints it. */
export const wireguardKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, "write a WireGuard key: 44 characters that end with =");
