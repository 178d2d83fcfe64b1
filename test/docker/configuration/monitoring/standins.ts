import { docker } from "../../harness.ts";
import { nginxWith } from "../nginx.ts";
import { type RunningProgram, realProgram, startReal } from "../real.ts";

export interface StandInArgs {
  network: string;
  /** What it is called as: everything that is measured, or probed over plain HTTP. */
  endpoints: readonly { host: string; port: number }[];
  /** The gateway, which ends TLS. */
  gateway: { host: string; port: number };
  /** Host name of a route that the gateway lets anyone through to, though it is behind the sign-in. */
  unguarded: string;
  /** The Docker API: what it answers when it is asked for all containers, for running ones, for healthy ones. */
  engine: { host: string; port: number; listed: object[]; running: object[]; healthy: object[] };
  /** Token that `/metrics` wants on a port. */
  guarded: { port: number; token: string };
  /** What a VPN answers who has its key. */
  vpn: { port: number; path: string; header: string; key: string; answer: string };
}

/** The whole stack as one nginx under all its names: metrics, a gateway with the sign-in, a VPN, and the Docker API. */
export async function startStandIns(args: StandInArgs): Promise<RunningProgram> {
  const { network, endpoints, gateway, engine } = args;
  const standIns = await startReal(realProgram("nginx"), {
    name: `${network}-standins`,
    network,
    files: new Map([["/etc/standins/nginx.conf", nginx(args)]]),
    command: [
      "sh",
      "-c",
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=test -keyout /tmp/key.pem -out /tmp/cert.pem && exec nginx -c /etc/standins/nginx.conf -g 'daemon off;'",
    ],
  });
  await giveNames(
    standIns,
    network,
    [...endpoints, gateway, engine].map(({ host }) => host),
  );
  return standIns;
}

/** Lets others on the network reach a program under further names. */
export async function giveNames(
  { name }: RunningProgram,
  network: string,
  names: readonly string[],
): Promise<void> {
  const link = docker.getNetwork(network);
  await link.disconnect({ Container: name });
  await link.connect({ Container: name, EndpointConfig: { Aliases: [...new Set(names)] } });
}

function nginx({ endpoints, gateway, unguarded, engine, guarded, vpn }: StandInArgs): string {
  const special = [engine.port, guarded.port, vpn.port];
  const ports = [...new Set(endpoints.map(({ port }) => port))].filter((port) => !special.includes(port));
  const json = (items: object[]) => `'${JSON.stringify(items)}'`;
  const header = vpn.header.toLowerCase().replaceAll("-", "_");
  return nginxWith(`
    default_type "text/plain; version=0.0.4";
    server {
      ${ports.map((port) => `listen ${port};`).join(" ")}
      location / { return 404; }
      location /metrics { return 200 "standin 1\\n"; }
    }
    server {
      listen ${guarded.port};
      location /metrics {
        if ($http_authorization != "Bearer ${guarded.token}") { return 403; }
        return 200 "standin 1\\n";
      }
    }
    server {
      listen ${vpn.port};
      location ${vpn.path} {
        if ($http_${header} != "${vpn.key}") { return 401; }
        return 200 '${vpn.answer}';
      }
    }
    server {
      listen ${gateway.port} ssl;
      ssl_certificate /tmp/cert.pem;
      ssl_certificate_key /tmp/key.pem;
      location = / {
        if ($host = "${unguarded}") { return 200 "hello"; }
        if ($http_accept != "application/json") { return 302 https://auth.example/; }
        return 401;
      }
      location / { return 200 "ok"; }
    }
    server {
      listen ${engine.port};
      default_type application/json;
      add_header Api-Version 1.41;
      location = /_ping { return 200 "OK"; }
      location ~ ^/v1\\.[0-9]+/networks$ { return 200 '[{"Id":"n1","Name":"net","Labels":{}}]'; }
      location ~ ^/v1\\.[0-9]+/containers/json$ {
        if ($args ~ "running") { return 200 ${json(engine.running)}; }
        if ($args ~ "healthy") { return 200 ${json(engine.healthy)}; }
        return 200 ${json(engine.listed)};
      }
    }`);
}

/** A container as the Docker API lists it. */
export function containerOf(stack: string, service: string, id: string, segment = "media"): object {
  return {
    Id: id,
    Names: [`/${stack}-${service}`],
    Labels: { "ums.stack": stack, "ums.service": service, "ums.segment": segment },
    HostConfig: { NetworkMode: "net" },
    NetworkSettings: { Networks: { net: { NetworkID: "n1", IPAddress: "10.0.0.2" } } },
    Ports: [{ PrivatePort: 80, Type: "tcp" }],
  };
}
