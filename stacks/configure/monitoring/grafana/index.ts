import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { jsonText, yamlText } from "../../text.ts";
import { dashboardsOf } from "./dashboards/index.ts";
import { dataSources } from "./dataSources.ts";
import { viewOf } from "./view.ts";

/** Below Grafana's own folder for it, which its image has. */
const provisioning = "/etc/grafana/provisioning";
const dashboardsFolder = "/etc/grafana/dashboards";

/** Grafana: its data sources and the platform's dashboards, provisioned from files and not to be changed elsewhere. */
export function configureGrafana(service: Service, context: ConfigureContext): Configuration {
  const dashboards = dashboardsOf(service, context);
  const path = (uid: string) => `${dashboardsFolder}/${uid}.json`;
  const [home] = dashboards;
  return {
    files: [
      {
        path: `${provisioning}/datasources/platform.yaml`,
        text: yamlText(dataSources(viewOf(service, context))),
      },
      {
        path: `${provisioning}/dashboards/platform.yaml`,
        text: yamlText({
          apiVersion: 1,
          providers: [
            {
              name: "platform",
              orgId: 1,
              folder: "Platform",
              folderUid: "platform",
              type: "file",
              disableDeletion: false,
              allowUiUpdates: false,
              // New files come with a new container, so nothing changes in between.
              updateIntervalSeconds: 3600,
              options: { path: dashboardsFolder },
            },
          ],
        }),
      },
      ...dashboards.map((dashboard) => ({ path: path(dashboard.uid), text: jsonText(dashboard) })),
    ],
    environment: {
      ...(home ? { GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: path(home.uid) } : {}),
      ...(service.route ? { GF_SERVER_ROOT_URL: service.route.url } : {}),
    },
  };
}
