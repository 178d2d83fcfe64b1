import { basename, dirname } from "node:path/posix";
import { InputError, type Problem } from "../../../stacks/errors.ts";
import type { ExportedFile, ExportedService, ExportedStack, ExportedText } from "../exported.ts";
import { leftOut } from "../leftOut.ts";
import { yamlText } from "../yamlText.ts";

/** Keys of ConfigMaps and Secrets (kubernetes: apimachinery, IsConfigMapKey). */
const validKey = /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/;
/** Bytes that a ConfigMap or Secret may hold in all (MaxSecretSize). */
const mostBytes = 1_048_576;

/** What a ConfigMap or a Secret is made of. */
interface Holder {
  name: string;
  /** Where its entries are files. */
  folder?: string;
  entries: readonly (ExportedText & { key: string; mode?: string })[];
}

/**
 * A file of ConfigMaps a service, and one of Secrets: one object for the variables (`envFrom`), one for each folder of
 * files (a volume mounted at the path in its annotation).
 * @throws InputError naming what no ConfigMap or Secret can hold
 */
export function kubernetesFiles({ stack, services, withSecrets }: ExportedStack): ExportedFile[] {
  const problems: Problem[] = [];
  const files = services.flatMap((service): ExportedFile[] => {
    const holders = holdersOf(service);
    for (const holder of holders) problems.push(...problemsOf(service, holder));
    const of = (secret: boolean) =>
      holders
        .map((holder) => ({
          ...holder,
          entries: holder.entries.filter(({ secrets }) => secrets.length > 0 === secret),
        }))
        .filter(({ entries }) => entries.length > 0);
    const missing = withSecrets
      ? []
      : of(true).flatMap(({ entries }) => entries.map((one) => leftOut({ ...one, name: one.key })));
    const open = of(false).map((holder) => manifest(stack, service, "ConfigMap", holder));
    const secret = withSecrets ? of(true).map((holder) => manifest(stack, service, "Secret", holder)) : [];
    return [
      ...written(`${service.name}.yaml`, open, missing, false),
      ...written(`${service.name}.secret.yaml`, secret, [], true),
    ];
  });
  if (problems.length > 0) throw new InputError(problems);
  return files;
}

function holdersOf({ name, variables, files }: ExportedService): Holder[] {
  const environment = {
    name: `${name}-environment`,
    entries: variables.map((variable) => ({ ...variable, key: variable.name })),
  };
  const folders = [...new Set(files.map(({ path }) => dirname(path)))].sort();
  const names = distinct(folders.map((folder) => `${name}-files-${slug(folder)}`));
  return [
    environment,
    ...folders.map((folder, index) => {
      const inside = files.filter(({ path }) => dirname(path) === folder);
      return {
        name: names[index] ?? "",
        folder,
        entries: inside.map((file) => ({ ...file, key: basename(file.path) })),
      };
    }),
  ];
}

/** Where the files belong, and the mode of each. */
function annotationsOf({ folder, entries }: Holder): Record<string, unknown> {
  if (folder === undefined) return {};
  const modes = entries.map(({ key, mode }) => `${key}=${mode}`).join(" ");
  return { annotations: { "ums/folder": folder, "ums/modes": modes } };
}

/** A folder in the characters that a name may have. */
function slug(folder: string): string {
  return (
    folder
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 180) || "root"
  );
}

/** Names that are taken get a number. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
    taken.add(free);
    return free;
  });
}

function problemsOf(service: ExportedService, { name, entries }: Holder): Problem[] {
  const place = service.place;
  const bytes = entries.reduce((sum, { key, text }) => sum + key.length + Buffer.byteLength(text), 0);
  return [
    ...entries
      .filter(({ key }) => !validKey.test(key))
      .map(({ key }) => ({
        place,
        message: `${service.name}: "${key}" cannot be a key of the ConfigMap ${name}; name the file with letters, digits, -, _ and .`,
      })),
    ...(bytes > mostBytes
      ? [
          {
            place,
            message: `${service.name}: ${name} would hold ${bytes} bytes, and a ConfigMap holds ${mostBytes}; spread its files over several folders`,
          },
        ]
      : []),
  ];
}

function manifest(
  stack: string,
  { name: service }: ExportedService,
  kind: "ConfigMap" | "Secret",
  holder: Holder,
): Record<string, unknown> {
  const data = Object.fromEntries(holder.entries.map(({ key, text }) => [key, text]));
  return {
    apiVersion: "v1",
    kind,
    metadata: {
      name: holder.name,
      labels: {
        "app.kubernetes.io/instance": stack,
        "app.kubernetes.io/name": service,
        "app.kubernetes.io/part-of": "ums",
      },
      ...annotationsOf(holder),
    },
    ...(kind === "ConfigMap" ? { data } : { type: "Opaque", stringData: data }),
  };
}

function written(
  path: string,
  manifests: readonly Record<string, unknown>[],
  missing: readonly string[],
  secret: boolean,
): ExportedFile[] {
  if (manifests.length === 0 && missing.length === 0) return [];
  const comment = missing.map((line) => `# ${line}\n`).join("");
  return [{ path, text: comment + manifests.map((one) => yamlText(one)).join("---\n"), secret }];
}
