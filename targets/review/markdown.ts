import { type LiftedDefault, liftedDefaults } from "../../components/outputs.ts";
import type { Platform } from "../../stacks/platform.ts";
import type { CheckReport } from "../check/check.ts";
import { type Change, type ChangeKind, countChanges, type Snapshot } from "../plan.ts";
import { type Affected, affectedBy } from "./affected.ts";
import { describeDifference } from "./difference.ts";
import { code, folded, prose } from "./escape.ts";
import { labelsIn, newlyLifted } from "./labels.ts";
import { mermaid } from "./mermaid.ts";
import { pageOf, type Section, tableSection } from "./page.ts";
import { drawChanges, drawWhole, type Picture } from "./picture.ts";

/** A plan, and what it is compared with. */
export interface Review {
  platform: Platform;
  /** Where nothing is compared, all there is to create. */
  changes: readonly Change[];
  last: Snapshot | undefined;
  next: Snapshot;
  /** What the plan is compared with, or why with nothing, in plain words. */
  comparison: string;
  report: CheckReport;
}

/** Changed resources shown openly; a longer table is folded. */
const openRows = 30;
/** Names in a warning; more are counted. */
const mostNames = 12;

/**
 * The plan as GitHub-flavoured Markdown, for a pull request: counts, what the policies refuse, what is dangerous, what
 * changes, a picture, and, folded, the whole graph, lifted defaults, used exceptions and warnings.
 * @param limit characters the page may have; what does not fit is left out, the least telling first
 */
export function reviewMarkdown(review: Review, limit?: number): string {
  const affected = affectedBy(review.changes, review.last, review.next);
  return pageOf(
    [
      headline(review),
      ...refused(review),
      ...lost(review),
      ...lifts(review),
      ...changeTable(review),
      ...pictures(review, affected),
      allLifts(review.platform),
      ...excepted(review),
      ...advice(review),
    ],
    limit,
  );
}

function headline({ platform, changes, comparison, report, next }: Review): Section {
  const { create, update, replace, delete: gone } = countChanges(changes);
  const text = [
    `### Plan of the stack ${code(platform.stack)}`,
    "",
    `${platform.services.length} services, ${platform.links.length} links, ${next.resources.length} resources (${platform.environment}, ${platform.images} images). ` +
      `**${create} to create, ${update} to update, ${replace} to replace, ${gone} to delete**, ${prose(comparison)}. ` +
      `Policies: ${report.refused.length} refused, ${report.advisory.length} advisory, ${report.exceptions.length} excepted.`,
  ].join("\n");
  return { title: "the counts", text, rank: 0 };
}

function refused({ report }: Review): Section[] {
  if (report.refused.length === 0) return [];
  const rows = report.refused.map(({ service, policy, problem, fix }) => [
    code(service),
    code(policy),
    prose(`${problem}; ${fix}`),
  ]);
  return [
    tableSection(["service", "policy", "what, and how to fix it"], rows, {
      title: `violations (${rows.length})`,
      rank: 1,
      heading: "**The policies refuse this plan**",
    }),
  ];
}

/** Data volumes and generated secrets that a change takes away. */
function lost({ changes, last }: Review): Section[] {
  const before = new Map(last?.resources.map((resource) => [`${resource.type}::${resource.name}`, resource]));
  const dangers = changes.flatMap((change) => {
    if (change.kind !== "replace" && change.kind !== "delete") return [];
    const resource = before.get(`${change.type}::${change.name}`);
    const isData = resource && labelsIn(resource).has("ums.class");
    const isSecret = change.type.startsWith("random:") && change.kind === "replace";
    return isData || isSecret ? [{ kind: change.kind, isData, name: change.name }] : [];
  });
  const tell = (kind: ChangeKind, isData: boolean, what: string) => {
    const names = dangers
      .filter((one) => one.kind === kind && Boolean(one.isData) === isData)
      .map(({ name }) => name);
    return names.length > 0 ? [`> ${what}: ${listed(names.map(code))}`] : [];
  };
  const lines = [
    ...tell("replace", true, "Data volumes to replace by empty ones"),
    ...tell("delete", true, "Data volumes no longer declared, which stay on the host"),
    ...tell("replace", false, "Generated secrets that get another value"),
  ];
  if (lines.length === 0) return [];
  return [{ title: "warnings about data", text: ["> [!CAUTION]", lines.join("\n>\n")].join("\n"), rank: 2 }];
}

