import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { yamlText } from "../../text.ts";
import { reached } from "../reached.ts";
import { platformAlerts } from "./alerts.ts";
import { containerJobs } from "./containers.ts";
import { probeJobs } from "./probes.ts";
import { declaredRules } from "./recordings.ts";
import { ruleFile, servicesRules } from "./rules.ts";
import { credentialFiles, scrapeJobs } from "./scrape.ts";

const folder = "/etc/prometheus";

/** How often everything is measured and every rule is judged: the seed document's figures. */
export const interval = "15s";

/**
 * Prometheus: a job for every endpoint the records name, probes of every route through the gateway, the engine's own list
 * of containers, and rules made of what the records declare.
 */
export function configurePrometheus(service: Service, context: ConfigureContext): Configuration {
  const alertmanager = reached(service, context, ({ configure }) => configure === "alertmanager");
  if (!alertmanager && context.settings.alerts.receivers.length > 0) {
    context.report({
      place: context.configPlace(["alerts", "receivers"]),
      message: `alerts.receivers: the stack has no service that sends alerts to them; add alertmanager to services.include`,
    });
  }
  const probes = probeJobs(service, context);
  const containers = containerJobs(service, context);
  const rules = new Map([
    [
      `${folder}/rules/platform.yml`,
      ruleFile([
        ...declaredRules(context),
        ...platformAlerts(context, { containers: containers.length > 0, probes }),
      ]),
    ],
    [`${folder}/rules/services.yml`, ruleFile(servicesRules(context))],
  ]);
  return {
    files: [
      {
        path: `${folder}/prometheus.yml`,
        text: yamlText({
          global: {
            scrape_interval: interval,
            evaluation_interval: interval,
            external_labels: { stack: context.stack },
          },
          rule_files: [...rules.keys()],
          ...(alertmanager
            ? {
                alerting: {
                  alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }],
                },
              }
            : {}),
          scrape_configs: [...scrapeJobs(service, context), ...probes, ...containers],
        }),
      },
      ...[...rules].map(([path, text]) => ({ path, text })),
      ...credentialFiles(service, context),
    ],
  };
}
