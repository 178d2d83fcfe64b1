import type { ServiceRecord } from "../../../catalog/record.ts";
import { secondsOf } from "../../../config/sections/backup.ts";
import type { ConfigureContext } from "../../context.ts";
import { serviceLabels } from "../reached.ts";
import { alertRule, type RuleGroup } from "./rules.ts";
import type { ScrapeJob } from "./scrape.ts";

/** What the rules can build on. */
interface Sources {
  /** The engine is asked for its containers. */
  containers: boolean;
  probes: readonly ScrapeJob[];
}

const byService = `by (${serviceLabels.join(", ")})`;

/** Jobs that are no endpoint of a service. */
const ownJobs = '"(docker|probe)/.+"';

/** The engine's lists as series by container. */
const containerRecords = ["listed", "running", "healthy"].map((list) => ({
  record: `ums_container_${list}`,
  expr: `group by (container, ${serviceLabels.join(", ")}) (up{job="docker/${list}"})`,
}));

/**
 * Alerts over what every stack has: endpoints, containers, routes, certificates, the VPN and backups. Each is made only
 * where the stack has what it looks at. Alerts over one program's metrics are in its record.
 */
export function platformAlerts(context: ConfigureContext, { containers, probes }: Sources): RuleGroup[] {
  const jobs = new Set(probes.map(({ job_name }) => job_name));
  return [
    ...(containers ? [{ name: "containers", rules: containerRecords }] : []),
    { name: "services", rules: serviceAlerts(containers) },
    ...(jobs.has("probe/routes") ? [{ name: "routes", rules: routeAlerts() }] : []),
    ...(jobs.has("probe/certificates") ? [{ name: "certificates", rules: certificateAlerts() }] : []),
    { name: "vpn", rules: vpnAlerts(context, { containers, probed: jobs.has("probe/vpn") }) },
    { name: "backups", rules: backupAlerts(context) },
  ];
}

/** Services of which something is amiss in the engine's lists; nothing while the engine cannot be asked. */
function missingFrom(list: "running" | "healthy", services = ""): string {
  return `(ums_service_info${services} unless on (service) ums_container_${list} and on () (count(ums_container_listed) > 0))`;
}

function serviceAlerts(containers: boolean): object[] {
  const down = [`(up{job!~${ownJobs}} == 0)`, ...(containers ? [missingFrom("running")] : [])];
  return [
    alertRule({
      alert: "ServiceDown",
      expr: `group ${byService} (${down.join(" or ")})`,
      for: "5m",
      severity: "critical",
      concern: "availability",
      summary: "{{ $labels.service }} is down",
      description:
        "Its container does not run, or its metrics cannot be read. `ums status` and its log say more.",
    }),
    ...(containers
      ? [
          alertRule({
            alert: "ServiceUnhealthy",
            expr: `group ${byService} (ums_container_running unless on (container) ums_container_healthy)`,
            for: "5m",
            severity: "critical",
            concern: "availability",
            summary: "{{ $labels.service }} runs and fails its health check",
            description: "The last answers of its probe are in the container's health log.",
          }),
        ]
      : []),
  ];
}

function routeAlerts(): object[] {
  return [
    alertRule({
      alert: "RouteDown",
      expr: 'probe_success{job="probe/routes"} == 0',
      for: "3m",
      severity: "critical",
      concern: "availability",
      summary: "{{ $labels.instance }} does not answer as it should",
      description:
        "Asked through the gateway. checks=sign-in: a visitor without a session must be turned away with 401.",
    }),
    alertRule({
      alert: "SignInMissing",
      expr: 'probe_http_status_code{job="probe/routes", checks="sign-in"} > 0 < 400',
      for: "1m",
      severity: "critical",
      concern: "security",
      summary: "{{ $labels.instance }} answers a visitor who is not signed in",
      description: "The gateway does not ask the single sign-on for this route.",
    }),
  ];
}

/** Let's Encrypt's certificates are renewed 30 days before they end, so these have failed for two weeks or more. */
function certificateAlerts(): object[] {
  const left = 'probe_ssl_earliest_cert_expiry{job="probe/certificates"} - time()';
  const expiring = (days: number, severity: "warning" | "critical") =>
    alertRule({
      alert: "CertificateExpiring",
      expr: `${left} < ${days} * 86400`,
      for: "1h",
      severity,
      concern: "security",
      summary: "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
      description: "The gateway's log says why it is not renewed.",
    });
  return [
    expiring(14, "warning"),
    expiring(3, "critical"),
    alertRule({
      alert: "CertificateInvalid",
      expr: 'probe_success{job="probe/certificates"} == 0',
      for: "15m",
      severity: "warning",
      concern: "security",
      summary: "Browsers refuse the certificate of {{ $labels.instance }}",
      description: "It is not for this name, is not signed by a known authority, or has ended.",
    }),
  ];
}

