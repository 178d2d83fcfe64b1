import { seederOf } from "../../../components/program.ts";
import { planSeeding, type SeedStep, seedSteps, stagedPath } from "../../../components/storage/seeding.ts";
import { InputError, type Problem } from "../../../stacks/errors.ts";
import type { Platform } from "../../../stacks/platform.ts";
import {
  type ContainerInputs,
  composeService,
  containerInputs,
  containersOf,
  literal,
  renderCompose,
} from "../../compose/render.ts";
import type { VolumeInputs } from "../../docker/seed.ts";
import { plannedId } from "../../inProcess/provision.ts";
import { type DeclaredProgram, dockerTypes } from "../../resources.ts";
import type { ExportedFile, ExportedService, ExportedStack, ExportedVariable } from "../exported.ts";
import { dotenvValue } from "../formats/dotenv.ts";
import { yamlText } from "../yamlText.ts";

/** The name that both docker-compose 1.29 and Compose v2 look for. */
export const composeFileName = "docker-compose.yml";
/** Read by both from beside the Compose file. */
export const environmentFileName = ".env";
/** Where a service's files stand inside its one-shot container. */
const source = "/export";
/** Set by the person who filled in the marks, without which nothing starts. */
export const filledIn = "UMS_FILLED_IN";

type Rendered = Record<string, unknown>;

/**
 * A Compose project that needs nothing but Compose and the images: the Compose file, `.env` with what is secret in
 * variables, and every service's files, which a one-shot service copies into its volumes, with owner and mode, before it
 * starts.
 */
export function composeProject(
  program: DeclaredProgram,
  platform: Platform,
  exported: ExportedStack,
): ExportedFile[] {
  const { file } = renderCompose(program, (container) => plannedId(container), []);
  const services = file.services as Record<string, Rendered>;
  const seeds = new Map(
    containersOf(program, true).map((seed) => [seededService(containerInputs(seed)), seed]),
  );
  for (const service of exported.services) {
    const name = `${platform.stack}-${service.name}`;
    const rendered = services[name];
    if (!rendered) throw new Error(`${service.name} has no container in the program`);
    if (service.variables.length > 0)
      rendered.environment = service.variables.map((one) => reference(service, one));
    const seed = seeds.get(service.name);
    if (!seed) continue;
    const inputs = containerInputs(seed);
    services[inputs.name] = seedService(inputs, platform, exported, service);
    rendered.depends_on = {
      ...(rendered.depends_on as Rendered | undefined),
      [inputs.name]: { condition: "service_completed_successfully" },
    };
  }
  return [
    {
      path: composeFileName,
      text: yamlText({ ...file, services: sorted(services), volumes: volumesOf(program) }),
      secret: false,
    },
    { path: environmentFileName, text: environmentText(exported), secret: true },
    ...exported.services.flatMap((service) =>
      service.files.map(({ path, text, secrets }) => ({
        path: exportedPath(service.name, path),
        text,
        secret: secrets.length > 0,
      })),
    ),
  ];
}

/** Where a file of a service stands in the folder of the export. */
export function exportedPath(service: string, path: string): string {
  return `files/${service}${path}`;
}

function seededService({ labels }: ContainerInputs): string {
  return labels.find(({ label }) => label === "ums.seeds")?.value ?? "";
}

/** A variable's line: as it is, or by reference to `.env`, without which Compose refuses to start. */
function reference(service: ExportedService, variable: ExportedVariable): string {
  if (variable.secrets.length === 0) return `${variable.name}=${literal(variable.text)}`;
  const name = environmentName(service, variable);
  return `${variable.name}=\${${name}:?set it in ${environmentFileName}}`;
}

/** Services have no underscore in their names, so two of these are never alike. */
export function environmentName({ name }: ExportedService, variable: ExportedVariable): string {
  return `${name.replaceAll("-", "_").toUpperCase()}__${variable.name}`;
}

function seedService(
  inputs: ContainerInputs,
  platform: Platform,
  { withSecrets }: ExportedStack,
  { name, files }: ExportedService,
): Rendered {
  const service = platform.services.find((one) => one.name === name);
  const plan = service && planSeeding(platform.stack, service);
  if (!plan) throw new Error(`${name} has a one-shot container and nothing to seed`);
  const copies = files.map(
    ({ path }): SeedStep => ({ do: "copy", from: `${source}${path}`, path: stagedPath(path) }),
  );
  const { entrypoint, command } = seederOf(platform).command([...copies, ...seedSteps(plan)]);
  const rendered = composeService({ ...inputs, entrypoints: entrypoint, command }, new Map(), [], undefined);
  const marked = !withSecrets && files.some(({ secrets }) => secrets.length > 0);
  return {
    ...rendered,
    ...(marked ? { labels: { ...(rendered.labels as Rendered), "ums.filled-in": guard } } : {}),
    ...(files.length > 0 ? { volumes: [...(rendered.volumes as Rendered[]), filesOf(name)] } : {}),
  };
}

/** Compose refuses to start while the variable is empty. */
const guard = `\${${filledIn}:?fill in what README.md lists, and set ${filledIn}=yes in ${environmentFileName}}`;

function filesOf(service: string): Rendered {
  return { type: "bind", source: `./files/${service}`, target: source, read_only: true };
}

function sorted(services: Record<string, Rendered>): Record<string, Rendered> {
  return Object.fromEntries(Object.entries(services).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function volumesOf({ resources }: DeclaredProgram): Rendered {
  return Object.fromEntries(
    resources
      .filter(({ type }) => type === dockerTypes.volume)
      .map(({ inputs }) => inputs as unknown as VolumeInputs)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, driver, driverOpts, labels }) => [
        name,
        {
          name,
          ...(driver === undefined ? {} : { driver }),
          ...(driverOpts === undefined ? {} : { driver_opts: mapValues(driverOpts, literal) }),
          labels: Object.fromEntries(labels.map(({ label, value }) => [label, literal(value)])),
        },
      ]),
  );
}

function mapValues(object: Readonly<Record<string, string>>, change: (value: string) => string) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** @throws InputError naming every value that `.env` cannot hold */
function environmentText({ stack, services, withSecrets }: ExportedStack): string {
  const problems: Problem[] = [];
  const lines = services.flatMap((service) =>
    service.variables.flatMap((variable) => {
      if (variable.secrets.length === 0) return [];
      const name = environmentName(service, variable);
      if (!withSecrets) return [`# ${JSON.stringify(variable.text)}`, `${name}=`];
      const quoted = dotenvValue(variable.text);
      if ("text" in quoted) return [`${name}=${quoted.text}`];
      problems.push({
        place: service.place,
        message: `${service.name}: the value of ${variable.name} cannot stand in ${environmentFileName}: it ${quoted.problem}; change ${variable.secrets.join(", ")}`,
      });
      return [];
    }),
  );
  if (problems.length > 0) throw new InputError(problems);
  const marked = services.some(({ files }) => files.some(({ secrets }) => secrets.length > 0));
  const guards =
    !withSecrets && marked ? ["# yes, once everything in README.md is filled in", `${filledIn}=`] : [];
  return `${[`COMPOSE_PROJECT_NAME=${stack}`, ...guards, ...lines].join("\n")}\n`;
}
