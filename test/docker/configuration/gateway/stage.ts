import { docker } from "../../harness.ts";
import { nginxWith } from "../nginx.ts";
import { type RunningProgram, realProgram, startReal } from "../real.ts";

/** A request from inside the test's network. */
export interface Asked {
  host: string;
  path?: string;
  scheme?: "http" | "https";
  headers?: Readonly<Record<string, string>>;
  /** Further words for curl. */
  more?: readonly string[];
}

export interface Answer {
  /** curl's exit status: 0 when there was an answer. */
  exitCode: number;
  status: number;
  version: string;
  headers: string;
  body: string;
}

/**
 * Every application of a stack at once: nginx under all their names and on all their ports, which says who it is (the
 * container's host name) and what it was asked. Paths below /api/authz answer as a sign-in does.
 */
export async function startApplications(
  network: string,
  servers: readonly { name: string; port: number }[],
  name = "applications",
): Promise<RunningProgram> {
  const apps = await startReal(realProgram("nginx"), {
    name: `${network}-${name}`,
    network,
    files: new Map([["/etc/apps/nginx.conf", applications([...new Set(servers.map(({ port }) => port))])]]),
    command: ["nginx", "-c", "/etc/apps/nginx.conf", "-g", "daemon off;"],
  });
  const link = docker.getNetwork(network);
  await link.disconnect({ Container: apps.name });
  const Aliases = [...new Set(servers.map(({ name }) => name))];
  await link.connect({ Container: apps.name, EndpointConfig: { Aliases } });
  return apps;
}

function applications(ports: readonly number[]): string {
  const said =
    "by=$hostname host=$host port=$server_port path=$request_uri user=$http_remote_user real=$http_x_real_ip for=$http_x_forwarded_for proto=$http_x_forwarded_proto upgrade=$http_upgrade";
  return nginxWith(`
    client_max_body_size 0;
    default_type text/plain;
    map $http_cookie $session { default ""; "~session=alice" alice; }
    map $request_uri $long { default ""; "~/long" "${"a".repeat(2000)}"; }
    server {
      ${ports.map((port) => `listen ${port};`).join(" ")}
      location /api/authz/ {
        if ($session = "") { add_header Location "https://auth.example/?rd=$http_x_forwarded_uri" always; return 302; }
        add_header Remote-User $session;
        add_header Remote-Groups admins;
        return 200;
      }
      location /film { default_type video/mp4; return 200 "${"f".repeat(2000)}"; }
      location / { return 200 "${said} $long"; }
    }`);
}

/** Asks a server at an address of the network, whatever name the request is for. */
export async function ask(from: RunningProgram, address: string, asked: Asked): Promise<Answer> {
  const { host, path = "/", scheme = "https", headers = {}, more = [] } = asked;
  const { exitCode, output } = await from.exec([
    "curl",
    "--silent",
    "--insecure",
    "--include",
    "--path-as-is",
    "--max-time",
    "60",
    "--connect-to",
    `::${address}:`,
    ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    "--write-out",
    "\\n%{http_code} %{http_version}",
    ...more,
    `${scheme}://${host}${path}`,
  ]);
  const end = output.lastIndexOf("\n");
  const [status = "", version = ""] = output.slice(end + 1).split(" ");
  const [head = "", ...rest] = output.slice(0, Math.max(end, 0)).split("\r\n\r\n");
  return {
    exitCode,
    status: Number(status),
    version,
    headers: head.toLowerCase(),
    body: rest.join("\r\n\r\n"),
  };
}

/** What many addresses answer without a session: their status, in the same order. */
export async function statuses(
  from: RunningProgram,
  address: string,
  urls: readonly string[],
): Promise<number[]> {
  const { output } = await from.exec([
    ...["curl", "--silent", "--insecure", "--path-as-is", "--globoff", "--connect-to", `::${address}:`],
    ...["--write-out", "\\n%{http_code}\\n"],
    ...urls.flatMap((url) => [url, "--output", "/dev/null"]),
  ]);
  return output.trim().split(/\s+/).map(Number);
}
