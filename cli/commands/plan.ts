import { basename } from "node:path";
import { linkNetworkName } from "../../components/network/link.ts";
import { segmentNetworkName } from "../../components/network/segment.ts";
import { liftedDefaults, showLift } from "../../components/outputs.ts";
import type { Platform } from "../../stacks/platform.ts";
import { type Change, countChanges } from "../../targets/plan.ts";
import { readEarlierPlan } from "../../targets/review/earlier.ts";
import { reviewMarkdown } from "../../targets/review/markdown.ts";
import { Violation } from "../output/exit.ts";
import { exceptionsTable, findingsTable } from "../output/findings.ts";
import { table } from "../output/table.ts";
import { judgeReadable } from "../secrets/judge.ts";
import { openSession, type PlannedStack, planStack, type StackOptions } from "../session.ts";

/** Changes shown one by one; more are counted only. */
const shownChanges = 40;

interface PlanOptions extends StackOptions {
  json?: boolean;
  markdown?: boolean;
  /** File with an earlier plan as JSON, to compare with instead of the last `up`. */
  since?: string;
  /** Characters the Markdown may have. */
  limit?: number;
}

/**
 * The `plan` command: what the stack is, and what an `up` would change.
 * @throws InputError when a password that people type is weak, where it can be decrypted
 */
export async function plan(options: PlanOptions): Promise<void> {
  const session = openSession(options);
  const { since, stack } = options;
  const unjudged = await judgeReadable(session);
  const planned = await planStack(session, since === undefined ? undefined : readEarlierPlan(since, stack));
  const { platform } = session.loaded;
  const judged = { ...platform, warnings: [...unjudged, ...platform.warnings] };
  process.stdout.write(showPlan(judged, planned, options));
  if (planned.report.refused.length > 0) throw new Violation();
}

function showPlan(platform: Platform, planned: PlannedStack, { json, markdown, since, limit }: PlanOptions) {
  if (json === true) return `${JSON.stringify(planJson(platform, planned), null, 2)}\n`;
  const comparison = since === undefined ? sinceLastUp(planned) : `since ${basename(since)}`;
  return markdown === true
    ? reviewMarkdown({ platform, ...planned, comparison }, limit)
    : planText(platform, planned, comparison);
}

/** What the changes are counted from, where nothing else was asked for. */
export function sinceLastUp({ last }: PlannedStack): string {
  return last ? "since the last up" : "nothing was deployed from here yet";
}

export function planJson(platform: Platform, { program, next, changes, report }: PlannedStack) {
  return {
    stack: platform.stack,
    environment: platform.environment,
    images: platform.images,
    resources: program.resources.length,
    services: platform.services.map((service) => ({
      name: service.name,
      segment: service.segment,
      image: service.image.reference,
      ...(service.through === undefined ? {} : { through: service.through }),
      ...(service.route === undefined ? {} : { url: service.route.url }),
      addresses: service.addresses,
      links: platform.links
        .filter((link) => link.consumer === service.name)
        .flatMap((link) => link.uses.map((use) => ({ to: link.provider, port: use.port, why: use.why }))),
      ports: service.publish.map((port) => ({
        host: port.host,
        container: port.port,
        protocol: port.protocol,
      })),
      lifted: [
        ...service.lifted.map((lift) => ({ privilege: showLift(lift), reason: lift.reason })),
        ...service.secretVariables.map(({ variable, reason }) => ({
          privilege: `secret-variable ${variable}`,
          reason,
        })),
      ],
    })),
    networks: [
      ...platform.segments.map((segment) => ({
        name: segmentNetworkName(platform.stack, segment.name),
        cidr: segment.cidr,
        internal: segment.internal,
      })),
      ...platform.links.map((link) => ({
        name: linkNetworkName(platform.stack, link),
        cidr: link.cidr,
        internal: true,
      })),
    ],
    volumes: platform.volumes.map(({ name, class: kind, shared }) => ({ name, class: kind, shared })),
    startOrder: platform.waves,
    changes: countChanges(changes),
    details: changes,
    policies: { refused: report.refused, advisory: report.advisory, exceptions: report.exceptions },
    warnings: platform.warnings.map(({ service, message }) => ({
      ...(service === undefined ? {} : { service }),
      message,
    })),
    // What a later plan is compared with: --since.
    snapshot: next,
  };
}

export function planText(
  platform: Platform,
  { program, changes, last, report }: PlannedStack,
  comparison: string,
): string {
  const services = platform.services.map((service) => [
    service.name,
    service.through === undefined ? service.segment : `${service.segment} (through ${service.through})`,
    service.image.reference.replace(/@sha256:([0-9a-f]{12}).*/, "@$1"),
    shorten(platform.links.filter((link) => link.consumer === service.name).map((link) => link.provider)),
    service.publish.map((port) => `${port.host}/${port.protocol}`).join(" ") || "-",
  ]);
  const lifted = liftedDefaults(platform);
  const counts = countChanges(changes);
  const sections = [
    `Stack ${platform.stack} (${platform.environment}, ${platform.images} images): ${platform.services.length} services, ${platform.links.length} links, ${program.resources.length} resources`,
    `Services\n${table(["service", "segment", "image", "calls", "host ports"], services)}`,
    `Segments (every link is an internal /29 network of its own)\n${table(
      ["segment", "network", "way out"],
      platform.segments.map((segment) => [segment.name, segment.cidr, segment.internal ? "no" : "yes"]),
    )}`,
    `Lifted defaults (${lifted.length})\n${table(
      ["service", "lifted", "because"],
      lifted.map(({ service, privilege, reason }) => [service, privilege, reason]),
    )}`,
    ...exceptionsTable(report),
    ...(platform.warnings.length > 0
      ? [`Warnings\n${platform.warnings.map((warning) => `  ${warning.message}`).join("\n")}`]
      : []),
    ...findingsTable("Refused by the policies", report.refused),
    `Policies: ${report.policies} applied, ${report.refused.length} refused, ${report.advisory.length} advisory (npx ums check shows them)`,
    `Changes, ${comparison}: ${counts.create} to create, ${counts.update} to update, ${counts.replace} to replace, ${counts.delete} to delete${showChanges(changes, last !== undefined)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

/** Names shown in a cell; more are counted only. */
const shownNames = 4;

function shorten(names: readonly string[]): string {
  if (names.length === 0) return "-";
  const more = names.length - shownNames;
  return `${names.slice(0, shownNames).join(" ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const signs = { create: "+", update: "~", replace: "±", delete: "-" } as const;

function showChanges(changes: readonly Change[], compared: boolean): string {
  if (!compared || changes.length === 0) return "";
  const lines = changes.slice(0, shownChanges).map(({ kind, type, name, inputs }) => {
    const detail = inputs.length > 0 ? ` (${inputs.join(", ")})` : "";
    return `  ${signs[kind]} ${kind} ${type.split(":").at(-1)} ${name}${detail}`;
  });
  const more = changes.length - lines.length;
  return `\n${lines.join("\n")}${more > 0 ? `\n  and ${more} more` : ""}`;
}
