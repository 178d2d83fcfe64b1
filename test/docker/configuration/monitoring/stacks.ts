import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { type PlatformInput, platformOf } from "../../../fixtures/platforms.ts";
import { stackConfig } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { configured } from "../../../stacks/configure/monitoring/stack.ts";
import { root } from "../../harness.ts";

/** Every service of the catalogue, with every receiver and an address of the household. */
export function everything(config: PlatformInput["config"] = {}): Platform {
  const of = stackConfig({
    mail: { host: "smtp.example.com", sender: "ums@example.com", username: "ums", port: 587 },
    alerts: {
      homeAddresses: ["203.0.113.7"],
      receivers: [
        { name: "people", type: "email", to: ["a@example.com", "b@example.com"] },
        { name: "hook", type: "webhook" },
        { name: "chat", type: "discord", severities: ["critical"] },
        { name: "phone", type: "telegram", chat: -42, severities: ["info", "warning"] },
      ],
    },
    ...config,
  });
  return platformOf(loadCatalog(root, ["catalog"]), of, loadEnvironments(root));
}

/** The stacks of the repository, and one that uses every setting. */
export const stacks: readonly (readonly [string, Platform])[] = [
  ["dev", loadStack(root, "dev").platform],
  ["staging", loadStack(root, "staging").platform],
  ["prod", loadStack(root, "prod").platform],
  ["with every setting", everything()],
];

/** Files of the service that a generator configures; none where the stack has no such service. */
export function generated(of: Platform, generator: string): Map<string, string> {
  const has = of.services.some(({ configure }) => configure === generator);
  return has ? filesOf(of, configured(of, generator)) : new Map();
}
