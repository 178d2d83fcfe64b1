import type { LoadedStack } from "../../stacks/load.ts";
import { dayOf, type SecretEntry, secretInventory } from "../../stacks/secrets/inventory.ts";
import type { GeneratedSecrets } from "./values.ts";

/** Every secret of a stack as of today, with the ages that its engine knows. */
export function inventoryOf(loaded: LoadedStack, generated: GeneratedSecrets): SecretEntry[] {
  return secretInventory(
    loaded,
    (secret) => {
      const at = secret.source.kind === "generate" ? generated.find(secret)?.at : undefined;
      return at && dayOf(at);
    },
    dayOf(new Date()),
  );
}
