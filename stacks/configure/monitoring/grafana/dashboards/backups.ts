import type { Draft } from "../draft.ts";
import { rows } from "../panels.ts";
import type { View } from "../view.ts";

const day = 86_400;

/** Age and outcome of the last backup of each service, as the service with the role backup reports them. */
export function backupPanels({ backups }: View): Draft[] {
  if (!backups) return [];
  const labels = { service: "Service", class: "Kind", repository: "Repository" };
  return [
    rows(
      { title: "Age of the last backup", unit: "s" },
      { expr: "time() - max by (service, class, repository) (ums_backup_last_success_timestamp_seconds)" },
      { labels, value: "Age", limits: { warn: day, bad: 8 * day } },
    ),
    rows(
      { title: "Outcome of the last backup", description: "0 is a success." },
      { expr: "max by (service, class, repository) (ums_backup_last_exit_code)" },
      { labels, value: "Exit code", limits: { warn: 1, bad: 1 } },
    ),
    rows(
      { title: "Outcome of the last restore drill", description: "0 is a success. `ums restore --drill`" },
      { expr: "max by (service, class, repository) (ums_restore_drill_last_exit_code)" },
      { labels, value: "Exit code", limits: { warn: 1, bad: 1 } },
    ),
  ];
}
