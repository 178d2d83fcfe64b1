import { basename } from "node:path/posix";
import type { GeneratedFile } from "../context.ts";
import { type FileText, linesText } from "../text.ts";
import { mergeAwk } from "./mergeAwk.ts";

/**
 * A settings file that the program reads, and writes again when a person changes something in its interface: so it lives
 * in the program's own volume, and is put together before each start.
 */
export interface OwnedSettings {
  path: string;
  /** ini: sections of key=value lines, merged by awk. json: objects, merged by jq. */
  format: "ini" | "json";
  /** What the file gets where it says nothing. */
  defaults: FileText;
  /** What holds whatever the file says. */
  enforced: FileText;
  /** The image's own file with all settings, below the defaults; without its numbered lists, which are examples. */
  template?: string;
  /** Numbered list whose entries are the same by a field of theirs, as in Category1.Name. */
  list?: { name: string; by: string };
  /** Where the program puts a new version of the file before it takes the old one's place. */
  pending?: string;
}

/**
 * Files of a client whose record has `start.sh` as its entrypoint and the program as its command: the script puts its
 * settings together and starts the program in its own place. No service manager of the image runs, so none needs a
 * folder to start programs from.
 */
export function startFiles(folder: string, owned: readonly OwnedSettings[]): GeneratedFile[] {
  return [
    { path: `${folder}/start.sh`, text: startScript(folder, owned) },
    ...(owned.some(({ format }) => format === "ini")
      ? [{ path: `${folder}/merge.awk`, text: mergeAwk }]
      : []),
    ...owned.flatMap(({ path, defaults, enforced }) => [
      { path: `${folder}/${basename(path)}.defaults`, text: defaults },
      { path: `${folder}/${basename(path)}.enforced`, text: enforced, mode: "0400" },
    ]),
  ];
}

function startScript(folder: string, owned: readonly OwnedSettings[]): FileText {
  return linesText([
    "set -eu",
    "",
    `ini() { awk -f ${folder}/merge.awk "$@"; }`,
    `json() { jq -s 'reduce .[] as $file ({}; . * $file)' "$@"; }`,
    "",
    ...`# The settings at a path: what another file or its own lacks comes from the defaults, and the enforced ones win.
keep() (
  path=$1; lowest=$2; shift 2
  umask 077
  mkdir -p "$(dirname "$path")"
  for own in "$path" "$path.bak" /dev/null
  do [ ! -e "$own" ] || break
  done
  name=FOLDER/$(basename "$path")
  if ! "$@" "$lowest" "$name.defaults" "$own" "$name.enforced" >"$path.merged"
  then
    # Unreadable, it would stop the program at every start. If something else is at fault, this fails too.
    "$@" "$name.defaults" "$name.enforced" >"$path.merged"
    mv "$own" "$path.unreadable"
    echo "settings: $own could not be read; it is $path.unreadable now" >&2
  fi
  mv "$path.merged" "$path"
)`
      .replace("FOLDER", folder)
      .split("\n"),
    "",
    ...owned.flatMap(keepLines),
    'exec "$@"',
  ]);
}

function keepLines({ path, format, template, list, pending }: OwnedSettings): string[] {
  const merge = list === undefined ? format : `${format} -v list=${list.name} -v by=${list.by}`;
  return [
    // The program takes it for the newer one, too, so nothing in it may go unseen.
    ...(pending === undefined ? [] : [`if grep -qs = ${pending}; then mv ${pending} ${path}; fi`]),
    ...(template === undefined
      ? [`keep ${path} /dev/null ${merge}`]
      : [`grep -Ev '^[A-Z][A-Za-z]*[0-9]+[.]' ${template} | keep ${path} - ${merge}`]),
  ];
}
