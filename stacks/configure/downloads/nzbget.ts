import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { categoriesIn, libraryFolder, ownSecret, userName, webPort } from "./client.ts";
import { iniText } from "./iniText.ts";
import { startFiles } from "./startScript.ts";

const folder = "/etc/nzbget";
/** The image's own settings: where its web interface and its tools are, among others. */
const imageSettings = "/app/nzbget/share/nzbget/nzbget.conf";

/**
 * NZBGet: a login for everyone, the loopback address included; incomplete and complete downloads on the library's file
 * system, with a category and folder for each service that hands it some. It calls no one but news servers, which are
 * entered in its web interface. Names are those of nzbget.conf.
 */
export function configureNzbget(service: Service, context: ConfigureContext): Configuration {
  const password = ownSecret(service, context, {
    name: "password",
    write: "{name: password, generate: password}",
  });
  const incomplete = libraryFolder(service, "incomplete", context);
  const complete = libraryFolder(service, "complete", context);
  if (!password || !incomplete || !complete) return { files: [] };
  const categories = categoriesIn(complete, service, context);
  return {
    files: startFiles(folder, [
      {
        path: "/config/nzbget.conf",
        format: "ini",
        template: imageSettings,
        list: { name: "Category", by: "Name" },
        defaults: iniText([{ path: [], values: { UpdateCheck: "none", WriteLog: "rotate" } }]),
        enforced: iniText([
          {
            path: [],
            values: {
              MainDir: "/config",
              DestDir: complete.path,
              InterDir: incomplete.path,
              ControlIP: "0.0.0.0",
              ControlPort: webPort(service),
              ControlUsername: userName,
              ControlPassword: password,
              AuthorizedIP: "",
              SecureControl: "no",
              ...Object.fromEntries(
                categories.flatMap((name, index) => [
                  [`Category${index + 1}.Name`, name],
                  [`Category${index + 1}.DestDir`, `${complete.path}/${name}`],
                ]),
              ),
            },
          },
        ]),
      },
    ]),
  };
}
