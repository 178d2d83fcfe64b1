import type { Service } from "../../../platform.ts";
import { didYouMean } from "../../../suggest.ts";
import type { ConfigureContext, GeneratedFile } from "../../context.ts";
import type { GeneratorName } from "../../names.ts";
import { linesText, SecretString } from "../../text.ts";
import { userName, webPort } from "../client.ts";
import { providerOf, providersThat } from "./providers.ts";

/** How a kind of client is told which port the provider forwards: shell functions that call its API with wget. */
interface Teller {
  /** Lines of a wget configuration that sign in. */
  signIn(client: Service, context: ConfigureContext): SecretString[];
  /** Calls `ask`, which is wget signed in, on the API at an address; $port and $interface are set. */
  tell(api: string): string;
  /** The same after the port is gone. */
  forget?(api: string): string;
}

/** The secret, which the client's own generator asks for, too: a missing one is reported there. */
function signInLine(
  client: Service,
  context: ConfigureContext,
  name: string,
  before: string,
): SecretString[] {
  const host = client.through ?? client.name;
  const secret = context.secret(host, client.name, name);
  return secret ? [new SecretString(before, secret)] : [];
}

const tellers: Partial<Record<GeneratorName, Teller>> = {
  qbittorrent: {
    signIn: (client, context) => signInLine(client, context, "api-key", "header = Authorization: Bearer "),
    tell: (api) =>
      `ask --post-data='json={"listen_port":'"$port"',"current_network_interface":"'"$interface"'"}' ${api}/api/v2/app/setPreferences`,
    // It listens anew only when the port or the interface changes, and the next port may be the same one.
    forget: (api) =>
      `ask --post-data='json={"listen_port":0,"current_network_interface":"lo"}' ${api}/api/v2/app/setPreferences`,
  },
  transmission: {
    signIn: (client, context) => [
      ...signInLine(client, context, "password", "http_password = "),
      new SecretString(`http_user = ${userName}`),
      new SecretString("auth_no_challenge = on"),
    ],
    // Its API answers the first call with a number that the next has to bring along.
    tell: (api) =>
      `id=$(ask --server-response ${api}/transmission/rpc 2>&1 | sed -n 's/^ *\\(X-Transmission-Session-Id: [A-Za-z0-9]*\\).*/\\1/p' | head -n 1) && ask --header="$id" --post-data='{"method":"session-set","arguments":{"peer-port":'"$port"'}}' ${api}/transmission/rpc`,
  },
};

/** The client that gets the provider's port. What is wrong with the choice is reported, by the VPN alone. */
export function forwardedClient(
  vpn: string,
  context: ConfigureContext,
  report: ConfigureContext["report"] = () => {},
): Service | undefined {
  const { portForwarding, forwardTo, provider } = context.settings.vpn;
  const behind = context.services.filter(({ through }) => through === vpn);
  const able = behind.filter(({ configure }) => configure !== undefined && configure in tellers);
  const names = able.map(({ name }) => name);
  if (portForwarding !== "provider") {
    if (forwardTo !== undefined) {
      const message = `vpn.forwardTo has no effect with portForwarding: ${portForwarding}; write portForwarding: provider, or leave it out`;
      report({ place: context.configPlace(["vpn", "forwardTo"]), message });
    }
    return undefined;
  }
  const place = context.configPlace(["vpn", "portForwarding"]);
  if (!providerOf(provider).forwardsPort) {
    const known = providersThat(({ forwardsPort }) => forwardsPort === true).join(", ");
    const message = `${provider} has no port that Gluetun could ask it for; these have: ${known}. Write portForwarding: static where you have set up ports at the provider, else none`;
    report({ place, message });
    return undefined;
  }
  if (forwardTo !== undefined) {
    const chosen = able.find(({ name }) => name === forwardTo);
    if (!chosen) {
      const hint = didYouMean(forwardTo, names) || `; possible: ${names.join(", ") || "none"}`;
      const message = `vpn.forwardTo names "${forwardTo}", which is no client behind ${vpn} that can be told its port${hint}`;
      report({ place: context.configPlace(["vpn", "forwardTo"]), message });
    }
    return chosen;
  }
  if (able.length !== 1) {
    const message =
      able.length === 0
        ? `no client behind ${vpn} can be told its port; write portForwarding: none`
        : `the provider forwards one port: name the client that gets it, as in forwardTo: ${names[0]} (possible: ${names.join(", ")})`;
    report({ place, message });
  }
  return able.length === 1 ? able[0] : undefined;
}

/** True for the client that the VPN tells its port. */
export function takesForwardedPort({ name, through }: Service, context: ConfigureContext): boolean {
  return through !== undefined && forwardedClient(through, context)?.name === name;
}

/** What Gluetun runs when a port is forwarded, and when it is gone. */
export interface ForwardingHooks {
  files: GeneratedFile[];
  environment: Record<string, string>;
}

/** Where Gluetun writes the port before it runs the hook. */
const status = "/tmp/gluetun/forwarded_port";

/**
 * Hooks that tell a client its port. Gluetun keeps the port open only once the hook is done, and it starts before its
 * clients: so the hook asks once, and then again beside it until the client has heard the port that is the present one.
 */
export function forwardingHooks(client: Service, context: ConfigureContext, folder: string): ForwardingHooks {
  const teller = client.configure === undefined ? undefined : tellers[client.configure];
  if (!teller) return { files: [], environment: {} };
  const api = `http://127.0.0.1:${webPort(client)}`;
  const run = (argument: string) => `/bin/sh ${folder}/forward.sh ${argument}`;
  return {
    files: [
      { path: `${folder}/wgetrc`, text: linesText(teller.signIn(client, context)), mode: "0400" },
      { path: `${folder}/forward.sh`, text: hookScript(teller, api, folder) },
    ],
    environment: {
      VPN_PORT_FORWARDING_STATUS_FILE: status,
      VPN_PORT_FORWARDING_UP_COMMAND: run("up {{PORT}} {{VPN_INTERFACE}}"),
      ...(teller.forget ? { VPN_PORT_FORWARDING_DOWN_COMMAND: run("down") } : {}),
    },
  };
}

function hookScript(teller: Teller, api: string, folder: string) {
  return linesText([
    "set -u",
    `ask() { wget --config=${folder}/wgetrc --quiet --output-document=/dev/null --timeout=5 --tries=1 "$@"; }`,
    ...(teller.forget ? [`if [ "$1" = down ]; then ${teller.forget(api)}; exit; fi`] : []),
    "port=$2",
    "interface=$3",
    `tell() { ${teller.tell(api)}; }`,
    "if tell; then exit; fi",
    "echo 'the client does not answer yet; it is told its port when it does'",
    // The port may be another one by the time an answer comes, and told already by the hook's next run: it is told again.
    "told() {",
    "  tell",
    "  answer=$?",
    "  was=$port",
    `  port=$(head -n 1 ${status})`,
    '  [ "$answer" = 0 ] && [ "$port" = "$was" ]',
    "}",
    `(port=$(head -n 1 ${status}); while [ -n "$port" ] && ! told; do sleep 5; done) >/dev/null 2>&1 </dev/null &`,
  ]);
}
