import { loadCatalog } from "../../stacks/catalog/load.ts";
import { table } from "../output/table.ts";
import { openSession, root, type StackOptions } from "../session.ts";

/** The `list` command: every service of the catalogue, and whether the stack has it. */
export function list(options: StackOptions & { json?: boolean }): void {
  const { loaded } = openSession(options);
  const enabled = new Set(loaded.platform.services.map((service) => service.name));
  const catalog = loadCatalog(root, ["catalog", ...loaded.config.platform.catalogs]);
  const rows = [...catalog.values()].map(({ value, file }) => ({
    name: value.name,
    category: value.category,
    enabled: enabled.has(value.name),
    lifecycle: value.lifecycle.status,
    image: `${value.image.repository}:${value.image.tag}`,
    description: value.description,
    file,
  }));
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ stack: options.stack, services: rows }, null, 2)}\n`);
    return;
  }
  const shown = rows.map((row) => [
    row.name,
    row.category,
    row.enabled ? "yes" : "no",
    row.lifecycle,
    row.description,
  ]);
  process.stdout.write(
    `${table(["service", "category", `in ${options.stack}`, "lifecycle", "what it does"], shown)}\n`,
  );
}