function vpnAlerts(
  { services, settings }: ConfigureContext,
  { containers, probed }: { containers: boolean; probed: boolean },
): object[] {
  const names = services.filter(({ roles }) => roles.includes("vpn")).map(({ name }) => name);
  const signs = [
    ...(containers ? [missingFrom("healthy", `{service=~"${names.join("|")}"}`)] : []),
    ...(probed ? ['(probe_success{job="probe/vpn", checks="address"} == 0)'] : []),
  ];
  if (names.length === 0 || signs.length === 0) return [];
  return [
    alertRule({
      alert: "VpnDown",
      expr: `group ${byService} (${signs.join(" or ")})`,
      for: "2m",
      severity: "critical",
      concern: "availability",
      summary: "{{ $labels.service }} has no tunnel",
      description: "Its kill switch keeps the clients behind it offline until the tunnel is back.",
    }),
    ...(probed && settings.alerts.homeAddresses.length > 0
      ? [
          alertRule({
            alert: "VpnAddressLeaked",
            expr: 'probe_success{job="probe/vpn", checks="leak"} == 0 and on (service) probe_success{job="probe/vpn", checks="address"} == 1',
            severity: "critical",
            concern: "security",
            summary: "{{ $labels.service }} is seen under the household's own address",
            description: "Stop the clients behind it: their traffic does not go through the tunnel.",
          }),
        ]
      : []),
  ];
}

type BackupClass = Exclude<ServiceRecord["backup"], "none">;

/** Seconds that a run of a class may take before its backup counts as late. */
const runs: Readonly<Record<BackupClass, number>> = {
  "database-hourly": 3600,
  "config-daily": 2 * 3600,
  "media-weekly": 86_400,
};

/** A number of seconds as Prometheus writes a duration. */
function duration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${seconds / 60}m`;
}

/**
 * Over what the backup reports of each service and repository, with labels `service`, `class` and `repository`:
 * ums_backup_last_success_timestamp_seconds, and ums_backup_last_exit_code, 0 where the last run was a success; and
 * ums_restore_drill_last_exit_code, 0 where what the last drill restored is whole.
 */
function backupAlerts({ services, settings }: ConfigureContext): object[] {
  if (!services.some(({ roles }) => roles.includes("backup"))) return [];
  const used = [...new Set(services.map(({ backup }) => backup))]
    .filter((name): name is BackupClass => name !== "none")
    .sort();
  const success = "ums_backup_last_success_timestamp_seconds";
  return [
    alertRule({
      alert: "BackupFailed",
      expr: "max by (service, class, repository) (ums_backup_last_exit_code) != 0",
      severity: "critical",
      concern: "backup",
      summary:
        "The last backup of {{ $labels.service }} to {{ $labels.repository }} failed with code {{ $value }}",
      description: "The log of the backup service says why; `ums backup` makes it again.",
    }),
    alertRule({
      alert: "BackupRepositoryUnsound",
      expr: "max by (repository) (ums_backup_maintenance_last_exit_code) != 0",
      severity: "critical",
      concern: "backup",
      summary: "The maintenance of the repository {{ $labels.repository }} failed with code {{ $value }}",
      description: "It forgets what is kept no longer, and checks what is left.",
    }),
    alertRule({
      alert: "RestoreDrillFailed",
      expr: "max by (service, class, repository) (ums_restore_drill_last_exit_code) != 0",
      severity: "critical",
      concern: "backup",
      summary:
        "The backup of {{ $labels.service }} in {{ $labels.repository }} could not be restored in the last drill",
      description: "`ums restore --drill` says why, and once it succeeds this ends.",
    }),
    ...used.flatMap((name) => {
      const seconds = secondsOf(settings.backup.classes[name].every) + runs[name];
      return [
        alertRule({
          alert: "BackupLate",
          expr: `time() - max by (service, class, repository) (${success}{class="${name}"}) > ${seconds}`,
          severity: "critical",
          concern: "backup",
          labels: { class: name },
          summary:
            "The last backup of {{ $labels.service }} ({{ $labels.class }}) in {{ $labels.repository }} is {{ $value | humanizeDuration }} old",
        }),
        alertRule({
          alert: "BackupMissing",
          expr: `group ${byService} (ums_service_info{backup="${name}"} unless on (service) ${success})`,
          for: duration(seconds),
          severity: "critical",
          concern: "backup",
          labels: { class: name },
          summary: "{{ $labels.service }} ({{ $labels.class }}) has no backup",
          description: "Its record asks for one, and none was ever reported.",
        }),
      ];
    }),
  ];
}
