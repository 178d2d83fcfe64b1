import type { Service } from "../../platform.ts";
import { sourcePath } from "../../resolve/backup.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { jsonText } from "../text.ts";
import { copierScript } from "./copierScript.ts";

const folder = "/etc/copier";

/** The copier: SQLite databases of the services that are backed up, and the metrics of all backups. */
export function configureCopier(service: Service, context: ConfigureContext): Configuration {
  const { stack, services } = context;
  const plan = Object.fromEntries(
    services.flatMap(({ name, mounts }) => {
      const paths = mounts
        .filter(({ copy }) => copy === "files" || copy === "stopped")
        .map(({ volume }) => sourcePath(stack, name, volume));
      // A database server answers requests itself.
      return paths.length === 0 || mounts.some(({ copy }) => copy === "server") ? [] : [[name, paths]];
    }),
  );
  const port = service.metrics?.port;
  if (port === undefined) {
    context.report({
      place: context.recordPlace(service.name, ["metrics"]),
      message: `${service.name} reports how backups went: give its metrics a port`,
    });
    return { files: [] };
  }
  return {
    files: [
      { path: `${folder}/copier.py`, text: copierScript(port) },
      { path: `${folder}/plan.json`, text: jsonText(plan) },
    ],
  };
}
