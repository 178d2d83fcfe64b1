import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { jsonText } from "../text.ts";
import { callers, findFolder, libraryFolder, ownSecret, peerPort, userName, webPort } from "./client.ts";
import { takesForwardedPort } from "./gluetun/forwarding.ts";
import { startFiles } from "./startScript.ts";

const folder = "/etc/transmission";

/** Times its size that a torrent is shared before it stops. */
const shareRatio = 2;

/**
 * Transmission: a login whose password stands here as a hash; reached from its links' addresses alone. Because there is
 * a login, it asks for no Host header of its own (isHostnameAllowed in libtransmission/rpc-server.cc). It cannot be bound to an interface, only to an address that no one knows before: the network namespace and its
 * kill switch keep it in the tunnel. It has no categories; who hands it torrents names a folder below the one for all.
 * Names are those of version 4 (docs/Editing-Configuration-Files.md), which TR_SAVE_VERSION_FORMAT keeps.
 */
export function configureTransmission(service: Service, context: ConfigureContext): Configuration {
  const password = ownSecret(service, context, {
    name: "password",
    write: "{name: password, generate: password}, {name: salt, generate: hex}",
    form: "transmission-sha1",
    salt: "salt",
  });
  const torrents = libraryFolder(service, "torrents", context);
  if (!password || !torrents) return { files: [] };
  const watched = findFolder(service, "watch");
  const forwarded = takesForwardedPort(service, context);
  const port = { "peer-port": peerPort(service) };
  return {
    environment: { TR_SAVE_VERSION_FORMAT: "4" },
    files: startFiles(folder, [
      {
        path: "/config/settings.json",
        format: "json",
        defaults: jsonText({
          "incomplete-dir-enabled": false,
          "ratio-limit": shareRatio,
          "ratio-limit-enabled": true,
          ...(watched ? { "watch-dir": watched.path, "watch-dir-enabled": true } : {}),
          // The VPN says another one while the provider forwards it.
          ...(forwarded ? port : {}),
        }),
        enforced: jsonText({
          "download-dir": torrents.path,
          "lpd-enabled": false,
          ...(forwarded ? {} : port),
          "peer-port-random-on-start": false,
          "port-forwarding-enabled": false,
          "rpc-authentication-required": true,
          "rpc-bind-address": "0.0.0.0",
          "rpc-enabled": true,
          "rpc-password": password,
          "rpc-port": webPort(service),
          "rpc-url": "/transmission/",
          "rpc-username": userName,
          // Its probe, and its neighbours in the network namespace, come from the loopback address.
          "rpc-whitelist": ["127.0.0.1", ...callers(service, context)].join(","),
          "rpc-whitelist-enabled": true,
        }),
      },
    ]),
  };
}
