import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { logLevel } from "../logLevel.ts";
import { callers, categoriesIn, hostNames, libraryFolder, ownSecret, webPort } from "./client.ts";
import { iniText } from "./iniText.ts";
import { startFiles } from "./startScript.ts";

const folder = "/etc/sabnzbd";

/**
 * SABnzbd: its record's API keys; reached from its links' addresses and under its own names alone; incomplete and
 * complete downloads on the library's file system, with a category and folder for each service that hands it some. It
 * calls no one but news servers, which are entered in its web interface. Names are those of sabnzbd/cfg.py.
 */
export function configureSabnzbd(service: Service, context: ConfigureContext): Configuration {
  const write = "{name: api-key, generate: hex, length: 16}, {name: nzb-key, generate: hex, length: 16}";
  const apiKey = ownSecret(service, context, { name: "api-key", write });
  const nzbKey = ownSecret(service, context, { name: "nzb-key", write });
  const incomplete = libraryFolder(service, "incomplete", context);
  const complete = libraryFolder(service, "complete", context);
  if (!apiKey || !nzbKey || !incomplete || !complete) return { files: [] };
  const categories = categoriesIn(complete, service, context);
  return {
    // The image starts it with the two as arguments, which its settings do not override.
    environment: { SABNZBD__ADDRESS: "0.0.0.0", SABNZBD__PORT: String(webPort(service)) },
    files: startFiles(folder, [
      {
        path: "/config/sabnzbd.ini",
        format: "ini",
        defaults: iniText([
          // Without this one it adds suggestions of its own.
          { path: ["categories", "*"], values: { order: 0, pp: 3, script: "None", priority: 0 } },
          ...categories.map((name, index) => ({
            path: ["categories", name] as const,
            values: { order: index + 1, script: "Default", priority: usesDefault },
          })),
        ]),
        enforced: iniText([
          {
            path: ["misc"],
            values: {
              api_key: apiKey,
              auto_browser: 0,
              check_new_rel: 0,
              complete_dir: complete.path,
              download_dir: incomplete.path,
              enable_broadcast: 0,
              enable_https: 0,
              host_whitelist: list(hostNames(service)),
              inet_exposure: 0,
              local_ranges: list(callers(service, context)),
              nzb_key: nzbKey,
              url_base: '""',
              // A browser's address, which the gateway passes on, is not local: the gateway has asked it to sign in.
              verify_xff_header: 0,
            },
          },
          {
            path: ["logging"],
            values: { log_level: logLevel(context, { debug: "2", info: "1", warning: "0", error: "-1" }) },
          },
          ...categories.map((name) => ({ path: ["categories", name] as const, values: { name, dir: name } })),
        ]),
      },
    ]),
  };
}

/** Priority of a category that has none of its own: DEFAULT_PRIORITY of sabnzbd/constants.py. */
const usesDefault = -100;

/** A list as ConfigObj writes one: the last comma makes one of a single entry. */
function list(entries: readonly string[]): string {
  return entries.map((entry) => `${entry},`).join(" ") || ",";
}
