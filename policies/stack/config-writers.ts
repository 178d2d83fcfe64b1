import type { Container } from "../lib/container";
import type { StackPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

function writes(inputs: Container["inputs"], volume: string): boolean {
  return (
    (inputs.mounts ?? []).some(({ source, readOnly }) => source === volume && readOnly !== true) ||
    (inputs.volumes ?? []).some(({ volumeName, readOnly }) => volumeName === volume && readOnly !== true)
  );
}

export const configWriters: StackPolicy = {
  kind: "stack",
  name: "config-writers",
  field: "volumes",
  title: "One service writes to a configuration volume",
  level: "mandatory",
  severity: "high",
  source: dockerDocs("volumes", "engine/storage/volumes/"),
  reason: "Two writers of one configuration or database corrupt it",
  fix: "mount it read-only in one of them",
  reads: ["mounts", "volumes"],
  check: ({ volumes, services }) =>
    volumes
      .filter((volume) => volume.class === "config" || volume.class === "database")
      .flatMap((volume) => {
        const writers = services.filter(({ inputs }) => writes(inputs, volume.name));
        return writers.slice(1).map((subject) => ({
          subject,
          problem: `it writes to ${volume.name}, as ${writers[0]?.service} does`,
        }));
      }),
};
