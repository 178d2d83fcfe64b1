import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { reached } from "../reached.ts";
import { alloyText, type Block, Reference } from "./syntax.ts";

/** Seconds between questions for new containers. */
const refresh = "15s";

/**
 * Alloy: finds the stack's containers through the socket proxy, reads their logs there, and writes them to Loki with the
 * labels service, segment and stack, which the containers carry.
 */
export function configureAlloy(service: Service, context: ConfigureContext): Configuration {
  const engine = reached(service, context, ({ roles }) => roles.includes("socket-proxy"));
  const store = reached(service, context, ({ configure }) => configure === "loki");
  if (!engine || !store) return { files: [] };
  const blocks = alloyBlocks(`tcp://${engine.address}`, `http://${store.address}`, context.stack);
  return { files: [{ path: "/etc/alloy/config.alloy", text: alloyText(blocks) }] };
}

/**
 * The configuration as blocks.
 * @param host the engine's API, as tcp://host:port
 * @param store Loki's address, as http://host:port
 */
export function alloyBlocks(host: string, store: string, stack: string): Block[] {
  const label = (from: string, to: string): Block => ({
    name: "rule",
    body: [
      { key: "source_labels", value: [`__meta_docker_container_label_ums_${from}`] },
      { key: "target_label", value: to },
    ],
  });
  return [
    {
      name: "discovery.docker",
      label: "containers",
      body: [
        { key: "host", value: host },
        { key: "refresh_interval", value: refresh },
        {
          name: "filter",
          body: [
            { key: "name", value: "label" },
            { key: "values", value: [`ums.stack=${stack}`] },
          ],
        },
      ],
    },
    {
      name: "discovery.relabel",
      label: "containers",
      body: [
        { key: "targets", value: new Reference("discovery.docker.containers.targets") },
        label("service", "service"),
        label("segment", "segment"),
        label("stack", "stack"),
      ],
    },
    {
      name: "loki.source.docker",
      label: "containers",
      body: [
        { key: "host", value: host },
        { key: "targets", value: new Reference("discovery.relabel.containers.output") },
        { key: "refresh_interval", value: refresh },
        { key: "forward_to", value: [new Reference("loki.write.store.receiver")] },
      ],
    },
    {
      name: "loki.write",
      label: "store",
      body: [
        {
          name: "endpoint",
          body: [{ key: "url", value: `${store}/loki/api/v1/push` }],
        },
      ],
    },
  ];
}
