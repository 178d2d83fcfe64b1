import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { jsonText, SecretString } from "../text.ts";
import {
  callers,
  categoriesIn,
  hostNames,
  libraryFolder,
  ownSecret,
  peerPort,
  tunnelOf,
  userName,
  webPort,
} from "./client.ts";
import { takesForwardedPort } from "./gluetun/forwarding.ts";
import { type IniValues, iniText } from "./iniText.ts";
import { startFiles } from "./startScript.ts";

const folder = "/etc/qbittorrent";
/** Where its image has it, by XDG_CONFIG_HOME. */
const own = "/config/qBittorrent";

/** Times its size that a torrent is shared before it stops: Transmission's default, too. */
const shareRatio = 2;

/**
 * qBittorrent: bound to the tunnel, so that without one nothing moves; a login and an API key that its record's secrets
 * say; reached under its own names alone; one category and folder for each service that hands it torrents. Names and
 * defaults are those of src/base/preferences.cpp and src/base/bittorrent/sessionimpl.cpp.
 */
export function configureQbittorrent(service: Service, context: ConfigureContext): Configuration {
  const write =
    "{name: password, generate: password}, {name: salt, generate: hex}, {name: api-key-characters, generate: hex, length: 14}, {name: api-key, template: 'qbt_${secret:api-key-characters}'}";
  const password = ownSecret(service, context, {
    name: "password",
    write,
    form: "qbittorrent-pbkdf2",
    salt: "salt",
  });
  const apiKey = ownSecret(service, context, { name: "api-key", write });
  const torrents = libraryFolder(service, "torrents", context);
  if (!password || !apiKey || !torrents) return { files: [] };
  const port = peerPort(service);
  const forwarded = takesForwardedPort(service, context);
  const categories = categoriesIn(torrents, service, context);
  const webInterface: IniValues = {
    APIKey: apiKey,
    Password_PBKDF2: new SecretString('"', password, '"'),
    ...webSettings(service, context),
  };
  return {
    files: startFiles(folder, [
      {
        path: `${own}/qBittorrent.conf`,
        format: "ini",
        pending: `${own}/qBittorrent_new.conf`,
        defaults: iniText([
          {
            path: ["BitTorrent"],
            values: {
              "Session\\GlobalMaxRatio": shareRatio,
              // The VPN says another one while the provider forwards it.
              "Session\\Port": forwarded ? port : undefined,
            },
          },
        ]),
        enforced: iniText([
          {
            path: ["BitTorrent"],
            values: {
              ...interfaceOf(tunnelOf(service, context)),
              "Session\\DefaultSavePath": text(torrents.path),
              // A torrent lies in its category's folder, on the library's file system: hard links need it there.
              "Session\\DisableAutoTMMByDefault": false,
              "Session\\LSDEnabled": false,
              "Session\\Port": forwarded ? undefined : port,
            },
          },
          { path: ["LegalNotice"], values: { Accepted: true } },
          { path: ["Network"], values: { PortForwardingEnabled: false } },
          // Version 5.3 takes what it finds under Preferences to WebUI, once, and reads it there from then on.
          { path: ["Preferences"], values: prefixed("WebUI\\", webInterface) },
          { path: ["WebUI"], values: webInterface },
        ]),
      },
      {
        path: `${own}/categories.json`,
        format: "json",
        defaults: jsonText({}),
        enforced: jsonText(
          Object.fromEntries(categories.map((name) => [name, { save_path: `${torrents.path}/${name}` }])),
        ),
      },
    ]),
  };
}

/** Every address of the interface, and no other interface. */
function interfaceOf(tunnel: string | undefined): IniValues {
  if (tunnel === undefined) return {};
  return { "Session\\Interface": tunnel, "Session\\InterfaceAddress": "", "Session\\InterfaceName": tunnel };
}

/**
 * What the gateway passes on is believed when it comes from its address, so a guessed password bans the guesser. A Host
 * header with another port than qBittorrent's own is refused, so the header can be checked only where addresses of the
 * stack have none in them; elsewhere the gateway's check is the only one.
 */
function webSettings(service: Service, context: ConfigureContext): IniValues {
  const gateways = callers(service, context, "route");
  const standardPort = service.route === undefined || new URL(service.route.url).port === "";
  return {
    Address: "*",
    AuthSubnetWhitelistEnabled: false,
    CSRFProtection: true,
    ClickjackingProtection: true,
    "HTTPS\\Enabled": false,
    HostHeaderValidation: standardPort,
    LocalHostAuth: true,
    Port: webPort(service),
    ReverseProxySupportEnabled: gateways.length > 0,
    SecureCookie: true,
    ServerDomains: text(hostNames(service).join(";")),
    TrustedReverseProxiesList: text(gateways.join(";")),
    UseUPnP: false,
    Username: userName,
  };
}

function prefixed(prefix: string, values: IniValues): IniValues {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** A string as Qt's QSettings writes one. */
function text(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}
