import type { Service } from "../../platform.ts";
import type { ConfigureContext, GeneratedFile } from "../context.ts";

/** Where the service with the role backup says that it wants a copy: a file for each service, with a new id. */
export const requestsFolder = "/requests";

/** Name of the file beside a copy that says which request it answers, and how it went: an id and an exit code. */
export const answerName = ".answer";

/** Name of the file that says, by its age, that somebody is there to answer. */
export const aliveName = ".alive";

/** Path of the volume into which a service writes its own copies. */
export function copyFolder({ mounts }: Service): string | undefined {
  return mounts.find(({ copy }) => copy === "server")?.path;
}

/** True where the stack has a service that asks for copies. */
export function isAsked({ services }: ConfigureContext): boolean {
  return services.some(({ roles }) => roles.includes("backup"));
}

/**
 * What a database server runs beside itself: a loop that waits for requests, and `copy.sh`, which makes the copy with
 * the server's own tools over its own socket. So the backup needs no way to the server, no account and no password, and
 * the server can do no more than read what it is asked.
 */
export function answeringFiles(
  service: Service,
  context: ConfigureContext,
  folder: string,
  copyScript: (copies: string) => string,
): GeneratedFile[] {
  const copies = copyFolder(service);
  if (copies === undefined || !isAsked(context)) return [];
  return [
    { path: `${folder}/copy.sh`, text: copyScript(copies) },
    { path: `${folder}/answer.sh`, text: answerScript(service.name, copies, folder) },
  ];
}

/** Lines for a start script: the loop is a grandchild, which the container's init collects. */
export function startAnswering(folder: string): string {
  return `[ ! -e ${folder}/answer.sh ] || ( sh ${folder}/answer.sh & )`;
}

/** An answered request is remembered beside the copy, so one that was cut off is made again after a restart. */
function answerScript(service: string, copies: string, folder: string): string {
  return `set -u
request=${requestsFolder}/${service}
answer=${copies}/${answerName}
answered=
[ ! -e "$answer" ] || read -r answered code <"$answer"
while :
do
  : >${copies}/${aliveName}
  if [ -e "$request" ] && read -r asked <"$request" && [ "$asked" != "$answered" ]
  then
    sh ${folder}/copy.sh
    code=$?
    echo "$asked $code" >"$answer.part" && mv "$answer.part" "$answer"
    answered=$asked
  fi
  sleep 2
done
`;
}

/** Lines that refuse a copy for which there is no room: a full disk would stop the server itself. Sizes in KiB. */
export const roomFor = (copies: string) => `room_for() {
  free=$(df -Pk ${copies} | awk 'NR == 2 { print $4 }')
  [ "$free" -gt "$1" ] && return
  echo "backup: the copy needs up to $(($1 / 1024)) MiB, and ${copies} has $((free / 1024)) MiB left: make room on that disk" >&2
  exit 28
}`;