function lifts({ last, next }: Review): Section[] {
  const lifted = last ? newlyLifted(last, next) : [];
  if (lifted.length === 0) return [];
  return [
    tableSection(liftHead, lifted.map(liftRow), {
      title: `newly lifted defaults (${lifted.length})`,
      rank: 3,
      heading: `**Newly lifted defaults (${lifted.length})**`,
    }),
  ];
}

const liftHead = ["service", "lifted", "because"];

function liftRow({ service, privilege, reason }: LiftedDefault): string[] {
  return [code(service), code(privilege), prose(reason)];
}

const severest: readonly ChangeKind[] = ["delete", "replace", "update", "create"];

function changeTable({ changes, last, next }: Review): Section[] {
  if (!last || changes.length === 0) return [];
  const inputsOf = (snapshot: Snapshot) =>
    new Map(snapshot.resources.map(({ type, name, inputs }) => [`${type}::${name}`, inputs]));
  const [before, after] = [inputsOf(last), inputsOf(next)];
  const rows = [...changes]
    .sort((a, b) => severest.indexOf(a.kind) - severest.indexOf(b.kind))
    .map(({ kind, type, name, inputs }) => {
      const key = `${type}::${name}`;
      const details = inputs.map((input) => {
        const told = describeDifference(before.get(key)?.[input], after.get(key)?.[input]);
        return `${code(input)}: ${code(told)}`;
      });
      return [kind, `${prose(type.split(":").at(-1) ?? type)} ${code(name)}`, details.join("<br>")];
    });
  return [
    tableSection(["change", "resource", "properties"], rows, {
      title: `changes (${rows.length})`,
      rank: 4,
      ...(rows.length > openRows ? { fold: `Changes (${rows.length})` } : {}),
    }),
  ];
}

function pictures({ platform, last, changes }: Review, affected: Affected): Section[] {
  const text = pictureText(drawWhole(platform, last ? affected : nothing));
  const whole = {
    title: "the picture of the whole platform",
    text: folded("The whole platform", text),
    rank: 8,
  };
  if (!last) return [{ ...whole, text }];
  if (changes.length === 0) return [whole];
  const title = "the picture of the changes";
  // Where half of the platform changes, a picture of what changes and of what is around it shows everything and more.
  if (affected.services.size > platform.services.length / 2) {
    return [{ title, text: `${text} ${legend}`, rank: 6 }];
  }
  return [{ title, text: `${pictureText(drawChanges(platform, affected))} ${legend}`, rank: 6 }, whole];
}

const nothing: Affected = { services: new Map(), links: new Map(), removed: [] };

const legend =
  "Green is added, yellow changed, red removed; with a dashed border, it is made anew because its networks or its VPN container are.";

function pictureText(picture: Picture): string {
  const text = mermaid(picture);
  if (text === undefined) return "The platform is larger than Mermaid draws.";
  const arrows = "An arrow goes from a consumer to its provider, dotted where the consumer does without.";
  const { leftOut } = picture;
  const note = leftOut > 0 ? ` ${leftOut} links between these services are not drawn.` : "";
  return `\`\`\`mermaid\n${text}\n\`\`\`\n\n${arrows}${note}`;
}

function allLifts(platform: Platform): Section {
  const lifted = liftedDefaults(platform);
  return tableSection(liftHead, lifted.map(liftRow), {
    title: `lifted defaults (${lifted.length})`,
    rank: 7,
    fold: `Lifted defaults (${lifted.length})`,
  });
}

function excepted({ report }: Review): Section[] {
  const { exceptions } = report;
  if (exceptions.length === 0) return [];
  const rows = exceptions.map(({ service, policy, until = "-", reason = "" }) => [
    code(service),
    code(policy),
    prose(until),
    prose(reason),
  ]);
  return [
    tableSection(["service", "policy", "until", "because"], rows, {
      title: `used exceptions (${rows.length})`,
      rank: 5,
      fold: `Exceptions used (${rows.length})`,
    }),
  ];
}

function advice({ platform, report }: Review): Section[] {
  const lines = [
    ...report.advisory.map(
      ({ service, policy, problem }) => `- ${code(service)}, ${code(policy)}: ${prose(problem)}`,
    ),
    ...platform.warnings.map(({ message }) => `- ${prose(message)}`),
  ];
  if (lines.length === 0) return [];
  return [
    {
      title: `warnings (${lines.length})`,
      text: folded(`Warnings (${lines.length})`, lines.join("\n")),
      rank: 9,
    },
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNames;
  return names.slice(0, mostNames).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
