import { interval } from "../prometheus/index.ts";
import { type DataSourceKind, dataSourceUids } from "./model.ts";
import type { View } from "./view.ts";

const names: Readonly<Record<DataSourceKind, string>> = {
  prometheus: "Prometheus",
  loki: "Loki",
  alertmanager: "Alertmanager",
};

/** Provisioned data sources: those that the record links Grafana to. What is no longer listed is removed. */
export function dataSources({ sources }: View): object {
  const settings: Readonly<Record<DataSourceKind, object>> = {
    prometheus: {
      httpMethod: "POST",
      prometheusType: "Prometheus",
      // Grafana asks for no rate over less than four of them.
      timeInterval: interval,
      // Its rules are shown, and their alerts lead to the Alertmanager that they are sent to.
      manageAlerts: true,
      ...(sources.alertmanager ? { alertmanagerUid: dataSourceUids.alertmanager } : {}),
    },
    loki: { maxLines: 500, manageAlerts: false },
    // Prometheus' own, and not Mimir's, which is the default: silences are made there, the rest is shown.
    alertmanager: { implementation: "prometheus", handleGrafanaManagedAlerts: true },
  };
  const kinds = (Object.keys(names) as DataSourceKind[]).filter((kind) => sources[kind]);
  return {
    apiVersion: 1,
    prune: true,
    datasources: kinds.map((kind) => ({
      name: names[kind],
      type: kind,
      uid: dataSourceUids[kind],
      orgId: 1,
      access: "proxy",
      url: `http://${sources[kind]?.address}`,
      isDefault: kind === "prometheus",
      editable: false,
      jsonData: settings[kind],
    })),
  };
}
